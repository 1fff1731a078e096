//! The gradient of batch normalization, as the chain rule gives it and as the paper writes it (Ioffe and Szegedy 2015, section 3).
//!
//! With x̂ = (x - mean) / σ the paper's terms come together as d x = γ/σ · (d - mean(d) - x̂ · mean(d · x̂)), where d is the slope of the
//! loss by the normalized batch.

use chainrule::ndarray::Array2;
use chainrule::prelude::*;

/// A batch, its slopes from above, and both gradients.
#[network(
    input x: [B, 3];
    input d: [B, 3];
    centred = x - mean(x, axis = 0);
    s = rsqrt(mean(centred ^ 2, axis = 0) + 1e-5);
    normal = centred * s;
    y = gamma * normal + beta;
    output dx = grad(sum(y * d), x);
    output paper = gamma * s * (d - mean(d, axis = 0) - normal * mean(d * normal, axis = 0));
)]
pub struct Normalization {
    /// The new deviation.
    pub gamma: [f64; 3],
    /// The new mean.
    pub beta: [f64; 3],
}

fn main() {
    let wave = |shift: f64| Array2::from_shape_fn((5, 3), |(i, j)| (shift + 1.7 * i as f64 + 0.9 * (i * j) as f64).sin());
    let net = Normalization { gamma: [0.5, 1.0, 2.0], beta: [0.0, 1.0, -1.0] };
    let mut workspace = Normalization::workspace(5);
    let found = net.predict(&mut workspace, wave(0.0), wave(1.0));
    for row in 0..5 {
        for column in 0..3 {
            print!("  {:+.6} ({:+.6})", found.dx[[row, column]], found.paper[[row, column]]);
        }
        println!();
    }
}
