//! Newton's method: a function with its gradient and its Hessian is a network with inputs and outputs alone, and one call computes
//! all three.
//!
//! H. Rosenbrock's valley has its minimum, 0, at (1, 1). Newton's method goes there in a few steps where gradient descent takes
//! thousands: near the end each step doubles the number of digits.

use chainrule::prelude::*;

/// f(x) = (1 - x0)² + 100 (x1 - x0²)², with its first and second derivatives.
#[network(
    f64;
    input x: [2];
    output value     = (1 - x[0]) ^ 2 + 100 * (x[1] - x[0] ^ 2) ^ 2;
    output slope     = grad(value, x);
    output curvature = hessian(value, x);
)]
pub struct Rosenbrock;

/// Where Newton's method goes from a point: all points on its way.
pub fn newton(start: [f64; 2], steps: usize) -> Vec<([f64; 2], f64)> {
    let (function, mut workspace) = (Rosenbrock::zeros(), Rosenbrock::workspace());
    let (mut x, mut way) = (start, Vec::new());
    for _ in 0..=steps {
        let at = function.predict(&mut workspace, x);
        way.push((x, at.value));
        // The step s solves H s = -g; of two equations by Cramer's rule.
        let (g, h) = (&at.slope, &at.curvature);
        let determinant = h[[0, 0]] * h[[1, 1]] - h[[0, 1]] * h[[1, 0]];
        x[0] -= (g[0] * h[[1, 1]] - g[1] * h[[0, 1]]) / determinant;
        x[1] -= (g[1] * h[[0, 0]] - g[0] * h[[1, 0]]) / determinant;
    }
    way
}

fn main() {
    for (step, (x, value)) in newton([-1.2, 1.0], 6).into_iter().enumerate() {
        println!("step {step}: f({:.9}, {:.9}) = {value:.3e}", x[0], x[1]);
    }
}
