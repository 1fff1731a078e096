//! A pass: its steps one after the other, in copies for the instruction sets. It must not know what a step does.
//!
//! Long passes are cut into stages, so that no function of the generated code grows with the network and the time to compile it
//! stays linear.

use super::scope::{Remarks, Scope, remark};
use super::step::{self, Functions, Step, Use};
use crate::loops::Loops;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// How many steps are compiled as one function.
const STAGE: usize = 12;

/// Where the memory of a pass comes from.
pub trait Storage {
    /// What a stage is given beside the sizes: names and types.
    fn parameters(&self) -> Vec<(Ident, TokenStream)>;
    /// The slice of a use; `length` is how many elements it needs, if that is not all.
    fn slice(&self, loops: &Loops, one: &Use, length: Option<TokenStream>) -> Result<TokenStream, String>;
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
    let (declared, arguments) = signature(loops, storage);
    for (number, part) in steps.chunks(STAGE).enumerate() {
        let stage_name = functions.fresh(&format!("{name}_stage_{}", number + 1));
        stage(loops, &stage_name, part, storage, functions, remarks)?;
        calls.extend(quote!(#stage_name(#arguments);));
    }
    functions.tokens.extend(quote!(fn #entry(#declared) { #calls }));
    Ok(entry)
}

/// Whether a pass takes random numbers: then it takes their key too, behind the sizes.
pub fn draws(loops: &Loops) -> bool {
    let mut draws = false;
    loops.body.iter().for_each(|statement| step::each_stream(statement, &mut |_| draws = true));
    draws
}

fn signature(loops: &Loops, storage: &dyn Storage) -> (TokenStream, TokenStream) {
    let scope = Scope::new(loops, None, &[]);
    let sizes = scope.sizes();
    let (declared, key) = match draws(loops) {
        true => (quote!(key: ::chainrule::__private::Key,), quote!(key,)),
        false => (TokenStream::new(), TokenStream::new()),
    };
    let (names, types): (Vec<_>, Vec<_>) = storage.parameters().into_iter().unzip();
    (quote!(#(#sizes: usize,)* #declared #(#names: #types,)*), quote!(#(#sizes,)* #key #(#names),*))
}

/// Some steps, for each instruction set.
fn stage(
    loops: &Loops,
    name: &Ident,
    steps: &[Step<'_>],
    storage: &dyn Storage,
    functions: &mut Functions,
    remarks: Option<&Remarks>,
) -> Result<(), String> {
    let scope = Scope::new(loops, None, &[]);
    let mut calls = TokenStream::new();
    for step in steps {
        let function = functions.step(loops, step, remarks);
        let sizes = scope.sizes().iter().map(|size| quote!(#size));
        let slices =
            step.uses.iter().map(|one| storage.slice(loops, one, step::length(&scope, one).map(super::code::Code::bare)));
        let slices = slices.collect::<Result<Vec<_>, _>>()?;
        let packing = step.packs.then(|| storage.packing());
        let key = (!step.streams.is_empty()).then(|| quote!(key));
        let arguments = sizes.chain(slices).chain(packing).chain(key);
        calls.extend(quote!(#function::<I>(#(#arguments),*);));
    }
    let (declared, arguments) = signature(loops, storage);
    functions.tokens.extend(copies(name, &declared, &arguments, &calls, remarks));
    Ok(())
}

/// The copies of a stage and the choice between them.
fn copies(
    name: &Ident,
    declared: &TokenStream,
    arguments: &TokenStream,
    calls: &TokenStream,
    remarks: Option<&Remarks>,
) -> TokenStream {
    let (body, avx2, avx512) = (format_ident!("{name}_steps"), format_ident!("{name}_avx2"), format_ident!("{name}_avx512"));
    let reason = |set: &str| {
        remarks.map(|remarks| remark(remarks, &format!("SAFETY: the machine has {set}: that is what this level says.")))
    };
    let (reason_512, reason_2) = (reason("AVX-512"), reason("AVX2 and fused multiply-add"));
    quote! {
        fn #name(#declared) {
            match Level::detect() {
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => {
                    #reason_512
                    unsafe { #avx512(#arguments) }
                }
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => {
                    #reason_2
                    unsafe { #avx2(#arguments) }
                }
                _ => #body::<Baseline>(#arguments),
            }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
        fn #avx512(#declared) {
            #body::<Avx512>(#arguments);
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn #avx2(#declared) {
            #body::<Avx2>(#arguments);
        }
        #[inline(always)]
        fn #body<I: Isa>(#declared) {
            #calls
        }
    }
}
