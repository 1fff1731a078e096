//! Sums along short rows of what lies in many rows: first the rows are added up, number by number, then what is left is one row. So no
//! round waits for the one before, and what is added may be stored in the same loop.
//!
//! `d b[c] = Σ_{n,i,j} d y[n, c, i, j]` is `d b[c] = Σ_j r[c, j]` with `r[c, j] = Σ_{n,i} d y[n, c, i, j]`.

use super::lower::{auxiliary, redefine};
use super::offset::{flat, guess, label, plain, reads};
use super::product::Contractions;
use crate::ir::{Definition, Element, Extent, Index, Program, TensorId};
use crate::ops::Reduction;

/// A longer row along one axis is added up in lanes.
const LONGEST: i64 = 64;
/// Axes that lie side by side are rows of at most so many numbers, which stay in the first cache.
const MOST: i64 = 512;
/// With fewer rows it is not worth it.
const FEWEST: i64 = 16;

/// Splits the sums of a program.
pub fn split(program: &mut Program, contractions: &Contractions) {
    let recurrent = program.recurrent();
    for id in program.order() {
        if !recurrent.contains(&id)
            && !contractions.contains_key(&id)
            && let Some(along) = row(program, id)
        {
            by_rows(program, id, &along);
        }
    }
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

/// The sum of a row of sums.
fn by_rows(program: &mut Program, id: TensorId, along: &[usize]) {
    let Some(Definition { reduction: Some((kind, summed)), body }) = program.definition(id).cloned() else { return };
    let extents = program.label_extents(id);
    let rank = extents.len() - summed.len();
    let names: Vec<String> = (0..extents.len()).map(|number| program.label_name(id, label(number))).collect();
    let others = (rank..extents.len()).filter(|number| !along.contains(number));
    let order: Vec<usize> = (0..rank).chain(along.iter().copied()).chain(others.clone()).collect();
    let place = |old: usize| order.iter().position(|&number| number == old).unwrap_or(old);
    let body = program.expressions.substitute(body, &mut |old| Index::label(label(place(old.0 as usize))));
    let lengths: Vec<Extent> = along.iter().map(|&number| extents[number].clone()).collect();
    let rest: Vec<Extent> = others.map(|number| extents[number].clone()).collect();
    let shape: Vec<Extent> = extents[..rank].iter().chain(&lengths).cloned().collect();
    let rows = auxiliary(program, id, "rows", shape, Definition { reduction: Some((kind, rest)), body });
    program.tensors[rows.0 as usize].label_names = order.iter().map(|&number| names[number].clone()).collect();
    let body = program.expressions.read(rows, plain(rank + along.len()));
    redefine(program, id, Definition { reduction: Some((kind, lengths)), body });
    let kept = (0..rank).chain(along.iter().copied());
    program.tensors[id.0 as usize].label_names = kept.map(|number| names[number].clone()).collect();
}
