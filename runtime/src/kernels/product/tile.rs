//! A tile of C: as many sums as fit into registers, over one range of k. It must not know of blocks and packing.

use super::block::TILE_ROWS;
use super::vector::Vector;
use crate::kernels::Float;
use std::hint::black_box;

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

/// So many rows of A are reached from one pointer. The compiler reaches each row from the one before, a chain of additions that takes as long
/// as the products of a tile; it does not know that the pointers belong together.
const GROUP: usize = 7;
const GROUPS: usize = TILE_ROWS.div_ceil(GROUP);

/// So many rows of B before they are used they are fetched into the first cache.
const AHEAD: usize = 8;

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
    let mut b = tile.b;
    let mut starts = [tile.a; GROUPS];
    for (group, start) in starts.iter_mut().enumerate().take(ROWS.div_ceil(GROUP)) {
        *start = black_box(tile.a.wrapping_add(group * GROUP * a_row));
    }
    for _ in 0..tile.depth {
        // SAFETY: row `p` of B has all vectors; column `p` of A has all rows.
        unsafe {
            let row: [V; VECTORS] = std::array::from_fn(|v| V::load(b.add(v * V::LANES)));
            for v in 0..VECTORS {
                V::prefetch(b.wrapping_add(AHEAD * tile.b_row + v * V::LANES));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = V::splat(*starts[i / GROUP].add(i % GROUP * a_row));
                for (sum, row) in sums.iter_mut().zip(row) {
                    *sum = factor.mul_add(row, *sum);
                }
            }
        }
        starts = starts.map(|start| start.wrapping_add(a_column));
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

/// The most lanes of a vector.
pub(super) const MOST_LANES: usize = 16;

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
    let is_full = strips.lanes[..VECTORS].iter().all(|&lanes| lanes == V::LANES);
    // SAFETY: only the valid lanes of C are touched.
    unsafe {
        match (is_full, strips.accumulate) {
            (true, true) => finish_strips::<V, ROWS, VECTORS, true, true>(strips, &sums),
            (true, false) => finish_strips::<V, ROWS, VECTORS, true, false>(strips, &sums),
            (false, true) => finish_strips::<V, ROWS, VECTORS, false, true>(strips, &sums),
            (false, false) => finish_strips::<V, ROWS, VECTORS, false, false>(strips, &sums),
        }
    }
}

/// Writes the sums to C, or adds them; `FULL` says that all lanes are valid. The rows are counted at compile time: sums that are reached by a
/// number would stay in memory while they are added up.
#[inline(always)]
unsafe fn finish_strips<V: Vector, const ROWS: usize, const VECTORS: usize, const FULL: bool, const ACCUMULATE: bool>(
    strips: &Strips<'_, V::Element>,
    sums: &[[V; VECTORS]; ROWS],
) {
    // SAFETY: as the caller says; each of the rows has its place in `down`.
    unsafe {
        let masks: [V::Mask; VECTORS] = std::array::from_fn(|v| V::first(strips.lanes[v]));
        for (i, sums) in sums.iter().enumerate() {
            let down = *strips.down.as_ptr().add(i);
            for (v, &sum) in sums.iter().enumerate() {
                let to = strips.c[v].add(down);
                match (FULL, ACCUMULATE) {
                    (true, true) => V::load(to).add(sum).store(to),
                    (true, false) => sum.store(to),
                    (false, true) => V::load_part(to, masks[v]).add(sum).store_part(to, masks[v]),
                    (false, false) => sum.store_part(to, masks[v]),
                }
            }
        }
    }
}

/// Where the operands of a tile are that has the rows of A in its lanes.
pub(super) struct Spread<'a, S> {
    /// The packed rows of A: for each product of a sum, all rows side by side, up to full vectors.
    pub rows: *const S,
    /// The first element of B.
    pub b: *const S,
    /// From there to each column of B.
    pub columns: &'a [usize],
    /// From there to each product of a sum.
    pub along: &'a [usize],
}

