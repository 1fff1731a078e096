//! A matrix of the wrong height: both shapes are shown.

use chainrule::prelude::*;

#[network(
    input  x: [B, 784];
    target t: [B, 10];
    h      = relu(x @ w1 + b1);
    logits = h @ w2;
    loss   = cross_entropy(logits, t);
)]
pub struct Net {
    w1: [[f32; 128]; 784],
    b1: [f32; 128],
    w2: [[f32; 10]; 64],
}

fn main() {
    Net::init(1);
}
