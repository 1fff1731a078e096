//! A pass: calls of its steps, one after the other. It must not know what a step does.
//!
//! Long passes are cut into stages, so that no function of the generated code grows with the network and the time to compile it
//! stays linear.

use super::copies::Signature;
use super::functions::{self, Functions};
use super::index;
use super::scope::{Remarks, Scope, remark};
use super::step::{self, Step, Use};
use crate::ir::{Extent, Index};
use crate::loops::Loops;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// How many steps one function calls.
const STAGE: usize = 32;

/// Where the memory of a pass comes from.
pub trait Storage {
    /// What a stage is given beside the sizes: names and types.
    fn parameters(&self) -> Vec<(Ident, TokenStream)>;
    /// The slice of a use; `length` is how many elements it needs, if that is not all.
    fn slice(&self, loops: &Loops, one: &Use, length: Option<TokenStream>) -> Result<TokenStream, String>;
    /// Whether the slice of a use is a reference to an array.
    fn is_array(&self, loops: &Loops, one: &Use) -> bool;
    /// The memory for packing.
    fn packing(&self) -> TokenStream;
}

/// The functions of a pass; the last one is called `name` and takes the sizes and the parameters of the storage.
pub fn write(
    loops: &Loops,
    name: &str,
    storage: &dyn Storage,
    functions: &mut Functions,
    remarks: Option<&Remarks>,
) -> Result<Ident, String> {
    let steps = step::steps(loops);
    let entry = functions.fresh(&format!("{name}_pass"));
    if steps.len() <= STAGE {
        stage(loops, &entry, &steps, storage, functions, remarks)?;
        return Ok(entry);
    }
    let mut calls = TokenStream::new();
    let Signature { declared, arguments, .. } = signature(loops, storage);
    for (number, part) in steps.chunks(STAGE).enumerate() {
        let stage_name = functions.fresh(&format!("{name}_stage_{}", number + 1));
        stage(loops, &stage_name, part, storage, functions, remarks)?;
        calls.extend(quote!(#stage_name(#arguments);));
    }
    functions.tokens.extend(quote!(fn #entry(#declared) { #calls }));
    Ok(entry)
}

/// A pass that has a form for small and one for large sizes, which is taken where it costs less.
pub fn write_choice(
    loops: &Loops,
    name: &str,
    storage: &dyn Storage,
    functions: &mut Functions,
    [small, large]: &[Ident; 2],
    gain: &Extent,
    remarks: Option<&Remarks>,
) -> Ident {
    let entry = functions.fresh(&format!("{name}_pass"));
    let Signature { declared, arguments, .. } = signature(loops, storage);
    let (less, more) = index::compared(&Scope::blank(loops), &Index::default(), &Index::constant(gain.clone()));
    let (less, more) = (less.bare(), more.bare());
    let why = remarks.map(|remarks| remark(remarks, "The order of products that costs less for sizes like these."));
    functions.tokens.extend(quote!(fn #entry(#declared) {
        #why
        if #less <= #more { #large(#arguments); } else { #small(#arguments); }
    }));
    entry
}

/// Whether a pass takes random numbers: then it takes their key too, behind the sizes.
pub fn draws(loops: &Loops) -> bool {
    let mut draws = false;
    loops.body.iter().for_each(|statement| step::each_stream(statement, &mut |_| draws = true));
    draws
}

fn signature(loops: &Loops, storage: &dyn Storage) -> Signature {
    let scope = Scope::blank(loops);
    let mut arguments: Vec<(Ident, TokenStream)> = scope.sizes().iter().map(|size| (size.clone(), quote!(usize))).collect();
    if draws(loops) {
        arguments.push((Ident::new("key", Span::call_site()), quote!(::chainrule::__private::Key)));
    }
    arguments.extend(storage.parameters());
    Signature::new(arguments)
}

/// Some steps.
fn stage(
    loops: &Loops,
    name: &Ident,
    steps: &[Step<'_>],
    storage: &dyn Storage,
    functions: &mut Functions,
    remarks: Option<&Remarks>,
) -> Result<(), String> {
    let scope = Scope::blank(loops);
    let mut calls = TokenStream::new();
    for step in steps {
        let function = functions.step(loops, step, remarks);
        if let Some(remarks) = remarks.filter(|_| !function.is_of(step)) {
            calls.extend(step.formulas.iter().map(|formula| remark(remarks, formula)));
        }
        let sizes = scope.sizes().iter().map(|size| quote!(#size));
        let slices = step.uses.iter().map(|one| {
            let slice = storage.slice(loops, one, step::length(&scope, one).map(super::code::Code::bare))?;
            let fixed = functions::fixed_length(loops, step, one).filter(|_| function.takes_arrays);
            Ok::<_, String>(match fixed {
                Some(_) if storage.is_array(loops, one) => slice,
                Some(_) if one.written => quote!(array_mut(#slice)),
                Some(_) => quote!(array(#slice)),
                None => slice,
            })
        });
        let slices = slices.collect::<Result<Vec<_>, _>>()?;
        let packing = step.packs.then(|| storage.packing());
        let streams = step.streams.iter().map(|stream| {
            let number = Literal::u32_unsuffixed(stream.0);
            quote!(key.stream(#number))
        });
        let numbers = function.numbers.iter().map(|&number| {
            let number = Literal::u64_unsuffixed(number);
            quote!(#number)
        });
        let arguments = [quote!(level)].into_iter().chain(numbers).chain(sizes).chain(slices).chain(packing).chain(streams);
        let name = &function.name;
        calls.extend(quote!(#name(#(#arguments),*);));
    }
    let declared = signature(loops, storage).declared;
    functions.tokens.extend(quote!(fn #name(#declared) { let level = Level::detect(); #calls }));
    Ok(())
}
