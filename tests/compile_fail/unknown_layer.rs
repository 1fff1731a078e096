//! A layer with a typing mistake.

use chainrule::prelude::*;

#[network(
    input  x: [B, 2];
    target t: [B, 3];
    y    = x |> Dnese(3);
    loss = mse(y, t);
)]
pub struct Net;

fn main() {
    let _ = Net::init(3);
}
