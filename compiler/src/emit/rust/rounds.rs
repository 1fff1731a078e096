//! Loops whose rounds can be computed in any order, and at the same time: each writes elements of its own, and reads nothing that another
//! one writes. It must not know how a loop is written.

use super::access::{self, Access};
use super::ranges;
use super::scope::{Memory, memory_of};
use super::time;
use crate::ir::{Atom, Extent, Index, Label};
use crate::loops::{Block, BufferId, Local, Loops, Operand, Product, Statement, Value, Variable};
use crate::ops::RANDOM_COST;
use std::collections::{BTreeMap, BTreeSet};

/// Rounds that are independent.
pub struct Rounds {
    /// Their variable.
    pub variable: Variable,
    /// How many there are.
    pub extent: Extent,
    /// Whether they are those of the loops within a loop over the time, each of whose steps needs the one before.
    pub in_time: bool,
    /// What is done in a round; or the loop over the time.
    pub body: Vec<Statement>,
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
/// Rounds that cost no more are short.
const SHORT: i64 = 256 * ADDITION;
/// What a symbolic size is taken for.
const USUAL: usize = 16;

/// The loop as one with independent rounds, if it is one, and not too small for several threads.
pub fn independent(loops: &Loops, statement: &Statement) -> Option<Rounds> {
    let Statement::For { variable, extent, backward, body } = statement else { return None };
    let own = || {
        let (written, cost) = if *backward { None } else { own_elements_of_rounds(loops, *variable, extent, body) }?;
        Some(Rounds { variable: *variable, extent: extent.clone(), in_time: false, body: body.clone(), written, cost })
    };
    let in_time = || {
        let (variable, extent) = time::rounds(body)?;
        let body_of_round = [time::interchanged(statement, variable, extent)?];
        let (written, cost) = own_elements_of_rounds(loops, variable, extent, &body_of_round)?;
        Some(Rounds { variable, extent: extent.clone(), in_time: true, body: vec![statement.clone()], written, cost })
    };
    own().or_else(in_time)
}

/// What the rounds of a loop write and what one of them costs, if they are independent and worth several threads.
fn own_elements_of_rounds(
    loops: &Loops,
    variable: Variable,
    extent: &Extent,
    body: &[Statement],
) -> Option<(BTreeMap<Memory, Extent>, Extent)> {
    let cost = cost_of(body)?;
    let usual = vec![USUAL; loops.sizes.len()];
    let is_small = extent.times(&cost).as_constant().is_some_and(|cost| cost < LEAST);
    if is_small || cost.value(&usual) < LEAST_ROUND || has_carried(body) {
        return None;
    }
    let mut gathered = Gathered { loops, variable, ranges: BTreeMap::new(), conditions: BTreeMap::new(), found: Vec::new() };
    gathered.statements(body)?;
    let found = gathered.found;
    let written: BTreeSet<Memory> = found.iter().filter(|one| one.written).map(|one| memory_of(loops, one.buffer)).collect();
    let mut each = BTreeMap::new();
    for one in found {
        let memory = memory_of(loops, one.buffer);
        if written.contains(&memory) {
            let elements = one.elements?;
            if each.insert(memory, elements.clone()).is_some_and(|other| other != elements) {
                return None;
            }
        }
    }
    (!each.is_empty()).then_some((each, cost))
}

/// An access, and how many elements of the buffer belong to a round if it stays within those.
struct Reaching {
    buffer: BufferId,
    elements: Option<Extent>,
    written: bool,
}

/// The accesses of a round.
struct Gathered<'a> {
    loops: &'a Loops,
    /// The variable of the rounds.
    variable: Variable,
    /// How long the loops around are.
    ranges: BTreeMap<Variable, Extent>,
    /// The conditions that locals are.
    conditions: BTreeMap<Local, Value>,
    found: Vec<Reaching>,
}

