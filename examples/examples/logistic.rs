//! Logistic regression: the chance to pass an exam by the hours of study, fitted by a quasi-Newton method.

use chainrule::optim::Lbfgs;
use chainrule::prelude::*;

/// p = sigmoid(slope x + offset).
#[network(
    input  x: [B];
    target t: [B];
    z = slope * x + offset;
    output p = sigmoid(z);
    loss     = binary_cross_entropy(z, t);
    metric accuracy = mean((z > 0) == (t > 0.5));
)]
#[derive(Debug)]
pub struct Logistic {
    /// How much an hour adds to the log-odds.
    pub slope: f64,
    /// The log-odds without study.
    pub offset: f64,
}

fn main() {
    let hours = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0, 4.25, 4.5, 4.75, 5.0, 5.5];
    let passed = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    let mut net = Logistic { slope: 0.0, offset: 0.0 };
    let mut workspace = Logistic::workspace(hours.len());
    let found = Lbfgs::default().minimize(&mut net, |net, gradient| net.gradient(&mut workspace, hours, passed, gradient));
    let report = net.evaluate(&mut workspace, hours, passed);
    println!("after {} steps: {net:?}", found.iterations);
    println!("loss {:.4}, accuracy {}", report.loss, report.accuracy);
    for hours in [1.0, 2.0, 3.0, 4.0, 5.0] {
        println!("{hours} hours: {:.2}", net.predict(&mut workspace, [hours])[0]);
    }
}