/// Computes a tile of `COLUMNS` columns of B with `VECTORS` vectors of rows, a row of vectors for each column.
///
/// # Safety
///
/// The machine must have the instruction set of `V`, the operands must be valid as `Spread` says, and there must be room for the tile.
#[inline(always)]
pub(super) unsafe fn spread<V: Vector, const COLUMNS: usize, const VECTORS: usize>(
    spread: &Spread<'_, V::Element>,
    to: *mut V::Element,
) {
    // SAFETY: the machine has the instruction set.
    let mut sums = [[unsafe { V::splat(V::Element::ZERO) }; VECTORS]; COLUMNS];
    let columns: [_; COLUMNS] = std::array::from_fn(|j| spread.b.wrapping_add(spread.columns[j]));
    let mut rows = spread.rows;
    for &along in spread.along {
        // SAFETY: each row of vectors is valid, and each column of B has all products.
        unsafe {
            let row: [V; VECTORS] = std::array::from_fn(|v| V::load(rows.add(v * V::LANES)));
            for (sums, column) in sums.iter_mut().zip(columns) {
                let factor = V::splat(*column.add(along));
                for (sum, row) in sums.iter_mut().zip(row) {
                    *sum = factor.mul_add(row, *sum);
                }
            }
        }
        rows = rows.wrapping_add(VECTORS * V::LANES);
    }
    for (j, sums) in sums.iter().enumerate() {
        for (v, &sum) in sums.iter().enumerate() {
            // SAFETY: as the caller says.
            unsafe { sum.store(to.add(j * VECTORS * V::LANES + v * V::LANES)) }
        }
    }
}

/// The most rows and columns of a tile of dot products, of all machines.
pub(super) const DOT_ROWS: usize = 6;
/// See [`DOT_ROWS`].
pub(super) const DOT_COLUMNS: usize = 4;

/// Where the rows are whose dot products are a tile.
pub(super) struct Dots<'a, S> {
    /// The first element of each row of A.
    pub a: [*const S; DOT_ROWS],
    /// The first element of each column of B.
    pub b: [*const S; DOT_COLUMNS],
    /// From there to each vector of a row in A, and to that in B.
    pub along: &'a [[usize; 2]],
    /// How many lanes of the vectors are valid.
    pub lanes: usize,
}

/// The sums of a tile of dot products, each in lanes.
pub(super) type DotSums<S> = [[[S; MOST_LANES]; DOT_COLUMNS]; DOT_ROWS];

/// Computes the dot products of `ROWS` rows with `COLUMNS` columns.
///
/// # Safety
///
/// The machine must have the instruction set of `V`, and the operands must be valid as `Dots` says.
#[inline(always)]
pub(super) unsafe fn dots<V: Vector, const ROWS: usize, const COLUMNS: usize>(
    dots: &Dots<'_, V::Element>,
    to: &mut DotSums<V::Element>,
) {
    // SAFETY: the machine has the instruction set.
    let mut sums = [[unsafe { V::splat(V::Element::ZERO) }; COLUMNS]; ROWS];
    // SAFETY: as above.
    let mask = unsafe { V::first(dots.lanes) };
    for &[in_a, in_b] in dots.along {
        // SAFETY: only the valid lanes are read.
        unsafe {
            let columns: [V; COLUMNS] = std::array::from_fn(|j| V::load_part(dots.b[j].add(in_b), mask));
            for (i, sums) in sums.iter_mut().enumerate() {
                let row = V::load_part(dots.a[i].add(in_a), mask);
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = row.mul_add(column, *sum);
                }
            }
        }
    }
    for (sums, to) in sums.iter().zip(to) {
        for (sum, to) in sums.iter().zip(to) {
            // SAFETY: no vector has more lanes.
            unsafe { sum.store(to.as_mut_ptr()) };
        }
    }
}
