//! A contraction whose sums run along rows that lie side by side in A and in B, as that of a convolution's weights does: each element of C is
//! a product of long rows, a lane for each of their elements, and nothing is packed. It must not know of instructions.

use super::block::{Cut, Part, parts};
use super::contract::{Contraction, Dimension, count};
use super::grid::PER_LANE;
use super::machine::Machine;
use super::offsets::{Offsets, offset};
use super::shared::{Shared, share};
use super::tile::{DOT_COLUMNS, DOT_ROWS, Dots, MOST_LANES};
use super::vector::Vector;
use crate::kernels::threads::{self, Share};
use crate::kernels::{Float, lanes};
use std::ops::Range;

/// How many pieces of rows are added up in registers, before they are added to C.
const DEPTH: usize = 256;

/// How many tiles are computed before they are written.
const TILES: usize = 8;

/// What it costs, in products of vectors; `None` where the sums do not run along rows. Each product reads two vectors, lanes of the end of each
/// row stay empty, and what the lanes of each element hold is added up.
pub(super) fn cost<M: Machine>(contraction: &Contraction<'_>) -> Option<usize> {
    let (inner, outer) = contraction.k.split_last().filter(|(inner, _)| inner.strides == [1, 1])?;
    let [m, n] = [contraction.m, contraction.n].map(count);
    let vectors = count(outer).saturating_mul(inner.extent.div_ceil(M::Vector::LANES));
    Some(m.saturating_mul(n).saturating_mul((vectors.saturating_mul(7) / 4).saturating_add(WRITTEN)))
}

/// What it costs to add up the lanes of an element of C and to write it, in products of vectors.
const WRITTEN: usize = 20;

/// The contraction in tiles of dot products.
///
/// # Safety
///
/// As for `Multiply::contract`, with a level that has what `M` needs; the last axis of k has the stride 1 in A and in B.
#[inline(always)]
pub(super) unsafe fn in_dots<M: Machine>(
    contraction: &Contraction<'_>,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
) {
    let Some((inner, outer)) = contraction.k.split_last() else { return };
    let [m, n] = [contraction.m, contraction.n].map(count);
    let (tall, wide) = (Cut::at_most(m, M::WIDE_ROWS), Cut::at_most(n, DOT_COLUMNS));
    let products = count(outer).saturating_mul(inner.extent.div_ceil(M::Vector::LANES)).saturating_mul(m).saturating_mul(n);
    // Each group counts through all rows once more, so there are no more of them than threads.
    let groups = threads::parts(products / PER_LANE, threads::get().min(tall.count * wide.count));
    let tiles = Tiles::<M> { contraction, inner: inner.extent, outer, tall, wide, groups, a, b, c };
    // SAFETY: as the caller says; tiles write elements of their own.
    unsafe { share::<M, _>(products / PER_LANE, groups, &tiles) }
}

/// Tiles of C in groups, which threads share.
struct Tiles<'a, M: Machine> {
    contraction: &'a Contraction<'a>,
    /// The length of the rows.
    inner: usize,
    /// Which rows there are.
    outer: &'a [Dimension],
    tall: Cut,
    wide: Cut,
    groups: usize,
    a: *const M::Element,
    b: *const M::Element,
    c: *mut M::Element,
}

/// The sums of a tile.
type Sums<S> = [[S; DOT_COLUMNS]; DOT_ROWS];

impl<M: Machine> Shared for Tiles<'_, M> {
    #[inline(always)]
    unsafe fn compute(&self, share: &mut Share<'_>) {
        let (mut rows, mut along) = (Offsets::<DEPTH>::new(), [[0; 2]; DEPTH]);
        for group in share {
            let group = Cut::into(self.tall.count * self.wide.count, self.groups).part(group);
            for part in parts(group.length, TILES) {
                let tiles = Part { start: group.start + part.start, length: part.length };
                // SAFETY: as the caller of the contraction says.
                unsafe { self.some(tiles, &mut rows, &mut along) }
            }
        }
    }
}

