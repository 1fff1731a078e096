//! A physics-informed network: it solves Poisson's equation u'' = -π² sin πx with u(0) = u(1) = 0, whose solution is sin πx.
//!
//! The loss contains second derivatives of the network in its input, and is differentiated for the parameters. No value of the
//! solution is given: the network learns from the equation alone.

use chainrule::optim::Lbfgs;
use chainrule::prelude::*;

/// u(x) = x (1 - x) n(x) with a network n of two layers, so that the boundary is right by itself.
#[network(
    f64;
    input x: [N];
    n = reshape(x, [N, 1]) |> Dense(16) |> tanh |> Dense(16) |> tanh |> Dense(1);
    output u = x * (1 - x) * n[.., 0];
    // Each value depends on its own place alone, so the gradient of their sum has the slope at each place.
    slope     = grad(sum(u), x);
    curvature = grad(sum(slope), x);
    loss = mean((curvature + pi ^ 2 * sin(pi * x)) ^ 2);
)]
#[derive(Debug)]
pub struct Poisson;

/// Trains a network on some places in 0..1; how far it is from the solution where that is worst, between them too.
pub fn solve(seed: u64, places: usize, iterations: usize) -> (f64, f64) {
    let mut net = Poisson::init(seed);
    let mut workspace = Poisson::workspace(1001);
    let x: Vec<f64> = (0..places).map(|place| (place as f64 + 0.5) / places as f64).collect();
    let found =
        Lbfgs::default().iterations(iterations).minimize(&mut *net, |net, gradient| net.gradient(&mut workspace, &x, gradient));
    let fine: Vec<f64> = (0..=1000).map(|place| f64::from(place) / 1000.0).collect();
    let u = net.predict(&mut workspace, &fine);
    let error = |(x, u): (&f64, &f64)| (u - (std::f64::consts::PI * x).sin()).abs();
    (found.loss, fine.iter().zip(u).map(error).fold(0.0, f64::max))
}

fn main() {
    for iterations in [10, 30, 100, 300] {
        let (loss, error) = solve(1, 40, iterations);
        println!("after {iterations:3} iterations: loss {loss:.2e}, at most {error:.1e} from sin πx");
    }
}
