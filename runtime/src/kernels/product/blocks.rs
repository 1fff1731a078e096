//! The order in which a product is computed: blocks that fit into caches, and in them tiles. It must not know of instructions.

use super::machine::Machine;
use super::tile::Tile;
use super::vector::Vector;
use super::{Product, Strides, matrix_vector, pack};
use crate::kernels::Float;
use chainrule_math::memory::{COLUMNS, DEPTH_BYTES, DIRECT_A_COLUMNS, PANELS, ROWS};

/// The most rows of a tile, of all machines.
pub(super) const TILE_ROWS: usize = 14;

/// C = A·B or C += A·B.
///
/// # Safety
///
/// As for `Multiply::multiply`, with a level that has what `M` needs.
#[inline(always)]
pub(super) unsafe fn multiply<M: Machine>(
    product: &Product,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    // SAFETY: as the caller says; the transposed product has the same elements.
    unsafe {
        if better_transposed::<M>(product) {
            oriented::<M>(&product.transposed(), b, a, c, packing);
        } else {
            oriented::<M>(product, a, b, c, packing);
        }
    }
}

/// Whether Cᵀ = Bᵀ·Aᵀ is the better way to compute the product.
fn better_transposed<M: Machine>(product: &Product) -> bool {
    let Product { m, n, a, c, .. } = *product;
    if m == 1 || n == 1 {
        return m == 1;
    }
    if c.column != 1 {
        return c.row == 1;
    }
    // A row of C does not fill a vector, but a column of A does.
    n <= M::Vector::LANES && m > n && a.row == 1 && a.column != 1
}

#[inline(always)]
unsafe fn oriented<M: Machine>(
    product: &Product,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    // SAFETY: as the caller says.
    unsafe {
        if product.n == 1 && matrix_vector::fits(product) {
            matrix_vector::multiply::<M::Vector>(product, a, b, c);
        } else {
            in_blocks::<M>(product, a, b, c, packing);
        }
    }
}

/// A range of one of the axes of a product.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub start: usize,
    pub length: usize,
}

/// Divides `length` into as few parts as possible with at most `most` each, as even as possible.
pub(super) fn parts(length: usize, most: usize) -> impl Iterator<Item = Part> {
    let count = length.div_ceil(most).max(1);
    let (short, longer) = (length / count, length % count);
    (0..count).map(move |part| Part { start: part * short + part.min(longer), length: short + usize::from(part < longer) })
}

/// A block of a product: what its tiles share.
struct Block<'a, M: Machine> {
    product: &'a Product,
    /// The range of k.
    depth: Part,
    rows: Part,
    columns: Part,
    /// The first element of the block in A, or its packed copy.
    a: *const M::Element,
    packed_a: bool,
    /// The first element of the block in B.
    b: *const M::Element,
    /// The packed copy of B, panel after panel.
    panels: *mut M::Element,
    direct_b: bool,
    /// The first element of the block in C.
    c: *mut M::Element,
}

#[inline(always)]
unsafe fn in_blocks<M: Machine>(
    product: &Product,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let Product { m, n, k, a: a_strides, b: b_strides, c: c_strides, .. } = *product;
    let packed_a = n > DIRECT_A_COLUMNS && !(a_strides.column == 1 && m * n <= DIRECT_A_RESULT);
    let direct_b = b_strides.column == 1 && m <= DIRECT_B_ROWS;
    let streams_b = direct_b && m <= M::WIDE_ROWS && k * n > STREAMED;
    let most_depth = if streams_b { STREAMED_DEPTH } else { DEPTH_BYTES / size_of::<M::Element>() };
    for depth in parts(k, most_depth) {
        let most_columns = (PANELS / depth.length.max(1)).max(COLUMNS) / COLUMNS * COLUMNS;
        let (panels, rest) = packing.split_at_mut(depth.length * most_columns.min(n.next_multiple_of(COLUMNS)));
        for rows in parts(m, ROWS) {
            // SAFETY: as the caller says; the parts are inside the product.
            unsafe {
                let first_a = a.add(rows.start * a_strides.row + depth.start * a_strides.column);
                let a = if packed_a {
                    pack_a::<M>(product, first_a, depth, rows, rest.as_mut_ptr());
                    rest.as_ptr()
                } else {
                    first_a
                };
                for start in (0..n).step_by(most_columns) {
                    let columns = Part { start, length: (n - start).min(most_columns) };
                    let b = b.add(depth.start * b_strides.row + start * b_strides.column);
                    let c = c.add(rows.start * c_strides.row + start * c_strides.column);
                    let panels = panels.as_mut_ptr();
                    let block = Block::<M> { product, depth, rows, columns, a, packed_a, b, panels, direct_b, c };
                    block.compute();
                }
            }
        }
    }
}

/// Packs the rows of A of a block, tile after tile.
#[inline(always)]
unsafe fn pack_a<M: Machine>(product: &Product, a: *const M::Element, depth: Part, rows: Part, to: *mut M::Element) {
    for tile in parts(rows.length, M::ROWS) {
        // SAFETY: as the caller says: the rows of the tile are inside of A, and the packed rows have room.
        unsafe {
            let (from, to) = (a.add(tile.start * product.a.row), to.add(tile.start * depth.length));
            pack::rows::<M::Vector>(from, product.a.transposed(), depth.length, tile.length, to, tile.length);
        }
    }
}

