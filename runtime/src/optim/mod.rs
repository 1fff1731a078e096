//! Optimizers: one file each, one fused pass over the flat parameters. Must not know what a network computes.
//!
//! An optimizer belongs to one network: it keeps a number or two for every parameter, from its first step (or
//! [`prepare`](Optimizer::prepare)) on, and allocates nothing after that. If the number or the type of the parameters changes, it
//! starts anew. What it keeps and what falls below the smallest normal number becomes 0: the moments of a unit that has died
//! would otherwise end as subnormal numbers, which are slow. The passes are compiled for AVX2 and AVX-512 too and chosen at run
//! time, without fused multiply-adds, so they make the same bits on every machine.

mod adadelta;
mod adagrad;
mod adam;
pub(crate) mod clip;
mod decay;
mod lbfgs;
mod nadam;
mod pairs;
mod pass;
mod rms_prop;
mod sgd;
#[cfg(test)]
mod tests;

pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use clip::{clip_by_norm, clip_by_value, norm};
pub(crate) use lbfgs::Objective;
pub use lbfgs::{Lbfgs, Minimum};
pub use nadam::Nadam;
pub use rms_prop::RmsProp;
pub use sgd::Sgd;

use crate::Float;
use crate::network::{AsNetwork, Network};

/// The flat parameters of a network beside their gradient, of the same length and order.
#[derive(Debug)]
pub enum Flat<'a> {
    /// Of a network of `f32`.
    F32(&'a mut [f32], &'a [f32]),
    /// Of a network of `f64`.
    F64(&'a mut [f64], &'a [f64]),
}

impl<'a> Flat<'a> {
    /// Parameters and their gradient.
    ///
    /// # Panics
    ///
    /// If their lengths differ.
    pub fn new<S: Float>(parameters: &'a mut [S], gradient: &'a [S]) -> Self {
        assert_eq!(parameters.len(), gradient.len(), "as many parameters as numbers in their gradient");
        // There are two floats, so what is no f32 is an f64; the casts check the sizes again.
        if size_of::<S>() == size_of::<f32>() {
            Self::F32(bytemuck::cast_slice_mut(parameters), bytemuck::cast_slice(gradient))
        } else {
            Self::F64(bytemuck::cast_slice_mut(parameters), bytemuck::cast_slice(gradient))
        }
    }
}

/// A rule that makes parameters better by their gradient.
///
/// ```
/// use chainrule::optim::{Flat, Optimizer, Sgd};
///
/// let (mut parameters, gradient) = ([1.0_f64, 2.0], [0.5, -0.5]);
/// Sgd::new(0.1).update(Flat::new(&mut parameters, &gradient));
/// assert_eq!(parameters, [0.95, 2.05]);
/// ```
pub trait Optimizer {
    /// One step on flat parameters.
    fn update(&mut self, flat: Flat<'_>);

    /// Makes room for that many parameters, so that no step allocates. What it keeps of earlier steps stays, if it is
    /// for as many of the same type.
    fn prepare<S: Float>(&mut self, parameters: usize)
    where
        Self: Sized,
    {
        if size_of::<S>() == size_of::<f32>() {
            self.prepare_f32(parameters);
        } else {
            self.prepare_f64(parameters);
        }
    }

    /// [`prepare`](Self::prepare) for `f32`.
    fn prepare_f32(&mut self, parameters: usize);

    /// [`prepare`](Self::prepare) for `f64`.
    fn prepare_f64(&mut self, parameters: usize);

    /// How many numbers it keeps for each parameter.
    fn slots(&self) -> usize;

    /// The learning rate.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate of the next steps.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// One step on a network, or a box with one.
    fn step<N, G>(&mut self, network: &mut N, gradient: &G)
    where
        Self: Sized,
        N: AsNetwork,
        G: AsNetwork<Network = N::Network>,
    {
        self.update(Flat::new(network.network_mut().flat_mut(), gradient.network().flat()));
    }
}

impl Optimizer for Box<dyn Optimizer + '_> {
    fn update(&mut self, flat: Flat<'_>) {
        (**self).update(flat);
    }

    fn prepare_f32(&mut self, parameters: usize) {
        (**self).prepare_f32(parameters);
    }

    fn prepare_f64(&mut self, parameters: usize) {
        (**self).prepare_f64(parameters);
    }

    fn slots(&self) -> usize {
        (**self).slots()
    }

    fn learning_rate(&self) -> f64 {
        (**self).learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        (**self).set_learning_rate(learning_rate);
    }
}
