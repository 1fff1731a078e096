//! Matrix products: the one seam between generated code and hand-written kernels.
//!
//! [`multiply`] checks bounds, turns the product so that C is written along its rows, and chooses one of four ways:
//! plain loops for a few numbers, a matrix times a vector, dot products for a few columns, or tiles. [`contract`] is for sides of several axes. It must not know of networks or of the code that calls it.
//! For one shape and level the result is always the same, bit for bit, on any number of threads.

mod block;
mod blocks;
mod contract;
mod dots;
mod edge;
mod gather;
mod grid;
mod machine;
mod matrix_vector;
mod narrow;
mod offsets;
mod pack;
mod panels;
mod shared;
mod spread;
mod tile;
mod vector;

#[cfg(test)]
mod contract_tests;
#[cfg(test)]
mod tests;

use super::{Float, Level};
use chainrule_math::memory::is_small;
pub use chainrule_math::memory::{contraction_packing_len, packing_len};
pub use contract::{Contraction, Dimension, contract};
pub use edge::Edge;
pub use machine::Multiply;

/// How far apart the elements of a matrix are in memory, counted in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strides {
    /// From one row to the next.
    pub row: usize,
    /// From one column to the next.
    pub column: usize,
}

impl Strides {
    fn transposed(self) -> Strides {
        Strides { row: self.column, column: self.row }
    }

    /// How many elements a matrix of this many rows and columns spans; `None` if more than can be counted.
    fn span(self, rows: usize, columns: usize) -> Option<usize> {
        if rows == 0 || columns == 0 {
            return Some(0);
        }
        (rows - 1).checked_mul(self.row)?.checked_add((columns - 1).checked_mul(self.column)?)?.checked_add(1)
    }
}

/// The shape of C = A·B and where its elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// The rows of A and C.
    pub m: usize,
    /// The columns of B and C.
    pub n: usize,
    /// The columns of A and rows of B.
    pub k: usize,
    /// Of A; 0 repeats the same elements.
    pub a: Strides,
    /// Of B; 0 repeats the same elements.
    pub b: Strides,
    /// Of C: no two elements may be the same one.
    pub c: Strides,
    /// Whether A·B is added to what C holds, instead of replacing it.
    pub accumulate: bool,
}

impl Product {
    /// The same product, written as Cᵀ = Bᵀ·Aᵀ.
    fn transposed(&self) -> Product {
        Product {
            m: self.n,
            n: self.m,
            k: self.k,
            a: self.b.transposed(),
            b: self.a.transposed(),
            c: self.c.transposed(),
            accumulate: self.accumulate,
        }
    }

    fn check(&self, a: usize, b: usize, c: usize) {
        let operands = [("A", self.a, self.m, self.k, a), ("B", self.b, self.k, self.n, b), ("C", self.c, self.m, self.n, c)];
        for (name, strides, rows, columns, length) in operands {
            if strides.span(rows, columns).is_none_or(|span| span > length) {
                outside(name, strides, rows, columns, length);
            }
        }
    }
}

#[cold]
#[inline(never)]
fn outside(name: &str, strides: Strides, rows: usize, columns: usize, length: usize) -> ! {
    panic!("{name} of {rows}x{columns} with {strides:?} does not fit into {length} elements");
}

/// C = A·B, or C += A·B; each slice starts at the first element of its matrix. It does not allocate.
///
/// # Panics
///
/// If a matrix reaches beyond its slice, if `packing` is shorter than [`packing_len`], or if the machine does not have `level`.
pub fn multiply<S: Float>(level: Level, product: &Product, a: &[S], b: &[S], c: &mut [S], packing: &mut [S]) {
    multiply_rows(level, product, product.m, a, b, c, packing);
}

/// [`multiply`] for some of the rows of a product that has so many: they become what they are in the whole, bit for bit. `packing` must be
/// long enough for the whole.
///
/// # Panics
///
/// As [`multiply`], and if the product has more rows than the whole.
pub fn multiply_rows<S: Float>(level: Level, product: &Product, rows: usize, a: &[S], b: &[S], c: &mut [S], packing: &mut [S]) {
    assert!(product.m <= rows, "{} rows of a product that has {rows}", product.m);
    in_bounds(level, product, &Product { m: rows, ..*product }, None, a, b, c, packing);
}

/// [`multiply`] without what is beyond an edge.
///
/// # Panics
///
/// As [`multiply`].
pub fn multiply_within<S: Float>(level: Level, product: &Product, edge: Edge, a: &[S], b: &[S], c: &mut [S], packing: &mut [S]) {
    in_bounds(level, product, product, Some(edge), a, b, c, packing);
}

/// The rows of a product that are those of `whole`, if the matrices are in their slices.
#[allow(clippy::too_many_arguments, reason = "what is multiplied, and how")]
fn in_bounds<S: Float>(
    level: Level,
    product: &Product,
    whole: &Product,
    edge: Option<Edge>,
    a: &[S],
    b: &[S],
    c: &mut [S],
    packing: &mut [S],
) {
    product.check(a.len(), b.len(), c.len());
    assert!(level <= Level::detect(), "this machine does not have {level:?}");
    if is_small(whole.m, whole.n, whole.k) {
        return plain(product, a, b, c);
    }
    let needed = packing_len(whole.m, whole.n, whole.k);
    assert!(packing.len() >= needed, "packing has {} elements, the product needs {needed}", packing.len());
    // SAFETY: the machine has the level; `check` has made sure that every element of A, B and C is in its slice; `packing` is
    // long enough.
    unsafe { S::multiply(level, product, whole, edge, a.as_ptr(), b.as_ptr(), c.as_mut_ptr(), packing) }
}

/// The product by its definition. All matrices are known to be in their slices.
fn plain<S: Float>(product: &Product, a: &[S], b: &[S], c: &mut [S]) {
    let Product { m, n, k, .. } = *product;
    for i in 0..m {
        for j in 0..n {
            let mut sum = S::ZERO;
            for p in 0..k {
                sum += a[i * product.a.row + p * product.a.column] * b[p * product.b.row + j * product.b.column];
            }
            let element = &mut c[i * product.c.row + j * product.c.column];
            *element = if product.accumulate { *element + sum } else { sum };
        }
    }
}
