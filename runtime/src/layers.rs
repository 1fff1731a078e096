//! The parameters of the language's layers as plain structs, for fields of a user's own struct. Must not know what they compute:
//! that is written in the language.
//!
//! A field of such a type in a struct with `#[network]` is an instance of the layer of that name. The numbers of the type are first
//! those that the language finds in the shape of the layer's data, then the layer's configuration in its order; the floats are `f32`
//! unless said otherwise: `Dense<784, 512, f64>`.

/// The parameters of the language's `layer Dense`: weights `w: [I, O]` and a bias `b: [O]`, which make `x @ w + b`.
///
/// ```
/// use chainrule::layers::Dense;
///
/// let layer = Dense::<3, 2> { w: [[0.0; 2]; 3], b: [1.0; 2] };
/// assert_eq!(layer.w[2][1], 0.0_f32);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Dense<const I: usize, const O: usize, S = f32> {
    /// The weights, `[I, O]`.
    pub w: [[S; O]; I],
    /// The bias, `[O]`.
    pub b: [S; O],
}

/// The parameters of the language's `layer Conv2d` with `I` channels in, `O` channels out and square kernels of `K` by `K`: kernels
/// `w: [O, I, K, K]` and a bias `b: [O]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Conv2d<const I: usize, const O: usize, const K: usize, S = f32> {
    /// The kernels, `[O, I, K, K]`.
    pub w: [[[[S; K]; K]; I]; O],
    /// The bias, `[O]`.
    pub b: [S; O],
}

/// The parameters of the language's `layer Embedding`: a row of `D` numbers for each of `V` integers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Embedding<const V: usize, const D: usize, S = f32> {
    /// The rows, `[V, D]`.
    pub table: [[S; D]; V],
}

macro_rules! normalization {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[repr(C)]
        pub struct $name<const C: usize, S = f32> {
            /// What the normalized numbers are multiplied by, `[C]`.
            pub gamma: [S; C],
            /// What is added then, `[C]`.
            pub beta: [S; C],
        }
    };
}

normalization! {
    /// The parameters of the language's `layer BatchNorm` for `C` channels (axis 1). Its states stand in the field `states` that
    /// `#[network]` adds to the struct: `net.states.bn.mean`.
    BatchNorm
}

normalization! {
    /// The parameters of the language's `layer LayerNorm` for a last axis of `C` entries.
    LayerNorm
}

/// The parameters of the language's `layer RMSNorm` for a last axis of `C` entries.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct RMSNorm<const C: usize, S = f32> {
    /// What the normalized numbers are multiplied by, `[C]`.
    pub gamma: [S; C],
}
