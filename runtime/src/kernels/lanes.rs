//! Lanes together: what a row gave in lanes is added up, halves onto halves, always in the same order. It must not know what a row is.

use super::Float;
use std::hint::black_box;

/// The sum of some lanes.
#[inline(always)]
pub fn sum<S: Float, const N: usize>(lanes: [S; N]) -> S {
    folded(lanes, |a, b| a + b)
}

/// The largest of some lanes; NaN where one of them is NaN.
#[inline(always)]
pub fn maximum<S: Float, const N: usize>(lanes: [S; N]) -> S {
    folded(lanes, S::maximum)
}

/// The smallest of some lanes; NaN where one of them is NaN.
#[inline(always)]
pub fn minimum<S: Float, const N: usize>(lanes: [S; N]) -> S {
    folded(lanes, S::minimum)
}

/// At most 32 lanes, halves onto halves; those above the largest power of two come first.
#[inline(always)]
fn folded<S: Copy, const N: usize>(lanes: [S; N], onto: impl Fn(S, S) -> S) -> S {
    const { assert!(N > 0 && N <= 32) };
    // The lanes pass through memory, so that the loop before is compiled for itself, with whole registers, and not in the halves of here.
    let mut lanes = black_box(lanes);
    halved::<S, 16, N>(&mut lanes, &onto);
    halved::<S, 8, N>(&mut lanes, &onto);
    halved::<S, 4, N>(&mut lanes, &onto);
    halved::<S, 2, N>(&mut lanes, &onto);
    halved::<S, 1, N>(&mut lanes, &onto);
    lanes[0]
}

/// The lanes from `HALF` up to its double onto those below.
#[inline(always)]
fn halved<S: Copy, const HALF: usize, const N: usize>(lanes: &mut [S; N], onto: impl Fn(S, S) -> S) {
    let rest = N.saturating_sub(HALF).min(HALF);
    for lane in 0..rest {
        lanes[lane] = onto(lanes[lane], lanes[lane + HALF]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_of_any_number_come_together() {
        fn check<const N: usize>() {
            let lanes: [f64; N] = std::array::from_fn(|lane| ((lane * 7 + 3) % 11) as f64 - 5.0);
            assert_eq!(sum(lanes), lanes.iter().sum::<f64>());
            assert_eq!(maximum(lanes), lanes.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            assert_eq!(minimum(lanes), lanes.iter().copied().fold(f64::INFINITY, f64::min));
            for at in 0..N {
                let mut broken = lanes;
                broken[at] = f64::NAN;
                assert!(sum(broken).is_nan() && maximum(broken).is_nan() && minimum(broken).is_nan());
            }
        }
        check::<1>();
        check::<2>();
        check::<3>();
        check::<8>();
        check::<13>();
        check::<16>();
        check::<17>();
        check::<31>();
        check::<32>();
    }
}
