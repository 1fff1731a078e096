//! How much a program computes, counted by definition: every operator of a formula once for each element, and one operation for
//! each term of a reduction.

use super::expression::Node;
use super::program::{Program, TensorId};
use super::scatter::scatter;

/// What stands for sizes that are not known, where costs are compared.
pub const SIZES: [usize; 4] = [1, 8, 128, 1024];

/// Operations of one definition for given sizes (by number).
pub fn definition_operations(program: &Program, id: TensorId, sizes: &[usize]) -> u64 {
    let Some(definition) = program.definition(id) else { return 0 };
    let operators = program.expressions.reachable(definition.body).into_iter();
    let operators = operators.filter(|&node| match program.expressions.node(node) {
        Node::Random(..) | Node::Apply(..) | Node::Select(..) => true,
        Node::Number(_) | Node::Position(_) | Node::Read(..) => false,
    });
    let operators = u64::try_from(operators.count()).unwrap_or(u64::MAX);
    // A scatter has no term for each place that terms are added to.
    let places: Vec<usize> =
        scatter(program, id).map(|found| found.places.into_iter().map(|(axis, _)| axis).collect()).unwrap_or_default();
    let extents = program.label_extents(id).into_iter().enumerate().filter(|(axis, _)| !places.contains(axis));
    let positions = extents
        .map(|(_, extent)| extent)
        .map(|extent| u64::try_from(extent.value(sizes)).unwrap_or(0))
        .fold(1, u64::saturating_mul);
    positions.saturating_mul(operators + u64::from(definition.reduction.is_some()))
}

/// Operations of all definitions that the roots need.
pub fn operations(program: &Program, sizes: &[usize]) -> u64 {
    program.order().into_iter().map(|id| definition_operations(program, id, sizes)).fold(0, u64::saturating_add)
}
