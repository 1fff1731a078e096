//! The samples of a data set, some at a time. Must not know of networks.

use ndarray::ArrayD;

use super::{Column, Dataset};

/// Some samples of a data set.
///
/// The two usual columns are fields; [`get`](Self::get), [`real`](Self::real) and [`integers`](Self::integers) have the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The column `x` as reals, `[samples, ...]`; empty if there is none.
    pub x: ArrayD<f32>,
    /// The column `t` as reals, `[samples, ...]`; empty if there is none.
    pub t: ArrayD<f32>,
    samples: Dataset,
}

impl Batch {
    /// The number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The column of that name.
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.samples.get(name)
    }

    /// The column of that name, if it holds reals.
    pub fn real(&self, name: &str) -> Option<&ArrayD<f32>> {
        match self.get(name)? {
            Column::Real(values) => Some(values),
            Column::Integer(_) => None,
        }
    }

    /// The column of that name, if it holds integers.
    pub fn integers(&self, name: &str) -> Option<&ArrayD<i32>> {
        match self.get(name)? {
            Column::Integer(values) => Some(values),
            Column::Real(_) => None,
        }
    }
}

/// The batches of one pass over a data set: made by [`Dataset::batches`].
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    data: &'a Dataset,
    size: usize,
    order: Vec<usize>,
    next: usize,
}

impl<'a> Batches<'a> {
    pub(super) fn new(data: &'a Dataset, size: usize, order: Vec<usize>) -> Self {
        assert!(size > 0, "a batch has at least one sample");
        Self { data, size, order, next: 0 }
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let rest = &self.order[self.next..];
        if rest.is_empty() {
            return None;
        }
        let chosen = &rest[..self.size.min(rest.len())];
        let samples = self.data.select(chosen);
        self.next += chosen.len();
        let real = |name| samples.get(name).map(Column::to_real).unwrap_or_default();
        Some(Batch { x: real("x"), t: real("t"), samples })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.next).div_ceil(self.size);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Batches<'_> {}
