//! Where numbers leave the finite range: the first definition, in the order in which they are computed, and its first element.
//!
//! Infinities and NaN on the way to finite results say nothing, and neither do those of a definition that is read in branches of conditions
//! alone: whether one of them was taken is seen in what reads it.

use super::{Tensor, Values};
use crate::ir::guarded::read_outside;
use crate::ir::{Precision, Program, Role, TensorId, Unit};
use std::collections::BTreeSet;

/// A number that is not finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The tensor.
    pub tensor: TensorId,
    /// Its element, by its indices.
    pub at: Vec<usize>,
    /// The number.
    pub value: f64,
    /// Whether only the gradient needs the tensor.
    pub backward: bool,
}

/// What is not finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The first number that is not finite.
    pub first: Option<Found>,
    /// The first that is no number at all, where that is another one.
    pub first_nan: Option<Found>,
    /// How many numbers there are.
    pub count: usize,
    /// Whether some of them are not finite, but no result.
    pub is_harmless: bool,
}

/// Goes through the values of a program in the order of their computation, those that are given first. A number is finite where the
/// floats of the program can hold it.
pub fn trace(program: &Program, values: &Values) -> Trace {
    let (forward, goes_on) = (forward(program), read_outside(program));
    let results = program.roots.iter().filter_map(|root| values.get(&program.tensor(root.tensor).name));
    let is_wrong = results.flat_map(|tensor| &tensor.data).any(|&value| !is_finite(value, program.precision));
    // As floats of the program the others may have become infinite.
    let is_sought = |value: f64| !is_finite(value, program.precision) && (is_wrong || value.is_finite());
    let given = program.ids().filter(|&id| program.definition(id).is_none()).map(|id| vec![id]);
    let defined = program.units().into_iter().map(|unit| match unit {
        Unit::Single(id) => vec![id],
        Unit::Circle(members) => members,
    });
    let mut trace = Trace::default();
    for members in given.chain(defined) {
        let all = members.into_iter().filter_map(|id| Some((id, values.get(&program.tensor(id).name)?)));
        for (id, tensor) in all {
            trace.count += tensor.data.len();
            trace.is_harmless |= !is_wrong && tensor.data.iter().any(|value| !value.is_finite());
            if !goes_on.contains(&id) {
                continue;
            }
            let find = |wanted: &dyn Fn(f64) -> bool| {
                let place = tensor.data.iter().position(|&value| wanted(value))?;
                let (at, value) = (indices(tensor, place), tensor.data[place]);
                Some(Found { tensor: id, at, value, backward: !forward.contains(&id) })
            };
            trace.first = trace.first.take().or_else(|| find(&is_sought));
            trace.first_nan = trace.first_nan.take().or_else(|| find(&|value| value.is_nan() && is_sought(value)));
        }
    }
    trace.first_nan = trace.first_nan.take().filter(|nan| trace.first.as_ref().is_some_and(|first| first.tensor != nan.tensor));
    trace
}

/// Whether a number is finite as the floats of a program.
#[allow(clippy::cast_possible_truncation)]
fn is_finite(value: f64, precision: Precision) -> bool {
    match precision {
        Precision::F32 => (value as f32).is_finite(),
        Precision::F64 => value.is_finite(),
    }
}

/// What is needed for more than the gradient, and all that is given.
fn forward(program: &Program) -> BTreeSet<TensorId> {
    let mut forward = program.clone();
    forward.roots.retain(|root| !matches!(root.role, Role::Gradient(_)));
    let given = program.ids().filter(|&id| program.definition(id).is_none());
    forward.order().into_iter().chain(given).collect()
}

fn indices(tensor: &Tensor, mut place: usize) -> Vec<usize> {
    let mut at: Vec<usize> = Vec::new();
    for &length in tensor.shape.iter().rev() {
        at.push(place % length.max(1));
        place /= length.max(1);
    }
    at.reverse();
    at
}
