//! Second derivatives of three functions, in microseconds, in f64: of a logistic regression, beside its closed form by hand; for all
//! parameters of a small net; for the first of ten layers.
//!
//! `cargo bench --bench hessians -- [NAME ...] [--seconds S] [--threads N] [--json]`; `peers.py` beside it measures the same with JAX.

mod networks;
#[path = "../workloads/timing.rs"]
mod timing;
#[path = "../workloads/workload.rs"]
mod workload;

use chainrule::kernels::product::{Product, Strides, multiply, packing_len};
use chainrule::kernels::{Buffer, Level};
use ndarray::{Array1, Array2};
use networks::{Deep, Logistic, Small};
use std::time::Duration;
use timing::{Time, measure};
use workload::Workload;

/// Numbers in -1..1 in no order.
fn number(at: usize) -> f64 {
    ((at as f64 * 0.618_033_988_75 + (at / 977) as f64 * 0.414_213_562_37).fract() - 0.5) * 2.0
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| number(i * columns + j))
}

fn signs(count: usize) -> Array1<f64> {
    Array1::from_shape_fn(count, |i| number(7 * i + 3).signum())
}

fn logistic(span: Duration) -> Time {
    let (net, mut workspace, x, y) = (Logistic::init(1), Logistic::workspace(1000), matrix(1000, 50), signs(1000));
    measure(span, || {
        std::hint::black_box(net.predict(&mut workspace, &x, &y));
    })
}

/// Xᵀ diag(s(1 - s)) X, as one writes it by hand.
fn by_hand(span: Duration) -> Time {
    let (net, x, y) = (Logistic::init(1), matrix(1000, 50), signs(1000));
    let (level, [rows, columns]) = (Level::detect(), [1000, 50]);
    let by_rows = Strides { row: columns, column: 1 };
    let by_columns = Strides { row: 1, column: columns };
    let product = Product { m: columns, n: columns, k: rows, a: by_columns, b: by_rows, c: by_rows, accumulate: false };
    let (mut z, mut scaled, mut h) = (vec![0.0; rows], vec![0.0; rows * columns], vec![0.0; columns * columns]);
    let mut packing = Buffer::<f64>::zeros(packing_len(columns, columns, rows).max(packing_len(rows, 1, columns)));
    let times_vector = Product {
        m: rows,
        n: 1,
        k: columns,
        a: by_rows,
        b: Strides { row: 1, column: 1 },
        c: Strides { row: 1, column: 1 },
        accumulate: false,
    };
    let x = x.as_slice().expect("rows one after the other");
    measure(span, || {
        multiply(level, &times_vector, x, &net.w, &mut z, &mut packing);
        for i in 0..rows {
            let s = 1.0 / (1.0 + (y[i] * z[i]).exp());
            let slope = s * (1.0 - s);
            for j in 0..columns {
                scaled[i * columns + j] = slope * x[i * columns + j];
            }
        }
        multiply(level, &product, &scaled, x, &mut h, &mut packing);
        std::hint::black_box(&h);
    })
}

fn small(span: Duration) -> Time {
    let (net, mut workspace, x, t) = (Small::init(1), Small::workspace(100), matrix(100, 10), matrix(100, 1));
    measure(span, || {
        std::hint::black_box(net.predict(&mut workspace, &x, &t));
    })
}

fn deep(span: Duration) -> Time {
    let (net, mut workspace, x) = (Deep::init(1), Deep::workspace(100), matrix(100, 20));
    let t = Array1::from_shape_fn(100, |i| i32::try_from(i * 7 % 20).unwrap_or(0));
    measure(span, || {
        std::hint::black_box(net.predict(&mut workspace, &x, &t));
    })
}

const WORKLOADS: &[Workload] = &[
    ("logistic", "50 x 50, logistic regression on 1000 samples", logistic),
    ("by_hand", "the same by its closed form", by_hand),
    ("small", "241 x 241, all parameters of 10-20-1 tanh, 100 samples", small),
    ("deep", "400 x 400, the first of ten ReLU layers of width 20, 100 samples", deep),
];

fn main() {
    workload::run("a Hessian", WORKLOADS);
}
