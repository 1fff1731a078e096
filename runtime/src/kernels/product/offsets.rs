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
pub(super) struct Run {
    pub start: usize,
    pub length: usize,
}

/// The runs of a panel's columns in one tensor, none longer than a vector.
pub(super) struct Runs {
    runs: [Run; COLUMNS],
    pub count: usize,
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

    pub fn iter(&self) -> impl Iterator<Item = Run> {
        self.runs[..self.count].iter().copied()
    }
}

/// The step from one offset to the next, where it is always the same.
pub(super) fn even_step(offsets: &[usize]) -> Option<usize> {
    let step = offsets.get(1).map_or(Some(0), |second| second.checked_sub(offsets[0]))?;
    offsets.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(step)).then_some(step)
}
