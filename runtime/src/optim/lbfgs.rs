//! L-BFGS, for full batches.

use super::clip::norm_of;
use crate::Float;
use crate::network::{AsNetwork, Network};
use std::collections::VecDeque;

/// Limited-memory BFGS: a quasi-Newton method for losses that are the same function at every step, so for all samples at once.
///
/// ```text
/// direction = -H · gradient, with H from the last m pairs s = x' - x, y = gradient' - gradient   (the two-loop recursion)
/// x' = x + step · direction, with the first step that fulfils, by bisection,
///      loss(x') ≤ loss(x) + c1 · step · gradient·direction   and   gradient'·direction ≥ c2 · gradient·direction
/// ```
///
/// J. Nocedal and S. Wright, "Numerical Optimization" (2006), algorithms 7.4 and 7.5; the line search (the weak conditions of Wolfe) is that of
/// A. Lewis and M. Overton, "Nonsmooth optimization via quasi-Newton methods" (2013).
///
/// Defaults: 100 iterations, 10 pairs, done when the norm of the gradient is 1e-6 or less; c1 = 1e-4, c2 = 0.9.
///
/// ```
/// use chainrule::prelude::*;
/// use chainrule::optim::Lbfgs;
///
/// #[network(
///     loss = 100 * (x[1] - x[0] ^ 2) ^ 2 + (1 - x[0]) ^ 2;
/// )]
/// struct Rosenbrock {
///     x: [f64; 2],
/// }
///
/// let mut point = Rosenbrock::zeros();
/// point.x = [-1.2, 1.0];
/// let mut workspace = Rosenbrock::workspace();
/// let found = Lbfgs::default().minimize(&mut point, |point, gradient| point.gradient(&mut workspace, gradient));
/// assert!(found.converged && (point.x[0] - 1.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct Lbfgs {
    iterations: usize,
    history: usize,
    tolerance: f64,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self { iterations: 100, history: 10, tolerance: 1e-6 }
    }
}

/// What a minimization came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The loss at the end.
    pub loss: f64,
    /// The norm of the gradient at the end.
    pub gradient_norm: f64,
    /// How many steps were made.
    pub iterations: usize,
    /// How often loss and gradient were computed.
    pub evaluations: usize,
    /// Whether the norm of the gradient came below the tolerance. Else the iterations were used up, or no step along the direction
    /// made the loss smaller (the floats end there).
    pub converged: bool,
}

/// The condition of Armijo: how much of the promised descent a step must make.
const DESCENT: f64 = 1e-4;
/// The condition of curvature: how much flatter it must be after a step.
const FLATTER: f64 = 0.9;
/// More bisections say nothing.
const MOST_BISECTIONS: usize = 50;

impl Lbfgs {
    /// How many steps are made at most.
    #[must_use]
    pub fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// How many pairs are kept: each has two numbers for every parameter.
    #[must_use]
    pub fn history(mut self, pairs: usize) -> Self {
        self.history = pairs;
        self
    }

    /// The norm of the gradient that is small enough.
    #[must_use]
    pub fn tolerance(mut self, norm: f64) -> Self {
        self.tolerance = norm;
        self
    }

