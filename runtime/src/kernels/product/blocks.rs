//! The order in which a product is computed: blocks that fit into caches, and in them rectangles of C that threads share. It must not
//! know of instructions.
//!
//! Which numbers are added in which order follows from the whole product, never from a thread's part of it: an element of C is the sum over
//! the same ranges of k, each in its order, wherever rectangles and tiles begin.

use super::block::{Block, Cut, Part, pack_a, packed_tiles, parts};
use super::machine::Machine;
use super::shared::{Shared, share};
use super::vector::Vector;
use super::{Product, matrix_vector};
use crate::kernels::threads::{self, Share};
use chainrule_math::memory::{COLUMNS, DEPTH_BYTES, DIRECT_A_COLUMNS, LINE, PANELS, ROWS};

/// C = A·B or C += A·B, in the order in which the same rows of `whole` are computed.
///
/// # Safety
///
/// As for `Multiply::multiply`, with a level that has what `M` needs.
#[inline(always)]
pub(super) unsafe fn multiply<M: Machine>(
    product: &Product,
    whole: &Product,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    // SAFETY: as the caller says; the transposed product has the same elements.
    unsafe {
        if better_transposed::<M>(whole) {
            oriented::<M>(&product.transposed(), &whole.transposed(), b, a, c, packing);
        } else {
            oriented::<M>(product, whole, a, b, c, packing);
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
            in_blocks::<M>(product, Order::of::<M>(whole), a, b, c, packing);
        }
    }
}

/// How a product is computed.
#[derive(Clone, Copy)]
struct Order {
    /// Whether A is packed.
    packed_a: bool,
    /// Whether B is read where it is, in full vectors.
    direct_b: bool,
    /// How much of k is computed at once.
    most_depth: usize,
    /// Whether rectangles go through all of k, since threads share nothing that is packed.
    is_whole: bool,
}

impl Order {
    #[inline(always)]
    fn of<M: Machine>(product: &Product) -> Self {
        let Product { m, n, k, a, b, .. } = *product;
        let packed_a = n > DIRECT_A_COLUMNS && !(a.column == 1 && m * n <= DIRECT_A_RESULT);
        let direct_b = b.column == 1 && (m <= DIRECT_B_ROWS || m <= DIRECT_B_SPREAD && !crowds_caches::<M>(b.row));
        let streams_b = direct_b && m <= M::WIDE_ROWS && k * n > STREAMED;
        let most_depth = if streams_b { STREAMED_DEPTH } else { DEPTH_BYTES / size_of::<M::Element>() };
        let is_whole = !packed_a && (streams_b || direct_b && n.is_multiple_of(M::Vector::LANES));
        Self { packed_a, direct_b, most_depth, is_whole }
    }
}

/// Up to this many elements of C, A is not packed either if its rows lie in one piece.
const DIRECT_A_RESULT: usize = 64 * 1024;
/// Up to this many rows of C, B is not read often enough to be packed.
const DIRECT_B_ROWS: usize = 64;
/// The same for a B whose rows are spread over caches.
const DIRECT_B_SPREAD: usize = 512;

/// Whether rows so far apart share so few sets of the caches that those of a panel displace each other.
#[inline(always)]
fn crowds_caches<M: Machine>(row: usize) -> bool {
    (row * size_of::<M::Element>()).is_multiple_of(CROWDED)
}

/// The bytes from one row to the next of which all multiples share a thirty-second of the sets of a first cache.
const CROWDED: usize = 2048;
/// A B of more elements than this is read in its order when C has few rows.
const STREAMED: usize = 64 * 1024;
/// The rows of B that are then read together.
const STREAMED_DEPTH: usize = 32;

