//! RMSprop.

use super::decay::{Pull, WeightDecay, weight_decay};
use super::pass::{Slots, flush, optimizer, pass};
use crate::Float;
use crate::kernels::Buffer;

/// RMSprop: the gradient divided by the root of a running mean of its square.
///
/// ```text
/// mean_square ← rho · mean_square + (1 - rho) · gradient²
/// mean        ← rho · mean + (1 - rho) · gradient                           (centered; else 0)
/// step        = learning_rate · gradient / √(mean_square - mean² + epsilon)
/// v           ← momentum · v + step
/// parameter   ← parameter - v
/// ```
///
/// T. Tieleman and G. Hinton, "Lecture 6.5: rmsprop" (2012); centered as in A. Graves, "Generating Sequences With Recurrent Neural
/// Networks" (2013).
///
/// The defaults are those of Keras: a learning rate of 0.001, rho 0.9, epsilon 1e-7 inside of the root
/// ([`epsilon_inside(true)`](Self::epsilon_inside)), no momentum, not centered. optax has the same rho and the same form, with an epsilon of 1e-8.
/// PyTorch's are 0.01, 0.99 (`alpha`), and 1e-8 added outside of the root (`epsilon_inside(false)`); it also multiplies by the learning rate
/// after `v` ([`rate_in_velocity(false)`](Self::rate_in_velocity)).
#[derive(Clone, Debug)]
pub struct RmsProp {
    learning_rate: f64,
    rho: f64,
    epsilon: f64,
    epsilon_inside: bool,
    momentum: f64,
    rate_in_velocity: bool,
    centered: bool,
    decay: WeightDecay,
    slots: Slots<3>,
}

impl Default for RmsProp {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl RmsProp {
    /// With that learning rate; everything else as by default.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            rho: 0.9,
            epsilon: 1e-7,
            epsilon_inside: true,
            momentum: 0.0,
            rate_in_velocity: true,
            centered: false,
            decay: WeightDecay::default(),
            slots: Slots::Empty,
        }
    }

    /// How much of the running means stays at each step.
    #[must_use]
    pub fn rho(mut self, rho: f64) -> Self {
        self.rho = rho;
        self
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

    /// How much of the last step goes into the next one.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Whether the velocity includes the learning rate (Keras, optax; the default), or is multiplied by that of each step (PyTorch): a
    /// difference when there is momentum and the learning rate changes.
    #[must_use]
    pub fn rate_in_velocity(mut self, inside: bool) -> Self {
        self.rate_in_velocity = inside;
        self
    }

    /// Whether the running variance divides, and not the running mean of the square.
    #[must_use]
    pub fn centered(mut self, centered: bool) -> Self {
        self.centered = centered;
        self
    }

    weight_decay!();

    /// The mean square; the velocity; the mean.
    fn used(&self) -> usize {
        if self.centered { 3 } else { 1 + usize::from(self.momentum != 0.0) }
    }

    fn forget(&mut self) {}

    fn apply<S: Float>(&mut self, slots: &mut [Buffer<S>; 3], parameters: &mut [S], gradient: &[S]) {
        let [square, velocity, mean] = slots;
        let rate = S::from_f64(self.learning_rate);
        let (inner, outer) = if self.rate_in_velocity { (rate, S::ONE) } else { (S::ONE, rate) };
        let numbers = Numbers {
            inner,
            outer,
            rho: S::from_f64(self.rho),
            rest: S::from_f64(1.0 - self.rho),
            inside: S::from_f64(if self.epsilon_inside { self.epsilon } else { 0.0 }),
            outside: S::from_f64(if self.epsilon_inside { 0.0 } else { self.epsilon }),
            momentum: S::from_f64(self.momentum),
            pull: self.decay.at(self.learning_rate),
        };
        if self.centered {
            centered(numbers, square, mean, velocity, parameters, gradient);
        } else if self.momentum != 0.0 {
            with_momentum(numbers, square, velocity, parameters, gradient);
        } else {
            plain(numbers, square, parameters, gradient);
        }
    }
}

optimizer!(RmsProp);

/// The settings as floats of the network.
#[derive(Clone, Copy)]
struct Numbers<S> {
    /// What multiplies the slope on its way into the velocity.
    inner: S,
    /// What multiplies the velocity on its way to the parameter.
    outer: S,
    rho: S,
    rest: S,
    inside: S,
    outside: S,
    momentum: S,
    pull: Pull<S>,
}

/// The new running mean of the square.
#[inline(always)]
fn mean_square<S: Float>(numbers: Numbers<S>, square: S, slope: S) -> S {
    flush(numbers.rho * square + numbers.rest * slope * slope)
}

/// What goes into the velocity.
#[inline(always)]
fn step<S: Float>(numbers: Numbers<S>, variance: S, slope: S) -> S {
    numbers.inner * slope / ((variance + numbers.inside).sqrt() + numbers.outside)
}

pass! {
    fn plain<S>(numbers: Numbers<S>; square, parameters; gradient) {
        for ((parameter, square), &slope) in parameters.iter_mut().zip(square).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *square = mean_square(numbers, *square, slope);
            *parameter -= numbers.pull.step(*parameter, numbers.outer * step(numbers, *square, slope));
        }
    }
}

pass! {
    fn with_momentum<S>(numbers: Numbers<S>; square, velocity, parameters; gradient) {
        for (((parameter, square), velocity), &slope) in parameters.iter_mut().zip(square).zip(velocity).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *square = mean_square(numbers, *square, slope);
            *velocity = flush(numbers.momentum * *velocity + step(numbers, *square, slope));
            *parameter -= numbers.pull.step(*parameter, numbers.outer * *velocity);
        }
    }
}

pass! {
    fn centered<S>(numbers: Numbers<S>; square, mean, velocity, parameters; gradient) {
        let slots = square.iter_mut().zip(mean).zip(velocity);
        for ((parameter, ((square, mean), velocity)), &slope) in parameters.iter_mut().zip(slots).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *square = mean_square(numbers, *square, slope);
            *mean = flush(numbers.rho * *mean + numbers.rest * slope);
            // Rounding may put the square of the mean above the mean of the squares.
            let variance = *square - *mean * *mean;
            let variance = if variance < S::ZERO { S::ZERO } else { variance };
            *velocity = flush(numbers.momentum * *velocity + step(numbers, variance, slope));
            *parameter -= numbers.pull.step(*parameter, numbers.outer * *velocity);
        }
    }
}
