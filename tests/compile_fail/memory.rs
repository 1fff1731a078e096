//! Workspaces that take more than was allowed, and bounds that cannot be checked.

use chainrule::prelude::*;

#[network(max_memory = "4 KiB", B = 32;
    input  x: [B, 8];
    target t: [B, 2];
    h = relu(x @ v);
    output y = h @ w;
    loss = mse(y, t);
)]
pub struct Large {
    v: [[f32; 16]; 8],
    w: [[f32; 2]; 16],
}

#[network(file = "../tests/network/models/two_layers.nn", hidden = 64, max_memory = "1 kB", B = 16)]
pub struct FromFile;

#[network(f64, max_memory = "4 KiB";
    input x: [B, T];
    output y = cumsum(x);
)]
pub struct NoSize;

#[network(max_memory = "4 KiB", N = 3;
    input x: [B];
    output y = exp(x);
)]
pub struct OtherSize;

#[network(max_memory = "4 KiB", B = 2.5;
    input x: [B];
    output y = exp(x);
)]
pub struct NoWholeSize;

#[network(max_memory = "4 pages", B = 3;
    input x: [B];
    output y = exp(x);
)]
pub struct NoUnit;

#[network(max_memory = 4096;
    input x: [3];
    output y = exp(x);
)]
pub struct NoText;

#[network(f32, B = 3;
    input x: [B];
    output y = exp(x);
)]
pub struct NoBound;

#[network(max_memory = "4 KiB", N = 1;
    input x: [N];
    output y = exp(x) + x[2];
)]
pub struct TooSmall;

fn main() {
    let _ = Large::workspace(1);
    let _ = FromFile::workspace(1);
}
