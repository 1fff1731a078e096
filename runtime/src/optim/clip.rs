//! Gradients that are too large, made smaller before a step.

use crate::Float;
use crate::network::{AsNetwork, Network};

/// The Euclidean norm of all numbers of a gradient together, added up in `f64`. It neither overflows nor vanishes before the numbers do.
pub fn norm<G: AsNetwork>(gradient: &G) -> f64 {
    norm_of(gradient.network().flat())
}

/// The Euclidean norm of some numbers.
pub(crate) fn norm_of<S: Float>(numbers: &[S]) -> f64 {
    norm_of_all(numbers.iter().map(|number| number.to_f64()))
}

/// `√Σ x²`, scaled by a power of two near the largest number: squares cannot leave the range of `f64`, and nothing is rounded by it.
pub(crate) fn norm_of_all(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    // What is not a number is never passed over.
    let larger = |most: f64, number: f64| if number.is_nan() || number.abs() > most { number.abs() } else { most };
    let largest = numbers.clone().fold(0.0, larger);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let scale = largest.log2().floor().clamp(-1022.0, 1022.0).exp2();
    scale * numbers.map(|number| (number / scale) * (number / scale)).sum::<f64>().sqrt()
}

/// Scales a gradient so that its norm is `most` at most; gives the norm that it had.
///
/// ```text
/// gradient ← gradient · min(1, most / ‖gradient‖)
/// ```
///
/// R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1. The norm is that of all
/// parameters together, as in PyTorch's `clip_grad_norm_` (which divides by 1e-6 more) and Keras' `global_clipnorm`. A gradient whose norm is not finite stays as it is.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_neither_overflow_nor_vanish() {
        assert_eq!(norm_of(&[3.0, -4.0]), 5.0);
        // Scaled by a power of two, the same bits scaled.
        for power in [-1000.0_f64, 1000.0] {
            let scale = power.exp2();
            assert_eq!(norm_of(&[0.3 * scale, -0.7 * scale, 0.1 * scale]), norm_of(&[0.3, -0.7, 0.1]) * scale);
        }
        assert_eq!(norm_of(&[f64::MAX, 0.0]), f64::MAX);
        assert_eq!(norm_of(&[f64::from_bits(3), f64::from_bits(4)]), f64::from_bits(5));
        assert_eq!(norm_of::<f32>(&[]), 0.0);
        assert!(norm_of(&[1.0, f64::NAN, 2.0]).is_nan());
        assert_eq!(norm_of(&[1.0, f64::NEG_INFINITY]), f64::INFINITY);
    }
}