#[inline(always)]
unsafe fn in_blocks<M: Machine>(
    product: &Product,
    order: Order,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let Product { m, n, k, .. } = *product;
    let costs = Costs::of::<M>(product, order, c);
    for depth in parts(k, if order.is_whole { k } else { order.most_depth }) {
        // The first of even parts is the deepest.
        let deepest = Cut::at_most(depth.length, order.most_depth).part(0).length;
        let widest = most_columns(deepest);
        let (panels, packed) = packing.split_at_mut(deepest * widest.min(n.next_multiple_of(COLUMNS)));
        let (panels, packed) = (panels.as_mut_ptr(), packed.as_mut_ptr());
        for rows in parts(m, if order.packed_a { ROWS } else { m }) {
            let grid = Grid::new::<M>(product, widest, depth, rows, costs);
            // SAFETY: as the caller says; the parts are inside the product.
            unsafe {
                if order.packed_a {
                    let tiles = packed_tiles::<M>(rows.length);
                    let from = a.add(rows.start * product.a.row + depth.start * product.a.column);
                    let packing = RowsOfA::<M> { product, from, depth, tiles, to: packed };
                    share::<M, _>(rows.length * depth.length / PACKED, tiles.count, &packing);
                }
                let rectangles = Rectangles::<M> { product, order, grid, depth, rows, a, packed, b, panels, c };
                share::<M, _>(grid.nanoseconds, grid.count(), &rectangles);
            }
        }
    }
}

/// How many elements are packed in a nanosecond, about.
const PACKED: usize = 2;

/// The most columns of a block of B so deep: some panels, at least one.
#[inline(always)]
fn most_columns(depth: usize) -> usize {
    (PANELS / depth.max(1)).max(COLUMNS) / COLUMNS * COLUMNS
}

/// The rows of A of a block, which threads pack tile after tile.
struct RowsOfA<'a, M: Machine> {
    product: &'a Product,
    from: *const M::Element,
    depth: Part,
    tiles: Cut,
    to: *mut M::Element,
}

impl<M: Machine> Shared for RowsOfA<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        for tile in share {
            // SAFETY: as the caller of the product says.
            unsafe { pack_a::<M>(self.product, self.from, self.depth, self.tiles.part(tile), self.to) }
        }
    }
}

/// How a part of C is cut into rectangles: bands of rows, one for each thread if they are cut that way, in these blocks of columns, and in
/// these groups of tiles one below the other.
#[derive(Clone, Copy)]
struct Grid {
    nanoseconds: usize,
    bands: usize,
    width: usize,
    blocks: usize,
    groups: usize,
}

impl Grid {
    #[inline(always)]
    fn new<M: Machine>(product: &Product, widest: usize, depth: Part, rows: Part, costs: Costs) -> Self {
        let n = product.n;
        let work = rows.length.saturating_mul(depth.length).saturating_mul(n) / (PER_LANE * M::Vector::LANES);
        let nanoseconds = work + (rows.length * n + depth.length * n.min(rows.length)) * size_of::<M::Element>() / BYTES;
        let tiles = Cut::at_most(rows.length, M::ROWS).count;
        let wanted = threads::parts(nanoseconds, usize::MAX);
        if wanted == 1 {
            let width = widest.min(n.next_multiple_of(COLUMNS));
            return Self { nanoseconds, bands: 1, width, blocks: n.div_ceil(width), groups: 1 };
        }
        let threads = threads::get();
        let by_rows = tiles >= 2 * threads && costs.by_rows(depth.length * n) < costs.by_columns(rows.length, depth.length);
        let bands = if by_rows { threads } else { 1 };
        let narrowest = n.div_ceil(wanted.div_ceil(bands)).next_multiple_of(2 * COLUMNS);
        let width = if by_rows { widest } else { narrowest.min(widest) };
        let blocks = n.div_ceil(width).max(1);
        Self { nanoseconds, bands, width, blocks, groups: wanted.div_ceil(bands * blocks).min(tiles / bands).max(1) }
    }

    fn count(self) -> usize {
        self.bands * self.blocks * self.groups
    }

    /// The block of columns and the group of tiles of a rectangle: those of a band come one after the other, and among them those with the
    /// same columns.
    #[inline(always)]
    fn place(self, rectangle: usize) -> (usize, usize) {
        let (band, within) = (rectangle / (self.blocks * self.groups), rectangle % (self.blocks * self.groups));
        (within / self.groups, band * self.groups + within % self.groups)
    }
}

