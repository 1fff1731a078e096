//! A network is a struct.

use chainrule::prelude::*;

#[network(
    input x: [B, 2];
    loss = sum(x);
)]
pub enum Net {
    Small,
    Large,
}

fn main() {
    let _ = [Net::Small, Net::Large];
}
