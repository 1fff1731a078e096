//! A tile of C: as many sums as fit into registers, over one range of k. It must not know of blocks and packing.

use super::vector::Vector;
use crate::kernels::Float;

/// Where the operands of a tile are.
#[derive(Clone, Copy)]
pub(super) struct Tile<S> {
    /// How many products each sum has.
    pub depth: usize,
    /// The first element of A.
    pub a: *const S,
    /// From one row of A to the next.
    pub a_row: usize,
    /// From one column of A to the next.
    pub a_column: usize,
    /// The first element of B, whose columns lie side by side: all vectors of a row are valid.
    pub b: *const S,
    /// From one row of B to the next.
    pub b_row: usize,
    /// The first element of C, whose columns lie side by side.
    pub c: *mut S,
    /// From one row of C to the next.
    pub c_row: usize,
    /// How many lanes of the last vector of a row of C are valid: at least one.
    pub last: usize,
    /// Whether the sums are added to C.
    pub accumulate: bool,
}

/// Computes a tile of `ROWS` rows of `VECTORS` vectors. `PACKED` says that the rows of A lie side by side and its columns too.
///
/// # Safety
///
/// The machine must have the instruction set of `V`, and the operands must be valid as `Tile` says.
#[inline(always)]
pub(super) unsafe fn compute<V: Vector, const ROWS: usize, const VECTORS: usize, const PACKED: bool>(tile: &Tile<V::Element>) {
    let a_row = if PACKED { 1 } else { tile.a_row };
    let a_column = if PACKED { ROWS } else { tile.a_column };
    // SAFETY: the machine has the instruction set.
    let mut sums = [[unsafe { V::splat(V::Element::ZERO) }; VECTORS]; ROWS];
    let (mut a, mut b) = (tile.a, tile.b);
    for _ in 0..tile.depth {
        // SAFETY: row `p` of B has all vectors; column `p` of A has all rows.
        unsafe {
            let row: [V; VECTORS] = std::array::from_fn(|v| V::load(b.add(v * V::LANES)));
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = V::splat(*a.add(i * a_row));
                for (sum, row) in sums.iter_mut().zip(row) {
                    *sum = factor.mul_add(row, *sum);
                }
            }
        }
        a = a.wrapping_add(a_column);
        b = b.wrapping_add(tile.b_row);
    }
    // SAFETY: all vectors but the last of a row of C are full, and of the last one only the valid lanes are touched.
    unsafe {
        match (tile.last == V::LANES, tile.accumulate) {
            (true, true) => finish::<V, ROWS, VECTORS, true, true>(tile, &sums),
            (true, false) => finish::<V, ROWS, VECTORS, true, false>(tile, &sums),
            (false, true) => finish::<V, ROWS, VECTORS, false, true>(tile, &sums),
            (false, false) => finish::<V, ROWS, VECTORS, false, false>(tile, &sums),
        }
    }
}

/// Writes the sums to C, or adds them. `FULL` says that the last vectors are full too: a partial write is slower.
#[inline(always)]
unsafe fn finish<V: Vector, const ROWS: usize, const VECTORS: usize, const FULL: bool, const ACCUMULATE: bool>(
    tile: &Tile<V::Element>,
    sums: &[[V; VECTORS]; ROWS],
) {
    // SAFETY: as the caller says.
    unsafe {
        let mask = V::first(tile.last);
        for (i, sums) in sums.iter().enumerate() {
            for (v, &sum) in sums.iter().enumerate() {
                let to = tile.c.add(i * tile.c_row + v * V::LANES);
                if FULL || v + 1 < VECTORS {
                    let sum = if ACCUMULATE { V::load(to).add(sum) } else { sum };
                    sum.store(to);
                } else {
                    let sum = if ACCUMULATE { V::load_part(to, mask).add(sum) } else { sum };
                    sum.store_part(to, mask);
                }
            }
        }
    }
}

/// The most vectors of a row of strips.
pub(super) const STRIPS: usize = 2;

/// Where the operands of a tile are whose vectors may lie anywhere.
pub(super) struct Strips<'a, S> {
    /// The packed rows of A: for each product of a sum, all rows side by side.
    pub a: *const S,
    /// The first element of each vector of B.
    pub b: [*const S; STRIPS],
    /// From there to each row of B, of which all lanes are valid. Each sum has as many products.
    pub along: &'a [usize],
    /// The first element of each vector of C.
    pub c: [*mut S; STRIPS],
    /// From there to each row of C.
    pub down: &'a [usize],
    /// How many lanes of each vector of C are valid.
    pub lanes: [usize; STRIPS],
    /// Whether the sums are added to C.
    pub accumulate: bool,
}

/// Computes a tile of `ROWS` rows of `VECTORS` strips.
///
/// # Safety
///
/// The machine must have the instruction set of `V`, and the operands must be valid as `Strips` says.
#[inline(always)]
pub(super) unsafe fn strips<V: Vector, const ROWS: usize, const VECTORS: usize>(strips: &Strips<'_, V::Element>) {
    // SAFETY: the machine has the instruction set.
    let mut sums = [[unsafe { V::splat(V::Element::ZERO) }; VECTORS]; ROWS];
    let mut a = strips.a;
    for &along in strips.along {
        // SAFETY: each row of B has all lanes; column `p` of A has all rows.
        unsafe {
            let row: [V; VECTORS] = std::array::from_fn(|v| V::load(strips.b[v].add(along)));
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = V::splat(*a.add(i));
                for (sum, row) in sums.iter_mut().zip(row) {
                    *sum = factor.mul_add(row, *sum);
                }
            }
        }
        a = a.wrapping_add(ROWS);
    }
    // SAFETY: only the valid lanes of C are touched.
    unsafe {
        let masks: [V::Mask; VECTORS] = std::array::from_fn(|v| V::first(strips.lanes[v]));
        for (sums, &down) in sums.iter().zip(strips.down) {
            for (v, &sum) in sums.iter().enumerate() {
                let to = strips.c[v].add(down);
                match (strips.lanes[v] == V::LANES, strips.accumulate) {
                    (true, true) => V::load(to).add(sum).store(to),
                    (true, false) => sum.store(to),
                    (false, true) => V::load_part(to, masks[v]).add(sum).store_part(to, masks[v]),
                    (false, false) => sum.store_part(to, masks[v]),
                }
            }
        }
    }
}
