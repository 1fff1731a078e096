//! Loops whose rounds can be computed in any order, and at the same time: each writes elements of its own, and reads nothing that another
//! one writes. It must not know how a loop is written.

use super::access::{self, Access};
use super::scope::{Memory, memory_of};
use crate::ir::{Atom, Extent, Index, Label};
use crate::loops::{Block, BufferId, Local, Loops, Operand, Product, Statement, Value, Variable};
use crate::ops::RANDOM_COST;
use std::collections::{BTreeMap, BTreeSet};

/// A loop with independent rounds.
pub struct Rounds<'a> {
    /// Its variable.
    pub variable: Variable,
    /// How many rounds there are.
    pub extent: &'a Extent,
    /// What is done in a round.
    pub body: &'a [Statement],
    /// What is written, and how many of its elements belong to a round.
    pub written: BTreeMap<Memory, Extent>,
    /// What a round costs, in parts of a nanosecond: [`PER_NANOSECOND`].
    pub cost: Extent,
}

/// How many parts a nanosecond has. One is about the time of a multiplication within a matrix product.
pub const PER_NANOSECOND: i64 = 64;
/// What an addition, a load or a store costs, about, in a loop that vectorizes.
const ADDITION: i64 = 4;
/// No operator costs more additions, in a loop that vectorizes.
const MOST_ADDITIONS: i64 = 4;
/// Loops with cheaper rounds stay on one thread: that a loop may be shared costs a few nanoseconds, even where it is too short.
const LEAST_ROUND: i64 = 100 * PER_NANOSECOND;
/// Loops that are known to be cheaper stay on one thread.
const LEAST: i64 = 8_000 * PER_NANOSECOND;
/// What a symbolic size is taken for.
const USUAL: usize = 16;

/// The loop as one with independent rounds, if it is one, and not too small for several threads.
pub fn independent<'a>(loops: &Loops, statement: &'a Statement) -> Option<Rounds<'a>> {
    let Statement::For { variable, extent, backward: false, body } = statement else { return None };
    let cost = cost_of(body)?;
    let usual = vec![USUAL; loops.sizes.len()];
    let is_small = extent.times(&cost).as_constant().is_some_and(|cost| cost < LEAST);
    if is_small || cost.value(&usual) < LEAST_ROUND || has_carried(body) {
        return None;
    }
    let mut ranges = BTreeMap::new();
    let mut found = Vec::new();
    gather(body, &mut ranges, &mut found)?;
    let written: BTreeSet<Memory> = found.iter().filter(|one| one.written).map(|one| memory_of(loops, one.buffer)).collect();
    let mut each = BTreeMap::new();
    for one in &found {
        let memory = memory_of(loops, one.buffer);
        if written.contains(&memory) {
            let elements = own_elements(&one.offset, *variable, &ranges, &one.reach)?;
            if each.insert(memory, elements.clone()).is_some_and(|other| other != elements) {
                return None;
            }
        }
    }
    (!each.is_empty()).then_some(Rounds { variable: *variable, extent, body, written: each, cost })
}

/// An access, and how far it reaches beyond its offset.
struct Reaching {
    buffer: BufferId,
    offset: Index,
    reach: Extent,
    written: bool,
}

/// All accesses of statements, and how long their loops are; `None` where a whole buffer is written.
fn gather(body: &[Statement], ranges: &mut BTreeMap<Variable, Extent>, found: &mut Vec<Reaching>) -> Option<()> {
    for statement in body {
        match statement {
            Statement::For { variable, extent, body, .. } => {
                ranges.insert(*variable, extent.clone());
                gather(body, ranges, found)?;
            }
            Statement::Fill(..) => return None,
            Statement::Product(product) => of_product(product, found),
            Statement::Comment(_)
            | Statement::Let(..)
            | Statement::Accumulator(..)
            | Statement::Assign(..)
            | Statement::Store { .. } => {
                let accesses = access::accesses(std::slice::from_ref(statement)).into_iter();
                found.extend(accesses.map(|Access { buffer, offset, written, .. }| Reaching {
                    buffer,
                    offset,
                    reach: Extent::zero(),
                    written,
                }));
            }
        }
    }
    Some(())
}

fn of_product(product: &Product, found: &mut Vec<Reaching>) {
    for (operand, axes) in product.sides() {
        let Operand { buffer, offset } = operand;
        let reach =
            axes.into_iter().fold(Extent::zero(), |sum, (extent, stride)| sum.plus(&stride.times(&extent.plus_constant(-1))));
        found.push(Reaching { buffer: *buffer, offset: offset.clone(), reach, written: *buffer == product.c.buffer });
        let mut integers = Vec::new();
        access::of_index(offset, false, &mut integers);
        let read = |one: Access| Reaching { buffer: one.buffer, offset: one.offset, reach: Extent::zero(), written: false };
        found.extend(integers.into_iter().map(read));
    }
}

