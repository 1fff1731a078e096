//! Loop nests: definitions that share loops stand in one nest.
//!
//! Each definition has a path of loops (its labels in some order). It walks into the loops that are there as far as all that it
//! reads of them is complete, and opens its own for the rest.

use super::inline::readers;
use super::offset::{label, reads};
use super::orders::{UNROLLED, goes_in_columns, orders, outward};
use super::product::Contractions;
use super::scatter::Scatters;
use super::{Item, Member, Step, Variable, defined};
use crate::ir::{Extent, Index, Label, Program, Source, TensorId, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// How many of the last steps are looked through for a nest that reads the same.
const NEAR: usize = 8;

/// How many definitions a nest has at most, so that no function of the generated code grows with the network.
const MOST_MEMBERS: usize = 48;

/// How many values a nest writes out at most, where its short loops are unrolled: the compiler of Rust takes more than twice as long for
/// twice as many.
const MOST_UNROLLED: i64 = 256;

/// A shorter sum is not worth lanes.
const SHORT: i64 = 32;

/// What fusion decides.
pub struct Fused {
    /// All loop variables.
    pub variables: Vec<Variable>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// How the definitions of nests lie in their loops.
    pub members: BTreeMap<TensorId, Member>,
}

/// Puts all definitions that the roots need into steps; those that are `apart` share no loops with others.
pub fn fuse(program: &Program, mut contractions: Contractions, scatters: Scatters, apart: &BTreeSet<TensorId>) -> Fused {
    let mut fuser = Fuser {
        program,
        fused: Fused { variables: Vec::new(), steps: Vec::new(), members: BTreeMap::new() },
        step_of: BTreeMap::new(),
        readers: readers(program, &program.order()),
        time: None,
        scatters,
        apart,
    };
    for unit in schedule(program) {
        match unit {
            Unit::Single(id) => fuser.compute(id, &mut contractions),
            Unit::Circle(circle) => fuser.recur(&circle, &mut contractions),
        }
    }
    fuser.copies();
    fuser.fused
}

pub(super) struct Fuser<'a> {
    pub program: &'a Program,
    pub fused: Fused,
    /// In which of the steps each definition is computed.
    pub step_of: BTreeMap<TensorId, usize>,
    readers: BTreeMap<TensorId, BTreeSet<TensorId>>,
    /// The recurrence whose steps are being found.
    pub time: Option<Time>,
    /// Definitions whose terms are added at places.
    scatters: Scatters,
    /// Definitions in loops of their own.
    apart: &'a BTreeSet<TensorId>,
}

/// The time of a recurrence.
pub(super) struct Time {
    /// Its variable.
    pub variable: usize,
    /// The label that is the time in each member.
    pub labels: BTreeMap<TensorId, Label>,
}

/// A definition that looks for its place.
struct Newcomer {
    rank: usize,
    extents: Vec<Extent>,
    reads: Vec<(TensorId, Vec<Index>)>,
}

/// A way into a nest: which items are entered, and in which order the labels are walked.
struct Way {
    step: usize,
    path: Vec<usize>,
    order: Vec<Label>,
}

