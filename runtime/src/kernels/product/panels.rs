//! A contraction in panels of columns, and in them tiles: A is packed, and B where its rows are short (the block-scatter matrix of
//! Matthews, "High-performance tensor contraction without transposition", 2018). Long rows of B are read where they are, each vector from
//! a row of its own. It must not know of instructions.

use super::block::{Cut, Part, TILE_ROWS, parts};
use super::contract::{Contraction, Dimension, count};
use super::gather;
use super::grid::PER_LANE;
use super::machine::Machine;
use super::offsets::{Offsets, Runs, offset};
use super::shared::{Shared, share};
use super::tile::{MOST_LANES, STRIPS, Strips};
use super::vector::Vector;
use crate::kernels::Float;
use crate::kernels::threads::{self, Share};
use chainrule_math::memory::{COLUMNS, CONTRACTION_DEPTH as DEPTH, ROWS};

/// Room for a tile of C, and for what the last vector of a row reaches beyond it.
type Aside<S> = [S; TILE_ROWS * COLUMNS + MOST_LANES];

/// The contraction in panels and tiles.
///
/// # Safety
///
/// As for `Multiply::contract`, with a level that has what `M` needs.
#[inline(always)]
pub(super) unsafe fn in_panels<M: Machine>(
    contraction: &Contraction<'_>,
    a: *const M::Element,
    b: &[M::Element],
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let [m, n, k] = [contraction.m, contraction.n, contraction.k].map(count);
    let columns = Columns::new::<M>(contraction, m, n);
    let (mut deep, mut down) = (Offsets::<DEPTH>::new(), Offsets::<ROWS>::new());
    let packed_along: [usize; DEPTH] = std::array::from_fn(|p| p * M::COLUMNS);
    for depth in parts(k, DEPTH) {
        deep.fill(contraction.k, depth);
        let along_b = &deep.second[..depth.length];
        let (panel, packed) = packing.split_at_mut(depth.length * COLUMNS);
        let (panel, packed) = (panel.as_mut_ptr(), packed.as_mut_ptr());
        for rows in parts(m, ROWS) {
            down.fill(contraction.m, rows);
            let block = Block::<M> {
                tiles: Cut::at_most(rows.length, M::ROWS),
                along_a: &deep.first[..depth.length],
                along_b,
                packed_along: &packed_along[..depth.length],
                reach: along_b.iter().copied().max().unwrap_or(0),
                down: &down,
                accumulate: contraction.accumulate || depth.start > 0,
                a,
                packed,
                b,
                c,
            };
            let grid = Grid::new::<M>(rows.length, n, depth.length, columns.panels);
            // SAFETY: as the caller says: all offsets are inside of the tensors, and `packing` has room for both parts.
            unsafe {
                share::<M, _>(rows.length * depth.length / GATHERED, block.tiles.count, &RowsOfA(&block));
                let panels = Panels { block: &block, columns: &columns, grid, panel };
                share::<M, _>(grid.nanoseconds, grid.panels.count * grid.groups, &panels);
            }
        }
    }
}

/// How many elements are packed by offsets in a nanosecond, about.
const GATHERED: usize = 1;

/// How the columns and the rows of a block are cut for threads: panels in parts, and groups of tiles one below the other.
#[derive(Clone, Copy)]
struct Grid {
    nanoseconds: usize,
    panels: Cut,
    groups: usize,
}

impl Grid {
    #[inline(always)]
    fn new<M: Machine>(rows: usize, columns: usize, depth: usize, panels: usize) -> Self {
        let work = rows.saturating_mul(columns).saturating_mul(depth) / (PER_LANE * M::Vector::LANES);
        let nanoseconds = work + depth.saturating_mul(columns) / GATHERED;
        let wanted = threads::parts(nanoseconds, usize::MAX);
        let groups = wanted.div_ceil(panels).min(rows.div_ceil(M::ROWS));
        Self { nanoseconds, panels: Cut::into(panels, panels.min(wanted)), groups }
    }
}

