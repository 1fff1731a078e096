//! Running sums: `y[i] = Σ_{l <= i} x[l]` is `y[i] = y[i - 1] + x[i]`, one addition for each element instead of one for each pair; and from the other
//! end where `l >= i`. It must not know where such sums come from.

use super::diagonals::{Diagonal, SHORT};
use super::lower::redefine;
use super::offset::{guess, label, labels, plain};
use crate::ir::{Definition, Element, ExpressionId, Extent, Guarded, Index, Label, Program, TensorId};
use crate::ops::{Operator, Reduction};

/// A sum that runs along an axis: what is added at each place, and from which end on.
struct Running {
    axis: Label,
    extent: Extent,
    /// In the axes, at the place that is added.
    value: ExpressionId,
    backward: bool,
    /// Whether a place has what is added there too, or only what was before.
    inclusive: bool,
}

/// Writes all running sums as recurrences.
pub fn sums(program: &mut Program) {
    let recurrent = program.recurrent();
    for id in program.order() {
        if !recurrent.contains(&id)
            && program.tensor(id).element == Element::Real
            && let Some(running) = find(program, id)
        {
            write(program, id, running);
        }
    }
}

fn find(program: &mut Program, id: TensorId) -> Option<Running> {
    let Definition { reduction: Some((Reduction::Sum, reduced)), body } = program.definition(id)?.clone() else { return None };
    let [extent] = reduced.as_slice() else { return None };
    let rank = program.tensor(id).shape.len();
    let summed = label(rank);
    let Guarded { mut conditions, value } = Guarded::of(&program.expressions, body);
    let (number, axis, backward, inclusive) = conditions.iter().enumerate().find_map(|(number, &condition)| {
        let Diagonal { first, second, offset } = Diagonal::of(&program.expressions.not_negative(condition)?)?;
        let is_axis = |other: Label| (other.0 as usize) < rank;
        let (axis, backward) = match (first, second) {
            (axis, other) if other == summed && is_axis(axis) => (axis, false),
            (other, axis) if other == summed && is_axis(axis) => (axis, true),
            _ => return None,
        };
        matches!(offset, 0 | -1).then_some((number, axis, backward, offset == 0))
    })?;
    conditions.remove(number);
    if program.tensor(id).shape[axis.0 as usize] != *extent || guess(extent) <= SHORT {
        return None;
    }
    let rest = Guarded { conditions, value }.joined(&mut program.expressions);
    if labels(program, rest).contains(&axis) {
        return None;
    }
    let at_axis = |own: Label| Index::label(if own == summed { axis } else { own });
    let value = program.expressions.substitute(rest, &mut |own| at_axis(own));
    Some(Running { axis, extent: extent.clone(), value, backward, inclusive })
}

fn write(program: &mut Program, id: TensorId, running: Running) {
    let Running { axis, extent, value, backward, inclusive } = running;
    let rank = program.tensor(id).shape.len();
    let own = Index::label(axis);
    let before = own.plus_extent(&Extent::constant(if backward { 1 } else { -1 }));
    let expressions = &mut program.expressions;
    let [place, first, end] = [before.clone(), Index::default(), Index::constant(extent)].map(|form| expressions.position(form));
    let is_there = match backward {
        true => expressions.apply(Operator::Less, &[place, end]),
        false => expressions.apply(Operator::GreaterEqual, &[place, first]),
    };
    let mut at = plain(rank);
    at[axis.0 as usize] = before.clone();
    let (last, zero) = (expressions.read(id, at), expressions.number(0.0));
    let body = if inclusive {
        let so_far = expressions.select(is_there, last, zero);
        expressions.apply(Operator::Add, &[so_far, value])
    } else {
        let added = expressions.substitute(value, &mut |other| if other == axis { before.clone() } else { Index::label(other) });
        let sum = expressions.apply(Operator::Add, &[last, added]);
        expressions.select(is_there, sum, zero)
    };
    redefine(program, id, Definition { reduction: None, body });
}
