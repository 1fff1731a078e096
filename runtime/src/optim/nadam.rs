//! Nadam.

use super::decay::{Pull, WeightDecay, weight_decay};
use super::pass::{Slots, flush, optimizer, pass};
use crate::Float;
use crate::kernels::Buffer;

/// Nadam: Adam with the momentum of Nesterov.
///
/// ```text
/// mu_t = beta1 · (1 - 0.5 · 0.96^(t · momentum_decay))                                    at step t = 1, 2, ...
/// m ← beta1 · m + (1 - beta1) · gradient
/// v ← beta2 · v + (1 - beta2) · gradient²
/// parameter ← parameter - learning_rate · (mu_{t+1} · m / (1 - Π_{i ≤ t+1} mu_i) + (1 - mu_t) · gradient / (1 - Π_{i ≤ t} mu_i))
///                         / (√(v / (1 - beta2ᵗ)) + epsilon)
/// ```
///
/// T. Dozat, "Incorporating Nesterov Momentum into Adam" (2016).
///
/// Defaults: a learning rate of 0.002, beta1 0.9, beta2 0.999, epsilon 1e-8 and a momentum decay of 0.004, as in PyTorch. Keras has a learning
/// rate of 0.001, an epsilon of 1e-7 and a momentum decay of 1. (optax' `nadam` keeps mu at beta1, with corrections of its own; that is not
/// this.)
#[derive(Clone, Debug)]
pub struct Nadam {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    momentum_decay: f64,
    decay: WeightDecay,
    /// How many steps were made.
    steps: u64,
    /// The product of all mu, and beta2ᵗ.
    products: [f64; 2],
    slots: Slots<2>,
}

impl Default for Nadam {
    fn default() -> Self {
        Self::new(2e-3)
    }
}

impl Nadam {
    /// With that learning rate; everything else as by default.
    pub fn new(learning_rate: f64) -> Self {
        let (momentum_decay, decay) = (4e-3, WeightDecay::default());
        let (steps, products, slots) = (0, [1.0; 2], Slots::Empty);
        Self { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentum_decay, decay, steps, products, slots }
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

    /// How fast the momentum grows from half of beta1 to beta1.
    #[must_use]
    pub fn momentum_decay(mut self, momentum_decay: f64) -> Self {
        self.momentum_decay = momentum_decay;
        self
    }

    weight_decay!();

    fn used(&self) -> usize {
        2
    }

    fn forget(&mut self) {
        (self.steps, self.products) = (0, [1.0; 2]);
    }

    /// mu at a step.
    fn momentum(&self, step: u64) -> f64 {
        self.beta1 * (1.0 - 0.5 * 0.96_f64.powf(step as f64 * self.momentum_decay))
    }

    fn apply<S: Float>(&mut self, slots: &mut [Buffer<S>; 2], parameters: &mut [S], gradient: &[S]) {
        let [first, second] = slots;
        self.steps += 1;
        let (now, next) = (self.momentum(self.steps), self.momentum(self.steps + 1));
        self.products = [self.products[0] * now, self.products[1] * self.beta2];
        let numbers = Numbers {
            of_mean: S::from_f64(self.learning_rate * next / (1.0 - self.products[0] * next)),
            of_slope: S::from_f64(self.learning_rate * (1.0 - now) / (1.0 - self.products[0])),
            correction: S::from_f64(1.0 / (1.0 - self.products[1]).sqrt()),
            epsilon: S::from_f64(self.epsilon),
            beta1: S::from_f64(self.beta1),
            rest1: S::from_f64(1.0 - self.beta1),
            beta2: S::from_f64(self.beta2),
            rest2: S::from_f64(1.0 - self.beta2),
            pull: self.decay.at(self.learning_rate),
        };
        nadam(numbers, first, second, parameters, gradient);
    }
}

optimizer!(Nadam);

/// The settings as floats of the network, with the corrections of this step.
#[derive(Clone, Copy)]
struct Numbers<S> {
    of_mean: S,
    of_slope: S,
    correction: S,
    epsilon: S,
    beta1: S,
    rest1: S,
    beta2: S,
    rest2: S,
    pull: Pull<S>,
}

pass! {
    fn nadam<S>(numbers: Numbers<S>; first, second, parameters; gradient) {
        for (((parameter, first), second), &slope) in parameters.iter_mut().zip(first).zip(second).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *first = flush(numbers.beta1 * *first + numbers.rest1 * slope);
            *second = flush(numbers.beta2 * *second + numbers.rest2 * slope * slope);
            let step = numbers.of_mean * *first + numbers.of_slope * slope;
            let step = step / (second.sqrt() * numbers.correction + numbers.epsilon);
            *parameter -= numbers.pull.step(*parameter, step);
        }
    }
}