/// The columns of a contraction in panels.
struct Columns<'a> {
    axes: &'a [Dimension],
    count: usize,
    panels: usize,
    /// How many vectors each row of columns fills, where B is read in place.
    strips: Option<usize>,
}

impl<'a> Columns<'a> {
    #[inline(always)]
    fn new<M: Machine>(contraction: &Contraction<'a>, m: usize, n: usize) -> Self {
        let (axes, lanes) = (contraction.n, M::Vector::LANES);
        match axes.split_last() {
            Some((inner, outer)) if reads_rows::<M>(contraction, m) => {
                let strips = inner.extent.div_ceil(lanes);
                Self { axes, count: n, panels: (count(outer) * strips).div_ceil(STRIPS), strips: Some(strips) }
            }
            Some(_) | None => Self { axes, count: n, panels: n.div_ceil(M::COLUMNS), strips: None },
        }
    }
}

/// Whether it is quicker to fill up the last vector of each row of columns than to pack the rows: the first costs lanes in every row of
/// A, the other a load and a store for each row of columns, which count as much as about [`PACKING`] rows of A.
#[inline(always)]
fn reads_rows<M: Machine>(contraction: &Contraction<'_>, m: usize) -> bool {
    let Some(inner) = contraction.n.last() else { return false };
    let lanes = inner.extent.next_multiple_of(M::Vector::LANES);
    inner.strides == [1, 1] && m.min(ROWS).saturating_sub(PACKING) * lanes <= m.min(ROWS) * inner.extent
}

/// What packing a vector of B costs, in products of a row of A with it.
const PACKING: usize = 3;

/// What it costs, in products of vectors: those of all rows of A, a vector written for each row of C, and packing.
pub(super) fn cost<M: Machine>(contraction: &Contraction<'_>) -> usize {
    let [m, n, k] = [contraction.m, contraction.n, contraction.k].map(count);
    let lanes = M::Vector::LANES;
    let inner = contraction.n.last().map_or(1, |axis| axis.extent);
    let run = contraction.n.last().filter(|axis| axis.strides[0] == 1).map_or(1, |axis| axis.extent.min(lanes));
    let (vectors, runs) = match reads_rows::<M>(contraction, m) {
        true => (n / inner * inner.div_ceil(lanes), 0),
        false => (n.div_ceil(lanes), n.div_ceil(run)),
    };
    let products = m.saturating_mul(vectors).saturating_mul(k + k / 10 + WRITTEN);
    let packed = m.saturating_mul(PACKED_ELEMENT).saturating_add(runs.saturating_mul(PACKED_RUN));
    products.saturating_add(k.saturating_mul(packed))
}

/// What it costs to write a vector of C, in products of vectors.
const WRITTEN: usize = 12;
/// What it costs to pack an element of A.
const PACKED_ELEMENT: usize = 2;
/// What it costs to pack a run of elements of B.
const PACKED_RUN: usize = 6;

/// Columns that lie side by side in B and in C, no more than a vector.
#[derive(Clone, Copy, Default)]
struct Strip {
    b: usize,
    c: usize,
    lanes: usize,
}

/// Rows and terms that are computed together.
struct Block<'a, M: Machine> {
    /// The rows in tiles.
    tiles: Cut,
    /// The offset of each term in A, in B, and in a packed panel of B.
    along_a: &'a [usize],
    along_b: &'a [usize],
    packed_along: &'a [usize],
    /// The largest of `along_b`.
    reach: usize,
    down: &'a Offsets<ROWS>,
    accumulate: bool,
    a: *const M::Element,
    /// The packed rows of A.
    packed: *mut M::Element,
    b: &'a [M::Element],
    c: *mut M::Element,
}

/// The rows of A, which threads pack tile after tile.
struct RowsOfA<'a, M: Machine>(&'a Block<'a, M>);

impl<M: Machine> Shared for RowsOfA<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        for tile in share {
            // SAFETY: as the caller of the contraction says.
            unsafe { self.0.pack_rows(self.0.tiles.part(tile)) }
        }
    }
}

