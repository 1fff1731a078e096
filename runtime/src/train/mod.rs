//! The training loop. Must not know what a network computes, how an optimizer steps, or how progress is shown.

mod best;
mod feed;
mod history;
#[cfg(feature = "plot")]
mod plot;
mod progress;
mod rates;
mod session;
#[cfg(test)]
mod tests;
mod whole;

pub use history::History;
pub use progress::Progress;

use crate::Result;
use crate::data::Dataset;
use crate::network::{AsNetwork, Network};
use crate::optim::Optimizer;
use crate::schedule::{Plateau, Schedule};
use std::sync::Arc;

use best::Best;
use rates::Rates;
use session::{Pass, Session};

/// Trains a network on a data set: its builder methods choose how, [`fit`](Self::fit) does it.
///
/// In every epoch all samples are taken once, in an order that the seed fixes, in batches; the last batch has the samples that
/// are left. After it the network is validated, in inference mode. What is reported of an epoch are means over its samples.
///
/// | setting | default |
/// |---|---|
/// | [`epochs`](Self::epochs) | 10 |
/// | [`batch_size`](Self::batch_size) | 32 |
/// | [`validate`](Self::validate) | not at all |
/// | [`seed`](Self::seed) | 0 |
/// | [`shuffle`](Self::shuffle) | true |
/// | [`progress`](Self::progress) | [`Progress::Auto`] |
/// | [`schedule`](Self::schedule) | the learning rate of the optimizer |
/// | [`reduce_on_plateau`](Self::reduce_on_plateau) | not at all |
/// | [`clip_norm`](Self::clip_norm), [`clip_value`](Self::clip_value) | not at all |
/// | [`patience`](Self::patience) | all epochs are trained |
/// | [`restore_best`](Self::restore_best) | false |
/// | [`gradient_norms`](Self::gradient_norms) | false |
///
/// The same seed, data, network and optimizer give the same parameters, bit for bit.
///
/// ```
/// use chainrule::prelude::*;
/// use ndarray::Array;
///
/// #[network(
///     input  x: [B];
///     target t: [B];
///     loss = mse(slope * x + offset, t);
/// )]
/// struct Line {
///     slope: f32,
///     offset: f32,
/// }
///
/// let x = Array::linspace(-1.0_f32, 1.0, 100);
/// let data = Dataset::new(x.clone(), 3.0 * x - 0.5)?;
/// let mut line = Line::init(1);
/// let history = Trainer::new(Sgd::new(0.1)).epochs(50).batch_size(10).quiet().fit(&mut line, &data)?;
/// assert!((line.slope - 3.0).abs() < 1e-3 && (line.offset + 0.5).abs() < 1e-3);
/// assert!(history.last("loss") < Some(1e-6));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trainer<'a, O> {
    optimizer: O,
    epochs: usize,
    batch_size: usize,
    validation: Option<&'a Dataset>,
    seed: u64,
    shuffle: bool,
    progress: Progress,
    schedule: Option<Arc<dyn Schedule + 'a>>,
    plateau: Option<Plateau>,
    clip: Clip,
    patience: Option<usize>,
    restore_best: bool,
    gradient_norms: bool,
}

/// How gradients are made smaller before a step.
#[derive(Clone, Copy, Debug, Default)]
struct Clip {
    norm: Option<f64>,
    value: Option<f64>,
}

impl<'a, O: Optimizer> Trainer<'a, O> {
    /// With that optimizer; everything else as by default.
    pub fn new(optimizer: O) -> Self {
        let (epochs, batch_size, seed) = (10, 32, 0);
        Self {
            optimizer,
            epochs,
            batch_size,
            validation: None,
            seed,
            shuffle: true,
            progress: Progress::Auto,
            schedule: None,
            plateau: None,
            clip: Clip::default(),
            patience: None,
            restore_best: false,
            gradient_norms: false,
        }
    }

    /// The learning rate of each step; the steps are counted from 0 at every [`fit`](Self::fit), through all epochs.
    #[must_use]
    pub fn schedule(mut self, schedule: impl Schedule + 'a) -> Self {
        self.schedule = Some(Arc::new(schedule));
        self
    }

    /// Multiplies the learning rate when the loss of the validation (of the training, where there is none) gets no better.
    #[must_use]
    pub fn reduce_on_plateau(mut self, plateau: Plateau) -> Self {
        self.plateau = Some(plateau);
        self
    }

    /// Scales the gradient of a step so that the norm of all of it is that at most
    /// ([`clip_by_norm`](crate::optim::clip_by_norm)); after [`clip_value`](Self::clip_value), if both are set.
    #[must_use]
    pub fn clip_norm(mut self, most: f64) -> Self {
        self.clip.norm = Some(most);
        self
    }

    /// Puts every number of a gradient between `-most` and `most` ([`clip_by_value`](crate::optim::clip_by_value)).
    #[must_use]
    pub fn clip_value(mut self, most: f64) -> Self {
        self.clip.value = Some(most);
        self
    }

