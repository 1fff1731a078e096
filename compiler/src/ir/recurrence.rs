//! Recurrences: definitions that read themselves, or each other in a circle, at other steps of one axis of theirs.
//!
//! A circle of definitions has a meaning when there is an axis in each of them, the *time*, such that every read within the circle
//! is at `t + c` of it, all `c` have the same sign, and what is read at `c = 0` goes in no circle. Then the steps are computed one
//! after the other, from the first (`c < 0`) or from the last (`c > 0`), and within a step each definition after what it reads of
//! that step. The time is not written down anywhere: it is found again wherever it is needed.

use super::expression::Node;
use super::index::{Atom, Index, Label};
use super::program::{Program, TensorId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Definitions that are computed together, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    /// The definitions, each after what it reads of the same step.
    pub members: Vec<TensorId>,
    /// For each member, which of its axes is the time.
    pub axes: Vec<usize>,
    /// Whether it begins with the last step.
    pub backward: bool,
}

/// What is computed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A definition that does not read itself.
    Single(TensorId),
    /// A circle of definitions, in no certain order where it has no meaning.
    Circle(Vec<TensorId>),
}

/// A read of one member of a circle by another; members by their places.
#[derive(Clone, Debug)]
pub struct Lag {
    /// Who reads.
    pub reader: usize,
    /// Who is read.
    pub read: usize,
    /// Where, over the labels of the reader.
    pub at: Vec<Index>,
}

/// How a circle of definitions is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The places of the members, each after what it reads of the same step.
    pub order: Vec<usize>,
    /// For each member, in the order that it was given, which of its axes is the time.
    pub axes: Vec<usize>,
    /// Whether it begins with the last step.
    pub backward: bool,
}

impl Recurrence {
    /// The recurrence that a circle of definitions is, if it is one.
    pub fn of(program: &Program, circle: &[TensorId]) -> Option<Self> {
        let labels: Vec<Vec<Label>> = circle
            .iter()
            .map(|&id| (0..program.tensor(id).shape.len()).map(|axis| Label(u32::try_from(axis).unwrap_or(u32::MAX))).collect())
            .collect();
        let mut lags = Vec::new();
        for (reader, &id) in circle.iter().enumerate() {
            each_read(program, id, &mut |tensor, at| {
                if let Some(read) = circle.iter().position(|&member| member == tensor) {
                    lags.push(Lag { reader, read, at: at.to_vec() });
                }
            });
        }
        let found = schedule(&labels, &lags)?;
        Some(Self {
            members: found.order.iter().map(|&place| circle[place]).collect(),
            axes: found.order.iter().map(|&place| found.axes[place]).collect(),
            backward: found.backward,
        })
    }

    /// The axis of a member that is the time.
    pub fn axis(&self, id: TensorId) -> Option<usize> {
        self.members.iter().position(|&member| member == id).map(|place| self.axes[place])
    }
}

/// How many steps later than `time` an index is: `c` of `time + c`.
pub fn lag(index: &Index, time: Label) -> Option<i64> {
    index.minus(&Index::label(time)).as_extent()?.as_constant()
}

/// The schedule of a circle whose members have these labels for their axes, if it has one.
pub fn schedule(labels: &[Vec<Label>], lags: &[Lag]) -> Option<Schedule> {
    (0..labels.first()?.len()).find_map(|first| {
        let axes = times(labels, lags, first)?;
        let steps: Vec<i64> =
            lags.iter().map(|one| lag(&one.at[axes[one.read]], labels[one.reader][axes[one.reader]])).collect::<Option<_>>()?;
        let (forward, backward) = (steps.iter().any(|&step| step < 0), steps.iter().any(|&step| step > 0));
        let same: Vec<(usize, usize)> =
            lags.iter().zip(&steps).filter(|(_, step)| **step == 0).map(|(one, _)| (one.reader, one.read)).collect();
        let order = sorted(labels.len(), &same)?;
        (forward != backward).then_some(Schedule { order, axes, backward })
    })
}

/// The time of every member, where that of the first is known.
fn times(labels: &[Vec<Label>], lags: &[Lag], first: usize) -> Option<Vec<usize>> {
    let mut axes: Vec<Option<usize>> = vec![None; labels.len()];
    axes[0] = Some(first);
    let mut waiting = vec![0];
    while let Some(reader) = waiting.pop() {
        let time = labels[reader][axes[reader]?];
        for one in lags.iter().filter(|one| one.reader == reader) {
            if axes[one.read].is_none() {
                axes[one.read] = Some(one.at.iter().position(|index| lag(index, time).is_some())?);
                waiting.push(one.read);
            }
        }
    }
    axes.into_iter().collect()
}

/// The places `0..count`, each after what it reads; `None` where that goes in a circle.
fn sorted(count: usize, reads: &[(usize, usize)]) -> Option<Vec<usize>> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut missing = vec![0; count];
    for &(reader, read) in reads {
        readers[read].push(reader);
        missing[reader] += 1;
    }
    let mut ready: BTreeSet<usize> = (0..count).filter(|&place| missing[place] == 0).collect();
    let mut order: Vec<usize> = Vec::new();
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for &reader in &readers[next] {
            missing[reader] -= 1;
            if missing[reader] == 0 {
                ready.insert(reader);
            }
        }
    }
    (order.len() == count).then_some(order)
}

/// Calls `visit` for every read in the definition of a tensor, those of integer elements in indices among them.
pub fn each_read(program: &Program, id: TensorId, visit: &mut dyn FnMut(TensorId, &[Index])) {
    let Some(definition) = program.definition(id) else { return };
    for node in program.expressions.reachable(definition.body) {
        match program.expressions.node(node) {
            Node::Position(index) | Node::Random(_, index) => each_element(index, visit),
            Node::Read(tensor, at) => {
                visit(*tensor, at);
                at.iter().for_each(|index| each_element(index, visit));
            }
            Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
        }
    }
}

