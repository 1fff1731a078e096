//! A hyperparameter that the network of the file does not have.

use chainrule::prelude::*;

#[network(file = "../tests/network/models/two_layers.nn", hiden = 16)]
pub struct Net;

fn main() {
    let _ = Net::workspace(3);
}
