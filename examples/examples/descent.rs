//! Gradient descent in batches of every size, on a line through the origin and four points, small enough to follow by hand.
//!
//! The loss is half of the mean squared error, so a sample (x, y) has the slope (b1 x - y) x. One sample at a time from b1 = 10 at the rate
//! 0.1: (10·2 - 5)·2 = 30, so 7; (7·1 - 2)·1 = 5, so 6.5; (6.5·3 - 6)·3 = 40.5, so 2.45; (2.45·4 - 6)·4 = 15.2, so 0.93. Without the half
//! the first step would go to 4.

use chainrule::prelude::*;

/// y = b1 x.
#[network(
    input  x: [N];
    target y: [N];
    loss = mean((b1 * x - y) ^ 2) / 2;
)]
pub struct Line {
    /// Its slope.
    pub b1: f64,
}

fn main() {
    let (x, y) = ([2.0, 1.0, 3.0, 4.0], [5.0, 2.0, 6.0, 6.0]);
    for (name, batch) in [("stochastic", 1), ("mini-batch", 2), ("batch", 4)] {
        let (mut line, mut gradient, mut workspace) = (Line { b1: 10.0 }, Line { b1: 0.0 }, Line::workspace(batch));
        let mut descent = Sgd::new(0.1);
        println!("{name} descent, {batch} of 4 points at a time: from b1 = {}", line.b1);
        for epoch in 1..=3 {
            print!("  epoch {epoch}:");
            for (x, y) in x.chunks(batch).zip(y.chunks(batch)) {
                line.gradient(&mut workspace, x, y, &mut gradient);
                descent.step(&mut line, &gradient);
                print!("  {:.4}", line.b1);
            }
            println!();
        }
    }
    println!("the best slope is Σ x y / Σ x² = 54/30 = 1.8");
}