impl Fuser<'_> {
    /// Puts a definition into the steps.
    pub fn compute(&mut self, id: TensorId, contractions: &mut Contractions) {
        let Some(mut contraction) = contractions.remove(&id) else { return self.place(id) };
        for around in &mut contraction.outer {
            let (name, extent) = contraction.labels[around.label.0 as usize].clone();
            around.variable = match &self.time {
                Some(time) if around.is_time => time.variable,
                Some(_) | None => self.variable(name, extent),
            };
        }
        self.step_of.insert(id, self.fused.steps.len());
        self.fused.steps.push(Step::Product(Box::new(contraction)));
    }

    /// The label of a definition that is the time, and its variable.
    fn time_of(&self, id: TensorId) -> Option<(Label, usize)> {
        let time = self.time.as_ref()?;
        time.labels.get(&id).map(|&label| (label, time.variable))
    }

    /// A new loop variable.
    pub fn variable(&mut self, name: String, extent: Extent) -> usize {
        self.fused.variables.push(Variable { name, extent });
        self.fused.variables.len() - 1
    }

    /// Puts a definition into the nest that it shares the most loops with, or into a new one.
    fn place(&mut self, id: TensorId) {
        let time = self.time_of(id);
        let places = self.scatters.get(&id).cloned().unwrap_or_default();
        let mut orders = if places.is_empty() { orders(self.program, id) } else { vec![outward(self.program, id, &places)] };
        let mut reads = self.program.definition(id).map(|definition| reads(self.program, definition.body)).unwrap_or_default();
        if let Some((time, _)) = time {
            // Memory is not added to along the time, and what another step has computed is there.
            orders = orders.split_off(orders.len() - 1);
            orders.iter_mut().for_each(|order| order.retain(|&label| label != time));
            reads.retain(|(read, at)| self.is_of_this_step(*read, at, time));
        } else if orders.len() > 1 && goes_in_columns(self.program, id) {
            // No loop is shared at that price.
            orders.pop();
        }
        let first = reads.iter().filter_map(|(read, _)| self.step_of.get(read)).max().copied().unwrap_or(0);
        let newcomer = Newcomer { rank: self.program.tensor(id).shape.len(), extents: self.program.label_extents(id), reads };
        let mut best: Option<Way> = None;
        let count = self.fused.steps.len();
        for step in (first..count).filter(|&step| step == first || step + NEAR >= count) {
            let Step::Nest(items) = &self.fused.steps[step] else { continue };
            if self.is_full(items) || self.is_apart(id) || defined(items).into_iter().any(|member| self.is_apart(member)) {
                continue;
            }
            for order in &orders {
                let mut path = Vec::new();
                self.probe(items, &newcomer, order, &mut path);
                let useful = !path.is_empty() || order.is_empty() && step == first;
                if useful
                    && self.is_related(items, &newcomer.reads, order.is_empty())
                    && best.as_ref().is_none_or(|best| path.len() > best.path.len())
                {
                    best = Some(Way { step, path, order: order.clone() });
                }
            }
        }
        let way = best.unwrap_or_else(|| {
            self.fused.steps.push(Step::Nest(Vec::new()));
            Way { step: self.fused.steps.len() - 1, path: Vec::new(), order: orders.first().cloned().unwrap_or_default() }
        });
        self.enter(id, &way);
    }

    fn is_apart(&self, id: TensorId) -> bool {
        self.apart.contains(&id)
    }

    /// Whether a nest has as much as one function should have.
    fn is_full(&self, items: &[Item]) -> bool {
        let members = defined(items);
        let unrolled = |id: &TensorId| {
            let extents = self.program.label_extents(*id);
            let short = extents.iter().filter_map(Extent::as_constant).filter(|&extent| extent < UNROLLED);
            short.fold(1i64, i64::saturating_mul)
        };
        members.len() >= MOST_MEMBERS || members.iter().map(unrolled).fold(0, i64::saturating_add) >= MOST_UNROLLED
    }

    /// Whether a read is none of another step of the recurrence.
    fn is_of_this_step(&self, read: TensorId, at: &[Index], time: Label) -> bool {
        let axis = self.time.as_ref().and_then(|recurrence| recurrence.labels.get(&read));
        axis.is_none_or(|axis| at[axis.0 as usize].as_label() == Some(time))
    }

    /// Whether a nest computes something that is read, or reads the same.
    fn is_related(&self, items: &[Item], reads: &[(TensorId, Vec<Index>)], must_compute: bool) -> bool {
        let members = defined(items);
        if reads.iter().any(|(read, _)| members.contains(read)) {
            return true;
        }
        let theirs: BTreeSet<TensorId> = members.iter().flat_map(|&member| self.program.dependencies(member)).collect();
        !must_compute && reads.iter().any(|(read, at)| !at.is_empty() && theirs.contains(read))
    }

    /// The items that may be entered, one for each loop that is shared.
    fn probe(&self, items: &[Item], newcomer: &Newcomer, order: &[Label], path: &mut Vec<usize>) {
        let Some((&first, rest)) = order.split_first() else { return };
        let extent = &newcomer.extents[first.0 as usize];
        let needs = |item: &Item| {
            let members = defined(std::slice::from_ref(item));
            newcomer.reads.iter().any(|(read, _)| members.contains(read))
        };
        let last = items.iter().rposition(needs).unwrap_or(0);
        for (number, item) in items.iter().enumerate().skip(last) {
            if let Item::Loop(variable, body) = item
                && self.fused.variables[*variable].extent == *extent
                && self.may_share(*variable, body, &newcomer.reads, first)
                && (!rest.is_empty() || self.goes_well(body, newcomer, first))
            {
                path.push(number);
                self.probe(body, newcomer, rest, path);
                return;
            }
        }
    }

    /// Whether all that is read of the definitions within a loop is complete in each round of it.
    fn may_share(&self, variable: usize, body: &[Item], reads: &[(TensorId, Vec<Index>)], label: Label) -> bool {
        let members = defined(body);
        reads.iter().filter(|(read, _)| members.contains(read)).all(|(read, at)| {
            let rank = self.program.tensor(*read).shape.len();
            let axis = self.fused.members[read].variables[..rank].iter().position(|&other| other == variable);
            axis.is_some_and(|axis| at[axis].as_label() == Some(label))
        })
    }

    /// Whether a definition whose innermost loop this would be goes well with what stands there: long sums are not mixed with stores,
    /// since a loop that does nothing but sums is computed in lanes.
    fn goes_well(&self, body: &[Item], newcomer: &Newcomer, innermost: Label) -> bool {
        let is_short = newcomer.extents[innermost.0 as usize].as_constant().is_some_and(|extent| extent < SHORT);
        let sums = innermost.0 as usize >= newcomer.rank;
        let has_loops = body.iter().any(|item| matches!(item, Item::Loop(..)));
        is_short
            || has_loops
            || body.iter().all(|item| match item {
                Item::Loop(..) => true,
                Item::Define(other) => {
                    let other_sums = self.fused.members[other].order.len() > self.fused.members[other].depth;
                    other_sums == sums || sums && !other_sums && self.is_read_by_one(*other)
                }
            })
    }

    /// Whether a definition is read by one other alone, so that it needs no memory where the two share their loops.
    fn is_read_by_one(&self, id: TensorId) -> bool {
        let is_root = self.program.roots.iter().any(|root| root.tensor == id);
        !is_root && self.readers.get(&id).is_some_and(|readers| readers.len() == 1)
    }

    fn enter(&mut self, id: TensorId, way: &Way) {
        let extents = self.program.label_extents(id);
        let rank = self.program.tensor(id).shape.len();
        let places = self.scatters.get(&id).cloned().unwrap_or_default();
        let mut variables = vec![usize::MAX; extents.len()];
        let mut order = Vec::new();
        if let Some((label, variable)) = self.time_of(id) {
            variables[label.0 as usize] = variable;
            order.push(variable);
        }
        let outside = order.len();
        let Step::Nest(items) = &mut self.fused.steps[way.step] else { return };
        let mut taken = std::mem::take(items);
        let mut body = &mut taken;
        for (depth, label) in way.order.iter().enumerate() {
            let number = match way.path.get(depth) {
                Some(&number) => number,
                None => {
                    let name = self.program.label_name(id, *label);
                    self.fused.variables.push(Variable { name, extent: extents[label.0 as usize].clone() });
                    body.push(Item::Loop(self.fused.variables.len() - 1, Vec::new()));
                    body.len() - 1
                }
            };
            let Item::Loop(variable, inner) = &mut body[number] else { return };
            variables[label.0 as usize] = *variable;
            order.push(*variable);
            body = inner;
        }
        body.push(Item::Define(id));
        self.fused.steps[way.step] = Step::Nest(taken);
        let depth = way.order.iter().rposition(|label| (label.0 as usize) < rank).map_or(0, |last| last + 1);
        let accumulates = way.order[..depth].iter().any(|label| label.0 as usize >= rank);
        let is_scatter = !places.is_empty();
        let depth = if is_scatter { order.len() } else { outside + depth };
        let place = |axis: usize| if variables[axis] == usize::MAX { Index::default() } else { Index::label(label(axis)) };
        let at = (0..rank).map(|axis| places.get(&axis).cloned().unwrap_or_else(|| place(axis))).collect();
        self.fused.members.insert(id, Member { variables, at, order, depth, accumulates: accumulates || is_scatter });
        self.step_of.insert(id, way.step);
    }

    /// Roots that are given, and further roles of a tensor.
    fn copies(&mut self) {
        let mut seen = BTreeSet::new();
        for root in &self.program.roots {
            let given = match &self.program.tensor(root.tensor).source {
                Source::Defined(_) => false,
                Source::Input | Source::Target | Source::Parameter(_) | Source::State(_) => true,
            };
            if !seen.insert(root.tensor) || given {
                self.fused.steps.push(Step::Copy(root.tensor, root.role.clone()));
            }
        }
    }
}

