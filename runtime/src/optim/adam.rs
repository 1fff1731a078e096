//! Adam, AMSGrad and AdamW.

use super::decay::{Pull, WeightDecay, weight_decay};
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
/// D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1. With [`amsgrad`](Self::amsgrad) the largest v so
/// far stands in the place of v (S. Reddi, S. Kale and S. Kumar, "On the Convergence of Adam and Beyond", 2018; with the correction of this step,
/// as in PyTorch and Keras; optax takes the largest of the corrected).
///
/// Defaults: a learning rate of 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8, as in the paper, PyTorch and optax. Keras adds its
/// epsilon (1e-7) to the uncorrected root √v instead ([`epsilon_hat(true)`](Self::epsilon_hat), the paper's section 2). Some lecture notes leave the
/// corrections out ([`bias_correction(false)`](Self::bias_correction)).
#[derive(Clone, Debug)]
pub struct Adam {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    epsilon_hat: bool,
    bias_correction: bool,
    amsgrad: bool,
    decay: WeightDecay,
    /// beta1ᵗ and beta2ᵗ of the steps that were made.
    powers: [f64; 2],
    slots: Slots<3>,
}

impl Default for Adam {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Adam {
    /// With that learning rate; everything else as by default.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            epsilon_hat: false,
            bias_correction: true,
            amsgrad: false,
            decay: WeightDecay::default(),
            powers: [1.0; 2],
            slots: Slots::Empty,
        }
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

    /// Whether epsilon is added to the uncorrected root √v (Keras), and not to the corrected one (PyTorch, optax; the default).
    #[must_use]
    pub fn epsilon_hat(mut self, uncorrected: bool) -> Self {
        self.epsilon_hat = uncorrected;
        self
    }

    /// Whether the running means are corrected for their start at 0.
    #[must_use]
    pub fn bias_correction(mut self, corrected: bool) -> Self {
        self.bias_correction = corrected;
        self
    }

    /// Whether the largest running mean of the squared gradient divides, and not the last.
    #[must_use]
    pub fn amsgrad(mut self, amsgrad: bool) -> Self {
        self.amsgrad = amsgrad;
        self
    }

    weight_decay!();

    /// The two running means; the largest of the second.
    fn used(&self) -> usize {
        2 + usize::from(self.amsgrad)
    }

    fn forget(&mut self) {
        self.powers = [1.0; 2];
    }

    fn apply<S: Float>(&mut self, slots: &mut [Buffer<S>; 3], parameters: &mut [S], gradient: &[S]) {
        let [first, second, largest] = slots;
        self.powers = [self.powers[0] * self.beta1, self.powers[1] * self.beta2];
        let corrections = if self.bias_correction { self.powers.map(|power| 1.0 - power) } else { [1.0; 2] };
        let root = corrections[1].sqrt();
        let numbers = Numbers {
            rate: S::from_f64(self.learning_rate / corrections[0]),
            correction: S::from_f64(1.0 / root),
            epsilon: S::from_f64(if self.epsilon_hat { self.epsilon / root } else { self.epsilon }),
            beta1: S::from_f64(self.beta1),
            rest1: S::from_f64(1.0 - self.beta1),
            beta2: S::from_f64(self.beta2),
            rest2: S::from_f64(1.0 - self.beta2),
            pull: self.decay.at(self.learning_rate),
        };
        if self.amsgrad {
            amsgrad(numbers, first, second, largest, parameters, gradient);
        } else {
            adam(numbers, first, second, parameters, gradient);
        }
    }
}

optimizer!(Adam);

/// Adam with decoupled weight decay: the decay does not go through the running means.
///
/// ```text
/// parameter ← parameter - learning_rate · weight_decay · parameter - the step of Adam
/// ```
///
/// I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization" (2019).
///
/// Defaults: those of [`Adam`], and a weight decay of 0.01, as in PyTorch; Keras' is 0.004, optax' 1e-4.
#[derive(Clone, Debug)]
pub struct AdamW(Adam);

impl Default for AdamW {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl AdamW {
    /// With that learning rate; everything else as by default.
    pub fn new(learning_rate: f64) -> Self {
        Self(Adam::new(learning_rate).decoupled_weight_decay(0.01))
    }

    /// How much of a parameter a step with a learning rate of 1 would take away.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Self(self.0.decoupled_weight_decay(weight_decay))
    }

    /// How much of the running mean of the gradient stays at each step.
    #[must_use]
    pub fn beta1(self, beta1: f64) -> Self {
        Self(self.0.beta1(beta1))
    }

    /// How much of the running mean of the squared gradient stays at each step.
    #[must_use]
    pub fn beta2(self, beta2: f64) -> Self {
        Self(self.0.beta2(beta2))
    }

    /// What keeps the divisor from 0.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        Self(self.0.epsilon(epsilon))
    }

    /// Whether epsilon is added to the uncorrected root √v (Keras), and not to the corrected one (PyTorch, optax).
    #[must_use]
    pub fn epsilon_hat(self, uncorrected: bool) -> Self {
        Self(self.0.epsilon_hat(uncorrected))
    }

    /// Whether the running means are corrected for their start at 0.
    #[must_use]
    pub fn bias_correction(self, corrected: bool) -> Self {
        Self(self.0.bias_correction(corrected))
    }

    /// Whether the largest running mean of the squared gradient divides, and not the last.
    #[must_use]
    pub fn amsgrad(self, amsgrad: bool) -> Self {
        Self(self.0.amsgrad(amsgrad))
    }
}

impl super::Optimizer for AdamW {
    fn update(&mut self, flat: super::Flat<'_>) {
        self.0.update(flat);
    }

    fn prepare_f32(&mut self, parameters: usize) {
        self.0.prepare_f32(parameters);
    }

    fn prepare_f64(&mut self, parameters: usize) {
        self.0.prepare_f64(parameters);
    }

    fn slots(&self) -> usize {
        self.0.slots()
    }

    fn learning_rate(&self) -> f64 {
        self.0.learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.0.set_learning_rate(learning_rate);
    }
}

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
    pull: Pull<S>,
}

pass! {
    fn adam<S>(numbers: Numbers<S>; first, second, parameters; gradient) {
        for (((parameter, first), second), &slope) in parameters.iter_mut().zip(first).zip(second).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *first = flush(numbers.beta1 * *first + numbers.rest1 * slope);
            *second = flush(numbers.beta2 * *second + numbers.rest2 * slope * slope);
            let step = numbers.rate * *first / (second.sqrt() * numbers.correction + numbers.epsilon);
            *parameter -= numbers.pull.step(*parameter, step);
        }
    }
}

pass! {
    fn amsgrad<S>(numbers: Numbers<S>; first, second, largest, parameters; gradient) {
        let slots = first.iter_mut().zip(second).zip(largest);
        for ((parameter, ((first, second), largest)), &slope) in parameters.iter_mut().zip(slots).zip(gradient) {
            let slope = numbers.pull.slope(*parameter, slope);
            *first = flush(numbers.beta1 * *first + numbers.rest1 * slope);
            *second = flush(numbers.beta2 * *second + numbers.rest2 * slope * slope);
            *largest = if *second > *largest { *second } else { *largest };
            let step = numbers.rate * *first / (largest.sqrt() * numbers.correction + numbers.epsilon);
            *parameter -= numbers.pull.step(*parameter, step);
        }
    }
}
