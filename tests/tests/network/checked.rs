//! `check` in an attribute, and `assert_gradient!`.

use chainrule::assert_gradient;
use chainrule::check::Checked;
use chainrule::prelude::*;

#[network(check;
    input x: [B, 4];
    target t: [B, 3];
    h = relu(x |> Dense(5)) |> BatchNorm();
    logits = h |> Dense(3);
    loss = cross_entropy(logits, softmax(t));
    metric wrong = mean(argmax(logits) != argmax(t));
)]
pub struct Classifier;

#[network(f64, check;
    input tokens: [B, T] in 0..7;
    input x: [N, B];
    e[b, t, d] = table[tokens[b, t], d];
    loss = mean(e ^ 3) * mean(exp(x)) + mean(dropout(x, 0.5));
)]
struct Lookup {
    table: [[f64; 2]; 7],
}

/// Without a loss; the logarithm takes positive numbers alone.
#[network(check, max_memory = "1 MiB", B = 4;
    input x: [B];
    output y = sum(log(x) * w ^ 2);
)]
struct Likelihood {
    w: f32,
}

#[network(file = "models/score.nn", network = "Score", check)]
struct FromFile;

/// What `stop_gradient` says is not the slope.
#[network(f64;
    loss = sum(stop_gradient(w) * w);
)]
struct Stopped {
    w: [f64; 3],
}

/// It is its own twin: all it reads are parameters in `f64`.
impl Checked for Stopped {
    type Double = Self;
    const SIZES: &'static [usize] = &[];
}

#[test]
fn gradients_are_right_at_other_points() {
    for seed in 1..4 {
        assert_gradient!(Classifier, seed);
        assert_gradient!(Lookup, seed);
        assert_gradient!(Likelihood, seed);
        assert_gradient!(FromFile, seed);
    }
}

#[test]
fn inputs_and_targets_are_compared_too() {
    let paths = |parameters: &[chainrule::network::Parameter]| parameters.iter().map(|one| one.path).collect::<Vec<_>>();
    let twin = paths(<Classifier as Checked>::Double::DESCRIPTION.parameters);
    assert!(twin.contains(&"x") && twin.contains(&"t") && twin.contains(&"dense1.w"), "{twin:?}");
    assert!(<Classifier as Checked>::Double::DESCRIPTION.sizes.is_empty());
    assert_eq!(<Classifier as Checked>::SIZES, [3]);
}

#[test]
#[should_panic(
    expected = "Stopped, with the seed 3: the gradient is not the slope of the loss (as it is on purpose behind `stop_gradient`); the worst element: d w["
)]
fn a_slope_that_is_not_that_of_the_value_is_found() {
    assert_gradient!(Stopped, 3);
}
