//! What an element costs in loops of elementary functions: compiled networks of one formula, against a loop over the platform's library.
//!
//! Rows of 1,024 numbers, rows of a constant length that is short (10 classes), softmax and its kin, and the operators that
//! select. The rest of a call (checks, the choice of the instruction set) is spread over all elements.

use chainrule::kernels::Level;
use ndarray::{Array1, Array2};
use std::time::Instant;

const ELEMENTS: usize = 16_384;
const LONG: usize = 1024;
const RUNS: usize = 200;

/// A network of one formula of `x`, its name, and how long its rows are.
macro_rules! formulas {
    ($($name:ident: $float:ident, $columns:literal, $what:literal, [$($formula:tt)*];)*) => {
        mod formulas {
            use chainrule::prelude::*;
            $(
                #[network($float; input x: [B, $columns]; output y = $($formula)*;)]
                pub struct $name;
            )*
        }
        fn networks() {
            $({
                let rows = ELEMENTS / $columns;
                let x = Array2::from_shape_fn((rows, $columns), |(row, column)| number(row * $columns + column) as $float);
                let (network, mut workspace) = (formulas::$name::zeros(), formulas::$name::workspace(rows));
                let cost = nanoseconds(rows * $columns, || {
                    std::hint::black_box(network.predict(&mut workspace, &x));
                });
                println!("  {:4} {:5} {:<28} {cost:7.2}", stringify!($float), $columns, $what);
            })*
        }
    };
}

formulas! {
    Exp: f32, 1024, "exp(x)", [exp(x)];
    Expm1: f32, 1024, "expm1(x)", [expm1(x)];
    Log: f32, 1024, "log(x)", [log(x)];
    Log1p: f32, 1024, "log1p(x)", [log1p(x)];
    Tanh: f32, 1024, "tanh(x)", [tanh(x)];
    Sigmoid: f32, 1024, "sigmoid(x)", [sigmoid(x)];
    Softplus: f32, 1024, "softplus(x)", [softplus(x)];
    Erf: f32, 1024, "erf(x)", [erf(x)];
    Gelu: f32, 1024, "gelu(x)", [gelu(x)];
    ExpWide: f64, 1024, "exp(x)", [exp(x)];
    Expm1Wide: f64, 1024, "expm1(x)", [expm1(x)];
    LogWide: f64, 1024, "log(x)", [log(x)];
    Log1pWide: f64, 1024, "log1p(x)", [log1p(x)];
    TanhWide: f64, 1024, "tanh(x)", [tanh(x)];
    SigmoidWide: f64, 1024, "sigmoid(x)", [sigmoid(x)];
    SoftplusWide: f64, 1024, "softplus(x)", [softplus(x)];
    ErfWide: f64, 1024, "erf(x)", [erf(x)];
    Short: f32, 10, "tanh(x)", [tanh(x)];
    ShortWide: f64, 10, "tanh(x)", [tanh(x)];
    Softmax: f32, 64, "softmax(x)", [softmax(x)];
    SoftmaxLong: f32, 1024, "softmax(x)", [softmax(x)];
    SoftmaxShort: f32, 10, "softmax(x)", [softmax(x)];
    SoftmaxWide: f64, 64, "softmax(x)", [softmax(x)];
    Sum: f32, 64, "logsumexp(x)", [logsumexp(x)];
    SumShort: f32, 10, "logsumexp(x)", [logsumexp(x)];
    SumWide: f64, 64, "logsumexp(x)", [logsumexp(x)];
    Normal: f32, 64, "(x - mean)/sqrt(var + 1e-5)", [(x - mean(x, axis = 1, keepdims = true)) * rsqrt(var(x, axis = 1, keepdims = true) + 1e-5)];
    Relu: f32, 1024, "relu(x)", [relu(x)];
    Extremes: f32, 1024, "max(min(x, 1), 0.1)", [max(min(x, 1), 0.1)];
    Signs: f32, 1024, "sign(x)", [sign(x)];
    Where: f32, 1024, "where(x > 1, log(x), x^2)", [where(x > 1, log(x), x^2)];
    Root: f32, 1024, "sqrt(x)", [sqrt(x)];
    InverseRoot: f32, 1024, "rsqrt(x)", [rsqrt(x)];
}

/// Positive numbers up to 4, in no order.
fn number(at: usize) -> f64 {
    (at as f64 * 0.618_033_988).fract() * 4.0 + 1e-3
}

/// The median over many runs.
fn nanoseconds(elements: usize, mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e9 / elements as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

/// A loop over a function of the library.
fn library(name: &str, function: impl Fn(f32) -> f32) {
    let x = Array1::from_shape_fn(ELEMENTS, |at| number(at) as f32);
    let mut y = Array1::zeros(ELEMENTS);
    let cost = nanoseconds(ELEMENTS, || {
        for (y, &x) in y.iter_mut().zip(&x) {
            *y = function(x);
        }
        std::hint::black_box(&y);
    });
    println!("  f32  {LONG:5} {name:<28} {cost:7.2}");
}

fn main() {
    println!("ns for an element, {:?}, median of {RUNS} runs; compiled:", Level::detect());
    networks();
    println!("one call of the library for each element:");
    library("exp(x)", f32::exp);
    library("ln(x)", f32::ln);
    library("ln_1p(x)", f32::ln_1p);
    library("tanh(x)", f32::tanh);
}
