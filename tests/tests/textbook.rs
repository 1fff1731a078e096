//! The numbers of textbooks and lectures, computed by compiled networks and the optimizers of the runtime.

use chainrule::optim::Lbfgs;
use chainrule::prelude::*;
use chainrule::schedule::PolynomialDecay;
use chainrule::train;
use ndarray::{Array1, Array2, arr0};

/// y = b₁·x through (2, 5), (1, 2), (3, 6), (4, 6), with half of the mean squared error.
#[network(
    input  x: [N];
    target y: [N];
    loss = mean((b1 * x - y) ^ 2) / 2;
)]
#[derive(Clone, Debug, PartialEq)]
struct Slope {
    b1: f64,
}

const X: [f64; 4] = [2.0, 1.0, 3.0, 4.0];
const Y: [f64; 4] = [5.0, 2.0, 6.0, 6.0];

/// The slopes after each step from 10 at the rate 0.1, in batches of that size.
fn descent(batch: usize) -> Vec<f64> {
    let (mut line, mut gradient) = (Slope { b1: 10.0 }, Slope { b1: 0.0 });
    let (mut workspace, mut optimizer) = (Slope::workspace(4), Sgd::new(0.1));
    let mut path = Vec::new();
    for (x, y) in X.chunks(batch).zip(Y.chunks(batch)) {
        line.gradient(&mut workspace, x, y, &mut gradient);
        optimizer.step(&mut line, &gradient);
        path.push(line.b1);
    }
    path
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found}, not {expected}");
}

#[test]
fn descent_in_batches_of_every_size() {
    // One sample at a time: b ← b - 0.1·(b·x - y)·x, by hand 10 → 7 → 6.5 → 2.45 → 0.93.
    let stochastic = descent(1);
    [7.0, 6.5, 2.45, 0.93].iter().zip(&stochastic).for_each(|(expected, found)| near(*found, *expected, 1e-12));
    // All at once: Σ x² = 30, Σ x·y = 54, so b - 0.1·(30·b - 54)/4.
    near(descent(4)[0], 10.0 - 0.1 * (300.0 - 54.0) / 4.0, 1e-12);
    // Two at a time: (5·b - 12)/2, then (25·b - 42)/2.
    let first: f64 = 10.0 - 0.1 * (50.0 - 12.0) / 2.0;
    near(descent(2)[0], first, 1e-12);
    near(descent(2)[1], first - 0.1 * (25.0 * first - 42.0) / 2.0, 1e-12);
}

/// Two inputs, two hidden units, one output, sigmoid everywhere.
#[network(
    input  x: [2];
    target t: [];
    h = sigmoid(x @ w1);
    output y = sigmoid(h @ w2);
    loss = (y - t) ^ 2 / 2;
)]
#[derive(Clone, Debug, PartialEq)]
struct Sigmoids {
    w1: [[f64; 2]; 2],
    w2: [f64; 2],
}

#[test]
fn two_two_one_sigmoids() {
    let mut net = Sigmoids { w1: [[0.3, 0.4], [0.2, 0.1]], w2: [0.1, 0.2] };
    let (mut gradient, mut workspace) = (Sigmoids::zeros(), Sigmoids::workspace());
    let error = net.gradient(&mut workspace, [1.0, 1.0], arr0(1.0), &mut gradient);
    near(error, 0.103, 5e-4);
    near(net.predict(&mut workspace, [1.0, 1.0]), 0.547, 5e-4);
    near(gradient.w2[0], -0.06995, 5e-6);
    near(gradient.w1[0][0], -0.002641, 5e-7);
    Sgd::new(0.01).step(&mut net, &*gradient);
    near(net.w2[0], 0.1006995, 5e-8);
    near(net.w1[0][0], 0.3000264, 5e-8);
}

#[network(
    loss = (x + y) * z;
)]
#[derive(Clone, Debug, PartialEq)]
struct Graph {
    x: f64,
    y: f64,
    z: f64,
}

