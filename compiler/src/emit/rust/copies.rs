//! A function in copies for the instruction sets, and the choice between them. It must not know what the function computes.

use super::scope::{Remarks, remark};
use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use quote::{format_ident, quote};

/// What a function takes.
pub struct Signature {
    /// As it is declared.
    pub declared: TokenStream,
    /// As it is handed on.
    pub arguments: TokenStream,
    /// The size that may be 1, so that a single round is worth code of its own: there its numbers stay in registers.
    pub single: Option<Ident>,
}

impl Signature {
    /// Of names with their types.
    pub fn new(arguments: Vec<(Ident, TokenStream)>) -> Self {
        let (names, types): (Vec<_>, Vec<_>) = arguments.into_iter().unzip();
        Self { declared: quote!(#(#names: #types,)*), arguments: quote!(#(#names),*), single: None }
    }
}

/// `name(level, ...)` and its copies; `body` is generic in `I: Isa`.
pub fn copies(name: &Ident, signature: &Signature, body: &TokenStream, remarks: Option<&Remarks>) -> TokenStream {
    let Signature { declared, arguments, single } = signature;
    let (generic, avx2, avx512) = (format_ident!("{name}_on"), format_ident!("{name}_avx2"), format_ident!("{name}_avx512"));
    let reason = |set: &str| {
        remarks.map(|remarks| remark(remarks, &format!("SAFETY: the machine has {set}: that is what this level says.")))
    };
    let on = |set: TokenStream| match single {
        None => quote!(#generic::<#set>(#arguments)),
        Some(size) => {
            let alone = with_one(arguments, size);
            quote! {
                if #size == 1 {
                    #generic::<#set>(#alone)
                } else {
                    #generic::<#set>(#arguments)
                }
            }
        }
    };
    let why =
        remarks.filter(|_| single.is_some()).map(|remarks| remark(remarks, "A single round keeps its numbers in registers."));
    let end = single.is_none().then(|| quote!(;));
    let [on_avx512, on_avx2, baseline] = [quote!(Avx512), quote!(Avx2), quote!(Baseline)].map(on);
    let (reason_512, reason_2) = (reason("AVX-512"), reason("AVX2 and fused multiply-add"));
    quote! {
        fn #name(level: Level, #declared) {
            match level {
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
                _ => #baseline,
            }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
        fn #avx512(#declared) {
            #why
            #on_avx512 #end
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn #avx2(#declared) {
            #why
            #on_avx2 #end
        }
        #[inline(always)]
        fn #generic<I: Isa>(#declared) {
            #body
        }
    }
}

/// The arguments with 1 for the size.
fn with_one(arguments: &TokenStream, size: &Ident) -> TokenStream {
    let is_size = |tree: &TokenTree| matches!(tree, TokenTree::Ident(name) if name == size);
    let trees = arguments.clone().into_iter();
    trees.map(|tree| if is_size(&tree) { Literal::usize_unsuffixed(1).into() } else { tree }).collect()
}
