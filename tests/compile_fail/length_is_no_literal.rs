//! The macro sees the name of a constant, not its value.

use chainrule::prelude::*;

const WIDTH: usize = 2;

#[network(
    input  x: [B, 2];
    target t: [B];
    loss = mse(x @ w, t);
)]
pub struct Net {
    w: [f32; WIDTH],
}

fn main() {
    let _ = Net::init(3).w[1];
}