/// What it costs each thread, in picoseconds, that the others compute other rows or other columns of C.
#[derive(Clone, Copy)]
struct Costs {
    /// For an element of B, which threads with other rows read or pack all the same.
    of_b: usize,
    /// For an element of A, which threads with other columns read all the same.
    of_a: usize,
    /// For a row of C whose cache lines belong to columns of two threads.
    of_row: usize,
}

impl Costs {
    #[inline(always)]
    fn of<M: Machine>(product: &Product, order: Order, c: *const M::Element) -> Self {
        let Product { n, c: strides, .. } = *product;
        let element = size_of::<M::Element>();
        let read = 1000 * element / BYTES;
        let packs = !order.direct_b || !n.is_multiple_of(M::Vector::LANES);
        let is_aligned = c.addr().is_multiple_of(LINE) && (strides.row * element).is_multiple_of(LINE);
        let of_row = if strides.column == 1 && !is_aligned { SHARED_LINE } else { 0 };
        Self { of_b: if packs { 1000 / PACKED } else { read }, of_a: read, of_row }
    }

    fn by_rows(self, of_b: usize) -> usize {
        of_b.saturating_mul(self.of_b)
    }

    fn by_columns(self, rows: usize, depth: usize) -> usize {
        rows.saturating_mul(depth.saturating_mul(self.of_a).saturating_add(self.of_row))
    }
}

/// The picoseconds that a cache line takes from one thread to another and back.
const SHARED_LINE: usize = 150_000;
/// The products that a lane computes in a nanosecond, about.
pub(super) const PER_LANE: usize = 4;
/// The bytes that are read or written in a nanosecond, about.
const BYTES: usize = 16;

/// Rectangles of C that threads share.
struct Rectangles<'a, M: Machine> {
    product: &'a Product,
    order: Order,
    grid: Grid,
    depth: Part,
    rows: Part,
    a: *const M::Element,
    /// The packed rows of A.
    packed: *const M::Element,
    b: *const M::Element,
    /// Where the calling thread packs B.
    panels: *mut M::Element,
    c: *mut M::Element,
}

impl<M: Machine> Rectangles<'_, M> {
    /// The columns of a block, for a part of k.
    #[inline(always)]
    unsafe fn block(&self, block: usize, depth: Part, panels: *mut M::Element) -> Block<'_, M> {
        let Product { n, a: a_strides, b: b_strides, c: c_strides, .. } = *self.product;
        let Order { packed_a, direct_b, .. } = self.order;
        let start = block * self.grid.width;
        let columns = Part { start, length: (n - start).min(self.grid.width) };
        // SAFETY: the block is inside of the product.
        unsafe {
            let first_a = self.a.wrapping_add(self.rows.start * a_strides.row + depth.start * a_strides.column);
            let a = if packed_a { self.packed } else { first_a };
            let b = self.b.add(depth.start * b_strides.row + start * b_strides.column);
            let c = self.c.add(self.rows.start * c_strides.row + start * c_strides.column);
            Block { product: self.product, depth, rows: self.rows, columns, a, packed_a, b, panels, direct_b, c }
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
            let (number, group) = self.grid.place(rectangle);
            for depth in parts(self.depth.length, self.order.most_depth) {
                let depth = Part { start: self.depth.start + depth.start, length: depth.length };
                // SAFETY: as the caller of the product says. A worker's memory has room for the panels of any block.
                unsafe {
                    let block = self.block(number, depth, panels);
                    if held != Some((number, depth.start)) {
                        block.pack_b();
                        held = Some((number, depth.start));
                    }
                    let tiles = block.tiles().count;
                    let group = Cut::into(tiles, self.grid.bands * self.grid.groups).part(group);
                    block.compute(group.start..group.start + group.length);
                }
            }
        }
    }
}

const _: () = assert!(PANELS * size_of::<f64>() <= Share::MEMORY && DEPTH_BYTES * COLUMNS <= Share::MEMORY);
