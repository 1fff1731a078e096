//! The smallest rules of the grammar: operators, words, names, paths, documentation.
//!
//! They must know nothing of what is built of them.

use nom::multi::many0;
use nom::{Err, Parser};

use super::input::{Expected, Failure, Parse, Tokens};
use super::token::TokenKind;
use super::tree::Name;
use crate::derived_names;
use crate::span::Span;

/// Words that are no names anywhere.
const RESERVED: &[&str] = &["if", "else", "in", "true", "false", "_"];

/// An operator or a bracket.
pub(super) fn punctuation<'t>(text: &'static str) -> impl Fn(Tokens<'t>) -> Parse<'t, Span> {
    move |input| if input.at(text) { Ok((input.after(1), input.span())) } else { input.fail(Expected::Exactly(text)) }
}

/// A word of the grammar.
pub(super) fn word<'t>(text: &'static str) -> impl Fn(Tokens<'t>) -> Parse<'t, Span> {
    move |input| if input.at_word(text) { Ok((input.after(1), input.span())) } else { input.fail(Expected::Exactly(text)) }
}

/// Whether a name may stand at a distance.
pub(super) fn name_ahead(input: Tokens<'_>, distance: usize) -> bool {
    input.word(distance).is_some_and(|word| !RESERVED.contains(&word))
}

/// A name without dots.
pub(super) fn name(input: Tokens<'_>) -> Parse<'_, Name> {
    match input.word(0) {
        Some(text) if name_ahead(input, 0) => Ok((input.after(1), Name { text: text.to_string(), span: input.span() })),
        Some(_) | None => input.fail(Expected::Some("a name")),
    }
}

/// The word before the name of what is derived, where the name of a derivative begins here: `d x`, `tangent x`.
pub(super) fn derivative_ahead(input: Tokens<'_>) -> Option<&'static str> {
    derived_names::WORDS.iter().copied().find(|word| input.at_word(word)).filter(|_| name_ahead(input, 1))
}

/// A name as the compiler prints it: `w`, `hidden.w`, `d hidden.w`, `tangent h`.
pub(super) fn path(input: Tokens<'_>) -> Parse<'_, Name> {
    let (mut rest, mut path) = (input, Name { text: String::new(), span: input.span() });
    while let Some(word) = derivative_ahead(rest) {
        path.text.push_str(word);
        path.text.push(' ');
        rest = rest.after(1);
    }
    let (mut rest, first) = name(rest)?;
    path.text.push_str(&first.text);
    path.span = path.span.to(first.span);
    while let Some(field) = field_ahead(rest) {
        path.text.push('.');
        path.text.push_str(field);
        path.span = path.span.to(rest.after(1).span());
        rest = rest.after(2);
    }
    Ok((rest, path))
}

/// The name in `.name`; `.T` is a transpose.
fn field_ahead(input: Tokens<'_>) -> Option<&str> {
    input.word(1).filter(|word| input.at(".") && *word != "T" && name_ahead(input, 1))
}

/// Documentation, a line each.
pub(super) fn documentation(input: Tokens<'_>) -> Parse<'_, Vec<String>> {
    many0(documentation_line).parse(input)
}

fn documentation_line(input: Tokens<'_>) -> Parse<'_, String> {
    let Some(TokenKind::Documentation(text)) = input.first() else { return Err(Err::Error(Failure)) };
    Ok((input.after(1), text.clone()))
}

/// The text in quotes of an import, and where it stands.
pub(super) fn text(input: Tokens<'_>) -> Parse<'_, (String, Span)> {
    let Some(TokenKind::Text(text)) = input.first() else { return input.fail(Expected::Some("a path in double quotes")) };
    Ok((input.after(1), (text.clone(), input.span())))
}
