//! Tokens: what the lexer makes of a text and the macro's adapter of Rust tokens; the grammar reads nothing else.

use crate::span::Span;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub span: Span,
}

/// The kinds of tokens. Keywords are identifiers that the grammar knows by their text.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// `x`, `_`, `input`
    Identifier(String),
    /// `12`: a number without point and exponent
    Integer(u64),
    /// `0.5`, `1e-3`
    Float(f64),
    /// `"blocks.nn"`, without its quotes, escapes resolved
    Text(String),
    /// `/// text`, without the slashes
    Documentation(String),
    /// An operator or a bracket, from [`PUNCTUATION`].
    Punctuation(&'static str),
}

/// Every operator and bracket, longest first.
pub const PUNCTUATION: &[&str] = &[
    "|>", "||", "&&", "==", "!=", "<=", ">=", "->", "..", "<", ">", "+", "-", "*", "/", "@", "!", "^", "=", ".", ",", ";", ":",
    "(", ")", "[", "]", "{", "}",
];
