//! An innermost loop of which only the beginning is work: from a place on that a condition in it tells, as a causal mask does, every turn does
//! the same. The loop ends there, and what all the other turns come to is done at once. A row that was filled in this way is known to hold one
//! number behind that place, and the loops that read it end there too.

use super::access::{self, Step};
use super::cases;
use super::index;
use super::leaves;
use super::nest;
use super::scope::{Scope, Tail, memory_of};
use super::value;
use crate::ir::{Atom, Extent, Index, Label};
use crate::loops::{Block, Local, Statement, Value, Variable};
use crate::ops::Operator;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// The loop ends at a multiple of this, so that the beginning is made of whole vectors; the condition stays in it.
const WHOLE: i64 = 16;

/// A loop's beginning and its rest.
pub struct Prefix {
    end: End,
    /// What every turn does behind the end. Nothing in it changes with the loop.
    rest: Vec<Statement>,
}

/// Where the beginning ends.
enum End {
    /// At the first multiple of a vector's length that is not below this. It may be negative, or behind the end of the loop.
    From(Index),
    /// Where another loop has ended.
    Known(Ident, Extent),
}

/// The beginning of a loop, if the rest of it needs no loop.
pub fn prefix(scope: &Scope<'_>, variable: Variable, extent: &Extent, body: &[Statement]) -> Option<Prefix> {
    if extent.as_constant().is_some_and(|length| length < 2 * WHOLE) {
        return None;
    }
    let known = scope.tails().iter().rev().filter(|tail| tail.length == *extent).find_map(|tail| {
        let row = tail.base.plus(&Index::label(Label(variable.0)));
        let rest = leaves::loaded(body, &|buffer, offset| (buffer == tail.buffer && *offset == row).then_some(tail.number))?;
        let rest = leaves::with_numbers(rest);
        let (name, end) = tail.end.clone();
        is_flat(&rest, variable).then_some(Prefix { end: End::Known(name, end), rest })
    });
    known.or_else(|| {
        let mut conditions = Vec::new();
        cases::each_value(body, &mut |value| cases::selections(value, &mut conditions));
        conditions.iter().find_map(|condition| {
            let (first, truth) = boundary(condition, variable)?;
            let rest = leaves::with_numbers(cases::decided(body, &|other| (other == condition).then_some(truth)));
            is_flat(&rest, variable).then_some(Prefix { end: End::From(first), rest })
        })
    })
}

/// From where on a comparison of the loop's variable with the loops around is always the same, and what it is there.
fn boundary(condition: &Value, variable: Variable) -> Option<(Index, bool)> {
    let Value::Apply(operator, arguments) = condition else { return None };
    let [left, right] = arguments.as_slice() else { return None };
    let label = Label(variable.0);
    let difference = value::as_position(left)?.minus(&value::as_position(right)?);
    let sign = difference.coefficient(label).as_constant().filter(|sign| sign.abs() == 1)?;
    let others = difference.minus(&Index::label(label).times(&Extent::constant(sign)));
    if !others.terms().all(|(atom, _)| matches!(atom, Atom::Label(_))) {
        return None;
    }
    // Where the variable is less than a place, or greater, or equal to it.
    let place = if sign > 0 { others.times(&Extent::constant(-1)) } else { others };
    let next = place.plus_extent(&Extent::one());
    let orders = [
        (Operator::Less, true, &place, false),
        (Operator::Greater, false, &place, false),
        (Operator::LessEqual, true, &next, false),
        (Operator::GreaterEqual, false, &next, false),
        (Operator::GreaterEqual, true, &place, true),
        (Operator::LessEqual, false, &place, true),
        (Operator::Greater, true, &next, true),
        (Operator::Less, false, &next, true),
    ];
    let found = orders.into_iter().find(|(order, upwards, ..)| order == operator && *upwards == (sign > 0));
    found.map(|(_, _, first, truth)| (first.clone(), truth))
}

/// Whether statements do the same in every turn of a loop, so that they need none: they fill rows, and add to accumulators.
fn is_flat(body: &[Statement], variable: Variable) -> bool {
    let assigned: Vec<Local> = body
        .iter()
        .filter_map(|statement| match statement {
            Statement::Assign(local, _) => Some(*local),
            Statement::Comment(_) | Statement::For { .. } | Statement::Let(..) | Statement::Accumulator(..) => None,
            Statement::Store { .. } | Statement::Fill(..) | Statement::Product(_) => None,
        })
        .collect();
    let distinct = assigned.iter().enumerate().all(|(at, local)| !assigned[..at].contains(local));
    let still = |value: &Value| is_still(value, variable, &assigned);
    distinct
        && body.iter().all(|statement| match statement {
            Statement::Comment(_) => true,
            Statement::Let(_, value) => still(value),
            Statement::Assign(local, value) => taken_in(*local, value).is_some_and(|taken| still(taken.value)),
            Statement::Store { offset, value, accumulate, .. } => {
                !accumulate && access::step(offset, variable) == Step::Next && still(value)
            }
            Statement::For { .. } | Statement::Accumulator(..) | Statement::Fill(..) | Statement::Product(_) => false,
        })
}

