//! The error function: an odd polynomial up to 1, and 1 - exp(a polynomial) beyond. It must not know of other functions.

use super::super::{Float, Isa};
use super::exponential::exp_normal;
use super::polynomial;

/// 2/√π ∫₀ˣ exp(-t²) dt
#[inline(always)]
pub fn erf<I: Isa, S: Float>(x: S) -> S {
    // 2/√π - 1
    let slope = S::from_f64(0.128_379_167_095_512_57);
    let magnitude = x.abs();
    let square = x * x;
    let factor = I::mul_add(square, polynomial::<I, S>(S::ERF_NEAR, square), slope);
    let near = I::mul_add(x, factor, x);
    let bounded = if magnitude > S::ERF_HIGHEST { S::ERF_HIGHEST } else { magnitude };
    let far = S::ONE - exp_normal::<I, S>(bounded * polynomial::<I, S>(S::ERF_FAR, bounded));
    if magnitude < S::ONE { near } else { far.with_sign(x) }
}
