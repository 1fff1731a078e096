//! What is stored, what is fused, in which order, by which kernel, and which memory lives when: printable data.
//!
//! The steps of planning, each in its module: `lower` and `log_sum_exp` (stable and simple forms of definitions), `running` (sums of all that came before), `shift` (products of
//! recurrences leave their conditions), `narrow` (what nothing reads is not computed), `widen` (whole numbers of digits), `pad` (sums read zeros around a tensor in the place of conditions), `turn` (labels run the way in
//! which most is read), `inline` (views and cheap formulas go into their readers), `terms` (terms of scatters are added up first), `layout`
//! (the order of axes in memory), `product`, `digits`, `operands`, `beforehand`, `zeros` and `cuts` (sums that are matrix products), `diagonals` and `edges` (what is 0 or unread beyond a diagonal), `once` (what the outer loops would
//! repeat), `partial` (sums in two steps), `split` (labels that loops read by digits), `orders` and `fuse` (loop nests),
//! `fold` (recurrences that keep one step)
//! and `memory` (buffers by their lives). It must know nothing of statements and of tokens.

mod beforehand;
mod cuts;
mod diagonals;
pub mod digits;
mod edges;
mod fold;
mod fuse;
mod inline;
mod layout;
mod log_sum_exp;
mod lower;
mod memory;
mod narrow;
pub mod offset;
mod once;
mod operands;
mod orders;
pub use orders::UNROLLED;
mod pad;
mod partial;
mod print;
pub use edges::{Beside, Edge, Pair};
pub use print::index_text;
pub use zeros::Part;
mod product;
#[cfg(test)]
mod random_tests;
mod recur;
mod running;
#[cfg(test)]
pub(crate) mod samples;
mod scatter;
mod shift;
mod split;
mod terms;
#[cfg(test)]
mod tests;
mod turn;
mod widen;
mod zeros;

use crate::ir::{Extent, Index, Label, Program, Role, TensorId};
use std::collections::BTreeMap;

/// How a program is computed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name of the pass: `gradient`, `predict`.
    pub name: String,
    /// The program as it is computed: with views inlined and with auxiliary definitions. The tensors of the planned program keep
    /// their numbers.
    pub program: Program,
    /// The loop variables of all nests and products.
    pub variables: Vec<Variable>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// How each definition of a nest lies in its loops.
    pub members: BTreeMap<TensorId, Member>,
    /// The tensors of recurrences of which memory holds one step, and which of their axes is the time.
    pub folded: fold::Folded,
    /// Where each computed tensor lives.
    pub homes: BTreeMap<TensorId, Home>,
    /// From which to which step the tensors live that have memory.
    pub lives: BTreeMap<TensorId, (usize, usize)>,
    /// The memory of the workspace: how long each slot is, as the largest of these extents.
    pub slots: Vec<Vec<Extent>>,
}

/// A loop variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name for people.
    pub name: String,
    /// It runs over `0..extent`.
    pub extent: Extent,
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Loops over scalar formulas.
    Nest(Vec<Item>),
    /// A matrix product.
    Product(Box<Contraction>),
    /// A second copy of a tensor that has several roles, or of one that is given.
    Copy(TensorId, Role),
    /// Steps that are done again and again along the time of a recurrence.
    Recurrence(Box<Recurrence>),
}

/// The definitions of a recurrence, step by step.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    /// The variable that is the time.
    pub variable: usize,
    /// Whether it begins with the last step.
    pub backward: bool,
    /// What is done in each step.
    pub steps: Vec<Step>,
}

/// A part of a loop nest.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A loop over a variable.
    Loop(usize, Vec<Item>),
    /// One value of a definition is computed, or one term of its reduction.
    Define(TensorId),
}

/// How a definition lies in the loops of its nest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The variable of each label; none (`usize::MAX`) for an axis along which terms are added at a place, or of which 0 is the only place.
    pub variables: Vec<usize>,
    /// Where along its axes a value belongs, over its labels: the labels themselves, 0, or places to which terms are added.
    pub at: Vec<Index>,
    /// The variables from the outermost to the innermost.
    pub order: Vec<usize>,
    /// How many of `order` stand outside of the accumulator: up to the last one that is an axis.
    pub depth: usize,
    /// Whether a reduced label stands outside too, so that the result is filled with zero and added to.
    pub accumulates: bool,
}

/// Where a computed tensor lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// In a local of its nest: it has no memory.
    Local,
    /// In a slot of the workspace.
    Slot(usize),
    /// In the memory of the caller.
    Result(Role),
}

