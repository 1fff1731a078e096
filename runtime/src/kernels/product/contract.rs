//! Contractions: products whose rows, columns and sums run over several axes each, in any layout.
//!
//! A convolution is one: its columns are images, rows and columns of pixels, and no single stride leads from one to the next.
//! The offsets along each side are counted in tables on the stack, both operands are packed by them, and the tiles are those of
//! the plain product (the block-scatter-matrix of Matthews, "High-performance tensor contraction without transposition", 2018).
//! It must not know of instructions.

use super::block::{Cut, Part, TILE_ROWS, parts};
use super::blocks::PER_LANE;
use super::machine::Machine;
use super::offsets::{Offsets, Runs, even_step};
use super::shared::{Shared, share};
use super::tile::Tile;
use super::vector::Vector;
use crate::kernels::threads::{self, Share};
use crate::kernels::{Float, Level};
use chainrule_math::memory::{COLUMNS, CONTRACTION_DEPTH as DEPTH, ROWS, contraction_packing_len};

/// An axis of a contraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// How long it is.
    pub extent: usize,
    /// Its strides in the two tensors that have it, counted in elements.
    pub strides: [usize; 2],
}

/// What is contracted: `C[m, n] (+)= Σ_k A[m, k] B[k, n]`, where each side has any number of axes, the outermost first.
#[derive(Clone, Copy, Debug)]
pub struct Contraction<'a> {
    /// The axes of A and C.
    pub m: &'a [Dimension],
    /// The axes of B and C. It is quickest if the last one has the stride 1 in both.
    pub n: &'a [Dimension],
    /// The axes of A and B.
    pub k: &'a [Dimension],
    /// Whether the sums are added to what C holds, instead of replacing it.
    pub accumulate: bool,
}

/// How many elements axes have together.
fn count(axes: &[Dimension]) -> usize {
    axes.iter().fold(1, |product, axis| product.saturating_mul(axis.extent))
}

/// The elements that two sides of a tensor span; `None` if more than can be counted.
fn span(sides: [(&[Dimension], usize); 2]) -> Option<usize> {
    let mut last = 0usize;
    for (axes, tensor) in sides {
        for axis in axes {
            match axis.extent.checked_sub(1) {
                None => return Some(0),
                Some(steps) => last = last.checked_add(steps.checked_mul(axis.strides[tensor])?)?,
            }
        }
    }
    last.checked_add(1)
}

impl Contraction<'_> {
    fn check(&self, a: usize, b: usize, c: usize) {
        let tensors =
            [("A", [(self.m, 0), (self.k, 0)], a), ("B", [(self.k, 1), (self.n, 0)], b), ("C", [(self.m, 1), (self.n, 1)], c)];
        for (name, sides, length) in tensors {
            if span(sides).is_none_or(|span| span > length) {
                outside(name, self, length);
            }
        }
    }
}

#[cold]
#[inline(never)]
fn outside(name: &str, contraction: &Contraction<'_>, length: usize) -> ! {
    panic!("{name} of {contraction:?} does not fit into {length} elements");
}

/// `C[m, n] = Σ_k A[m, k] B[k, n]`, or added to C; each slice starts at the first element of its tensor. It does not allocate.
/// For one shape and level the result is always the same, bit for bit, on any number of threads.
///
/// # Panics
///
/// If a tensor reaches beyond its slice, if `packing` is shorter than [`contraction_packing_len`], or if the machine does not
/// have `level`.
pub fn contract<S: Float>(level: Level, contraction: &Contraction<'_>, a: &[S], b: &[S], c: &mut [S], packing: &mut [S]) {
    contraction.check(a.len(), b.len(), c.len());
    assert!(level <= Level::detect(), "this machine does not have {level:?}");
    let [m, n, k] = [contraction.m, contraction.n, contraction.k].map(count);
    let needed = contraction_packing_len(m, k);
    assert!(packing.len() >= needed, "packing has {} elements, the contraction needs {needed}", packing.len());
    if m == 0 || n == 0 {
        return;
    }
    // SAFETY: the machine has the level; `check` has made sure that every element of A, B and C is in its slice; `packing` is
    // long enough.
    unsafe { S::contract(level, contraction, a.as_ptr(), b.as_ptr(), c.as_mut_ptr(), packing) }
}

