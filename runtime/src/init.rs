//! How parameters and states start: initializers by name, from a seed.
//!
//! What they are is said, with the formulas, in [`chainrule_math::init`]; this is how a network is filled by them. Each of them
//! has a stream of random numbers of its own, made from the seed and its path, so a new parameter does not change how the others
//! start. The numbers are the same on every platform.

pub use chainrule_math::init::{Fan, Initializer, NAMES, UnknownInitializer, fans};

use crate::Float;
use crate::network::Network;

/// Sets all parameters and states of a network to how they start. The same seed gives the same numbers, bit for bit.
///
/// # Panics
///
/// If the network names an initializer that is not in [`NAMES`], which the compiler does not let pass.
pub fn initialize<N: Network>(network: &mut N, seed: u64) {
    let numbers = network.numbers_mut();
    for parameter in N::DESCRIPTION.kept() {
        let initializer = match Initializer::new(parameter.initializer, parameter.arguments) {
            Ok(initializer) => initializer,
            Err(error) => panic!("parameter `{}`: {error}", parameter.path),
        };
        let elements = &mut numbers[parameter.offset..][..parameter.len()];
        initializer.start(parameter.path, parameter.shape, seed, elements, N::Scalar::from_f64);
    }
}
