//! Gradients and predictions of networks of every kind: against differences, and against the reference evaluator.

use super::support::{Reference, assert_near, check_gradient, check_slopes, single, wave};
use chainrule::prelude::*;
use ndarray::{Array2, arr0, array};

/// Arrays, a layer and single numbers.
#[network(
    input  x: [B, 3];
    target t: [B, 2];
    h      = tanh(x @ w + b);
    logits = scale * (h |> out) + shift;
    output p = softmax(logits);
    loss   = cross_entropy(logits, t) + 0.01 * l2(params);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
pub struct Mixed {
    #[init(he_uniform)]
    pub w: [[f64; 4]; 3],
    pub b: [f64; 4],
    pub out: Dense<4, 2, f64>,
    #[init(ones)]
    pub scale: f64,
    #[init(constant(0.5))]
    pub shift: f64,
}

/// The same in single precision.
#[network(
    input  x: [B, 3];
    target t: [B, 2];
    h      = tanh(x @ w + b);
    logits = scale * (h |> out) + shift;
    output p = softmax(logits);
    loss   = cross_entropy(logits, t) + 0.01 * l2(params);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
pub struct MixedSingle {
    #[init(he_uniform)]
    pub w: [[f32; 4]; 3],
    pub b: [f32; 4],
    pub out: Dense<4, 2>,
    #[init(ones)]
    pub scale: f32,
    #[init(constant(0.5))]
    pub shift: f32,
}

fn targets(rows: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, 2), |(row, column)| if (row * 5 + row / 2) % 2 == column { 0.9 } else { 0.1 })
}

#[test]
fn a_struct_of_arrays_layers_and_numbers() {
    let (x, t) = (wave(&[7, 3], 0.3), targets(7));
    let mut net = Mixed::init(11);
    assert_eq!((net.scale, net.shift, net.b), (1.0, 0.5, [0.0; 4]), "initializers are as written");
    net.b = [0.1, -0.2, 0.3, 0.4];
    let (mut gradient, mut workspace) = (Mixed::zeros(), Mixed::workspace(7));
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let report = net.evaluate(&mut workspace, &x, &t);
    assert_near(&[loss], &[report.loss], 1e-14);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &x, &t).loss);
    let p = net.predict(&mut workspace, &x);
    assert_eq!(p.shape(), [7, 2]);
    p.rows().into_iter().for_each(|row| assert_near(&[row.sum()], &[1.0], 1e-14));
    let right = p.rows().into_iter().zip(t.rows()).filter(|(p, t)| (p[1] > p[0]) == (t[1] > t[0])).count();
    assert_near(&[report.accuracy], &[right as f64 / 7.0], 1e-14);
}

#[test]
fn single_precision_is_near_double_precision() {
    let (x, t) = (wave(&[37, 3], 0.3), targets(37));
    let (net, mut gradient, mut workspace) = (Mixed::init(11), Mixed::zeros(), Mixed::workspace(37));
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let (mut other, mut slopes, mut memory) = (MixedSingle::init(11), MixedSingle::zeros(), MixedSingle::workspace(37));
    other.w = net.w.map(|row| row.map(|number| number as f32));
    other.out.w = net.out.w.map(|row| row.map(|number| number as f32));
    let own = other.gradient(&mut memory, single(&x), single(&t.into_dyn()), &mut slopes);
    assert_near(&[f64::from(own)], &[loss], 1e-5);
    assert_near(&slopes.w.concat().map_to_f64(), &gradient.w.concat(), 1e-5);
    assert_near(&slopes.out.b.to_vec().map_to_f64(), &gradient.out.b, 1e-5);
    assert_near(&[f64::from(slopes.scale), f64::from(slopes.shift)], &[gradient.scale, gradient.shift], 1e-5);
}

trait MapToF64 {
    fn map_to_f64(&self) -> Vec<f64>;
}

impl MapToF64 for Vec<f32> {
    fn map_to_f64(&self) -> Vec<f64> {
        self.iter().copied().map(f64::from).collect()
    }
}

#[network(file = "models/two_layers.nn", hidden = 5, slope = 0.25)]
pub struct TwoLayers;

#[network(file = "models/two_layers.nn", network = "TwoLayers")]
pub struct Wide;

#[test]
fn a_file_with_hyperparameters() {
    let (x, t) = (wave(&[6, 3], 0.9), wave(&[6, 2], 2.0));
    let mut net = TwoLayers::init(3);
    assert_eq!((net.dense1.w.len(), net.dense1.w[0].len(), net.dense2.w.len()), (3, 5, 5));
    assert_eq!(Wide::zeros().dense1.b.len(), 8, "the default of the file");
    let (mut gradient, mut workspace) = (TwoLayers::zeros(), TwoLayers::workspace(6));
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let text = include_str!("models/two_layers.nn");
    let reference = Reference::new(text, "TwoLayers", &[("hidden", 5.0), ("slope", 0.25)]);
    let reference = reference.parameters(&net).input("x", &x).input("t", &t).evaluate();
    assert_near(&[loss], &reference["loss"].data, 1e-12);
    check_gradient(&*gradient, &reference);
    let report = net.evaluate(&mut workspace, &x, &t);
    assert_near(&[report.loss, report.worst], &[reference["loss"].data[0], reference["worst"].data[0]], 1e-12);
    let y: Vec<f64> = net.predict(&mut workspace, &x).iter().copied().collect();
    assert_near(&y, &reference["y"].data, 1e-12);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &x, &t).loss);
}

#[network(file = "models/sequence.nn")]
pub struct Sequence;

