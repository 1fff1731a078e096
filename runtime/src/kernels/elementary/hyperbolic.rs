//! tanh and the logistic sigmoid, from exponentials that do not overflow. It must not know of derivatives.

use super::super::{Float, Isa};
use super::exponential::{exp, exp_normal};
use super::polynomial;

/// An odd polynomial up to 9/16, where tanh is about ½, and 1 - 2 e^-2|x|/(1 + e^-2|x|) beyond.
#[inline(always)]
pub fn tanh<I: Isa, S: Float>(x: S) -> S {
    let magnitude = x.abs();
    let square = x * x;
    let near = I::mul_add(magnitude * square, polynomial::<I, S>(S::TANH, square), magnitude);
    let bounded = if magnitude > S::TANH_HIGHEST { S::TANH_HIGHEST } else { magnitude };
    let e = exp_normal::<I, S>(-(bounded + bounded));
    let far = S::ONE - (e + e) / (S::ONE + e);
    (if magnitude < S::from_f64(0.5625) { near } else { far }).with_sign(x)
}

/// 1/(1 + e^-x), as e^x/(1 + e^x) for negative x, so that small results keep their digits.
#[inline(always)]
pub fn sigmoid<I: Isa, S: Float>(x: S) -> S {
    let e = exp::<I, S>(-x.abs());
    let numerator = if x < S::ZERO { e } else { S::ONE };
    // The first order of what the sum rounds away.
    let sum = S::ONE + e;
    let lost = e - (sum - S::ONE);
    let quotient = numerator / sum;
    I::mul_add(-quotient, lost, quotient)
}
