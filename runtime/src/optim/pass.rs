//! What all optimizers share: numbers kept for each parameter, and passes compiled for each instruction set. Must not know the
//! formulas.

use crate::Float;
use crate::kernels::{Buffer, threads};

/// Up to `K` numbers for each parameter, all zeros at first.
#[derive(Clone, Debug, Default)]
pub(super) enum Slots<const K: usize> {
    /// None yet.
    #[default]
    Empty,
    /// Of a network of `f32`.
    F32([Buffer<f32>; K]),
    /// Of a network of `f64`.
    F64([Buffer<f64>; K]),
}

impl<const K: usize> Slots<K> {
    /// Zeros for that many parameters of `f32`, in the slots that are used.
    pub(super) fn zeros_f32(used: usize, length: usize) -> Self {
        threads::start_for(length * size_of::<f32>());
        Self::F32(std::array::from_fn(|slot| Buffer::zeros(if slot < used { length } else { 0 })))
    }

    /// Zeros for that many parameters of `f64`, in the slots that are used.
    pub(super) fn zeros_f64(used: usize, length: usize) -> Self {
        threads::start_for(length * size_of::<f64>());
        Self::F64(std::array::from_fn(|slot| Buffer::zeros(if slot < used { length } else { 0 })))
    }

    /// All numbers, one slot after the other.
    #[cfg(test)]
    pub(super) fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Empty => Vec::new(),
            Self::F32(slots) => slots.iter().flat_map(|slot| slot.iter().map(|&number| f64::from(number))).collect(),
            Self::F64(slots) => slots.iter().flat_map(|slot| slot.iter().copied()).collect(),
        }
    }

    /// Whether the slots that are used are for that many parameters of `f32`.
    pub(super) fn fit_f32(&self, used: usize, length: usize) -> bool {
        matches!(self, Self::F32(slots) if slots[..used].iter().all(|slot| slot.len() == length))
    }

    /// Whether the slots that are used are for that many parameters of `f64`.
    pub(super) fn fit_f64(&self, used: usize, length: usize) -> bool {
        matches!(self, Self::F64(slots) if slots[..used].iter().all(|slot| slot.len() == length))
    }
}

/// The number, or 0 where it is below the smallest normal number.
#[inline(always)]
pub(super) fn flush<S: Float>(number: S) -> S {
    let smallest = if size_of::<S>() == 4 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
    if number.abs() < S::from_f64(smallest) { S::ZERO } else { number }
}

/// So few parameters are not worth the choice of instructions: they are less than a step of a wide loop.
pub(super) const FEW: usize = 16;

/// The bytes that a pass reads or writes in a nanosecond, about.
pub(super) const BYTES: usize = 16;

/// Defines a pass: a function of some settings, of slices that it writes, each element by itself, and of the gradient. It is compiled for
/// each instruction set and calls the copy for this machine, on several threads where that is worth it.
macro_rules! pass {
    ($(#[$attribute:meta])* fn $name:ident<$scalar:ident>($($setting:ident: $type:ty),*; $($written:ident),*; $gradient:ident) $body:block) => {
        $(#[$attribute])*
        #[allow(clippy::too_many_arguments)]
        fn $name<$scalar: crate::Float>($($setting: $type,)* $($written: &mut [$scalar],)* $gradient: &[$scalar]) {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body<$scalar: crate::Float>($($setting: $type,)* $($written: &mut [$scalar],)* $gradient: &[$scalar]) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            #[allow(clippy::too_many_arguments)]
            fn avx2<$scalar: crate::Float>($($setting: $type,)* $($written: &mut [$scalar],)* $gradient: &[$scalar]) {
                body($($setting,)* $($written,)* $gradient)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[allow(clippy::too_many_arguments)]
            fn avx512<$scalar: crate::Float>($($setting: $type,)* $($written: &mut [$scalar],)* $gradient: &[$scalar]) {
                body($($setting,)* $($written,)* $gradient)
            }

            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn copy<$scalar: crate::Float>($($setting: $type,)* $($written: &mut [$scalar],)* $gradient: &[$scalar]) {
                match crate::kernels::Level::detect() {
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: the level is only there on machines with these instructions.
                    crate::kernels::Level::Avx512 => unsafe { avx512($($setting,)* $($written,)* $gradient) },
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: the level is only there on machines with these instructions.
                    crate::kernels::Level::Avx2 => unsafe { avx2($($setting,)* $($written,)* $gradient) },
                    #[cfg(not(target_arch = "x86_64"))]
                    crate::kernels::Level::Avx2 | crate::kernels::Level::Avx512 => body($($setting,)* $($written,)* $gradient),
                    crate::kernels::Level::Baseline => body($($setting,)* $($written,)* $gradient),
                }
            }

            let (length, slices) = ($gradient.len(), [$(stringify!($written)),*].len() + 1);
            if length < super::pass::FEW {
                return body($($setting,)* $($written,)* $gradient);
            }
            let nanoseconds = length * slices * size_of::<$scalar>() / super::pass::BYTES;
            if crate::kernels::threads::is_worth(nanoseconds) {
                crate::kernels::threads::rounds(nanoseconds, length, [$(($written, 1)),*], |range, [$($written),*]| {
                    copy($($setting,)* $($written,)* &$gradient[range]);
                });
            } else {
                copy($($setting,)* $($written,)* $gradient);
            }
        }
    };
}

/// Implements [`Optimizer`](super::Optimizer) for a type with the fields `slots` and `learning_rate` and the methods
/// `used(&self) -> usize` (how many slots its settings need), `forget(&mut self)` and
/// `apply(&mut self, slots: &mut [Buffer<S>; K], parameters: &mut [S], gradient: &[S])`.
macro_rules! optimizer {
    ($type:ty) => {
        #[cfg(test)]
        impl $type {
            /// What it keeps of earlier steps.
            pub(super) fn kept(&self) -> Vec<f64> {
                self.slots.numbers()
            }
        }

        impl super::Optimizer for $type {
            fn update(&mut self, flat: super::Flat<'_>) {
                use super::pass::Slots;
                match flat {
                    super::Flat::F32(parameters, gradient) => {
                        self.prepare_f32(parameters.len());
                        let mut slots = std::mem::take(&mut self.slots);
                        if let Slots::F32(slots) = &mut slots {
                            self.apply(slots, parameters, gradient);
                        }
                        self.slots = slots;
                    }
                    super::Flat::F64(parameters, gradient) => {
                        self.prepare_f64(parameters.len());
                        let mut slots = std::mem::take(&mut self.slots);
                        if let Slots::F64(slots) = &mut slots {
                            self.apply(slots, parameters, gradient);
                        }
                        self.slots = slots;
                    }
                }
            }

            fn prepare_f32(&mut self, parameters: usize) {
                if !self.slots.fit_f32(self.used(), parameters) {
                    self.forget();
                    self.slots = super::pass::Slots::zeros_f32(self.used(), parameters);
                }
            }

            fn prepare_f64(&mut self, parameters: usize) {
                if !self.slots.fit_f64(self.used(), parameters) {
                    self.forget();
                    self.slots = super::pass::Slots::zeros_f64(self.used(), parameters);
                }
            }

            fn slots(&self) -> usize {
                self.used()
            }

            fn learning_rate(&self) -> f64 {
                self.learning_rate
            }

            fn set_learning_rate(&mut self, learning_rate: f64) {
                self.learning_rate = learning_rate;
            }
        }
    };
}

pub(super) use {optimizer, pass};