/// The contraction in panels and tiles.
///
/// # Safety
///
/// As for `Multiply::contract`, with a level that has what `M` needs.
#[inline(always)]
pub(super) unsafe fn in_panels<M: Machine>(
    contraction: &Contraction<'_>,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let [m, n, k] = [contraction.m, contraction.n, contraction.k].map(count);
    let (mut deep, mut down) = (Offsets::<DEPTH>::new(), Offsets::<ROWS>::new());
    for depth in parts(k, DEPTH) {
        deep.fill(contraction.k, depth);
        let (panel, packed) = packing.split_at_mut(depth.length * COLUMNS);
        let (panel, packed) = (panel.as_mut_ptr(), packed.as_mut_ptr());
        for rows in parts(m, ROWS) {
            down.fill(contraction.m, rows);
            let block = Block::<M> {
                depth: depth.length,
                tiles: Cut::at_most(rows.length, M::ROWS),
                along_a: &deep.first,
                along_b: &deep.second,
                down: &down,
                accumulate: contraction.accumulate || depth.start > 0,
                a,
                packed,
                b,
                c,
            };
            let grid = Grid::new::<M>(rows.length, n, depth.length);
            // SAFETY: as the caller says: all offsets are inside of the tensors, and `packing` has room for both parts.
            unsafe {
                share::<M, _>(rows.length * depth.length / GATHERED, block.tiles.count, &RowsOfA(&block));
                let panels = Panels { block: &block, n: contraction.n, columns: n, grid, panel };
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
    fn new<M: Machine>(rows: usize, columns: usize, depth: usize) -> Self {
        let work = rows.saturating_mul(columns).saturating_mul(depth) / (PER_LANE * M::Vector::LANES);
        let nanoseconds = work + depth.saturating_mul(columns) / GATHERED;
        let (wanted, panels) = (threads::parts(nanoseconds, usize::MAX), columns.div_ceil(M::COLUMNS));
        let groups = wanted.div_ceil(panels).min(rows.div_ceil(M::ROWS));
        Self { nanoseconds, panels: Cut::into(panels, panels.min(wanted)), groups }
    }
}

/// Rows and terms that are computed together.
struct Block<'a, M: Machine> {
    depth: usize,
    /// The rows in tiles.
    tiles: Cut,
    along_a: &'a [usize],
    along_b: &'a [usize],
    down: &'a Offsets<ROWS>,
    accumulate: bool,
    a: *const M::Element,
    /// The packed rows of A.
    packed: *mut M::Element,
    b: *const M::Element,
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
    /// The axes of the columns, and how many those are.
    n: &'a [Dimension],
    columns: usize,
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
        // The panel of B that is packed there.
        let mut held = None;
        for part in share {
            let (panels, tiles) =
                (grid.panels.part(part / grid.groups), Cut::into(block.tiles.count, grid.groups).part(part % grid.groups));
            for number in panels.start..panels.start + panels.length {
                let start = number * M::COLUMNS;
                let columns = Part { start, length: (self.columns - start).min(M::COLUMNS) };
                // SAFETY: as the caller of the contraction says. A worker's memory has room for any panel.
                unsafe {
                    if held != Some(number) {
                        across.fill(self.n, columns);
                        block.pack_columns(&across.first[..columns.length], panel);
                        held = Some(number);
                    }
                    block.panel(&across, columns.length, tiles, panel);
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
        for (p, &along) in self.along_a[..self.depth].iter().enumerate() {
            for (i, &row) in offsets.iter().enumerate() {
                // SAFETY: the offsets are inside of A, and there is room for `rows * depth` elements.
                unsafe { *self.packed.add(tile.start * self.depth + p * tile.length + i) = *self.a.add(row + along) }
            }
        }
    }

    /// Computes some of the tiles of a packed panel of B.
    #[inline(always)]
    unsafe fn panel(&self, across: &Offsets<COLUMNS>, columns: usize, tiles: Part, panel: *mut M::Element) {
        let lanes = M::Vector::LANES;
        let width = columns.next_multiple_of(lanes);
        let targets = Runs::of(&across.second[..columns], columns);
        // SAFETY: the offsets are inside of B and C; the panel has `depth * width` elements.
        unsafe {
            for part in (tiles.start..tiles.start + tiles.length).map(|tile| self.tiles.part(tile)) {
                let down = &self.down.second[part.start..][..part.length];
                let mut tile = Tile {
                    depth: self.depth,
                    a: self.packed.add(part.start * self.depth).cast_const(),
                    a_row: 1,
                    a_column: part.length,
                    b: panel,
                    b_row: width,
                    c: self.c.add(down[0] + across.second[0]),
                    c_row: 0,
                    last: columns - (width - lanes),
                    accumulate: self.accumulate,
                };
                match (targets.count, even_step(down)) {
                    (1, Some(step)) => {
                        tile.c_row = step;
                        M::tile(part.length, width / lanes, true, &tile);
                    }
                    _ => self.scatter(&mut tile, down, across, &targets, width),
                }
            }
        }
    }

    /// Packs columns of B in rows of full vectors; the rest of each row becomes 0.
    #[inline(always)]
    unsafe fn pack_columns(&self, offsets: &[usize], to: *mut M::Element) {
        let width = offsets.len().next_multiple_of(M::Vector::LANES);
        let runs = Runs::of(offsets, M::Vector::LANES);
        // SAFETY: as the caller says; only the valid lanes of a run are read and written.
        unsafe {
            if offsets.len() < width {
                for p in 0..self.depth {
                    for column in offsets.len()..width {
                        *to.add(p * width + column) = M::Element::ZERO;
                    }
                }
            }
            for run in runs.iter() {
                let (from, to) = (self.b.add(offsets[run.start]), to.add(run.start));
                if run.length == 1 {
                    for (p, &along) in self.along_b[..self.depth].iter().enumerate() {
                        *to.add(p * width) = *from.add(along);
                    }
                } else {
                    let mask = M::Vector::first(run.length);
                    for (p, &along) in self.along_b[..self.depth].iter().enumerate() {
                        M::Vector::load_part(from.add(along), mask).store_part(to.add(p * width), mask);
                    }
                }
            }
        }
    }

    /// Computes a tile aside and writes it to where its elements belong.
    #[inline(always)]
    unsafe fn scatter(
        &self,
        tile: &mut Tile<M::Element>,
        down: &[usize],
        across: &Offsets<COLUMNS>,
        targets: &Runs,
        width: usize,
    ) {
        let mut aside = [M::Element::ZERO; TILE_ROWS * COLUMNS];
        (tile.c, tile.c_row, tile.accumulate) = (aside.as_mut_ptr(), width, false);
        // SAFETY: `aside` has room for the largest tile; the offsets are inside of C.
        unsafe {
            M::tile(down.len(), width / M::Vector::LANES, true, tile);
            for (i, &row) in down.iter().enumerate() {
                for run in targets.iter() {
                    let to = self.c.add(row + across.second[run.start]);
                    for step in 0..run.length {
                        let sum = aside[i * width + run.start + step];
                        let to = to.add(step);
                        *to = if self.accumulate { *to + sum } else { sum };
                    }
                }
            }
        }
    }
}
