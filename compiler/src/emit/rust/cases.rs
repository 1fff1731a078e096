//! An innermost loop in cases: where a condition in it is decided by where in its range the loop is, or does not depend on it at all,
//! there is a loop for each case and no condition in any of them. What the condition guarded is a row like any other then, and the loop
//! can be vectorized. It must not know how a loop is written.

use super::access::{self, SHORTEST, Step};
use super::groups;
use super::scope::Scope;
use super::value;
use crate::ir::{Extent, Index, Label};
use crate::loops::substitute::Substitution;
use crate::loops::{Block, Local, Statement, Value, Variable};
use crate::ops::{Operator, Runtime};

/// A range is cut into no more parts than this.
pub const PARTS: usize = 6;

/// No more conditions than this are asked before a loop.
const ASKED: usize = 2;

/// How a loop is written.
pub enum Cases {
    /// As one loop.
    One,
    /// One after the other, in the order of the range: the extent of each part, and what is done with a variable that starts from 0 there.
    Parts(Vec<(Extent, Vec<Statement>)>),
    /// By a condition that the loop does not change.
    Either(Value, Vec<Statement>, Vec<Statement>),
}

/// The cases of an innermost loop.
pub fn cases(scope: &Scope<'_>, variable: Variable, extent: &Extent, body: &[Statement]) -> Cases {
    if extent.as_constant().is_some_and(|length| length < SHORTEST) {
        return Cases::One;
    }
    let mut conditions = Vec::new();
    each_value(body, &mut |value| guards(scope, variable, value, &mut conditions));
    if let Some(length) = extent.as_constant() {
        let mut cuts: Vec<i64> = conditions.iter().filter_map(|condition| cut(condition, variable)).collect();
        cuts.retain(|&cut| 0 < cut && cut < length);
        cuts.sort_unstable();
        cuts.dedup();
        if !cuts.is_empty() && cuts.len() < PARTS {
            let ends = cuts.iter().copied().chain([length]);
            return Cases::Parts(parts(variable, [0].into_iter().chain(cuts.iter().copied()).zip(ends), body));
        }
        if cuts.is_empty()
            && let Some(ranges) = groups::whole_vectors(scope, body, variable, length)
        {
            return Cases::Parts(parts(variable, ranges.into_iter(), body));
        }
    }
    let own = locals(body);
    let mut asked: Vec<&Value> = Vec::new();
    for condition in conditions.iter().filter(|condition| is_unchanged(condition, variable, &own)) {
        if !asked.contains(&condition) {
            asked.push(condition);
        }
    }
    match asked.first() {
        Some(&condition) if asked.len() <= ASKED => {
            let known = |truth| decided(body, &|other| (other == condition).then_some(truth));
            Cases::Either(condition.clone(), known(true), known(false))
        }
        Some(_) | None => Cases::One,
    }
}

fn parts(variable: Variable, ranges: impl Iterator<Item = (i64, i64)>, body: &[Statement]) -> Vec<(Extent, Vec<Statement>)> {
    ranges.map(|(from, to)| (Extent::constant(to - from), part(variable, (from, to), body))).collect()
}

/// The body of a loop in a part of its range, with a variable that starts from 0 there.
pub fn part(variable: Variable, (from, to): (i64, i64), body: &[Statement]) -> Vec<Statement> {
    let body = decided(body, &|condition| in_range(condition, variable, from, to));
    let place = |label: Label| {
        let index = Index::label(label);
        if label.0 == variable.0 { index.plus_extent(&Extent::constant(from)) } else { index }
    };
    let mut moved = Substitution::new(place, |local| local);
    body.iter().map(|statement| moved.statement(statement)).collect()
}

/// Calls `visit` for the values of statements.
pub fn each_value<'a>(body: &'a [Statement], visit: &mut dyn FnMut(&'a Value)) {
    for statement in body {
        match statement {
            Statement::Let(_, value)
            | Statement::Accumulator(_, value)
            | Statement::Assign(_, value)
            | Statement::Store { value, .. } => visit(value),
            Statement::Comment(_) | Statement::For { .. } | Statement::Fill(..) | Statement::Product(_) => {}
        }
    }
}

