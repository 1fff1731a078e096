//! Elementary functions that vectorize: no calls, no branches, no tables, only arithmetic and selections, so that the compiler of Rust
//! computes as many elements side by side as the instruction set holds.
//!
//! Each function is written once, for both floats and every instruction set; what a float brings is in [`Constants`]. They mean what
//! the functions of [`chainrule_math::Scalar`] of the same names mean, zeros keep their signs, infinities, NaN, subnormal numbers
//! and the thresholds of overflow come out as there. Whatever the level, a result is at most 2 units in the last place from the
//! exact value, in `f32` and in `f64` (measured: 0.9 for `exp` and `log`, 1.5 for `expm1`, `log1p`, `tanh` and `erf`, 1.7 for
//! `softplus`, 2 for `sigmoid`).
//!
//! For one element on its own the library of the platform is faster, since here the steps wait for each other. It must not know
//! who calls.

mod constants;
mod erf;
mod exponential;
mod hyperbolic;
mod logarithm;
#[cfg(test)]
mod precise;
#[cfg(test)]
mod tests;

pub use constants::Constants;
pub use erf::erf;
pub use exponential::{exp, expm1};
pub use hyperbolic::{sigmoid, tanh};
pub use logarithm::{log, log1p, softplus};

use super::{Float, Isa};

/// `c[0] + c[1]·x + c[2]·x² + …` by Horner's rule.
#[inline(always)]
fn polynomial<I: Isa, S: Float>(coefficients: &[S], x: S) -> S {
    let Some((&last, rest)) = coefficients.split_last() else { return S::ZERO };
    let mut sum = last;
    let mut at = rest.len();
    while at > 0 {
        at -= 1;
        sum = I::mul_add(sum, x, rest[at]);
    }
    sum
}
