use chainrule::prelude::*;

#[network(f64; check;
    input x: [B, 2];
    loss = sum(x @ w);
)]
struct Apart {
    w: [f64; 2],
}

fn main() {}
