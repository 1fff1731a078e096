//! A gradient against finite differences: what [`assert_gradient!`](crate::assert_gradient) does.
//!
//! `#[network(check; ...)]` makes, in tests alone, a second network of the same equations in `f64` whose inputs and targets of real numbers
//! are parameters too. At a random point, two things are compared with each other:
//!
//! 1. its gradient and central finite differences (f(p + h) - f(p - h)) / 2h, for every parameter and every input (up to
//!    [`MOST_ELEMENTS`] elements of each, drawn by the seed, and all elements together along a random direction);
//! 2. the gradient of the network itself, in its own floats, and that of the second one.
//!
//! At a kink (of `relu`, say) the gradient must lie between the slopes of both sides. A formula whose slope is not that of its value on
//! purpose (`stop_gradient`) cannot pass.

use crate::Float;
use crate::network::{Description, Elements, Network, Parameter};
use chainrule_math::random::{self, Rng};

/// Of larger tensors, so many elements are compared.
pub const MOST_ELEMENTS: usize = 64;
/// Steps that are tried, as parts of 1 or of the size of a number.
const STEPS: [f64; 3] = [1e-4, 1e-5, 1e-6];
/// How far a slope may be from finite differences, as a part of the largest slope of its tensor (at least 1).
const TOLERANCE: f64 = 1e-5;

/// A network that can be checked: it has a twin in `f64` for fixed sizes, with inputs as parameters.
#[diagnostic::on_unimplemented(
    message = "the gradient of `{Self}` cannot be checked",
    label = "this has no twin in f64",
    note = "add `check` to its attribute, `#[network(check; ...)]` or `#[network(file = \"...\", check)]`; the twin is there in tests alone"
)]
pub trait Checked: Network {
    /// The twin.
    type Double: Network<Scalar = f64>;
    /// The sizes of the twin, in the order of the description of the network.
    const SIZES: &'static [usize];
}

/// Compares the gradient of a network with finite differences in `f64`, over all parameters and inputs, at a point that is drawn from a
/// seed; panics where they differ, with the worst element. The network needs `check` in its attribute, `#[network(check; ...)]`, which also
/// emits a test for the seed 0; in other tests of the same crate, this is for other seeds.
///
/// ```
/// use chainrule::check::Checked;
/// use chainrule::prelude::*;
///
/// #[network(f64; loss = sum(exp(w) * w);)]
/// struct Entropy {
///     w: [f64; 3],
/// }
///
/// // What `check` would write: a network in f64 that has no inputs is its own twin.
/// impl Checked for Entropy {
///     type Double = Self;
///     const SIZES: &'static [usize] = &[];
/// }
///
/// chainrule::assert_gradient!(Entropy, 7);
/// ```
#[macro_export]
macro_rules! assert_gradient {
    ($network:ty, $seed:expr $(,)?) => {
        $crate::check::assert_gradient::<$network>($seed)
    };
}

/// What [`assert_gradient!`](crate::assert_gradient) calls.
///
/// # Panics
///
/// Where the gradient is wrong, and where the loss is no finite number at any point that is tried.
#[track_caller]
pub fn assert_gradient<N: Checked>(seed: u64) {
    if let Err(message) = compare::<N>(seed) {
        panic!("{}, with the seed {seed}: {message}", N::DESCRIPTION.name);
    }
}

/// A place at which functions are compared.
struct Point<N: Checked> {
    /// The twin; everything that is varied are its parameters.
    double: Box<N::Double>,
    workspace: <N::Double as Network>::Workspace,
    gradient: Box<N::Double>,
    integers: Vec<Vec<i32>>,
    seed: u64,
}

/// How values of inputs are drawn.
#[derive(Clone, Copy)]
enum Draw {
    Normal,
    /// From 0.1 up to 0.9, for formulas that do not take all numbers.
    Inside,
}

impl<N: Checked> Point<N> {
    fn new(seed: u64, draw: Draw) -> Self {
        let mut rng = random::named(seed, "check");
        let mut own = N::zeroed();
        crate::init::initialize(&mut *own, seed);
        let mut double = N::Double::zeroed();
        let description = N::DESCRIPTION;
        for parameter in N::Double::DESCRIPTION.kept() {
            let known = description.kept().find(|known| known.path == parameter.path);
            let is_state = description.states.iter().any(|state| state.path == parameter.path);
            for place in 0..parameter.len() {
                let value = match (known, draw) {
                    (Some(known), _) if is_state => own.numbers()[known.offset + place].to_f64(),
                    (Some(known), _) => own.numbers()[known.offset + place].to_f64() + 0.2 * (random::unit(&mut rng) - 0.5),
                    (None, Draw::Normal) => random::normal(&mut rng),
                    (None, Draw::Inside) => 0.1 + 0.8 * random::unit(&mut rng),
                };
                // As the network itself holds it.
                double.numbers_mut()[parameter.offset + place] = N::Scalar::from_f64(value).to_f64();
            }
        }
        let integers = N::Double::DESCRIPTION.inputs.iter().map(|input| {
            let (from, to) = input.range.unwrap_or((0, 1));
            let count: usize = input.axes.iter().map(|axis| length(axis, &[])).product();
            let width = u64::try_from(to - from).unwrap_or(1).max(1);
            let one = |rng: &mut Rng| i32::try_from(from + i64::try_from(random::below(rng, width)).unwrap_or(0)).unwrap_or(0);
            (0..count).map(|_| one(&mut rng)).collect()
        });
        let integers = integers.collect();
        Self { double, workspace: N::Double::allocate(&[]), gradient: N::Double::zeroed(), integers, seed }
    }

