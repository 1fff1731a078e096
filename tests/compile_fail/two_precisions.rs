//! All numbers of a network have one type.

use chainrule::prelude::*;

#[network(
    input  x: [B, 2];
    target t: [B];
    loss = mse(x @ w + b, t);
)]
pub struct Net {
    w: [f64; 2],
    b: f32,
}

fn main() {
    let net = Net::init(3);
    println!("{} {}", net.w[1], net.b);
}
