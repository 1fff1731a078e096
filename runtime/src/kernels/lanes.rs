//! Lanes together: what a row gave in lanes is added up, halves onto halves, always in the same order. It must not know what a row is.

#[cfg(target_arch = "x86_64")]
mod registers;

use super::{Float, Isa};
#[cfg(target_arch = "x86_64")]
use registers::Onto;
use std::hint::black_box;

/// The sum of some lanes.
///
/// # Panics
///
/// Here and in the others, if there are sixteen lanes and the machine does not have the level of `I`.
#[inline(always)]
pub fn sum<I: Isa, S: Float, const N: usize>(lanes: [S; N]) -> S {
    together::<I, Sum, S, N>(lanes)
}

/// The largest of some lanes; NaN where one of them is NaN.
#[inline(always)]
pub fn maximum<I: Isa, S: Float, const N: usize>(lanes: [S; N]) -> S {
    together::<I, Largest, S, N>(lanes)
}

/// The smallest of some lanes; NaN where one of them is NaN.
#[inline(always)]
pub fn minimum<I: Isa, S: Float, const N: usize>(lanes: [S; N]) -> S {
    together::<I, Smallest, S, N>(lanes)
}

/// What comes of two lanes.
pub trait Fold: Onto {
    /// Of these.
    fn of<S: Float>(a: S, b: S) -> S;
}

/// Their sum.
#[derive(Clone, Copy, Debug)]
pub struct Sum;

/// The larger one; NaN where one of them is NaN.
#[derive(Clone, Copy, Debug)]
pub struct Largest;

/// The smaller one; NaN where one of them is NaN.
#[derive(Clone, Copy, Debug)]
pub struct Smallest;

impl Fold for Sum {
    #[inline(always)]
    fn of<S: Float>(a: S, b: S) -> S {
        a + b
    }
}

impl Fold for Largest {
    #[inline(always)]
    fn of<S: Float>(a: S, b: S) -> S {
        a.maximum(b)
    }
}

impl Fold for Smallest {
    #[inline(always)]
    fn of<S: Float>(a: S, b: S) -> S {
        a.minimum(b)
    }
}

/// Floats of which sixteen come together in registers, where a level has them.
pub trait Together: Sized {
    /// The same as one by one, halves onto halves; `None` where the level has no registers for that.
    ///
    /// # Panics
    ///
    /// If the machine does not have the level.
    fn in_registers<I: Isa, F: Fold>(lanes: &[Self; 16]) -> Option<Self>;
}

/// What is not there for other processors.
#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    /// Nothing is asked of a fold.
    pub trait Onto {}
    impl<F> Onto for F {}

    macro_rules! nothing {
        ($float:ident) => {
            impl super::Together for $float {
                #[inline(always)]
                fn in_registers<I: super::Isa, F: super::Fold>(_: &[Self; 16]) -> Option<Self> {
                    None
                }
            }
        };
    }
    nothing!(f32);
    nothing!(f64);
}
#[cfg(not(target_arch = "x86_64"))]
use elsewhere::Onto;

#[inline(always)]
fn together<I: Isa, F: Fold, S: Float, const N: usize>(lanes: [S; N]) -> S {
    let sixteen: Option<&[S; 16]> = lanes.as_slice().try_into().ok();
    sixteen.and_then(|sixteen| S::in_registers::<I, F>(sixteen)).unwrap_or_else(|| folded(lanes, F::of))
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
    use super::super::{Avx2, Avx512, Baseline, Level};
    use super::*;

    #[test]
    fn lanes_of_any_number_come_together() {
        fn check<const N: usize>() {
            let lanes: [f64; N] = std::array::from_fn(|lane| ((lane * 7 + 3) % 11) as f64 - 5.0);
            assert_eq!(sum::<Baseline, _, N>(lanes), lanes.iter().sum::<f64>());
            assert_eq!(maximum::<Baseline, _, N>(lanes), lanes.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            assert_eq!(minimum::<Baseline, _, N>(lanes), lanes.iter().copied().fold(f64::INFINITY, f64::min));
            for at in 0..N {
                let mut broken = lanes;
                broken[at] = f64::NAN;
                let all = [sum::<Baseline, _, N>, maximum::<Baseline, _, N>, minimum::<Baseline, _, N>];
                assert!(all.iter().all(|together| together(broken).is_nan()));
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

    /// Bits of what three ways to come together give.
    fn bits<I: Isa, S: Float>(lanes: [S; 16]) -> [u64; 3] {
        [sum::<I, S, 16>(lanes), maximum::<I, S, 16>(lanes), minimum::<I, S, 16>(lanes)].map(|one| one.to_f64().to_bits())
    }

    #[test]
    fn registers_give_the_same_bits() {
        fn check<S: Float>() {
            let numbers =
                |seed: usize| std::array::from_fn(|lane| S::from_f64(((lane * 7 + seed) as f64 * 12.9898).sin() * 43.7));
            for seed in 0..64 {
                let mut lanes: [S; 16] = numbers(seed);
                for broken in [S::ONE, S::ZERO, -S::ZERO, S::INFINITY, S::NEG_INFINITY, S::NAN] {
                    lanes[seed % 16] = broken;
                    let expected = bits::<Baseline, S>(lanes);
                    let same = |found: [u64; 3]| {
                        found.iter().zip(expected).all(|(&found, expected)| {
                            found == expected || f64::from_bits(found).is_nan() && f64::from_bits(expected).is_nan()
                        })
                    };
                    let level = Level::detect();
                    assert!(level == Level::Baseline || same(bits::<Avx2, S>(lanes)), "{lanes:?}");
                    assert!(level != Level::Avx512 || same(bits::<Avx512, S>(lanes)), "{lanes:?}");
                }
            }
        }
        check::<f32>();
        check::<f64>();
    }
}
