//! Where the positions of a side of several axes are: offsets in tables, and what of them lies side by side. It must not know what is
//! computed there.

use super::block::Part;
use super::contract::Dimension;
use chainrule_math::memory::COLUMNS;

/// The offsets in the two tensors of a side, for a range of its positions.
pub(super) struct Offsets<const MOST: usize> {
    pub first: [usize; MOST],
    pub second: [usize; MOST],
}

impl<const MOST: usize> Offsets<MOST> {
    pub fn new() -> Self {
        Self { first: [0; MOST], second: [0; MOST] }
    }

    /// Counts through the axes from a position on. There is room for `part.length` offsets.
    #[inline(always)]
    pub fn fill(&mut self, axes: &[Dimension], part: Part) {
        let Some((inner, outer)) = axes.split_last() else {
            (self.first[0], self.second[0]) = (0, 0);
            return;
        };
        let mut filled = 0;
        while filled < part.length {
            let position = part.start + filled;
            let (rest, within) = (position / inner.extent, position % inner.extent);
            let at = offset(outer, rest);
            let at = [at[0] + within * inner.strides[0], at[1] + within * inner.strides[1]];
            let run = (inner.extent - within).min(part.length - filled);
            for step in 0..run {
                self.first[filled + step] = at[0] + step * inner.strides[0];
                self.second[filled + step] = at[1] + step * inner.strides[1];
            }
            filled += run;
        }
    }
}

/// The offsets of a position of some axes.
#[inline(always)]
pub(super) fn offset(axes: &[Dimension], position: usize) -> [usize; 2] {
    let (mut rest, mut at) = (position, [0, 0]);
    for axis in axes.iter().rev() {
        let digit = rest % axis.extent;
        rest /= axis.extent;
        at = [at[0] + digit * axis.strides[0], at[1] + digit * axis.strides[1]];
    }
    at
}

/// Columns whose elements lie side by side in a tensor.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub start: usize,
    pub length: usize,
}

/// The runs of a panel's columns in one tensor, none longer than a vector.
pub(super) struct Runs {
    runs: [Run; COLUMNS],
    count: usize,
}

impl Runs {
    pub fn of(offsets: &[usize], most: usize) -> Self {
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

    pub fn as_slice(&self) -> &[Run] {
        &self.runs[..self.count]
    }
}
