//! exp and exp - 1: x = n ln 2 + r with |r| ≤ ln(2)/2, a polynomial in r, and 2^n (Cody and Waite 1980). It must not know of other
//! functions.

use super::super::{Float, Isa};
use super::constants::clamp;
use super::polynomial;

/// x = n ln 2 + r: `shifted` is n + the rounder, `exponential` is exp(r) - 1.
struct Reduced<S> {
    shifted: S,
    exponential: S,
}

#[inline(always)]
fn reduce<I: Isa, S: Float>(x: S) -> Reduced<S> {
    let shifted = I::mul_add(x, S::LOG2_E, S::ROUNDER);
    let n = shifted - S::ROUNDER;
    let high = I::mul_add(n, -S::LN_2_HIGH, x);
    let r = I::mul_add(n, -S::LN_2_LOW, high);
    // What r lost is not lost to its first power.
    let low = I::mul_add(n, -S::LN_2_LOW, high - r);
    let rest = I::mul_add(r * r, polynomial::<I, S>(S::EXP, r), low);
    Reduced { shifted, exponential: r + rest }
}

/// exp(x).
#[inline(always)]
pub fn exp<I: Isa, S: Float>(x: S) -> S {
    let Reduced { shifted, exponential } = reduce::<I, S>(clamp(x, S::EXP_LOWEST, S::EXP_HIGHEST));
    let [first, second] = S::scales(shifted);
    (exponential + S::ONE) * first * second
}

/// exp(x) where that is normal.
#[inline(always)]
pub fn exp_normal<I: Isa, S: Float>(x: S) -> S {
    let Reduced { shifted, exponential } = reduce::<I, S>(x);
    let scale = S::power_of_two(shifted);
    I::mul_add(exponential, scale, scale)
}

/// exp(x) - 1 for small x too.
#[inline(always)]
pub fn expm1<I: Isa, S: Float>(x: S) -> S {
    // Half of it, so that 2^n stays finite up to the largest number.
    let half = S::from_f64(0.5);
    let Reduced { shifted, exponential } = reduce::<I, S>(clamp(x, S::EXPM1_LOWEST, S::EXP_HIGHEST));
    let scale = S::power_of_two(shifted - S::ONE);
    let result = I::mul_add(exponential, scale, scale - half);
    if x.abs() < S::TINY { x } else { result + result }
}
