//! Adadelta.

use super::decay::{Pull, WeightDecay, weight_decay};
use super::pass::{Slots, flush, optimizer, pass};
use crate::Float;
use crate::kernels::Buffer;

/// Adadelta: steps as long as those before, in units of the parameter.
///
/// ```text
/// mean_square ← rho · mean_square + (1 - rho) · gradient²
/// step        = √(mean_step + epsilon) / √(mean_square + epsilon) · gradient
/// mean_step   ← rho · mean_step + (1 - rho) · step²
/// parameter   ← parameter - learning_rate · step
/// ```
///
/// M. Zeiler, "ADADELTA: An Adaptive Learning Rate Method" (2012), algorithm 1, where the learning rate is 1.
///
/// Defaults: a learning rate of 1, rho 0.9 and epsilon 1e-6, as in PyTorch and optax (whose learning rate has no default). Keras has
/// 0.001, 0.95 and 1e-7.
#[derive(Clone, Debug)]
pub struct Adadelta {
    learning_rate: f64,
    rho: f64,
    epsilon: f64,
    decay: WeightDecay,
    slots: Slots<2>,
}

impl Default for Adadelta {
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Adadelta {
    /// With that learning rate; everything else as by default.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, rho: 0.9, epsilon: 1e-6, decay: WeightDecay::default(), slots: Slots::Empty }
    }

    /// How much of the running means stays at each step.
    #[must_use]
    pub fn rho(mut self, rho: f64) -> Self {
        self.rho = rho;
        self
    }

    /// What keeps the divisor from 0, and the first steps from it.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    weight_decay!();

    fn used(&self) -> usize {
        2
    }

    fn forget(&mut self) {}

    fn apply<S: Float>(&mut self, [square, steps]: &mut [Buffer<S>; 2], parameters: &mut [S], gradient: &[S]) {
        let numbers = Numbers {
            rate: S::from_f64(self.learning_rate),
            rho: S::from_f64(self.rho),
            rest: S::from_f64(1.0 - self.rho),
            epsilon: S::from_f64(self.epsilon),
            pull: self.decay.at(self.learning_rate),
        };
        adadelta(numbers, square, steps, parameters, gradient);
    }
}

optimizer!(Adadelta);

/// The settings as floats of the network.
#[derive(Clone, Copy)]
struct Numbers<S> {
    rate: S,
    rho: S,
    rest: S,
    epsilon: S,
    pull: Pull<S>,
}

pass! {
    fn adadelta<S>(numbers: Numbers<S>; square, steps, parameters; gradient) {
        for (((parameter, square), steps), &slope) in parameters.iter_mut().zip(square).zip(steps).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *square = flush(numbers.rho * *square + numbers.rest * slope * slope);
            let step = (*steps + numbers.epsilon).sqrt() / (*square + numbers.epsilon).sqrt() * slope;
            *steps = flush(numbers.rho * *steps + numbers.rest * step * step);
            *parameter -= numbers.pull.step(*parameter, numbers.rate * step);
        }
    }
}
