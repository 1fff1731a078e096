//! LeNet-5 (`examples/models/lenet.nn`) on MNIST's test images, if the folder with them is given; else on the small digits, enlarged.
//!
//! `cargo run --release -p chainrule-examples --example lenet -- FOLDER`, where the folder has `t10k-images-idx3-ubyte.gz` and
//! `t10k-labels-idx1-ubyte.gz` (or the environment variable `CHAINRULE_MNIST` names it).

use chainrule::ndarray::{Array1, Array4};
use chainrule::prelude::*;
use std::path::PathBuf;

#[network(file = "../models/lenet.nn")]
#[derive(Clone, Debug, PartialEq)]
pub struct LeNet;

/// The 10,000 test images of MNIST.
fn mnist(folder: &std::path::Path) -> chainrule::Result<Dataset> {
    let images = data::idx(folder.join("t10k-images-idx3-ubyte.gz"))?.to_real() / 255.0;
    let count = images.len() / 784;
    let images = images.into_shape_with_order((count, 1, 28, 28)).expect("28 rows of 28 pixels");
    Dataset::new(images, data::idx(folder.join("t10k-labels-idx1-ubyte.gz"))?)
}

/// The 1,797 digits of 8x8 pixels, each pixel as 3x3, with a frame of 2.
fn enlarged() -> chainrule::Result<Dataset> {
    let small = data::digits()?;
    let (x, t) = (small.get("x").expect("pixels").to_real(), small.get("t").expect("digits").to_real());
    let count = x.shape()[0];
    let inside = |at: usize| (2..26).contains(&at).then(|| (at - 2) / 3);
    let images = Array4::from_shape_fn((count, 1, 28, 28), |(image, _, row, column)| {
        inside(row).zip(inside(column)).map_or(0.0, |(row, column)| x[[image, 8 * row + column]])
    });
    let digits = Array1::from_shape_fn(count, |image| (0..10).find(|&digit| t[[image, digit as usize]] > 0.5).unwrap_or(0));
    Dataset::new(images, digits)
}

fn main() -> chainrule::Result<()> {
    let folder = std::env::args_os().nth(1).or_else(|| std::env::var_os("CHAINRULE_MNIST")).map(PathBuf::from);
    let images = match &folder {
        Some(folder) => mnist(folder)?,
        None => {
            println!("no folder with MNIST is given: the digits of 8x8 pixels are enlarged");
            enlarged()?
        }
    };
    let (train, test) = images.split(0.8, 7);
    let mut net = LeNet::init(42);
    let mut trainer = Trainer::new(Sgd::new(0.05).momentum(0.9)).epochs(8).batch_size(64).validate(&test);
    let history = trainer.fit(&mut net, &train)?;
    println!("accuracy on {} images that it has not seen: {:.4}", test.len(), history.last("val_accuracy").unwrap_or(f64::NAN));
    Ok(())
}
