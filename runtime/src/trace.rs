//! What a traced network (`#[network(trace; ...)]`) says where its loss or its gradient is not finite. It must not know what is computed.

use crate::Float;
use crate::network::{Elements, Network};
use std::fmt::Write;

/// The first number that is not finite, among those that are shown to it in the order of their computation.
pub struct Trace {
    network: &'static str,
    first: Option<String>,
    first_nan: Option<String>,
}

impl Trace {
    /// Whether there is something to find.
    pub fn is_needed<N: Network>(loss: N::Scalar, gradient: &N) -> bool {
        !loss.to_f64().is_finite() || gradient.flat().iter().any(|slope| !slope.to_f64().is_finite())
    }

    /// Begins with what is given.
    pub fn new<N: Network>(network: &N, sizes: &[usize], inputs: &[Elements<'_, N::Scalar>]) -> Self {
        let description = N::DESCRIPTION;
        let mut trace = Self { network: description.name, first: None, first_nan: None };
        for (input, elements) in description.inputs.iter().zip(inputs) {
            if let Elements::Real(elements) = elements {
                let length = |axis: &crate::network::Axis| match axis {
                    crate::network::Axis::Fixed(length) => *length,
                    crate::network::Axis::Symbol(number) => sizes.get(*number).copied().unwrap_or(1),
                };
                let shape: Vec<usize> = input.axes.iter().map(length).collect();
                trace.meet(input.name, "given", "", "", &shape, elements);
            }
        }
        for kept in description.kept() {
            trace.meet(kept.path, "given", "", "", kept.shape, &network.numbers()[kept.offset..][..kept.len()]);
        }
        trace
    }

    /// Looks at the values of a definition.
    pub fn look<S: Float>(&mut self, name: &str, formula: &str, place: &str, backward: bool, shape: &[usize], values: &[S]) {
        self.meet(name, if backward { "backward" } else { "forward" }, formula, place, shape, values);
    }

    fn meet<S: Float>(&mut self, name: &str, direction: &str, formula: &str, place: &str, shape: &[usize], values: &[S]) {
        let note = |found: &mut Option<String>, wanted: fn(f64) -> bool| {
            let at = values.iter().position(|value| wanted(value.to_f64())).filter(|_| found.is_none());
            let Some(at) = at else { return };
            let mut text = format!("{direction}: {name}{} = {}", indices(shape, at), values[at].to_f64());
            for (before, more) in [("\n  --> ", place), ("\n  ", formula)] {
                if !more.is_empty() {
                    let _ = write!(text, "{before}{more}");
                }
            }
            *found = Some(text);
        };
        note(&mut self.first, |value| !value.is_finite());
        note(&mut self.first_nan, f64::is_nan);
    }

    /// Says what was found.
    ///
    /// # Panics
    ///
    /// With the first number that is not finite, and the first that is no number where that is another one.
    #[track_caller]
    pub fn report(self) {
        let Self { network, first, first_nan } = self;
        let Some(first) = first else { return };
        let nan = first_nan.filter(|nan| *nan != first);
        let nan = nan.map_or_else(String::new, |nan| format!("\n{network}: the first that is no number, {nan}"));
        panic!("{network}: the first number that is not finite, {first}{nan}");
    }
}

/// `[2, 0]`
fn indices(shape: &[usize], mut place: usize) -> String {
    let mut all = Vec::new();
    for &length in shape.iter().rev() {
        all.push((place % length.max(1)).to_string());
        place /= length.max(1);
    }
    all.reverse();
    if all.is_empty() { String::new() } else { format!("[{}]", all.join(", ")) }
}
