//! Names: what the user calls things, as Rust identifiers. It must not know what is named.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

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
    /// What stands for the names until they are needed.
    places: Option<Places>,
}

/// What the places of names begin with; no user's name does. Of ASCII letters, as lints look at every identifier that was ever made.
const PLACE: &str = "__chainrule_place_";

/// The names of a function that is written with a place for each: so functions that differ in names alone are the same.
#[derive(Clone, Debug, Default)]
pub struct Places(Rc<RefCell<Vec<Ident>>>);

impl Places {
    /// No names yet.
    pub fn names(&self) -> Names {
        Names { places: Some(self.clone()), ..Names::default() }
    }

    fn of(&self, name: Ident) -> Ident {
        let mut names = self.0.borrow_mut();
        names.push(name);
        Ident::new(&format!("{PLACE}{}", names.len() - 1), Span::mixed_site())
    }

    /// The text that begins with a place, with the name in it.
    fn wanted(&self, text: &str) -> Option<String> {
        let rest = text.strip_prefix(PLACE)?;
        let (number, rest) = rest.split_at(rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len()));
        let names = self.0.borrow();
        let name = names.get(number.parse::<usize>().ok()?)?;
        Some(sanitized(&format!("{name}{rest}")))
    }

    /// The code with the names in their places.
    pub fn filled(&self, tokens: TokenStream) -> TokenStream {
        let names = self.0.borrow();
        let filled = |tree| match tree {
            TokenTree::Ident(ident) => {
                let text = ident.to_string();
                let place = text.strip_prefix(PLACE).and_then(|number| number.parse::<usize>().ok());
                TokenTree::Ident(place.and_then(|place| names.get(place).cloned()).unwrap_or(ident))
            }
            TokenTree::Group(group) => {
                let mut filled = Group::new(group.delimiter(), self.filled(group.stream()));
                filled.set_span(group.span());
                TokenTree::Group(filled)
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => tree,
        };
        tokens.into_iter().map(filled).collect()
    }
}

impl Names {
    /// A name for something of the generated code alone; numbered where it is taken.
    pub fn fresh(&mut self, wanted: &str) -> Ident {
        let base = self.places.as_ref().and_then(|places| places.wanted(wanted)).unwrap_or_else(|| sanitized(wanted));
        let mut text = base.clone();
        let mut number = 2;
        while !self.taken.insert(text.clone()) {
            text = format!("{base}_{number}");
            number += 1;
        }
        let name = identifier(&text, Span::mixed_site());
        self.places.as_ref().map_or_else(|| name.clone(), |places| places.of(name.clone()))
    }

    /// Keeps a name from being used.
    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(sanitized(name));
    }
}