    /// The value of what is differentiated; its gradient is in its place then.
    fn value(&mut self) -> f64 {
        let inputs: Vec<Elements<'_, f64>> = self.integers.iter().map(|values| Elements::Integer(values)).collect();
        let mut metrics = vec![0.0; N::Double::DESCRIPTION.metrics.len()];
        N::Double::seed(&mut self.workspace, self.seed);
        self.double.differentiate(&mut self.workspace, &[], &inputs, &mut self.gradient, &mut metrics)
    }

    /// The value with one number moved.
    fn moved(&mut self, at: usize, step: f64) -> f64 {
        let before = self.double.flat()[at];
        self.double.flat_mut()[at] = before + step;
        let value = self.value();
        self.double.flat_mut()[at] = before;
        value
    }

    /// The gradient of the network itself at this place.
    fn own_gradient(&self) -> Box<N> {
        let (description, double) = (N::DESCRIPTION, N::Double::DESCRIPTION);
        let find = |path: &str| double.kept().find(|parameter| parameter.path == path);
        let numbers = |path: &str| {
            let found = find(path).map(|parameter| &self.double.numbers()[parameter.offset..][..parameter.len()]);
            found.unwrap_or_default().iter().map(|&value| N::Scalar::from_f64(value)).collect::<Vec<N::Scalar>>()
        };
        let mut own = N::zeroed();
        for parameter in description.kept() {
            own.numbers_mut()[parameter.offset..][..parameter.len()].copy_from_slice(&numbers(parameter.path));
        }
        let reals: Vec<Vec<N::Scalar>> = description.inputs.iter().map(|input| numbers(input.name)).collect();
        let mut integers = self.integers.iter();
        let inputs = description.inputs.iter().zip(&reals).map(|(input, real)| match input.range {
            None => Elements::Real(real),
            Some(_) => Elements::Integer(integers.next().map_or(&[], Vec::as_slice)),
        });
        let inputs: Vec<Elements<'_, N::Scalar>> = inputs.collect();
        let mut workspace = N::allocate(N::SIZES);
        N::seed(&mut workspace, self.seed);
        let mut gradient = N::zeroed();
        let mut metrics = vec![N::Scalar::from_f64(0.0); description.metrics.len()];
        own.differentiate(&mut workspace, N::SIZES, &inputs, &mut gradient, &mut metrics);
        gradient
    }
}

fn length(axis: &crate::network::Axis, sizes: &[usize]) -> usize {
    match axis {
        crate::network::Axis::Fixed(length) => *length,
        crate::network::Axis::Symbol(number) => sizes.get(*number).copied().unwrap_or(0),
    }
}

/// The worst element that differs.
struct Worst {
    text: String,
    excess: f64,
}

impl Worst {
    fn meet(worst: &mut Option<Self>, excess: f64, text: impl FnOnce() -> String) {
        // What is no number is as bad as can be.
        let excess = if excess.is_nan() { f64::INFINITY } else { excess };
        if excess > worst.as_ref().map_or(1.0, |known| known.excess) {
            *worst = Some(Self { text: text(), excess });
        }
    }
}

