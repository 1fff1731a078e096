//! The smallest network: a line through noisy points, written by hand as a struct of two numbers and two equations.

use chainrule::prelude::*;

/// y = slope·x + offset, fitted by least squares.
#[network(
    input  x: [B];
    target t: [B];
    output y = slope * x + offset;
    loss     = mse(y, t);
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How steep it is.
    pub slope: f64,
    /// Where it meets the axis.
    pub offset: f64,
}

fn main() {
    let x: Vec<f64> = (0..50).map(|i| f64::from(i) / 25.0 - 1.0).collect();
    let t: Vec<f64> = x.iter().enumerate().map(|(i, x)| 3.0 * x - 0.5 + 0.05 * ((i * 37 % 11) as f64 - 5.0)).collect();

    let mut line = Line { slope: 0.0, offset: 0.0 };
    let mut gradient = Line { slope: 0.0, offset: 0.0 };
    let mut workspace = Line::workspace(x.len());
    let mut descent = Sgd::new(0.5);
    for step in 0..100 {
        let loss = line.gradient(&mut workspace, &x, &t, &mut gradient);
        descent.step(&mut line, &gradient);
        if step % 20 == 0 {
            println!("step {step:3}  loss {loss:.6}  d slope {:+.6}  d offset {:+.6}", gradient.slope, gradient.offset);
        }
    }
    println!("y = {:.3} x {:+.3}", line.slope, line.offset);
    println!("{}", Line::DERIVATIVES);
}
