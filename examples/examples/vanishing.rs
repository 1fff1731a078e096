//! Vanishing gradients: the norm of the gradient of each layer's weights, behind sigmoids and behind relus.

use chainrule::prelude::*;

#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h1 = sigmoid(x |> l1); h2 = sigmoid(h1 |> l2); h3 = sigmoid(h2 |> l3); h4 = sigmoid(h3 |> l4); h5 = sigmoid(h4 |> l5);
    loss = cross_entropy(h5 |> l6, t);
)]
#[derive(Clone, Debug, PartialEq)]
struct Sigmoids {
    l1: Dense<64, 32>,
    l2: Dense<32, 32>,
    l3: Dense<32, 32>,
    l4: Dense<32, 32>,
    l5: Dense<32, 32>,
    l6: Dense<32, 10>,
}

#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h1 = relu(x |> l1); h2 = relu(h1 |> l2); h3 = relu(h2 |> l3); h4 = relu(h3 |> l4); h5 = relu(h4 |> l5);
    loss = cross_entropy(h5 |> l6, t);
)]
#[derive(Clone, Debug, PartialEq)]
struct Relus {
    l1: Dense<64, 32>,
    l2: Dense<32, 32>,
    l3: Dense<32, 32>,
    l4: Dense<32, 32>,
    l5: Dense<32, 32>,
    l6: Dense<32, 10>,
}

/// The norms of an epoch without steps.
fn norms<N: AsNetwork>(net: &mut N, data: &Dataset) -> chainrule::Result<Vec<(&'static str, f64)>> {
    let mut trainer = Trainer::new(Sgd::new(0.0)).epochs(1).batch_size(128).gradient_norms(true).quiet();
    Ok(trainer.fit(net, data)?.gradient_norms(0))
}

fn main() -> chainrule::Result<()> {
    let (train, _) = data::digits()?.split(0.8, 7);
    let (sigmoids, relus) = (norms(&mut Sigmoids::init(1), &train)?, norms(&mut Relus::init(1), &train)?);
    println!("{:8} {:>12} {:>12}", "weights", "sigmoid", "relu");
    for ((path, sigmoid), (_, relu)) in sigmoids.iter().zip(&relus).filter(|((path, _), _)| path.ends_with(".w")) {
        println!("{path:8} {sigmoid:12.2e} {relu:12.2e}");
    }
    Ok(())
}
