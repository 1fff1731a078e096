//! The product compiled for each instruction set and float. It must not know how the product is computed.

use super::shared::Shared;
use super::tile::{self, DotSums, Dots, Spread, Strips, Tile};
use super::vector::{Plain, Vector};
use super::{Contraction, Edge, Product, blocks, contract};
use crate::kernels::threads::Share;
use crate::kernels::{Baseline, Float, Isa, Level};

/// Floats whose matrix products are compiled here, once, and not in every crate that uses them.
pub trait Multiply: Sized {
    /// C = A·B or C += A·B, computed as the same rows of `whole` are.
    ///
    /// # Safety
    ///
    /// The machine must have `level`; the pointers must be valid for all elements that `product` names, those of C for nobody else;
    /// `whole` must be the same but for more rows, and `packing` have the [`packing_len`](super::packing_len) elements that it needs.
    #[doc(hidden)]
    #[allow(clippy::too_many_arguments, reason = "what is multiplied, and how")]
    unsafe fn multiply(
        level: Level,
        product: &Product,
        whole: &Product,
        edge: Option<Edge>,
        a: *const Self,
        b: *const Self,
        c: *mut Self,
        packing: &mut [Self],
    );

    /// `C[m, n] = Σ_k A[m, k] B[k, n]`, or added to C.
    ///
    /// # Safety
    ///
    /// As for [`multiply`](Self::multiply), with [`contraction_packing_len`](super::contraction_packing_len) elements of `packing`.
    #[doc(hidden)]
    unsafe fn contract(
        level: Level,
        contraction: &Contraction<'_>,
        a: *const Self,
        b: &[Self],
        c: *mut Self,
        packing: &mut [Self],
    );
}

/// The tiles of an instruction set.
///
/// # Safety
///
/// The machine must have the instruction set when a function is called.
pub(super) trait Machine {
    /// Its instruction set.
    type Isa: Isa;
    /// Its floats.
    type Element: Float;
    /// Its registers.
    type Vector: Vector<Element = Self::Element>;
    /// The most rows that a tile has.
    const ROWS: usize;
    /// The most rows that a tile of twice as many columns has.
    const WIDE_ROWS: usize;
    /// The columns of a full tile, two vectors.
    const COLUMNS: usize = 2 * Self::Vector::LANES;

    /// Computes a tile of `rows` rows and `vectors` vectors: up to `ROWS` of 1 or 2, up to `WIDE_ROWS` of 4. `packed` says
    /// that the rows of A lie side by side and its columns too.
    unsafe fn tile(rows: usize, vectors: usize, packed: bool, tile: &Tile<Self::Element>);

