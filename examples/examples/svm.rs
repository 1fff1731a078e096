//! A linear support vector machine: the hinge loss and a penalty on the weights, by descent with a falling learning rate.
//!
//! Three points on each side, of which (1, 1) and (3, 3) are nearest to each other: the widest street between the classes is
//! x0 + x1 = 4 with the margins at 2 and 6, so w = (1/2, 1/2) and b = -2.

use chainrule::prelude::*;
use chainrule::schedule::PolynomialDecay;

/// Which side of a line.
#[network(
    input  x: [B, 2];
    target t: [B];
    s    = x @ w + b;
    loss = hinge(s, t) + 1e-2 * l2(w);
    metric accuracy = mean(s * t > 0);
)]
#[derive(Debug)]
pub struct LinearSvm {
    /// Across the street.
    pub w: [f64; 2],
    /// Where the street is.
    pub b: f64,
}

fn main() -> chainrule::Result<()> {
    let points = ndarray::array![[1.0_f32, 1.0], [0.0, 1.0], [1.0, -1.0], [3.0, 3.0], [3.0, 5.0], [5.0, 4.0]];
    let sides = ndarray::array![-1.0_f32, -1.0, -1.0, 1.0, 1.0, 1.0];
    let data = Dataset::new(points.clone(), sides)?;
    let mut net = LinearSvm { w: [0.0; 2], b: 0.0 };
    let schedule = PolynomialDecay { initial: 0.1, last: 0.0, span: 20_000, power: 1.0 };
    Trainer::new(Sgd::default()).schedule(schedule).epochs(20_000).quiet().fit(&mut net, &data)?;
    println!("w = ({:.3}, {:.3}), b = {:.3}", net.w[0], net.w[1], net.b);
    for point in points.rows() {
        let score = f64::from(point[0]) * net.w[0] + f64::from(point[1]) * net.w[1] + net.b;
        println!("({}, {}): {score:+.3}", point[0], point[1]);
    }
    Ok(())
}
