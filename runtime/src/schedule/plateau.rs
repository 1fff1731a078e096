//! Rates that fall when nothing gets better.

/// Multiplies the learning rate when the loss has not become smaller for some epochs.
///
/// ```text
/// better  ⇔  loss < best · (1 - threshold)
/// factor ← factor · by     after more than `patience` epochs in a row that were not better
/// ```
///
/// The validation loss where there is one, else that of the training. The defaults are those of PyTorch's `ReduceLROnPlateau`: a factor of 0.1 after more
/// than 10 epochs, a threshold of 1e-4 relative to the best loss. Keras' has an absolute threshold.
///
/// ```
/// use chainrule::schedule::Plateau;
///
/// let mut plateau = Plateau::default().patience(1);
/// assert_eq!([1.0, 0.5, 0.5, 0.5, 0.5].map(|loss| plateau.after(loss)), [1.0, 1.0, 1.0, 0.1, 0.1]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    by: f64,
    patience: usize,
    threshold: f64,
    least: f64,
    best: f64,
    waited: usize,
    factor: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { by: 0.1, patience: 10, threshold: 1e-4, least: 0.0, best: f64::INFINITY, waited: 0, factor: 1.0 }
    }
}

impl Plateau {
    /// What the rate is multiplied by.
    #[must_use]
    pub fn by(mut self, factor: f64) -> Self {
        self.by = factor;
        self
    }

    /// How many epochs may pass without a better loss.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// How much smaller a better loss is, relative to the best.
    #[must_use]
    pub fn threshold(mut self, part: f64) -> Self {
        self.threshold = part;
        self
    }

    /// What all factors together come to at least.
    #[must_use]
    pub fn least(mut self, factor: f64) -> Self {
        self.least = factor;
        self
    }

    /// Takes the loss of an epoch; what multiplies the rate from now on.
    pub fn after(&mut self, loss: f64) -> f64 {
        if loss < self.best - self.best.abs() * self.threshold || self.best.is_infinite() {
            self.best = self.best.min(loss);
            self.waited = 0;
        } else {
            self.waited += 1;
        }
        if self.waited > self.patience {
            self.factor = (self.factor * self.by).max(self.least);
            self.waited = 0;
        }
        self.factor
    }
}