/// The panels of a block, which threads share.
struct Panels<'a, M: Machine> {
    block: &'a Block<'a, M>,
    columns: &'a Columns<'a>,
    grid: Grid,
    /// Where the calling thread packs a panel of B.
    panel: *mut M::Element,
}

impl<M: Machine> Shared for Panels<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        let (block, grid) = (self.block, self.grid);
        let panel = share.memory().map_or(self.panel, |memory| memory.as_mut_ptr().cast());
        let mut across = Offsets::<COLUMNS>::new();
        let mut aside = [M::Element::ZERO; TILE_ROWS * COLUMNS + MOST_LANES];
        // The panel of B that is packed there.
        let mut held = None;
        for part in share {
            let (panels, tiles) =
                (grid.panels.part(part / grid.groups), Cut::into(block.tiles.count, grid.groups).part(part % grid.groups));
            for number in panels.start..panels.start + panels.length {
                // SAFETY: as the caller of the contraction says. A worker's memory has room for any panel.
                unsafe {
                    if let Some(strips) = self.columns.strips {
                        block.strips(self.columns, strips, number, tiles, panel);
                        continue;
                    }
                    let start = number * M::COLUMNS;
                    let columns = Part { start, length: (self.columns.count - start).min(M::COLUMNS) };
                    if held != Some(number) {
                        across.fill(self.columns.axes, columns);
                        gather::columns::<M::Vector>(
                            block.b.as_ptr(),
                            [block.along_b, block.packed_along],
                            &across.first[..columns.length],
                            panel,
                        );
                        held = Some(number);
                    }
                    block.panel(&across.second[..columns.length], tiles, panel, &mut aside);
                }
            }
        }
    }
}

const _: () = assert!(DEPTH * COLUMNS * size_of::<f64>() <= Share::MEMORY);