    /// Minimizes `evaluate`, which gives the loss and fills the gradient: `|net, gradient| net.gradient(&mut workspace, x, t, gradient)`.
    ///
    /// The network is left at the best point. A loss that is no number counts as infinite, so that the line search steps back from it.
    pub fn minimize<N, S, F>(&self, network: &mut N, mut evaluate: F) -> Minimum
    where
        N: AsNetwork,
        N::Network: Network<Scalar = S>,
        S: Float,
        F: FnMut(&mut N::Network, &mut N::Network) -> S,
    {
        let network = network.network_mut();
        let mut gradient = <N::Network as Network>::zeroed();
        let mut evaluations = 0;
        let mut at = |network: &mut N::Network, gradient: &mut N::Network| {
            evaluations += 1;
            let loss = evaluate(network, gradient).to_f64();
            if loss.is_nan() { f64::INFINITY } else { loss }
        };
        let mut loss = at(network, &mut gradient);
        let mut slope = floats(gradient.flat());
        let mut point = floats(network.flat());
        let mut pairs: VecDeque<Pair> = VecDeque::new();
        let mut iterations = 0;
        while iterations < self.iterations && norm_of(&slope) > self.tolerance && loss.is_finite() {
            let mut direction = direction(&slope, &pairs);
            if dot(&direction, &slope) >= 0.0 {
                // What the pairs say is of no use here.
                pairs.clear();
                direction = slope.iter().map(|slope| -slope).collect();
            }
            let first = if pairs.is_empty() { 1.0 / norm_of(&slope).max(1.0) } else { 1.0 };
            let mut try_step = |step: f64| {
                let trial: Vec<f64> = point.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
                put(network.flat_mut(), &trial);
                let loss = at(network, &mut gradient);
                (loss, floats(gradient.flat()), floats(network.flat()))
            };
            let Some((next_loss, next_slope, next_point)) =
                search(&mut try_step, (loss, dot(&slope, &direction)), &direction, first)
            else {
                break;
            };
            let pair = Pair::of(&point, &next_point, &slope, &next_slope);
            if pair.curvature > 0.0 {
                pairs.push_back(pair);
                if pairs.len() > self.history {
                    pairs.pop_front();
                }
            }
            (loss, slope, point) = (next_loss, next_slope, next_point);
            iterations += 1;
        }
        put(network.flat_mut(), &point);
        let gradient_norm = norm_of(&slope);
        Minimum { loss, gradient_norm, iterations, evaluations, converged: gradient_norm <= self.tolerance }
    }
}

/// Where a step leads: the loss, the gradient and the point.
type Step = (f64, Vec<f64>, Vec<f64>);

/// The first step that fulfils the weak conditions of Wolfe; else the best that descends, if one does.
fn search(try_step: &mut dyn FnMut(f64) -> Step, (loss, descent): (f64, f64), direction: &[f64], first: f64) -> Option<Step> {
    let (mut low, mut high, mut step) = (0.0, f64::INFINITY, first);
    let mut best: Option<Step> = None;
    for _ in 0..MOST_BISECTIONS {
        let found = try_step(step);
        if !found.0.is_finite() || found.0 > loss + DESCENT * step * descent {
            high = step;
        } else if dot(&found.1, direction) < FLATTER * descent {
            low = step;
            best = Some(found);
        } else {
            return Some(found);
        }
        step = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * low };
    }
    best.filter(|found| found.0 < loss)
}

/// A step and how the gradient changed along it.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// Their product.
    curvature: f64,
}

impl Pair {
    fn of(point: &[f64], next_point: &[f64], slope: &[f64], next_slope: &[f64]) -> Self {
        let difference = |after: &[f64], before: &[f64]| -> Vec<f64> { after.iter().zip(before).map(|(a, b)| a - b).collect() };
        let (step, change) = (difference(next_point, point), difference(next_slope, slope));
        let curvature = dot(&step, &change);
        Self { step, change, curvature }
    }
}

/// The two-loop recursion: `-H · gradient`.
fn direction(slope: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut q = slope.to_vec();
    let mut factors = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let factor = dot(&pair.step, &q) / pair.curvature;
        q.iter_mut().zip(&pair.change).for_each(|(q, change)| *q -= factor * change);
        factors.push(factor);
    }
    if let Some(last) = pairs.back() {
        let scale = last.curvature / dot(&last.change, &last.change);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for (pair, factor) in pairs.iter().zip(factors.into_iter().rev()) {
        let other = dot(&pair.change, &q) / pair.curvature;
        q.iter_mut().zip(&pair.step).for_each(|(q, step)| *q += (factor - other) * step);
    }
    q.iter_mut().for_each(|q| *q = -*q);
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn floats<S: Float>(numbers: &[S]) -> Vec<f64> {
    numbers.iter().map(|number| number.to_f64()).collect()
}

fn put<S: Float>(numbers: &mut [S], values: &[f64]) {
    numbers.iter_mut().zip(values).for_each(|(number, &value)| *number = S::from_f64(value));
}
