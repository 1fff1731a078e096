//! Gradients that are too large, made smaller before a step.

use crate::Float;
use crate::network::{AsNetwork, Network};

/// The Euclidean norm of all numbers of a gradient together, added up in `f64`.
pub fn norm<G: AsNetwork>(gradient: &G) -> f64 {
    norm_of(gradient.network().flat())
}

/// The Euclidean norm of some numbers.
pub(crate) fn norm_of<S: Float>(numbers: &[S]) -> f64 {
    numbers.iter().map(|number| number.to_f64() * number.to_f64()).sum::<f64>().sqrt()
}

/// Scales a gradient so that its norm is `most` at most; gives the norm that it had.
///
/// ```text
/// gradient ← gradient · min(1, most / ‖gradient‖)
/// ```
///
/// R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1. The norm is that of all
/// parameters together, as in PyTorch's `clip_grad_norm_` and Keras' `global_clipnorm`. A gradient whose norm is not finite stays as it is.
pub fn clip_by_norm<G: AsNetwork>(gradient: &mut G, most: f64) -> f64 {
    norm_at_most(gradient.network_mut().flat_mut(), most)
}

/// [`clip_by_norm`] of some numbers.
pub(crate) fn norm_at_most<S: Float>(numbers: &mut [S], most: f64) -> f64 {
    let norm = norm_of(numbers);
    if norm.is_finite() && norm > most {
        let factor = S::from_f64(most / norm);
        numbers.iter_mut().for_each(|number| *number *= factor);
    }
    norm
}

/// Puts every number of a gradient between `-most` and `most`, as PyTorch's `clip_grad_value_` and Keras' `clipvalue` do. What is no number
/// stays so.
pub fn clip_by_value<G: AsNetwork>(gradient: &mut G, most: f64) {
    value_at_most(gradient.network_mut().flat_mut(), most);
}

/// [`clip_by_value`] of some numbers.
pub(crate) fn value_at_most<S: Float>(numbers: &mut [S], most: f64) {
    let (low, high) = (S::from_f64(-most), S::from_f64(most));
    for number in numbers {
        let clipped = if *number > high { high } else { *number };
        *number = if clipped < low { low } else { clipped };
    }
}
