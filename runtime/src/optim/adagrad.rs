//! Adagrad.

use super::decay::{Pull, WeightDecay, weight_decay};
use super::pass::{Slots, flush, optimizer, pass};
use crate::Float;
use crate::kernels::Buffer;

/// Adagrad: the gradient divided by the root of the sum of all squares so far.
///
/// ```text
/// sum ← sum + gradient²
/// parameter ← parameter - learning_rate · gradient / (√(initial + sum) + epsilon)
/// ```
///
/// J. Duchi, E. Hazan and Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization" (2011).
///
/// Defaults: a learning rate of 0.01, an initial sum of 0 and an epsilon of 1e-10 outside of the root, as in PyTorch. Keras has a learning
/// rate of 0.001, an initial sum of 0.1 and an epsilon of 1e-7 inside of the root ([`epsilon_inside(true)`](Self::epsilon_inside)); optax
/// the same sum and epsilon.
#[derive(Clone, Debug)]
pub struct Adagrad {
    learning_rate: f64,
    epsilon: f64,
    epsilon_inside: bool,
    initial: f64,
    decay: WeightDecay,
    slots: Slots<1>,
}

impl Default for Adagrad {
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl Adagrad {
    /// With that learning rate; everything else as by default.
    pub fn new(learning_rate: f64) -> Self {
        let (decay, slots) = (WeightDecay::default(), Slots::Empty);
        Self { learning_rate, epsilon: 1e-10, epsilon_inside: false, initial: 0.0, decay, slots }
    }

    /// What keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Whether epsilon is added under the root (Keras) or to the root (PyTorch).
    #[must_use]
    pub fn epsilon_inside(mut self, inside: bool) -> Self {
        self.epsilon_inside = inside;
        self
    }

    /// What the sum of the squares begins with.
    #[must_use]
    pub fn initial(mut self, initial: f64) -> Self {
        self.initial = initial;
        self
    }

    weight_decay!();

    fn used(&self) -> usize {
        1
    }

    fn forget(&mut self) {}

    fn apply<S: Float>(&mut self, [sum]: &mut [Buffer<S>; 1], parameters: &mut [S], gradient: &[S]) {
        let (inside, outside) = if self.epsilon_inside { (self.epsilon, 0.0) } else { (0.0, self.epsilon) };
        let inside = S::from_f64(self.initial + inside);
        let (rate, pull) = (S::from_f64(self.learning_rate), self.decay.at(self.learning_rate));
        adagrad(rate, pull, inside, S::from_f64(outside), sum, parameters, gradient);
    }
}

optimizer!(Adagrad);

pass! {
    fn adagrad<S>(rate: S, pull: Pull<S>, inside: S, outside: S; sum, parameters; gradient) {
        for ((parameter, sum), &slope) in parameters.iter_mut().zip(sum).zip(gradient) {
            let slope = pull.slope(*parameter, slope);
            *sum = flush(*sum + slope * slope);
            *parameter -= pull.step(*parameter, rate * slope / ((*sum + inside).sqrt() + outside));
        }
    }
}
