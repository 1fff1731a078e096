//! How parameters start: initializers by name. Must not know what a parameter is for.
//!
//! `fan_in` and `fan_out` are the numbers of inputs and outputs that one element of the layer is connected to: `k` and `n` for a
//! matrix `[k, n]`, `in·h·w` and `out·h·w` for a convolution kernel `[out, in, h, w]` (and alike for every rank above 2), `n` and
//! `n` for a vector `[n]`, 1 and 1 for a number.
//!
//! | name | numbers |
//! |---|---|
//! | `zeros`, `ones`, `constant(c)` | 0, 1, c |
//! | `uniform(a, b)` | even between a and b |
//! | `normal(mu, sigma)` | normal with mean mu and standard deviation sigma |
//! | `truncated_normal(mu, sigma)` | the same, drawn again while further than 2 sigma from mu; as in Keras' `TruncatedNormal` sigma is that of the normal before the cut, so the numbers deviate by 0.88 sigma |
//! | `glorot_uniform` | even within ±√(6 / (fan_in + fan_out)) (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010) |
//! | `glorot_normal` | variance 2 / (fan_in + fan_out) (the same) |
//! | `he_uniform` | even within ±√(6 / fan_in) (He et al., "Delving Deep into Rectifiers", 2015) |
//! | `he_normal` | variance 2 / fan_in (the same) |
//! | `lecun_uniform` | even within ±√(3 / fan_in) (LeCun et al., "Efficient BackProp", 1998) |
//! | `lecun_normal` | variance 1 / fan_in (the same) |
//! | `orthogonal` | orthonormal rows or columns, of which there are fewer: of the matrix `[k, n]`, of a kernel as the matrix `[out, in·h·w]`, of a vector as one row (Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2014), as in PyTorch and, with its order of the axes, in Keras |
//! | `identity` | what leaves its input as it is: 1 on the diagonal of a matrix, else 0; of a kernel 1 in the middle of `[i, i]`, as PyTorch's `dirac_`; of a vector 1 at the first element |
//!
//! `glorot_normal`, `he_normal` and `lecun_normal` are normal distributions cut at two standard deviations, as in Keras, and
//! scaled by 1/0.87962566 so that the variance after the cut is the one in the table. PyTorch does not cut.
//!
//! Every parameter has a stream of random numbers of its own, made from the seed and its path, so a new parameter does not
//! change how the others start. The numbers are the same on every platform.

#[cfg(feature = "init")]
mod fill;
#[cfg(feature = "init")]
mod orthogonal;
#[cfg(all(test, feature = "init"))]
mod tests;

use std::fmt;

/// The names of all initializers, with the number of their arguments.
pub const NAMES: &[(&str, usize)] = &[
    ("zeros", 0),
    ("ones", 0),
    ("constant", 1),
    ("uniform", 2),
    ("normal", 2),
    ("truncated_normal", 2),
    ("glorot_uniform", 0),
    ("glorot_normal", 0),
    ("he_uniform", 0),
    ("he_normal", 0),
    ("lecun_uniform", 0),
    ("lecun_normal", 0),
    ("orthogonal", 0),
    ("identity", 0),
];

/// What is wrong with the numbers that an initializer is given, if anything is.
pub fn problem(name: &str, arguments: &[f64]) -> Option<String> {
    if let Some(number) = arguments.iter().find(|number| !number.is_finite()) {
        return Some(format!("the initializer `{name}` needs finite numbers, found {number}"));
    }
    match (name, arguments) {
        ("uniform", &[from, to]) if from > to => {
            Some(format!("`uniform(a, b)` needs an a that is at most b, found {from} and {to}"))
        }
        ("normal" | "truncated_normal", &[_, deviation]) if deviation < 0.0 => {
            Some(format!("`{name}(mu, sigma)` needs a standard deviation that is not negative, found {deviation}"))
        }
        _ => None,
    }
}

/// Why there is no such initializer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInitializer {
    message: String,
}

impl fmt::Display for UnknownInitializer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for UnknownInitializer {}

/// How the numbers of one parameter are chosen; the table in the [module](self) has the formulas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initializer {
    /// All the same: `zeros`, `ones`, `constant(c)`.
    Constant(f64),
    /// `uniform(a, b)`
    Uniform(f64, f64),
    /// `normal(mu, sigma)`
    Normal(f64, f64),
    /// `truncated_normal(mu, sigma)`
    TruncatedNormal(f64, f64),
    /// The names with `glorot`, `he` and `lecun`: a variance of `scale / fan`.
    Scaled {
        /// 2 or 1.
        scale: f64,
        /// What the variance is divided by.
        fan: Fan,
        /// A uniform distribution, or else a normal one that is cut at two standard deviations.
        uniform: bool,
    },
    /// `orthogonal`
    Orthogonal,
    /// `identity`
    Identity,
}

/// What the variance is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fan {
    /// fan_in
    In,
    /// (fan_in + fan_out) / 2
    Average,
}

impl Initializer {
    /// The initializer of that name.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or with another number of arguments, or if these make no sense ([`problem`]).
    pub fn new(name: &str, arguments: &[f64]) -> Result<Self, UnknownInitializer> {
        if let Some(message) = problem(name, arguments) {
            return Err(UnknownInitializer { message });
        }
        let scaled = |scale, fan, uniform| Self::Scaled { scale, fan, uniform };
        Ok(match (name, arguments) {
            ("zeros", []) => Self::Constant(0.0),
            ("ones", []) => Self::Constant(1.0),
            ("constant", &[value]) => Self::Constant(value),
            ("uniform", &[from, to]) => Self::Uniform(from, to),
            ("normal", &[mean, deviation]) => Self::Normal(mean, deviation),
            ("truncated_normal", &[mean, deviation]) => Self::TruncatedNormal(mean, deviation),
            ("glorot_uniform", []) => scaled(1.0, Fan::Average, true),
            ("glorot_normal", []) => scaled(1.0, Fan::Average, false),
            ("he_uniform", []) => scaled(2.0, Fan::In, true),
            ("he_normal", []) => scaled(2.0, Fan::In, false),
            ("lecun_uniform", []) => scaled(1.0, Fan::In, true),
            ("lecun_normal", []) => scaled(1.0, Fan::In, false),
            ("orthogonal", []) => Self::Orthogonal,
            ("identity", []) => Self::Identity,
            _ => return Err(unknown(name, arguments.len())),
        })
    }
}

impl Fan {
    /// This fan of a parameter with that shape; at least 1, so that an empty parameter divides by no zero.
    pub fn of(self, shape: &[usize]) -> f64 {
        let (fan_in, fan_out) = fans(shape);
        let fan = match self {
            Self::In => fan_in,
            Self::Average => 0.5 * (fan_in + fan_out),
        };
        fan.max(1.0)
    }
}

/// `(fan_in, fan_out)` of a parameter with that shape, as described in the [module](self).
pub fn fans(shape: &[usize]) -> (f64, f64) {
    match *shape {
        [] => (1.0, 1.0),
        [length] => (length as f64, length as f64),
        [rows, columns] => (rows as f64, columns as f64),
        [outputs, inputs, ref kernel @ ..] => {
            let field: f64 = kernel.iter().map(|&length| length as f64).product();
            (inputs as f64 * field, outputs as f64 * field)
        }
    }
}

#[cold]
fn unknown(name: &str, count: usize) -> UnknownInitializer {
    let message = match NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, expected)) => format!("the initializer `{name}` takes {expected} numbers, not {count}"),
        None => {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            format!("there is no initializer `{name}`; there are {}", names.join(", "))
        }
    };
    UnknownInitializer { message }
}
