//! `#[network]`: the attribute that makes a struct of parameters a network.
//!
//! A shim: it turns Rust tokens into those of the compiler, calls it, and gives back what it writes. It must not do anything
//! that the compiler can do.

#[expect(clippy::wildcard_enum_match_arm, reason = "the enums of syn are open")]
mod arguments;
mod bound;
mod broken;
mod errors;
mod expand;
#[expect(clippy::wildcard_enum_match_arm, reason = "the enums of syn are open")]
mod fields;
mod file;
#[expect(clippy::wildcard_enum_match_arm, reason = "the enums of syn are open")]
mod tokens;

use proc_macro::TokenStream;

/// Makes a struct a network: its fields are the parameters, the attribute holds the equations, or names a file with them.
///
/// ```text
/// #[network(file = "models/digits.nn", hidden = 256)]
/// pub struct Digits;
///
/// #[network(
///     input  x: [B, 4];
///     target t: [B, 1];
///     loss = mse(x @ w + b, t);
/// )]
/// pub struct Line {
///     #[init(he_uniform)]
///     pub w: [[f32; 1]; 4],
///     pub b: [f32; 1],
/// }
/// ```
///
/// The fields tell whether the numbers are `f32` or `f64`; where no field does, `f64;` before the equations says it, and `f32` is
/// the default. A path is relative to the file with the attribute. `network = "Name"` chooses among several networks of a file; other
/// arguments are values of hyperparameters.
///
/// `max_memory = "256 KiB", B = 32`, behind the path of a file or before the equations (`f64, max_memory = "256 KiB", B = 32;`), is the
/// most that a workspace for these sizes may take, in `B`, `KiB`, `MiB`, `GiB`, `kB`, `MB` or `GB`: a network that needs more does not
/// compile. Parameters and gradients are not counted, which are values of the struct itself.
///
/// `trace`, at the same places, is for finding where numbers go wrong: every definition of the gradient's pass keeps its memory, and where
/// the loss or a gradient is not finite, the step panics with the first definition, element and line that is not.
///
/// `check`, at the same places, emits a test that compares the gradient with finite differences in `f64`, as `assert_gradient!` does.
#[proc_macro_attribute]
pub fn network(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::network(attribute.into(), item.into()).into()
}