impl<M: Machine> Block<'_, M> {
    /// Packs a tile of the rows of A.
    #[inline(always)]
    unsafe fn pack_rows(&self, tile: Part) {
        let offsets = &self.down.first[tile.start..][..tile.length];
        for (p, &along) in self.along_a.iter().enumerate() {
            for (i, &row) in offsets.iter().enumerate() {
                // SAFETY: the offsets are inside of A, and there is room for `rows * depth` elements.
                unsafe { *self.packed.add(tile.start * self.along_a.len() + p * tile.length + i) = *self.a.add(row + along) }
            }
        }
    }

    /// What all tiles of a panel that is packed have in common.
    #[inline(always)]
    fn on_panel(&self, panel: *const M::Element) -> Strips<'_, M::Element> {
        let lanes = M::Vector::LANES;
        Strips {
            a: self.packed,
            b: std::array::from_fn(|v| panel.wrapping_add(v * lanes)),
            along: self.packed_along,
            c: [self.c; STRIPS],
            down: &[],
            lanes: [lanes; STRIPS],
            accumulate: self.accumulate,
        }
    }

    /// Computes some of the tiles of a panel of strips, which are read where they are, or from a copy where a whole vector would reach
    /// beyond B.
    #[inline(always)]
    unsafe fn strips(&self, columns: &Columns<'_>, in_row: usize, number: usize, tiles: Part, panel: *mut M::Element) {
        let Some((inner, outer)) = columns.axes.split_last() else { return };
        let lanes = M::Vector::LANES;
        let first = number * STRIPS;
        let vectors = (count(outer) * in_row - first).min(STRIPS);
        let strips: [Strip; STRIPS] = std::array::from_fn(|v| {
            let (row, start) = ((first + v) / in_row, (first + v) % in_row * lanes);
            let [b, c] = if v < vectors { offset(outer, row) } else { [0, 0] };
            Strip { b: b + start, c: c + start, lanes: (inner.extent - start).min(lanes) }
        });
        let inside = strips[..vectors].iter().all(|strip| strip.b + self.reach + lanes <= self.b.len());
        let mut tile = self.on_panel(panel);
        if inside {
            tile.along = self.along_b;
        }
        // SAFETY: the offsets are inside of B and C, and the lanes too; the panel has room for two vectors for each term.
        unsafe {
            for (v, strip) in strips[..vectors].iter().enumerate() {
                let from = self.b.as_ptr().add(strip.b);
                if inside {
                    tile.b[v] = from;
                } else {
                    let mask = M::Vector::first(strip.lanes);
                    for (&along, &packed) in self.along_b.iter().zip(self.packed_along) {
                        M::Vector::load_part(from.add(along), mask).store(panel.add(v * lanes + packed));
                    }
                }
                tile.c[v] = self.c.add(strip.c);
                tile.lanes[v] = strip.lanes;
            }
            self.tiles(&mut tile, vectors, tiles);
        }
    }

    /// Computes some tiles whose rows lie where those of C do.
    #[inline(always)]
    unsafe fn tiles<'t>(&'t self, tile: &mut Strips<'t, M::Element>, vectors: usize, tiles: Part) {
        for part in (tiles.start..tiles.start + tiles.length).map(|tile| self.tiles.part(tile)) {
            // SAFETY: as the caller says.
            unsafe {
                tile.a = self.packed.add(part.start * self.along_a.len());
                tile.down = &self.down.second[part.start..][..part.length];
                M::strips(part.length, vectors, tile);
            }
        }
    }

    /// Computes some of the tiles of a packed panel of B.
    #[inline(always)]
    unsafe fn panel(&self, in_c: &[usize], tiles: Part, panel: *const M::Element, aside: &mut Aside<M::Element>) {
        let lanes = M::Vector::LANES;
        let vectors = in_c.len().div_ceil(lanes);
        let targets = Runs::of(in_c, lanes);
        // SAFETY: the offsets are inside of C.
        unsafe {
            if targets.as_slice().iter().enumerate().all(|(v, run)| run.start == v * lanes) {
                let mut tile = self.on_panel(panel);
                for (v, run) in targets.as_slice().iter().enumerate() {
                    tile.c[v] = self.c.add(in_c[run.start]);
                    tile.lanes[v] = run.length;
                }
                self.tiles(&mut tile, vectors, tiles);
            } else {
                self.scatter(in_c, &targets, tiles, panel, aside);
            }
        }
    }

    /// Computes tiles aside and writes them to where their elements belong.
    #[inline(always)]
    unsafe fn scatter(
        &self,
        in_c: &[usize],
        targets: &Runs,
        tiles: Part,
        panel: *const M::Element,
        aside: &mut Aside<M::Element>,
    ) {
        let (lanes, vectors) = (M::Vector::LANES, in_c.len().div_ceil(M::Vector::LANES));
        let aside_down: [usize; TILE_ROWS] = std::array::from_fn(|i| i * M::COLUMNS);
        let aside = aside.as_mut_ptr();
        let mut tile = self.on_panel(panel);
        tile.accumulate = false;
        for part in (tiles.start..tiles.start + tiles.length).map(|tile| self.tiles.part(tile)) {
            // SAFETY: `aside` has room for the largest tile and a vector; the offsets are inside of C.
            unsafe {
                tile.a = self.packed.add(part.start * self.along_a.len());
                tile.c = std::array::from_fn(|v| aside.add(v * lanes));
                tile.down = &aside_down[..part.length];
                M::strips(part.length, vectors, &tile);
                for (i, &row) in self.down.second[part.start..][..part.length].iter().enumerate() {
                    for run in targets.as_slice() {
                        let (from, to) = (aside.add(aside_down[i] + run.start), self.c.add(row + in_c[run.start]));
                        self.write(from, to, run.length);
                    }
                }
            }
        }
    }

    /// Writes sums that lie side by side to C, or adds them.
    #[inline(always)]
    unsafe fn write(&self, from: *const M::Element, to: *mut M::Element, length: usize) {
        // SAFETY: as the caller says: there are as many, and a whole vector can be read.
        unsafe {
            if length == 1 {
                *to = if self.accumulate { *to + *from } else { *from };
                return;
            }
            let (mask, sums) = (M::Vector::first(length), M::Vector::load(from));
            let sums = if self.accumulate { M::Vector::load_part(to, mask).add(sums) } else { sums };
            sums.store_part(to, mask);
        }
    }
}
