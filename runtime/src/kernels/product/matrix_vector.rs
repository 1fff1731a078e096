//! A matrix times a vector, which is bound by memory: A is read once, in its order. It must not know of tiles.

use super::Product;
use super::block::Cut;
use super::machine::Machine;
use super::shared::{Shared, share};
use super::vector::Vector;
use crate::kernels::Float;
use crate::kernels::threads::{self, Share};

/// Whether the product, whose B and C are one column, has strides that are quick here.
pub(super) fn fits(product: &Product) -> bool {
    let Product { a, b, c, .. } = *product;
    (a.row == 1 && c.row == 1) || (a.column == 1 && b.row == 1)
}

/// C = A·B or C += A·B for one column.
///
/// # Safety
///
/// As for `Multiply::multiply`, with a level that has what `M` needs; `fits(product)`.
#[inline(always)]
pub(super) unsafe fn multiply<M: Machine>(product: &Product, a: *const M::Element, b: *const M::Element, c: *mut M::Element) {
    let nanoseconds = product.m.saturating_mul(product.k) / (BYTES / size_of::<M::Element>());
    let steps = product.m.div_ceil(STEP);
    let cut = Cut::into(steps, threads::parts(nanoseconds, steps));
    // SAFETY: as the caller says.
    unsafe { share::<M, _>(nanoseconds, cut.count, &Rows::<M> { product, cut, a, b, c }) }
}

/// The bytes of A that are read in a nanosecond, about.
const BYTES: usize = 32;
/// Threads get multiples of so many rows: full vectors.
const STEP: usize = 32;

/// The rows of C, which threads share.
struct Rows<'a, M: Machine> {
    product: &'a Product,
    /// The steps in parts.
    cut: Cut,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
}

impl<M: Machine> Shared for Rows<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        for part in share {
            let steps = self.cut.part(part);
            let start = steps.start * STEP;
            let m = (self.product.m - start).min(steps.length * STEP);
            let product = Product { m, ..*self.product };
            // SAFETY: as the caller says: these rows are inside of A and C.
            unsafe {
                let (a, c) = (self.a.add(start * product.a.row), self.c.add(start * product.c.row));
                if product.a.row == 1 && product.c.row == 1 {
                    columns::<M::Vector>(&product, a, self.b, c);
                } else {
                    dots::<M::Vector>(&product, a, self.b, c);
                }
            }
        }
    }
}

/// The rows that stay in the first cache while columns are added.
const ROWS: usize = 2048;
/// How many columns are added at once.
const TOGETHER: usize = 8;

/// C as the sum of the columns of A, each times an element of B.
#[inline(always)]
unsafe fn columns<V: Vector>(product: &Product, a: *const V::Element, b: *const V::Element, c: *mut V::Element) {
    let Product { m, k, .. } = *product;
    for start in (0..m).step_by(ROWS) {
        let rows = (m - start).min(ROWS);
        let mut p = 0;
        while p < k {
            let accumulate = product.accumulate || p > 0;
            // SAFETY: the columns `p..p + count` and the rows `start..start + rows` are inside of A, B and C.
            unsafe {
                let (a, b, c) = (a.add(start + p * product.a.column), b.add(p * product.b.row), c.add(start));
                if k - p >= TOGETHER {
                    add_columns::<V, TOGETHER>(product, rows, accumulate, a, b, c);
                    p += TOGETHER;
                } else {
                    add_columns::<V, 1>(product, rows, accumulate, a, b, c);
                    p += 1;
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn add_columns<V: Vector, const COUNT: usize>(
    product: &Product,
    rows: usize,
    accumulate: bool,
    a: *const V::Element,
    b: *const V::Element,
    c: *mut V::Element,
) {
    // SAFETY: as the caller says: `rows` rows and `COUNT` columns are valid, and a part of a vector touches only them.
    unsafe {
        let zero = V::splat(V::Element::ZERO);
        let factors: [V; COUNT] = std::array::from_fn(|p| V::splat(*b.add(p * product.b.row)));
        let full = rows - rows % V::LANES;
        let mut i = 0;
        while i < full {
            let mut sum = if accumulate { V::load(c.add(i)) } else { zero };
            for (p, factor) in factors.iter().enumerate() {
                sum = factor.mul_add(V::load(a.add(i + p * product.a.column)), sum);
            }
            sum.store(c.add(i));
            i += V::LANES;
        }
        if i < rows {
            let mask = V::first(rows - i);
            let mut sum = if accumulate { V::load_part(c.add(i), mask) } else { zero };
            for (p, factor) in factors.iter().enumerate() {
                sum = factor.mul_add(V::load_part(a.add(i + p * product.a.column), mask), sum);
            }
            sum.store_part(c.add(i), mask);
        }
    }
}

/// How many rows of A are read together.
const DOTS: usize = 4;

/// Each element of C as the dot product of a row of A and B.
#[inline(always)]
unsafe fn dots<V: Vector>(product: &Product, a: *const V::Element, b: *const V::Element, c: *mut V::Element) {
    let mut i = 0;
    while i < product.m {
        // SAFETY: the rows `i..i + count` are inside of A and C.
        unsafe {
            let (a, c) = (a.add(i * product.a.row), c.add(i * product.c.row));
            if product.m - i >= DOTS {
                dot_rows::<V, DOTS>(product, a, b, c);
                i += DOTS;
            } else {
                dot_rows::<V, 1>(product, a, b, c);
                i += 1;
            }
        }
    }
}

#[inline(always)]
unsafe fn dot_rows<V: Vector, const COUNT: usize>(
    product: &Product,
    a: *const V::Element,
    b: *const V::Element,
    c: *mut V::Element,
) {
    // SAFETY: as the caller says: `COUNT` rows are valid, and a part of a vector touches only the lanes before `k`.
    unsafe {
        let mut sums = [[V::splat(V::Element::ZERO); 2]; COUNT];
        let pair = 2 * V::LANES;
        let full = product.k - product.k % pair;
        let mut p = 0;
        while p < full {
            let (first, second) = (V::load(b.add(p)), V::load(b.add(p + V::LANES)));
            for (i, sums) in sums.iter_mut().enumerate() {
                let row = a.add(i * product.a.row + p);
                sums[0] = V::load(row).mul_add(first, sums[0]);
                sums[1] = V::load(row.add(V::LANES)).mul_add(second, sums[1]);
            }
            p += pair;
        }
        while p < product.k {
            let mask = V::first((product.k - p).min(V::LANES));
            let factor = V::load_part(b.add(p), mask);
            for (i, sums) in sums.iter_mut().enumerate() {
                sums[0] = V::load_part(a.add(i * product.a.row + p), mask).mul_add(factor, sums[0]);
            }
            p += V::LANES;
        }
        for (i, sums) in sums.iter().enumerate() {
            let sum = total(sums[0].add(sums[1]));
            let to = c.add(i * product.c.row);
            *to = if product.accumulate { *to + sum } else { sum };
        }
    }
}

/// The sum of all lanes, by halves.
#[inline(always)]
unsafe fn total<V: Vector>(vector: V) -> V::Element {
    let mut lanes = [V::Element::ZERO; 16];
    const { assert!(V::LANES <= 16) };
    // SAFETY: there is room for all lanes; the caller says that the machine has the instruction.
    unsafe { vector.store(lanes.as_mut_ptr()) };
    let mut count = V::LANES / 2;
    while count > 0 {
        for lane in 0..count {
            lanes[lane] += lanes[lane + count];
        }
        count /= 2;
    }
    lanes[0]
}