/// The locals that a loop's body declares.
pub fn locals(body: &[Statement]) -> Vec<Local> {
    let mut locals: Vec<Local> = body
        .iter()
        .filter_map(|statement| match statement {
            Statement::Let(local, _) | Statement::Accumulator(local, _) | Statement::Assign(local, _) => Some(*local),
            Statement::Comment(_) | Statement::For { .. } | Statement::Store { .. } => None,
            Statement::Fill(..) | Statement::Product(_) => None,
        })
        .collect();
    each_value(body, &mut |value| in_blocks(value, &mut locals));
    locals
}

fn in_blocks(value: &Value, locals: &mut Vec<Local>) {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => {}
        Value::Apply(_, arguments) => arguments.iter().for_each(|argument| in_blocks(argument, locals)),
        Value::Select(condition, then, otherwise) => {
            in_blocks(condition, locals);
            for block in [then, otherwise] {
                locals.extend(block.locals.iter().map(|(local, _)| *local));
                block.locals.iter().for_each(|(_, value)| in_blocks(value, locals));
                in_blocks(&block.value, locals);
            }
        }
    }
}

/// The simple conditions of selections that keep a loop from being vectorized: a branch of theirs reads a row that only they show to be there,
/// or holds an elementary function.
fn guards(scope: &Scope<'_>, variable: Variable, value: &Value, conditions: &mut Vec<Value>) {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => {}
        Value::Apply(_, arguments) => arguments.iter().for_each(|argument| guards(scope, variable, argument, conditions)),
        Value::Select(condition, then, otherwise) => {
            let blocks = [then, otherwise];
            if blocks.iter().any(|block| in_block(block, &|value| is_in_the_way(scope, variable, value))) {
                simple(condition, conditions);
            }
            guards(scope, variable, condition, conditions);
            for block in blocks {
                block.locals.iter().for_each(|(_, value)| guards(scope, variable, value, conditions));
                guards(scope, variable, &block.value, conditions);
            }
        }
    }
}

fn in_block(block: &Block, test: &dyn Fn(&Value) -> bool) -> bool {
    test(&block.value) || block.locals.iter().any(|(_, value)| test(value))
}

fn is_in_the_way(scope: &Scope<'_>, variable: Variable, value: &Value) -> bool {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) => false,
        Value::Load(buffer, offset) => access::step(offset, variable) == Step::Next && !scope.is_inside(*buffer, offset),
        Value::Apply(operator, arguments) => {
            let elementary = matches!(operator.row().runtime, Runtime::Elementary(_));
            elementary || arguments.iter().any(|argument| is_in_the_way(scope, variable, argument))
        }
        Value::Select(condition, then, otherwise) => {
            let test = |value: &Value| is_in_the_way(scope, variable, value);
            test(condition) || in_block(then, &test) || in_block(otherwise, &test)
        }
    }
}

/// The conditions that a condition is made of.
pub fn simple(condition: &Value, conditions: &mut Vec<Value>) {
    match condition {
        Value::Apply(Operator::And | Operator::Or | Operator::Not, arguments) => {
            arguments.iter().for_each(|argument| simple(argument, conditions));
        }
        Value::Apply(..) | Value::Local(_) => conditions.push(condition.clone()),
        Value::Number(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) | Value::Select(..) => {}
    }
}

/// The simple conditions of all selections of a value.
pub fn selections(value: &Value, conditions: &mut Vec<Value>) {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => {}
        Value::Apply(_, arguments) => arguments.iter().for_each(|argument| selections(argument, conditions)),
        Value::Select(condition, then, otherwise) => {
            simple(condition, conditions);
            for block in [then, otherwise] {
                block.locals.iter().for_each(|(_, value)| selections(value, conditions));
                selections(&block.value, conditions);
            }
        }
    }
}

