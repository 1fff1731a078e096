//! L-BFGS: a quasi-Newton method with a line search, for full batches. Must not know where loss and gradient come from.

use super::clip::norm_of;
use super::pairs::{Pairs, dot};
use crate::Float;
use crate::network::{AsNetwork, Network};

/// Limited-memory BFGS: a quasi-Newton method for losses that are the same function at every step, so for all samples at once.
///
/// ```text
/// direction = -H · gradient, with H from the last m pairs s = x' - x, y = gradient' - gradient   (the two-loop recursion)
/// x' = x + step · direction, with the first step that fulfils, by bisection,
///      loss(x') ≤ loss(x) + c1 · step · gradient·direction   and   gradient'·direction ≥ c2 · gradient·direction
/// ```
///
/// J. Nocedal and S. Wright, "Numerical Optimization" (2006), algorithms 7.4 and 7.5; the line search (the weak conditions of Wolfe) is that of
/// A. Lewis and M. Overton, "Nonsmooth optimization via quasi-Newton methods" (2013). The first step tried is 1, and 1 / max(1, ‖gradient‖)
/// as long as there are no pairs.
///
/// Defaults: 100 iterations, 10 pairs, done when the Euclidean norm of the gradient is 1e-6 or less; c1 = 1e-4, c2 = 0.9. SciPy's `L-BFGS-B`
/// and optax have 10 pairs too, PyTorch has 100, at most 20 iterations, and no line search unless it is asked for one; SciPy (1e-5) and PyTorch
/// (1e-7) compare the largest number of the gradient.
///
/// [`fit`](Self::fit) takes a data set, as a trainer does; [`minimize`](Self::minimize) takes any loss:
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
    memory: Memory,
}

/// What stays allocated from one minimization to the next; nothing of it is read by the next.
#[derive(Clone, Debug, Default)]
struct Memory {
    /// The parameters, before a step.
    point: Vec<f64>,
    /// The gradient there.
    slope: Vec<f64>,
    /// Where the step leads.
    direction: Vec<f64>,
    /// The steps before, and how the gradient changed along them.
    pairs: Pairs,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self { iterations: 100, history: 10, tolerance: 1e-6, memory: Memory::default() }
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

/// A loss with its gradient.
pub(crate) trait Objective<N: Network> {
    /// The loss of a network; fills the gradient.
    fn evaluate(&mut self, network: &mut N, gradient: &mut N) -> N::Scalar;

    /// The network that was evaluated last is where the next step begins.
    fn accept(&mut self, network: &mut N);
}

/// An objective that is nothing but a function.
struct Function<F>(F);

impl<N: Network, F: FnMut(&mut N, &mut N) -> N::Scalar> Objective<N> for Function<F> {
    fn evaluate(&mut self, network: &mut N, gradient: &mut N) -> N::Scalar {
        (self.0)(network, gradient)
    }

    fn accept(&mut self, _: &mut N) {}
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

    /// How many pairs are kept: each has two numbers (of `f64`) for every parameter. With none it is steepest descent.
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
    /// The network is left at the best point. Where the loss is no number or infinite, or the gradient is no number, the line search steps
    /// back. `evaluate` must be one function: where there is dropout, seed the workspace in it (`workspace.seed(1)`).
    ///
    /// Every call begins anew; the memory of the last one is used again, so that only a gradient is allocated, and nothing in an iteration.
    pub fn minimize<N, S, F>(&mut self, network: &mut N, evaluate: F) -> Minimum
    where
        N: AsNetwork,
        N::Network: Network<Scalar = S>,
        S: Float,
        F: FnMut(&mut N::Network, &mut N::Network) -> S,
    {
        self.run(network.network_mut(), &mut <N::Network as Network>::zeroed(), &mut Function(evaluate))
    }

    /// [`minimize`](Self::minimize), with an objective that is told of the steps, and the memory for a gradient.
    pub(crate) fn run<N: Network>(&mut self, network: &mut N, gradient: &mut N, objective: &mut impl Objective<N>) -> Minimum {
        let Memory { point, slope, direction, pairs } = &mut self.memory;
        pairs.prepare(self.history.min(self.iterations), network.flat().len());
        direction.resize(network.flat().len(), 0.0);
        let mut line = Line { network, gradient, objective, evaluations: 0 };
        let mut loss = line.here();
        if loss.is_finite() {
            line.objective.accept(line.network);
        }
        take(point, line.network.flat());
        take(slope, line.gradient.flat());
        let mut iterations = 0;
        while iterations < self.iterations && norm_of(slope) > self.tolerance && loss.is_finite() {
            pairs.direction(slope, direction);
            // What is not below 0 may be no number.
            let descends = dot(direction, slope) < 0.0;
            if !descends {
                pairs.clear();
                pairs.direction(slope, direction);
            }
            let first = if pairs.is_empty() { 1.0 / norm_of(slope).max(1.0) } else { 1.0 };
            let Some(next) = line.search(point, direction, (loss, dot(direction, slope)), first) else { break };
            line.objective.accept(line.network);
            pairs.push(point, line.network.flat(), slope, line.gradient.flat());
            take(point, line.network.flat());
            take(slope, line.gradient.flat());
            loss = next;
            iterations += 1;
        }
        put(line.network.flat_mut(), point.iter().copied());
        let (gradient_norm, evaluations) = (norm_of(slope), line.evaluations);
        Minimum { loss, gradient_norm, iterations, evaluations, converged: gradient_norm <= self.tolerance }
    }
}

/// What is evaluated along a line, and how often it was.
struct Line<'a, N, O> {
    network: &'a mut N,
    gradient: &'a mut N,
    objective: &'a mut O,
    evaluations: usize,
}

impl<N: Network, O: Objective<N>> Line<'_, N, O> {
    /// The loss of the network as it is; infinite where it is no number.
    fn here(&mut self) -> f64 {
        self.evaluations += 1;
        let loss = self.objective.evaluate(self.network, self.gradient).to_f64();
        if loss.is_nan() { f64::INFINITY } else { loss }
    }

    /// The loss at a step along the direction.
    fn at(&mut self, point: &[f64], direction: &[f64], step: f64) -> f64 {
        put(self.network.flat_mut(), point.iter().zip(direction).map(|(x, d)| x + step * d));
        self.here()
    }

    /// Goes the first step that fulfils the weak conditions of Wolfe; else the longest that descends, if one does. The loss there.
    fn search(&mut self, point: &[f64], direction: &[f64], (loss, descent): (f64, f64), first: f64) -> Option<f64> {
        let (mut low, mut high, mut step) = (0.0, f64::INFINITY, first);
        let mut lowest = loss;
        for _ in 0..MOST_BISECTIONS {
            let found = self.at(point, direction, step);
            let slope = dot(self.gradient.flat(), direction);
            if !found.is_finite() || !slope.is_finite() || found > loss + DESCENT * step * descent {
                high = step;
            } else if slope < FLATTER * descent {
                (low, lowest) = (step, found);
            } else {
                return Some(found);
            }
            step = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * low };
        }
        (lowest < loss).then(|| self.at(point, direction, low))
    }
}

/// Copies floats of a network.
fn take<S: Float>(numbers: &mut Vec<f64>, floats: &[S]) {
    numbers.clear();
    numbers.extend(floats.iter().map(|float| float.to_f64()));
}

fn put<S: Float>(floats: &mut [S], numbers: impl Iterator<Item = f64>) {
    floats.iter_mut().zip(numbers).for_each(|(float, number)| *float = S::from_f64(number));
}
