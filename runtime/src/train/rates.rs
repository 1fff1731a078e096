//! The learning rate of each step of a training. Must not know what an optimizer does with it.

use crate::schedule::{Plateau, Schedule};
use crate::{Error, Result};

/// A schedule, or one rate, and what a plateau makes of it.
pub(super) struct Rates<'a> {
    schedule: Option<&'a dyn Schedule>,
    plateau: Option<Plateau>,
    initial: f64,
    factor: f64,
    steps: u64,
}

impl<'a> Rates<'a> {
    pub(super) fn new(schedule: Option<&'a (dyn Schedule + 'a)>, plateau: Option<Plateau>, initial: f64) -> Self {
        Self { schedule, plateau, initial, factor: 1.0, steps: 0 }
    }

    /// The rate of the next step. A schedule may not give one that is negative or no finite number.
    pub(super) fn next(&mut self) -> Result<f64> {
        let rate = self.schedule.map_or(self.initial, |schedule| schedule.rate(self.steps)) * self.factor;
        if self.schedule.is_some() && !(rate.is_finite() && rate >= 0.0) {
            let steps = self.steps;
            return Err(Error::setting(format!(
                "the schedule gives the learning rate {rate} after {steps} steps; it must be a finite number and not negative"
            )));
        }
        self.steps += 1;
        Ok(rate)
    }

    /// Takes the loss of an epoch.
    pub(super) fn after(&mut self, loss: f64) {
        if let Some(plateau) = &mut self.plateau {
            self.factor = plateau.after(loss);
        }
    }
}
