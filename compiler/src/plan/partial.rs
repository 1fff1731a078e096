//! Sums along short rows of what lies in many rows: first the rows are added up, number by number, then what is left is one row. So no
//! round waits for the one before, and what is added may be stored in the same loop.
//!
//! `d b[c] = Σ_{n,i,j} d y[n, c, i, j]` is `d b[c] = Σ_j r[c, j]` with `r[c, j] = Σ_{n,i} d y[n, c, i, j]`.

use super::lower::{auxiliary, redefine};
use super::offset::{flat, guess, label, plain, reads};
use super::product::Contractions;
use crate::ir::{Definition, Element, Extent, Index, Program, TensorId};
use crate::ops::Reduction;

/// A longer row is added up in lanes.
const LONGEST: i64 = 64;
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
            by_rows(program, id, along);
        }
    }
}

/// The summed label along which most of what a sum reads lies side by side, if its rows are short and many.
fn row(program: &Program, id: TensorId) -> Option<usize> {
    let Definition { reduction: Some((Reduction::Sum, summed)), body } = program.definition(id)? else { return None };
    let extents = program.label_extents(id);
    let rank = extents.len() - summed.len();
    if rank == 0 || summed.len() < 2 || program.tensor(id).element != Element::Real {
        return None;
    }
    let whole = reads(program, *body).into_iter().find_map(|(tensor, at)| {
        let flat = flat(program, tensor, &at, &extents);
        (0..extents.len()).all(|number| flat.mentions(label(number))).then_some(flat)
    })?;
    let along = (rank..extents.len()).find(|&number| whole.coefficient(label(number)).is_one())?;
    let others = (rank..extents.len()).filter(|&number| number != along);
    let rows = others.map(|number| guess(&extents[number])).fold(1i64, i64::saturating_mul);
    let is_short = extents[along].as_constant().is_some_and(|length| (2..=LONGEST).contains(&length));
    (is_short && rows >= FEWEST).then_some(along)
}

/// The sum of a row of sums.
fn by_rows(program: &mut Program, id: TensorId, along: usize) {
    let Some(Definition { reduction: Some((kind, summed)), body }) = program.definition(id).cloned() else { return };
    let mut shape = program.tensor(id).shape.clone();
    let rank = shape.len();
    let names: Vec<String> = (0..rank + summed.len()).map(|number| program.label_name(id, label(number))).collect();
    let place = |number: usize| match number {
        number if number < rank => number,
        number if number == along => rank,
        number if number < along => number + 1,
        number => number,
    };
    let body = program.expressions.substitute(body, &mut |old| Index::label(label(place(old.0 as usize))));
    let mut rest: Vec<Extent> = summed;
    let length = rest.remove(along - rank);
    shape.push(length.clone());
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&number| place(number));
    let rows = auxiliary(program, id, "rows", shape, Definition { reduction: Some((kind, rest)), body });
    program.tensors[rows.0 as usize].label_names = order.iter().map(|&number| names[number].clone()).collect();
    let body = program.expressions.read(rows, plain(rank + 1));
    redefine(program, id, Definition { reduction: Some((kind, vec![length])), body });
    program.tensors[id.0 as usize].label_names = names[..rank].iter().chain([&names[along]]).cloned().collect();
}
