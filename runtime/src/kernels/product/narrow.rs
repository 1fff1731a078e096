//! A product with few columns: each element of C is a dot product of a row of A and a column of B, with a lane for each of its terms, where
//! tiles would leave most lanes empty. It must not know of tiles.

use super::block::Cut;
use super::grid::{PER_LANE, TALL};
use super::machine::Machine;
use super::shared::{Shared, share};
use super::vector::Vector;
use super::{Product, Strides};
use crate::kernels::Float;
use crate::kernels::threads::{self, Share};
use chainrule_math::memory::packing_len;

/// The bytes of B that are read again for a few rows of A.
const CACHE: usize = 128 * 1024;
/// How many products of vectors it takes to add up the lanes of a sum.
const ADDING: usize = 3;
/// How many products of vectors each turn of a short loop costs.
const LOOP: usize = 4;
/// How many columns of B are read together.
const TOGETHER: usize = 4;
/// Threads get multiples of so many rows.
const STEP: usize = 16;
/// The most lanes of a vector, and the most sums of a tile.
const MOST: usize = 16;

/// Whether this is the cheapest way, by products of vectors.
pub(super) fn fits<M: Machine>(product: &Product) -> bool {
    let Product { m, n, k, a, b, c, .. } = *product;
    let is_packed = b.row != 1;
    let is_matrix_vector = n < 2 || m == 1 && !is_packed;
    if is_matrix_vector || a.column != 1 || n * k * size_of::<M::Element>() > CACHE || is_packed && n * k > packing_len(m, n, k) {
        return false;
    }
    let lanes = M::Vector::LANES;
    let dots = m * n * (k.div_ceil(lanes) + ADDING) + if is_packed { n * k } else { 0 };
    let tiles = if c.column == 1 {
        // Rows of C in vectors, of B too; a single one has loops of its own.
        m * k * n.div_ceil(lanes) + if b.column == 1 { 0 } else { n * k / 4 } + if m == 1 { k * LOOP } else { 0 }
    } else {
        // Columns of C in vectors, for which those of A are laid out.
        n * k * m.div_ceil(lanes) + m * k / 4
    };
    // What is saved must be worth more than the estimates are off.
    dots < tiles - tiles / 10
}

/// C = A·B or C += A·B.
///
/// # Safety
///
/// As for `Multiply::multiply`, with a level that has what `M` needs; `fits` a product of as many rows or more.
#[inline(always)]
pub(super) unsafe fn multiply<M: Machine>(
    product: &Product,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let Product { m, n, k, .. } = *product;
    let (b, column) = if product.b.row == 1 {
        (b, product.b.column)
    } else {
        // SAFETY: as the caller says.
        (unsafe { packed::<M>(product, b, packing) }, k)
    };
    let nanoseconds = m * n * (k.div_ceil(M::Vector::LANES) + ADDING) / PER_LANE;
    let steps = m.div_ceil(STEP);
    let cut = Cut::into(steps, threads::parts(nanoseconds, steps));
    // SAFETY: as the caller says.
    unsafe { share::<M, _>(nanoseconds, cut.count, &Rows::<M> { product, cut, a, b, column, c }) }
}

/// The columns of B one after the other.
unsafe fn packed<M: Machine>(product: &Product, b: *const M::Element, packing: &mut [M::Element]) -> *const M::Element {
    let Product { n, k, b: Strides { row, column }, .. } = *product;
    for (j, to) in packing[..n * k].chunks_exact_mut(k).enumerate() {
        for (p, to) in to.iter_mut().enumerate() {
            // SAFETY: the element is one of B.
            *to = unsafe { *b.add(p * row + j * column) };
        }
    }
    packing.as_ptr()
}

/// The rows of C, which threads share.
struct Rows<'a, M: Machine> {
    product: &'a Product,
    /// The steps in parts.
    cut: Cut,
    a: *const M::Element,
    b: *const M::Element,
    /// From one column of B to the next.
    column: usize,
    c: *mut M::Element,
}

impl<M: Machine> Shared for Rows<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        for part in share {
            let steps = self.cut.part(part);
            let (mut i, end) = (steps.start * STEP, ((steps.start + steps.length) * STEP).min(self.product.m));
            while i < end {
                // SAFETY: as the caller of the product says: these rows are inside of A and C.
                i += unsafe {
                    match end - i {
                        left if left >= 4 && M::ROWS >= TALL => self.row_of_tiles::<4>(i),
                        left if left >= 2 => self.row_of_tiles::<2>(i),
                        _ => self.row_of_tiles::<1>(i),
                    }
                };
            }
        }
    }
}

