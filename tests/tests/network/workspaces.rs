//! One workspace for several calls and for smaller batches; and arguments that do not fit.

use super::support::wave;
use chainrule::prelude::*;
use ndarray::{Array1, Array2, ArrayD};

/// Three classes from four features.
#[network(
    input  x: [B, 4];
    target t: [B] in 0..3;
    h      = relu(x |> first);
    logits = h |> second;
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
)]
pub struct Classes {
    pub first: Dense<4, 6, f64>,
    pub second: Dense<6, 3, f64>,
}

fn samples(count: usize) -> (ArrayD<f64>, Array1<i32>) {
    (wave(&[count, 4], 0.4), Array1::from_shape_fn(count, |row| (row % 3) as i32))
}

#[test]
fn calls_share_a_workspace() {
    let ((x, t), net) = (samples(9), Classes::init(1));
    let (mut once, mut again, mut workspace) = (Classes::zeros(), Classes::zeros(), Classes::workspace(9));
    let before = net.predict(&mut workspace, &x).to_owned();
    let loss = net.gradient(&mut workspace, &x, &t, &mut once);
    assert_eq!(net.predict(&mut workspace, &x), before);
    net.evaluate(&mut workspace, &x, &t);
    again.first.w[1][2] = f64::NAN;
    assert_eq!(net.gradient(&mut workspace, &x, &t, &mut again), loss);
    assert_eq!(once.first, again.first);
    assert_eq!(once.second, again.second);
}

#[test]
fn a_smaller_batch_leaves_the_rest_of_the_workspace_alone() {
    let net = Classes::init(2);
    let mut large = Classes::workspace(64);
    let (x, t) = samples(64);
    net.gradient(&mut large, &x, &t, &mut Classes::zeros());
    for count in [1, 2, 5, 63] {
        let (x, t) = samples(count);
        let (mut found, mut expected, mut exact) = (Classes::zeros(), Classes::zeros(), Classes::workspace(count));
        let losses = [net.gradient(&mut large, &x, &t, &mut found), net.gradient(&mut exact, &x, &t, &mut expected)];
        assert_eq!(losses[0], losses[1], "{count} samples");
        assert_eq!(found.first, expected.first, "{count} samples");
        assert_eq!(net.predict(&mut large, &x), net.predict(&mut exact, &x));
        assert_eq!(net.predict(&mut large, &x).shape(), [count, 3]);
    }
}

#[test]
#[should_panic(expected = "Classes: the workspace is for sizes up to [3], but the arguments have [4]; make a larger one with \
                           `Classes::workspace`")]
fn a_larger_batch_than_the_workspace() {
    let (x, t) = samples(4);
    Classes::init(0).gradient(&mut Classes::workspace(3), &x, &t, &mut Classes::zeros());
}

#[test]
#[should_panic(expected = "the workspace is for sizes up to [3], but the arguments have [4]")]
fn a_larger_batch_to_predict() {
    Classes::init(0).predict(&mut Classes::workspace(3), samples(4).0);
}

#[test]
#[should_panic(expected = "Classes: `x` must have the shape [B, 4], but has [3, 5]")]
fn a_wrong_axis() {
    Classes::init(0).predict(&mut Classes::workspace(3), wave(&[3, 5], 0.0));
}

#[test]
#[should_panic(expected = "`x` must have the shape [B, 4], but has [12]")]
fn a_missing_axis() {
    Classes::init(0).predict(&mut Classes::workspace(3), vec![0.0; 12]);
}

#[test]
#[should_panic(expected = "`t` must have the shape [B], but has [2]; B is 3 in what came before it")]
fn inputs_of_different_lengths() {
    let (x, _) = samples(3);
    Classes::init(0).gradient(&mut Classes::workspace(3), &x, [0, 1], &mut Classes::zeros());
}

#[test]
#[should_panic(expected = "`t` takes integers in 0..3, but element 1 is 3")]
fn a_class_that_is_not_there() {
    let (x, _) = samples(3);
    Classes::init(0).gradient(&mut Classes::workspace(3), &x, [0, 3, 1], &mut Classes::zeros());
}

#[test]
#[should_panic(expected = "the elements of `x` do not stand in row-major order")]
fn a_transposed_view() {
    let x = Array2::<f64>::zeros((4, 3));
    Classes::init(0).predict(&mut Classes::workspace(3), x.t());
}

#[test]
fn a_batch_of_none() {
    let net = Classes::init(0);
    let p = net.predict(&mut Classes::workspace(3), Array2::<f64>::zeros((0, 4))).to_owned();
    assert_eq!(p.shape(), [0, 3]);
}

/// Lengths that shrink while a size grows: what is left of pairs, and where a kernel of any length fits.
#[network(f64;
    input x: [N];
    input k: [K];
    param w: [] = ones;
    odd    = x[2 * floor(N / 2)..];
    rest   = cumsum(concat([odd, odd * odd], axis = 0)) * w;
    y[i]   = sum[u](x[i + u] * k[u] * w);
    z      = tanh(y) * y;
    square = stack([z, y], axis = 1) @ stack([y, z], axis = 0);
    output rest_out = rest * 2;
    output z_out = z;
    state last: [] = zeros;
    update last = sum(rest);
    loss = sum(sin(square)) / (K * N) + sum(cos(z)) + sum(rest);
)]
#[derive(Debug)]
pub struct Shrinking;

#[test]
fn lengths_that_shrink_while_a_size_grows() {
    let mut large = Shrinking::workspace(12, 8);
    for (n, k) in [(12, 8), (11, 1), (1, 1), (12, 1), (9, 3), (8, 8)] {
        let (x, kernel) = (wave(&[n], 0.3), wave(&[k], 0.8));
        let (mut net, mut exact) = (Shrinking::init(0), Shrinking::workspace(n, k));
        let (mut found, mut expected) = (Shrinking::zeros(), Shrinking::zeros());
        assert_eq!(
            net.gradient(&mut large, &x, &kernel, &mut found),
            net.gradient(&mut exact, &x, &kernel, &mut expected),
            "{n} {k}"
        );
        assert_eq!(found.w, expected.w, "{n} {k}");
        assert_eq!(net.evaluate(&mut large, &x, &kernel).loss, net.evaluate(&mut exact, &x, &kernel).loss, "{n} {k}");
        let outputs = net.predict(&mut large, &x, &kernel);
        assert_eq!((outputs.rest_out.len(), outputs.z_out.len()), (2 * (n % 2), n - k + 1));
    }
}
