//! A file that is not there.

use chainrule::prelude::*;

#[network(file = "no_such_file.nn")]
pub struct Net;

fn main() {
    let mut net = Net::init(1);
    let gradient = Net::zeros();
    Adam::new(1e-3).step(&mut net, &gradient);
}