impl<M: Machine> Rows<'_, M> {
    /// Some rows of C; how many.
    #[inline(always)]
    unsafe fn row_of_tiles<const ROWS: usize>(&self, i: usize) -> usize {
        let mut j = 0;
        while j < self.product.n {
            // SAFETY: as the caller says: the rows and columns are inside of A, B and C.
            j += unsafe {
                match self.product.n - j {
                    TOGETHER.. => self.tile::<ROWS, TOGETHER>(i, j),
                    2.. => self.tile::<ROWS, 2>(i, j),
                    _ => self.tile::<ROWS, 1>(i, j),
                }
            };
        }
        ROWS
    }

    /// The dot products of some rows and columns; how many columns.
    #[inline(always)]
    unsafe fn tile<const ROWS: usize, const COLUMNS: usize>(&self, i: usize, j: usize) -> usize {
        let Product { k, a, c, accumulate, .. } = *self.product;
        // SAFETY: as the caller says; a part of a vector touches only the terms before `k`.
        unsafe {
            let rows: [*const M::Element; ROWS] = std::array::from_fn(|row| self.a.add((i + row) * a.row));
            let columns: [*const M::Element; COLUMNS] = std::array::from_fn(|column| self.b.add((j + column) * self.column));
            let sums = dots::<M::Vector, ROWS, COLUMNS>(rows, columns, k);
            for (row, sums) in sums.iter().enumerate() {
                for (column, &sum) in sums.iter().enumerate() {
                    let to = self.c.add((i + row) * c.row + (j + column) * c.column);
                    *to = if accumulate { *to + sum } else { sum };
                }
            }
        }
        COLUMNS
    }
}

/// The dot products of rows and columns of so many terms.
///
/// # Safety
///
/// The terms must be valid, and the machine must have the instruction set.
#[inline(always)]
unsafe fn dots<V: Vector, const ROWS: usize, const COLUMNS: usize>(
    rows: [*const V::Element; ROWS],
    columns: [*const V::Element; COLUMNS],
    terms: usize,
) -> [[V::Element; COLUMNS]; ROWS] {
    // SAFETY: as the caller says.
    unsafe {
        let mut sums = [[V::splat(V::Element::ZERO); COLUMNS]; ROWS];
        let full = terms - terms % V::LANES;
        let mut p = 0;
        while p < full {
            let columns: [V; COLUMNS] = std::array::from_fn(|column| V::load(columns[column].add(p)));
            for (sums, row) in sums.iter_mut().zip(rows) {
                let row = V::load(row.add(p));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = row.mul_add(column, *sum);
                }
            }
            p += V::LANES;
        }
        if p < terms {
            let mask = V::first(terms - p);
            let columns: [V; COLUMNS] = std::array::from_fn(|column| V::load_part(columns[column].add(p), mask));
            for (sums, row) in sums.iter_mut().zip(rows) {
                let row = V::load_part(row.add(p), mask);
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = row.mul_add(column, *sum);
                }
            }
        }
        totals(sums)
    }
}

/// The sums of the lanes of vectors, all added in the same order, wherever in a tile a sum stands.
#[inline(always)]
unsafe fn totals<V: Vector, const ROWS: usize, const COLUMNS: usize>(
    vectors: [[V; COLUMNS]; ROWS],
) -> [[V::Element; COLUMNS]; ROWS] {
    const { assert!(ROWS * COLUMNS <= MOST && V::LANES <= MOST && V::LANES.is_power_of_two()) };
    let mut totals = [[V::Element::ZERO; COLUMNS]; ROWS];
    let mut lanes = [V::Element::ZERO; MOST];
    for first in (0..ROWS * COLUMNS).step_by(V::LANES) {
        // SAFETY: the caller says that the machine has the instruction set; `lanes` has room for a vector.
        unsafe {
            let zero = V::splat(V::Element::ZERO);
            let mut group: [V; MOST] = std::array::from_fn(|at| {
                let at = first + at;
                if at < ROWS * COLUMNS { vectors[at / COLUMNS][at % COLUMNS] } else { zero }
            });
            // Each step adds the second halves of two vectors to the first ones; in the end the lane of a number is the sum of that vector.
            let mut count = V::LANES;
            while count > 1 {
                count /= 2;
                for at in 0..count {
                    let (first, second) = group[at].interleave(group[at + count]);
                    group[at] = first.add(second);
                }
            }
            group[0].store(lanes.as_mut_ptr());
        }
        for (at, &lane) in (first..ROWS * COLUMNS).zip(&lanes[..V::LANES]) {
            totals[at / COLUMNS][at % COLUMNS] = lane;
        }
    }
    totals
}
