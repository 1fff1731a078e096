//! Sums along several labels in two steps, where that lets rounds of a loop be independent.
//!
//! Along short rows of what lies in many rows, first the rows are added up, number by number, then what is left is one row. So no round
//! waits for the one before, and what is added may be stored in the same loop: `d b[c] = Σ_{n,i,j} d y[n, c, i, j]` is
//! `d b[c] = Σ_j r[c, j]` with `r[c, j] = Σ_{n,i} d y[n, c, i, j]`.
//!
//! Along many samples each has a sum of its own, so that threads share the samples in the same loop in which what is added is computed,
//! and the result does not depend on how many there are: `d b[c] = Σ_{n,i} d y[n, i, c]` is `d b[c] = Σ_n s[n, c]` with
//! `s[n, c] = Σ_i d y[n, i, c]`.

use super::lower::{auxiliary, redefine};
use super::offset::{flat, guess, label, reads};
use super::product::Contractions;
use crate::ir::{Definition, Element, Extent, Index, Program, TensorId};
use crate::ops::Reduction;
use std::collections::BTreeSet;

/// A longer row along one axis is added up in lanes.
const LONGEST: i64 = 64;
/// Axes that lie side by side are rows of at most so many numbers, which stay in the first cache.
const MOST: i64 = 512;
/// With fewer rows it is not worth it.
const FEWEST: i64 = 16;
/// Samples with fewer additions are not worth a sum of their own.
const ENOUGH: i64 = 64;

/// Splits the sums of a program. Those that are returned add up what samples have: in loops of their own, since in those of the samples each
/// round would wait for the one before.
pub fn split(program: &mut Program, contractions: &Contractions) -> BTreeSet<TensorId> {
    let mut apart = BTreeSet::new();
    let recurrent = program.recurrent();
    for id in program.order() {
        if recurrent.contains(&id) || contractions.contains_key(&id) {
            continue;
        }
        let mut sum = id;
        if let Some(along) = row(program, id) {
            let rank = program.tensor(id).shape.len();
            let kept: Vec<usize> = (0..rank).chain(along).collect();
            sum = in_two(program, id, "rows", &kept);
        }
        if has_samples(program, sum) {
            let rank = program.tensor(sum).shape.len();
            let kept: Vec<usize> = [rank].into_iter().chain(0..rank).collect();
            in_two(program, sum, "of each", &kept);
            apart.insert(sum);
        }
    }
    apart
}

/// Whether the first summed label of a sum of rows is the outermost of what it reads, and each of its values has enough to add.
fn has_samples(program: &Program, id: TensorId) -> bool {
    let Some(Definition { reduction: Some((Reduction::Sum, summed)), body }) = program.definition(id) else { return false };
    let extents = program.label_extents(id);
    let rank = extents.len() - summed.len();
    if summed.len() < 2 || program.tensor(id).element != Element::Real {
        return false;
    }
    let terms = summed[1..].iter().map(guess).fold(1i64, i64::saturating_mul);
    let is_outermost = |flat: &Index| {
        let strides = (0..extents.len()).map(|number| guess(&flat.coefficient(label(number))));
        strides.enumerate().all(|(number, stride)| number == rank || stride > 0 && stride < guess(&flat.coefficient(label(rank))))
    };
    let mut reads = reads(program, *body).into_iter();
    let additions = extents[..rank].iter().map(guess).fold(terms, i64::saturating_mul);
    terms >= FEWEST
        && additions >= ENOUGH
        && guess(&summed[0]) > 1
        && reads.any(|(tensor, at)| is_outermost(&flat(program, tensor, &at, &extents)))
}

/// The summed labels along which most of what a sum reads lies side by side, the outermost first, if its rows are short and many.
fn row(program: &Program, id: TensorId) -> Option<Vec<usize>> {
    let Definition { reduction: Some((Reduction::Sum, summed)), body } = program.definition(id)? else { return None };
    let extents = program.label_extents(id);
    let rank = extents.len() - summed.len();
    if rank == 0 || summed.len() < 2 || program.tensor(id).element != Element::Real {
        return None;
    }
    let flats: Vec<Index> = reads(program, *body).into_iter().map(|(tensor, at)| flat(program, tensor, &at, &extents)).collect();
    let whole = flats.iter().find(|flat| (0..extents.len()).all(|number| flat.mentions(label(number))))?;
    let (mut along, mut length) = (Vec::new(), Extent::constant(1));
    // Each further label goes on where those that are known end, in all that is read.
    while let Some(next) = (rank..extents.len()).find(|&number| {
        let goes_on = |flat: &Index| {
            along
                .last()
                .is_none_or(|&last| flat.coefficient(label(number)) == flat.coefficient(label(last)).times(&extents[last]))
        };
        !along.contains(&number) && whole.coefficient(label(number)) == length && flats.iter().all(goes_on)
    }) {
        let longer = length.times(&extents[next]);
        if !along.is_empty() && longer.as_constant().is_none_or(|longer| longer > MOST) {
            break;
        }
        along.push(next);
        length = longer;
    }
    let most = if along.len() > 1 { MOST } else { LONGEST };
    let others = (rank..extents.len()).filter(|number| !along.contains(number));
    let rows = others.map(|number| guess(&extents[number])).fold(1i64, i64::saturating_mul);
    let is_short = length.as_constant().is_some_and(|length| (2..=most).contains(&length));
    along.reverse();
    (is_short && rows >= FEWEST).then_some(along)
}

/// A sum of sums: these labels are the axes of the inner one, which is returned; the outer one adds it up along those of them that are
/// summed.
fn in_two(program: &mut Program, id: TensorId, suffix: &str, kept: &[usize]) -> TensorId {
    let Some(Definition { reduction: Some((kind, summed)), body }) = program.definition(id).cloned() else { return id };
    let extents = program.label_extents(id);
    let rank = extents.len() - summed.len();
    let names: Vec<String> = (0..extents.len()).map(|number| program.label_name(id, label(number))).collect();
    let extents_of = |numbers: &[usize]| -> Vec<Extent> { numbers.iter().map(|&number| extents[number].clone()).collect() };
    let names_of = |numbers: &[usize]| -> Vec<String> { numbers.iter().map(|&number| names[number].clone()).collect() };
    let place = |order: &[usize], number: usize| order.iter().position(|&other| other == number).unwrap_or(number);

    let rest: Vec<usize> = (rank..extents.len()).filter(|number| !kept.contains(number)).collect();
    let order = [kept, &rest].concat();
    let body = program.expressions.substitute(body, &mut |old| Index::label(label(place(&order, old.0 as usize))));
    let inner = auxiliary(program, id, suffix, extents_of(kept), Definition { reduction: Some((kind, extents_of(&rest))), body });
    program.tensors[inner.0 as usize].label_names = names_of(&order);

    let along: Vec<usize> = kept.iter().copied().filter(|&number| number >= rank).collect();
    let order: Vec<usize> = (0..rank).chain(along.iter().copied()).collect();
    let at = kept.iter().map(|&number| Index::label(label(place(&order, number)))).collect();
    let body = program.expressions.read(inner, at);
    redefine(program, id, Definition { reduction: Some((kind, extents_of(&along))), body });
    program.tensors[id.0 as usize].label_names = names_of(&order);
    inner
}
