//! What stands before the equations and the types of the fields must agree.

use chainrule::prelude::*;

#[network(
    f64;
    input x: [B, 3];
    output y = x @ v;
)]
pub struct Net {
    v: [[f32; 2]; 3],
}

#[network(file = "/dev/zero")]
pub struct Endless;

fn main() {}
