//! A pass that runs once, for `chainrule eval --engine compile`. It must not know who calls it.

use super::functions::Functions;
use super::pass::{self, Storage};
use super::scope::{Memory, Remarks, Scope, remark};
use super::step::Use;
use super::workspace::maximum;
use super::{allowed, format, index, network};
use crate::ir::Extent;
use crate::loops::{Loops, Place, Statement};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

/// The text of a module with `pub fn evaluate(given: &[u8]) -> Vec<u8>`, which runs a pass once. It needs the runtime crate,
/// `chainrule`, beside it.
///
/// It takes 64-bit floats (but for the seed), little-endian, in this order and without anything between them:
///
/// 1. the seed of the random numbers, as a 64-bit integer, for which the first step is computed;
/// 2. the symbolic sizes, in the order of [`Loops::sizes`];
/// 3. for each buffer of [`Loops::buffers`] that is given ([`Place::Input`], [`Place::Parameter`], [`Place::State`]), in their order:
///    its elements in row-major order (integers too are written as floats).
///
/// It gives in the same form, for each buffer that is a [`Place::Result`], in their order: its elements in row-major order.
pub fn evaluation_module(loops: &Loops) -> Result<String, String> {
    let remarks = Remarks::default();
    let mut functions = Functions::new(&["evaluate", "numbers", "Memory"]);
    let float = Ident::new(loops.precision.name(), Span::call_site());
    let fields: Vec<Ident> = (0..loops.buffers.len()).map(|number| format_ident!("buffer_{number}")).collect();
    let storage = MemoryStorage { fields: &fields };
    functions.survey([loops]);
    let entry = pass::write(loops, &loops.name, &storage, &mut functions, Some(&remarks))?;
    let functions = functions.tokens;
    let scope = Scope::blank(loops);
    let sizes = scope.sizes();
    let bound = network::bind_sizes(&scope);
    let count = Literal::usize_unsuffixed(sizes.len());
    let (declared, made, written) = buffers(loops, &scope, &fields, &float);
    let (slots, lengths) = slots(loops, &scope);
    let packing = packing_length(&scope, &loops.body);
    let (uses, allowed) = (super::uses(), allowed());
    let (key, given_key) = match pass::draws(loops) {
        true => (quote!(let key = ::chainrule::__private::Key::new(seed, 0);), quote!(key,)),
        false => (TokenStream::new(), TokenStream::new()),
    };
    let note = remark(
        &remarks,
        "The order of what is read: the seed, sizes, then what is given; see `evaluation_module` of the compiler.",
    );
    let tokens = quote! {
        //! Runs one pass once: bytes of numbers come in and go out.
        #![allow(#allowed, missing_docs)]
        #uses
        struct Memory {
            packing: Buffer<#float>,
            #(#slots: Buffer<#float>,)*
            #declared
        }
        pub fn evaluate(given: &[u8]) -> ::std::vec::Vec<u8> {
            #note
            let mut words = given.chunks_exact(8).map(|chunk| {
                let mut number = [0; 8];
                number.copy_from_slice(chunk);
                number
            });
            let seed = u64::from_le_bytes(words.next().unwrap_or_default());
            let mut given = words.map(f64::from_le_bytes);
            #key
            let sizes: ::std::vec::Vec<usize> = given.by_ref().take(#count).map(|size| size as usize).collect();
            #bound
            let mut memory = Memory {
                packing: Buffer::zeros(#packing),
                #(#slots: Buffer::zeros(#lengths),)*
                #made
            };
            #entry(#(#sizes,)* #given_key &mut memory);
            let mut output = ::std::vec::Vec::<u8>::new();
            #written
            output
        }
        #functions
    };
    format::text(tokens, &remarks)
}

/// The buffers that are not in slots: their fields, how they start, and how results are written.
fn buffers(loops: &Loops, scope: &Scope<'_>, fields: &[Ident], float: &Ident) -> (TokenStream, TokenStream, TokenStream) {
    let (mut declared, mut made, mut written) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
    for (buffer, field) in loops.buffers.iter().zip(fields) {
        let length = index::extent(scope, &Extent::product(&buffer.shape)).bare();
        let line = format!(" `{}`", buffer.name);
        let kind = if buffer.integers.is_some() { Ident::new("i32", Span::call_site()) } else { float.clone() };
        match &buffer.place {
            Place::Workspace(_) => {}
            Place::Input(_) | Place::Parameter(_) | Place::State(_) => {
                declared.extend(quote!(#[doc = #line] #field: ::std::vec::Vec<#kind>,));
                made.extend(quote!(#field: given.by_ref().take(#length).map(|number| number as #kind).collect(),));
            }
            Place::Result(_) => {
                declared.extend(quote!(#[doc = #line] #field: ::std::vec::Vec<#kind>,));
                made.extend(quote!(#field: ::std::vec![#float::default(); #length],));
                written.extend(quote!(memory.#field.iter().for_each(|&number| output.extend((number as f64).to_le_bytes()));));
            }
        }
    }
    (declared, made, written)
}

fn slots(loops: &Loops, scope: &Scope<'_>) -> (Vec<Ident>, Vec<TokenStream>) {
    let names = (0..loops.slots.len()).map(|slot| format_ident!("slot_{slot}")).collect();
    let lengths = loops.slots.iter().map(|lengths| maximum(scope, lengths)).collect();
    (names, lengths)
}

fn packing_length(scope: &Scope<'_>, body: &[Statement]) -> TokenStream {
    super::workspace::packing(scope, &crate::memory::workspace::products(body))
}

/// All memory in one struct.
struct MemoryStorage<'a> {
    fields: &'a [Ident],
}

impl Storage for MemoryStorage<'_> {
    fn parameters(&self) -> Vec<(Ident, TokenStream)> {
        vec![(Ident::new("memory", Span::call_site()), quote!(&mut Memory))]
    }

    fn slice(&self, _: &Loops, one: &Use, length: Option<TokenStream>) -> Result<TokenStream, String> {
        let field = match one.memory {
            Memory::Slot(slot) => format_ident!("slot_{slot}"),
            Memory::Own(buffer) => self.fields[buffer.0 as usize].clone(),
        };
        let length = length.unwrap_or_default();
        Ok(if one.written { quote!(&mut memory.#field[..#length]) } else { quote!(&memory.#field[..#length]) })
    }

    fn is_array(&self, _: &Loops, _: &Use) -> bool {
        false
    }

    fn packing(&self) -> TokenStream {
        quote!(&mut memory.packing)
    }
}
