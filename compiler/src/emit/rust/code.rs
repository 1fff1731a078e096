//! Rust expressions with their precedence, so that parentheses stand where they are needed and nowhere else. It must not know
//! what the expressions compute.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};

/// How tightly an expression holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tightness {
    /// `if a { b } else { c }`
    Branch,
    /// `a || b`
    Or,
    /// `a && b`
    And,
    /// `a < b`
    Comparison,
    /// `a as usize`; looser than Rust has it, because `a as usize < b` is no comparison.
    Cast,
    /// `a + b`
    Sum,
    /// `a * b`
    Factor,
    /// `-a`
    Prefix,
    /// `a`, `f(a)`, `a[i]`
    Atom,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Code {
    tokens: TokenStream,
    tightness: Tightness,
}

impl Code {
    /// Tokens that hold together this tightly.
    pub fn new(tokens: TokenStream, tightness: Tightness) -> Self {
        Self { tokens, tightness }
    }

    /// A name, a call, an element.
    pub fn atom(tokens: impl ToTokens) -> Self {
        Self::new(tokens.to_token_stream(), Tightness::Atom)
    }

    /// An integer without a suffix.
    pub fn integer(value: u64) -> Self {
        Self::atom(Literal::u64_unsuffixed(value))
    }

    /// The expression, in parentheses unless it holds together at least this tightly.
    pub fn at_least(self, tightness: Tightness) -> TokenStream {
        let tokens = self.tokens;
        if self.tightness >= tightness { tokens } else { quote!((#tokens)) }
    }

    /// The expression where anything may stand.
    pub fn bare(self) -> TokenStream {
        self.tokens
    }

    /// `left sign right` for a left-associative sign.
    pub fn infix(self, sign: &str, other: Self) -> Self {
        let (own, left, right) = match sign {
            "+" | "-" => (Tightness::Sum, Tightness::Sum, Tightness::Factor),
            "*" | "/" => (Tightness::Factor, Tightness::Factor, Tightness::Prefix),
            "&&" => (Tightness::And, Tightness::And, Tightness::Comparison),
            "||" => (Tightness::Or, Tightness::Or, Tightness::And),
            // Tighter than a comparison.
            "&" | "|" => (Tightness::Cast, Tightness::Sum, Tightness::Sum),
            _ => (Tightness::Comparison, Tightness::Sum, Tightness::Sum),
        };
        let sign: TokenStream = sign.chars().enumerate().map(|(at, c)| punctuation(c, at + 1 < sign.len())).collect();
        let (left, right) = (self.at_least(left), other.at_least(right));
        Self::new(quote!(#left #sign #right), own)
    }

    /// `-a` or `!a`
    pub fn prefix(self, sign: char) -> Self {
        let sign = punctuation(sign, false);
        let operand = self.at_least(Tightness::Atom);
        Self::new(quote!(#sign #operand), Tightness::Prefix)
    }

    /// `a as kind`
    pub fn cast(self, kind: &str) -> Self {
        let kind = Ident::new(kind, Span::call_site());
        let operand = self.at_least(Tightness::Prefix);
        Self::new(quote!(#operand as #kind), Tightness::Cast)
    }
}

fn punctuation(sign: char, joint: bool) -> proc_macro2::TokenTree {
    let spacing = if joint { proc_macro2::Spacing::Joint } else { proc_macro2::Spacing::Alone };
    proc_macro2::Punct::new(sign, spacing).into()
}
