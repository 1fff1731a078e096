//! Vanishing and exploding gradients: the norm of the gradient of each layer's weights in networks of ten layers.
//!
//! A sigmoid's slope is at most 1/4, so what comes back through ten of them is next to nothing. Relus pass it on, and weights that
//! are three times as large as they should be multiply it by three in each layer.

use chainrule::prelude::*;

/// Ten layers with sigmoids.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h = x
        |> Dense(32) |> sigmoid
        |> Dense(32) |> sigmoid
        |> Dense(32) |> sigmoid
        |> Dense(32) |> sigmoid
        |> Dense(32) |> sigmoid
        |> Dense(32) |> sigmoid
        |> Dense(32) |> sigmoid
        |> Dense(32) |> sigmoid
        |> Dense(32) |> sigmoid;
    loss = cross_entropy(h |> Dense(10), t);
)]
#[derive(Clone, Debug, PartialEq)]
struct Sigmoids;

/// Ten layers with relus.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h = x
        |> Dense(32) |> relu
        |> Dense(32) |> relu
        |> Dense(32) |> relu
        |> Dense(32) |> relu
        |> Dense(32) |> relu
        |> Dense(32) |> relu
        |> Dense(32) |> relu
        |> Dense(32) |> relu
        |> Dense(32) |> relu;
    loss = cross_entropy(h |> Dense(10), t);
)]
#[derive(Clone, Debug, PartialEq)]
struct Relus;

/// The norms of an epoch without steps.
fn norms<N: AsNetwork>(net: &mut N, data: &Dataset) -> chainrule::Result<Vec<(&'static str, f64)>> {
    let mut trainer = Trainer::new(Sgd::new(0.0)).epochs(1).batch_size(128).gradient_norms(true).quiet();
    Ok(trainer.fit(net, data)?.gradient_norms(0))
}

fn main() -> chainrule::Result<()> {
    let (train, _) = data::digits()?.split(0.8, 7);
    let sigmoids = norms(&mut Sigmoids::init(1), &train)?;
    let relus = norms(&mut Relus::init(1), &train)?;
    let mut large = Relus::init(1);
    large.flat_mut().iter_mut().for_each(|number| *number *= 3.0);
    let large = norms(&mut large, &train)?;
    println!("{:10} {:>12} {:>12} {:>14}", "weights", "sigmoid", "relu", "relu, 3 times");
    for (((path, sigmoid), (_, relu)), (_, large)) in sigmoids.iter().zip(&relus).zip(&large) {
        if path.ends_with(".w") {
            println!("{path:10} {sigmoid:12.2e} {relu:12.2e} {large:14.2e}");
        }
    }
    Ok(())
}
