//! The models of the examples: a few steps of each make its loss smaller.

use chainrule::ndarray::{Array1, Array2, Array3, Array4};
use chainrule::prelude::*;

#[network(file = "../../examples/models/adding.nn", units = 8)]
#[derive(Clone, Debug, PartialEq)]
struct Adding;

#[network(file = "../../examples/models/lenet.nn")]
#[derive(Clone, Debug, PartialEq)]
struct LeNet;

#[network(file = "../../examples/models/poet.nn", width = 16, heads = 2, letters = 8)]
#[derive(Clone, Debug, PartialEq)]
struct Poet;

/// The losses of some epochs.
fn losses<N: AsNetwork>(net: &mut N, data: &Dataset, epochs: usize) -> Vec<f64> {
    let mut trainer = Trainer::new(Adam::new(5e-3)).epochs(epochs).batch_size(8).clip_norm(1.0).quiet();
    trainer.fit(net, data).expect("it fits").get("loss").expect("a loss")
}

#[track_caller]
fn falls(losses: &[f64], to: f64) {
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(last < to * first, "{losses:?}");
}

fn wave(place: usize) -> f32 {
    ((place as f32) * 1.7).sin() * 0.5 + 0.5
}

#[test]
fn a_recurrent_network_learns_from_sequences() {
    let x =
        Array3::from_shape_fn((32, 6, 2), |(b, t, c)| if c == 0 { wave(7 * b + t) } else { f32::from(u8::from(t % 3 == b % 3)) });
    let t = Array1::from_shape_fn(32, |b| (0..6).map(|t| x[[b, t, 0]] * x[[b, t, 1]]).sum::<f32>());
    falls(&losses(&mut Adding::init(1), &Dataset::new(x, t).expect("same length"), 30), 0.4);
}

#[test]
fn a_convolutional_network_learns_from_images() {
    let bright = |b: usize, row: usize| row / 3 == b % 10;
    let x = Array4::from_shape_fn((16, 1, 28, 28), |(b, _, row, column)| f32::from(u8::from(bright(b, row))) * wave(column));
    let t = Array1::from_shape_fn(16, |b| i32::try_from(b % 10).expect("a digit"));
    falls(&losses(&mut LeNet::init(1), &Dataset::new(x, t).expect("same length"), 8), 0.7);
}

#[test]
fn a_transformer_learns_what_comes_next() {
    let letter = |place: usize| i32::try_from(place * place % 7).expect("a letter");
    let rows = |from: usize| Array2::from_shape_fn((16, 10), |(b, t)| letter(b + t + from));
    falls(&losses(&mut Poet::init(1), &Dataset::new(rows(0), rows(1)).expect("same length"), 20), 0.3);
}
