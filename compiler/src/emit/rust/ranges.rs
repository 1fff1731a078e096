//! The parts of a loop's range in which no condition on its variable changes, for those who ask what a loop reads and writes. It must not
//! know how loops are written.

use super::cases::{PARTS, cut, each_value, part};
use crate::ir::Extent;
use crate::loops::{Local, Statement, Value, Variable};
use std::collections::BTreeMap;

/// The parts of a range in which no condition on it changes, as far as that can be told; `known` are the conditions that locals are. Each
/// is its extent, and what is done with a variable that starts from 0 there.
pub fn of_range(
    variable: Variable,
    extent: &Extent,
    body: &[Statement],
    known: &BTreeMap<Local, Value>,
) -> Vec<(Extent, Vec<Statement>)> {
    let end = extent.as_constant().unwrap_or(i64::from(i32::MAX));
    let mut cuts: Vec<i64> = known.values().filter_map(|condition| cut(condition, variable)).collect();
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
        (length, part(variable, (from, to), body, known))
    };
    [0].into_iter().chain(cuts.iter().copied()).zip(ends).map(in_part).collect()
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
