//! A data set as the batches that a network takes, in buffers that are made once. Must not know of optimizers.

use ndarray::ArrayD;

use crate::data::{Column, Dataset};
use crate::network::{Axis, Description, Elements, Input};
use crate::view::{bind, check_range, format_axes};
use crate::{Error, Float, Result};

/// As many inputs as fit on the stack; with more of them every step allocates a short list.
const FEW: usize = 32;

/// The columns of a data set in the order of a network's inputs.
pub(super) struct Feed<'a, S> {
    columns: Vec<Bound<'a, S>>,
    /// The values of the symbolic sizes for a full batch.
    sizes: Vec<usize>,
    /// The symbolic size that counts the samples.
    batch_axis: Option<usize>,
    /// The number of all samples; 1 for a network that takes all its data at once.
    samples: usize,
    /// The number of samples in a full batch.
    batch_size: usize,
}

/// One column, and room for a batch of it.
struct Bound<'a, S> {
    source: &'a Column,
    /// The elements of one sample; `None` if every batch gets all of it.
    row: Option<usize>,
    buffer: Buffer<S>,
}

/// The elements of a batch.
enum Buffer<S> {
    Real(Vec<S>),
    Integer(Vec<i32>),
}

impl<'a, S: Float> Feed<'a, S> {
    /// Checks names, shapes and numbers of the columns.
    pub(super) fn new(description: &Description, data: &'a Dataset, batch_size: usize) -> Result<Self> {
        let batch_axis = description.inputs.iter().find_map(|input| match input.axes.first() {
            Some(&Axis::Symbol(symbol)) => Some(symbol),
            Some(Axis::Fixed(_)) | None => None,
        });
        let samples = if batch_axis.is_some() { data.len() } else { 1 };
        if samples == 0 || batch_size == 0 {
            return Err(Error::setting("there is nothing to train on: the data set or the batch has no samples"));
        }
        let batch_size = batch_size.min(samples);
        let mut sizes = vec![None; description.sizes.len()];
        if let Some(axis) = batch_axis {
            sizes[axis] = Some(samples);
        }
        let mut columns = Vec::with_capacity(description.inputs.len());
        for input in description.inputs {
            let (source, batched) = find(description, input, data, batch_axis)?;
            bind(description, input, source.shape(), &mut sizes)?;
            columns.push(Bound::new(input, source, batched, batch_size)?);
        }
        let mut sizes: Vec<usize> = sizes.into_iter().map(Option::unwrap_or_default).collect();
        if let Some(axis) = batch_axis {
            sizes[axis] = batch_size;
        }
        Ok(Self { columns, sizes, batch_axis, samples, batch_size })
    }

    /// The number of samples.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// The number of batches.
    pub(super) fn steps(&self) -> usize {
        self.samples.div_ceil(self.batch_size)
    }

    /// The samples of a batch, as a range of the order.
    pub(super) fn range(&self, step: usize) -> std::ops::Range<usize> {
        step * self.batch_size..((step + 1) * self.batch_size).min(self.samples)
    }

    /// The symbolic sizes of a full batch.
    pub(super) fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The symbolic size that counts samples, and the number of them in a full batch.
    pub(super) fn batch(&self) -> Option<(usize, usize)> {
        self.batch_axis.map(|axis| (axis, self.batch_size))
    }

