//! Sixteen lanes together in registers, halves onto halves as in [`super`]. It must not know of rows.
//!
//! Compiled from arrays, lanes are taken from memory two by two; here the halves are as wide as registers are.

use super::super::{Isa, Level};
use super::{Fold, Largest, Smallest, Sum, Together};
use std::arch::x86_64::*;

/// What two numbers give, one by one or lane by lane.
pub trait Onto {
    /// Of eight numbers of single precision each.
    ///
    /// # Safety
    ///
    /// The machine must have AVX; so it is for all others.
    unsafe fn eight(a: __m256, b: __m256) -> __m256;
    /// Of four.
    unsafe fn four(a: __m128, b: __m128) -> __m128;
    /// Of four of double precision.
    unsafe fn four_double(a: __m256d, b: __m256d) -> __m256d;
    /// Of two.
    unsafe fn two_double(a: __m128d, b: __m128d) -> __m128d;
}

/// A fold by its four instructions.
macro_rules! onto {
    ($name:ident: |$a:ident, $b:ident| $eight:expr, $four:expr, $four_double:expr, $two_double:expr) => {
        impl Onto for $name {
            #[inline(always)]
            unsafe fn eight($a: __m256, $b: __m256) -> __m256 {
                // SAFETY: the machine has AVX.
                unsafe { $eight }
            }
            #[inline(always)]
            unsafe fn four($a: __m128, $b: __m128) -> __m128 {
                // SAFETY: as above.
                unsafe { $four }
            }
            #[inline(always)]
            unsafe fn four_double($a: __m256d, $b: __m256d) -> __m256d {
                // SAFETY: as above.
                unsafe { $four_double }
            }
            #[inline(always)]
            unsafe fn two_double($a: __m128d, $b: __m128d) -> __m128d {
                // SAFETY: as above.
                unsafe { $two_double }
            }
        }
    };
}

/// The same of an instruction that gives its second operand where one is NaN: the first one instead where that is NaN.
macro_rules! extreme {
    ($name:ident: $eight:ident, $four:ident, $four_double:ident, $two_double:ident) => {
        onto! {
            $name: |a, b|
            _mm256_blendv_ps($eight(a, b), a, _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a)),
            _mm_blendv_ps($four(a, b), a, _mm_cmp_ps::<_CMP_UNORD_Q>(a, a)),
            _mm256_blendv_pd($four_double(a, b), a, _mm256_cmp_pd::<_CMP_UNORD_Q>(a, a)),
            _mm_blendv_pd($two_double(a, b), a, _mm_cmp_pd::<_CMP_UNORD_Q>(a, a))
        }
    };
}

onto!(Sum: |a, b| _mm256_add_ps(a, b), _mm_add_ps(a, b), _mm256_add_pd(a, b), _mm_add_pd(a, b));
extreme!(Largest: _mm256_max_ps, _mm_max_ps, _mm256_max_pd, _mm_max_pd);
extreme!(Smallest: _mm256_min_ps, _mm_min_ps, _mm256_min_pd, _mm_min_pd);

/// With the registers of a float.
macro_rules! together {
    ($float:ident, $registers:ident) => {
        impl Together for $float {
            #[inline(always)]
            fn in_registers<I: Isa, F: Fold>(lanes: &[Self; 16]) -> Option<Self> {
                if I::LEVEL == Level::Baseline {
                    return None;
                }
                assert!(I::LEVEL <= Level::detect(), "this machine does not have {:?}", I::LEVEL);
                // SAFETY: the machine has the level, and all levels but the baseline have AVX2.
                Some(unsafe { $registers::<F>(lanes) })
            }
        }
    };
}

together!(f32, single);
together!(f64, double);

/// Sixteen numbers of single precision together.
///
/// # Safety
///
/// The machine must have AVX.
#[inline(always)]
unsafe fn single<F: Onto>(lanes: &[f32; 16]) -> f32 {
    // SAFETY: the machine has AVX, and there are sixteen numbers.
    unsafe {
        let start = lanes.as_ptr();
        let eight = F::eight(_mm256_loadu_ps(start), _mm256_loadu_ps(start.add(8)));
        let four = F::four(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
        let two = F::four(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(F::four(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

/// Sixteen numbers of double precision together.
///
/// # Safety
///
/// The machine must have AVX.
#[inline(always)]
unsafe fn double<F: Onto>(lanes: &[f64; 16]) -> f64 {
    // SAFETY: the machine has AVX, and there are sixteen numbers.
    unsafe {
        let quarter = |number: usize| _mm256_loadu_pd(lanes.as_ptr().add(4 * number));
        let [first, second] = [0, 1].map(|number| F::four_double(quarter(number), quarter(number + 2)));
        let four = F::four_double(first, second);
        let two = F::two_double(_mm256_castpd256_pd128(four), _mm256_extractf128_pd::<1>(four));
        _mm_cvtsd_f64(F::two_double(two, _mm_unpackhi_pd(two, two)))
    }
}
