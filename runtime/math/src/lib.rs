//! Scalar functions of chainrule: what every scalar operator of the language means, for `f32` and `f64`.
//!
//! The compiler folds constants and evaluates by definition with these functions, and the generated code calls them, so both
//! mean the same. [`init`] says how parameters start and [`counter`] which random numbers there are, for both alike,
//! and [`memory`] how much of it generated code takes.
//!
//! # Features
//!
//! `init`: the numbers of initializers, and the generator of them.

pub mod counter;
pub mod init;
pub mod memory;
#[cfg(feature = "init")]
pub mod random;
#[cfg(test)]
mod tests;

/// A float that networks compute in.
///
/// Functions that exist under the same name on floats are as there, unless their documentation says more.
#[allow(missing_docs)]
pub trait Scalar: Copy + PartialOrd + 'static {
    fn exp(self) -> Self;
    /// exp(x) - 1, exact for small x too.
    fn expm1(self) -> Self;
    /// The natural logarithm.
    fn log(self) -> Self;
    /// log(1 + x), exact for small x too.
    fn log1p(self) -> Self;
    fn sqrt(self) -> Self;
    /// 1/√x
    fn rsqrt(self) -> Self;
    fn abs(self) -> Self;
    /// -1, 0 or 1 (0 keeps its sign, NaN stays NaN).
    fn sign(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    /// To the nearest integer, halves to even.
    fn round(self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tan(self) -> Self;
    fn asin(self) -> Self;
    fn acos(self) -> Self;
    fn atan(self) -> Self;
    fn sinh(self) -> Self;
    fn cosh(self) -> Self;
    fn tanh(self) -> Self;
    /// 2/√π ∫₀ˣ exp(-t²) dt
    fn erf(self) -> Self;
    /// 1/(1 + exp(-x))
    fn sigmoid(self) -> Self;
    /// log(1 + exp(x)), without overflow.
    fn softplus(self) -> Self;
    /// x: what the operator of this name computes.
    #[inline(always)]
    fn stop_gradient(self) -> Self {
        self
    }
    /// max(x, 0); NaN stays NaN.
    fn relu(self) -> Self;
    /// `x ^ y`; `x ^ 0` is 1.
    fn pow(self, exponent: Self) -> Self;
    /// The smaller one; NaN where one of them is NaN.
    fn minimum(self, other: Self) -> Self;
    /// The larger one; NaN where one of them is NaN.
    fn maximum(self, other: Self) -> Self;
    /// A random number from 0 up to, but without, 1: a multiple of 2⁻²⁴, the same for both floats.
    fn uniform(key: counter::Key, position: u64) -> Self;
}

macro_rules! scalar {
    ($float:ident, $erf:path) => {
        impl Scalar for $float {
            #[inline(always)]
            fn exp(self) -> Self {
                <$float>::exp(self)
            }
            #[inline(always)]
            fn expm1(self) -> Self {
                self.exp_m1()
            }
            #[inline(always)]
            fn log(self) -> Self {
                self.ln()
            }
            #[inline(always)]
            fn log1p(self) -> Self {
                self.ln_1p()
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$float>::sqrt(self)
            }
            #[inline(always)]
            fn rsqrt(self) -> Self {
                1.0 / <$float>::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$float>::abs(self)
            }
            #[inline(always)]
            fn sign(self) -> Self {
                // Two choices one after the other vectorize, branches within each other do not.
                let at_most_zero = if self < 0.0 { -1.0 } else { self };
                if self > 0.0 { 1.0 } else { at_most_zero }
            }
            #[inline(always)]
            fn floor(self) -> Self {
                <$float>::floor(self)
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                <$float>::ceil(self)
            }
            #[inline(always)]
            fn round(self) -> Self {
                self.round_ties_even()
            }
            #[inline(always)]
            fn sin(self) -> Self {
                <$float>::sin(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                <$float>::cos(self)
            }
            #[inline(always)]
            fn tan(self) -> Self {
                <$float>::tan(self)
            }
            #[inline(always)]
            fn asin(self) -> Self {
                <$float>::asin(self)
            }
            #[inline(always)]
            fn acos(self) -> Self {
                <$float>::acos(self)
            }
            #[inline(always)]
            fn atan(self) -> Self {
                <$float>::atan(self)
            }
            #[inline(always)]
            fn sinh(self) -> Self {
                <$float>::sinh(self)
            }
            #[inline(always)]
            fn cosh(self) -> Self {
                <$float>::cosh(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                <$float>::tanh(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                $erf(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                // exp of a number that is not positive, so nothing overflows.
                let e = (-<$float>::abs(self)).exp();
                if self >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
            }
            #[inline(always)]
            fn softplus(self) -> Self {
                self.relu() + (-<$float>::abs(self)).exp().ln_1p()
            }
            #[inline(always)]
            fn relu(self) -> Self {
                if self <= 0.0 { 0.0 } else { self }
            }
            #[inline(always)]
            fn pow(self, exponent: Self) -> Self {
                self.powf(exponent)
            }
            #[inline(always)]
            fn minimum(self, other: Self) -> Self {
                if self < other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn maximum(self, other: Self) -> Self {
                if self > other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn uniform(key: counter::Key, position: u64) -> Self {
                // As a signed number, since that conversion is one instruction.
                key.bits(position) as i32 as $float * (1.0 / 16_777_216.0)
            }
        }
    };
}

scalar!(f32, libm::erff);
scalar!(f64, libm::erf);