/// All definitions, each after what it reads; what is wanted and read by nothing else as soon as it can be, since what it reads
/// may die then.
fn schedule(program: &Program) -> Vec<Unit> {
    let units = program.units();
    let readers = readers(program, &program.order());
    let last = |unit: &Unit| match unit {
        Unit::Single(id) if !readers.contains_key(id) => Some(*id),
        Unit::Single(_) | Unit::Circle(_) => None,
    };
    let mut missing: BTreeMap<TensorId, usize> = BTreeMap::new();
    let mut scheduled = Vec::new();
    let defined = |id: TensorId| program.dependencies(id).into_iter().filter(|&read| program.definition(read).is_some()).count();
    for id in units.iter().filter_map(last) {
        let count = defined(id);
        missing.insert(id, count);
        if count == 0 {
            scheduled.push(Unit::Single(id));
        }
    }
    for unit in units.iter().filter(|unit| last(unit).is_none()) {
        scheduled.push(unit.clone());
        let members = match unit {
            Unit::Single(id) => std::slice::from_ref(id),
            Unit::Circle(members) => members,
        };
        for reader in members.iter().flat_map(|id| readers.get(id)).flatten() {
            if let Some(count) = missing.get_mut(reader) {
                *count -= 1;
                if *count == 0 {
                    scheduled.push(Unit::Single(*reader));
                }
            }
        }
    }
    scheduled
}
