//! Gradients that are too large, made smaller before a step.

use super::pass::BYTES;
use crate::Float;
use crate::kernels::threads;
use crate::network::{AsNetwork, Network};

/// The Euclidean norm of all numbers of a gradient together, added up in `f64`. It neither overflows nor vanishes before the numbers do.
pub fn norm<G: AsNetwork>(gradient: &G) -> f64 {
    norm_of(gradient.network().flat())
}

/// The Euclidean norm of some numbers: `√Σ x²`, scaled by a power of two near the largest number, so that squares cannot leave the range
/// of `f64`; nothing is rounded by it.
pub(crate) fn norm_of<S: Float>(numbers: &[S]) -> f64 {
    let largest = by_chunks(numbers, |chunk| by_lanes(chunk, larger, larger), larger);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let scale = largest.log2().floor().clamp(-1022.0, 1022.0).exp2();
    let add_square = |sum: f64, number: f64| sum + (number / scale) * (number / scale);
    scale * by_chunks(numbers, |chunk| by_lanes(chunk, add_square, |a, b| a + b), |a, b| a + b).sqrt()
}

/// The larger absolute value; what is not a number is never passed over.
fn larger(most: f64, number: f64) -> f64 {
    if number.is_nan() || number.abs() > most { number.abs() } else { most }
}

/// Into how many chunks numbers are cut at most, whatever the number of threads.
const CHUNKS: usize = 64;
/// The fewest numbers of a chunk.
const LEAST: usize = 4096;
/// How many results of a chunk are found side by side.
const LANES: usize = 8;
/// How many numbers are looked at in a nanosecond, about.
const LOOKED_AT: usize = 2;

/// A result for each chunk of some numbers, by several threads where that is worth it, and for all of them together, in order.
fn by_chunks<S: Float>(numbers: &[S], of_chunk: impl Fn(&[S]) -> f64 + Sync, join: impl Fn(f64, f64) -> f64) -> f64 {
    let each = numbers.len().div_ceil(CHUNKS).max(LEAST);
    let (mut results, count) = ([0.0; CHUNKS], numbers.len().div_ceil(each));
    threads::rounds(numbers.len() / LOOKED_AT, count, [(&mut results, 1)], |chunks, [results]| {
        for (chunk, result) in chunks.zip(results) {
            let start = chunk * each;
            *result = of_chunk(&numbers[start..numbers.len().min(start + each)]);
        }
    });
    results[..count].iter().fold(0.0, |result, &next| join(result, next))
}

/// What comes of numbers one after the other in several lanes, which are joined in the end.
#[inline(always)]
fn by_lanes<S: Float>(numbers: &[S], take: impl Fn(f64, f64) -> f64, join: impl Fn(f64, f64) -> f64) -> f64 {
    let (mut lanes, (rows, rest)) = ([0.0; LANES], numbers.as_chunks::<LANES>());
    for row in rows {
        lanes.iter_mut().zip(row).for_each(|(lane, number)| *lane = take(*lane, number.to_f64()));
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, number)| *lane = take(*lane, number.to_f64()));
    lanes.into_iter().fold(0.0, join)
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
        each(numbers, |number| number * factor);
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
    each(numbers, |number| {
        let clipped = if number > high { high } else { number };
        if clipped < low { low } else { clipped }
    });
}

/// Changes each number, by several threads where that is worth it.
fn each<S: Float>(numbers: &mut [S], change: impl Fn(S) -> S + Sync) {
    let length = numbers.len();
    threads::rounds(size_of_val(numbers) / BYTES, length, [(numbers, 1)], |_, [numbers]| {
        numbers.iter_mut().for_each(|number| *number = change(*number));
    });
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
