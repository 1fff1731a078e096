//! Terms of a scatter that are sums themselves are added up before they are added at their places, so that they can be a matrix product:
//! `d table[v, i] = Σ_{b, t, k} where(x[b, t] == v, w[i, k] · d y[b, t, k], 0)` is `d table[v, i] = Σ_{b, t} where(x[b, t] == v, r[b, t, i], 0)`
//! with `r[b, t, i] = Σ_k w[i, k] · d y[b, t, k]`.

use super::lower::{auxiliary, redefine};
use super::offset::{guess, label};
use crate::ir::scatter::{Scatter, scatter};
use crate::ir::{Definition, Extent, Index, Label, Program, TensorId};
use crate::ops::{Operator, Reduction};

/// A shorter sum is as well added term by term.
const FEWEST: i64 = 4;

/// Adds up the terms of all scatters of a program.
pub fn add_up(program: &mut Program) {
    let recurrent = program.recurrent();
    for id in program.order() {
        if let Some(scatter) = scatter(program, id).filter(|_| !recurrent.contains(&id)) {
            add_up_of(program, id, scatter);
        }
    }
}

fn add_up_of(program: &mut Program, id: TensorId, scatter: Scatter) {
    let extents = program.label_extents(id);
    let rank = program.tensor(id).shape.len();
    let (placed, added): (Vec<usize>, Vec<usize>) =
        (rank..extents.len()).partition(|&number| scatter.places.iter().any(|(_, place)| place.mentions(label(number))));
    if added.iter().map(|&number| guess(&extents[number])).fold(1, i64::saturating_mul) < FEWEST {
        return;
    }
    // The axes of a term: where it is added, and the axes along which each term has several elements.
    let along = (0..rank).filter(|axis| scatter.places.iter().all(|(placed, _)| placed != axis));
    let kept: Vec<usize> = placed.iter().copied().chain(along).collect();
    let names: Vec<String> = (0..extents.len()).map(|number| program.label_name(id, label(number))).collect();
    let select = |numbers: &[usize]| -> Vec<Extent> { numbers.iter().map(|&number| extents[number].clone()).collect() };
    let select_names = |numbers: &[usize]| -> Vec<String> { numbers.iter().map(|&number| names[number].clone()).collect() };

    let order = [kept.clone(), added.clone()].concat();
    let moved = renumbered(&order);
    let term = scatter.term.formula(&mut program.expressions);
    // An axis is its place.
    let term = program.expressions.substitute(term, &mut |old| {
        let place = scatter.places.iter().find(|(axis, _)| label(*axis) == old);
        place.map_or_else(|| Index::label(old), |(_, place)| place.clone())
    });
    let term = program.expressions.substitute(term, &mut |old| moved(old));
    let definition = Definition { reduction: Some((Reduction::Sum, select(&added))), body: term };
    let inner = auxiliary(program, id, "terms", select(&kept), definition);
    program.tensors[inner.0 as usize].label_names = select_names(&order);

    let order: Vec<usize> = (0..rank).chain(placed.iter().copied()).collect();
    let moved = renumbered(&order);
    let at = kept.iter().map(|&number| moved(label(number))).collect();
    let mut body = program.expressions.read(inner, at);
    for (axis, place) in &scatter.places {
        let place = place.substitute(&mut |old| moved(old));
        let expressions = &mut program.expressions;
        let [axis, place, zero] =
            [expressions.position(Index::label(label(*axis))), expressions.position(place), expressions.number(0.0)];
        let there = expressions.apply(Operator::Equal, &[axis, place]);
        body = expressions.select(there, body, zero);
    }
    redefine(program, id, Definition { reduction: Some((Reduction::Sum, select(&placed))), body });
    program.tensors[id.0 as usize].label_names = select_names(&order);
}

/// Labels by where they stand in an order.
fn renumbered(order: &[usize]) -> impl Fn(Label) -> Index {
    move |Label(old)| Index::label(label(order.iter().position(|&other| other == old as usize).unwrap_or(old as usize)))
}
