//! Where reading goes on behind something broken: what begins an item or a statement, and what belongs to the broken one.
//!
//! It must not know what statements say, only how they begin.

use super::input::Tokens;
use super::names::{derivative_ahead, name_ahead};
use super::token::TokenKind;

/// The words that begin an item.
pub(super) const ITEMS: &[&str] = &["import", "const", "fn", "layer", "network"];

/// The words that begin a statement.
pub(super) const STATEMENTS: &[&str] = &["input", "target", "param", "state", "output", "metric", "update"];

/// How many lines of documentation stand here.
fn documented(input: Tokens<'_>) -> usize {
    input.rest.iter().take_while(|token| matches!(token.kind, TokenKind::Documentation(_))).count()
}

/// Whether an item begins here, behind its documentation.
pub(super) fn item_ahead(input: Tokens<'_>) -> bool {
    let input = input.after(documented(input));
    let keyword = input.word(0).is_some_and(|word| ITEMS.contains(&word));
    keyword && (name_ahead(input, 1) || matches!(input.nth(1), Some(TokenKind::Text(_))))
}

/// Whether a statement begins here, and not the value of a block.
pub(super) fn statement_ahead(input: Tokens<'_>) -> bool {
    matches!(input.first(), Some(TokenKind::Documentation(_))) || keyword_ahead(input) || definition_ahead(input)
}

/// Whether a statement begins here with its keyword.
pub(super) fn keyword_ahead(input: Tokens<'_>) -> bool {
    let keyword = input.word(0).is_some_and(|word| STATEMENTS.contains(&word));
    keyword && name_ahead(input, 1)
}

/// Whether `name =` or `name[...] =` begins here.
fn definition_ahead(input: Tokens<'_>) -> bool {
    let mut rest = input;
    while derivative_ahead(rest).is_some() {
        rest = rest.after(1);
    }
    if !name_ahead(rest, 0) {
        return false;
    }
    rest = rest.after(1);
    while rest.at(".") && name_ahead(rest, 1) {
        rest = rest.after(2);
    }
    if rest.at("[") {
        rest = rest.after(bracket_length(rest));
    }
    rest.at("=")
}

/// How many tokens the bracket that opens here takes; it ends at a `;` too.
fn bracket_length(input: Tokens<'_>) -> usize {
    let mut depth = 0_usize;
    for (count, token) in input.rest.iter().enumerate() {
        match token.kind {
            TokenKind::Punctuation("(" | "[" | "{") => depth += 1,
            TokenKind::Punctuation(")" | "]" | "}") => depth = depth.saturating_sub(1),
            TokenKind::Punctuation(";") => return count,
            TokenKind::Identifier(_)
            | TokenKind::Integer(_)
            | TokenKind::Float(_)
            | TokenKind::Text(_)
            | TokenKind::Documentation(_)
            | TokenKind::Punctuation(_) => {}
        }
        if depth == 0 {
            return count + 1;
        }
    }
    input.rest.len()
}

/// What is left behind a broken statement: after its `;`, or at the brace that closes its block, or at the next item.
/// `failed` is where it failed.
pub(super) fn skip_statement<'t>(start: Tokens<'t>, failed: Tokens<'t>) -> Tokens<'t> {
    let mut rest = if failed.rest.len() < start.rest.len() { failed } else { start };
    let mut braces = 0_usize;
    while !rest.rest.is_empty() {
        if braces == 0 && (rest.at("}") || item_ahead(rest)) {
            break;
        }
        let ended = braces == 0 && rest.at(";");
        braces = if rest.at("{") { braces + 1 } else { braces.saturating_sub(usize::from(rest.at("}"))) };
        rest = rest.after(documented(rest).max(1));
        if ended && !tail_ahead(rest) {
            break;
        }
    }
    if rest.rest.len() == start.rest.len() { rest.after(1) } else { rest }
}

/// Whether what stands before the next `;` closes more brackets than it opens: it is still the broken statement's.
fn tail_ahead(input: Tokens<'_>) -> bool {
    let mut depth = 0_usize;
    for token in input.rest {
        match token.kind {
            TokenKind::Punctuation("(" | "[") => depth += 1,
            TokenKind::Punctuation(")" | "]") if depth == 0 => return true,
            TokenKind::Punctuation(")" | "]") => depth -= 1,
            TokenKind::Punctuation(";" | "{" | "}") => return false,
            TokenKind::Identifier(_)
            | TokenKind::Integer(_)
            | TokenKind::Float(_)
            | TokenKind::Text(_)
            | TokenKind::Documentation(_)
            | TokenKind::Punctuation(_) => {}
        }
    }
    false
}

/// What is left from the next item on.
pub(super) fn skip_item(start: Tokens<'_>) -> Tokens<'_> {
    let mut rest = start;
    loop {
        let ended = rest.at(";") || rest.at("}");
        rest = rest.after(documented(rest).max(1));
        let keyword = rest.word(0).is_some_and(|word| ITEMS.contains(&word));
        if rest.rest.is_empty() || item_ahead(rest) || (ended && keyword) {
            return rest;
        }
    }
}
