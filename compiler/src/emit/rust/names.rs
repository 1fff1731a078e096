//! Names: what the user calls things, as Rust identifiers. It must not know what is named.

use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;

/// Words that Rust keeps for itself.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum", "extern",
    "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override",
    "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that cannot even be raw identifiers.
const PATH_WORDS: &[&str] = &["self", "Self", "super", "crate", "_", ""];

/// The letters of a name that an identifier can have, others as `_`: `d dense1.w` is `d_dense1_w`.
pub fn sanitized(name: &str) -> String {
    let mut text: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        text.insert(0, '_');
    }
    if PATH_WORDS.contains(&text.as_str()) {
        text.push('_');
    }
    text
}

/// The last word of a path in upper camel case: `batch_norm1` is `BatchNorm1`.
pub fn camel(name: &str) -> String {
    let mut text = String::new();
    for word in sanitized(name).split('_') {
        let mut letters = word.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.extend(letters);
    }
    text
}

/// An identifier; keywords become raw.
pub fn identifier(text: &str, span: Span) -> Ident {
    let text = sanitized(text);
    if KEYWORDS.contains(&text.as_str()) { Ident::new_raw(&text, span) } else { Ident::new(&text, span) }
}

/// A public name, which the user's code can use.
pub fn public(text: &str) -> Ident {
    identifier(text, Span::call_site())
}

/// The names of one scope: no two are the same.
#[derive(Clone, Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
    /// How many names are given, where they say nothing.
    anonymous: Option<usize>,
}

impl Names {
    /// Names that say nothing but in which order things are named; no user's name is one of them.
    pub fn anonymous() -> Self {
        Self { taken: BTreeSet::new(), anonymous: Some(0) }
    }

    /// A name for something of the generated code alone; numbered where it is taken.
    pub fn fresh(&mut self, wanted: &str) -> Ident {
        if let Some(count) = &mut self.anonymous {
            *count += 1;
            return Ident::new(&format!("ν{count}"), Span::mixed_site());
        }
        let base = sanitized(wanted);
        let mut text = base.clone();
        let mut number = 2;
        while !self.taken.insert(text.clone()) {
            text = format!("{base}_{number}");
            number += 1;
        }
        identifier(&text, Span::mixed_site())
    }

    /// Keeps a name from being used.
    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(sanitized(name));
    }
}
