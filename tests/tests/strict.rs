//! Networks of every form in a crate that allows nothing.

#![deny(
    warnings,
    missing_docs,
    unused,
    nonstandard_style,
    non_ascii_idents,
    unreachable_pub,
    rust_2018_idioms,
    missing_debug_implementations
)]
#![forbid(unsafe_op_in_unsafe_fn)]

pub use own::Own;

/// A struct of one's own.
pub mod own {
    use chainrule::prelude::*;

    /// Two features to one number.
    #[network(
        input  x: [B, 2];
        target t: [B];
        output y = x @ w + b;
        output doubled = 2 * y;
        loss     = mse(y, t);
        metric largest = max(abs(y - t));
    )]
    #[derive(Debug)]
    pub struct Own {
        /// Weights.
        #[init(he_uniform)]
        pub w: [f32; 2],
        /// Bias.
        pub b: f32,
    }
}

/// From a file.
#[chainrule::network(file = "network/models/two_layers.nn", hidden = 16)]
pub struct FromFile;

/// Equations without a struct.
#[chainrule::network(
    input  x: [B, 2];
    output y = x |> Dense(3) |> relu |> Dense(1);
)]
pub struct Unit;

#[test]
fn nothing_is_private_to_a_function_either() {
    #[chainrule::network(
        input  x: [2];
        output y = 2 * x;
    )]
    struct Local;

    let mut workspace = Local::workspace();
    let doubled = Local::init(0).predict(&mut workspace, [1.0, 2.0]).to_vec();
    assert_eq!(doubled, [2.0, 4.0]);
    let (unit, file) = (Unit::init(1), FromFile::init(1));
    assert_eq!((unit.dense1.w[0].len(), file.dense1.b.len()), (3, 16));
    assert_eq!(unit.predict(&mut Unit::workspace(1), ndarray::Array2::zeros((1, 2)))[[0, 0]], 0.0);
}
