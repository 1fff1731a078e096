//! Many layers that differ in their widths alone share functions which take the widths.

use chainrule::prelude::*;
use chainrule::threads;
use ndarray::{Array, Array2};

#[network(
    check;
    input  x: [B, 3];
    target t: [B, 2];
    output y = x |> Dense(4) |> tanh |> Dense(5) |> tanh |> Dense(6) |> tanh |> Dense(7) |> tanh |> Dense(8) |> tanh |> Dense(9) |> tanh
               |> Dense(10) |> tanh |> Dense(11) |> tanh |> Dense(12) |> tanh |> Dense(13) |> tanh |> Dense(14) |> tanh |> Dense(2);
    loss     = mse(y, t);
)]
struct Narrow;

// Names that the numbers could have.
#[network(
    check;
    input  x: [B, 3];
    target t: [B, 2];
    number_1 = tanh(x |> Dense(3));
    number_2 = tanh(number_1 |> Dense(4));
    number_3 = tanh(number_2 |> Dense(5));
    number_4 = tanh(number_3 |> Dense(6));
    number_5 = tanh(number_4 |> Dense(7));
    number_6 = tanh(number_5 |> Dense(8));
    number_7 = tanh(number_6 |> Dense(9));
    number_8 = tanh(number_7 |> Dense(10));
    number_9 = tanh(number_8 |> Dense(11));
    number_10 = tanh(number_9 |> Dense(12));
    output y = number_10 |> Dense(2);
    loss     = mse(y, t);
)]
struct Numbered;

// Rows that are long enough for threads to share them.
#[network(
    input x: [B, 300];
    input y0: [B, 301]; input y1: [B, 302]; input y2: [B, 303]; input y3: [B, 304]; input y4: [B, 305];
    input y5: [B, 306]; input y6: [B, 307]; input y7: [B, 308]; input y8: [B, 309];
    param w: [] = constant(0.5);
    output z  = tanh(w * x);
    output z0 = tanh(w * y0); output z1 = tanh(w * y1); output z2 = tanh(w * y2); output z3 = tanh(w * y3); output z4 = tanh(w * y4);
    output z5 = tanh(w * y5); output z6 = tanh(w * y6); output z7 = tanh(w * y7); output z8 = tanh(w * y8);
)]
struct Wide;

fn rows(columns: usize) -> Array2<f32> {
    Array::from_shape_fn((64, columns), |(i, j)| ((i * columns + j) as f32 * 0.618_034).fract() * 4.0 - 2.0)
}

#[test]
fn loops_that_threads_share_compute_rows_of_all_widths() {
    threads::set(2);
    let inputs: Vec<Array2<f32>> = (300..310).map(rows).collect();
    let (network, mut workspace) = (Wide::init(1), Wide::workspace(64));
    let [x, y0, y1, y2, y3, y4, y5, y6, y7, y8] = &inputs[..] else { panic!("ten inputs") };
    let outputs = network.predict(&mut workspace, x, y0, y1, y2, y3, y4, y5, y6, y7, y8);
    let outputs =
        [outputs.z, outputs.z0, outputs.z1, outputs.z2, outputs.z3, outputs.z4, outputs.z5, outputs.z6, outputs.z7, outputs.z8];
    for (input, output) in inputs.iter().zip(outputs) {
        assert_eq!(input.shape(), output.shape());
        for (x, y) in input.iter().zip(output) {
            let expected = (0.5 * f64::from(*x)).tanh();
            assert!((f64::from(*y) - expected).abs() <= 1e-6, "tanh(0.5 * {x}) is {expected}, not {y}");
        }
    }
}
