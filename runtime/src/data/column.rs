//! The numbers of one column. Must not know where they come from.

use ndarray::{Array, ArrayD, Axis, Dimension};

use crate::{Error, Result};

/// Numbers of one kind with a shape, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Reals.
    Real(ArrayD<f32>),
    /// Integers.
    Integer(ArrayD<i32>),
}

impl Column {
    /// The lengths of its axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Real(values) => values.shape(),
            Self::Integer(values) => values.shape(),
        }
    }

    /// The reals; integers are converted (exactly, up to 2²⁴ in size).
    pub fn to_real(&self) -> ArrayD<f32> {
        match self {
            Self::Real(values) => values.clone(),
            Self::Integer(values) => values.mapv(|value| value as f32),
        }
    }

    /// The integers; reals are converted.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if a real is not an integer that an `i32` holds.
    pub fn to_integer(&self) -> Result<ArrayD<i32>> {
        match self {
            Self::Integer(values) => Ok(values.clone()),
            Self::Real(values) => {
                let whole = |value: f32| value.trunc() == value && (-2_147_483_648.0..2_147_483_648.0).contains(&value);
                match values.iter().find(|&&value| !whole(value)) {
                    None => Ok(values.mapv(|value| value as i32)),
                    Some(value) => Err(Error::setting(format!("{value} is not an integer of 32 bits"))),
                }
            }
        }
    }

    /// The entries with these numbers along the first axis.
    pub(super) fn select(&self, entries: &[usize]) -> Self {
        match self {
            Self::Real(values) => Self::Real(values.select(Axis(0), entries)),
            Self::Integer(values) => Self::Integer(values.select(Axis(0), entries)),
        }
    }
}

/// The same array with its elements in row-major order.
fn row_major<S: Clone, D: Dimension>(values: Array<S, D>) -> ArrayD<S> {
    let values = values.into_dyn();
    if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() }
}

impl<D: Dimension> From<Array<f32, D>> for Column {
    fn from(values: Array<f32, D>) -> Self {
        Self::Real(row_major(values))
    }
}

impl<D: Dimension> From<Array<i32, D>> for Column {
    fn from(values: Array<i32, D>) -> Self {
        Self::Integer(row_major(values))
    }
}

impl From<Vec<f32>> for Column {
    fn from(values: Vec<f32>) -> Self {
        Self::Real(Array::from(values).into_dyn())
    }
}

impl From<Vec<i32>> for Column {
    fn from(values: Vec<i32>) -> Self {
        Self::Integer(Array::from(values).into_dyn())
    }
}
