//! Contractions: products whose rows, columns and sums run over several axes each, in any layout.
//!
//! A convolution is one: its columns are images, rows and columns of pixels, and no single stride leads from one to the next.
//! This is what is contracted, the checks, and the choice of how: in panels, by elements of B, or as dot products of rows. It must not know of instructions.

use super::machine::Machine;
use super::{dots, panels, spread};
use crate::kernels::{Float, Level};
use chainrule_math::memory::contraction_packing_len;

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
pub(super) fn count(axes: &[Dimension]) -> usize {
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
    unsafe { S::contract(level, contraction, a.as_ptr(), b, c.as_mut_ptr(), packing) }
}

/// The contraction on a machine.
///
/// # Safety
///
/// As for `Multiply::contract`, with a level that has what `M` needs.
#[inline(always)]
pub(super) unsafe fn on<M: Machine>(
    contraction: &Contraction<'_>,
    a: *const M::Element,
    b: &[M::Element],
    c: *mut M::Element,
    packing: &mut [M::Element],
) {
    let (in_panels, in_lanes) = (panels::cost::<M>(contraction), spread::cost::<M>(contraction));
    let in_dots = dots::cost::<M>(contraction).filter(|&cost| cost < in_panels.min(in_lanes));
    // SAFETY: as the caller says; where dot products have a cost, sums run along rows.
    unsafe {
        if in_dots.is_some() {
            dots::in_dots::<M>(contraction, a, b.as_ptr(), c);
        } else if in_lanes < in_panels {
            spread::in_lanes::<M>(contraction, a, b.as_ptr(), c, packing);
        } else {
            panels::in_panels::<M>(contraction, a, b, c, packing);
        }
    }
}
