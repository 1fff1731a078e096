//! Training steps of fourteen networks and inference of one, in microseconds: forward, loss, backward and update in f32, data in memory.
//!
//! `cargo bench --bench workloads -- [NAME ...] [--seconds S] [--threads N] [--json]`; `peers/compare.py` beside it measures other systems in the same run and prints
//! the ratios.

mod hand;
mod networks;
mod timing;
mod workload;

use chainrule::network::Network;
use chainrule::optim::{Adam, AdamW, Optimizer, RmsProp, Sgd};
use ndarray::{Array2, Array3, Array4, Axis};
use networks::{
    Autoencoder, Control, Gated, Housing, Images, LeNet, Mnist, Normalized, Recurrent, Signal, Strided, Tiny, Transformer, Wide,
};
use std::time::Duration;
use timing::{Time, measure};
use workload::Workload;

/// How many batches the data has.
const BATCHES: usize = 16;

/// Numbers in -1/2..1/2 in no order.
fn number(at: usize) -> f32 {
    (at as f32 * 0.618_034 + (at / 977) as f32 * 0.414_214).fract() - 0.5
}

/// Integers below `most` in no order.
fn class(at: usize, most: usize) -> i32 {
    i32::try_from((at * 7919 + at / 7) % most).unwrap_or(0)
}

/// A training step on one batch after the other. `$network` is made for sizes, `x` and `t` have one batch along their first axis.
macro_rules! training {
    ($span:expr, $network:ident($($size:expr),*), $optimizer:expr, $x:expr, $t:expr) => {{
        let (mut network, mut gradient, mut workspace) = ($network::init(1), $network::zeros(), $network::workspace($($size),*));
        let (mut optimizer, x, t, mut batch) = ($optimizer, $x, $t, 0);
        measure($span, || {
            network.gradient(&mut workspace, x.index_axis(Axis(0), batch), t.index_axis(Axis(0), batch), &mut gradient);
            optimizer.step(&mut network, &gradient);
            network.update_states(&workspace);
            batch = (batch + 1) % BATCHES;
        })
    }};
}

/// Inference on one batch after the other.
fn inference(span: Duration, rows: usize) -> Time {
    let (network, mut workspace) = (Mnist::init(1), Mnist::workspace(rows));
    let (x, mut batch) = (reals3(rows, 784), 0);
    measure(span, || {
        std::hint::black_box(network.predict(&mut workspace, x.index_axis(Axis(0), batch)));
        batch = (batch + 1) % BATCHES;
    })
}

/// The network `Tiny` by hand, which must learn the same.
fn by_hand(span: Duration) -> Time {
    let (x, t, mut batch) = (reals3(1, 2), reals3(1, 1), 0);
    let (mut network, mut gradient, mut workspace) = (Tiny::init(1), Tiny::zeros(), Tiny::workspace(1));
    let mut parameters: hand::Parameters = network.flat().try_into().expect("nine parameters");
    let mut optimizer = Sgd::new(0.5);
    for _ in 0..200 {
        let own = hand::step(&mut parameters, [x[[batch, 0, 0]], x[[batch, 0, 1]]], t[[batch, 0, 0]], 0.5);
        let loss = network.gradient(&mut workspace, x.index_axis(Axis(0), batch), t.index_axis(Axis(0), batch), &mut gradient);
        optimizer.step(&mut network, &gradient);
        assert!((own - loss).abs() <= 1e-4, "the network and the step by hand have different losses: {loss} and {own}");
        batch = (batch + 1) % BATCHES;
    }
    measure(span, || {
        std::hint::black_box(hand::step(&mut parameters, [x[[batch, 0, 0]], x[[batch, 0, 1]]], t[[batch, 0, 0]], 0.5));
        batch = (batch + 1) % BATCHES;
    })
}

fn reals3(rows: usize, columns: usize) -> Array3<f32> {
    Array3::from_shape_fn((BATCHES, rows, columns), |(b, i, j)| number((b * rows + i) * columns + j))
}

fn classes(rows: usize, most: usize) -> Array2<i32> {
    Array2::from_shape_fn((BATCHES, rows), |(b, i)| class(b * rows + i, most))
}

fn letters(rows: usize, steps: usize, most: usize) -> Array3<i32> {
    Array3::from_shape_fn((BATCHES, rows, steps), |(b, i, j)| class((b * rows + i) * steps + j, most))
}

