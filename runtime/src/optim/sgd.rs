//! Stochastic gradient descent.

use super::decay::{Pull, WeightDecay, weight_decay};
use super::pass::{Slots, flush, optimizer, pass};
use crate::Float;
use crate::kernels::Buffer;

/// Stochastic gradient descent, with momentum if wanted.
///
/// ```text
/// parameter ← parameter - learning_rate · gradient                           (without momentum)
///
/// v ← momentum · v + learning_rate · gradient
/// parameter ← parameter - v                                                  (heavy ball)
/// parameter ← parameter - (momentum · v + learning_rate · gradient)          (Nesterov: NAG)
/// ```
///
/// B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Y. Nesterov, "A method of solving a
/// convex programming problem with convergence rate O(1/k²)" (1983), in the form of Sutskever et al., "On the importance of
/// initialization and momentum in deep learning" (2013). This is Keras' form, where the velocity includes the learning
/// rate. That of PyTorch and optax ([`rate_in_velocity(false)`](Self::rate_in_velocity)) is `v ← momentum · v + gradient`,
/// `parameter ← parameter - learning_rate · v`, which is the same as long as the learning rate stays.
///
/// Defaults: a learning rate of 0.01, no momentum (as in Keras; PyTorch has 0.001, and optax no default).
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
    decay: WeightDecay,
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
        let (momentum, nesterov, rate_in_velocity, decay) = (0.0, false, true, WeightDecay::default());
        Self { learning_rate, momentum, nesterov, decay, rate_in_velocity, slots: Slots::Empty }
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

    /// Whether the velocity includes the learning rate (Keras; the default), or is multiplied by that of each step (PyTorch, optax): a
    /// difference when the learning rate changes.
    #[must_use]
    pub fn rate_in_velocity(mut self, inside: bool) -> Self {
        self.rate_in_velocity = inside;
        self
    }

    weight_decay!();

    fn used(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    fn forget(&mut self) {}

    fn apply<S: Float>(&mut self, [velocity]: &mut [Buffer<S>; 1], parameters: &mut [S], gradient: &[S]) {
        let (rate, momentum, pull) =
            (S::from_f64(self.learning_rate), S::from_f64(self.momentum), self.decay.at(self.learning_rate));
        // The velocity is in units of the parameter, or in those of the gradient.
        let (inner, outer) = if self.rate_in_velocity { (rate, S::ONE) } else { (S::ONE, rate) };
        let numbers = Numbers { inner, outer, momentum, pull };
        if self.momentum == 0.0 {
            plain(rate, pull, parameters, gradient);
        } else if self.nesterov {
            nesterov(numbers, velocity, parameters, gradient);
        } else {
            heavy_ball(numbers, velocity, parameters, gradient);
        }
    }
}

optimizer!(Sgd);

/// The settings as floats of the network.
#[derive(Clone, Copy)]
struct Numbers<S> {
    /// What multiplies the slope on its way into the velocity.
    inner: S,
    /// What multiplies the velocity on its way to the parameter.
    outer: S,
    momentum: S,
    pull: Pull<S>,
}

pass! {
    fn plain<S>(rate: S, pull: Pull<S>; parameters; gradient) {
        for (parameter, &slope) in parameters.iter_mut().zip(gradient) {
            *parameter -= pull.step(*parameter, rate * pull.slope(*parameter, slope));
        }
    }
}

pass! {
    fn heavy_ball<S>(numbers: Numbers<S>; velocity, parameters; gradient) {
        for ((parameter, velocity), &slope) in parameters.iter_mut().zip(velocity).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *velocity = flush(numbers.momentum * *velocity + numbers.inner * slope);
            *parameter -= numbers.pull.step(*parameter, numbers.outer * *velocity);
        }
    }
}

pass! {
    fn nesterov<S>(numbers: Numbers<S>; velocity, parameters; gradient) {
        for ((parameter, velocity), &slope) in parameters.iter_mut().zip(velocity).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *velocity = flush(numbers.momentum * *velocity + numbers.inner * slope);
            let step = numbers.outer * (numbers.momentum * *velocity + numbers.inner * slope);
            *parameter -= numbers.pull.step(*parameter, step);
        }
    }
}
