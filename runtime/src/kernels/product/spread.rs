//! A contraction with a lane for each row of A: its rows are packed side by side, and each element of B is read where it is and multiplied
//! with all of them. Nothing of B is packed, however short the runs are in which it lies. It must not know of instructions.

use super::block::{Cut, Part, TILE_ROWS, parts};
use super::contract::{Contraction, Dimension, count};
use super::grid::PER_LANE;
use super::machine::Machine;
use super::offsets::Offsets;
use super::shared::{Shared, share};
use super::tile::{MOST_LANES, STRIPS, Spread};
use super::vector::Vector;
use super::{Strides, gather, pack};
use crate::kernels::Float;
use crate::kernels::threads::{self, Share};
use chainrule_math::memory::{COLUMNS, CONTRACTION_DEPTH as DEPTH};

/// What it costs, in products of vectors.
pub(super) fn cost<M: Machine>(contraction: &Contraction<'_>) -> usize {
    let [m, n, k] = [contraction.m, contraction.n, contraction.k].map(count);
    let of_panel = |panel: Part| {
        let vectors = panel.length.div_ceil(M::Vector::LANES);
        // Reading an element of B for all lanes costs as much as a quarter of a product.
        let products = n.saturating_mul(k).saturating_mul(4 * vectors + 1) / 4;
        let written = n.saturating_mul(k.div_ceil(DEPTH)).saturating_mul(vectors * WRITTEN);
        products.saturating_add(written).saturating_add(k.saturating_mul(vectors * M::Vector::LANES))
    };
    parts(m, M::COLUMNS).map(of_panel).fold(0, usize::saturating_add)
}

/// Fewer columns side by side are written number by number: turning them takes longer.
const FEW: usize = 4;

/// What it costs to turn a vector of sums and write it to C, in products of vectors.
const WRITTEN: usize = 56;

/// The contraction by elements of B.
///
/// # Safety
///
/// As for `Multiply::contract`, with a level that has what `M` needs.
#[inline(always)]
pub(super) unsafe fn in_lanes<M: Machine>(
    contraction: &Contraction<'_>,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let [m, n, k] = [contraction.m, contraction.n, contraction.k].map(count);
    let mut across = Offsets::<COLUMNS>::new();
    let tiles = Tiles::of::<M>(contraction.n, n);
    for rows in parts(m, M::COLUMNS) {
        across.fill(contraction.m, rows);
        let vectors = rows.length.div_ceil(M::Vector::LANES);
        let nanoseconds = n.saturating_mul(k).saturating_mul(vectors) / PER_LANE;
        // Each group packs the rows once more, so there are no more of them than threads.
        let groups = threads::parts(nanoseconds, threads::get().min(tiles.count()));
        let (rows_of_a, rows_of_c) = (&across.first[..rows.length], &across.second[..rows.length]);
        let panel =
            Panel::<M> { contraction, terms: k, rows_of_a, rows_of_c, tiles, groups, a, b, c, packed: packing.as_mut_ptr() };
        // SAFETY: as the caller says: all offsets are inside of the tensors, and `packing` has room for some terms of a panel.
        unsafe { share::<M, _>(nanoseconds, groups, &panel) }
    }
}

/// The columns of a tile: there are registers for so many pointers.
const MOST: usize = 10;

/// The columns of B in tiles: parts of their last axis where that is long enough, else parts of all of them.
#[derive(Clone, Copy)]
struct Tiles {
    /// How many columns are cut as one, and how often.
    length: usize,
    repeats: usize,
    /// How one of them is cut.
    cut: Cut,
}

impl Tiles {
    #[inline(always)]
    fn of<M: Machine>(axes: &[Dimension], columns: usize) -> Self {
        let inner = axes.last().map_or(1, |axis| axis.extent);
        let most = M::ROWS.min(MOST);
        let length = if 2 * inner > most { inner } else { columns };
        Self { length, repeats: columns / length, cut: Cut::at_most(length, most) }
    }

    fn count(self) -> usize {
        self.repeats * self.cut.count
    }

    #[inline(always)]
    fn part(self, tile: usize) -> Part {
        let part = self.cut.part(tile % self.cut.count);
        Part { start: tile / self.cut.count * self.length + part.start, length: part.length }
    }
}

/// Some rows of A, with all terms and all columns; threads share the columns, in groups of tiles.
struct Panel<'a, M: Machine> {
    contraction: &'a Contraction<'a>,
    /// How many terms there are.
    terms: usize,
    /// The offset of each row in A and in C.
    rows_of_a: &'a [usize],
    rows_of_c: &'a [usize],
    tiles: Tiles,
    groups: usize,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
    /// Where the calling thread packs the rows: for each term all of them side by side, up to full vectors.
    packed: *mut M::Element,
}

