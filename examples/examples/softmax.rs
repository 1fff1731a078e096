//! Softmax regression: one layer between the pixels of a digit and its ten probabilities.

use chainrule::prelude::*;

/// Its gradient is softmax minus target, times the pixels.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    logits = x @ w + b;
    output p = softmax(logits);
    loss     = cross_entropy(logits, t) + 1e-3 * l2(w);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
pub struct SoftmaxRegression {
    /// Pixels to digits.
    pub w: [[f32; 10]; 64],
    /// How frequent a digit is.
    pub b: [f32; 10],
}

fn main() -> chainrule::Result<()> {
    let (train, test) = data::digits()?.split(0.8, 7);
    let mut net = SoftmaxRegression::zeros(); // the loss is convex, so it may start anywhere
    Trainer::new(Sgd::new(0.2).momentum(0.9)).epochs(30).batch_size(64).validate(&test).fit(&mut net, &train)?;
    println!("{}", SoftmaxRegression::DERIVATIVES);
    Ok(())
}
