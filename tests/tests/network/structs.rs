//! The struct that a user sees: its derives, its visibility, its size, its text.

use super::support::single;
use chainrule::network::{AsNetwork, Axis, Network};
use chainrule::prelude::*;
use ndarray::Array2;

mod inside {
    use chainrule::prelude::*;

    /// Visible to the parent alone, as is all that belongs to it.
    #[network(
        input  x: [B, 2];
        target t: [B];
        output y = x @ w;
        output twice = 2 * y;
        loss     = mse(y, t);
        metric offset = mean(y - t);
    )]
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub(super) struct Hidden {
        pub(super) w: [f32; 2],
    }
}

use inside::Hidden;

#[test]
fn derives_and_visibility_are_kept() {
    let copied = Hidden { w: [1.0, 2.0] };
    let also = copied;
    assert_eq!(copied, also);
    assert_eq!(Hidden::default(), *Hidden::zeros());
    let mut workspace = Hidden::workspace(1);
    let x = Array2::ones((1, 2));
    let report: inside::HiddenReport = copied.evaluate(&mut workspace, &x, [1.0]);
    assert_eq!((report.loss, report.offset), (4.0, 2.0));
    let outputs: inside::HiddenOutputs<'_> = copied.predict(&mut workspace, &x);
    assert_eq!((outputs.y[0], outputs.twice[0]), (3.0, 6.0));
}

/// Its parameters come from the equations, which begin with the type of their numbers.
#[network(
    f64;
    input x: [B, 2];
    output y = x |> Dense(3);
)]
pub struct Double;

#[test]
fn a_struct_without_fields_says_what_it_computes_in() {
    let mut network = Double::zeros();
    network.dense1.w[1][2] = 1.0 + f64::EPSILON;
    let mut workspace = Double::workspace(1);
    let y = network.predict(&mut workspace, Array2::from_elem((1, 2), 1.0_f64));
    assert_eq!(y[(0, 2)], 1.0 + f64::EPSILON);
}

/// Keras' first example.
#[network(
    input  x: [B, 784];
    target t: [B, 10];
    h      = relu(x |> hidden);
    logits = h |> out;
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Mnist {
    pub hidden: Dense<784, 512>,
    pub out: Dense<512, 10>,
}

#[test]
fn a_network_larger_than_a_stack_lives_on_the_heap() {
    let work = || {
        let mut net = Mnist::init(1);
        let (mut gradient, mut workspace, mut adam) = (Mnist::zeros(), Mnist::workspace(16), Adam::new(1e-3));
        let x = single(&super::support::wave(&[16, 784], 0.0));
        let t = Array2::from_shape_fn((16, 10), |(row, class)| f32::from(row % 10 == class));
        let first = net.gradient(&mut workspace, &x, &t, &mut gradient);
        adam.step(&mut net, &gradient);
        assert!(net.gradient(&mut workspace, &x, &t, &mut gradient) < first);
        net.predict(&mut workspace, &x).sum()
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work).expect("a thread");
    let sum = thread.join().expect("no overflow");
    assert!((sum - 16.0).abs() < 1e-4);
}

#[test]
fn the_description_says_what_the_source_says() {
    let description = Mnist::DESCRIPTION;
    assert_eq!((description.name, description.sizes, description.metrics), ("Mnist", &["B"][..], &["accuracy"][..]));
    let paths: Vec<_> =
        description.parameters.iter().map(|parameter| (parameter.path, parameter.shape, parameter.offset)).collect();
    let expected: [(&str, &[usize], usize); 4] = [
        ("hidden.w", &[784, 512], 0),
        ("hidden.b", &[512], 784 * 512),
        ("out.w", &[512, 10], 785 * 512),
        ("out.b", &[10], 785 * 512 + 5120),
    ];
    assert_eq!(paths, expected);
    assert_eq!(description.inputs[0].axes, [Axis::Symbol(0), Axis::Fixed(784)]);
    assert!(description.inputs[1].target && !description.inputs[0].target);
    assert_eq!(Mnist::zeros().flat().len(), 407_050);
    assert_eq!(Mnist::zeros().network().hidden.w[783][511], 0.0);
}

#[test]
fn the_derivative_can_be_read() {
    let text = Mnist::DERIVATIVES;
    for line in ["d logits", "d hidden.w = x.T @ ", "d out.w", "softmax(logits)"] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(!text.contains("log(softmax"), "{text}");
}

/// Layers as fields: the numbers of a type are what the layer finds in its data, then its configuration.
#[network(
    input  tok: [B, 6] in 0..9;
    target t: [B, 2];
    x = reshape(tok |> words, [B, 4, 3, 2]);
    z = x |> kernels |> normal |> relu;
    h = flatten(z) |> last |> scaled;
    output y = h |> rooted;
    loss = mse(y, t);
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    pub words: Embedding<9, 4>,
    pub kernels: Conv2d<4, 5, 2>,
    pub normal: BatchNorm<5>,
    pub last: Dense<10, 2>,
    pub scaled: LayerNorm<2>,
    pub rooted: RMSNorm<2>,
}

#[test]
fn every_layer_struct_is_a_field() {
    let (mut net, mut gradient, mut workspace) = (Layers::init(4), Layers::zeros(), Layers::workspace(3));
    let tok = Array2::from_shape_fn((3, 6), |(row, place)| ((row * 5 + place * 2) % 9) as i32);
    let t = Array2::from_shape_fn((3, 2), |(row, class)| (row as f32) - (class as f32));
    let first = net.gradient(&mut workspace, &tok, &t, &mut gradient);
    assert!(gradient.kernels.w.as_flattened().as_flattened().as_flattened().iter().any(|slope| *slope != 0.0));
    let mut sgd = Sgd::new(0.05);
    for _ in 0..20 {
        net.gradient(&mut workspace, &tok, &t, &mut gradient);
        sgd.step(&mut net, &gradient);
    }
    assert!(net.gradient(&mut workspace, &tok, &t, &mut gradient) < first);
    assert_eq!((net.states.normal.mean.len(), net.normal.gamma.len()), (5, 5));
}