#[test]
fn the_graph_of_a_sum_and_a_product() {
    let (mut graph, mut gradient) = (Graph { x: -2.0, y: 5.0, z: -4.0 }, Graph { x: 0.0, y: 0.0, z: 0.0 });
    assert_eq!(graph.gradient(&mut Graph::workspace(), &mut gradient), -12.0);
    assert_eq!(gradient, Graph { x: -4.0, y: -4.0, z: 3.0 });
    Sgd::new(0.5).step(&mut graph, &gradient);
    assert_eq!(graph, Graph { x: 0.0, y: 7.0, z: -5.5 });
}

/// One layer: softmax regression of the digits.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    logits = x |> layer;
    loss   = cross_entropy(logits, t) + 1e-3 * l2(layer.w);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
#[derive(Clone, Debug, PartialEq)]
struct SoftmaxRegression {
    layer: Dense<64, 10>,
}

#[test]
fn softmax_regression_separates_the_digits() {
    let (train, test) = data::digits().expect("the digits").split(0.8, 7);
    let mut net = SoftmaxRegression::init(1);
    let mut trainer = Trainer::new(Sgd::new(0.2).momentum(0.9)).epochs(30).batch_size(64).validate(&test).quiet();
    let history = trainer.fit(&mut net, &train).expect("it fits");
    assert!(history.last("val_accuracy") > Some(0.94), "{:?}", history.last("val_accuracy"));
}

/// A line between two clouds of points, once by the logistic loss, once by the hinge.
#[network(
    input  x: [B, 2];
    target t: [B];
    z = x @ w + b;
    loss = binary_cross_entropy(z, (t + 1) / 2) + 1e-2 * l2(w);
    metric accuracy = mean(z * t > 0);
)]
#[derive(Clone, Debug, PartialEq)]
struct Logistic {
    w: [f64; 2],
    b: f64,
}

#[network(
    input  x: [B, 2];
    target t: [B];
    s = x @ w + b;
    loss = hinge(s, t) + 1e-2 * l2(w);
    metric accuracy = mean(s * t > 0);
)]
#[derive(Clone, Debug, PartialEq)]
struct LinearSvm {
    w: [f64; 2],
    b: f64,
}

/// Points around (1, 1) with the mark 1 and around (-1, -1) with the mark -1.
fn clouds() -> (Array2<f64>, Array1<f64>) {
    let marks = Array1::from_shape_fn(200, |sample| if sample % 2 == 0 { 1.0 } else { -1.0 });
    let noise = |place: usize| (place * 7919 % 1009) as f64 / 1009.0 - 0.5;
    let points = Array2::from_shape_fn((200, 2), |(sample, axis)| marks[sample] + 1.6 * noise(2 * sample + axis));
    (points, marks)
}

fn single(x: &Array2<f64>, t: &Array1<f64>) -> Dataset {
    Dataset::new(x.mapv(|x| x as f32), t.mapv(|t| t as f32)).expect("same length")
}

#[test]
fn logistic_regression_by_quasi_newton_steps() {
    let (x, t) = clouds();
    let (mut net, mut workspace) = (Logistic::init(1), Logistic::workspace(200));
    let mut method = Lbfgs::default().tolerance(1e-10);
    let found = method.minimize(&mut net, |net, gradient| net.gradient(&mut workspace, &x, &t, gradient));
    assert!(found.converged && found.iterations < 30, "{found:?}");
    let accuracy = train::evaluate(&net, &single(&x, &t), 64).expect("it fits")[1];
    assert_eq!(accuracy, ("accuracy", 1.0));
}

/// The chance to pass an exam by the hours of study: one input, the numbers of the article "Logistic regression" of Wikipedia.
#[network(
    input  x: [B];
    target t: [B];
    z = slope * x + offset;
    output p = sigmoid(z);
    loss = binary_cross_entropy(z, t);
)]
#[derive(Clone, Debug, PartialEq)]
struct Exam {
    slope: f64,
    offset: f64,
}

#[test]
fn logistic_regression_of_an_exam() {
    #[rustfmt::skip]
    let hours = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0, 4.25, 4.5, 4.75, 5.0, 5.5];
    #[rustfmt::skip]
    let passed = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    let (mut net, mut workspace) = (Exam { slope: 0.0, offset: 0.0 }, Exam::workspace(20));
    let found =
        Lbfgs::default().tolerance(1e-9).minimize(&mut net, |net, slopes| net.gradient(&mut workspace, hours, passed, slopes));
    assert!(found.converged, "{found:?}");
    near(net.slope, 1.5046, 5e-5);
    near(net.offset, -4.0777, 5e-5);
    [0.07, 0.26, 0.61, 0.87, 0.97]
        .iter()
        .zip(net.predict(&mut workspace, [1.0, 2.0, 3.0, 4.0, 5.0]).iter())
        .for_each(|(expected, found)| near(*found, *expected, 5e-3));
}

