//! tanh and the logistic sigmoid, from exponentials that do not overflow. It must not know of derivatives.

use super::super::{Float, Isa};
use super::exponential::{exp, expm1_negative};

/// tanh x = (1 - e^-2|x|)/(1 + e^-2|x|) with the sign of x; the numerator keeps its digits near 0.
#[inline(always)]
pub fn tanh<I: Isa, S: Float>(x: S) -> S {
    let magnitude = x.abs();
    let twice = -(magnitude + magnitude);
    let twice = if twice < S::EXPM1_LOWEST { S::EXPM1_LOWEST } else { twice };
    let e = expm1_negative::<I, S>(twice);
    (e / (e + (S::ONE + S::ONE))).with_sign(x)
}

/// 1/(1 + e^-x), as e^x/(1 + e^x) for negative x, so that small results keep their digits.
#[inline(always)]
pub fn sigmoid<I: Isa, S: Float>(x: S) -> S {
    let e = exp::<I, S>(-x.abs());
    let numerator = if x < S::ZERO { e } else { S::ONE };
    numerator / (S::ONE + e)
}
