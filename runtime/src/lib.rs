//! Networks as equations, differentiated exactly by the chain rule and compiled to specialised Rust.
//!
//! A network is written in a small language, in a file or in an attribute, and [`#[network]`](macro@network) makes a plain struct
//! of it: its fields are the parameters, its gradient has the same type, and its methods are loops over slices that were derived
//! from the equations when the program was compiled.
//!
//! ```
//! use chainrule::prelude::*;
//!
//! #[network(
//!     input  x: [B, 64];
//!     target t: [B, 10];
//!     logits = x |> Dense(32) |> relu |> Dense(10);
//!     output p = softmax(logits);
//!     loss     = cross_entropy(logits, t);
//!     metric accuracy = mean(argmax(logits) == argmax(t));
//! )]
//! pub struct Digits; // or, with these lines in a file: #[network(file = "digits.nn")]
//!
//! fn main() -> chainrule::Result<()> {
//! #   // The files go to a folder that is taken away afterwards.
//! #   let folder = tempfile::tempdir().expect("a folder");
//! #   std::env::set_current_dir(&folder).expect("the folder");
//!     let (train, test) = data::digits()?.split(0.8, 7);
//!     let mut net = Digits::init(42);
//!     let history = Trainer::new(RmsProp::new(0.005)).epochs(5).batch_size(32).validate(&test).fit(&mut net, &train)?;
//!     assert!(history.last("val_accuracy") > Some(0.9));
//! #   #[cfg(feature = "plot")]
//!     history.plot("history.svg")?;
//!     net.save("digits.safetensors")
//! }
//! ```
//!
//! Below the trainer, for a loop of one's own:
//!
//! ```
//! # use chainrule::prelude::*;
//! # #[network(
//! #     input  x: [B, 64];
//! #     target t: [B, 10];
//! #     logits = x |> Dense(32) |> relu |> Dense(10);
//! #     output p = softmax(logits);
//! #     loss     = cross_entropy(logits, t);
//! # )]
//! # pub struct Digits;
//! # fn main() -> chainrule::Result<()> {
//! # let (train, test) = data::digits()?.split(0.8, 7);
//! let mut net = Digits::init(42); // plain numbers: net.dense1.w[3][5] is an f32
//! let mut gradient = Digits::zeros(); // the same type
//! let mut workspace = Digits::workspace(128); // every intermediate of the largest batch; nothing is allocated after it
//! let mut optimizer = Adam::new(1e-3);
//! for batch in train.batches(128, &mut chainrule::rng(1)) {
//!     let loss: f32 = net.gradient(&mut workspace, &batch.x, &batch.t, &mut gradient);
//!     assert!(loss.is_finite());
//!     optimizer.step(&mut net, &gradient);
//! }
//! let some = test.batches_in_order(10).next().expect("ten samples");
//! let p = net.predict(&mut workspace, &some.x); // a view into the workspace
//! assert_eq!(p.shape(), [10, 10]);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it has |
//! |---|---|
//! | [`data`] | data sets, and readers for CSV, NumPy and IDX files |
//! | [`train`] | the training loop, its progress and its history |
//! | [`optim`] | stochastic gradient descent, RMSprop, Adam and their relatives, L-BFGS, clipping |
//! | [`schedule`] | learning rates that change: decay, cosine, restarts, one cycle, warmup, plateau |
//! | [`init`] | how parameters start |
//! | [`checkpoint`] | parameters in files |
//! | [`layers`] | the parameters of layers, for structs of one's own |
//! | [`threads`] | how many threads compute |
//! | [`check`] | the gradient against finite differences, in tests |
//! | [`network`](mod@network) | what generated code offers to all of these |
//!
//! # Features
//!
//! `progress` (default): a bar while a training runs in a terminal. `plot` (default): the picture of a [`train::History`].

pub mod check;
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
pub mod schedule;
pub mod threads {
    //! How many threads compute.
    pub use crate::kernels::threads::{MOST, get, set};
}
mod trace;
pub mod train;
mod view;
pub use chainrule_macros::network;
pub use chainrule_math::random::{Rng, rng};
pub use error::{Error, Result};
pub use kernels::Float;
pub use ndarray;
pub use view::{Shape, View};

use chainrule_math::random;

/// What a program with a network usually needs: `use chainrule::prelude::*;`.
pub mod prelude {
    pub use crate::data::{self, Batch, CsvOptions, Dataset};
    pub use crate::layers::{BatchNorm, Conv2d, Dense, Embedding, LayerNorm, RMSNorm};
    pub use crate::network::{AsNetwork, Network};
    pub use crate::optim::{Adam, AdamW, Optimizer, RmsProp, Sgd};
    pub use crate::train::{History, Progress, Trainer};
    pub use crate::view::View;
    pub use chainrule_macros::network;
}

/// What generated code names. No part of the interface: it may change at any time.
#[doc(hidden)]
pub mod __private {
    pub use crate::checkpoint::{load, save};
    pub use crate::init::initialize;
    pub use crate::kernels::{self, Buffer, Float, Isa, Level};
    pub use crate::network::{AsNetwork, Axis, Description, Elements, HasLoss, Input, Network, Parameter};
    pub use crate::network::{prepare, require};
    pub use crate::trace::Trace;
    pub use crate::view::{Arguments, Shape, View};
    pub use crate::{Error, Result};
    pub use chainrule_math::counter::Key;
    pub use chainrule_math::{self as math, Scalar};
    pub use ndarray;
}
