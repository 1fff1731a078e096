//! Data sets, and readers for the files that they come in. Must not know of networks.

mod batches;
mod bytes;
mod column;
mod csv;
mod digits;
mod idx;
mod npy;
#[cfg(test)]
mod tests;

pub use batches::{Batch, Batches};
pub use column::Column;
pub use csv::{CsvOptions, Table, csv};
pub use digits::digits;
pub use idx::idx;
pub use npy::{npy, npz};

use ndarray::{Array2, ArrayView1, Axis};

use crate::{Error, Result, random};

/// Samples: named columns whose first axes are all of the same length, one entry for each sample.
///
/// The names are those of the network's inputs and targets. A column holds reals (`f32`) or integers (`i32`); a network of `f64`
/// gets the reals converted. A column that is not by sample, such as a table of constants, is given with
/// [`with_whole`](Self::with_whole).
///
/// ```
/// use chainrule::prelude::*;
/// use ndarray::{Array1, Array2};
///
/// let data = Dataset::new(Array2::<f32>::zeros((100, 4)), Array2::<f32>::zeros((100, 2)))?
///     .with("label", Array1::<i32>::zeros(100))?;
/// let (train, test) = data.split(0.8, 7);
/// assert_eq!((train.len(), test.len()), (80, 20));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    columns: Vec<Named>,
    length: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Named {
    name: String,
    values: Column,
    whole: bool,
}

impl Dataset {
    /// The two usual columns: `x`, the inputs, and `t`, the targets.
    ///
    /// # Errors
    ///
    /// [`Error::Column`] if they have no first axis, or first axes of different lengths.
    pub fn new(x: impl Into<Column>, t: impl Into<Column>) -> Result<Self> {
        Self::of("x", x)?.with("t", t)
    }

    /// One column of any name.
    ///
    /// # Errors
    ///
    /// [`Error::Column`] if it has no first axis.
    pub fn of(name: &str, values: impl Into<Column>) -> Result<Self> {
        let values = values.into();
        let length = values.shape().first().copied().ok_or_else(|| no_axis(name))?;
        Ok(Self { columns: vec![Named { name: name.to_owned(), values, whole: false }], length })
    }

    /// The same with one more column, or another one of that name.
    ///
    /// # Errors
    ///
    /// [`Error::Column`] if its first axis is not as long as those of the others.
    pub fn with(self, name: &str, values: impl Into<Column>) -> Result<Self> {
        let values = values.into();
        match values.shape().first() {
            Some(&length) if length == self.length => Ok(self.put(name, values, false)),
            Some(&length) => Err(Error::column(
                name,
                format!(
                    "its first axis has {length} entries, but the data set has {} samples; a column that is not by sample \
                     is given by `with_whole`",
                    self.length
                ),
            )),
            None => Err(no_axis(name)),
        }
    }

    /// The same with one more column that is not by sample: every batch gets all of it.
    #[must_use]
    pub fn with_whole(self, name: &str, values: impl Into<Column>) -> Self {
        let values = values.into();
        self.put(name, values, true)
    }

    fn put(mut self, name: &str, values: Column, whole: bool) -> Self {
        self.columns.retain(|column| column.name != name);
        self.columns.push(Named { name: name.to_owned(), values, whole });
        self
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The names of the columns, in the order in which they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The column of that name.
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.find(name).map(|(column, _)| column)
    }

    /// The column of that name, and whether it is whole.
    pub(crate) fn find(&self, name: &str) -> Option<(&Column, bool)> {
        self.columns.iter().find(|column| column.name == name).map(|column| (&column.values, column.whole))
    }

    /// Two data sets of all the samples: `fraction` of them (rounded to the nearest number, at most all), and the rest. They are
    /// shuffled by the seed.
    pub fn split(&self, fraction: f64, seed: u64) -> (Self, Self) {
        let mut order: Vec<usize> = (0..self.length).collect();
        random::shuffle(&mut random::rng(seed), &mut order);
        // A fraction that is not between 0 and 1, NaN included, saturates.
        let first = ((self.length as f64 * fraction).round() as usize).min(self.length);
        (self.select(&order[..first]), self.select(&order[first..]))
    }

    /// The samples with these numbers, in this order.
    ///
    /// # Panics
    ///
    /// If there is no sample of such a number.
    pub fn select(&self, samples: &[usize]) -> Self {
        let pick = |column: &Named| Named {
            name: column.name.clone(),
            values: if column.whole { column.values.clone() } else { column.values.select(samples) },
            whole: column.whole,
        };
        Self { columns: self.columns.iter().map(pick).collect(), length: samples.len() }
    }

    /// The samples in batches of `size`, in an order that the generator chooses; the last batch may be smaller.
    ///
    /// # Panics
    ///
    /// If `size` is 0.
    pub fn batches<R: rand::Rng + ?Sized>(&self, size: usize, rng: &mut R) -> Batches<'_> {
        let mut order: Vec<usize> = (0..self.length).collect();
        random::shuffle(rng, &mut order);
        Batches::new(self, size, order)
    }

    /// The samples in batches of `size`, in their own order; the last batch may be smaller.
    ///
    /// # Panics
    ///
    /// If `size` is 0.
    pub fn batches_in_order(&self, size: usize) -> Batches<'_> {
        Batches::new(self, size, (0..self.length).collect())
    }
}

fn no_axis(name: &str) -> Error {
    Error::column(name, "it is one number; a column has a first axis with an entry for each sample")
}

/// Labels as rows with a 1 in the place of the label and 0 elsewhere, `[labels, classes]`.
///
/// # Errors
///
/// [`Error::Range`] if a label is not in `0..classes`.
///
/// ```
/// let rows = chainrule::data::one_hot(ndarray::aview1(&[2, 0]), 3)?;
/// assert_eq!(rows, ndarray::array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn one_hot(labels: ArrayView1<'_, i32>, classes: usize) -> Result<Array2<f32>> {
    let mut rows = Array2::zeros((labels.len(), classes));
    for (position, (mut row, &label)) in rows.axis_iter_mut(Axis(0)).zip(&labels).enumerate() {
        let class = usize::try_from(label).ok().and_then(|label| row.get_mut(label));
        let Some(class) = class else {
            let (name, found, to) = ("labels".to_owned(), i64::from(label), classes as i64);
            return Err(Error::Range { name, position, found, from: 0, to });
        };
        *class = 1.0;
    }
    Ok(rows)
}
