//! All samples of a data set as one loss, for methods that ask for the same function again and again. Must not know how they step.

use super::session::Part;
use crate::data::Dataset;
use crate::network::{AsNetwork, Network};
use crate::optim::{Lbfgs, Minimum, Objective};
use crate::{Error, Float, Result};

/// The loss of a network on a data set, and everything that it needs, allocated once.
struct Whole<'a, N: Network> {
    part: Part<'a, N::Scalar>,
    workspace: N::Workspace,
    metrics: Vec<N::Scalar>,
    /// That of the last evaluation.
    loss: f64,
}

impl<'a, N: Network> Whole<'a, N> {
    fn new(data: &'a Dataset) -> Result<Self> {
        let part = Part::new::<N>(data, usize::MAX)?;
        let workspace = N::allocate(part.feed.sizes());
        let metrics = vec![N::Scalar::ZERO; const { &N::DESCRIPTION }.metrics.len()];
        Ok(Self { part, workspace, metrics, loss: f64::NAN })
    }
}

impl<N: Network> Objective<N> for Whole<'_, N> {
    fn evaluate(&mut self, network: &mut N, gradient: &mut N) -> N::Scalar {
        let Self { part: Part { feed, order }, workspace, metrics, .. } = self;
        // The same random numbers every time: the same function.
        N::seed(workspace, 0);
        let loss = feed.with_batch(order, |sizes, inputs| network.differentiate(workspace, sizes, inputs, gradient, metrics));
        self.loss = loss.to_f64();
        loss
    }

    fn accept(&mut self, network: &mut N) {
        network.update_states(&self.workspace);
    }
}

/// On data sets.
impl Lbfgs {
    /// Minimizes the loss of a network on a data set, in training mode, all samples at once.
    ///
    /// Columns are found and checked as by [`Trainer::fit`](super::Trainer::fit). The workspace is one for all samples, which takes as much more
    /// memory than one for a batch as there are more samples. Random numbers (of dropout) are the same in every evaluation, as of a first step with
    /// the seed 0. States are updated at the start and after every step, not within the line search; the loss must not depend on them, which
    /// it does not in `BatchNorm`. All memory is allocated before the first step. [`evaluate`](super::evaluate) measures what came of it on other
    /// data.
    ///
    /// ```
    /// use chainrule::optim::Lbfgs;
    /// use chainrule::prelude::*;
    /// use ndarray::Array;
    ///
    /// #[network(
    ///     input  x: [B];
    ///     target t: [B];
    ///     loss = mse(slope * x + offset, t);
    /// )]
    /// struct Line {
    ///     slope: f64,
    ///     offset: f64,
    /// }
    ///
    /// let x = Array::linspace(-1.0_f32, 1.0, 65);
    /// let data = Dataset::new(x.clone(), 3.0 * x - 0.5)?;
    /// let mut line = Line::init(1);
    /// let found = Lbfgs::default().fit(&mut line, &data)?;
    /// assert!(found.converged && found.iterations < 10);
    /// assert!((line.slope - 3.0).abs() < 1e-5 && (line.offset + 0.5).abs() < 1e-5);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Column`], [`Error::Shape`], [`Error::Range`] or [`Error::Setting`] if the data set does not fit the network or has no samples;
    /// [`Error::Diverged`] (at step 1) if the loss is infinite or no number before the first step. Nothing was changed then.
    pub fn fit<N: AsNetwork>(&mut self, network: &mut N, data: &Dataset) -> Result<Minimum> {
        let mut whole = Whole::<N::Network>::new(data)?;
        let found = self.run(network.network_mut(), &mut <N::Network as Network>::zeroed(), &mut whole);
        if found.loss.is_finite() { Ok(found) } else { Err(Error::Diverged { epoch: 1, step: 1, loss: whole.loss }) }
    }
}
