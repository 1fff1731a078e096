//! What a training reported, epoch by epoch. Must not know how it was made.

use std::path::Path;

use crate::{Result, files};

/// Loss and metrics of every epoch of a training.
///
/// The names are `loss`, those of the network's metrics, and the same with `val_` before them if the network was validated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    names: Vec<String>,
    /// `[epochs, names]`
    values: Vec<f64>,
    seconds: Vec<f64>,
    learning_rates: Vec<f64>,
    /// The paths of the parameters whose gradients are measured.
    parameters: Vec<&'static str>,
    /// The norms of the present epoch: of the whole gradient, then for each parameter; empty if they are not measured.
    present: Vec<f64>,
    /// `[epochs, 1 + parameters]`
    gradient_norms: Vec<f64>,
}

impl History {
    pub(super) fn new(names: Vec<String>, epochs: usize) -> Self {
        // A number of epochs that nobody lives to see is no reason to reserve memory for them.
        let room = epochs.min(1 << 16);
        Self {
            values: Vec::with_capacity(room * names.len()),
            seconds: Vec::with_capacity(room),
            learning_rates: Vec::with_capacity(room),
            names,
            ..Self::default()
        }
    }

    /// From now on there are norms of the gradients for these parameters.
    pub(super) fn measure_gradients(&mut self, parameters: impl Iterator<Item = &'static str>) {
        self.parameters = parameters.collect();
        self.present = vec![0.0; 1 + self.parameters.len()];
        self.gradient_norms.reserve(self.seconds.capacity() * self.present.len());
    }

    /// Where the norms of the present epoch are put.
    pub(super) fn norms(&mut self) -> &mut [f64] {
        &mut self.present
    }

    pub(super) fn push(&mut self, values: &[f64], learning_rate: f64, seconds: f64) {
        debug_assert_eq!(values.len(), self.names.len());
        self.values.extend_from_slice(values);
        self.seconds.push(seconds);
        self.learning_rates.push(learning_rate);
        self.gradient_norms.extend_from_slice(&self.present);
    }

    /// The number of epochs.
    pub fn epochs(&self) -> usize {
        self.seconds.len()
    }

    /// The names of what was reported, in the order in which it is shown.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The values of that name, one for each epoch; `None` if there is none of that name.
    pub fn get(&self, name: &str) -> Option<Vec<f64>> {
        let column = self.names.iter().position(|known| known == name)?;
        Some(self.values.iter().skip(column).step_by(self.names.len()).copied().collect())
    }

    /// The value of that name after the last epoch.
    pub fn last(&self, name: &str) -> Option<f64> {
        let column = self.names.iter().position(|known| known == name)?;
        self.row(self.epochs().checked_sub(1)?).get(column).copied()
    }

    /// How long the training part of every epoch took, in seconds.
    pub fn seconds(&self) -> &[f64] {
        &self.seconds
    }

    /// The learning rate of the last step of every epoch.
    pub fn learning_rates(&self) -> &[f64] {
        &self.learning_rates
    }

    /// The norm of the gradient for each parameter in an epoch, counted from 0: its path and the mean over the steps; empty if it was
    /// not wanted ([`Trainer::gradient_norms`](super::Trainer::gradient_norms)).
    pub fn gradient_norms(&self, epoch: usize) -> Vec<(&'static str, f64)> {
        self.parameters.iter().copied().zip(self.norms_of(epoch).iter().skip(1).copied()).collect()
    }

    /// The norm of the gradient of all parameters together in an epoch, counted from 0: the mean over the steps; `None` if there was no
    /// such epoch, or if it was not wanted.
    pub fn global_gradient_norm(&self, epoch: usize) -> Option<f64> {
        self.norms_of(epoch).first().copied()
    }

    /// The norms of an epoch, the global one first.
    fn norms_of(&self, epoch: usize) -> &[f64] {
        let from = epoch.saturating_mul(self.present.len());
        self.gradient_norms.get(from..from.saturating_add(self.present.len())).unwrap_or_default()
    }

    /// All values of an epoch, counted from 0, in the order of the names; empty if there was no such epoch.
    pub fn row(&self, epoch: usize) -> &[f64] {
        let from = epoch.saturating_mul(self.names.len());
        self.values.get(from..from.saturating_add(self.names.len())).unwrap_or_default()
    }

    /// Writes all values as CSV: a line of names (`epoch`, `seconds`, `learning_rate`, `loss`, ...), then one line for each epoch. Norms
    /// of the gradient follow, if they were measured, as `gradient_norm` and `gradient_norm(dense1.w)`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) if the file cannot be written.
    pub fn to_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        use std::fmt::Write;
        let mut text = String::from("epoch,seconds,learning_rate");
        self.names().for_each(|name| text.extend([",", name]));
        if !self.present.is_empty() {
            text.push_str(",gradient_norm");
            self.parameters.iter().for_each(|path| text.extend([",gradient_norm(", path, ")"]));
        }
        text.push('\n');
        for epoch in 0..self.epochs() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{},{},{}", epoch + 1, self.seconds[epoch], self.learning_rates[epoch]);
            self.row(epoch).iter().chain(self.norms_of(epoch)).for_each(|value| text.extend([",", &value.to_string()]));
            text.push('\n');
        }
        files::replace(path.as_ref(), text.as_bytes())
    }

    /// Draws the loss, and beside it every metric, over the epochs, as an SVG picture.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) if the file cannot be written.
    #[cfg(feature = "plot")]
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        files::replace(path.as_ref(), super::plot::picture(self).as_bytes())
    }
}