/// Whether a value is the same in every turn of a loop that assigns these locals.
fn is_still(value: &Value, variable: Variable, assigned: &[Local]) -> bool {
    let still = |form: &Index| !form.mentions(Label(variable.0));
    match value {
        Value::Number(_) => true,
        Value::Local(local) => !assigned.contains(local),
        Value::Position(form) | Value::Random(_, form) => still(form),
        // What the loop writes lies in rows, and a row is not read where the loop stands still.
        Value::Load(_, offset) => still(offset),
        Value::Apply(_, arguments) => arguments.iter().all(|argument| is_still(argument, variable, assigned)),
        Value::Select(condition, then, otherwise) => {
            let in_block = |block: &Block| {
                let locals = block.locals.iter().all(|(_, value)| is_still(value, variable, assigned));
                locals && is_still(&block.value, variable, assigned)
            };
            is_still(condition, variable, assigned) && in_block(then) && in_block(otherwise)
        }
    }
}

/// What an accumulator takes in.
struct Taken<'a> {
    operator: Operator,
    value: &'a Value,
    /// What changes nothing.
    neutral: f64,
}

fn taken_in(local: Local, value: &Value) -> Option<Taken<'_>> {
    let Value::Apply(operator, arguments) = value else { return None };
    let known = [(Operator::Add, 0.0), (Operator::Maximum, f64::NEG_INFINITY), (Operator::Minimum, f64::INFINITY)];
    let (operator, neutral) = known.into_iter().find(|(known, _)| known == operator)?;
    match arguments.as_slice() {
        [Value::Local(other), value] | [value, Value::Local(other)] if *other == local => {
            Some(Taken { operator, value, neutral })
        }
        _ => None,
    }
}

/// `let end = usize::next_multiple_of(first, 16).min(extent);`, the loop up to there, and the rest.
pub fn write(
    scope: &mut Scope<'_>,
    (variable, extent): (Variable, &Extent),
    prefix: &Prefix,
    beginning: impl FnOnce(&mut Scope<'_>, &Extent) -> TokenStream,
) -> TokenStream {
    let length = index::extent(scope, extent).bare();
    let (declared, (name, end)) = match &prefix.end {
        End::Known(name, end) => (TokenStream::new(), (name.clone(), end.clone())),
        End::From(first) => {
            // A number alone, or a variable that runs over numbers, has no type of its own.
            let first = index::not_below_zero(scope, first).bare();
            let whole = Literal::i64_unsuffixed(WHOLE);
            let (name, end) = scope.open_size("end");
            (quote!(let #name = usize::next_multiple_of(#first, #whole).min(#length);), (name, end))
        }
    };
    let before = beginning(scope, &end);
    let rest = rest(&mut scope.clone(), (variable, extent), &end, &prefix.rest);
    let rest = if rest.is_empty() { rest } else { quote!(if #name < #length { #rest }) };
    learn(scope, (variable, extent), &(name, end), &prefix.rest);
    quote!(#declared #before #rest)
}

/// The rows that are filled with a number are known to hold it.
fn learn(scope: &mut Scope<'_>, (variable, extent): (Variable, &Extent), end: &(Ident, Extent), rest: &[Statement]) {
    for statement in rest {
        if let Statement::Store { buffer, offset, value: Value::Number(number), accumulate: false } = statement {
            let base = offset.minus(&Index::label(Label(variable.0)));
            let (end, length) = (end.clone(), extent.clone());
            scope.know(Tail { buffer: *buffer, base, end, length, number: *number });
        }
    }
}

/// What the turns from `end` on come to.
fn rest(scope: &mut Scope<'_>, (variable, extent): (Variable, &Extent), end: &Extent, body: &[Statement]) -> TokenStream {
    let mut code = TokenStream::new();
    for statement in body {
        match statement {
            Statement::Assign(local, taken) => {
                let Some(Taken { operator, value, neutral }) = taken_in(*local, taken) else { continue };
                if *value == Value::Number(neutral) {
                    continue;
                }
                if operator == Operator::Add {
                    let turns = Value::Position(Index::constant(extent.minus(end)));
                    let sum = Value::Apply(Operator::Multiply, vec![turns, value.clone()]);
                    let sum = Value::Apply(Operator::Add, vec![Value::Local(*local), sum]);
                    code.extend(nest::statements(scope, &[Statement::Assign(*local, sum)]));
                } else {
                    code.extend(nest::statements(scope, std::slice::from_ref(statement)));
                }
            }
            Statement::Store { buffer, offset, value, .. } => {
                let row = scope.memory(memory_of(scope.loops, *buffer));
                let base = offset.minus(&Index::label(Label(variable.0)));
                let [from, to] = [end, extent].map(|place| index::extent(scope, place).at_least(super::code::Tightness::Sum));
                let value = value::number(scope, value).bare();
                if base == Index::default() {
                    code.extend(quote!(#row[#from..#to].fill(#value);));
                } else {
                    let base = index::index(scope, &base).bare();
                    code.extend(quote!(#row[#base..][#from..#to].fill(#value);));
                }
            }
            Statement::Comment(_) | Statement::Let(..) | Statement::Accumulator(..) | Statement::For { .. } => {
                code.extend(nest::statements(scope, std::slice::from_ref(statement)));
            }
            Statement::Fill(..) | Statement::Product(_) => {}
        }
    }
    code
}
