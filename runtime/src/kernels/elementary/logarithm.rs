//! log, log(1 + x) and log(1 + exp(x)): x = 2^k m with m between √½ and √2, and the series of log((1 + s)/(1 - s)) in
//! s = (m - 1)/(m + 1), as a minimax polynomial (the way of FDLIBM, Sun Microsystems 1993). It must not know of other functions.

use super::super::{Float, Isa};
use super::exponential::exp;
use super::polynomial;

/// k ln 2 + log(1 + f) for f between √½ - 1 and √2 - 1.
#[inline(always)]
fn sum<I: Isa, S: Float>(k: S, f: S) -> S {
    let s = f / (f + (S::ONE + S::ONE));
    let z = s * s;
    let half_square = f * f * S::from_f64(0.5);
    let rest = I::mul_add(z, polynomial::<I, S>(S::LOG, z), half_square);
    // log(1 + f) = f - f²/2 + s (f²/2 + rest), the smallest first.
    let correction = I::mul_add(s, rest, k * S::LN_2_LOW);
    I::mul_add(k, S::LN_2_HIGH, f - (half_square - correction))
}

/// The natural logarithm.
#[inline(always)]
pub fn log<I: Isa, S: Float>(x: S) -> S {
    let subnormal = x < S::NORMAL;
    let normal = if subnormal { x * S::RAISE } else { x };
    let raised = if subnormal { S::RAISED } else { S::ZERO };
    let (k, m, _) = S::split(normal);
    let result = sum::<I, S>(k - raised, m - S::ONE);
    let result = if x < S::INFINITY { result } else { x };
    let result = if x == S::ZERO { S::NEG_INFINITY } else { result };
    if x < S::ZERO { S::NAN } else { result }
}

/// log(1 + x) for x from 0 on, but finite, or a NaN. What 1 + x rounds away is added to m - 1.
#[inline(always)]
fn log1p_finite<I: Isa, S: Float>(x: S) -> S {
    let u = S::ONE + x;
    let virtual_x = u - S::ONE;
    let lost = (S::ONE - (u - virtual_x)) + (x - virtual_x);
    let (k, m, inverse) = S::split(u);
    // Of a large number nothing that counts is lost, and 2^-k may be no number.
    let lost = if x < S::RAISE { lost * inverse } else { S::ZERO };
    sum::<I, S>(k, m - S::ONE + lost)
}

/// log(1 + x) for small x too.
#[inline(always)]
pub fn log1p<I: Isa, S: Float>(x: S) -> S {
    let result = log1p_finite::<I, S>(x);
    let result = if x < S::INFINITY { result } else { x };
    let result = if x == -S::ONE { S::NEG_INFINITY } else { result };
    let result = if x < -S::ONE { S::NAN } else { result };
    if x.abs() < S::TINY { x } else { result }
}

/// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)).
#[inline(always)]
pub fn softplus<I: Isa, S: Float>(x: S) -> S {
    let positive = if x <= S::ZERO { S::ZERO } else { x };
    positive + log1p_finite::<I, S>(exp::<I, S>(-x.abs()))
}
