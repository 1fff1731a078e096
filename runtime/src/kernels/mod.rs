//! What generated code computes with: floats, copies for instruction sets, elementary functions, lanes, aligned memory and matrix products.
//!
//! It must not know of networks, training or data.

mod buffer;
pub mod elementary;
mod float;
pub mod lanes;
mod level;
pub mod product;
pub mod threads;

#[cfg(test)]
mod tests;

pub use buffer::{Buffer, array, array_mut};
pub use float::Float;
pub use level::{Avx2, Avx512, Baseline, Isa, Level};
