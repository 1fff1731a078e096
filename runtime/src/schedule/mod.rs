//! Learning rates that change from step to step. Must not know what is trained, or by which optimizer.
//!
//! A schedule is a function of the number of steps that were made, from 0 on: a step is one batch, so `epochs · steps per epoch` steps make a
//! training. [`Trainer::schedule`](crate::train::Trainer::schedule) sets the learning rate of its optimizer before each step; in a loop of one's
//! own that is `optimizer.set_learning_rate(schedule.rate(step))`.

mod decay;
mod plateau;
#[cfg(test)]
mod tests;
mod wave;

pub use decay::{Constant, ExponentialDecay, PolynomialDecay, StepDecay};
pub use plateau::Plateau;
pub use wave::{Cosine, OneCycle, WarmRestarts, Warmup};

use std::fmt::Debug;

/// A learning rate for each step.
pub trait Schedule: Debug + Send + Sync {
    /// The learning rate of the step before which `steps` were made: finite and not negative, or the trainer stops.
    fn rate(&self, steps: u64) -> f64;
}

impl Schedule for Box<dyn Schedule + '_> {
    fn rate(&self, steps: u64) -> f64 {
        (**self).rate(steps)
    }
}

/// How much of a span of steps is over, from 0 to 1.
fn part(steps: u64, span: u64) -> f64 {
    if span == 0 { 1.0 } else { (steps as f64 / span as f64).min(1.0) }
}
