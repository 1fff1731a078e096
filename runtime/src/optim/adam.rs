//! Adam.

use super::pass::{Slots, flush, optimizer, pass};
use crate::Float;
use crate::kernels::Buffer;

/// Adam: running means of the gradient and of its square, both corrected for their start at 0.
///
/// ```text
/// m ← beta1 · m + (1 - beta1) · gradient
/// v ← beta2 · v + (1 - beta2) · gradient²
/// parameter ← parameter - learning_rate · m / (1 - beta1ᵗ) / (√(v / (1 - beta2ᵗ)) + epsilon)          at step t = 1, 2, ...
/// ```
///
/// D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.
///
/// Defaults: a learning rate of 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8, as in the paper and in PyTorch. Keras adds its
/// epsilon (1e-7) to the uncorrected root √v instead.
#[derive(Clone, Debug)]
pub struct Adam {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    /// beta1ᵗ and beta2ᵗ of the steps that were made.
    powers: [f64; 2],
    slots: Slots<2>,
}

impl Default for Adam {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Adam {
    /// With that learning rate; everything else as by default.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, powers: [1.0; 2], slots: Slots::Empty }
    }

    /// How much of the running mean of the gradient stays at each step.
    #[must_use]
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.beta1 = beta1;
        self
    }

    /// How much of the running mean of the squared gradient stays at each step.
    #[must_use]
    pub fn beta2(mut self, beta2: f64) -> Self {
        self.beta2 = beta2;
        self
    }

    /// What keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    fn used(&self) -> usize {
        2
    }

    fn forget(&mut self) {
        self.powers = [1.0; 2];
    }

    fn apply<S: Float>(&mut self, slots: &mut [Buffer<S>; 2], parameters: &mut [S], gradient: &[S]) {
        let [first, second] = slots;
        self.powers = [self.powers[0] * self.beta1, self.powers[1] * self.beta2];
        let numbers = Numbers {
            rate: S::from_f64(self.learning_rate / (1.0 - self.powers[0])),
            correction: S::from_f64(1.0 / (1.0 - self.powers[1]).sqrt()),
            epsilon: S::from_f64(self.epsilon),
            beta1: S::from_f64(self.beta1),
            rest1: S::from_f64(1.0 - self.beta1),
            beta2: S::from_f64(self.beta2),
            rest2: S::from_f64(1.0 - self.beta2),
        };
        adam(numbers, first, second, parameters, gradient);
    }
}

optimizer!(Adam);

/// The settings as floats of the network, with the corrections of this step.
#[derive(Clone, Copy)]
struct Numbers<S> {
    rate: S,
    correction: S,
    epsilon: S,
    beta1: S,
    rest1: S,
    beta2: S,
    rest2: S,
}

pass! {
    fn adam<S>(numbers: Numbers<S>, first: &mut [S], second: &mut [S], parameters: &mut [S], gradient: &[S]) {
        for (((parameter, first), second), &slope) in parameters.iter_mut().zip(first).zip(second).zip(gradient) {
            *first = flush(numbers.beta1 * *first + numbers.rest1 * slope);
            *second = flush(numbers.beta2 * *second + numbers.rest2 * slope * slope);
            *parameter -= numbers.rate * *first / (second.sqrt() * numbers.correction + numbers.epsilon);
        }
    }
}
