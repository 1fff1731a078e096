//! Diagnostics as errors of rustc. It must not know what is wrong.

use chainrule_compiler::diagnostic::{Diagnostic, Diagnostics, Severity};
use chainrule_compiler::render::render;
use chainrule_compiler::source::Sources;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Errors on the tokens that they are about.
pub fn at_tokens(diagnostics: &Diagnostics, spans: &[Span]) -> TokenStream {
    let errors = diagnostics.sorted().into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|diagnostic| at_token(diagnostic, spans)).collect()
}

fn at_token(diagnostic: &Diagnostic, spans: &[Span]) -> TokenStream {
    let place = |number: u32| spans.get(number as usize).or(spans.last()).copied().unwrap_or_else(Span::call_site);
    let first = place(diagnostic.span.start);
    let last = place(diagnostic.span.end.saturating_sub(1).max(diagnostic.span.start));
    error(&text(diagnostic), first, last)
}

/// The message with all that is said beside it.
pub fn text(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    if !diagnostic.label.is_empty() {
        text.push_str(&format!("\n  here: {}", diagnostic.label));
    }
    diagnostic.labels.iter().for_each(|label| text.push_str(&format!("\n  note: {}", label.text)));
    diagnostic.notes.iter().for_each(|note| text.push_str(&format!("\n  note: {note}")));
    diagnostic.help.iter().for_each(|help| text.push_str(&format!("\n  help: {help}")));
    text
}

/// Errors in a file, with the pieces of source, on the path of the file.
pub fn in_file(diagnostics: &Diagnostics, sources: &Sources, place: Span) -> TokenStream {
    let errors = diagnostics.sorted().into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors
        .map(|diagnostic| {
            let (line, column) = sources.line_column(diagnostic.span.file, diagnostic.span.start);
            let summary = format!("{}:{line}:{column}: {}", sources.name(diagnostic.span.file), diagnostic.message);
            error(&format!("{summary}\n\n{}", render(diagnostic, sources, false)), place, place)
        })
        .collect()
}

/// `compile_error!` over some tokens.
pub fn error(text: &str, first: Span, last: Span) -> TokenStream {
    let (first, last) = (Ident::new("first", first), Ident::new("last", last));
    syn::Error::new_spanned(quote!(#first #last), text).to_compile_error()
}