fn each_element(index: &Index, visit: &mut dyn FnMut(TensorId, &[Index])) {
    for (atom, _) in index.terms() {
        match atom {
            Atom::Label(_) => {}
            Atom::Quotient(form, _) | Atom::Remainder(form, _) => each_element(form, visit),
            Atom::Element(tensor, at) => {
                visit(*tensor, at);
                at.iter().for_each(|form| each_element(form, visit));
            }
        }
    }
}

impl Program {
    /// What the roots need, each after what it reads: single definitions and circles of them.
    pub fn units(&self) -> Vec<Unit> {
        let of_themselves = RefCell::new(BTreeSet::new());
        let read = |number: usize| -> Vec<usize> {
            let reads = self.dependencies(tensor(number));
            if reads.contains(&tensor(number)) {
                of_themselves.borrow_mut().insert(number);
            }
            let defined = reads.into_iter().filter(|&read| self.definition(read).is_some());
            defined.map(|read| read.0 as usize).collect()
        };
        let roots = self.roots.iter().map(|root| root.tensor).filter(|&id| self.definition(id).is_some());
        let components = components_from(roots.map(|id| id.0 as usize), self.tensors.len(), &read);
        let unit = |members: Vec<usize>| match members.as_slice() {
            [one] if !of_themselves.borrow().contains(one) => Unit::Single(tensor(*one)),
            _ => Unit::Circle(members.into_iter().map(tensor).collect()),
        };
        components.into_iter().map(unit).collect()
    }

    /// The definitions that take part in recurrences.
    pub fn recurrent(&self) -> BTreeSet<TensorId> {
        let circles = self.units().into_iter().filter_map(|unit| match unit {
            Unit::Single(_) => None,
            Unit::Circle(members) => Some(members),
        });
        circles.flatten().collect()
    }

    /// The label of each definition of a recurrence that is the time.
    pub fn times(&self) -> BTreeMap<TensorId, Label> {
        let mut times = BTreeMap::new();
        for unit in self.units() {
            if let Unit::Circle(circle) = unit
                && let Some(found) = Recurrence::of(self, &circle)
            {
                let labels = found.axes.into_iter().map(|axis| Label(u32::try_from(axis).unwrap_or(u32::MAX)));
                times.extend(found.members.into_iter().zip(labels));
            }
        }
        times
    }

    /// The defined tensors that the roots need, each after what it reads; those of a recurrence side by side, each after what it
    /// reads of the same step.
    pub fn order(&self) -> Vec<TensorId> {
        let mut order = Vec::new();
        for unit in self.units() {
            match unit {
                Unit::Single(id) => order.push(id),
                Unit::Circle(circle) => order.extend(Recurrence::of(self, &circle).map_or(circle, |found| found.members)),
            }
        }
        order
    }
}

fn tensor(number: usize) -> TensorId {
    TensorId(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The strongly connected components of the numbers below `count`, each after those that it reads.
pub fn components(count: usize, read: &dyn Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    components_from(0..count, count, read)
}

/// The strongly connected components that can be reached from some numbers, depth first and without recursion (Tarjan, *Depth-first
/// search and linear graph algorithms*, 1972).
fn components_from(roots: impl IntoIterator<Item = usize>, count: usize, read: &dyn Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    let mut search = Search { read, times: vec![None; count], open: Vec::new(), next: 0, found: Vec::new() };
    for root in roots {
        search.visit(root);
    }
    search.found
}

struct Search<'a> {
    read: &'a dyn Fn(usize) -> Vec<usize>,
    /// When each was entered, and the earliest one that is open and that it reaches; what is in a component is at the end of time.
    times: Vec<Option<(usize, usize)>>,
    /// What is entered and not yet in a component.
    open: Vec<usize>,
    next: usize,
    found: Vec<Vec<usize>>,
}

/// What is entered, with what it reads and how far that has been followed.
struct Entered {
    id: usize,
    reads: Vec<usize>,
    next: usize,
}

impl Search<'_> {
    fn enter(&mut self, id: usize) -> Entered {
        self.times[id] = Some((self.next, self.next));
        self.next += 1;
        self.open.push(id);
        Entered { id, reads: (self.read)(id), next: 0 }
    }

    fn visit(&mut self, root: usize) {
        if self.times[root].is_some() {
            return;
        }
        let mut path = vec![self.enter(root)];
        while let Some(last) = path.last_mut() {
            let id = last.id;
            let Some(&read) = last.reads.get(last.next) else {
                path.pop();
                self.leave(id, path.last().map(|entered| entered.id));
                continue;
            };
            last.next += 1;
            match self.times[read] {
                None => path.push(self.enter(read)),
                Some((time, _)) => self.reaches(id, time),
            }
        }
    }

    fn reaches(&mut self, id: usize, time: usize) {
        if let Some((_, earliest)) = &mut self.times[id] {
            *earliest = time.min(*earliest);
        }
    }

    /// All that it reads has been followed: it ends a component, or belongs to that of what it reaches.
    fn leave(&mut self, id: usize, reader: Option<usize>) {
        let Some((time, earliest)) = self.times[id] else { return };
        if let Some(reader) = reader {
            self.reaches(reader, earliest);
        }
        if time == earliest {
            let start = self.open.iter().rposition(|&other| other == id).unwrap_or(0);
            let members = self.open.split_off(start);
            members.iter().for_each(|&member| self.times[member] = Some((usize::MAX, usize::MAX)));
            self.found.push(members);
        }
    }
}

#[cfg(test)]
#[path = "recurrence_tests.rs"]
mod tests;
