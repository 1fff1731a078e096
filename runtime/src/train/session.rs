//! The state of one training: buffers, order and sums. Must not know how progress is shown.

use super::Clip;
use super::feed::Feed;
use super::progress::Summary;
use super::rates::Rates;
use crate::data::Dataset;
use crate::network::{Description, Network, unmet_message};
use crate::optim::{Flat, Optimizer, clip};
use crate::random::{self, Rng};
use crate::{Error, Float, Result};

/// Everything that the steps need, allocated once.
pub(super) struct Session<'a, N: Network> {
    description: &'static Description,
    training: Part<'a, N::Scalar>,
    validation: Option<Part<'a, N::Scalar>>,
    workspace: N::Workspace,
    gradient: Box<N>,
    metrics: Vec<N::Scalar>,
    /// Loss and metrics of the last epoch: of the training, then of the validation.
    values: Vec<f64>,
    summary_sizes: Vec<usize>,
}

/// A data set, the order in which it is taken, and the sums over what was taken.
pub(super) struct Part<'a, S> {
    pub(super) feed: Feed<'a, S>,
    pub(super) order: Vec<usize>,
}

impl<'a, S: Float> Part<'a, S> {
    pub(super) fn new<N: Network>(data: &'a Dataset, batch_size: usize) -> Result<Self> {
        let description: &'static Description = const { &N::DESCRIPTION };
        let feed = Feed::new(description, data, batch_size)?;
        for sizes in [feed.sizes().to_vec(), feed.last_sizes()] {
            if let Some(reason) = N::unmet(&sizes) {
                return Err(Error::Setting { message: unmet_message(description, &sizes, reason) });
            }
        }
        let order = (0..feed.samples()).collect();
        Ok(Self { feed, order })
    }
}

impl<'a, N: Network> Session<'a, N> {
    /// Checks the data, and allocates.
    pub(super) fn new(_: &N, data: &'a Dataset, validation: Option<&'a Dataset>, batch_size: usize) -> Result<Self> {
        let description: &'static Description = const { &N::DESCRIPTION };
        let training = Part::new::<N>(data, batch_size)?;
        let validation = validation.map(|data| Part::new::<N>(data, batch_size)).transpose()?;
        let mut sizes = training.feed.sizes().to_vec();
        if let Some(part) = &validation {
            sizes.iter_mut().zip(part.feed.sizes()).for_each(|(size, &other)| *size = other.max(*size));
        }
        let metrics = vec![N::Scalar::ZERO; description.metrics.len()];
        let values = vec![0.0; (1 + metrics.len()) * (1 + usize::from(validation.is_some()))];
        let (workspace, gradient) = (N::allocate(&sizes), N::zeroed());
        Ok(Self { description, training, validation, workspace, gradient, metrics, values, summary_sizes: sizes })
    }

    /// The names of the values of an epoch: `loss`, `accuracy`, `val_loss`, `val_accuracy`.
    pub(super) fn names(&self) -> Vec<String> {
        let own = || std::iter::once("loss").chain(self.description.metrics.iter().copied());
        let validation = own().filter(|_| self.validation.is_some()).map(|name| format!("val_{name}"));
        own().map(str::to_owned).chain(validation).collect()
    }

    /// What there is to say before the first step, if so many numbers are kept for each parameter beside itself and its gradient.
    pub(super) fn summary(&self, slots: usize) -> Summary {
        let parameters = self.gradient.flat().len();
        let parameter_bytes = size_of_val(self.gradient.flat());
        let feeds = self.training.feed.bytes() + self.validation.as_ref().map_or(0, |part| part.feed.bytes());
        let batch = self.training.feed.batch().map(|(axis, size)| (self.description.sizes[axis], size));
        Summary {
            network: self.description.name,
            parameters,
            parameter_bytes,
            training_bytes: N::workspace_bytes(&self.summary_sizes) + (1 + slots) * parameter_bytes + feeds,
            batch,
            steps: self.training.feed.steps(),
        }
    }

    /// Begins the random numbers of training anew.
    pub(super) fn seed(&mut self, seed: u64) {
        N::seed(&mut self.workspace, seed);
    }