/// Columns of a block that are computed together.
struct Panel {
    start: usize,
    columns: usize,
    /// The columns up to full vectors.
    width: usize,
    /// Whether B is read where it is.
    direct: bool,
}

impl<M: Machine> Block<'_, M> {
    /// Packs the panels of B that are not read where they are, and computes all tiles, row by row.
    #[inline(always)]
    unsafe fn compute(&self) {
        let most_rows = if self.depth.length <= SHALLOW && !self.packed_a { M::WIDE_ROWS } else { M::ROWS };
        let wide = self.rows.length.min(most_rows) <= M::WIDE_ROWS;
        let mut start = 0;
        while start < self.columns.length {
            let panel = self.panel(start, wide);
            // SAFETY: as the caller says; the panel is inside of the block, and the packed one has room.
            unsafe {
                if !panel.direct {
                    let (from, to) = (self.b.add(start * self.product.b.column), self.panels.add(start * self.depth.length));
                    let Panel { columns, width, .. } = panel;
                    pack::rows::<M::Vector>(from, self.product.b, self.depth.length, columns, to, width);
                }
            }
            start += panel.width;
        }
        for rows in parts(self.rows.length, most_rows) {
            let mut start = 0;
            while start < self.columns.length {
                let panel = self.panel(start, wide);
                // SAFETY: as the caller says; the tile is inside of the block.
                unsafe { self.tile(rows, &panel) }
                start += panel.width;
            }
        }
    }

    /// The panel that starts at this column.
    #[inline(always)]
    fn panel(&self, start: usize, wide: bool) -> Panel {
        let left = self.columns.length - start;
        let columns = if wide && left >= 2 * M::COLUMNS { 2 * M::COLUMNS } else { left.min(M::COLUMNS) };
        let width = columns.next_multiple_of(M::Vector::LANES);
        Panel { start, columns, width, direct: self.direct_b && width == columns }
    }

    #[inline(always)]
    unsafe fn tile(&self, rows: Part, panel: &Panel) {
        let Product { a: a_strides, b: b_strides, c: c_strides, .. } = *self.product;
        let Panel { start, columns, width, direct } = *panel;
        let vectors = width / M::Vector::LANES;
        // SAFETY: as the caller says; the tile is inside of the block.
        unsafe {
            let (a, a_row, a_column) = if self.packed_a {
                (self.a.add(rows.start * self.depth.length), 1, rows.length)
            } else {
                (self.a.add(rows.start * a_strides.row), a_strides.row, a_strides.column)
            };
            let (b, b_row) = if direct {
                (self.b.add(start * b_strides.column), b_strides.row)
            } else {
                (self.panels.add(start * self.depth.length).cast_const(), width)
            };
            let mut tile = Tile {
                depth: self.depth.length,
                a,
                a_row,
                a_column,
                b,
                b_row,
                c: self.c.add(rows.start * c_strides.row + start * c_strides.column),
                c_row: c_strides.row,
                last: columns - (width - M::Vector::LANES),
                accumulate: self.product.accumulate || self.depth.start > 0,
            };
            if c_strides.column == 1 {
                M::tile(rows.length, vectors, self.packed_a, &tile);
            } else {
                scatter::<M>(&mut tile, rows.length, vectors, self.packed_a, columns, c_strides);
            }
        }
    }
}

/// Up to this many elements of C, A is not packed either if its rows lie in one piece.
const DIRECT_A_RESULT: usize = 64 * 1024;
/// Up to this many rows of C, B is not read often enough to be packed.
const DIRECT_B_ROWS: usize = 512;
/// A B of more elements than this is read in its order when C has few rows.
const STREAMED: usize = 64 * 1024;
/// The rows of B that are then read together.
const STREAMED_DEPTH: usize = 32;
/// Up to this many products in a sum, C is written in long rows rather than in tall tiles.
const SHALLOW: usize = 4;

/// Computes a tile aside and writes it to a C whose columns do not lie side by side.
#[inline(always)]
unsafe fn scatter<M: Machine>(
    tile: &mut Tile<M::Element>,
    rows: usize,
    vectors: usize,
    packed: bool,
    columns: usize,
    strides: Strides,
) {
    let mut aside = [M::Element::ZERO; TILE_ROWS * COLUMNS];
    let (c, accumulate) = (tile.c, tile.accumulate);
    let width = vectors * M::Vector::LANES;
    (tile.c, tile.c_row, tile.accumulate) = (aside.as_mut_ptr(), width, false);
    // SAFETY: `aside` has room for the largest tile; C is as the caller says.
    unsafe {
        M::tile(rows, vectors, packed, tile);
        for j in 0..columns {
            for i in 0..rows {
                let (to, sum) = (c.add(i * strides.row + j * strides.column), aside[i * width + j]);
                *to = if accumulate { *to + sum } else { sum };
            }
        }
    }
}