    /// The memory of the buffers.
    pub(super) fn bytes(&self) -> usize {
        let bytes = |column: &Bound<'_, S>| match &column.buffer {
            Buffer::Real(buffer) => size_of_val(&buffer[..]),
            Buffer::Integer(buffer) => size_of_val(&buffer[..]),
        };
        self.columns.iter().map(bytes).sum()
    }

    /// The symbolic sizes of the last batch of an epoch.
    pub(super) fn last_sizes(&self) -> Vec<usize> {
        let mut sizes = self.sizes.clone();
        if let (Some(axis), Some(last)) = (self.batch_axis, self.steps().checked_sub(1)) {
            sizes[axis] = self.range(last).len();
        }
        sizes
    }

    /// Copies the samples with these numbers into the buffers, and calls `run` with the sizes and the inputs of the batch.
    pub(super) fn with_batch<T>(&mut self, samples: &[usize], run: impl FnOnce(&[usize], &[Elements<'_, S>]) -> T) -> T {
        self.columns.iter_mut().for_each(|column| column.gather(samples));
        if let Some(axis) = self.batch_axis {
            self.sizes[axis] = samples.len();
        }
        let elements = self.columns.iter().map(|column| column.elements(samples.len()));
        let result = if self.columns.len() <= FEW {
            let mut inputs = [Elements::Integer(&[]); FEW];
            inputs.iter_mut().zip(elements).for_each(|(input, elements)| *input = elements);
            run(&self.sizes, &inputs[..self.columns.len()])
        } else {
            run(&self.sizes, &elements.collect::<Vec<_>>())
        };
        if let Some(axis) = self.batch_axis {
            self.sizes[axis] = self.batch_size;
        }
        result
    }
}

impl<'a, S: Float> Bound<'a, S> {
    fn new(input: &Input, source: &'a Column, batched: bool, batch_size: usize) -> Result<Self> {
        let row: usize = source.shape().iter().skip(1).product();
        let length = if batched { row * batch_size } else { source.shape().iter().product() };
        let buffer = match (input.range, source) {
            (None, _) => Buffer::Real(vec![S::ZERO; length]),
            (Some(_), Column::Integer(values)) => {
                check_range(input, slice(values))?;
                Buffer::Integer(vec![0; length])
            }
            (Some(_), Column::Real(_)) => {
                let message = "the network takes integers here, but it holds reals; `to_integer()` converts a column";
                return Err(Error::column(input.name, message));
            }
        };
        let mut bound = Self { source, row: None, buffer };
        if !batched {
            bound.fill(0, 0, length);
        }
        bound.row = batched.then_some(row);
        Ok(bound)
    }

    fn gather(&mut self, samples: &[usize]) {
        let Some(row) = self.row else { return };
        for (slot, &sample) in samples.iter().enumerate() {
            self.fill(slot * row, sample * row, row);
        }
    }

    /// Copies elements of the column into the buffer.
    fn fill(&mut self, to: usize, from: usize, length: usize) {
        match (&mut self.buffer, self.source) {
            (Buffer::Real(buffer), Column::Real(values)) => {
                convert(&mut buffer[to..to + length], &slice(values)[from..from + length]);
            }
            (Buffer::Real(buffer), Column::Integer(values)) => {
                convert(&mut buffer[to..to + length], &slice(values)[from..from + length]);
            }
            (Buffer::Integer(buffer), Column::Integer(values)) => {
                buffer[to..to + length].copy_from_slice(&slice(values)[from..from + length]);
            }
            // `new` makes no such pair.
            (Buffer::Integer(_), Column::Real(_)) => {}
        }
    }

    fn elements(&self, samples: usize) -> Elements<'_, S> {
        let length = |all: usize| self.row.map_or(all, |row| row * samples);
        match &self.buffer {
            Buffer::Real(buffer) => Elements::Real(&buffer[..length(buffer.len())]),
            Buffer::Integer(buffer) => Elements::Integer(&buffer[..length(buffer.len())]),
        }
    }
}

/// The elements of a column, which always stand in row-major order.
fn slice<T>(values: &ArrayD<T>) -> &[T] {
    values.as_slice().unwrap_or_default()
}

fn convert<S: Float, T: Copy + Into<f64>>(to: &mut [S], from: &[T]) {
    to.iter_mut().zip(from).for_each(|(element, &value)| *element = S::from_f64(value.into()));
}

/// The column of an input, and whether it comes in batches.
fn find<'a>(
    description: &Description,
    input: &Input,
    data: &'a Dataset,
    batch_axis: Option<usize>,
) -> Result<(&'a Column, bool)> {
    let axes = || format_axes(description, input.axes);
    let Some((column, whole)) = data.find(input.name) else {
        let names: Vec<&str> = data.names().collect();
        let what = if input.target { "target" } else { "input" };
        let message = format!(
            "the {what} {} of {} is missing in the data set, which has {}; `with(\"{}\", ...)` adds it",
            axes(),
            description.name,
            names.join(", "),
            input.name
        );
        return Err(Error::column(input.name, message));
    };
    let Some(symbol) = batch_axis else { return Ok((column, false)) };
    let batched = input.axes.first() == Some(&Axis::Symbol(symbol));
    if input.axes.iter().skip(1).any(|axis| *axis == Axis::Symbol(symbol)) {
        let message = format!("{} has the size of the batch in another axis than the first; data cannot be cut there", axes());
        return Err(Error::column(input.name, message));
    }
    match (batched, whole) {
        (true, false) | (false, true) => Ok((column, batched)),
        (true, true) => Err(Error::column(input.name, format!("{} is by sample; give it by `with`, not `with_whole`", axes()))),
        (false, false) => {
            Err(Error::column(input.name, format!("{} is not by sample; give it by `with_whole`, not `with`", axes())))
        }
    }
}
