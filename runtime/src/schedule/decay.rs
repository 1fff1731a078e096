//! Rates that fall.

use super::{Schedule, part};

/// Always the same.
///
/// ```text
/// rate(t) = rate
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant(
    /// The rate.
    pub f64,
);

impl Schedule for Constant {
    fn rate(&self, _: u64) -> f64 {
        self.0
    }
}

/// Exponential decay, smooth or in steps.
///
/// ```text
/// rate(t) = initial · factor^(t / span)            (smooth)
/// rate(t) = initial · factor^(t div span)          (in steps)
/// ```
///
/// Keras' `ExponentialDecay`; with a span of one epoch PyTorch's `ExponentialLR`.
///
/// ```
/// use chainrule::schedule::{ExponentialDecay, Schedule};
///
/// let schedule = ExponentialDecay { initial: 0.1, factor: 0.5, span: 100, in_steps: true };
/// assert_eq!([schedule.rate(99), schedule.rate(100), schedule.rate(250)], [0.1, 0.05, 0.025]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialDecay {
    /// The rate of the first step.
    pub initial: f64,
    /// What it is multiplied by in each span.
    pub factor: f64,
    /// How many steps a span has; 0 counts as 1.
    pub span: u64,
    /// Whether it changes at the end of a span alone.
    pub in_steps: bool,
}

impl Schedule for ExponentialDecay {
    fn rate(&self, steps: u64) -> f64 {
        let span = self.span.max(1);
        let spans = if self.in_steps { (steps / span) as f64 } else { steps as f64 / span as f64 };
        self.initial * self.factor.powf(spans)
    }
}

/// Another factor from each of some steps on.
///
/// ```text
/// rate(t) = initial · factor^(number of boundaries that are ≤ t)
/// ```
///
/// PyTorch's `MultiStepLR`; with equal distances its `StepLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct StepDecay {
    /// The rate of the first step.
    pub initial: f64,
    /// What it is multiplied by at each boundary.
    pub factor: f64,
    /// After how many steps it changes, in any order.
    pub boundaries: Vec<u64>,
}

impl Schedule for StepDecay {
    fn rate(&self, steps: u64) -> f64 {
        let passed = self.boundaries.iter().filter(|&&boundary| boundary <= steps).count();
        self.initial * self.factor.powi(i32::try_from(passed).unwrap_or(i32::MAX))
    }
}

/// From one rate to another along a power; a power of 1 is a line.
///
/// ```text
/// rate(t) = (initial - last) · (1 - min(t / span, 1))^power + last
/// ```
///
/// Keras' `PolynomialDecay`, PyTorch's `PolynomialLR` (where `last` is 0).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialDecay {
    /// The rate of the first step.
    pub initial: f64,
    /// The rate from the end of the span on.
    pub last: f64,
    /// How many steps it takes.
    pub span: u64,
    /// The power.
    pub power: f64,
}

impl Schedule for PolynomialDecay {
    fn rate(&self, steps: u64) -> f64 {
        (self.initial - self.last) * (1.0 - part(steps, self.span)).powf(self.power) + self.last
    }
}
