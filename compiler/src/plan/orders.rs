//! In which order the loops of a definition may stand: so that memory is gone through in rows, and sums are added up in registers or in rows.
//! It must not know which loops are shared.

use super::offset::{flat, guess, label, labels, reads};
use crate::ir::{Element, Extent, Index, Label, Program, TensorId};
use crate::ops::Reduction;
use std::collections::BTreeMap;

/// Loops of a constant length below this are unrolled.
pub const UNROLLED: i64 = 8;

/// Rows so many numbers long lie in cache lines of their own.
const COLUMN: i64 = 16;

/// The orders in which the labels of a definition may be walked, best first; the last is the plain one. Axes with one place are not among them,
/// unless the formula speaks of them.
pub fn orders(program: &Program, id: TensorId) -> Vec<Vec<Label>> {
    let extents = program.label_extents(id);
    let spoken = program.definition(id).map(|definition| labels(program, definition.body)).unwrap_or_default();
    let rank = program.tensor(id).shape.len();
    let is_walked = |label: &Label| {
        let number = label.0 as usize;
        number >= rank || !extents[number].is_one() || spoken.contains(label)
    };
    let natural: Vec<Label> = (0..extents.len()).map(label).filter(is_walked).collect();
    let mut orders = Vec::new();
    if let Some(definition) = program.definition(id)
        && matches!(definition.reduction, Some((Reduction::Sum, _)))
        && program.tensor(id).element == Element::Real
    {
        let reads = reads(program, definition.body);
        orders.extend(covering(program, id, &reads, &natural));
        orders.extend(outside(&reads, rank, &natural));
        orders.retain(|order| *order != natural);
    }
    orders.push(natural);
    orders
}

/// Whether the plain order of a sum goes through long rows of memory in columns, an element of each row after the other.
pub fn goes_in_columns(program: &Program, id: TensorId) -> bool {
    let extents = program.label_extents(id);
    let rank = program.tensor(id).shape.len();
    let (Some(axis), Some(definition)) = (rank.checked_sub(1), program.definition(id)) else { return false };
    let innermost = label(extents.len().saturating_sub(1));
    let apart =
        |(tensor, at): (TensorId, Vec<Index>)| guess(&flat(program, tensor, &at, &extents).coefficient(innermost)) >= COLUMN;
    guess(&extents[axis]) >= UNROLLED && reads(program, definition.body).into_iter().any(apart)
}

/// What is summed outside, the axes inside that are no places.
pub fn outward(program: &Program, id: TensorId, places: &BTreeMap<usize, Index>) -> Vec<Label> {
    let (rank, count) = (program.tensor(id).shape.len(), program.label_extents(id).len());
    (rank..count).chain((0..rank).filter(|axis| !places.contains_key(axis))).map(label).collect()
}

/// The order in which the labels lie in the memory of a read that has all of them, and no overlapping windows.
fn covering(program: &Program, id: TensorId, reads: &[(TensorId, Vec<Index>)], natural: &[Label]) -> Option<Vec<Label>> {
    let extents = program.label_extents(id);
    let count = |extents: &[Extent]| extents.iter().map(guess).fold(1i64, i64::saturating_mul);
    reads.iter().filter(|(tensor, _)| count(&extents) <= count(&program.tensor(*tensor).shape)).find_map(|(tensor, at)| {
        let flat = flat(program, *tensor, at, &extents);
        let mut labels: Vec<(Label, i64)> = natural.iter().map(|&label| (label, guess(&flat.coefficient(label)))).collect();
        labels.sort_by_key(|(_, stride)| std::cmp::Reverse(*stride));
        labels.iter().all(|(_, stride)| *stride > 0).then(|| labels.into_iter().map(|(label, _)| label).collect())
    })
}

/// Reductions outside, axes inside, where reads are contiguous along the last axis and not along the reduction.
fn outside(reads: &[(TensorId, Vec<Index>)], rank: usize, natural: &[Label]) -> Option<Vec<Label>> {
    let contiguous =
        |label: &Label| reads.iter().any(|(_, at)| at.last().is_some_and(|index| index.coefficient(*label).is_one()));
    let (axes, reduced) = natural.split_at(natural.partition_point(|label| (label.0 as usize) < rank));
    let better = contiguous(axes.last()?) && !contiguous(reduced.last()?);
    better.then(|| [reduced, axes].concat())
}
