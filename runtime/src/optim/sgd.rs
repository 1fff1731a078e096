//! Stochastic gradient descent.

use super::pass::{Slots, decayed, flush, optimizer, pass};
use crate::Float;
use crate::kernels::Buffer;

/// Stochastic gradient descent, with momentum if wanted.
///
/// ```text
/// v ← momentum · v - learning_rate · gradient
/// parameter ← parameter + v                                                 (plain)
/// parameter ← parameter + momentum · v - learning_rate · gradient           (Nesterov: NAG)
/// ```
///
/// B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Y. Nesterov, "A method of solving a
/// convex programming problem with convergence rate O(1/k²)" (1983), in the form of Sutskever et al., "On the importance of
/// initialization and momentum in deep learning" (2013). This is Keras' form, where the velocity includes the learning rate. PyTorch's
/// ([`rate_in_velocity(false)`](Self::rate_in_velocity)) is `v ← momentum · v + gradient`, `parameter ← parameter - learning_rate · v`, which is the
/// same as long as the learning rate stays.
///
/// Defaults: a learning rate of 0.01, no momentum (as in Keras).
///
/// ```
/// use chainrule::prelude::*;
///
/// let optimizer = Sgd::new(0.1).momentum(0.9).nesterov(true);
/// assert_eq!(optimizer.learning_rate(), 0.1);
/// ```
#[derive(Clone, Debug)]
pub struct Sgd {
    learning_rate: f64,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    rate_in_velocity: bool,
    slots: Slots<1>,
}

impl Default for Sgd {
    fn default() -> Self {
        Self::new(0.01)
    }
}

impl Sgd {
    /// With that learning rate and no momentum.
    pub fn new(learning_rate: f64) -> Self {
        let (momentum, nesterov, weight_decay, rate_in_velocity) = (0.0, false, 0.0, true);
        Self { learning_rate, momentum, nesterov, weight_decay, rate_in_velocity, slots: Slots::Empty }
    }

    /// How much of the last step goes into the next one: 0.9 is usual, 0 is none.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Whether the momentum is that of Nesterov.
    #[must_use]
    pub fn nesterov(mut self, nesterov: bool) -> Self {
        self.nesterov = nesterov;
        self
    }

    /// Whether the velocity includes the learning rate (Keras), or is multiplied by that of each step (PyTorch): a difference
    /// when the learning rate changes.
    #[must_use]
    pub fn rate_in_velocity(mut self, inside: bool) -> Self {
        self.rate_in_velocity = inside;
        self
    }

    /// An L2 term: `weight_decay · parameter` is added to the gradient, as of `loss + weight_decay / 2 · Σ parameter²`. 0 by default;
    /// PyTorch's `weight_decay` is the same, Keras' `weight_decay` is decoupled.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    fn used(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    fn forget(&mut self) {}

    fn apply<S: Float>(&mut self, [velocity]: &mut [Buffer<S>; 1], parameters: &mut [S], gradient: &[S]) {
        let (rate, momentum) = (S::from_f64(self.learning_rate), S::from_f64(self.momentum));
        let decay = S::from_f64(self.weight_decay);
        // The velocity is in units of the parameter, or in those of the gradient.
        let (inner, outer) = if self.rate_in_velocity { (rate, S::ONE) } else { (S::ONE, rate) };
        if self.momentum == 0.0 {
            plain(rate, decay, parameters, gradient);
        } else if self.nesterov {
            nesterov(inner, outer, decay, momentum, velocity, parameters, gradient);
        } else {
            heavy_ball(inner, outer, decay, momentum, velocity, parameters, gradient);
        }
    }
}

optimizer!(Sgd);

pass! {
    fn plain<S>(rate: S, decay: S, parameters: &mut [S], gradient: &[S]) {
        for (parameter, &slope) in parameters.iter_mut().zip(gradient) {
            *parameter -= rate * decayed(decay, *parameter, slope);
        }
    }
}

pass! {
    fn heavy_ball<S>(
        inner: S, outer: S, decay: S, momentum: S, velocity: &mut [S], parameters: &mut [S], gradient: &[S],
    ) {
        for ((parameter, velocity), &slope) in parameters.iter_mut().zip(velocity).zip(gradient) {
            let slope = decayed(decay, *parameter, slope);
            *velocity = flush(momentum * *velocity - inner * slope);
            *parameter += outer * *velocity;
        }
    }
}

pass! {
    fn nesterov<S>(
        inner: S, outer: S, decay: S, momentum: S, velocity: &mut [S], parameters: &mut [S], gradient: &[S],
    ) {
        for ((parameter, velocity), &slope) in parameters.iter_mut().zip(velocity).zip(gradient) {
            let slope = decayed(decay, *parameter, slope);
            *velocity = flush(momentum * *velocity - inner * slope);
            *parameter += outer * (momentum * *velocity - inner * slope);
        }
    }
}
