//! Which definitions are written within their readers, and by which names the others go. It must not know how they are written.

use super::groups::Grouped;
use super::write::{named, text_name};
use crate::ir::{Node, Program, Recurrence, TensorId, Unit};
use crate::ops::Reduction;
use crate::syntax::tree::Expression;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// Deeper than this, definitions are not written within each other.
const MOST_NESTED: usize = 6;

/// What is known while a program is written.
pub struct Writer<'p> {
    /// The program.
    pub program: &'p Program,
    groups: &'p BTreeMap<TensorId, Grouped>,
    circles: Circles,
    inlined: BTreeSet<TensorId>,
    named: RefCell<BTreeSet<TensorId>>,
    nested: Cell<usize>,
}

impl<'p> Writer<'p> {
    /// Of a program some of whose definitions are written within their readers.
    pub fn new(program: &'p Program, groups: &'p BTreeMap<TensorId, Grouped>, inlined: BTreeSet<TensorId>) -> Self {
        Self::with_circles(program, groups, inlined, Circles::of(program))
    }

    /// The same, where its recurrences are known.
    pub fn with_circles(
        program: &'p Program,
        groups: &'p BTreeMap<TensorId, Grouped>,
        inlined: BTreeSet<TensorId>,
        circles: Circles,
    ) -> Self {
        Self { program, groups, circles, inlined, named: RefCell::default(), nested: Cell::new(0) }
    }

    /// Whether a definition takes part in a recurrence, so that it is written in index notation.
    pub fn is_recurrent(&self, id: TensorId) -> bool {
        self.circles.0.contains_key(&id)
    }

    /// Whether two definitions take part in the same recurrence: then one may read steps of the other that are not there.
    pub fn recur_together(&self, one: TensorId, other: TensorId) -> bool {
        self.circles.0.get(&one).is_some_and(|circle| self.circles.0.get(&other).is_some_and(|same| same.number == circle.number))
    }

    /// The axis of a definition that is the time of its recurrence.
    pub fn time(&self, id: TensorId) -> Option<usize> {
        self.circles.0.get(&id).map(|circle| circle.axis)
    }

    /// The labels of a definition in groups.
    pub fn grouped(&self, id: TensorId) -> Option<&'p Grouped> {
        self.groups.get(&id)
    }

    /// Whether a definition is to be written in its reader.
    pub fn is_inlined(&self, id: TensorId) -> bool {
        self.inlined.contains(&id)
    }

    /// What is written within another definition; `None` where that would be too deep.
    pub fn within<T>(&self, write: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.nested.get() >= MOST_NESTED {
            return None;
        }
        self.nested.set(self.nested.get() + 1);
        let written = write();
        self.nested.set(self.nested.get() - 1);
        written
    }

    /// The name of a tensor, which is read by it.
    pub fn name(&self, id: TensorId) -> Expression {
        self.use_name(id);
        named(&text_name(self.program, id))
    }

    /// Notes that the text reads a tensor by its name.
    pub fn use_name(&self, id: TensorId) {
        self.named.borrow_mut().insert(id);
    }

    /// Whether the text so far reads a tensor by its name.
    pub fn is_named(&self, id: TensorId) -> bool {
        self.named.borrow().contains(&id)
    }

    /// What should be written in readers and yet was read by name.
    pub fn failed(&self) -> BTreeSet<TensorId> {
        self.inlined.intersection(&self.named.borrow()).copied().collect()
    }

    /// What is to be written in readers.
    pub fn inlined(&self) -> &BTreeSet<TensorId> {
        &self.inlined
    }
}

/// The recurrence that a definition takes part in.
#[derive(Clone, Debug)]
struct Circle {
    number: usize,
    axis: usize,
}

/// The recurrences of a program. What is added to it later and read by nothing that was there takes part in none.
#[derive(Clone, Debug, Default)]
pub struct Circles(BTreeMap<TensorId, Circle>);

impl Circles {
    /// Those of a program.
    pub fn of(program: &Program) -> Self {
        let mut circles = BTreeMap::new();
        for (number, unit) in program.units().into_iter().enumerate() {
            if let Unit::Circle(members) = unit
                && let Some(recurrence) = Recurrence::of(program, &members)
            {
                let places = recurrence.members.into_iter().zip(recurrence.axes);
                circles.extend(places.map(|(id, axis)| (id, Circle { number, axis })));
            }
        }
        Self(circles)
    }
}

/// The definitions that may be written in their readers: without a role, with a name that the compiler gave, read once, and no recurrences.
pub fn candidates(program: &Program) -> BTreeSet<TensorId> {
    let recurrent = program.recurrent();
    parts(program).into_iter().filter(|id| !recurrent.contains(id)).collect()
}

/// The definitions without a role, with a name that the compiler gave, that are read once.
pub fn parts(program: &Program) -> BTreeSet<TensorId> {
    let mut reads: BTreeMap<TensorId, usize> = BTreeMap::new();
    for id in program.order() {
        let Some(definition) = program.definition(id) else { continue };
        let nodes = program.expressions.reachable(definition.body);
        let mut uses: BTreeMap<_, usize> = BTreeMap::from([(definition.body, 1)]);
        for node in &nodes {
            for argument in program.expressions.arguments(*node) {
                *uses.entry(argument).or_default() += 1;
            }
        }
        for node in nodes {
            match program.expressions.node(node) {
                Node::Read(tensor, _) => *reads.entry(*tensor).or_default() += uses.get(&node).copied().unwrap_or(0),
                Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => {}
            }
        }
    }
    let is_root = |id: TensorId| program.roots.iter().any(|root| root.tensor == id);
    let once = reads.into_iter().filter(|(_, count)| *count == 1).map(|(id, _)| id);
    once.filter(|&id| program.definition(id).is_some() && !is_root(id) && has_given_name(program, id)).collect()
}

/// Whether the name of a definition is one that the compiler gave to a part of another: `loss_sum`, `dense1.product`,
/// `d p_logsumexp_sum`.
pub fn has_given_name(program: &Program, id: TensorId) -> bool {
    let name = program.tensor(id).name.as_str();
    let plain = name.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('_');
    let plain = if plain.len() + 1 < name.len() { plain } else { name };
    let last = plain.rsplit(['_', '.', ' ']).next().unwrap_or(plain);
    let is_part = Reduction::ALL.iter().any(|reduction| reduction.spelling() == last)
        || matches!(last, "product" | "part" | "value" | "left" | "right" | "once");
    is_part && last.len() < plain.len() && !program.tensor(id).documentation.iter().any(|line| !line.is_empty())
}
