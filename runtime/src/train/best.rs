//! The best epoch of a training. Must not know how it was trained.

use crate::Float;
use crate::network::Network;

/// The smallest loss so far, and what the network kept then.
pub(super) struct Best<S> {
    loss: f64,
    /// How many epochs have passed since.
    waited: usize,
    /// Parameters and states of that epoch, if they are wanted.
    numbers: Option<Vec<S>>,
}

impl<S: Float> Best<S> {
    /// Makes room for the numbers of the network, if they are wanted.
    pub(super) fn new<N: Network<Scalar = S>>(network: &N, wanted: bool) -> Self {
        Self { loss: f64::INFINITY, waited: 0, numbers: wanted.then(|| network.numbers().to_vec()) }
    }

    /// Takes the loss of an epoch, and the network after it; how many epochs have passed since the best. A loss that is no number is
    /// never better.
    pub(super) fn after<N: Network<Scalar = S>>(&mut self, loss: f64, network: &N) -> usize {
        if loss < self.loss {
            (self.loss, self.waited) = (loss, 0);
            if let Some(numbers) = &mut self.numbers {
                numbers.copy_from_slice(network.numbers());
            }
        } else {
            self.waited += 1;
        }
        self.waited
    }

    /// Gives the network what it had after the best epoch, if that is wanted and there was one.
    pub(super) fn restore<N: Network<Scalar = S>>(&self, network: &mut N) {
        if let Some(numbers) = self.numbers.as_ref().filter(|_| self.loss < f64::INFINITY) {
            network.numbers_mut().copy_from_slice(numbers);
        }
    }
}
