//! Blocks: statements and the value behind them, and how reading goes on where one is broken.
//!
//! They must know nothing of what the statements say.

use super::brackets::open;
use super::expressions::boxed_expression;
use super::failure::report;
use super::input::{Expected, Parse, Tokens};
use super::names::punctuation;
use super::recovery::{item_ahead, skip_statement, statement_ahead};
use super::statements::statement;
use super::tree::{Block, Expression, ExpressionKind};
use crate::diagnostic::Diagnostic;

/// `{ statements; value }`
pub(super) fn block(input: Tokens<'_>) -> Parse<'_, Box<Block>> {
    braces(input, true)
}

/// `{ statements }`
pub(super) fn statement_block(input: Tokens<'_>) -> Parse<'_, Box<Block>> {
    braces(input, false)
}

/// A block; where its closing brace is missing that is reported, and the block ends there.
fn braces(input: Tokens<'_>, valued: bool) -> Parse<'_, Box<Block>> {
    let (rest, start) = open(input, "{", "}")?;
    let outer = input.context.take_height();
    let (rest, mut block) = contents(rest, valued);
    input.context.note_height(outer);
    input.context.begin_again();
    let (rest, end) = match punctuation("}")(rest) {
        Ok((rest, end)) => (rest, end),
        Err(_) => {
            report(rest);
            input.context.begin_again();
            (rest, start)
        }
    };
    input.context.opened.borrow_mut().pop();
    (block.span, block.braces) = (start.to(end), true);
    Ok((rest, block))
}

/// Everything up to the closing brace or the end; what is broken is reported and left out.
pub(super) fn contents(input: Tokens<'_>, valued: bool) -> (Tokens<'_>, Box<Block>) {
    let block = Block { statements: Vec::new(), value: None, braces: false, span: input.span() };
    let mut block = Box::new(block);
    let mut rest = input;
    let open = input.context.opened.borrow().len();
    let mut height = 0;
    while !rest.rest.is_empty() && !rest.at("}") && !rest.at_word("else") && !item_ahead(rest) {
        rest.context.begin();
        if valued && !statement_ahead(rest) {
            let (after, value) = value(rest);
            block.value = Some(value);
            rest = after;
        } else {
            rest = statement(rest, &mut block.statements);
        }
        input.context.opened.borrow_mut().truncate(open);
        height = height.max(input.context.take_height());
    }
    input.context.note_height(height);
    (rest, block)
}

/// The value of a block.
fn value(input: Tokens<'_>) -> (Tokens<'_>, Box<Expression>) {
    let Ok((rest, value)) = boxed_expression(input) else {
        let span = input.span();
        return (skip_statement(input, report(input)), Box::new(Expression { kind: ExpressionKind::Missing, span }));
    };
    if rest.rest.is_empty() || rest.at("}") || rest.at_word("else") || item_ahead(rest) {
        return (rest, value);
    }
    if rest.at(";") {
        let error = Diagnostic::error(rest.span(), "the value of a block stands at its end, without `;`");
        rest.context.report(error.also(value.span, "a value, and no definition").help("remove the `;`, or write `name = ...;`"));
        return (rest.after(1), value);
    }
    rest.expected(Expected::Exactly("}"));
    (skip_statement(input, report(input)), value)
}
