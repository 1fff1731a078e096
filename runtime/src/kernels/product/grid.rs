//! How a product is cut: whether its operands are packed, how deep its blocks are, and into which rectangles of C they are cut for threads. It
//! must not know how anything is computed.

use super::Product;
use super::block::{Cut, Part, packed_tiles};
use super::machine::Machine;
use super::vector::Vector;
use crate::kernels::threads;
use chainrule_math::memory::{COLUMNS, DEPTH_BYTES, DIRECT_A_COLUMNS, LINE, PANELS};

/// How a product is computed.
#[derive(Clone, Copy)]
pub(super) struct Order {
    /// Whether A is packed.
    pub packed_a: bool,
    /// Whether B is read where it is, in full vectors.
    pub direct_b: bool,
    /// How much of k is computed at once.
    pub most_depth: usize,
    /// Whether rectangles go through all of k, since threads share nothing that is packed.
    pub is_whole: bool,
}

impl Order {
    #[inline(always)]
    pub fn of<M: Machine>(product: &Product) -> Self {
        let Product { m, n, k, a, b, .. } = *product;
        let packed_a = n > DIRECT_A_COLUMNS && !(a.column == 1 && m * n <= DIRECT_A_RESULT);
        let direct_b =
            b.column == 1 && (m <= DIRECT_B_ROWS || m <= DIRECT_B_SPREAD && (M::ROWS >= TALL || !crowds_caches::<M>(b.row)));
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

/// Tiles of so many rows use a vector of B often enough to read it anew from a second cache.
pub(super) const TALL: usize = 8;

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

/// The most columns of a block of B so deep: some panels, at least one.
#[inline(always)]
pub(super) fn most_columns(depth: usize) -> usize {
    (PANELS / depth.max(1)).max(COLUMNS) / COLUMNS * COLUMNS
}

/// The rows that are computed at once: the same part of each band. A band is for one thread, so that what a thread has written is read by the
/// same one in the next product or loop.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub bands: Cut,
    pub blocks: usize,
    pub number: usize,
}

impl Rows {
    /// The rows of a band.
    #[inline(always)]
    pub fn band(self, band: usize) -> Part {
        let band = self.bands.part(band);
        let own = Cut::into(band.length, self.blocks).part(self.number);
        Part { start: band.start + own.start, length: own.length }
    }

    /// How many rows there are in the bands before.
    #[inline(always)]
    pub fn before(self, band: usize) -> usize {
        (0..band).map(|band| self.band(band).length).sum()
    }

    #[inline(always)]
    pub fn count(self) -> usize {
        self.before(self.bands.count)
    }

    /// The most tiles one below the other that a band has.
    #[inline(always)]
    pub fn tiles<M: Machine>(self) -> usize {
        // The first of even parts is the longest.
        packed_tiles::<M>(self.band(0).length).count
    }
}

/// How many elements are packed in a nanosecond, about.
pub(super) const PACKED: usize = 2;

/// What a product takes one thread, in nanoseconds, for so many rows and terms.
fn nanoseconds<M: Machine>(product: &Product, rows: usize, depth: usize) -> usize {
    let n = product.n;
    let work = rows.saturating_mul(depth).saturating_mul(n) / (PER_LANE * M::Vector::LANES);
    work + (rows * n + depth * n.min(rows)) * size_of::<M::Element>() / BYTES
}

/// Into how many bands of rows a product is cut: one for each thread, unless it is cheaper that threads have columns of their own.
pub(super) fn bands<M: Machine>(product: &Product, order: Order, costs: Costs) -> usize {
    let Product { m, n, k, .. } = *product;
    let depth = k.min(order.most_depth);
    let threads = threads::get();
    let is_shared = threads::parts(nanoseconds::<M>(product, m, k), usize::MAX) > 1;
    let has_tiles = packed_tiles::<M>(m).count >= 2 * threads;
    let by_rows = is_shared && has_tiles && costs.by_rows(depth * n) < costs.by_columns(m, depth);
    if by_rows { threads } else { 1 }
}

/// How the rows of C that are computed at once are cut into rectangles: bands of rows, in these blocks of columns, and in these groups of
/// tiles one below the other.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub nanoseconds: usize,
    bands: usize,
    pub width: usize,
    blocks: usize,
    pub groups: usize,
}

impl Grid {
    #[inline(always)]
    pub fn new<M: Machine>(product: &Product, widest: usize, depth: Part, rows: Rows) -> Self {
        let (n, bands) = (product.n, rows.bands.count);
        let nanoseconds = nanoseconds::<M>(product, rows.count(), depth.length);
        let wanted = threads::parts(nanoseconds, usize::MAX);
        let narrowest = if bands > 1 { n } else { n.div_ceil(wanted).next_multiple_of(2 * COLUMNS) };
        let width = narrowest.min(n).next_multiple_of(COLUMNS).min(widest);
        let blocks = n.div_ceil(width).max(1);
        let groups = wanted.div_ceil(bands * blocks).min(rows.tiles::<M>()).max(1);
        Self { nanoseconds, bands, width, blocks, groups }
    }

    pub fn count(self) -> usize {
        self.bands * self.blocks * self.groups
    }

    /// The block of columns, the band, and the group of its tiles of a rectangle: those of a band come one after the other, and among them
    /// those with the same columns.
    #[inline(always)]
    pub fn place(self, rectangle: usize) -> (usize, usize, usize) {
        let (band, within) = (rectangle / (self.blocks * self.groups), rectangle % (self.blocks * self.groups));
        (within / self.groups, band, within % self.groups)
    }
}

/// What it costs each thread, in picoseconds, that the others compute other rows or other columns of C.
#[derive(Clone, Copy)]
pub(super) struct Costs {
    /// For an element of B, which threads with other rows read or pack all the same.
    of_b: usize,
    /// For an element of A, which threads with other columns read all the same.
    of_a: usize,
    /// For a row of C whose cache lines belong to columns of two threads.
    of_row: usize,
}

impl Costs {
    #[inline(always)]
    pub fn of<M: Machine>(product: &Product, order: Order, c: *const M::Element) -> Self {
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
