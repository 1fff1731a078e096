//! How much a program computes, counted by definition: every operator of a formula once for each element, and one operation for
//! each term of a reduction. What is the same for all elements is computed once, before the loops.
//!
//! Operations are those on numbers. Which formula an element has by its place alone (`where(i == j, ...)`) is arithmetic of indices, as
//! what stands in brackets is (`x[2 * i + u]`), and not counted.

use super::expression::{ExpressionId, Expressions, Node};
use super::program::{Program, TensorId};
use super::scatter::scatter;
use crate::ops::RANDOM_COST;
use rustc_hash::FxHashSet;

/// What stands for sizes that are not known, where costs are compared.
pub const SIZES: [usize; 4] = [1, 8, 128, 1024];

/// Operations of one definition for given sizes (by number).
pub fn definition_operations(program: &Program, id: TensorId, sizes: &[usize]) -> u64 {
    let Some(definition) = program.definition(id) else { return 0 };
    let Operators { once, each } = operators(&program.expressions, definition.body);
    // A scatter has no term for each place that terms are added to.
    let places: Vec<usize> =
        scatter(program, id).map(|found| found.places.into_iter().map(|(axis, _)| axis).collect()).unwrap_or_default();
    let extents = program.label_extents(id).into_iter().enumerate().filter(|(axis, _)| !places.contains(axis));
    let positions = extents
        .map(|(_, extent)| extent)
        .map(|extent| u64::try_from(extent.value(sizes)).unwrap_or(0))
        .fold(1, u64::saturating_mul);
    positions
        .saturating_mul(each.saturating_add(u64::from(definition.reduction.is_some())))
        .saturating_add(once.saturating_mul(positions.min(1)))
}

/// The operators of a formula that compute with numbers.
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
            Node::Read(..) => {}
            Node::Random(..) | Node::Apply(..) | Node::Select(..) if varies => count.each += 1,
            Node::Random(..) | Node::Apply(..) | Node::Select(..) => count.once += 1,
        }
    }
    count
}

/// What a formula costs to compute once, in additions; what it has several times is counted once.
pub fn formula_cost(expressions: &Expressions, root: ExpressionId) -> u32 {
    let own = |id: &ExpressionId| match expressions.node(*id) {
        Node::Apply(operator, _) => operator.row().cost,
        Node::Select(..) => 1,
        Node::Random(..) => RANDOM_COST,
        Node::Number(_) | Node::Position(_) | Node::Read(..) => 0,
    };
    expressions.reachable(root).iter().map(own).fold(0, u32::saturating_add)
}

/// Operations of all definitions that the roots need.
pub fn operations(program: &Program, sizes: &[usize]) -> u64 {
    program.order().into_iter().map(|id| definition_operations(program, id, sizes)).fold(0, u64::saturating_add)
}
