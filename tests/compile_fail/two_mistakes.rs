//! Two independent mistakes are two errors.

use chainrule::prelude::*;

#[network(
    input  x: [B, 3];
    target t: [B, 2];
    h    = rellu(x @ w);
    y    = x @ v;
    loss = mse(y, t) + penalty;
)]
pub struct Net {
    w: [[f32; 4]; 3],
    v: [[f32; 2]; 3],
}

fn main() {
    let _ = Net::init(3);
}
