//! Keras' first example: 784-512-10 with RMSprop, 5 epochs of batches of 128, on MNIST's test images (8,000 to train on, 2,000 to test).
//!
//! `cargo run --release -p chainrule-examples --example mnist -- FOLDER`, where the folder has `t10k-images-idx3-ubyte.gz` and
//! `t10k-labels-idx1-ubyte.gz` (or the environment variable `CHAINRULE_MNIST` names it).

use chainrule::prelude::*;
use std::path::PathBuf;

#[network(
    input  x: [B, 784];
    target t: [B] in 0..10;
    logits = x |> hidden |> relu |> out;
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
    metric accuracy = mean(argmax(logits) == t);
)]
#[derive(Clone, Debug, PartialEq)]
struct Mnist {
    hidden: Dense<784, 512>,
    out: Dense<512, 10>,
}

fn main() -> chainrule::Result<()> {
    let folder = std::env::args_os().nth(1).or_else(|| std::env::var_os("CHAINRULE_MNIST")).map(PathBuf::from);
    let Some(folder) = folder else {
        println!("give the folder with MNIST's files: cargo run --release --example mnist -- FOLDER");
        return Ok(());
    };
    let images = data::idx(folder.join("t10k-images-idx3-ubyte.gz"))?.to_real() / 255.0;
    let count = images.len() / 784;
    let images = images.into_shape_with_order((count, 784)).expect("784 pixels each");
    let labels = data::idx(folder.join("t10k-labels-idx1-ubyte.gz"))?;
    let (train, test) = Dataset::new(images, labels)?.split(0.8, 1);

    let mut net = Mnist::init(42);
    let mut trainer = Trainer::new(RmsProp::default()).epochs(5).batch_size(128).validate(&test);
    let history = trainer.fit(&mut net, &train)?;
    println!("accuracy on {} images that it has not seen: {:.4}", test.len(), history.last("val_accuracy").unwrap_or(f64::NAN));
    Ok(())
}