impl Gathered<'_> {
    /// All accesses of statements; `None` where a whole buffer is written.
    fn statements(&mut self, body: &[Statement]) -> Option<()> {
        for statement in body {
            match statement {
                Statement::For { variable, extent, backward, body } => {
                    ranges::conditions(body, &mut self.conditions);
                    for (extent, body) in ranges::of_range((*variable, extent), *backward, body, &self.conditions) {
                        self.ranges.insert(*variable, extent);
                        self.statements(&body)?;
                    }
                }
                Statement::Fill(..) => return None,
                Statement::Product(product) => self.product(product),
                Statement::Comment(_)
                | Statement::Let(..)
                | Statement::Accumulator(..)
                | Statement::Assign(..)
                | Statement::Store { .. } => {
                    access::accesses(std::slice::from_ref(statement)).iter().for_each(|one| self.element(one));
                }
            }
        }
        Some(())
    }

    fn element(&mut self, Access { buffer, offset, written, .. }: &Access) {
        self.elements(*buffer, offset, &Extent::zero(), *written);
    }

    fn product(&mut self, product: &Product) {
        for (operand, axes) in product.sides() {
            let Operand { buffer, offset } = operand;
            let reach =
                axes.into_iter().fold(Extent::zero(), |sum, (extent, stride)| sum.plus(&stride.times(&extent.plus_constant(-1))));
            self.elements(*buffer, offset, &reach, *buffer == product.c.buffer);
            let mut integers = Vec::new();
            access::of_index(offset, false, &mut integers);
            integers.iter().for_each(|one| self.element(one));
        }
    }

    /// An access that reaches so far beyond its offset.
    fn elements(&mut self, buffer: BufferId, offset: &Index, reach: &Extent, written: bool) {
        let elements = self.own_elements(offset, reach);
        self.found.push(Reaching { buffer, elements, written });
    }

    /// How many elements from one round to the next, if an access stays within those of its round.
    fn own_elements(&self, offset: &Index, reach: &Extent) -> Option<Extent> {
        let own = Label(self.variable.0);
        let (mut low, mut high) = (offset.constant_part().clone(), offset.constant_part().plus(reach));
        for (atom, coefficient) in offset.terms().filter(|(atom, _)| **atom != Atom::Label(own)) {
            let ends = self.range(atom)?.map(|end| end.times(coefficient));
            let [least, most] = if self.loops.domain.is_at_least(coefficient, 0) {
                ends
            } else if self.loops.domain.is_at_most(coefficient, 0) {
                let [first, last] = ends;
                [last, first]
            } else {
                return None;
            };
            (low, high) = (low.plus(&least), high.plus(&most));
        }
        let elements = offset.coefficient(own);
        let holds = |extent: &Extent, least: i64| self.loops.domain.is_at_least(extent, least);
        (holds(&low, 0) && holds(reach, 0) && holds(&elements.minus(&high), 1)).then_some(elements)
    }

    /// The smallest and the largest value of a part of an offset: a variable, or an integer, of which the caller knows that it is in its range.
    fn range(&self, atom: &Atom) -> Option<[Extent; 2]> {
        match atom {
            Atom::Label(label) => Some([Extent::zero(), self.ranges.get(&Variable(label.0))?.plus_constant(-1)]),
            Atom::Element(buffer, _) => {
                let [from, to] = self.loops.buffer(BufferId(buffer.0)).integers.as_ref()?;
                Some([from.clone(), to.plus_constant(-1)])
            }
            Atom::Quotient(..) | Atom::Remainder(..) => None,
        }
    }
}

/// Whether a round is less than about ten vectors of additions, whatever the sizes are.
pub fn are_short(body: &[Statement]) -> bool {
    cost_of(body).and_then(|cost| cost.as_constant()).is_some_and(|cost| cost <= SHORT)
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

/// The loop over the time for `count` rounds from `first` on: places in what is written are counted from there.
pub fn within_time(loops: &Loops, rounds: &Rounds, first: Variable, count: &Extent) -> Vec<Statement> {
    let rebase = rebased(loops, rounds, first, Index::default());
    rounds.body.iter().map(|statement| moved(&time::from(statement, first, count), &rebase)).collect()
}

/// The body of a round where `round` counts the rounds of a part: places in what is written are counted from its first round.
pub fn of_part(loops: &Loops, rounds: &Rounds, round: Variable) -> Vec<Statement> {
    let rebase = rebased(loops, rounds, rounds.variable, Index::label(Label(round.0)));
    rounds.body.iter().map(|statement| moved(statement, &rebase)).collect()
}

/// Offsets in what is written have another form in the place of a variable.
fn rebased(loops: &Loops, rounds: &Rounds, variable: Variable, place: Index) -> impl Fn(BufferId, &Index) -> Index {
    move |buffer, offset| {
        if !rounds.written.contains_key(&memory_of(loops, buffer)) {
            return offset.clone();
        }
        offset.substitute(&mut |label| if label == Label(variable.0) { place.clone() } else { Index::label(label) })
    }
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
