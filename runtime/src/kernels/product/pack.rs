//! Copies of parts of A and B in the order in which tiles read them. It must not know of tiles or blocks.

use super::Strides;
use super::vector::Vector;
use crate::kernels::Float;

/// Copies `depth` x `columns` elements into rows of `width` elements; the rest of each row becomes 0.
///
/// # Safety
///
/// `from` must be valid for these elements, and `to` for `depth * width`; the machine must have the instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn rows<V: Vector>(
    from: *const V::Element,
    strides: Strides,
    depth: usize,
    columns: usize,
    to: *mut V::Element,
    width: usize,
) {
    let mut column = 0;
    while column < width {
        let lanes = (width - column).min(V::LANES);
        let columns = columns.saturating_sub(column).min(lanes);
        // SAFETY: as the caller says, for the columns from `column` on. Where none is left, nothing is read.
        unsafe {
            let (from, to) = (from.wrapping_add(column * strides.column), to.add(column));
            if strides.column == 1 {
                side_by_side::<V>(from, strides.row, depth, columns, to, width, lanes);
            } else if strides.row == 1 {
                transposed::<V>(from, strides.column, depth, columns, to, width, lanes);
            } else {
                scattered::<V>(from, strides, depth, columns, to, width, lanes);
            }
        }
        column += lanes;
    }
}

/// Copies `rows` rows of `columns` elements, `step` apart, so that they become columns: the elements of one lie `width` apart.
///
/// # Safety
///
/// `from` and `to` must be valid for these elements; the machine must have the instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn turned<V: Vector>(
    from: *const V::Element,
    step: usize,
    rows: usize,
    columns: usize,
    to: *mut V::Element,
    width: usize,
) {
    let mut row = 0;
    while row < rows {
        let lanes = (rows - row).min(V::LANES);
        // SAFETY: as the caller says.
        unsafe { transposed::<V>(from.add(row * step), step, columns, lanes, to.add(row), width, lanes) };
        row += lanes;
    }
}

/// Up to a vector of columns that lie side by side, for all rows.
#[inline(always)]
unsafe fn side_by_side<V: Vector>(
    from: *const V::Element,
    step: usize,
    depth: usize,
    columns: usize,
    to: *mut V::Element,
    width: usize,
    lanes: usize,
) {
    // SAFETY: as the caller says; a part of a vector has only valid lanes.
    unsafe {
        if columns == V::LANES {
            for p in 0..depth {
                V::load(from.wrapping_add(p * step)).store(to.add(p * width));
            }
        } else {
            let (read, written) = (V::first(columns), V::first(lanes));
            for p in 0..depth {
                V::load_part(from.wrapping_add(p * step), read).store_part(to.add(p * width), written);
            }
        }
    }
}

/// Up to a vector of columns, each of which lies in one piece: squares are transposed in registers.
#[inline(always)]
unsafe fn transposed<V: Vector>(
    from: *const V::Element,
    step: usize,
    depth: usize,
    columns: usize,
    to: *mut V::Element,
    width: usize,
    lanes: usize,
) {
    // SAFETY: as the caller says; a part of a vector has only valid lanes.
    unsafe {
        let written = V::first(lanes);
        let mut p = 0;
        while p < depth {
            let rows = (depth - p).min(V::LANES);
            let read = V::first(rows);
            let mut square = [V::splat(V::Element::ZERO); MOST_LANES];
            for (j, vector) in square.iter_mut().enumerate().take(V::LANES) {
                if j < columns {
                    let from = from.wrapping_add(j * step + p);
                    *vector = if rows == V::LANES { V::load(from) } else { V::load_part(from, read) };
                }
            }
            transpose(&mut square);
            for (i, vector) in square.iter().enumerate().take(V::LANES) {
                let to = to.wrapping_add((p + i) * width);
                if i < rows && lanes == V::LANES {
                    vector.store(to);
                } else if i < rows {
                    vector.store_part(to, written);
                }
            }
            p += rows;
        }
    }
}

/// The lanes of the widest vector.
const MOST_LANES: usize = 16;

/// Transposes the square of the first `LANES` vectors. A step takes the place of each element, `row * LANES + lane`, times two
/// modulo the number of elements less one; after as many steps as a lane has bits, rows and lanes have changed places.
#[inline(always)]
pub(super) unsafe fn transpose<V: Vector>(square: &mut [V; MOST_LANES]) {
    const { assert!(V::LANES <= MOST_LANES && V::LANES.is_power_of_two()) };
    for _ in 0..V::LANES.trailing_zeros() {
        let before = *square;
        for i in 0..V::LANES / 2 {
            // SAFETY: the caller says that the machine has the instruction.
            (square[2 * i], square[2 * i + 1]) = unsafe { before[i].interleave(before[i + V::LANES / 2]) };
        }
    }
}

/// Up to a vector of columns, with any strides.
#[inline(always)]
unsafe fn scattered<V: Vector>(
    from: *const V::Element,
    strides: Strides,
    depth: usize,
    columns: usize,
    to: *mut V::Element,
    width: usize,
    lanes: usize,
) {
    // SAFETY: as the caller says.
    unsafe {
        for p in 0..depth {
            for j in 0..lanes {
                let at = p * strides.row + j * strides.column;
                *to.add(p * width + j) = if j < columns { *from.add(at) } else { V::Element::ZERO };
            }
        }
    }
}