    /// Computes a thread's share of a piece of a product.
    unsafe fn compute<W: Shared>(piece: &W, share: &mut Share<'_>);

    /// Computes a tile of `rows` rows, up to `ROWS`, of 1 or 2 strips.
    unsafe fn strips(rows: usize, vectors: usize, strips: &Strips<'_, Self::Element>);

    /// Computes a tile of `columns` columns of B, up to `ROWS`, with 1 or 2 vectors of rows of A.
    unsafe fn spread(columns: usize, vectors: usize, spread: &Spread<'_, Self::Element>, to: *mut Self::Element);

    /// Computes the dot products of up to `WIDE_ROWS` rows with up to 4 columns.
    unsafe fn dots(rows: usize, columns: usize, dots: &Dots<'_, Self::Element>, sums: &mut DotSums<Self::Element>);
}

/// A machine: its floats, registers, features, and the heights of its tiles.
macro_rules! machine {
    ($name:ident, $isa:ident, $element:ident, $vector:ty, [$($height:literal)*], [$($wide:literal)*] $(, $features:literal)?) => {
        pub(super) struct $name;

        impl Machine for $name {
            type Isa = $isa;
            type Element = $element;
            type Vector = $vector;
            const ROWS: usize = [$($height),*].len();
            const WIDE_ROWS: usize = [$($wide),*].len();

            #[inline(always)]
            unsafe fn tile(rows: usize, vectors: usize, packed: bool, tile: &Tile<$element>) {
                $(#[target_feature(enable = $features)])?
                unsafe fn compute<const ROWS: usize, const VECTORS: usize, const PACKED: bool>(tile: &Tile<$element>) {
                    // SAFETY: as the caller says.
                    unsafe { tile::compute::<$vector, ROWS, VECTORS, PACKED>(tile) }
                }
                // SAFETY: the caller says that the machine has the features and the operands are valid.
                unsafe {
                    match (rows, vectors, packed) {
                        $(
                            ($height, 1, _) => compute::<$height, 1, false>(tile),
                            ($height, 2, false) => compute::<$height, 2, false>(tile),
                            ($height, 2, true) => compute::<$height, 2, true>(tile),
                        )*
                        $(($wide, 4, _) => compute::<$wide, 4, false>(tile),)*
                        _ => unreachable!("no tile has {rows} rows of {vectors} vectors"),
                    }
                }
            }

            #[inline(always)]
            unsafe fn compute<W: Shared>(piece: &W, share: &mut Share<'_>) {
                $(#[target_feature(enable = $features)])?
                unsafe fn compute<W: Shared>(piece: &W, share: &mut Share<'_>) {
                    // SAFETY: as the caller says.
                    unsafe { piece.compute(share) }
                }
                // SAFETY: the caller says that the machine has the features.
                unsafe { compute(piece, share) }
            }

            #[inline(always)]
            unsafe fn strips(rows: usize, vectors: usize, strips: &Strips<'_, $element>) {
                $(#[target_feature(enable = $features)])?
                unsafe fn compute<const ROWS: usize, const VECTORS: usize>(strips: &Strips<'_, $element>) {
                    // SAFETY: as the caller says.
                    unsafe { tile::strips::<$vector, ROWS, VECTORS>(strips) }
                }
                // SAFETY: the caller says that the machine has the features and the operands are valid.
                unsafe {
                    match (rows, vectors) {
                        $(
                            ($height, 1) => compute::<$height, 1>(strips),
                            ($height, 2) => compute::<$height, 2>(strips),
                        )*
                        _ => unreachable!("no tile has {rows} rows of {vectors} strips"),
                    }
                }
            }

            #[inline(always)]
            unsafe fn spread(columns: usize, vectors: usize, spread: &Spread<'_, $element>, to: *mut $element) {
                $(#[target_feature(enable = $features)])?
                unsafe fn compute<const COLUMNS: usize, const VECTORS: usize>(spread: &Spread<'_, $element>, to: *mut $element) {
                    // SAFETY: as the caller says.
                    unsafe { tile::spread::<$vector, COLUMNS, VECTORS>(spread, to) }
                }
                // SAFETY: the caller says that the machine has the features and the operands are valid.
                unsafe {
                    match (columns, vectors) {
                        $(
                            ($height, 1) => compute::<$height, 1>(spread, to),
                            ($height, 2) => compute::<$height, 2>(spread, to),
                        )*
                        _ => unreachable!("no tile has {columns} columns and {vectors} vectors of rows"),
                    }
                }
            }

            #[inline(always)]
            unsafe fn dots(
                rows: usize, columns: usize, dots: &Dots<'_, $element>, sums: &mut DotSums<$element>,
            ) {
                $(#[target_feature(enable = $features)])?
                unsafe fn compute<const ROWS: usize, const COLUMNS: usize>(
                    dots: &Dots<'_, $element>, sums: &mut DotSums<$element>,
                ) {
                    // SAFETY: as the caller says.
                    unsafe { tile::dots::<$vector, ROWS, COLUMNS>(dots, sums) }
                }
                // SAFETY: the caller says that the machine has the features and the operands are valid.
                unsafe {
                    match (rows, columns) {
                        $(
                            ($wide, 1) => compute::<$wide, 1>(dots, sums),
                            ($wide, 2) => compute::<$wide, 2>(dots, sums),
                            ($wide, 3) => compute::<$wide, 3>(dots, sums),
                            ($wide, 4) => compute::<$wide, 4>(dots, sums),
                        )*
                        _ => unreachable!("no tile has {rows} rows and {columns} columns of dot products"),
                    }
                }
            }
        }

        impl $name {
            $(#[target_feature(enable = $features)])?
            pub(super) unsafe fn multiply(
                product: &Product, whole: &Product, edge: Option<Edge>,
                a: *const $element, b: *const $element, c: *mut $element, packing: &mut [$element],
            ) {
                // SAFETY: as the caller says.
                unsafe { blocks::multiply::<$name>(product, whole, edge, a, b, c, packing) }
            }

            $(#[target_feature(enable = $features)])?
            pub(super) unsafe fn contract(
                contraction: &Contraction<'_>, a: *const $element, b: &[$element], c: *mut $element, packing: &mut [$element],
            ) {
                // SAFETY: as the caller says.
                unsafe { contract::on::<$name>(contraction, a, b, c, packing) }
            }
        }
    };
}

/// Calls a function of the machine that a level means.
macro_rules! at_level {
    ($level:expr, [$baseline:ident, $avx2:ident, $avx512:ident], $function:ident($($argument:expr),*)) => {
        match $level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => x86::$avx512::$function($($argument),*),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => x86::$avx2::$function($($argument),*),
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx512 | Level::Avx2 => unreachable!("no machine of this target has {:?}", $level),
            Level::Baseline => $baseline::$function($($argument),*),
        }
    };
}

/// Dispatches on the level.
macro_rules! dispatch {
    ($element:ident, $baseline:ident, $avx2:ident, $avx512:ident) => {
        impl Multiply for $element {
            unsafe fn multiply(
                level: Level,
                product: &Product,
                whole: &Product,
                edge: Option<Edge>,
                a: *const $element,
                b: *const $element,
                c: *mut $element,
                packing: &mut [$element],
            ) {
                // SAFETY: the caller says that the machine has the level and the operands are valid.
                unsafe { at_level!(level, [$baseline, $avx2, $avx512], multiply(product, whole, edge, a, b, c, packing)) }
            }

            unsafe fn contract(
                level: Level,
                contraction: &Contraction<'_>,
                a: *const $element,
                b: &[$element],
                c: *mut $element,
                packing: &mut [$element],
            ) {
                // SAFETY: the caller says that the machine has the level and the operands are valid.
                unsafe { at_level!(level, [$baseline, $avx2, $avx512], contract(contraction, a, b, c, packing)) }
            }
        }
    };
}

dispatch!(f32, Baseline32, Avx2F32, Avx512F32);
dispatch!(f64, Baseline64, Avx2F64, Avx512F64);

machine!(Baseline32, Baseline, f32, Plain<f32, 4>, [1 2 3 4], [1 2]);
machine!(Baseline64, Baseline, f64, Plain<f64, 2>, [1 2 3 4], [1 2]);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};

    use super::*;
    use crate::kernels::{Avx2, Avx512};

    machine!(Avx2F32, Avx2, f32, __m256, [1 2 3 4 5 6], [1 2], "avx2,fma");
    machine!(Avx2F64, Avx2, f64, __m256d, [1 2 3 4 5 6], [1 2], "avx2,fma");
    machine!(Avx512F32, Avx512, f32, __m512, [1 2 3 4 5 6 7 8 9 10 11 12 13 14], [1 2 3 4 5 6], "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma");
    machine!(Avx512F64, Avx512, f64, __m512d, [1 2 3 4 5 6 7 8 9 10 11 12 13 14], [1 2 3 4 5 6], "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma");
}
