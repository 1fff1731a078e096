//! Weight decay, which every optimizer has in two forms. Must not know how an optimizer uses its slopes.

use crate::Float;

/// Both forms of weight decay; 0 is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WeightDecay {
    /// The factor of the parameter that is added to the gradient.
    pub l2: f64,
    /// The factor of the parameter that is taken from it, times the learning rate.
    pub decoupled: f64,
}

impl WeightDecay {
    /// Both as floats of the network, for a step with this learning rate.
    pub(super) fn at<S: Float>(self, learning_rate: f64) -> Pull<S> {
        Pull { l2: S::from_f64(self.l2), shrink: S::from_f64(learning_rate * self.decoupled) }
    }
}

/// How a step pulls parameters towards 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pull<S> {
    l2: S,
    shrink: S,
}

impl<S: Float> Pull<S> {
    /// The slope with the L2 term.
    #[inline(always)]
    pub(super) fn slope(self, parameter: S, slope: S) -> S {
        slope + self.l2 * parameter
    }

    /// What is subtracted from the parameter, with the decoupled decay: one sum, so that a decay smaller than the parameter's
    /// last place is not lost.
    #[inline(always)]
    pub(super) fn step(self, parameter: S, step: S) -> S {
        step + self.shrink * parameter
    }
}

/// Defines the two settings of an optimizer with a field `decay`.
macro_rules! weight_decay {
    () => {
        /// An L2 term: `weight_decay · parameter` is added to the gradient, as of `loss + weight_decay / 2 · Σ parameter²`. 0 by
        /// default; PyTorch's `weight_decay` is the same (but that of AdamW).
        #[must_use]
        pub fn weight_decay(mut self, weight_decay: f64) -> Self {
            self.decay.l2 = weight_decay;
            self
        }

        /// Decoupled decay: `learning_rate · weight_decay · parameter` is subtracted from the parameter beside the step, and neither
        /// means nor velocities see it. 0 by default; Keras' `weight_decay` is the same. Loshchilov, Hutter, "Decoupled weight decay
        /// regularization" (2019).
        #[must_use]
        pub fn decoupled_weight_decay(mut self, weight_decay: f64) -> Self {
            self.decay.decoupled = weight_decay;
            self
        }
    };
}

pub(super) use weight_decay;