impl<M: Machine> Tiles<'_, M> {
    /// Computes some tiles, and writes them when they are done: lines of C may be those of other threads too.
    #[inline(always)]
    unsafe fn some(&self, tiles: Part, rows: &mut Offsets<DEPTH>, along: &mut [[usize; 2]; DEPTH]) {
        let mut sums: [Sums<M::Element>; TILES] = [[[M::Element::ZERO; DOT_COLUMNS]; DOT_ROWS]; TILES];
        let whole = self.inner / M::Vector::LANES;
        // The whole vectors of all rows, and then the ends of all rows.
        for (in_row, lanes) in [(0..whole, M::Vector::LANES), (whole..whole + 1, self.inner % M::Vector::LANES)] {
            let vectors = if lanes == 0 { 0 } else { count(self.outer) * in_row.len() };
            for part in parts(vectors, DEPTH).take_while(|part| part.length > 0) {
                self.places(in_row.clone(), part, rows, along);
                for (tile, sums) in (tiles.start..).zip(&mut sums[..tiles.length]) {
                    // SAFETY: as the caller says.
                    unsafe { self.tile(tile, &along[..part.length], lanes, sums) }
                }
            }
        }
        for (tile, sums) in (tiles.start..).zip(&sums[..tiles.length]) {
            // SAFETY: as the caller says.
            unsafe { self.write(tile, sums) }
        }
    }

    /// Where some of the vectors are that stand at these places in each row.
    #[inline(always)]
    fn places(&self, in_row: Range<usize>, part: Part, rows: &mut Offsets<DEPTH>, along: &mut [[usize; 2]; DEPTH]) {
        let first = part.start / in_row.len();
        let last = (part.start + part.length - 1) / in_row.len();
        rows.fill(self.outer, Part { start: first, length: last + 1 - first });
        let skipped = part.start % in_row.len();
        let places = (0..=last - first).flat_map(|row| in_row.clone().map(move |vector| (row, vector * M::Vector::LANES)));
        for (to, (row, at)) in along[..part.length].iter_mut().zip(places.skip(skipped)) {
            *to = [rows.first[row] + at, rows.second[row] + at];
        }
    }

    /// The rows and the columns of a tile.
    #[inline(always)]
    fn sides(&self, tile: usize) -> (Part, Part) {
        (self.tall.part(tile % self.tall.count), self.wide.part(tile / self.tall.count))
    }

    /// Adds vectors of products to the sums of a tile.
    #[inline(always)]
    unsafe fn tile(&self, tile: usize, along: &[[usize; 2]], lanes: usize, sums: &mut Sums<M::Element>) {
        let (rows, columns) = self.sides(tile);
        let down: [[usize; 2]; DOT_ROWS] = offsets(self.contraction.m, rows);
        let across: [[usize; 2]; DOT_COLUMNS] = offsets(self.contraction.n, columns);
        let a = down.map(|[in_a, _]| self.a.wrapping_add(in_a));
        let b = across.map(|[in_b, _]| self.b.wrapping_add(in_b));
        let mut in_lanes = [[[M::Element::ZERO; MOST_LANES]; DOT_COLUMNS]; DOT_ROWS];
        // SAFETY: all offsets are inside of the tensors.
        unsafe { M::dots(rows.length, columns.length, &Dots { a, b, along, lanes }, &mut in_lanes) };
        for (sums, in_lanes) in sums.iter_mut().zip(&in_lanes).take(rows.length) {
            for (sum, in_lanes) in sums.iter_mut().zip(in_lanes).take(columns.length) {
                *sum += lanes::sum::<M::Isa, _, _>(*in_lanes);
            }
        }
    }

    /// Writes the sums of a tile to C, or adds them.
    #[inline(always)]
    unsafe fn write(&self, tile: usize, sums: &Sums<M::Element>) {
        let (rows, columns) = self.sides(tile);
        let down: [[usize; 2]; DOT_ROWS] = offsets(self.contraction.m, rows);
        let across: [[usize; 2]; DOT_COLUMNS] = offsets(self.contraction.n, columns);
        for (sums, [_, row]) in sums.iter().zip(down).take(rows.length) {
            for (&sum, [_, column]) in sums.iter().zip(across).take(columns.length) {
                // SAFETY: the offsets are inside of C.
                unsafe {
                    let to = self.c.add(row + column);
                    *to = if self.contraction.accumulate { *to + sum } else { sum };
                }
            }
        }
    }
}

/// The offsets of some positions, those of the first one where there are no more.
#[inline(always)]
fn offsets<const MOST: usize>(axes: &[Dimension], part: Part) -> [[usize; 2]; MOST] {
    std::array::from_fn(|at| offset(axes, part.start + if at < part.length { at } else { 0 }))
}
