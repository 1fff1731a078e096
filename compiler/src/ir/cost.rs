//! How much a program computes, counted by definition in additions: every operator of a formula as the table says, once for each
//! element, and what a reduction does with each term. What is the same for all elements is computed once, before the loops.
//!
//! Operations are those on numbers. Which formula an element has by its place alone (`where(i == j, ...)`) is arithmetic of indices, as
//! what stands in brackets is (`x[2 * i + u]`), and not counted.

use super::expression::{ExpressionId, Expressions, Node};
use super::extent::Extent;
use super::program::{Program, TensorId};
use super::scatter::scatter;
use crate::ops::RANDOM_COST;
use rustc_hash::FxHashSet;

/// Something for each of the sizes that [`Supposed::sizes`] gives.
pub type ForEachSize<T> = [T; 4];

/// How large sizes are supposed to be that are not known, where costs are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Supposed {
    /// Anything from small to large.
    #[default]
    Any,
    /// Small.
    Small,
    /// Large.
    Large,
}

impl Supposed {
    /// What stands for each size that is not known, one after the other.
    pub fn sizes(self) -> ForEachSize<usize> {
        match self {
            Self::Any => [1, 8, 128, 1024],
            Self::Small => [1, 2, 4, 8],
            Self::Large => [128, 256, 512, 1024],
        }
    }
}

/// What it costs to store an element of an intermediate and to load it again, in additions: memory is slower than arithmetic.
pub const STORED: u32 = 8;

/// What it costs to load an element that is stored anyway.
pub const LOADED: u32 = STORED / 2;

/// How much of what a definition computes.
struct Work {
    /// The axes of all terms.
    terms: Vec<Extent>,
    /// What each term costs.
    each: u64,
    /// What each element costs besides.
    end: u64,
    /// What is computed once.
    once: u64,
}

impl Work {
    /// Of a definition; `None` for a given tensor.
    fn of(program: &Program, id: TensorId) -> Option<Self> {
        let definition = program.definition(id)?;
        let Operators { once, each } = operators(&program.expressions, definition.body);
        // A scatter has no term for each place that terms are added to.
        let places: Vec<usize> =
            scatter(program, id).map(|found| found.places.into_iter().map(|(axis, _)| axis).collect()).unwrap_or_default();
        let extents = program.label_extents(id).into_iter().enumerate().filter(|(axis, _)| !places.contains(axis));
        let terms = extents.map(|(_, extent)| extent).collect();
        let (term, end) = match definition.reduction {
            Some((reduction, _)) => (reduction.cost_of_term(), reduction.cost_of_end()),
            None => (0, 0),
        };
        Some(Self { terms, each: each.saturating_add(term.into()), end: end.into(), once })
    }
}

/// Operations of one definition for given sizes (by number).
pub fn definition_operations(program: &Program, id: TensorId, sizes: &[usize]) -> u64 {
    let Some(Work { terms, each, end, once }) = Work::of(program, id) else { return 0 };
    let positions = count(&terms, sizes);
    let elements = count(&program.tensor(id).shape, sizes);
    (positions.saturating_mul(each))
        .saturating_add(elements.saturating_mul(end))
        .saturating_add(once.saturating_mul(positions.min(1)))
}

/// How many elements there are with these axes.
fn count(extents: &[Extent], sizes: &[usize]) -> u64 {
    extents.iter().map(|extent| u64::try_from(extent.value(sizes)).unwrap_or(0)).fold(1, u64::saturating_mul)
}

/// What a program costs, as a polynomial in its sizes: all operations, and what it takes to store sums.
pub fn polynomial(program: &Program) -> Extent {
    let definition = |id| {
        let Work { terms, each, end, once } = Work::of(program, id)?;
        let is_sum = program.definition(id)?.reduction.is_some();
        let element = end.saturating_add(if is_sum { STORED.into() } else { 0 });
        let times = |axes: &[Extent], cost: u64| Extent::product(axes).times(&constant(cost));
        Some(times(&terms, each).plus(&times(&program.tensor(id).shape, element)).plus(&constant(once)))
    };
    program.order().into_iter().filter_map(definition).fold(Extent::zero(), |sum, one| sum.plus(&one))
}

fn constant(number: u64) -> Extent {
    Extent::constant(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What the operators of a formula that compute with numbers cost.
#[derive(Default)]
struct Operators {
    /// Those of what is the same for all elements.
    once: u64,
    /// Those of an element.
    each: u64,
}

fn operators(expressions: &Expressions, body: ExpressionId) -> Operators {
    // Places, and conditions on such; what depends on where an element is.
    let (mut of_places, mut varying): (FxHashSet<ExpressionId>, FxHashSet<ExpressionId>) = Default::default();
    let mut count = Operators::default();
    for id in expressions.reachable(body) {
        let mut varies = expressions.arguments(id).iter().any(|argument| varying.contains(argument));
        expressions.each_own_label(id, &mut |_| varies = true);
        if varies {
            varying.insert(id);
        }
        match expressions.node(id) {
            Node::Number(_) | Node::Position(_) => {
                of_places.insert(id);
            }
            Node::Apply(operator, arguments) if operator.is_truth() && arguments.iter().all(|one| of_places.contains(one)) => {
                of_places.insert(id);
            }
            Node::Select(condition, ..) if of_places.contains(condition) => {}
            Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                let counter = if varies { &mut count.each } else { &mut count.once };
                *counter += u64::from(own_cost(expressions, id));
            }
        }
    }
    count
}

/// What a formula costs to compute once, in additions; what it has several times is counted once.
pub fn formula_cost(expressions: &Expressions, root: ExpressionId) -> u32 {
    expressions.reachable(root).into_iter().map(|id| own_cost(expressions, id)).fold(0, u32::saturating_add)
}

/// What a node costs beside its arguments, in additions.
pub fn own_cost(expressions: &Expressions, id: ExpressionId) -> u32 {
    match expressions.node(id) {
        Node::Apply(operator, _) => operator.row().cost,
        Node::Select(..) => 1,
        Node::Random(..) => RANDOM_COST,
        Node::Number(_) | Node::Position(_) | Node::Read(..) => 0,
    }
}

/// Operations of all definitions that the roots need.
pub fn operations(program: &Program, sizes: &[usize]) -> u64 {
    program.order().into_iter().map(|id| definition_operations(program, id, sizes)).fold(0, u64::saturating_add)
}
