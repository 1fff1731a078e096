//! A mistake in a file: the message has its name, the place and the line.

use chainrule::prelude::*;

#[network(file = "mistake_in_a_file.nn")]
pub struct Net;

fn main() {
    let mut net = Net::init(1);
    let mut gradient = Net::zeros();
    let (x, t) = (ndarray::Array2::<f32>::zeros((8, 3)), ndarray::Array2::<f32>::zeros((8, 2)));
    net.gradient(&mut Net::workspace(8), &x, &t, &mut gradient);
    Adam::new(1e-3).step(&mut net, &gradient);
}
