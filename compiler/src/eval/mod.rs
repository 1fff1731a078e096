//! What programs and loops mean, in `f64`.
//!
//! [`program`] evaluates a [`crate::ir::Program`] by definition; [`loops`] executes [`crate::loops::Loops`]. They know nothing of
//! each other, so that they can be compared.

mod formula;
pub mod loops;
pub mod program;
pub mod sizes;
pub mod trace;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use program::{evaluate, evaluate_seeded};

/// A tensor of numbers; integers are floats too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// How long its axes are; none for a scalar.
    pub shape: Vec<usize>,
    /// Its elements in row-major order.
    pub data: Vec<f64>,
}

impl Tensor {
    /// A scalar.
    pub fn scalar(value: f64) -> Self {
        Self { shape: Vec::new(), data: vec![value] }
    }

    /// The same number everywhere.
    pub fn filled(shape: Vec<usize>, value: f64) -> Self {
        let length = shape.iter().product();
        Self { shape, data: vec![value; length] }
    }
}

/// Tensors by their names.
pub type Values = BTreeMap<String, Tensor>;

/// Why a program has no value for these inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// The tensor (or the size) that it is about.
    pub name: String,
    /// What is wrong with it.
    pub message: String,
}

impl EvalError {
    /// About a tensor or a size.
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), message: message.into() }
    }
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}`: {}", self.name, self.message)
    }
}

impl std::error::Error for EvalError {}
