//! Columns of B that lie in short runs, packed by tables of offsets: each vector is put together in a register. It must not know of tiles.

use super::offsets::Runs;
use super::vector::Vector;
use crate::kernels::Float;

/// Packs columns in rows up to full vectors. `along` are the offsets of each row in B and in the panel, `offsets` those of the columns.
///
/// # Safety
///
/// All elements must be valid, and the panel for all vectors of each row; the machine must have the instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn columns<V: Vector>(b: *const V::Element, along: [&[usize]; 2], offsets: &[usize], panel: *mut V::Element) {
    for (v, offsets) in offsets.chunks(V::LANES).enumerate() {
        let runs = Runs::of(offsets, V::LANES);
        // SAFETY: as the caller says.
        unsafe {
            let to = panel.add(v * V::LANES);
            match runs.as_slice().len() {
                1 => assemble::<V, 1>(b, along, offsets, &runs, to),
                2 => assemble::<V, 2>(b, along, offsets, &runs, to),
                3 => assemble::<V, 3>(b, along, offsets, &runs, to),
                4 => assemble::<V, 4>(b, along, offsets, &runs, to),
                5 => assemble::<V, 5>(b, along, offsets, &runs, to),
                6 => assemble::<V, 6>(b, along, offsets, &runs, to),
                _ => one_by_one::<V>(b, along, offsets, to),
            }
        }
    }
}

/// Packs a vector of columns in a few runs for all rows.
#[inline(always)]
unsafe fn assemble<V: Vector, const RUNS: usize>(
    b: *const V::Element,
    along: [&[usize]; 2],
    offsets: &[usize],
    runs: &Runs,
    to: *mut V::Element,
) {
    // SAFETY: as the caller says; only the lanes of a run are read.
    unsafe {
        let zero = V::splat(V::Element::ZERO);
        let runs: [_; RUNS] = std::array::from_fn(|at| {
            let run = runs.as_slice()[at];
            // Where the first lane would be.
            let from = b.wrapping_add(offsets[run.start]).wrapping_sub(run.start);
            (from, V::span(run.start, run.start + run.length))
        });
        for (&along, &packed) in along[0].iter().zip(along[1]) {
            let lanes = runs.iter().fold(zero, |lanes, &(from, mask)| lanes.load_over(from.wrapping_add(along), mask));
            lanes.store(to.add(packed));
        }
    }
}

/// Packs a vector of columns that lie apart, column after column.
#[inline(always)]
unsafe fn one_by_one<V: Vector>(b: *const V::Element, along: [&[usize]; 2], offsets: &[usize], to: *mut V::Element) {
    for (column, &offset) in offsets.iter().enumerate() {
        for (&along, &packed) in along[0].iter().zip(along[1]) {
            // SAFETY: as the caller says.
            unsafe { *to.add(packed + column) = *b.add(offset + along) }
        }
    }
}
