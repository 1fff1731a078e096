//! What a failure to read says to the user: what was found, what was expected, which bracket is open, what the cure may be.
//!
//! It must not know the grammar.

use super::cures::cure;
use super::input::{Expected, Furthest, Opened, Tokens};
use super::recovery::item_ahead;
use super::token::{Token, TokenKind};
use crate::diagnostic::Diagnostic;

/// More failures than this are not explained.
const MOST: usize = 200;

/// Reports the furthest failure since the statement began at `start`, unless it was reported or follows from something
/// that was; gives the place of the failure.
pub(super) fn report(start: Tokens<'_>) -> Tokens<'_> {
    let context = start.context;
    let furthest = context.furthest.borrow().clone();
    let failed = start.after(furthest.position.saturating_sub(start.position()));
    let position = failed.position();
    let known = context.reported.get() || context.last.get() == Some(position) || context.explained.get() > MOST;
    if !known && !follows(failed) {
        context.explained.set(context.explained.get() + 1);
        context.report(explain(start, failed, &furthest));
    }
    context.last.set(Some(position));
    failed
}

/// Whether an earlier step reported something between the token before the failure and the end of the one at it.
fn follows(failed: Tokens<'_>) -> bool {
    let from = failed.before().map_or(0, |span| span.end);
    let to = failed.rest.first().map_or(u32::MAX, |token| token.span.end);
    failed.context.known.iter().any(|known| (from..to).contains(known))
}

fn explain(start: Tokens<'_>, failed: Tokens<'_>, furthest: &Furthest) -> Diagnostic {
    let found = failed.rest.first();
    let message = format!("expected {}, found {}", list(&furthest.expected), describe(found));
    let mut diagnostic = Diagnostic::error(failed.span(), message);
    if let Some(opened) = furthest.opened.filter(|opened| left_open(failed, furthest, *opened)) {
        diagnostic = diagnostic.also(opened.span, format!("this is not closed: its `{}` is missing", opened.closer));
    }
    if found.is_none() {
        diagnostic = diagnostic.labelled("behind this");
    }
    match cure(start, failed, furthest) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Whether a bracket seems not to be closed: what was found ends everything that may stand in it.
fn left_open(failed: Tokens<'_>, furthest: &Furthest, opened: Opened) -> bool {
    if failed.at(opened.closer) {
        return false;
    }
    let ended = failed.rest.is_empty() || item_ahead(failed) || failed.at("}");
    match opened.closer {
        "}" => ended || furthest.expected.contains(&Expected::Exactly("}")),
        _ => ended || [";", ")", "]"].into_iter().any(|text| failed.at(text)),
    }
}

/// `a`, `a or b`, `a, b or c`; operators stand last.
fn list(expected: &[Expected]) -> String {
    let mut sorted = expected.to_vec();
    sorted.sort_by_key(|one| *one == Expected::Some("an operator"));
    let written: Vec<String> = sorted.into_iter().map(written).collect();
    match written.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "something else".to_string(),
    }
}

fn written(expected: Expected) -> String {
    match expected {
        Expected::Exactly(text) => format!("`{text}`"),
        Expected::Some(words) => words.to_string(),
    }
}

/// A token in words.
fn describe(token: Option<&Token>) -> String {
    match token.map(|token| &token.kind) {
        Some(TokenKind::Identifier(text)) => format!("`{}`", cut(text)),
        Some(TokenKind::Integer(value)) => format!("`{value}`"),
        Some(TokenKind::Float(value)) => format!("`{value:?}`"),
        Some(TokenKind::Text(text)) => format!("the text \"{}\"", cut(text)),
        Some(TokenKind::Documentation(_)) => "a documentation comment".to_string(),
        Some(TokenKind::Punctuation(text)) => format!("`{text}`"),
        None => "the end".to_string(),
    }
}

fn cut(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}
