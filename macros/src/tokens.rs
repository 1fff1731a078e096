//! Rust tokens as tokens of the language, and places of the language as Rust spans. It must not know of any grammar.

use chainrule_compiler::diagnostic::{Diagnostic, Diagnostics};
use chainrule_compiler::span::{FileId, Span};
use chainrule_compiler::syntax::token::{PUNCTUATION, Token, TokenKind};
use proc_macro2::{Delimiter, Group, Literal, Spacing, TokenStream, TokenTree};

/// Tokens of the language that came from Rust: a token at `Span { start: n, .. }` came from place number `n`.
pub struct Adapter {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Where they came from, and where complaints stand.
    pub spans: Vec<proc_macro2::Span>,
    /// What is no token of the language.
    pub diagnostics: Diagnostics,
    file: FileId,
}

impl Adapter {
    /// No token yet; places are of this file.
    pub fn new(file: FileId) -> Self {
        Self { tokens: Vec::new(), spans: Vec::new(), diagnostics: Diagnostics::new(), file }
    }

    /// A token from a place in Rust.
    pub fn push(&mut self, kind: TokenKind, place: proc_macro2::Span) {
        let span = self.next();
        self.tokens.push(Token { kind, span });
        self.spans.push(place);
    }

    /// A word.
    pub fn word(&mut self, text: &str, place: proc_macro2::Span) {
        self.push(TokenKind::Identifier(text.to_owned()), place);
    }

    /// A sign, which must be among [`PUNCTUATION`].
    pub fn sign(&mut self, text: &str, place: proc_macro2::Span) {
        if let Some(known) = PUNCTUATION.iter().find(|known| **known == text) {
            self.push(TokenKind::Punctuation(known), place);
        } else {
            self.refuse(format!("`{text}` means nothing here"), place);
        }
    }

    /// Reports something that stands at a place in Rust; no token comes of it.
    pub fn complain(&mut self, message: String, place: proc_macro2::Span) {
        let span = self.next();
        self.spans.push(place);
        self.diagnostics.push(Diagnostic::error(span, message));
    }

    /// Reports something that is no token of the language.
    pub fn refuse(&mut self, message: String, place: proc_macro2::Span) {
        let span = self.next();
        // A word keeps the place in the table, and the grammar from complaining about a hole.
        self.tokens.push(Token { kind: TokenKind::Identifier("_".to_owned()), span });
        self.spans.push(place);
        self.diagnostics.push(Diagnostic::error(span, message));
    }

    fn next(&self) -> Span {
        let number = u32::try_from(self.spans.len()).unwrap_or(u32::MAX);
        Span::new(self.file, number, number.saturating_add(1))
    }

    /// All tokens of a stream.
    pub fn stream(&mut self, stream: TokenStream) {
        let mut trees = stream.into_iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Ident(word) => {
                    let text = word.to_string();
                    self.word(text.strip_prefix("r#").unwrap_or(&text), word.span());
                }
                TokenTree::Literal(literal) => self.literal(&literal),
                TokenTree::Group(group) => self.group(&group),
                TokenTree::Punct(sign) if sign.as_char() == '#' => {
                    let text = trees.next_if(|next| matches!(next, TokenTree::Group(_))).and_then(documentation);
                    match text {
                        Some(text) => self.push(TokenKind::Documentation(text), sign.span()),
                        None => self.refuse("`#` means nothing here".to_owned(), sign.span()),
                    }
                }
                TokenTree::Punct(sign) => {
                    let pair = match trees.peek() {
                        // A macro by example tears `|>` apart, which is no sign of Rust's; `|` alone means nothing.
                        Some(TokenTree::Punct(next))
                            if sign.spacing() == Spacing::Joint || sign.as_char() == '|' && next.as_char() == '>' =>
                        {
                            let pair: String = [sign.as_char(), next.as_char()].into_iter().collect();
                            PUNCTUATION.contains(&pair.as_str()).then_some(pair)
                        }
                        Some(_) | None => None,
                    };
                    if pair.is_some() {
                        trees.next();
                    }
                    self.sign(&pair.unwrap_or_else(|| sign.as_char().to_string()), sign.span());
                }
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::None => return self.stream(group.stream()),
        };
        self.sign(open, group.span_open());
        self.stream(group.stream());
        self.sign(close, group.span_close());
    }

    fn literal(&mut self, literal: &Literal) {
        let place = literal.span();
        match syn::Lit::new(literal.clone()) {
            syn::Lit::Int(number) if number.suffix().is_empty() => match number.base10_parse() {
                Ok(value) => self.push(TokenKind::Integer(value), place),
                Err(_) => self.refuse(format!("the number {number} is too large"), place),
            },
            syn::Lit::Float(number) if number.suffix().is_empty() => match number.base10_parse::<f64>() {
                Ok(value) if value.is_finite() => self.push(TokenKind::Float(value), place),
                Ok(_) | Err(_) => self.refuse(format!("the number {number} is too large"), place),
            },
            syn::Lit::Str(text) => self.push(TokenKind::Text(text.value()), place),
            syn::Lit::Bool(value) => self.word(if value.value { "true" } else { "false" }, place),
            _ => self.refuse(format!("`{literal}` is neither a number nor a text of the language"), place),
        }
    }
}

/// The text of `[doc = "text"]`.
fn documentation(tree: TokenTree) -> Option<String> {
    let TokenTree::Group(group) = tree else { return None };
    let trees: Vec<TokenTree> = group.stream().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Literal(text)] if word == "doc" => {
            match syn::Lit::new(text.clone()) {
                syn::Lit::Str(text) => Some(text.value()),
                _ => None,
            }
        }
        _ => None,
    }
}
