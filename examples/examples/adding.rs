//! An LSTM that learns to add two numbers that it saw long ago (`examples/models/adding.nn`).
//!
//! Who always says 1 has a mean squared error of 1/6 = 0.167.

use chainrule::ndarray::{Array1, Array3};
use chainrule::prelude::*;
use chainrule::schedule::Cosine;

#[network(file = "../models/adding.nn")]
#[derive(Clone, Debug, PartialEq)]
pub struct Adding;

const STEPS: usize = 30;

/// Sequences of random numbers, two of which are marked: one in the first half, one in the second.
fn sequences(count: usize, seed: u64) -> chainrule::Result<Dataset> {
    let mut state = seed;
    let mut random = move || {
        // A linear congruential generator (Knuth, "The Art of Computer Programming", 3.3.4) is random enough for data.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let mut x = Array3::zeros((count, STEPS, 2));
    let mut t = Array1::<f32>::zeros(count);
    for sequence in 0..count {
        for step in 0..STEPS {
            x[[sequence, step, 0]] = random();
        }
        for half in 0..2 {
            let step = half * STEPS / 2 + (random() * (STEPS / 2) as f32) as usize;
            x[[sequence, step, 1]] = 1.0;
            t[sequence] += x[[sequence, step, 0]];
        }
    }
    Dataset::new(x, t)
}

fn main() -> chainrule::Result<()> {
    let (train, test) = (sequences(8_000, 1)?, sequences(1_000, 2)?);
    let mut net = Adding::init(3);
    let (epochs, batch) = (24, 40);
    let schedule = Cosine { initial: 1e-2, last: 1e-4, span: epochs * 8_000 / batch };
    let history = Trainer::new(Adam::default())
        .schedule(schedule)
        .clip_norm(1.0)
        .epochs(epochs as usize)
        .batch_size(batch as usize)
        .validate(&test)
        .fit(&mut net, &train)?;
    println!("mean squared error on new sequences: {:.5}", history.last("val_loss").unwrap_or(f64::NAN));
    Ok(())
}
