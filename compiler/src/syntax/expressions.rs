//! Expressions: operands, and what may stand behind them (calls, indices, fields, transposes).
//!
//! They must know nothing of statements; the blocks of an `if` are read elsewhere.

use nom::Parser;
use nom::combinator::map;

use super::blocks::block;
use super::brackets::{Entry, close, deepen, entry, expressions, items, labels, open, separator};
use super::input::{Expected, Parse, Tokens};
use super::names::{derivative_ahead, name, name_ahead, path, punctuation, word};
use super::operators::{grow, operators};
use super::token::TokenKind;
use super::tree::{Argument, Block, Expression, ExpressionKind, Name, ReducedLabel};
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// The largest integer up to which every one is a 64-bit float.
const LARGEST_INTEGER: u64 = 1 << 53;

/// An expression.
pub(super) fn expression(input: Tokens<'_>) -> Parse<'_, Expression> {
    let (rest, expression) = operators(input)?;
    Ok((rest, *expression))
}

/// An expression in a box: what is read within itself moves boxes only, so that each level of nesting takes little stack.
pub(super) fn boxed_expression(input: Tokens<'_>) -> Parse<'_, Box<Expression>> {
    operators(input)
}

/// What reads into a box.
type Boxed<'t> = Parse<'t, Box<Expression>>;

fn boxed(kind: ExpressionKind, span: Span) -> Box<Expression> {
    Box::new(Expression { kind, span })
}

/// An operand and what stands behind it.
pub(super) fn postfix(input: Tokens<'_>) -> Boxed<'_> {
    let (mut rest, mut expression) = operand(input)?;
    loop {
        let extend: for<'t> fn(Tokens<'t>, Box<Expression>) -> Boxed<'t> = match rest.first() {
            Some(TokenKind::Punctuation("(")) => call,
            Some(TokenKind::Punctuation("[")) => bracketed,
            Some(TokenKind::Punctuation(".")) => field,
            Some(
                TokenKind::Identifier(_)
                | TokenKind::Integer(_)
                | TokenKind::Float(_)
                | TokenKind::Text(_)
                | TokenKind::Documentation(_)
                | TokenKind::Punctuation(_),
            )
            | None => return Ok((rest, expression)),
        };
        let before = rest.context.take_height();
        (rest, expression) = extend(rest, expression)?;
        grow(rest, before, expression.span)?;
    }
}

fn operand(input: Tokens<'_>) -> Boxed<'_> {
    let read = match input.first() {
        Some(TokenKind::Integer(_) | TokenKind::Float(_)) => number,
        Some(TokenKind::Identifier(text)) if text == "if" => conditional,
        Some(TokenKind::Identifier(_)) => named,
        Some(TokenKind::Punctuation("(")) => parenthesized,
        Some(TokenKind::Punctuation("[")) => list,
        Some(TokenKind::Text(_) | TokenKind::Documentation(_) | TokenKind::Punctuation(_)) | None => {
            return input.fail(Expected::Some("an expression"));
        }
    };
    read(input)
}

fn number(input: Tokens<'_>) -> Boxed<'_> {
    if let Some(TokenKind::Float(value)) = input.first() {
        return Ok((input.after(1), boxed(ExpressionKind::Number { value: *value, integer: false }, input.span())));
    }
    let Some(TokenKind::Integer(value)) = input.first() else { return input.fail(Expected::Some("an expression")) };
    integer(input, *value)
}

fn integer(input: Tokens<'_>, value: u64) -> Boxed<'_> {
    let span = input.span();
    if value > LARGEST_INTEGER {
        let error = Diagnostic::error(span, format!("the integer {value} is too large: the largest is {LARGEST_INTEGER}"));
        input.context.report(error.help("write it with a point or an exponent where it need not be exact"));
    }
    // A float holds every integer up to the largest.
    #[allow(clippy::cast_precision_loss)]
    let value = value.min(LARGEST_INTEGER) as f64;
    Ok((input.after(1), boxed(ExpressionKind::Number { value, integer: true }, span)))
}

fn named(input: Tokens<'_>) -> Boxed<'_> {
    let truth = match input.word(0) {
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) | None => None,
    };
    if let Some(truth) = truth {
        return Ok((input.after(1), boxed(ExpressionKind::Boolean(truth), input.span())));
    }
    if !name_ahead(input, 0) {
        return input.fail(Expected::Some("an expression"));
    }
    let (rest, name) = if derivative_ahead(input).is_some() { path(input)? } else { name(input)? };
    Ok((rest, boxed(ExpressionKind::Name(name.text), name.span)))
}

/// `(e)`, `(h, d)`, `(h,)`
fn parenthesized(input: Tokens<'_>) -> Boxed<'_> {
    let (rest, opened) = open(input, "(", ")")?;
    if rest.at(")") {
        return rest.fail(Expected::Some("an expression"));
    }
    let (rest, parts) = expressions(rest, ")")?;
    let comma = rest.position().checked_sub(1).and_then(|last| rest.context.all.get(last));
    let comma = comma.is_some_and(|token| token.kind == TokenKind::Punctuation(","));
    let (rest, span) = close(rest, ")", opened)?;
    if parts.len() > 1 || comma {
        grow(rest, 0, span)?;
    }
    Ok((rest, group(parts, comma, span)))
}

fn group(mut parts: Vec<Expression>, comma: bool, span: Span) -> Box<Expression> {
    match parts.pop() {
        Some(only) if parts.is_empty() && !comma => boxed(only.kind, span),
        last => {
            parts.extend(last);
            boxed(ExpressionKind::Group(parts), span)
        }
    }
}

fn list(input: Tokens<'_>) -> Boxed<'_> {
    let (rest, opened) = open(input, "[", "]")?;
    let (rest, parts) = expressions(rest, "]")?;
    let (rest, span) = close(rest, "]", opened)?;
    grow(rest, 0, span)?;
    Ok((rest, boxed(ExpressionKind::List(parts), span)))
}

/// `if condition { a } else { b }`
fn conditional(input: Tokens<'_>) -> Boxed<'_> {
    let (rest, start) = word("if")(input)?;
    deepen(input, "", start)?;
    let (rest, condition) = boxed_expression(rest)?;
    input.context.opened.borrow_mut().pop();
    let (rest, then) = block(rest)?;
    let (rest, _) = word("else")(rest)?;
    let (rest, otherwise) = if rest.at_word("if") { another(rest)? } else { block(rest)? };
    let span = start.to(otherwise.span);
    grow(rest, 0, span)?;
    Ok((rest, boxed(ExpressionKind::If { condition, then: *then, otherwise: *otherwise }, span)))
}

/// The `if` of an `else if`, as a block of its own; it counts as nested.
fn another(input: Tokens<'_>) -> Parse<'_, Box<Block>> {
    deepen(input, "", input.span())?;
    let (rest, value) = conditional(input)?;
    input.context.opened.borrow_mut().pop();
    let span = value.span;
    Ok((rest, Box::new(Block { statements: Vec::new(), value: Some(value), braces: false, span })))
}

/// `(a, b = 1)` behind what is called.
fn call(input: Tokens<'_>, callee: Box<Expression>) -> Boxed<'_> {
    let (mut rest, opened) = open(input, "(", ")")?;
    let mut arguments = Vec::new();
    while !rest.at(")") {
        let (after, name) = argument_name(rest)?;
        let (after, value) = boxed_expression(after)?;
        let (after, value) = if after.at("->") && name.is_none() { arrow(after, *value)? } else { (after, value) };
        arguments.push(Argument { name, value: *value });
        rest = separator(after, ")")?;
    }
    let (rest, span) = close(rest, ")", opened)?;
    let span = callee.span.to(span);
    Ok((rest, boxed(ExpressionKind::Call(callee, arguments), span)))
}

/// `axis =`, if it is there.
fn argument_name(input: Tokens<'_>) -> Parse<'_, Option<Name>> {
    if name_ahead(input, 0) && input.at_distance(1, "=") {
        return map(name, Some).parse(input).map(|(rest, name)| (rest.after(1), name));
    }
    Ok((input, None))
}

/// `-> [b, h, t, d]` behind a list.
fn arrow(input: Tokens<'_>, from: Expression) -> Boxed<'_> {
    let ExpressionKind::List(before) = from.kind else {
        let error = Diagnostic::error(from.span, "before `->` stands a list of axes");
        return Err(input.refused(error.help("write `[b, t, (h, d)] -> [b, h, t, d]`")));
    };
    let (rest, opened) = open(input.after(1), "[", "]")?;
    let (rest, after) = expressions(rest, "]")?;
    let (rest, span) = close(rest, "]", opened)?;
    Ok((rest, boxed(ExpressionKind::Arrow(before, after), from.span.to(span))))
}

/// `.T`, `.name`
fn field(input: Tokens<'_>, of: Box<Expression>) -> Boxed<'_> {
    let (rest, _) = punctuation(".")(input)?;
    if rest.at_word("T") {
        let span = of.span.to(rest.span());
        return Ok((rest.after(1), boxed(ExpressionKind::Transpose(of), span)));
    }
    let (rest, name) = name(rest)?;
    let span = of.span.to(name.span);
    Ok((rest, boxed(ExpressionKind::Field(of, name), span)))
}

/// `x[i, j]`, or the reduction `sum[k](e)`
fn bracketed(input: Tokens<'_>, of: Box<Expression>) -> Boxed<'_> {
    let (mut rest, opened) = open(input, "[", "]")?;
    let mut entries = Vec::new();
    while !rest.at("]") {
        rest = separator(entry(rest, &mut entries)?, "]")?;
    }
    let (rest, brackets) = close(rest, "]", opened)?;
    match labels(&entries).filter(|_| rest.at("(") && matches!(of.kind, ExpressionKind::Name(_))) {
        Some(labels) => reduction(rest, &of, labels),
        None => indexed(rest, of, entries, brackets),
    }
}

fn indexed(rest: Tokens<'_>, of: Box<Expression>, entries: Vec<Entry>, brackets: Span) -> Boxed<'_> {
    let span = of.span.to(brackets);
    match items(entries) {
        Some(items) => Ok((rest, boxed(ExpressionKind::Index(of, items), span))),
        None if rest.at("(") => Err(rest.refused(Diagnostic::error(brackets, "the brackets of a reduction hold labels only"))),
        None => rest.fail(Expected::Exactly("(")),
    }
}

/// `(e)` behind the labels of a reduction.
fn reduction<'t>(input: Tokens<'t>, named: &Expression, labels: Vec<ReducedLabel>) -> Boxed<'t> {
    let (rest, opened) = open(input, "(", ")")?;
    let (rest, body) = boxed_expression(rest)?;
    let rest = if rest.at(",") && rest.at_distance(1, ")") { rest.after(1) } else { rest };
    let (rest, end) = close(rest, ")", opened)?;
    let text = if let ExpressionKind::Name(text) = &named.kind { text.clone() } else { String::new() };
    let reduction = Name { text, span: named.span };
    Ok((rest, boxed(ExpressionKind::Reduce { reduction, labels, body }, named.span.to(end))))
}
