//! A likelihood: how long parts last, fitted by L-BFGS and by Newton's method, with the standard errors that the Hessian tells.
//!
//! The times are taken to have W. Weibull's distribution, whose density is k/λ (t/λ)^(k-1) exp(-(t/λ)^k). The inverse of the Hessian of
//! the negative log-likelihood at its minimum is the covariance of the estimates.

use chainrule::optim::Lbfgs;
use chainrule::prelude::*;

/// The negative log-likelihood in θ = (log k, log λ), which may be any numbers.
#[network(
    input t: [N];
    k      = exp(theta[0]);
    lambda = exp(theta[1]);
    output value     = -sum(theta[0] - k * theta[1] + (k - 1) * log(t) - (t / lambda) ^ k);
    output slope     = grad(value, theta);
    output curvature = hessian(value, theta);
    loss = value;
)]
#[derive(Clone, Debug)]
pub struct Weibull {
    /// log k and log λ.
    pub theta: [f64; 2],
}

/// Hours until failure.
pub const HOURS: [f64; 20] = [
    152.7, 172.0, 172.5, 173.3, 193.0, 204.7, 216.5, 234.9, 262.6, 262.6, 58.6, 97.1, 110.4, 121.9, 130.2, 139.8, 281.3, 302.4,
    331.0, 389.5,
];

/// The inverse of a symmetric matrix.
fn inverse(h: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    let determinant = h[0][0] * h[1][1] - h[0][1] * h[1][0];
    [[h[1][1] / determinant, -h[0][1] / determinant], [-h[1][0] / determinant, h[0][0] / determinant]]
}

/// Newton's method, whose steps are halved while they lead upwards: the estimate, its covariance, and how long the last gradient was.
pub fn newton(mut net: Weibull, steps: usize) -> (Weibull, [[f64; 2]; 2], f64) {
    let mut workspace = Weibull::workspace(HOURS.len());
    let (mut covariance, mut length) = ([[0.0; 2]; 2], f64::INFINITY);
    for _ in 0..steps {
        let at = net.predict(&mut workspace, HOURS);
        let (value, g, h) = (at.value, [at.slope[0], at.slope[1]], at.curvature);
        covariance = inverse([[h[[0, 0]], h[[0, 1]]], [h[[1, 0]], h[[1, 1]]]]);
        length = g[0].hypot(g[1]);
        let step = [0, 1].map(|row: usize| covariance[row][0] * g[0] + covariance[row][1] * g[1]);
        let mut part = 1.0;
        net = loop {
            let next = Weibull { theta: [net.theta[0] - part * step[0], net.theta[1] - part * step[1]] };
            if next.predict(&mut workspace, HOURS).value <= value || part < 1e-6 {
                break next;
            }
            part /= 2.0;
        };
    }
    (net, covariance, length)
}

fn main() {
    let start = Weibull { theta: [0.0, 5.0] };
    let (mut fitted, mut workspace) = (start.clone(), Weibull::workspace(HOURS.len()));
    let found = Lbfgs::default().minimize(&mut fitted, |net, gradient| net.gradient(&mut workspace, HOURS, gradient));
    println!("L-BFGS: {} steps, -log L = {:.6}, θ = {:.6?}", found.iterations, found.loss, fitted.theta);
    let (fitted, covariance, length) = newton(start, 12);
    println!("Newton: 12 steps, gradient {length:.1e}, θ = {:.6?}", fitted.theta);
    for (name, number) in [("k", 0), ("λ", 1)] {
        let (estimate, error) = (fitted.theta[number].exp(), covariance[number][number].sqrt());
        println!(
            "  {name} = {estimate:.3}, from {:.3} to {:.3} at 95 %",
            estimate * (-1.96 * error).exp(),
            estimate * (1.96 * error).exp()
        );
    }
}
