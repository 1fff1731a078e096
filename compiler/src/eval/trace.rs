//! Where numbers leave the finite range: the first definition, in the order in which they are computed, and its first element.
//!
//! Infinities and NaN on the way to finite results say nothing, and neither do those of a definition that is read in branches of conditions
//! alone: whether one of them was taken is seen in what reads it. Where a result is not finite, they say nothing if all that is read outside of
//! branches were as wrong without them, as with those of a mask.

use super::{Tensor, Values};
use crate::ir::guarded::read_outside;
use crate::ir::{Precision, Program, Role, Source, TensorId, Unit};
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

/// The values of a program for those that are given.
pub type Evaluate<'a> = dyn Fn(&Program, &Values) -> Option<Values> + 'a;

/// A program is evaluated at most this often to find out what says nothing.
const MOST_TRIED: usize = 64;

/// What stands in the place of a number that is not finite: no place where a function of everyday has none.
const MENDED: f64 = 0.618;

/// Goes through the values of a program in the order of their computation, those that are given first. A number is finite where the
/// floats of the program can hold it.
pub fn trace(program: &Program, values: &Values, evaluate: &Evaluate<'_>) -> Trace {
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
    let mut trial =
        Trial { program, values, goes_on: &goes_on, evaluate, mended: program.clone(), given: values.clone(), left: MOST_TRIED };
    for members in given.chain(defined) {
        let is_alone = members.len() == 1;
        let all = members.into_iter().filter_map(|id| Some((id, values.get(&program.tensor(id).name)?)));
        for (id, tensor) in all {
            trace.count += tensor.data.len();
            trace.is_harmless |= !is_wrong && tensor.data.iter().any(|value| !value.is_finite());
            let is_open = trace.first.is_none() || trace.first_nan.is_none();
            if !is_open || !goes_on.contains(&id) || !tensor.data.iter().any(|&value| is_sought(value)) {
                continue;
            }
            let is_result = program.roots.iter().any(|root| root.tensor == id);
            let from = if is_alone && is_wrong && !is_result { trial.first_felt(id, tensor) } else { Some(0) };
            let Some(from) = from else { continue };
            let find = |wanted: &dyn Fn(f64) -> bool| {
                let place = from + tensor.data[from..].iter().position(|&value| wanted(value))?;
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

/// What would be if numbers were finite.
struct Trial<'a> {
    program: &'a Program,
    values: &'a Values,
    goes_on: &'a BTreeSet<TensorId>,
    evaluate: &'a Evaluate<'a>,
    /// The program in which the tensors that said nothing are given, and what is given: finite numbers for these.
    mended: Program,
    given: Values,
    /// How often it may still be evaluated.
    left: usize,
}

impl Trial<'_> {
    /// The first element of a tensor that is to blame for what is not finite, as something would be finite if it were; `None` where none is.
    fn first_felt(&mut self, id: TensorId, tensor: &Tensor) -> Option<usize> {
        let all = self.mended_by(id, tensor, 0);
        if all == 0 {
            return None;
        }
        // Those before the first one make no difference.
        let (mut first, mut behind) = (0, tensor.data.len());
        while behind - first > 1 && self.left > 0 {
            let middle = first.midpoint(behind);
            if self.mended_by(id, tensor, middle) == all { first = middle } else { behind = middle }
        }
        Some(first)
    }

    /// How many numbers that are read outside of branches would be finite if all elements of a tensor from one on were. Where there are none,
    /// they are from then on.
    fn mended_by(&mut self, id: TensorId, tensor: &Tensor, from: usize) -> usize {
        if self.left == 0 {
            return usize::MAX;
        }
        self.left -= 1;
        let (precision, name) = (self.program.precision, &self.program.tensor(id).name);
        let finite = |value: f64| if is_finite(value, precision) { value } else { MENDED };
        let mut mended = tensor.clone();
        mended.data[from..].iter_mut().for_each(|value| *value = finite(*value));
        let source = self.mended.tensors[id.0 as usize].source.clone();
        if self.program.definition(id).is_some() {
            self.mended.tensors[id.0 as usize].source = Source::Input;
        }
        let before = self.given.insert(name.clone(), mended);
        let count = (self.evaluate)(&self.mended, &self.given).map_or(usize::MAX, |computed| self.better(id, &computed));
        if count > 0 || from > 0 {
            self.mended.tensors[id.0 as usize].source = source;
            self.given.extend(before.map(|before| (name.clone(), before)));
        }
        count
    }

    /// How many numbers of other tensors that are read outside of branches are finite now and were not.
    fn better(&self, id: TensorId, computed: &Values) -> usize {
        let is_finite = |value: f64| is_finite(value, self.program.precision);
        let of = |other: TensorId| {
            let name = &self.program.tensor(other).name;
            let (Some(before), Some(after)) = (self.values.get(name), computed.get(name)) else { return 0 };
            before.data.iter().zip(&after.data).filter(|(before, after)| !is_finite(**before) && is_finite(**after)).count()
        };
        self.goes_on.iter().filter(|other| **other != id).map(|&other| of(other)).sum()
    }
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
