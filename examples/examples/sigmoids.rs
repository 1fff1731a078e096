//! Backpropagation by hand: two inputs, two hidden units, one output, sigmoids, one step at the rate 0.01.

use chainrule::ndarray::arr0;
use chainrule::prelude::*;

/// `w1[j][i]` leads from input j to hidden unit i.
#[network(
    input  x: [2];
    target y: [];
    h = sigmoid(x @ w1);
    output p = sigmoid(h @ w2);
    loss = (y - p) ^ 2 / 2;
)]
pub struct Sigmoids {
    /// Inputs to hidden units.
    pub w1: [[f64; 2]; 2],
    /// Hidden units to the output.
    pub w2: [f64; 2],
}

fn main() {
    let (x, y) = ([1.0, 1.0], arr0(1.0));
    let mut net = Sigmoids { w1: [[0.3, 0.4], [0.2, 0.1]], w2: [0.1, 0.2] };
    let (mut gradient, mut workspace) = (Sigmoids::zeros(), Sigmoids::workspace());
    let error = net.gradient(&mut workspace, x, &y, &mut gradient);
    println!("predicted {:.3}, E = {error:.3}", net.predict(&mut workspace, x));
    println!("dE/dw2[0] = {:.5}, dE/dw1[0][0] = {:.6}", gradient.w2[0], gradient.w1[0][0]);
    Sgd::new(0.01).step(&mut net, &gradient);
    println!("after a step: w2[0] = {:.7}, w1[0][0] = {:.7}", net.w2[0], net.w1[0][0]);
    println!("{}", Sigmoids::DERIVATIVES);
}