/// (1, 1) and (3, 3) are the nearest points of the two sides, so the widest street has w = (1/2, 1/2) and b = -2.
#[test]
fn a_support_vector_machine_finds_the_widest_street() {
    let points = ndarray::array![[1.0_f32, 1.0], [0.0, 1.0], [1.0, -1.0], [3.0, 3.0], [3.0, 5.0], [5.0, 4.0]];
    let data = Dataset::new(points, ndarray::array![-1.0_f32, -1.0, -1.0, 1.0, 1.0, 1.0]).expect("same length");
    let mut net = LinearSvm { w: [0.0; 2], b: 0.0 };
    let schedule = PolynomialDecay { initial: 0.1, last: 0.0, span: 20_000, power: 1.0 };
    Trainer::new(Sgd::default()).schedule(schedule).epochs(20_000).quiet().fit(&mut net, &data).expect("it fits");
    net.w.iter().zip([0.5; 2]).for_each(|(found, expected)| near(*found, expected, 5e-3));
    near(net.b, -2.0, 1e-2);
}

#[test]
fn a_support_vector_machine_has_a_margin() {
    let (x, t) = clouds();
    let data = single(&x, &t);
    let mut net = LinearSvm::init(1);
    let mut trainer = Trainer::new(Sgd::new(0.05)).epochs(100).batch_size(20).quiet();
    assert_eq!(trainer.fit(&mut net, &data).expect("it fits").last("accuracy"), Some(1.0));
    // Few points stand within the margin, and the optimum has w along (1, 1).
    let inside = x.rows().into_iter().zip(&t).filter(|(x, t)| *t * (x[0] * net.w[0] + x[1] * net.w[1] + net.b) < 0.999).count();
    assert!(inside < 40 && (net.w[0] / net.w[1] - 1.0).abs() < 0.4, "{inside} {net:?}");
}

/// Seven layers with sigmoids between them.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h1 = sigmoid(x |> l1);
    h2 = sigmoid(h1 |> l2);
    h3 = sigmoid(h2 |> l3);
    h4 = sigmoid(h3 |> l4);
    h5 = sigmoid(h4 |> l5);
    h6 = sigmoid(h5 |> l6);
    loss = cross_entropy(h6 |> l7, t);
)]
#[derive(Clone, Debug, PartialEq)]
struct DeepSigmoid {
    l1: Dense<64, 32>,
    l2: Dense<32, 32>,
    l3: Dense<32, 32>,
    l4: Dense<32, 32>,
    l5: Dense<32, 32>,
    l6: Dense<32, 32>,
    l7: Dense<32, 10>,
}

/// The same with relus.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h1 = relu(x |> l1);
    h2 = relu(h1 |> l2);
    h3 = relu(h2 |> l3);
    h4 = relu(h3 |> l4);
    h5 = relu(h4 |> l5);
    h6 = relu(h5 |> l6);
    loss = cross_entropy(h6 |> l7, t);
)]
#[derive(Clone, Debug, PartialEq)]
struct DeepRelu {
    l1: Dense<64, 32>,
    l2: Dense<32, 32>,
    l3: Dense<32, 32>,
    l4: Dense<32, 32>,
    l5: Dense<32, 32>,
    l6: Dense<32, 32>,
    l7: Dense<32, 10>,
}

/// How many times smaller the gradient of the first layer's weights is than that of the last but one.
fn shrinks<N: AsNetwork>(net: &mut N) -> f64 {
    let (train, _) = data::digits().expect("the digits").split(0.8, 7);
    let mut trainer = Trainer::new(Sgd::new(0.0)).epochs(1).batch_size(128).gradient_norms(true).quiet();
    let norms = trainer.fit(net, &train).expect("it fits").gradient_norms(0);
    let norm = |path: &str| norms.iter().find(|(known, _)| *known == path).expect("a parameter").1;
    norm("l6.w") / norm("l1.w")
}