    /// Ends the training when the loss of the validation (of the training, where there is none) has not become smaller for more
    /// than so many epochs: after `epochs + 1` of them, where Keras' `EarlyStopping` ends after as many as its `patience`. A loss that is no
    /// number has not become smaller. The parameters are those of the last epoch, unless [`restore_best`](Self::restore_best) is set.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = Some(epochs);
        self
    }

    /// Whether the network ends with the parameters and states of the first epoch with the smallest loss (of the validation; of the training,
    /// where there is none): Keras' `restore_best_weights`. They come back however the training ends: after all epochs, by
    /// [`patience`](Self::patience), or with an error. Where no epoch had a finite loss, there is nothing to come back to.
    /// The optimizer goes on from its last step.
    ///
    /// The loss of a training is a mean over the steps of an epoch, before each of them; so that the best epoch is that of the best
    /// parameters, [`validate`](Self::validate).
    #[must_use]
    pub fn restore_best(mut self, wanted: bool) -> Self {
        self.restore_best = wanted;
        self
    }

    /// Whether the history has the norm of the gradient for each parameter and for all together, before it is clipped: how it vanishes
    /// or explodes from layer to layer.
    #[must_use]
    pub fn gradient_norms(mut self, wanted: bool) -> Self {
        self.gradient_norms = wanted;
        self
    }

    /// How often all samples are taken.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// How many samples make a step.
    #[must_use]
    pub fn batch_size(mut self, samples: usize) -> Self {
        self.batch_size = samples;
        self
    }

    /// Samples on which the network is measured after every epoch.
    #[must_use]
    pub fn validate(mut self, data: &'a Dataset) -> Self {
        self.validation = Some(data);
        self
    }

    /// What fixes the order of the samples, and the random numbers of the network (its dropout).
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether the samples are taken in another order in every epoch, or always in their own.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// How progress is shown.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Shows nothing.
    #[must_use]
    pub fn quiet(self) -> Self {
        self.progress(Progress::Quiet)
    }

    /// The optimizer, with what it keeps of the steps that were made.
    pub fn optimizer(&mut self) -> &mut O {
        &mut self.optimizer
    }

    /// Trains the network.
    ///
    /// The columns of the data sets are found by the names of the network's inputs and targets. An input is taken in batches if
    /// its first axis is the symbolic size that stands first in the first such input (`B` of `x: [B, 64]`); the others are given
    /// whole to every step ([`Dataset::with_whole`]). A network without a symbolic first axis takes all its data in one step per
    /// epoch. All memory is allocated before the first step. Called again, it goes on with the same optimizer.
    ///
    /// # Errors
    ///
    /// [`Error::Column`](crate::Error::Column), [`Error::Shape`](crate::Error::Shape) or [`Error::Range`](crate::Error::Range) if a data set does not fit the network; nothing was changed then.
    /// [`Error::Setting`](crate::Error::Setting) if there are no samples, or as soon as the schedule gives a learning rate that is negative or no finite number;
    /// [`Error::Diverged`](crate::Error::Diverged) as soon as the loss of a step is infinite or not a number;
    /// parameters and states are those before that step, or of the best epoch, if that is wanted and one is over.
    pub fn fit<N: AsNetwork>(&mut self, network: &mut N, data: &Dataset) -> Result<History> {
        let network = network.network_mut();
        let mut session = Session::new(&*network, data, self.validation, self.batch_size)?;
        self.optimizer.prepare::<<N::Network as Network>::Scalar>(network.flat().len());
        let mut reporter = self.progress.reporter();
        reporter.start(&session.summary(self.optimizer.slots() + usize::from(self.restore_best)), self.epochs);
        let mut history = History::new(session.names(), self.epochs);
        if self.gradient_norms {
            history.measure_gradients(<N::Network as Network>::DESCRIPTION.parameters.iter().map(|one| one.path));
        }
        let mut rng = crate::rng(self.seed);
        session.seed(self.seed);
        let mut rates = Rates::new(self.schedule.as_deref(), self.plateau, self.optimizer.learning_rate());
        let mut best = Best::new(&*network, self.restore_best);
        for epoch in 1..=self.epochs {
            if self.shuffle {
                session.shuffle(&mut rng);
            }
            let started = std::time::Instant::now();
            let pass = Pass { optimizer: &mut self.optimizer, rates: &mut rates, clip: self.clip, norms: history.norms() };
            let trained = session.train(network, epoch, pass, |step| reporter.step(epoch, step));
            if let Err(error) = trained {
                reporter.stop();
                best.restore(network);
                return Err(error);
            }
            let seconds = started.elapsed().as_secs_f64();
            session.validate(network);
            history.push(session.values(), self.optimizer.learning_rate(), seconds);
            reporter.epoch(epoch, &history);
            let loss = history.last("val_loss").or_else(|| history.last("loss")).unwrap_or(f64::NAN);
            rates.after(loss);
            let waited = best.after(loss, &*network);
            if self.patience.is_some_and(|patience| waited > patience) {
                reporter.stop();
                break;
            }
        }
        best.restore(network);
        Ok(history)
    }
}

/// Loss and metrics of a network on a data set, in inference mode: `[("loss", ...), ("accuracy", ...)]`, means over the samples.
///
/// # Errors
///
/// As [`Trainer::fit`].
pub fn evaluate<N: AsNetwork>(network: &N, data: &Dataset, batch_size: usize) -> Result<Vec<(&'static str, f64)>> {
    let network = network.network();
    let mut session = Session::<N::Network>::new(network, data, Some(data), batch_size)?;
    session.validate(network);
    let metrics = const { &<N::Network as Network>::DESCRIPTION }.metrics;
    let names = std::iter::once("loss").chain(metrics.iter().copied());
    Ok(names.zip(session.validation_values().iter().copied()).collect())
}