#[test]
fn several_inputs_outputs_and_sizes() {
    let tok = Array2::from_shape_fn((3, 4), |(b, t)| ((b * 7 + t * 3) % 5) as i32);
    let t = Array2::from_shape_fn((3, 4), |(b, t)| ((b + t * t) % 3) as i32);
    let x = wave(&[3, 4, 2], 0.1);
    let (mut net, mut gradient) = (Sequence::init(5), Sequence::zeros());
    let mut workspace = Sequence::workspace(5, 6);
    let loss = net.gradient(&mut workspace, &tok, &x, &t, &mut gradient);
    let reference = Reference::new(include_str!("models/sequence.nn"), "Sequence", &[]);
    let reference = reference.parameters(&net).input("x", &x);
    let reference = reference.input("tok", tok.view().into_dyn()).input("t", t.view().into_dyn()).evaluate();
    assert_near(&[loss], &reference["loss"].data, 1e-12);
    check_gradient(&*gradient, &reference);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &tok, &x, &t).loss);
    let report = net.evaluate(&mut workspace, &tok, &x, &t);
    assert_near(&[report.accuracy], &reference["accuracy"].data, 0.0);
    let outputs: SequenceOutputs<'_> = net.predict(&mut workspace, &tok, &x);
    assert_eq!((outputs.p.shape(), outputs.summary.shape()), (&[3, 4, 3][..], &[3, 4][..]));
    assert_near(&outputs.p.iter().copied().collect::<Vec<_>>(), &reference["p"].data, 1e-12);
    assert_near(&outputs.summary.iter().copied().collect::<Vec<_>>(), &reference["summary"].data, 1e-12);
    assert_near(&[outputs.spread], &reference["spread"].data, 1e-12);
}

#[network(file = "models/score.nn", network = "Score")]
pub struct Score;

#[network(file = "models/score.nn", network = "Filter")]
pub struct Filter;

#[test]
fn without_a_loss_the_scalar_output_is_differentiated() {
    let x = wave(&[9], 0.5);
    let (mut net, mut gradient, mut workspace) = (Score::init(0), Score::zeros(), Score::workspace(9));
    assert_eq!((net.scale, net.shift), (1.0, 0.25));
    let score: f64 = net.gradient(&mut workspace, &x, &mut gradient);
    assert_near(&[score], &[net.predict(&mut workspace, &x)], 1e-14);
    let by_hand = x.iter().fold([0.0, 0.0], |sum, x| [sum[0] + x * (x + 0.25).cos(), sum[1] + (x + 0.25).cos()]);
    assert_near(&[gradient.scale, gradient.shift], &by_hand, 1e-13);
    check_slopes(&mut *net, &gradient, |net| net.predict(&mut workspace, &x));
}

#[test]
fn only_inputs_and_outputs() {
    let (net, mut workspace) = (Filter::init(0), Filter::workspace(4));
    assert_eq!(size_of::<Filter>(), 0);
    let outputs = net.predict(&mut workspace, [1.0, 2.0, 4.0, 8.0]);
    assert_eq!((outputs.smooth, outputs.total), (array![1.5, 3.0, 6.0].view(), 15.0));
}

/// The struct is made from the equations too.
#[network(
    input  x: [B, 5];
    target t: [B];
    /// What each feature is worth.
    param  w: [5] = normal(0, 0.1);
    param  b: [] = zeros;
    output y = x @ w + b;
    loss     = huber(y, t, 1);
)]
pub struct Unit;

#[test]
fn a_unit_struct_with_equations() {
    let (x, t) = (single(&wave(&[8, 5], 0.2)), single(&wave(&[8], 1.2)));
    let (mut net, mut gradient, mut workspace) = (Unit::init(1), Unit::zeros(), Unit::workspace(8));
    net.w = [0.5, -0.25, 0.125, 1.0, -1.0];
    net.gradient(&mut workspace, &x, &t, &mut gradient);
    // Residuals below 1 pass through, others count as 1.
    let residuals: Vec<f32> = (0..8).map(|row| (0..5).map(|k| x[[row, k]] * net.w[k]).sum::<f32>() - t[row]).collect();
    assert!(residuals.iter().any(|r| r.abs() > 1.0) && residuals.iter().any(|r| r.abs() < 1.0), "both branches: {residuals:?}");
    for k in 0..5 {
        let slope: f32 = residuals.iter().enumerate().map(|(row, r)| r.clamp(-1.0, 1.0) * x[[row, k]] / 8.0).sum();
        assert!((gradient.w[k] - slope).abs() < 1e-6, "{} {slope}", gradient.w[k]);
    }
    let slope = residuals.iter().map(|r| r.clamp(-1.0, 1.0) / 8.0).sum::<f32>();
    assert!((gradient.b - slope).abs() < 1e-6);
}

/// Every size is a number; a scalar input and a scalar target.
#[network(
    input  x: [];
    input  y: [2];
    target t: [];
    loss = (a * x ^ 2 + sum(y * c) - t) ^ 2;
)]
pub struct Scalars {
    #[init(ones)]
    pub a: f64,
    pub c: [f64; 2],
}

#[test]
fn no_symbolic_size_and_scalar_inputs() {
    let (mut net, mut gradient, mut workspace) = (Scalars::init(0), Scalars::zeros(), Scalars::workspace());
    net.c = [2.0, -1.0];
    let loss = net.gradient(&mut workspace, arr0(3.0), [1.0, 4.0], arr0(5.0), &mut gradient);
    let residual = 9.0 + 2.0 - 4.0 - 5.0;
    assert_eq!((loss, gradient.a, gradient.c), (residual * residual, 2.0 * residual * 9.0, [4.0, 16.0]));
}
