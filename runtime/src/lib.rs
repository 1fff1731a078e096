//! Networks as equations, differentiated exactly by the chain rule and compiled to specialised Rust.
//!
//! A network is written in a small language, in a file or in an attribute, and [`#[network]`](macro@network) makes a plain struct
//! of it: its fields are the parameters, its gradient has the same type, and its methods are loops over slices that were derived
//! from the equations when the program was compiled.
//!
//! ```ignore
//! use chainrule::prelude::*;
//!
//! #[network(file = "digits.nn")] // or the equations in the attribute
//! pub struct Digits;
//!
//! fn main() -> chainrule::Result<()> {
//!     let (train, test) = data::digits()?.split(0.8, 7);
//!     let mut net = Digits::init(42);
//!     let history = Trainer::new(RmsProp::default()).epochs(20).batch_size(128).validate(&test).fit(&mut net, &train)?;
//!     history.plot("history.svg")?;
//!     net.save("digits.safetensors")
//! }
//! ```
//!
//! Below the trainer, for a loop of one's own:
//!
//! ```ignore
//! let mut net = Digits::init(42); // plain numbers: net.dense1.w[3][5] is an f32
//! let mut grad = Digits::zeros(); // the same type
//! let mut workspace = Digits::workspace(128); // every intermediate of the largest batch; nothing is allocated after it
//! let mut optimizer = Adam::new(1e-3);
//! for batch in train.batches(128, &mut chainrule::rng(1)) {
//!     let loss = net.gradient(&mut workspace, batch.x, batch.t, &mut grad);
//!     optimizer.step(&mut net, &grad);
//! }
//! ```
//!
//! | module | what it has |
//! |---|---|
//! | [`data`] | data sets, and readers for CSV, NumPy and IDX files |
//! | [`train`] | the training loop, its progress and its history |
//! | [`optim`] | stochastic gradient descent, RMSprop, Adam |
//! | [`init`] | how parameters start |
//! | [`checkpoint`] | parameters in files |
//! | [`layers`] | the parameters of layers, for structs of one's own |
//! | [`network`](mod@network) | what generated code offers to all of these |
//!
//! # Features
//!
//! `macros` (default): [`#[network]`](macro@network); code that the command line wrote does without. `progress` (default): a bar while a training runs in a terminal. `plot` (default): the picture of a [`train::History`].

pub mod checkpoint;
pub mod data;
mod error;
mod files;
pub mod init;
pub mod kernels;
pub mod layers;
#[cfg(test)]
mod linear;
pub mod network;
pub mod optim;
pub mod train;
mod view;

#[cfg(feature = "macros")]
pub use chainrule_macros::network;
pub use chainrule_math::random::{Rng, rng};
pub use error::{Error, Result};
pub use kernels::Float;
pub use view::{Shape, View};

use chainrule_math::random;

/// What a program with a network usually needs: `use chainrule::prelude::*;`.
pub mod prelude {
    pub use crate::data::{self, Batch, CsvOptions, Dataset};
    pub use crate::layers::Dense;
    #[cfg(feature = "macros")]
    pub use chainrule_macros::network;
    pub use crate::network::{AsNetwork, Network};
    pub use crate::optim::{Adam, Optimizer, RmsProp, Sgd};
    pub use crate::train::{History, Progress, Trainer};
    pub use crate::view::View;
}

/// What generated code names. No part of the interface: it may change at any time.
#[doc(hidden)]
pub mod __private {
    pub use crate::checkpoint::{load, save};
    pub use crate::init::initialize;
    pub use crate::kernels::{self, Buffer, Float, Isa, Level};
    pub use crate::network::require;
    pub use crate::network::{AsNetwork, Axis, Description, Elements, Input, Network, Parameter};
    pub use crate::view::{Arguments, Shape, View};
    pub use crate::{Error, Result};
    pub use chainrule_math::{self as math, Scalar};
    pub use ndarray;
}