/// A sum of products as a matrix product, with loops around it. Each side has any number of axes, the outermost first.
#[derive(Clone, Debug, PartialEq)]
pub struct Contraction {
    /// What is computed.
    pub tensor: TensorId,
    /// The names and extents of the labels: those of the definition, or digits of them.
    pub labels: Vec<(String, Extent)>,
    /// The left and the right operand: a tensor, and the flat offset in these labels.
    pub operands: [(TensorId, Index); 2],
    /// The flat offset in the result.
    pub result: Index,
    /// The loops around the product.
    pub outer: Vec<Around>,
    /// The rows of A and C, along any number of axes.
    pub m: Vec<Axis>,
    /// The columns of B and C.
    pub n: Vec<Axis>,
    /// The columns of A, the rows of B.
    pub k: Vec<Axis>,
    /// What lies beyond a diagonal and may be left out.
    pub edge: Option<Edge>,
    /// The parts in which it is computed, without what is 0: of some labels, which are axes of their own, a range.
    pub parts: Vec<Part>,
}

/// A loop around a matrix product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// Its label in the product.
    pub label: Label,
    /// Whether it is the time of a recurrence.
    pub is_time: bool,
    /// Its variable.
    pub variable: usize,
}

/// An axis of a side of a matrix product: one label or several that lie in memory as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Its labels.
    pub labels: Vec<Label>,
    /// How long it is.
    pub extent: Extent,
    /// Its strides in the two tensors that have it: (A, C) for m, (B, C) for n, (A, B) for k.
    pub strides: [Extent; 2],
}

/// Plans a program.
pub fn plan(program: &Program, name: &str) -> Plan {
    let mut program = program.clone();
    lower::lower(&mut program);
    running::sums(&mut program);
    shift::shift(&mut program);
    narrow::narrow(&mut program);
    widen::widen(&mut program);
    pad::pad(&mut program);
    turn::turn(&mut program);
    inline::views(&mut program);
    terms::add_up(&mut program);
    layout::order_axes(&mut program);
    let mut contractions = product::split(&mut program);
    inline::cheap(&mut program, &contractions);
    diagonals::add_conditions(&mut program, &contractions);
    once::once(&mut program, &contractions);
    let mut apart = partial::split(&mut program, &contractions);
    split::split(&mut program, &contractions);
    let scatters = scatter::split(&mut program);
    // What is added at places that other rounds may add at too.
    apart.extend(scatters.keys());
    edges::find(&program, &mut contractions);
    let fused = fuse::fuse(&program, contractions, scatters, &apart);
    let mut plan = Plan {
        name: name.to_owned(),
        program,
        variables: fused.variables,
        steps: fused.steps,
        members: fused.members,
        folded: fold::Folded::new(),
        homes: BTreeMap::new(),
        lives: BTreeMap::new(),
        slots: Vec::new(),
    };
    memory::assign(&mut plan);
    plan
}

impl Plan {
    /// Whether it is the pass of training.
    pub fn trains(&self) -> bool {
        self.name == "gradient"
    }

    /// The shape that a tensor has in memory: that of one step where it holds no more.
    pub fn shape_in_memory(&self, tensor: TensorId) -> Vec<Extent> {
        let mut shape = self.program.tensor(tensor).shape.clone();
        if let Some(&time) = self.folded.get(&tensor) {
            shape[time] = Extent::one();
        }
        shape
    }

    /// An index form of a definition's labels in the variables of its nest.
    pub fn in_variables(&self, tensor: TensorId, index: &Index) -> Index {
        let variables = &self.members[&tensor].variables;
        index.substitute(&mut |label| Index::label(variable_label(variables[label.0 as usize])))
    }

    /// Where a value of a definition of a nest belongs, in the variables of the nest.
    pub fn axes(&self, tensor: TensorId) -> Vec<Index> {
        self.members[&tensor].at.iter().map(|index| self.in_variables(tensor, index)).collect()
    }
}

/// A variable as the label that stands for it in formulas over variables.
pub fn variable_label(variable: usize) -> Label {
    Label(u32::try_from(variable).unwrap_or(u32::MAX))
}

impl Step {
    /// The definitions that a step computes.
    pub fn computes(&self) -> Vec<TensorId> {
        match self {
            Step::Nest(items) => defined(items),
            Step::Product(contraction) => vec![contraction.tensor],
            Step::Copy(..) => Vec::new(),
            Step::Recurrence(recurrence) => recurrence.steps.iter().flat_map(Step::computes).collect(),
        }
    }
}

/// All definitions within items, in order.
pub fn defined(items: &[Item]) -> Vec<TensorId> {
    let mut found = Vec::new();
    collect(items, &mut found);
    found
}

fn collect(items: &[Item], found: &mut Vec<TensorId>) {
    for item in items {
        match item {
            Item::Loop(_, body) => collect(body, found),
            Item::Define(tensor) => found.push(*tensor),
        }
    }
}
