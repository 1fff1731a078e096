//! The level below the trainer: a loop of one's own over batches, with parameters that are plain numbers.

use chainrule::prelude::*;

/// Two dense layers; the struct is the parameters, the attribute is the equations.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h      = relu(x |> hidden);
    logits = h |> last;
    output p = softmax(logits);
    loss     = cross_entropy(logits, t) + 1e-4 * l2(params);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
pub struct Digits {
    /// Pixels to features.
    pub hidden: Dense<64, 64>,
    /// Features to digits.
    pub last: Dense<64, 10>,
}

fn main() -> chainrule::Result<()> {
    let (train, test) = data::digits()?.split(0.8, 7);
    let mut rng = chainrule::rng(1);
    let mut net = Digits::init(42);
    let mut gradient = Digits::zeros();
    let mut workspace = Digits::workspace(test.len());
    let mut adam = Adam::new(1e-3);

    for epoch in 1..=20 {
        let mut loss = 0.0;
        for batch in train.batches(32, &mut rng) {
            loss = net.gradient(&mut workspace, &batch.x, &batch.t, &mut gradient);
            adam.step(&mut net, &gradient);
        }
        println!("epoch {epoch:2}  loss of the last batch {loss:.4}");
    }
    let all = test.batches(test.len(), &mut rng).next().expect("there are test samples");
    let report = net.evaluate(&mut workspace, &all.x, &all.t);
    println!("test: loss {:.4}, accuracy {:.4}", report.loss, report.accuracy);

    let p = net.predict(&mut workspace, &all.x);
    println!("the first test digit is a {}", (0..10).max_by(|&a, &b| p[[0, a]].total_cmp(&p[[0, b]])).unwrap_or(0));
    println!("a weight is a number: {}", net.hidden.w[3][5]);
    Ok(())
}
