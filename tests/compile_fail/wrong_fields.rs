//! A layer that the language does not have as a struct, a tuple, and an initializer that does not exist.

use chainrule::prelude::*;

#[network(
    input  x: [B, 2];
    target t: [B];
    loss = mse(x @ w + b, t);
)]
pub struct Net {
    #[init(he_unifrom)]
    w: [f32; 2],
    b: String,
}

fn main() {
    let _ = Net::init(3);
}
