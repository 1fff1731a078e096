//! The parts of a loop's range in which no condition on its variable changes, for those who ask what a loop reads and writes. It must not
//! know how loops are written.

use super::cases::{PARTS, cut, each_value, part};
use crate::ir::{Extent, Index, Label};
use crate::loops::substitute::{Substitution, with_leaves};
use crate::loops::{Local, Statement, Value, Variable};
use std::collections::BTreeMap;

/// The parts of a range in which no condition on it changes, as far as that can be told; `known` are the conditions that locals are. Each
/// is its extent, and what is done with a variable that starts from 0 there. A range that is gone through backwards is counted from its end: what
/// is asked there is whether there is a step behind.
pub fn of_range(
    (variable, extent): (Variable, &Extent),
    backward: bool,
    body: &[Statement],
    known: &BTreeMap<Local, Value>,
) -> Vec<(Extent, Vec<Statement>)> {
    let body: Vec<Statement> = body.iter().map(|statement| resolved(statement, known)).collect();
    let body = if backward { turned(variable, extent, &body) } else { body };
    in_parts(variable, extent, &body)
}

/// What is done with a variable that counts from the end of its range.
fn turned(variable: Variable, extent: &Extent, body: &[Statement]) -> Vec<Statement> {
    let last = Index::constant(extent.plus_constant(-1));
    let place = |label| {
        let own = Index::label(label);
        if label == Label(variable.0) { last.minus(&own) } else { own }
    };
    let mut turned = Substitution::new(place, |local| local);
    body.iter().map(|statement| turned.statement(statement)).collect()
}

/// The parts of a range between the numbers that its variable is compared with.
fn in_parts(variable: Variable, extent: &Extent, body: &[Statement]) -> Vec<(Extent, Vec<Statement>)> {
    let end = extent.as_constant().unwrap_or(i64::from(i32::MAX));
    let mut cuts: Vec<i64> = Vec::new();
    comparisons(body, &mut |value| cuts.extend(cut(value, variable)));
    cuts.retain(|cut| (1..end).contains(cut));
    cuts.sort_unstable();
    cuts.dedup();
    if cuts.is_empty() || cuts.len() >= PARTS {
        return vec![(extent.clone(), body.to_vec())];
    }
    let ends = cuts.iter().copied().chain([end]);
    let in_part = |(from, to): (i64, i64)| {
        let length = if to == end { extent.plus_constant(-from) } else { Extent::constant(to - from) };
        (length, part(variable, (from, to), body))
    };
    [0].into_iter().chain(cuts.iter().copied()).zip(ends).map(in_part).collect()
}

/// A statement with the conditions in the place of the locals that they are.
fn resolved(statement: &Statement, known: &BTreeMap<Local, Value>) -> Statement {
    match statement {
        Statement::For { variable, extent, backward, body } => {
            let body = body.iter().map(|statement| resolved(statement, known)).collect();
            Statement::For { variable: *variable, extent: extent.clone(), backward: *backward, body }
        }
        other @ (Statement::Comment(_)
        | Statement::Let(..)
        | Statement::Accumulator(..)
        | Statement::Assign(..)
        | Statement::Store { .. }
        | Statement::Fill(..)
        | Statement::Product(_)) => with_leaves(other, &mut |leaf| match leaf {
            Value::Local(local) => known.get(local).unwrap_or(leaf).clone(),
            Value::Number(_)
            | Value::Position(_)
            | Value::Random(..)
            | Value::Load(..)
            | Value::Apply(..)
            | Value::Select(..) => leaf.clone(),
        }),
    }
}

/// Adds the conditions that a body's locals are.
pub fn conditions(body: &[Statement], found: &mut BTreeMap<Local, Value>) {
    for statement in body {
        if let Statement::Let(local, value) = statement
            && value.is_truth()
        {
            found.insert(*local, value.clone());
        }
    }
}

/// Calls `visit` for what may be a comparison, in the loops within a body too.
fn comparisons(body: &[Statement], visit: &mut dyn FnMut(&Value)) {
    fn within(value: &Value, visit: &mut dyn FnMut(&Value)) {
        match value {
            Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => {}
            Value::Apply(_, arguments) => {
                visit(value);
                arguments.iter().for_each(|argument| within(argument, visit));
            }
            Value::Select(condition, then, otherwise) => {
                within(condition, visit);
                for block in [then, otherwise] {
                    block.locals.iter().for_each(|(_, value)| within(value, visit));
                    within(&block.value, visit);
                }
            }
        }
    }
    each_value(body, &mut |value| within(value, visit));
    for statement in body {
        if let Statement::For { body, .. } = statement {
            comparisons(body, visit);
        }
    }
}
