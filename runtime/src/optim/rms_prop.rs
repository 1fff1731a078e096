//! RMSprop.

use super::pass::{Slots, decayed, flush, optimizer, pass};
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
/// The defaults are those of Keras: a learning rate of 0.001, rho 0.9, epsilon 1e-7 inside of the root, no momentum, not
/// centered. PyTorch's are 0.01, 0.99 (`alpha`), and 1e-8 added outside of the root
/// ([`epsilon_inside(false)`](Self::epsilon_inside)); it also multiplies by the learning rate after `v`, which is the same as
/// long as the learning rate stays.
#[derive(Clone, Debug)]
pub struct RmsProp {
    learning_rate: f64,
    rho: f64,
    epsilon: f64,
    epsilon_inside: bool,
    momentum: f64,
    centered: bool,
    weight_decay: f64,
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
        let slots = Slots::Empty;
        let (momentum, centered, weight_decay) = (0.0, false, 0.0);
        Self { learning_rate, rho: 0.9, epsilon: 1e-7, epsilon_inside: true, momentum, centered, weight_decay, slots }
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

    /// Whether the running variance divides, and not the running mean of the square.
    #[must_use]
    pub fn centered(mut self, centered: bool) -> Self {
        self.centered = centered;
        self
    }

    /// An L2 term: `weight_decay · parameter` is added to the gradient, as of `loss + weight_decay / 2 · Σ parameter²`. 0 by default;
    /// PyTorch's `weight_decay` is the same, Keras' `weight_decay` is decoupled.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// The mean square; the velocity; the mean.
    fn used(&self) -> usize {
        if self.centered { 3 } else { 1 + usize::from(self.momentum != 0.0) }
    }

    fn forget(&mut self) {}

    fn apply<S: Float>(&mut self, slots: &mut [Buffer<S>; 3], parameters: &mut [S], gradient: &[S]) {
        let [square, velocity, mean] = slots;
        let numbers = Numbers {
            rate: S::from_f64(self.learning_rate),
            rho: S::from_f64(self.rho),
            rest: S::from_f64(1.0 - self.rho),
            inside: S::from_f64(if self.epsilon_inside { self.epsilon } else { 0.0 }),
            outside: S::from_f64(if self.epsilon_inside { 0.0 } else { self.epsilon }),
            momentum: S::from_f64(self.momentum),
            decay: S::from_f64(self.weight_decay),
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
    rate: S,
    rho: S,
    rest: S,
    inside: S,
    outside: S,
    momentum: S,
    decay: S,
}

/// The new running mean of the square.
#[inline(always)]
fn mean_square<S: Float>(numbers: Numbers<S>, square: S, slope: S) -> S {
    flush(numbers.rho * square + numbers.rest * slope * slope)
}

#[inline(always)]
fn step<S: Float>(numbers: Numbers<S>, variance: S, slope: S) -> S {
    numbers.rate * slope / ((variance + numbers.inside).sqrt() + numbers.outside)
}

pass! {
    fn plain<S>(numbers: Numbers<S>, square: &mut [S], parameters: &mut [S], gradient: &[S]) {
        for ((parameter, square), &slope) in parameters.iter_mut().zip(square).zip(gradient) {
            let slope = decayed(numbers.decay, *parameter, slope);
            *square = mean_square(numbers, *square, slope);
            *parameter -= step(numbers, *square, slope);
        }
    }
}

pass! {
    fn with_momentum<S>(
        numbers: Numbers<S>, square: &mut [S], velocity: &mut [S], parameters: &mut [S], gradient: &[S],
    ) {
        for (((parameter, square), velocity), &slope) in parameters.iter_mut().zip(square).zip(velocity).zip(gradient) {
            let slope = decayed(numbers.decay, *parameter, slope);
            *square = mean_square(numbers, *square, slope);
            *velocity = flush(numbers.momentum * *velocity + step(numbers, *square, slope));
            *parameter -= *velocity;
        }
    }
}

pass! {
    fn centered<S>(
        numbers: Numbers<S>, square: &mut [S], mean: &mut [S], velocity: &mut [S], parameters: &mut [S], gradient: &[S],
    ) {
        let slots = square.iter_mut().zip(mean).zip(velocity);
        for ((parameter, ((square, mean), velocity)), &slope) in parameters.iter_mut().zip(slots).zip(gradient) {
            let slope = decayed(numbers.decay, *parameter, slope);
            *square = mean_square(numbers, *square, slope);
            *mean = flush(numbers.rho * *mean + numbers.rest * slope);
            // Rounding may put the square of the mean above the mean of the squares.
            let variance = *square - *mean * *mean;
            let variance = if variance < S::ZERO { S::ZERO } else { variance };
            *velocity = flush(numbers.momentum * *velocity + step(numbers, variance, slope));
            *parameter -= *velocity;
        }
    }
}