impl<M: Machine> Shared for Panel<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        let packed = share.memory().map_or(self.packed, |memory| memory.as_mut_ptr().cast());
        let mut deep = Offsets::<DEPTH>::new();
        for group in share {
            let group = Cut::into(self.tiles.count(), self.groups).part(group);
            for depth in parts(self.terms, DEPTH) {
                deep.fill(self.contraction.k, depth);
                let accumulate = self.contraction.accumulate || depth.start > 0;
                // SAFETY: as the caller of the contraction says. A worker's memory has room for a panel.
                unsafe {
                    self.pack(&deep.first[..depth.length], packed);
                    for tile in group.start..group.start + group.length {
                        self.tile(tile, &deep.second[..depth.length], packed, accumulate);
                    }
                }
            }
        }
    }
}

impl<M: Machine> Panel<'_, M> {
    /// The rows up to full vectors.
    #[inline(always)]
    fn width(&self) -> usize {
        self.rows_of_a.len().next_multiple_of(M::Vector::LANES)
    }

    /// Computes some terms of a tile.
    #[inline(always)]
    unsafe fn tile(&self, tile: usize, along: &[usize], packed: *const M::Element, accumulate: bool) {
        let mut columns = Offsets::<TILE_ROWS>::new();
        let mut aside = [M::Element::ZERO; TILE_ROWS * COLUMNS];
        let part = self.tiles.part(tile);
        columns.fill(self.contraction.n, part);
        let [in_b, in_c] = [&columns.first[..part.length], &columns.second[..part.length]];
        let spread = Spread { rows: packed, b: self.b, columns: in_b, along };
        // SAFETY: as the caller says; there is room for a tile.
        unsafe {
            M::spread(part.length, self.width() / M::Vector::LANES, &spread, aside.as_mut_ptr());
            self.write(in_c, &aside, accumulate);
        }
    }

    /// Packs the rows for some terms.
    #[inline(always)]
    unsafe fn pack(&self, along: &[usize], to: *mut M::Element) {
        let (width, rows) = (self.width(), self.rows_of_a.len());
        // SAFETY: the offsets are inside of A, and there is room for the panel.
        unsafe {
            let ([row_axis], Some(term_axis)) = (self.contraction.m, self.contraction.k.last()) else {
                let packed: [usize; DEPTH] = std::array::from_fn(|term| term * width);
                gather::columns::<M::Vector>(self.a, [along, &packed[..along.len()]], self.rows_of_a, to);
                return;
            };
            let strides = Strides { row: term_axis.strides[0], column: row_axis.strides[0] };
            let mut term = 0;
            while term < along.len() {
                let next = along[term..].windows(2).take_while(|pair| pair[1] == pair[0] + strides.row).count() + 1;
                let from = self.a.add(self.rows_of_a[0] + along[term]);
                pack::rows::<M::Vector>(from, strides, next, rows, to.wrapping_add(term * width), width);
                term += next;
            }
        }
    }

    /// Writes a tile to C, or adds it: columns that lie side by side together.
    #[inline(always)]
    unsafe fn write(&self, columns: &[usize], aside: &[M::Element], accumulate: bool) {
        let (lanes, width) = (M::Vector::LANES, self.width());
        let mut start = 0;
        while start < columns.len() {
            let side_by_side = columns[start..].windows(2).take(lanes - 1).take_while(|pair| pair[1] == pair[0] + 1);
            let length = side_by_side.count() + 1;
            if length < FEW {
                // SAFETY: as the caller says.
                unsafe { self.write_few(&columns[start..start + length], &aside[start * width..], accumulate) }
                start += length;
                continue;
            }
            for (vector, rows) in self.rows_of_c.chunks(lanes).enumerate() {
                // SAFETY: as the caller says; the machine has the instructions.
                unsafe {
                    let from = aside.as_ptr().add(start * width + vector * lanes);
                    let mut square = [M::Vector::splat(M::Element::ZERO); MOST_LANES];
                    for (column, vector) in square.iter_mut().enumerate().take(length) {
                        *vector = M::Vector::load(from.add(column * width));
                    }
                    pack::transpose(&mut square);
                    let mask = M::Vector::first(length);
                    for (&sums, &row) in square.iter().zip(rows) {
                        let to = self.c.add(columns[start] + row);
                        let sums = if accumulate { M::Vector::load_part(to, mask).add(sums) } else { sums };
                        sums.store_part(to, mask);
                    }
                }
            }
            start += length;
        }
    }

    /// Writes a few columns of a tile to C, or adds them, number by number.
    #[inline(always)]
    unsafe fn write_few(&self, columns: &[usize], aside: &[M::Element], accumulate: bool) {
        let width = self.width();
        for (row, &of_row) in self.rows_of_c.iter().enumerate() {
            for (column, &of_column) in columns.iter().enumerate() {
                let sum = aside[column * width + row];
                // SAFETY: as the caller says.
                unsafe {
                    let to = self.c.add(of_column + of_row);
                    *to = if accumulate { *to + sum } else { sum };
                }
            }
        }
    }
}

const _: () = assert!(STRIPS * MOST_LANES <= COLUMNS);