fn images(rows: usize, channels: usize, side: usize) -> ndarray::Array5<f32> {
    reals3(rows, channels * side * side).into_shape_with_order((BATCHES, rows, channels, side, side)).expect("as many elements")
}

fn sequences(rows: usize, steps: usize, width: usize) -> Array4<f32> {
    reals3(rows, steps * width).into_shape_with_order((BATCHES, rows, steps, width)).expect("as many elements")
}

fn one_hot(rows: usize) -> Array3<f32> {
    let classes = classes(rows, 10);
    Array3::from_shape_fn((BATCHES, rows, 10), |(b, i, j)| f32::from(u8::from(classes[[b, i]] == j as i32)))
}

const WORKLOADS: &[Workload] = &[
    ("mnist", "784-512-10 ReLU, softmax cross-entropy, batch 128, RMSprop", |span| {
        training!(span, Mnist(128), RmsProp::default(), reals3(128, 784), classes(128, 10))
    }),
    ("tiny", "2-2-1 sigmoid, batch 1, SGD", |span| training!(span, Tiny(1), Sgd::new(0.5), reals3(1, 2), reals3(1, 1))),
    ("hand", "the same written by hand for these sizes", by_hand),
    ("control", "4-64-64-2 tanh, batch 32, Adam", |span| {
        training!(span, Control(32), Adam::default(), reals3(32, 4), reals3(32, 2))
    }),
    ("lenet", "LeNet-5 on 28x28, batch 64, momentum", |span| {
        training!(span, LeNet(64), Sgd::new(0.01).momentum(0.9), images(64, 1, 28), classes(64, 10))
    }),
    ("batchnorm", "784-256-256-10 with BatchNorm, batch 128, Adam", |span| {
        training!(span, Normalized(128), Adam::default(), reals3(128, 784), classes(128, 10))
    }),
    ("transformer", "two-layer transformer, d 64, 4 heads, 64 tokens, batch 8, AdamW", |span| {
        training!(span, Transformer(8, 64), AdamW::default(), letters(8, 64, 65), letters(8, 64, 65))
    }),
    ("lstm", "LSTM 64 units, 32 steps of 32 numbers, batch 32, Adam", |span| {
        training!(span, Recurrent(32, 32), Adam::default(), sequences(32, 32, 32), one_hot(32))
    }),
    ("inference1", "inference of 784-512-10, batch 1", |span| inference(span, 1)),
    ("inference128", "inference of 784-512-10, batch 128", |span| inference(span, 128)),
    // Of other sizes and shapes.
    ("images", "32-32-64 filters of 3x3 on 32x32 in colour, batch 32, Adam", |span| {
        training!(span, Images(32), Adam::default(), images(32, 3, 32), classes(32, 10))
    }),
    ("strided", "32-64 filters of 3x3 with stride 2 and BatchNorm on 16x16, batch 32, Adam", |span| {
        training!(span, Strided(32), Adam::default(), images(32, 16, 16), classes(32, 10))
    }),
    ("gru", "GRU 128 units, 50 steps of 16 numbers, batch 16, Adam", |span| {
        training!(span, Gated(16, 50), Adam::default(), sequences(16, 50, 16), reals3(16, 4))
    }),
    ("housing", "13-64-32-1 ReLU, batch 16, SGD", |span| {
        training!(span, Housing(16), Sgd::new(0.01), reals3(16, 13), reals3(16, 1))
    }),
    ("wide", "one-layer transformer, d 128, 8 heads, 128 tokens, batch 4, AdamW", |span| {
        training!(span, Wide(4, 128), AdamW::default(), letters(4, 128, 200), letters(4, 128, 200))
    }),
    ("signal", "32-64 filters of 5 along 128 steps of 8 numbers, batch 32, Adam", |span| {
        training!(span, Signal(32), Adam::default(), sequences(32, 8, 128), reals3(32, 6))
    }),
    ("autoencoder", "784-256-32-256-784 ReLU, sigmoid, batch 100, Adam", |span| {
        training!(span, Autoencoder(100), Adam::default(), reals3(100, 784), reals3(100, 784))
    }),
];

fn main() {
    let Some(best) = workload::run("a step", WORKLOADS) else { return };
    if let (Some(tiny), Some(hand)) = (best.get("tiny"), best.get("hand")) {
        println!("  2-2-1 takes {:.2} times as long as by hand, best to best", tiny / hand);
    }
}
