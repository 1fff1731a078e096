//! Contractions: products whose rows, columns and sums run over several axes each, in any layout.
//!
//! A convolution is one: its columns are images, rows and columns of pixels, and no single stride leads from one to the next.
//! The offsets along each side are counted in tables on the stack, both operands are packed by them, and the tiles are those of
//! the plain product (the block-scatter-matrix of Matthews, "High-performance tensor contraction without transposition", 2018).
//! It must not know of instructions.

use super::blocks::{Part, TILE_ROWS, parts};
use super::machine::Machine;
use super::tile::Tile;
use super::vector::Vector;
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
/// For one shape and level the result is always the same, bit for bit.
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

/// The offsets in the two tensors of a side, for a range of its positions.
struct Offsets<const MOST: usize> {
    first: [usize; MOST],
    second: [usize; MOST],
}

impl<const MOST: usize> Offsets<MOST> {
    fn new() -> Self {
        Self { first: [0; MOST], second: [0; MOST] }
    }

    /// Counts through the axes from a position on. There is room for `part.length` offsets.
    #[inline(always)]
    fn fill(&mut self, axes: &[Dimension], part: Part) {
        let Some((inner, outer)) = axes.split_last() else {
            (self.first[0], self.second[0]) = (0, 0);
            return;
        };
        let mut filled = 0;
        while filled < part.length {
            let position = part.start + filled;
            let (mut rest, within) = (position / inner.extent, position % inner.extent);
            let mut at = [within * inner.strides[0], within * inner.strides[1]];
            for axis in outer.iter().rev() {
                let digit = rest % axis.extent;
                rest /= axis.extent;
                at = [at[0] + digit * axis.strides[0], at[1] + digit * axis.strides[1]];
            }
            let run = (inner.extent - within).min(part.length - filled);
            for step in 0..run {
                self.first[filled + step] = at[0] + step * inner.strides[0];
                self.second[filled + step] = at[1] + step * inner.strides[1];
            }
            filled += run;
        }
    }
}

/// Columns whose elements lie side by side in a tensor.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    length: usize,
}

/// The runs of a panel's columns in one tensor, none longer than a vector.
struct Runs {
    runs: [Run; COLUMNS],
    count: usize,
}

impl Runs {
    fn of(offsets: &[usize], most: usize) -> Self {
        let mut found = Self { runs: [Run { start: 0, length: 0 }; COLUMNS], count: 0 };
        for (column, &offset) in offsets.iter().enumerate() {
            if let Some(last) = found.count.checked_sub(1) {
                let run = &mut found.runs[last];
                if run.length < most && offset == offsets[run.start] + run.length {
                    run.length += 1;
                    continue;
                }
            }
            found.runs[found.count] = Run { start: column, length: 1 };
            found.count += 1;
        }
        found
    }

    fn iter(&self) -> impl Iterator<Item = Run> {
        self.runs[..self.count].iter().copied()
    }
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
        for rows in parts(m, ROWS) {
            down.fill(contraction.m, rows);
            let block = Block::<M> {
                depth: depth.length,
                rows: rows.length,
                along_a: &deep.first,
                along_b: &deep.second,
                down: &down,
                accumulate: contraction.accumulate || depth.start > 0,
                a,
                b,
                c,
            };
            // SAFETY: as the caller says: all offsets are inside of the tensors, and `packing` has room for both parts.
            unsafe {
                block.pack_rows(packed.as_mut_ptr());
                let mut across = Offsets::<COLUMNS>::new();
                for start in (0..n).step_by(M::COLUMNS) {
                    let columns = Part { start, length: (n - start).min(M::COLUMNS) };
                    across.fill(contraction.n, columns);
                    block.panel(&across, columns.length, packed.as_ptr(), panel.as_mut_ptr());
                }
            }
        }
    }
}

/// Rows and terms that are computed together.
struct Block<'a, M: Machine> {
    depth: usize,
    rows: usize,
    along_a: &'a [usize],
    along_b: &'a [usize],
    down: &'a Offsets<ROWS>,
    accumulate: bool,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
}

impl<M: Machine> Block<'_, M> {
    /// Packs the rows of A, tile after tile.
    #[inline(always)]
    unsafe fn pack_rows(&self, to: *mut M::Element) {
        for tile in parts(self.rows, M::ROWS) {
            let offsets = &self.down.first[tile.start..][..tile.length];
            for (p, &along) in self.along_a[..self.depth].iter().enumerate() {
                for (i, &row) in offsets.iter().enumerate() {
                    // SAFETY: the offsets are inside of A, and there is room for `rows * depth` elements.
                    unsafe { *to.add(tile.start * self.depth + p * tile.length + i) = *self.a.add(row + along) }
                }
            }
        }
    }

    /// Packs a panel of B and computes the tiles of its columns.
    #[inline(always)]
    unsafe fn panel(&self, across: &Offsets<COLUMNS>, columns: usize, rows: *const M::Element, panel: *mut M::Element) {
        let lanes = M::Vector::LANES;
        let width = columns.next_multiple_of(lanes);
        // SAFETY: the offsets are inside of B and C; the panel has room for `depth * width` elements.
        unsafe {
            self.pack_columns(&across.first[..columns], width, panel);
            let targets = Runs::of(&across.second[..columns], columns);
            for part in parts(self.rows, M::ROWS) {
                let down = &self.down.second[part.start..][..part.length];
                let mut tile = Tile {
                    depth: self.depth,
                    a: rows.add(part.start * self.depth),
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

    /// Packs columns of B in rows of `width` elements; the rest of each row becomes 0.
    #[inline(always)]
    unsafe fn pack_columns(&self, offsets: &[usize], width: usize, to: *mut M::Element) {
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

/// The step from one offset to the next, where it is always the same.
fn even_step(offsets: &[usize]) -> Option<usize> {
    let step = offsets.get(1).map_or(Some(0), |second| second.checked_sub(offsets[0]))?;
    offsets.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(step)).then_some(step)
}
