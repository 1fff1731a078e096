//! Sums that add each term to one element: the adjoints of reads at elements of integer tensors.
//!
//! ```text
//! d table[v, j] = Σ_{b, t} where(tok[b, t] == v, f[b, t, j], 0)
//! ```
//!
//! has one term for each b, t and j, and not for each v: it is computed by adding `f[b, t, j]` to `d table[tok[b, t], j]`.

use super::bounds;
use super::expression::{ExpressionId, Node};
use super::extent::Extent;
use super::guarded::Guarded;
use super::index::{Index, Label};
use super::program::{Definition, Program, TensorId};
use crate::ops::{Operator, Reduction};

/// How a sum is computed term by term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scatter {
    /// For some axes, the place along them to which a term is added.
    pub places: Vec<(usize, Index)>,
    /// The term, with what else must hold for it to count.
    pub term: Guarded,
}

/// The scatter that the definition of a tensor is, if it is one.
pub fn scatter(program: &Program, id: TensorId) -> Option<Scatter> {
    let Definition { reduction: Some((Reduction::Sum, _)), body } = program.definition(id)? else { return None };
    let Guarded { conditions, value } = Guarded::of(&program.expressions, *body);
    let extents = program.label_extents(id);
    let rank = program.tensor(id).shape.len();
    let mut scatter = Scatter { places: Vec::new(), term: Guarded { conditions: Vec::new(), value } };
    for condition in conditions {
        match place(program, condition, &extents, rank) {
            Some(found) if is_new(&scatter.places, &found) => scatter.places.push(found),
            Some(_) | None => scatter.term.conditions.push(condition),
        }
    }
    (!scatter.places.is_empty()).then_some(scatter)
}

/// Whether a place speaks of an axis that no other place is of, nor is computed from.
fn is_new(places: &[(usize, Index)], (axis, form): &(usize, Index)) -> bool {
    let label = label(*axis);
    places.iter().all(|(other, place)| {
        let other = self::label(*other);
        other != label && !place.mentions(label) && !form.mentions(other)
    })
}

/// `v == form`, where v is an axis, and the form depends on what is summed and stays inside of the axis.
fn place(program: &Program, condition: ExpressionId, extents: &[Extent], rank: usize) -> Option<(usize, Index)> {
    let Node::Apply(Operator::Equal, arguments) = program.expressions.node(condition) else { return None };
    let [a, b] = arguments.as_slice() else { return None };
    let form = |id: &ExpressionId| match program.expressions.node(*id) {
        Node::Position(index) => Some(index.clone()),
        Node::Number(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
    };
    let difference = form(a)?.minus(&form(b)?);
    (0..rank).find_map(|axis| {
        let factor = difference.coefficient(label(axis));
        let rest = difference.minus(&Index::label(label(axis)).times(&factor));
        let place = if factor.is_one() {
            Index::default().minus(&rest)
        } else if factor.negated().is_one() {
            rest
        } else {
            return None;
        };
        let mut summed = false;
        place.each_label(&mut |Label(number)| summed |= number as usize >= rank);
        let fits = summed && !place.mentions(label(axis)) && bounds::is_inside(program, &place, extents, &extents[axis]);
        fits.then_some((axis, place))
    })
}

fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}