/// How many elements from one round to the next, if an access stays within those of its round.
fn own_elements(offset: &Index, variable: Variable, ranges: &BTreeMap<Variable, Extent>, reach: &Extent) -> Option<Extent> {
    let own = Label(variable.0);
    let (mut low, mut high) = (offset.constant_part().clone(), offset.constant_part().plus(reach));
    for (atom, coefficient) in offset.terms() {
        let Atom::Label(label) = atom else { return None };
        if *label == own {
            continue;
        }
        let last = ranges.get(&Variable(label.0))?.plus_constant(-1).times(coefficient);
        if coefficient.is_at_least(0) {
            high = high.plus(&last);
        } else if coefficient.is_at_most(0) {
            low = low.plus(&last);
        } else {
            return None;
        }
    }
    let elements = offset.coefficient(own);
    (low.is_at_least(0) && reach.is_at_least(0) && elements.minus(&high).is_at_least(1)).then_some(elements)
}

/// Whether a round assigns a local that was there before it.
fn has_carried(body: &[Statement]) -> bool {
    fn visit(body: &[Statement], own: &mut BTreeSet<Local>) -> bool {
        body.iter().any(|statement| match statement {
            Statement::Let(local, _) | Statement::Accumulator(local, _) => {
                own.insert(*local);
                false
            }
            Statement::Assign(local, _) => !own.contains(local),
            Statement::For { body, .. } => visit(body, own),
            Statement::Comment(_) | Statement::Store { .. } | Statement::Fill(..) | Statement::Product(_) => false,
        })
    }
    visit(body, &mut BTreeSet::new())
}

/// What statements cost; `None` if that is more than can be counted.
fn cost_of(body: &[Statement]) -> Option<Extent> {
    let mut sum = Extent::zero();
    for statement in body {
        let cost = match statement {
            Statement::For { extent, body, .. } => extent.times(&cost_of(body)?),
            Statement::Let(_, value) | Statement::Accumulator(_, value) | Statement::Assign(_, value) => {
                additions(cost_of_value(value))
            }
            Statement::Store { value, accumulate, .. } => additions(cost_of_value(value) + 1 + i64::from(*accumulate)),
            Statement::Product(product) => Extent::product(&product.shape()),
            Statement::Comment(_) | Statement::Fill(..) => Extent::zero(),
        };
        sum = sum.plus(&cost);
    }
    (!sum.is_too_large()).then_some(sum)
}

fn additions(count: i64) -> Extent {
    Extent::constant(count * ADDITION)
}

fn cost_of_value(value: &Value) -> i64 {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) => 0,
        Value::Load(..) => 1,
        Value::Random(..) => i64::from(RANDOM_COST),
        Value::Apply(operator, arguments) => {
            i64::from(operator.row().cost).min(MOST_ADDITIONS) + arguments.iter().map(cost_of_value).sum::<i64>()
        }
        Value::Select(condition, then, otherwise) => {
            let of_block = |block: &Block| {
                block.locals.iter().map(|(_, value)| cost_of_value(value)).sum::<i64>() + cost_of_value(&block.value)
            };
            1 + cost_of_value(condition) + of_block(then) + of_block(otherwise)
        }
    }
}

/// The body of a round where `round` counts the rounds of a part: places in what is written are counted from its first round.
pub fn of_part(loops: &Loops, rounds: &Rounds<'_>, round: Variable) -> Vec<Statement> {
    let rebase = |buffer, offset: &Index| {
        if !rounds.written.contains_key(&memory_of(loops, buffer)) {
            return offset.clone();
        }
        offset.substitute(&mut |label| Index::label(if label == Label(rounds.variable.0) { Label(round.0) } else { label }))
    };
    rounds.body.iter().map(|statement| moved(statement, &rebase)).collect()
}

type Rebase<'a> = &'a dyn Fn(BufferId, &Index) -> Index;

fn moved(statement: &Statement, rebase: Rebase<'_>) -> Statement {
    match statement {
        Statement::For { variable, extent, backward, body } => {
            let body = body.iter().map(|statement| moved(statement, rebase)).collect();
            Statement::For { variable: *variable, extent: extent.clone(), backward: *backward, body }
        }
        Statement::Let(local, value) => Statement::Let(*local, moved_value(value, rebase)),
        Statement::Accumulator(local, value) => Statement::Accumulator(*local, moved_value(value, rebase)),
        Statement::Assign(local, value) => Statement::Assign(*local, moved_value(value, rebase)),
        Statement::Store { buffer, offset, value, accumulate } => {
            let (offset, value) = (rebase(*buffer, offset), moved_value(value, rebase));
            Statement::Store { buffer: *buffer, offset, value, accumulate: *accumulate }
        }
        Statement::Product(product) => {
            let mut product = product.clone();
            for operand in [&mut product.a, &mut product.b, &mut product.c] {
                operand.offset = rebase(operand.buffer, &operand.offset);
            }
            Statement::Product(product)
        }
        Statement::Comment(_) | Statement::Fill(..) => statement.clone(),
    }
}

fn moved_value(value: &Value, rebase: Rebase<'_>) -> Value {
    match value {
        Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) => value.clone(),
        Value::Load(buffer, offset) => Value::Load(*buffer, rebase(*buffer, offset)),
        Value::Apply(operator, arguments) => {
            Value::Apply(*operator, arguments.iter().map(|argument| moved_value(argument, rebase)).collect())
        }
        Value::Select(condition, then, otherwise) => {
            let [then, otherwise] = [then, otherwise].map(|block| {
                let locals = block.locals.iter().map(|(local, value)| (*local, moved_value(value, rebase))).collect();
                Box::new(Block { locals, value: moved_value(&block.value, rebase) })
            });
            Value::Select(Box::new(moved_value(condition, rebase)), then, otherwise)
        }
    }
}
