//! Rates that rise and fall.

use super::{Schedule, part};
use std::f64::consts::PI;

/// From one number to another along half a wave of the cosine.
fn half_wave(from: f64, to: f64, part: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * part).cos()) / 2.0
}

/// Half a wave of the cosine, from one rate down to another.
///
/// ```text
/// rate(t) = last + (initial - last) · (1 + cos(π · min(t / span, 1))) / 2
/// ```
///
/// I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), without restarts; PyTorch's `CosineAnnealingLR`, Keras'
/// `CosineDecay`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// The rate of the first step.
    pub initial: f64,
    /// The rate from the end of the span on.
    pub last: f64,
    /// How many steps it takes.
    pub span: u64,
}

impl Schedule for Cosine {
    fn rate(&self, steps: u64) -> f64 {
        half_wave(self.initial, self.last, part(steps, self.span))
    }
}

/// Cosine waves that begin again and again, each longer than the one before.
///
/// ```text
/// rate(t) = last + (initial - last) · (1 + cos(π · s / span_k)) / 2,  s steps into the k-th wave, span_k = span · growth^k
/// ```
///
/// I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), equation 5; PyTorch's
/// `CosineAnnealingWarmRestarts`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmRestarts {
    /// The rate of the first step of each wave.
    pub initial: f64,
    /// The rate that each wave goes down to.
    pub last: f64,
    /// How many steps the first wave has; 0 counts as 1.
    pub span: u64,
    /// How many times longer each wave is; 0 counts as 1.
    pub growth: u64,
}

impl Schedule for WarmRestarts {
    fn rate(&self, steps: u64) -> f64 {
        let (mut span, growth) = (self.span.max(1), self.growth.max(1));
        let mut inside = steps;
        if growth == 1 {
            inside %= span;
        }
        while inside >= span {
            inside -= span;
            span = span.saturating_mul(growth);
        }
        half_wave(self.initial, self.last, part(inside, span))
    }
}

/// Up to the largest rate, then far down: one cycle for the whole training, both along half a wave of the cosine.
///
/// ```text
/// first = largest / first_divisor,  last = first / last_divisor,  top = max(rising · span - 1, 0),  end = span - 1
/// rate(t) = largest + (first - largest) · (1 + cos(π · t / top)) / 2                              for t ≤ top
/// rate(t) = last + (largest - last) · (1 + cos(π · (t - top) / (end - top))) / 2                  for top < t ≤ end,  last afterwards
/// ```
///
/// A top at 0 is the first step's rate; the top may lie between two steps.
///
/// L. Smith and N. Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates" (2018). The formula and the defaults
/// are those of PyTorch's `OneCycleLR`: up from largest / 25 in the first 30 % of the steps, then down to largest / 250,000. (The
/// momentum stays as it is. Where rising · span < 1, PyTorch begins a little after the top.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// The rate at the top.
    pub largest: f64,
    /// How many steps it takes.
    pub span: u64,
    /// How much of the span goes up, from 0 to 1; what lies outside counts as the nearer of both.
    pub rising: f64,
    /// How many times smaller than the top the first rate is.
    pub first_divisor: f64,
    /// How many times smaller than the first the last rate is.
    pub last_divisor: f64,
}

impl OneCycle {
    /// With that top and as many steps, everything else as in PyTorch.
    pub fn new(largest: f64, span: u64) -> Self {
        Self { largest, span, rising: 0.3, first_divisor: 25.0, last_divisor: 1e4 }
    }
}

impl Schedule for OneCycle {
    fn rate(&self, steps: u64) -> f64 {
        let end = self.span.saturating_sub(1) as f64;
        let top = (self.rising.clamp(0.0, 1.0) * self.span as f64 - 1.0).max(0.0);
        let first = self.largest / self.first_divisor;
        let steps = steps as f64;
        // Neither way has a length that is 0 where it is divided by.
        if steps <= top {
            half_wave(first, self.largest, if top > 0.0 { steps / top } else { 1.0 })
        } else if steps < end {
            half_wave(self.largest, first / self.last_divisor, (steps - top) / (end - top))
        } else {
            first / self.last_divisor
        }
    }
}

/// A line from 0 up to another schedule, which begins when it gets there.
///
/// ```text
/// rate(t) = then(0) · (t + 1) / (span + 1)  for t < span,  then(t - span) afterwards
/// ```
///
/// P. Goyal et al., "Accurate, Large Minibatch SGD" (2017), section 2.2.
///
/// ```
/// use chainrule::schedule::{Cosine, Schedule, Warmup};
///
/// let schedule = Warmup { span: 9, then: Cosine { initial: 0.1, last: 0.0, span: 100 } };
/// assert!((schedule.rate(0) - 0.01).abs() < 1e-15 && schedule.rate(9) == 0.1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warmup<S> {
    /// How many steps it takes.
    pub span: u64,
    /// What comes then.
    pub then: S,
}

impl<S: Schedule> Schedule for Warmup<S> {
    fn rate(&self, steps: u64) -> f64 {
        match steps.checked_sub(self.span) {
            Some(after) => self.then.rate(after),
            None => self.then.rate(0) * (steps + 1) as f64 / (self.span + 1) as f64,
        }
    }
}
