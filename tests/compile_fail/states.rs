//! A parameter that takes the place of the states, and a layer whose parameters have no field.

use chainrule::prelude::*;

#[network(
    input  x: [B, 2];
    target t: [B, 2];
    state  seen: [] = zeros;
    update seen = seen + 1;
    loss = mse(x @ states, t);
)]
pub struct Taken {
    states: [[f32; 2]; 2],
}

#[network(
    input  x: [B, 2];
    target t: [B, 2];
    loss = mse(x @ w |> BatchNorm, t);
)]
pub struct Inline {
    w: [[f32; 2]; 2],
}

fn main() {
    let _ = (Taken::init(3), Inline::init(3));
}