/// Whether a condition is the same in every turn of the loop: made of nothing but positions outside of it and locals from there.
pub fn is_unchanged(condition: &Value, variable: Variable, own: &[Local]) -> bool {
    match condition {
        Value::Number(_) => true,
        Value::Local(local) => !own.contains(local),
        Value::Position(form) => !form.mentions(Label(variable.0)),
        Value::Apply(_, arguments) => arguments.iter().all(|argument| is_unchanged(argument, variable, own)),
        Value::Random(..) | Value::Load(..) | Value::Select(..) => false,
    }
}

/// A comparison of the loop's variable with a constant: the operator, the sign of the variable and what is added to it, against 0.
fn compared(condition: &Value, variable: Variable) -> Option<(Operator, i64, i64)> {
    let Value::Apply(operator, arguments) = condition else { return None };
    let [left, right] = arguments.as_slice() else { return None };
    if !matches!(operator.row().runtime, Runtime::Comparison(_)) {
        return None;
    }
    let difference = value::as_position(left)?.minus(&value::as_position(right)?);
    let sign = difference.coefficient(Label(variable.0)).as_constant().filter(|sign| sign.abs() == 1)?;
    let rest = difference.minus(&Index::label(Label(variable.0)).times(&Extent::constant(sign)));
    let constant = rest.as_extent()?.as_constant()?;
    Some((*operator, sign, constant))
}

/// The number below which an order holds, or from which on, as compared with 0; none where equality is asked.
fn boundary(operator: Operator) -> Option<i64> {
    let orders = [(Operator::Less, 0), (Operator::GreaterEqual, 0), (Operator::LessEqual, 1), (Operator::Greater, 1)];
    orders.into_iter().find(|(order, _)| *order == operator).map(|(_, boundary)| boundary)
}

/// Where in the range of the loop a comparison changes, if it does so at one place.
pub fn cut(condition: &Value, variable: Variable) -> Option<i64> {
    let (operator, sign, constant) = compared(condition, variable)?;
    let boundary = boundary(operator)?;
    Some(if sign > 0 { boundary - constant } else { constant - boundary + 1 })
}

/// What a comparison is in a part of the range, if it is the same all over it.
fn in_range(condition: &Value, variable: Variable, from: i64, to: i64) -> Option<bool> {
    let (operator, sign, constant) = compared(condition, variable)?;
    boundary(operator)?;
    #[allow(clippy::cast_precision_loss)]
    let at = |place: i64| (operator.row().value)(&[(sign * place + constant) as f64, 0.0]) != 0.0;
    (at(from) == at(to - 1)).then(|| at(from))
}

/// Statements in which some conditions are known.
pub fn decided(body: &[Statement], known: &dyn Fn(&Value) -> Option<bool>) -> Vec<Statement> {
    let mut statements = Vec::new();
    for statement in body {
        let mut before = Vec::new();
        let statement = match statement {
            Statement::Let(local, value) => Statement::Let(*local, without(value, known, &mut before)),
            Statement::Accumulator(local, value) => Statement::Accumulator(*local, without(value, known, &mut before)),
            Statement::Assign(local, value) => Statement::Assign(*local, without(value, known, &mut before)),
            Statement::Store { buffer, offset, value, accumulate } => {
                let value = without(value, known, &mut before);
                Statement::Store { buffer: *buffer, offset: offset.clone(), value, accumulate: *accumulate }
            }
            Statement::For { variable, extent, backward, body } => {
                let body = decided(body, known);
                Statement::For { variable: *variable, extent: extent.clone(), backward: *backward, body }
            }
            Statement::Comment(_) | Statement::Fill(..) | Statement::Product(_) => statement.clone(),
        };
        statements.extend(before.into_iter().map(|(local, value)| Statement::Let(local, value)));
        statements.push(statement);
    }
    used(statements)
}