#[test]
fn gradients_explode_where_weights_are_too_large() {
    let (train, _) = data::digits().expect("the digits").split(0.8, 7);
    let global = |scale: f32| {
        let mut net = DeepRelu::init(1);
        AsNetwork::network_mut(&mut net).flat_mut().iter_mut().for_each(|number| *number *= scale);
        let mut trainer = Trainer::new(Sgd::new(0.0)).epochs(1).batch_size(128).gradient_norms(true).quiet();
        trainer.fit(&mut net, &train).expect("it fits").global_gradient_norm(0).expect("measured")
    };
    // Biases are 0 and relus are homogeneous, so the slope by one of seven matrices grows by 3^6, and further as the outputs,
    // 3^7 times as large, are sure of what is mostly wrong.
    let grows = global(3.0) / global(1.0);
    assert!(grows > 3.0_f64.powi(6), "{grows}");
}

#[test]
fn gradients_vanish_behind_sigmoids_and_not_behind_relus() {
    let (sigmoids, relus) = (shrinks(&mut DeepSigmoid::init(1)), shrinks(&mut DeepRelu::init(1)));
    assert!(sigmoids > 50.0 && relus < 5.0, "{sigmoids} {relus}");
}

/// Batch normalization, its gradient, and what the lecture says it is: (γ/σ)·(d - mean(d) - x̂·mean(d·x̂)).
#[network(
    input x: [B, 3];
    input d: [B, 3];
    mu = mean(x, axis = 0);
    s = rsqrt(mean((x - mu) ^ 2, axis = 0) + 1e-5);
    normal = (x - mu) * s;
    y = gamma * normal;
    output dx = grad(sum(y * d), x);
    output formula = gamma * s * (d - mean(d, axis = 0) - normal * mean(d * normal, axis = 0));
)]
#[derive(Clone, Debug, PartialEq)]
struct Normalization {
    gamma: [f64; 3],
}

#[test]
fn the_gradient_of_batch_normalization_is_that_of_the_lecture() {
    let array = |shift: f64| Array2::from_shape_fn((5, 3), |(i, j)| (shift + 1.7 * i as f64 + 0.9 * (i * j) as f64).sin());
    let (net, mut workspace) = (Normalization { gamma: [0.5, 1.0, 2.0] }, Normalization::workspace(5));
    let found = net.predict(&mut workspace, array(0.0), array(1.0));
    found.dx.iter().zip(&found.formula).for_each(|(found, expected)| near(*found, *expected, 1e-12));
    assert!(found.dx.iter().any(|slope| slope.abs() > 0.1));
}

/// Keras' first example.
#[network(
    input  x: [B, 784];
    target t: [B] in 0..10;
    logits = x |> hidden |> relu |> out;
    loss   = cross_entropy(logits, t);
    metric accuracy = mean(argmax(logits) == t);
)]
#[derive(Clone, Debug, PartialEq)]
struct Mnist {
    hidden: Dense<784, 512>,
    out: Dense<512, 10>,
}

/// On 8,000 of the 10,000 test images of MNIST, where `CHAINRULE_MNIST` names the folder with their IDX files.
#[test]
fn five_epochs_of_mnist() {
    let Some(folder) = std::env::var_os("CHAINRULE_MNIST").map(std::path::PathBuf::from) else {
        return eprintln!(
            "skipped: CHAINRULE_MNIST names no folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz"
        );
    };
    let images = data::idx(folder.join("t10k-images-idx3-ubyte.gz")).expect("images").to_real() / 255.0;
    let images = images.into_shape_with_order((10_000, 784)).expect("pixels in a row");
    let labels = data::idx(folder.join("t10k-labels-idx1-ubyte.gz")).expect("labels");
    let (train, test) = Dataset::new(images, labels).expect("same length").split(0.8, 1);
    let mut net = Mnist::init(42);
    let mut trainer = Trainer::new(RmsProp::default()).epochs(5).batch_size(128).validate(&test).quiet();
    let history = trainer.fit(&mut net, &train).expect("it fits");
    assert!(history.last("val_accuracy") > Some(0.94), "{:?}", history.last("val_accuracy"));
}
