//! A field that is no number, and an attribute that is no initializer.

use chainrule::prelude::*;

#[network(
    input  x: [B, 2];
    target t: [B];
    loss = mse(x @ w + b, t);
)]
pub struct Net {
    #[init = "ones"]
    w: [f32; 2],
    b: String,
}

fn main() {
    let _ = Net::init(3);
}
