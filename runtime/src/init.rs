//! How parameters start: initializers by name, from a seed.
//!
//! What they are is said, with the formulas, in [`chainrule_math::init`]; this is how a network is filled by them. Every parameter
//! has a stream of random numbers of its own, made from the seed and its path, so a new parameter does not change how the others
//! start. The numbers are the same on every platform.

pub use chainrule_math::init::{Fan, Initializer, NAMES, UnknownInitializer, fans};

use crate::Float;
use crate::network::Network;

/// Sets all parameters of a network to how they start. The same seed gives the same numbers, bit for bit.
///
/// # Panics
///
/// If the network names an initializer that is not in [`NAMES`], which the compiler does not let pass.
pub fn initialize<N: Network>(network: &mut N, seed: u64) {
    let parameters = const { &N::DESCRIPTION }.parameters;
    let flat = network.flat_mut();
    for parameter in parameters {
        let initializer = match Initializer::new(parameter.initializer, parameter.arguments) {
            Ok(initializer) => initializer,
            Err(error) => panic!("parameter `{}`: {error}", parameter.path),
        };
        let length: usize = parameter.shape.iter().product();
        let elements = &mut flat[parameter.offset..parameter.offset + length];
        initializer.start(parameter.path, parameter.shape, seed, elements, N::Scalar::from_f64);
    }
}
