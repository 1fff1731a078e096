//! The parameters of the language's layers as plain structs, for fields of a user's own struct. Must not know what they compute:
//! that is written in the language.

/// The parameters of the language's `layer Dense`: weights `w: [I, O]` and a bias `b: [O]`, which make `x @ w + b`.
///
/// A field of this type in a struct with `#[network]` is a layer instance of that name. The floats are `f32` unless said
/// otherwise: `Dense<784, 512, f64>`.
///
/// ```
/// use chainrule::layers::Dense;
///
/// let layer = Dense::<3, 2> { w: [[0.0; 2]; 3], b: [1.0; 2] };
/// assert_eq!(layer.w[2][1], 0.0_f32);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Dense<const I: usize, const O: usize, S = f32> {
    /// The weights, `[I, O]`.
    pub w: [[S; O]; I],
    /// The bias, `[O]`.
    pub b: [S; O],
}