fn compare<N: Checked>(seed: u64) -> Result<(), String> {
    let mut point = Point::<N>::new(seed, Draw::Normal);
    let mut value = point.value();
    if !value.is_finite() {
        point = Point::<N>::new(seed, Draw::Inside);
        value = point.value();
    }
    if !value.is_finite() {
        return Err(format!(
            "the loss is {value}, for normal inputs and for inputs between 0.1 and 0.9; it is compared only where it is finite"
        ));
    }
    let slopes: Vec<f64> = point.gradient.flat().to_vec();
    let mut worst = None;
    let mut rng = random::named(seed, "elements");
    for parameter in N::Double::DESCRIPTION.parameters {
        let own = &slopes[parameter.offset..][..parameter.len()];
        let scale = own.iter().fold(1.0f64, |most, slope| most.max(slope.abs()));
        for place in places(&mut rng, parameter.len()) {
            let (slope, at) = (own[place], parameter.offset + place);
            let difference = nearest(&mut point, at, slope, scale, value);
            Worst::meet(&mut worst, (difference - slope).abs() / (TOLERANCE * scale), || {
                format!("d {} is {slope}, finite differences give {difference}", element(parameter, place))
            });
        }
    }
    along(&mut point, &mut rng, &slopes, value, &mut worst);
    let own = point.own_gradient();
    for parameter in N::DESCRIPTION.parameters {
        let Some(double) = find(&N::Double::DESCRIPTION, parameter.path) else { continue };
        let exact = &slopes[double.offset..][..double.len()];
        let scale = exact.iter().fold(1e-3f64, |most, slope| most.max(slope.abs()));
        let tolerance = if size_of::<N::Scalar>() < size_of::<f64>() { 2e-3 } else { 1e-9 };
        for (place, (&exact, own)) in exact.iter().zip(&own.flat()[parameter.offset..][..parameter.len()]).enumerate() {
            let own = own.to_f64();
            Worst::meet(&mut worst, (own - exact).abs() / (tolerance * scale), || {
                format!("d {} is {own} in the floats of the network, and {exact} in f64", element(parameter, place))
            });
        }
    }
    match worst {
        None => Ok(()),
        Some(Worst { text, .. }) => Err(format!(
            "the gradient is not the slope of the loss (as it is on purpose behind `stop_gradient`); the worst element: {text}"
        )),
    }
}

fn find(description: &Description, path: &str) -> Option<&'static Parameter> {
    description.parameters.iter().find(|parameter| parameter.path == path)
}

/// The elements that are compared: all, or some that are drawn.
fn places(rng: &mut Rng, length: usize) -> Vec<usize> {
    if length <= MOST_ELEMENTS {
        return (0..length).collect();
    }
    (0..MOST_ELEMENTS).map(|_| usize::try_from(random::below(rng, length as u64)).unwrap_or(0)).collect()
}

/// The finite difference that comes nearest to a slope; the slope itself where it lies between those of a kink.
fn nearest<N: Checked>(point: &mut Point<N>, at: usize, slope: f64, scale: f64, value: f64) -> f64 {
    let size = point.double.flat()[at].abs().max(1.0);
    let mut best = f64::NAN;
    for step in STEPS {
        let step = step * size;
        let (above, below) = (point.moved(at, step), point.moved(at, -step));
        let (right, left) = ((above - value) / step, (value - below) / step);
        let middle = (above - below) / (2.0 * step);
        let is_kink = (right - left).abs() > 1e-2 * scale
            && slope >= left.min(right) - 1e-3 * scale
            && slope <= left.max(right) + 1e-3 * scale;
        let found = if is_kink { slope } else { middle };
        if best.is_nan() || (found - slope).abs() < (best - slope).abs() {
            best = found;
        }
        if (best - slope).abs() <= TOLERANCE * scale {
            break;
        }
    }
    best
}

/// All numbers at once, along a direction.
fn along<N: Checked>(point: &mut Point<N>, rng: &mut Rng, slopes: &[f64], value: f64, worst: &mut Option<Worst>) {
    let start: Vec<f64> = point.double.flat().to_vec();
    let direction: Vec<f64> = start.iter().map(|_| random::normal(rng)).collect();
    let length = direction.iter().map(|part| part * part).sum::<f64>().sqrt().max(1.0);
    let slope = slopes.iter().zip(&direction).map(|(slope, part)| slope * part).sum::<f64>() / length;
    let scale = slopes.iter().map(|slope| slope * slope).sum::<f64>().sqrt().max(1.0);
    let mut at = |step: f64| {
        for ((number, start), part) in point.double.flat_mut().iter_mut().zip(&start).zip(&direction) {
            *number = start + step * part / length;
        }
        point.value()
    };
    let mut best = f64::NAN;
    for step in STEPS {
        let (above, below) = (at(step), at(-step));
        let middle = (above - below) / (2.0 * step);
        let sides = [(above - value) / step, (value - below) / step];
        let is_kink = (sides[0] - sides[1]).abs() > 1e-2 * scale;
        let found = if is_kink && slope >= sides[0].min(sides[1]) && slope <= sides[0].max(sides[1]) { slope } else { middle };
        if best.is_nan() || (found - slope).abs() < (best - slope).abs() {
            best = found;
        }
    }
    at(0.0);
    Worst::meet(worst, (best - slope).abs() / (10.0 * TOLERANCE * scale), || {
        format!("along a random direction of all parameters and inputs the slope is {slope}, finite differences give {best}")
    });
}

/// `dense1.w[3, 5]`
fn element(parameter: &Parameter, mut place: usize) -> String {
    let mut indices = Vec::new();
    for &length in parameter.shape.iter().rev() {
        indices.push((place % length).to_string());
        place /= length;
    }
    indices.reverse();
    if indices.is_empty() { parameter.path.to_owned() } else { format!("{}[{}]", parameter.path, indices.join(", ")) }
}
