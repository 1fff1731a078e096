//! An initializer with a typing mistake.

use chainrule::prelude::*;

#[network(
    input  x: [B, 2];
    target t: [B];
    loss = mse(x @ w, t);
)]
pub struct Net {
    #[init(he_unifrom)]
    w: [f32; 2],
}

fn main() {
    let _ = Net::init(3);
}
