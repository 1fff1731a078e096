//! A network from a file: where the file is, and that its edits compile the crate again. It must not know what is in it.

use chainrule_compiler::files::{Files, read_regular};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use std::path::{Path, PathBuf};
use syn::LitStr;

/// A file that was found.
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// An item that makes rustc read it too.
    pub tracked: TokenStream,
}

/// Reads the file of a path that is relative to the file with the attribute, or else to the package.
pub fn read(literal: &LitStr) -> Result<Found, String> {
    let written = literal.value();
    let source = Span::call_site().local_file().and_then(|file| file.parent().map(|folder| folder.join(&written)));
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(|folder| Path::new(&folder).join(&written));
    let mut tried = None;
    if let Some(path) = source {
        match read_regular(&path) {
            Ok(bytes) => {
                let tracked = quote!(
                    const _: &[u8] = ::core::include_bytes!(#literal);
                );
                return Ok(Found { path, bytes, tracked });
            }
            Err(error) => tried = Some(format!("{}: {error}", path.display())),
        }
    }
    if let Some(path) = package {
        match read_regular(&path) {
            Ok(bytes) => {
                let tracked = quote! {
                    const _: &[u8] = ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #literal));
                };
                return Ok(Found { path, bytes, tracked });
            }
            Err(error) => tried = tried.or_else(|| Some(format!("{}: {error}", path.display()))),
        }
    }
    let tried = tried.unwrap_or_default();
    let rule = "a path is relative to the file with the attribute, or else to the package";
    Err(format!("the file \"{written}\" cannot be read\n  {tried}\n  help: {rule}"))
}

/// Items that make rustc read the files that `main` imports.
pub fn tracked_imports(files: &Files, main: &Path) -> TokenStream {
    let others = files.paths().filter(|path| *path != main).filter_map(|path| path.canonicalize().ok());
    let texts = others.filter_map(|path| path.to_str().map(str::to_owned));
    texts
        .map(|path| {
            quote!(
                const _: &[u8] = ::core::include_bytes!(#path);
            )
        })
        .collect()
}
