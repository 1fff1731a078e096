//! The order in which a product is computed: blocks that fit into caches, and in them rectangles of C that threads share. It must not
//! know of instructions.
//!
//! Which numbers are added in which order follows from the whole product, never from a thread's part of it: an element of C is the sum over
//! the same ranges of k, each in its order, wherever rectangles and tiles begin.

use super::block::{Block, Cut, Part, pack_a, packed_tiles, parts};
use super::grid::{Costs, Grid, Order, PACKED, Rows, bands, most_columns};
use super::machine::Machine;
use super::shared::{Shared, share};
use super::vector::Vector;
use super::{Edge, Product, matrix_vector, narrow};
use crate::kernels::threads::Share;
use chainrule_math::memory::{COLUMNS, DEPTH_BYTES, PANELS, ROWS};

/// C = A·B or C += A·B, in the order in which the same rows of `whole` are computed.
///
/// # Safety
///
/// As for `Multiply::multiply`, with a level that has what `M` needs.
#[inline(always)]
pub(super) unsafe fn multiply<M: Machine>(
    product: &Product,
    whole: &Product,
    edge: Option<Edge>,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let (turned, whole_turned) = (product.transposed(), whole.transposed());
    // SAFETY: as the caller says; the transposed product has the same elements.
    unsafe {
        if narrow::fits::<M>(whole) {
            narrow::multiply::<M>(product, a, b, c, packing);
        } else if narrow::fits::<M>(&whole_turned) {
            narrow::multiply::<M>(&turned, b, a, c, packing);
        } else if better_transposed::<M>(whole) {
            oriented::<M>(&turned, &whole_turned, edge.map(Edge::transposed), b, a, c, packing);
        } else {
            oriented::<M>(product, whole, edge, a, b, c, packing);
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
    whole: &Product,
    edge: Option<Edge>,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    // SAFETY: as the caller says.
    unsafe {
        if whole.n == 1 && matrix_vector::fits(whole) {
            matrix_vector::multiply::<M>(product, a, b, c);
        } else {
            in_blocks::<M>(product, Order::of::<M>(whole), edge, a, b, c, packing);
        }
    }
}

#[inline(always)]
unsafe fn in_blocks<M: Machine>(
    product: &Product,
    order: Order,
    edge: Option<Edge>,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let Product { m, n, k, .. } = *product;
    let costs = Costs::of::<M>(product, order, c);
    let bands = bands::<M>(product, order, costs);
    let blocks = if order.packed_a { m.div_ceil(bands).div_ceil((ROWS / bands).max(1)) } else { 1 };
    for depth in parts(k, if order.is_whole { k } else { order.most_depth }) {
        // The first of even parts is the deepest.
        let deepest = Cut::at_most(depth.length, order.most_depth).part(0).length;
        let widest = most_columns(deepest);
        let (panels, packed) = packing.split_at_mut(deepest * widest.min(n.next_multiple_of(COLUMNS)));
        let (panels, packed) = (panels.as_mut_ptr(), packed.as_mut_ptr());
        for number in 0..blocks {
            let rows = Rows { bands: Cut::into(m, bands), blocks, number };
            let grid = Grid::new::<M>(product, widest, depth, rows);
            // SAFETY: as the caller says; the parts are inside the product.
            unsafe {
                if order.packed_a {
                    let from = a.add(depth.start * product.a.column);
                    let packing = RowsOfA::<M> { product, from, depth, rows, to: packed };
                    share::<M, _>(rows.count() * depth.length / PACKED, bands * rows.tiles::<M>(), &packing);
                }
                let rectangles = Rectangles::<M> { product, order, edge, grid, depth, rows, a, packed, b, panels, c };
                share::<M, _>(grid.nanoseconds, grid.count(), &rectangles);
            }
        }
    }
}

/// The rows of A of a block, which threads pack tile after tile.
struct RowsOfA<'a, M: Machine> {
    product: &'a Product,
    from: *const M::Element,
    depth: Part,
    rows: Rows,
    to: *mut M::Element,
}

impl<M: Machine> Shared for RowsOfA<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        let most = self.rows.tiles::<M>();
        for part in share {
            let (band, tile) = (part / most, part % most);
            let rows = self.rows.band(band);
            let tiles = packed_tiles::<M>(rows.length);
            if tile < tiles.count {
                // SAFETY: as the caller of the product says.
                unsafe {
                    let from = self.from.add(rows.start * self.product.a.row);
                    let to = self.to.add(self.rows.before(band) * self.depth.length);
                    pack_a::<M>(self.product, from, self.depth, tiles.part(tile), to);
                }
            }
        }
    }
}

/// Rectangles of C that threads share.
struct Rectangles<'a, M: Machine> {
    product: &'a Product,
    order: Order,
    edge: Option<Edge>,
    grid: Grid,
    depth: Part,
    rows: Rows,
    a: *const M::Element,
    /// The packed rows of A.
    packed: *const M::Element,
    b: *const M::Element,
    /// Where the calling thread packs B.
    panels: *mut M::Element,
    c: *mut M::Element,
}

impl<M: Machine> Rectangles<'_, M> {
    /// A block of columns of a band, for a part of k.
    #[inline(always)]
    unsafe fn block(&self, block: usize, band: usize, depth: Part, panels: *mut M::Element) -> Block<'_, M> {
        let Product { n, a: a_strides, b: b_strides, c: c_strides, .. } = *self.product;
        let Order { packed_a, direct_b, .. } = self.order;
        let start = block * self.grid.width;
        let columns = Part { start, length: (n - start).min(self.grid.width) };
        let rows = self.rows.band(band);
        // SAFETY: the block is inside of the product, and the packed rows hold all bands.
        unsafe {
            let a = if packed_a {
                self.packed.add(self.rows.before(band) * depth.length)
            } else {
                self.a.add(rows.start * a_strides.row + depth.start * a_strides.column)
            };
            let b = self.b.add(depth.start * b_strides.row + start * b_strides.column);
            let c = self.c.add(rows.start * c_strides.row + start * c_strides.column);
            Block { product: self.product, edge: self.edge, depth, rows, columns, a, packed_a, b, panels, direct_b, c }
        }
    }
}

impl<M: Machine> Shared for Rectangles<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        let panels = share.memory().map_or(self.panels, |memory| memory.as_mut_ptr().cast());
        // The columns of B that are packed there.
        let mut held = None;
        for rectangle in share {
            let (number, band, group) = self.grid.place(rectangle);
            for depth in parts(self.depth.length, self.order.most_depth) {
                let depth = Part { start: self.depth.start + depth.start, length: depth.length };
                // SAFETY: as the caller of the product says. A worker's memory has room for the panels of any block.
                unsafe {
                    let block = self.block(number, band, depth, panels);
                    if held != Some((number, depth.start)) {
                        block.pack_b();
                        held = Some((number, depth.start));
                    }
                    let tiles = block.tiles().count;
                    let group = Cut::into(tiles, self.grid.groups).part(group);
                    block.compute(group.start..group.start + group.length);
                }
            }
        }
    }
}

const _: () = assert!(PANELS * size_of::<f64>() <= Share::MEMORY && DEPTH_BYTES * COLUMNS <= Share::MEMORY);