/// Statements without the locals that nothing reads any more.
fn used(statements: Vec<Statement>) -> Vec<Statement> {
    let mut read = Vec::new();
    let mut kept = Vec::new();
    for statement in statements.into_iter().rev() {
        if matches!(&statement, Statement::Let(local, _) if !read.contains(local)) {
            continue;
        }
        super::step::each_local(&statement, &mut |local| read.push(local));
        kept.push(statement);
    }
    kept.reverse();
    kept
}

/// A value in which some conditions are known; the locals of branches that are always taken come before it.
fn without(value: &Value, known: &dyn Fn(&Value) -> Option<bool>, before: &mut Vec<(Local, Value)>) -> Value {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => value.clone(),
        Value::Apply(operator, arguments) => {
            applied(*operator, arguments.iter().map(|argument| without(argument, known, before)).collect())
        }
        Value::Select(condition, then, otherwise) => {
            let taken = match truth(condition, known) {
                Some(true) => then,
                Some(false) => otherwise,
                None => {
                    let condition = without(&rest(condition, known), known, before);
                    let [then, otherwise] = [then, otherwise].map(|block| {
                        let mut locals = Vec::new();
                        let value = taken_block(block, known, &mut locals);
                        Box::new(Block { locals, value })
                    });
                    return Value::Select(Box::new(condition), then, otherwise);
                }
            };
            taken_block(taken, known, before)
        }
    }
}

/// An operator applied, but for a 0 that is added to what is no -0: that changes no bit.
fn applied(operator: Operator, mut arguments: Vec<Value>) -> Value {
    let is_zero = |value: &Value| matches!(value, Value::Number(number) if number.to_bits() == 0);
    let no_negative_zero = |value: &Value| match value {
        Value::Number(number) => *number != 0.0 || is_zero(value),
        Value::Apply(operator, arguments) => *operator == Operator::Add && arguments.iter().any(is_zero),
        Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) | Value::Select(..) => false,
    };
    if operator == Operator::Add && arguments.len() == 2 {
        for (kept, zero) in [(0, 1), (1, 0)] {
            if is_zero(&arguments[zero]) && no_negative_zero(&arguments[kept]) {
                return arguments.swap_remove(kept);
            }
        }
    }
    Value::Apply(operator, arguments)
}

fn taken_block(block: &Block, known: &dyn Fn(&Value) -> Option<bool>, before: &mut Vec<(Local, Value)>) -> Value {
    for (local, value) in &block.locals {
        let value = without(value, known, before);
        before.push((*local, value));
    }
    without(&block.value, known, before)
}

/// What a condition is, where that follows from the ones that are known.
fn truth(condition: &Value, known: &dyn Fn(&Value) -> Option<bool>) -> Option<bool> {
    match condition {
        Value::Apply(Operator::And, arguments) => all(arguments, &|argument| truth(argument, known)),
        Value::Apply(Operator::Or, arguments) => {
            all(arguments, &|argument| truth(argument, known).map(|truth| !truth)).map(|none| !none)
        }
        Value::Apply(Operator::Not, arguments) => {
            arguments.first().and_then(|argument| truth(argument, known)).map(|truth| !truth)
        }
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) => known(condition),
        Value::Load(..) | Value::Apply(..) | Value::Select(..) => known(condition),
    }
}

fn all(arguments: &[Value], truth: &dyn Fn(&Value) -> Option<bool>) -> Option<bool> {
    let truths: Vec<Option<bool>> = arguments.iter().map(truth).collect();
    if truths.contains(&Some(false)) { Some(false) } else { truths.iter().all(Option::is_some).then_some(true) }
}

/// What is left of a condition that is not known as a whole.
fn rest(condition: &Value, known: &dyn Fn(&Value) -> Option<bool>) -> Value {
    let Value::Apply(operator @ (Operator::And | Operator::Or), arguments) = condition else { return condition.clone() };
    let mut open: Vec<Value> =
        arguments.iter().filter(|argument| truth(argument, known).is_none()).map(|argument| rest(argument, known)).collect();
    match open.len() {
        1 => open.remove(0),
        _ => Value::Apply(*operator, open),
    }
}
