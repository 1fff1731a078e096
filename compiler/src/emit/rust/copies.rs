//! A function in copies for the instruction sets, and the choice between them. It must not know what the function computes.

use super::scope::{Remarks, remark};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// What a function takes.
pub struct Signature {
    /// As it is declared.
    pub declared: TokenStream,
    /// As it is handed on.
    pub arguments: TokenStream,
}

impl Signature {
    /// Of names with their types.
    pub fn new(arguments: Vec<(Ident, TokenStream)>) -> Self {
        let (names, types): (Vec<_>, Vec<_>) = arguments.into_iter().unzip();
        Self { declared: quote!(#(#names: #types,)*), arguments: quote!(#(#names),*) }
    }
}

/// `name(level, ...)` and its copies; `body` is generic in `I: Isa`.
pub fn copies(name: &Ident, signature: &Signature, body: &TokenStream, remarks: Option<&Remarks>) -> TokenStream {
    let Signature { declared, arguments } = signature;
    let (generic, avx2, avx512) = (format_ident!("{name}_on"), format_ident!("{name}_avx2"), format_ident!("{name}_avx512"));
    let reason = |set: &str| {
        remarks.map(|remarks| remark(remarks, &format!("SAFETY: the machine has {set}: that is what this level says.")))
    };
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
                _ => #generic::<Baseline>(#arguments),
            }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
        fn #avx512(#declared) {
            #generic::<Avx512>(#arguments);
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn #avx2(#declared) {
            #generic::<Avx2>(#arguments);
        }
        #[inline(always)]
        fn #generic<I: Isa>(#declared) {
            #body
        }
    }
}
