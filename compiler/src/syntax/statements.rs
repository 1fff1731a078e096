//! Statements: data, parameters and states, definitions.
//!
//! They must know nothing of items, and not what names mean.

use nom::Parser;
use nom::combinator::{map, opt};
use nom::sequence::preceded;

use super::brackets::{left_indices, optional_range, shape};
use super::cures::stands_before_a_name;
use super::expressions::{boxed_expression, expression};
use super::failure::report;
use super::input::{Expected, Parse, Tokens};
use super::names::{documentation, path, punctuation};
use super::recovery::{keyword_ahead, skip_statement, statement_ahead};
use super::tree::{Data, Expression, ExpressionKind, LeftIndex, Name, Role, Statement, StatementKind, Stored};
use crate::span::Span;

/// What a statement's keyword says it is.
#[derive(Clone, Copy)]
enum Form {
    Data(fn(Data) -> StatementKind),
    Stored(fn(Stored) -> StatementKind),
    Define(Role),
}

/// How a statement begins: enough to know its name where the rest is broken.
struct Head {
    form: Form,
    name: Name,
}

/// Reads a statement, to the end of the list. What is broken is reported; a broken statement still has its name, with the value
/// left open, so that those who read the name later do not report it again.
pub(super) fn statement<'t>(input: Tokens<'t>, statements: &mut Vec<Statement>) -> Tokens<'t> {
    let Ok((begin, documentation)) = documentation(input) else { return input.after(1) };
    let Ok((rest, head)) = head(begin) else {
        let failed = report(begin);
        let unread = |head: Head| Statement { documentation, kind: *unread(&head), span: head.name.span };
        statements.extend(nameless(begin).map(unread));
        return skip_statement(input, failed);
    };
    let push = |kind: Box<StatementKind>, end: Span| {
        statements.push(Statement { documentation, kind: *kind, span: begin.span().to(end) })
    };
    match tail(rest, &head) {
        Ok((rest, kind)) => match punctuation(";")(rest) {
            Ok((rest, end)) => {
                push(kind, end);
                rest
            }
            Err(_) => {
                let failed = report(begin);
                let only_that = failed.position() == rest.position() && (statement_ahead(rest) || rest.at("}"));
                // What is left over may belong to the value.
                push(if only_that { kind } else { unread(&head) }, head.name.span);
                if only_that { rest } else { skip_statement(begin, failed) }
            }
        },
        Err(_) => {
            push(unread(&head), head.name.span);
            skip_statement(begin, report(begin))
        }
    }
}

/// The name of a statement that does not begin like one: `let y = ...`, `y := ...`.
fn nameless(begin: Tokens<'_>) -> Option<Head> {
    let before = begin.word(0).is_some_and(stands_before_a_name) && begin.word(1).is_some();
    let (_, name) = path(begin.after(usize::from(before))).ok()?;
    Some(Head { form: Form::Define(Role::Plain), name })
}

/// The statement whose value could not be read.
fn unread(head: &Head) -> Box<StatementKind> {
    let value = Expression { kind: ExpressionKind::Missing, span: head.name.span };
    let role = match head.form {
        Form::Define(role) => role,
        Form::Data(_) | Form::Stored(_) => Role::Plain,
    };
    Box::new(StatementKind::Define { role, name: head.name.clone(), value })
}

/// The keyword and the name.
fn head(input: Tokens<'_>) -> Parse<'_, Head> {
    let form = match input.word(0).filter(|_| keyword_ahead(input)) {
        Some("input") => Some(Form::Data(StatementKind::Input)),
        Some("target") => Some(Form::Data(StatementKind::Target)),
        Some("param") => Some(Form::Stored(StatementKind::Param)),
        Some("state") => Some(Form::Stored(StatementKind::State)),
        Some("output") => Some(Form::Define(Role::Output)),
        Some("metric") => Some(Form::Define(Role::Metric)),
        Some("update") => Some(Form::Define(Role::Update)),
        Some(_) | None => None,
    };
    if let Some(form) = form {
        let (rest, name) = path(input.after(1))?;
        return Ok((rest, Head { form, name }));
    }
    let Ok((rest, name)) = path(input) else {
        *input.context.furthest.borrow_mut() = super::input::Furthest::default();
        return input.fail(Expected::Some("a statement"));
    };
    if !rest.at("=") && !rest.at("[") {
        rest.expected(Expected::Exactly("="));
        return rest.fail(Expected::Exactly("["));
    }
    let role = if name.text == "loss" { Role::Loss } else { Role::Plain };
    Ok((rest, Head { form: Form::Define(role), name }))
}

/// What stands between the name and the `;`.
fn tail<'t>(input: Tokens<'t>, head: &Head) -> Parse<'t, Box<StatementKind>> {
    let name = head.name.clone();
    match head.form {
        Form::Data(make) => data(input, make, name),
        Form::Stored(make) => stored(input, make, name),
        Form::Define(role) => definition(input, role, name),
    }
}

fn data(input: Tokens<'_>, make: fn(Data) -> StatementKind, name: Name) -> Parse<'_, Box<StatementKind>> {
    let (rest, shape) = preceded(punctuation(":"), shape).parse(input)?;
    let (rest, range) = optional_range(rest)?;
    Ok((rest, Box::new(make(Data { name, shape, range }))))
}

fn stored(input: Tokens<'_>, make: fn(Stored) -> StatementKind, name: Name) -> Parse<'_, Box<StatementKind>> {
    let (rest, shape) = preceded(punctuation(":"), shape).parse(input)?;
    let (rest, initializer) = opt(preceded(punctuation("="), expression)).parse(rest)?;
    Ok((rest, Box::new(make(Stored { name, shape, initializer }))))
}

fn definition(input: Tokens<'_>, role: Role, name: Name) -> Parse<'_, Box<StatementKind>> {
    let (rest, indices) = if input.at("[") { map(left_indices, Some).parse(input)? } else { (input, None) };
    let (rest, _) = punctuation("=")(rest)?;
    let (rest, value) = boxed_expression(rest)?;
    Ok((rest, defined(role, name, indices, *value)))
}

fn defined(role: Role, name: Name, indices: Option<Vec<LeftIndex>>, value: Expression) -> Box<StatementKind> {
    Box::new(match indices {
        Some(indices) => StatementKind::DefineIndexed { role, name, indices, value },
        None => StatementKind::Define { role, name, value },
    })
}