    /// Another order of the samples.
    pub(super) fn shuffle(&mut self, rng: &mut Rng) {
        random::shuffle(rng, &mut self.training.order);
    }

    /// One epoch, counted from 1.
    pub(super) fn train(
        &mut self,
        network: &mut N,
        epoch: usize,
        mut pass: Pass<'_, '_, impl Optimizer>,
        mut after: impl FnMut(usize),
    ) -> Result<()> {
        let Self { training: Part { feed, order }, workspace, gradient, metrics, values, .. } = self;
        let sums = &mut values[..1 + metrics.len()];
        sums.fill(0.0);
        pass.norms.fill(0.0);
        for step in 0..feed.steps() {
            pass.optimizer.set_learning_rate(pass.rates.next()?);
            let batch = &order[feed.range(step)];
            let loss = feed.with_batch(batch, |sizes, inputs| network.differentiate(workspace, sizes, inputs, gradient, metrics));
            if !loss.to_f64().is_finite() {
                return Err(Error::Diverged { epoch, step: step + 1, loss: loss.to_f64() });
            }
            network.update_states(workspace);
            add(sums, loss, metrics, batch.len());
            pass.step(network, gradient);
            after(step + 1);
        }
        pass.norms.iter_mut().for_each(|norm| *norm /= feed.steps() as f64);
        sums.iter_mut().for_each(|sum| *sum /= feed.samples() as f64);
        Ok(())
    }

    /// Measures the network on the validation data, if there are any.
    pub(super) fn validate(&mut self, network: &N) {
        let Self { validation, workspace, metrics, values, .. } = self;
        let Some(Part { feed, order }) = validation else { return };
        let sums = &mut values[1 + metrics.len()..];
        sums.fill(0.0);
        for step in 0..feed.steps() {
            let batch = &order[feed.range(step)];
            let loss = feed.with_batch(batch, |sizes, inputs| network.assess(workspace, sizes, inputs, metrics));
            add(sums, loss, metrics, batch.len());
        }
        sums.iter_mut().for_each(|sum| *sum /= feed.samples() as f64);
    }

    /// Loss and metrics of the last epoch, in the order of the names.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Those of the validation alone.
    pub(super) fn validation_values(&self) -> &[f64] {
        &self.values[1 + self.metrics.len()..]
    }
}

/// What happens with the gradients of an epoch.
pub(super) struct Pass<'a, 'r, O> {
    pub(super) optimizer: &'a mut O,
    pub(super) rates: &'a mut Rates<'r>,
    pub(super) clip: Clip,
    /// The norms of the gradient, of all of it and then for each parameter, added up; empty if nobody wants them.
    pub(super) norms: &'a mut [f64],
}

impl<O: Optimizer> Pass<'_, '_, O> {
    fn step<N: Network>(&mut self, network: &mut N, gradient: &mut N) {
        if !self.norms.is_empty() {
            add_norms(self.norms, gradient);
        }
        if let Some(most) = self.clip.value {
            clip::value_at_most(gradient.flat_mut(), most);
        }
        if let Some(most) = self.clip.norm {
            clip::norm_at_most(gradient.flat_mut(), most);
        }
        self.optimizer.update(Flat::new(network.flat_mut(), gradient.flat()));
    }
}

/// Adds the norms of the gradient: of all of it, then for each parameter.
fn add_norms<N: Network>(norms: &mut [f64], gradient: &N) {
    let mut rest = gradient.flat();
    let Some((global, norms)) = norms.split_first_mut() else { return };
    *global += clip::norm_of(rest);
    for (norm, parameter) in norms.iter_mut().zip(const { &N::DESCRIPTION }.parameters) {
        let (own, others) = rest.split_at(parameter.len());
        *norm += clip::norm_of(own);
        rest = others;
    }
}

/// Adds the means of a batch to the sums over samples.
fn add<S: Float>(sums: &mut [f64], loss: S, metrics: &[S], samples: usize) {
    let values = std::iter::once(&loss).chain(metrics);
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value.to_f64() * samples as f64);
}
