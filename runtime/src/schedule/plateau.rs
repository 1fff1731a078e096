//! Rates that fall when nothing gets better.

/// Multiplies the learning rate when the loss has not become smaller for some epochs.
///
/// ```text
/// better  ⇔  loss < best · (1 - threshold)  where best ≥ 0,  loss < best · (1 + threshold)  where best < 0
/// factor ← max(factor · by, least)     after more than `patience` epochs in a row that were not better, if that is smaller
/// ```
///
/// `best` is the loss of the last better epoch, and infinite at first, so that any smaller loss is better. A loss that is no number is never better.
///
/// The loss is that of the validation where there is one, else that of the training. The defaults are those of PyTorch's `ReduceLROnPlateau`: a
/// factor of 0.1 after more than 10 epochs, a threshold of 1e-4 relative to the best loss; `least` is a part of the first rate, where PyTorch's
/// `min_lr` is a rate. PyTorch takes 1 - threshold below 0 too, where it lies above the best: a loss that stays the same would
/// be better in every epoch. Keras' `ReduceLROnPlateau` has an absolute threshold, and counts one epoch less.
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

    /// Whether a loss is smaller than the best by the threshold.
    fn is_better(&self, loss: f64) -> bool {
        let part = if self.best < 0.0 { 1.0 + self.threshold } else { 1.0 - self.threshold };
        // An infinite best has no parts.
        loss < if self.best.is_finite() { self.best * part } else { self.best }
    }

    /// Takes the loss of an epoch; what multiplies the rate from now on.
    pub fn after(&mut self, loss: f64) -> f64 {
        if self.is_better(loss) {
            (self.best, self.waited) = (loss, 0);
        } else {
            self.waited += 1;
        }
        if self.waited > self.patience {
            self.factor = self.factor.min((self.factor * self.by).max(self.least));
            self.waited = 0;
        }
        self.factor
    }
}
