//! Two statements that run into each other.

use chainrule::prelude::*;

#[network(
    input  x: [B, 2];
    target t: [B];
    y    = x @ w
    loss = mse(y, t);
)]
pub struct Net {
    w: [f32; 2],
}

fn main() {
    let _ = Net::workspace(3);
}
