//! The ways into the grammar.
//!
//! They must not know where the tokens come from.

use super::blocks::contents;
use super::expressions::expression;
use super::failure::report;
use super::input::{Context, Expected, Tokens};
use super::items::items;
use super::token::Token;
use super::tree::{Expression, ExpressionKind, File, Statement};
use crate::diagnostic::Diagnostics;
use crate::span::FileId;

/// Reads the tokens of a file.
pub fn parse_file(tokens: &[Token], file: FileId, diagnostics: &mut Diagnostics) -> File {
    run(tokens, file, diagnostics, |input| {
        let (items, broken) = items(input);
        File { items, broken }
    })
}

/// Reads statements without a network around them: what stands in an attribute.
pub fn parse_statements(tokens: &[Token], file: FileId, diagnostics: &mut Diagnostics) -> Vec<Statement> {
    run(tokens, file, diagnostics, |input| {
        let (mut rest, mut block) = contents(input, false);
        while !rest.rest.is_empty() {
            rest.context.begin();
            rest.expected(Expected::Some("a statement"));
            report(rest);
            let (after, more) = contents(rest.after(1), false);
            block.statements.extend(more.statements);
            rest = after;
        }
        block.statements
    })
}

/// Reads one expression.
pub fn parse_expression(tokens: &[Token], file: FileId, diagnostics: &mut Diagnostics) -> Expression {
    run(tokens, file, diagnostics, |input| {
        input.context.begin();
        let missing = Expression { kind: ExpressionKind::Missing, span: input.span() };
        match expression(input) {
            Ok((rest, value)) if rest.rest.is_empty() => value,
            Ok((rest, value)) => {
                rest.expected(Expected::Some("the end"));
                report(input);
                value
            }
            Err(_) => {
                report(input);
                missing
            }
        }
    })
}

/// Reads with a context of its own, and hands on what was reported.
fn run<T>(tokens: &[Token], file: FileId, diagnostics: &mut Diagnostics, read: impl FnOnce(Tokens<'_>) -> T) -> T {
    let context = Context::new(tokens, file, diagnostics);
    let result = read(Tokens { rest: tokens, context: &context });
    for diagnostic in context.diagnostics.into_inner().sorted() {
        diagnostics.push(diagnostic.clone());
    }
    result
}
