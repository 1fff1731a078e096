//! A block of a product that fits into caches, in tiles. It must not know of instructions, nor which blocks there are.

use std::ops::Range;

use super::machine::Machine;
use super::tile::Tile;
use super::vector::Vector;
use super::{Edge, Product, Strides, pack};
use crate::kernels::Float;
use chainrule_math::memory::COLUMNS;

/// The most rows of a tile, of all machines.
pub(super) const TILE_ROWS: usize = 14;
/// Up to this many products in a sum, C is written in long rows rather than in tall tiles.
const SHALLOW: usize = 4;

/// A range of one of the axes of a product.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub start: usize,
    pub length: usize,
}

/// A number of parts of an axis, as even as possible.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    length: usize,
    pub count: usize,
}

impl Cut {
    /// As few parts as possible with at most `most` each.
    pub fn at_most(length: usize, most: usize) -> Self {
        Self { length, count: length.div_ceil(most).max(1) }
    }

    /// So many parts.
    pub fn into(length: usize, count: usize) -> Self {
        Self { length, count }
    }

    #[inline(always)]
    pub fn part(self, part: usize) -> Part {
        let (short, longer) = (self.length / self.count, self.length % self.count);
        Part { start: part * short + part.min(longer), length: short + usize::from(part < longer) }
    }
}

/// Divides `length` into as few parts as possible with at most `most` each, as even as possible.
pub(super) fn parts(length: usize, most: usize) -> impl Iterator<Item = Part> {
    let cut = Cut::at_most(length, most);
    (0..cut.count).map(move |part| cut.part(part))
}

/// A block of a product: what its tiles share.
pub(super) struct Block<'a, M: Machine> {
    pub product: &'a Product,
    /// What may be left out.
    pub edge: Option<Edge>,
    /// The range of k.
    pub depth: Part,
    pub rows: Part,
    pub columns: Part,
    /// The first element of the block in A, or its packed copy.
    pub a: *const M::Element,
    pub packed_a: bool,
    /// The first element of the block in B.
    pub b: *const M::Element,
    /// The packed copy of B, panel after panel.
    pub panels: *mut M::Element,
    pub direct_b: bool,
    /// The first element of the block in C.
    pub c: *mut M::Element,
}

/// The tiles of so many rows one below the other, where A is packed in tiles.
pub(super) fn packed_tiles<M: Machine>(rows: usize) -> Cut {
    Cut::at_most(rows, M::ROWS)
}

/// Packs some of the tiles of the rows of A of a block.
///
/// # Safety
///
/// The rows must be inside of A, and `to` must have room for all rows of the block; the machine must be `M`.
#[inline(always)]
pub(super) unsafe fn pack_a<M: Machine>(product: &Product, a: *const M::Element, depth: Part, tile: Part, to: *mut M::Element) {
    // SAFETY: as the caller says: the rows of the tile are inside of A, and the packed rows have room.
    unsafe {
        let (from, to) = (a.add(tile.start * product.a.row), to.add(tile.start * depth.length));
        pack::rows::<M::Vector>(from, product.a.transposed(), depth.length, tile.length, to, tile.length);
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
    /// The tiles one below the other.
    #[inline(always)]
    pub fn tiles(&self) -> Cut {
        let most_rows = if self.depth.length <= SHALLOW && !self.packed_a { M::WIDE_ROWS } else { M::ROWS };
        Cut::at_most(self.rows.length, most_rows)
    }

    /// Whether tiles have twice as many columns: their rows are few.
    #[inline(always)]
    fn is_wide(&self) -> bool {
        self.tiles().part(0).length <= M::WIDE_ROWS
    }

    /// Packs the panels of B that are not read where they are.
    ///
    /// # Safety
    ///
    /// The block must be inside of the product, `panels` must have room for it, and the machine must be `M`.
    #[inline(always)]
    pub unsafe fn pack_b(&self) {
        let wide = self.is_wide();
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
    }

    /// Computes some of the tiles one below the other, and all beside them, row by row.
    ///
    /// # Safety
    ///
    /// As for [`pack_b`](Self::pack_b), which has been called.
    #[inline(always)]
    pub unsafe fn compute(&self, tiles: Range<usize>) {
        let (cut, wide) = (self.tiles(), self.is_wide());
        for tile in tiles {
            let rows = cut.part(tile);
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

    /// The terms that a tile needs; `None` if nobody asks for it.
    #[inline(always)]
    fn terms(&self, rows: Part, panel: &Panel) -> Option<Part> {
        let Some(edge) = self.edge else { return Some(Part { start: 0, length: self.depth.length }) };
        let rows = Part { start: self.rows.start + rows.start, length: rows.length };
        let columns = Part { start: self.columns.start + panel.start, length: panel.columns };
        edge.terms(rows, columns, self.depth)
    }

    #[inline(always)]
    unsafe fn tile(&self, rows: Part, panel: &Panel) {
        let Product { a: a_strides, b: b_strides, c: c_strides, .. } = *self.product;
        let Panel { start, columns, width, direct } = *panel;
        let vectors = width / M::Vector::LANES;
        let Some(terms) = self.terms(rows, panel) else { return };
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
            let (a, b) = (a.wrapping_add(terms.start * a_column), b.wrapping_add(terms.start * b_row));
            let mut tile = Tile {
                depth: terms.length,
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
        if strides.row == 1 && !accumulate {
            return pack::turned::<M::Vector>(aside.as_ptr(), width, rows, columns, c, strides.column);
        }
        for j in 0..columns {
            for i in 0..rows {
                let (to, sum) = (c.add(i * strides.row + j * strides.column), aside[i * width + j]);
                *to = if accumulate { *to + sum } else { sum };
            }
        }
    }
}
