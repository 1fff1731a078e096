//! Trains a network with one hidden layer on 1,797 real handwritten digits, and writes a checkpoint and a picture of the loss.

use chainrule::prelude::*;

#[network(file = "digits.nn")]
pub struct Digits;

fn main() -> chainrule::Result<()> {
    let (train, test) = data::digits()?.split(0.8, 7);
    let mut net = Digits::init(42);
    let history = Trainer::new(RmsProp::default()).epochs(40).batch_size(32).validate(&test).fit(&mut net, &train)?;
    history.plot("history.svg")?;
    net.save("digits.safetensors")?;
    println!("wrote digits.safetensors and history.svg");
    Ok(())
}
