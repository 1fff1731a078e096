use chainrule::prelude::*;

#[network(check;
    input x: [B, 2];
    output y = x * w;
)]
pub struct NoLoss {
    w: [f32; 2],
}

#[network(check, check;
    input x: [B, 2];
    loss = sum(x * w);
)]
pub struct Twice {
    w: [f32; 2],
}

#[network(
    input x: [B, 2];
    loss = sum(x * w);
)]
pub struct Unchecked {
    w: [f32; 2],
}

#[network(trace;
    input x: [B, 2];
    output y = x * w;
)]
pub struct NothingToFollow {
    w: [f32; 2],
}

fn main() {
    chainrule::assert_gradient!(Unchecked, 1);
}
