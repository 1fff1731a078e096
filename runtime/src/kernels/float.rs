//! The floats that networks compute in. It must not know of instruction sets.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use bytemuck::Pod;
use chainrule_math::Scalar;

use super::elementary::Constants;
use super::lanes::Together;
use super::product::Multiply;

/// A float that networks compute in: `f32` or `f64`.
pub trait Float:
    Scalar
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + PartialOrd
    + Default
    + Copy
    + Send
    + Sync
    + Debug
    + Display
    + Pod
    + Multiply
    + Constants
    + Together
    + 'static
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// -∞
    const NEG_INFINITY: Self;
    /// ∞
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;
    /// `f32` or `f64`
    const NAME: &'static str;

    /// The nearest float.
    fn from_f64(value: f64) -> Self;
    /// The same number.
    fn to_f64(self) -> f64;
    /// The nearest float.
    fn from_i64(value: i64) -> Self;
    /// `self * factor + addend`, rounded once. A library call where the surrounding code is not compiled for fused
    /// multiply-add; [`Isa::mul_add`](super::Isa::mul_add) is the one for code that is compiled for each instruction set.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
}

macro_rules! float {
    ($float:ident) => {
        impl Float for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NEG_INFINITY: Self = $float::NEG_INFINITY;
            const INFINITY: Self = $float::INFINITY;
            const NAN: Self = $float::NAN;
            const NAME: &'static str = stringify!($float);

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn from_i64(value: i64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                $float::mul_add(self, factor, addend)
            }
        }
    };
}

float!(f32);
float!(f64);
