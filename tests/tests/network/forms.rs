//! Passes in two forms: the cheaper order of products depends on sizes, and the numbers do not depend on the order.

use super::support::{Reference, assert_near, check_slopes, wave};
use chainrule::prelude::*;

/// Attention without a softmax: the scores of all pairs first, or, for long sequences, keys by values first.
#[network(file = "models/linear_attention.nn")]
pub struct LinearAttention;

fn check(tokens: usize) {
    let mut net = LinearAttention::init(3);
    let mut workspace = LinearAttention::workspace(2, tokens);
    let (x, t) = (wave(&[2, tokens, 4], 0.3), wave(&[2, tokens, 3], 1.1));
    let mut gradient = LinearAttention::zeros();
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let found = Reference::new(include_str!("models/linear_attention.nn"), "LinearAttention", &[])
        .parameters(&*net)
        .input("x", x.view())
        .input("t", t.view())
        .evaluate();
    assert_near(&[loss, net.evaluate(&mut workspace, &x, &t).loss], &[found["loss"].data[0]; 2], 1e-12);
    let y: Vec<f64> = net.predict(&mut workspace, &x).iter().copied().collect();
    assert_near(&y, &found["y"].data, 1e-12);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &x, &t).loss);
}

#[test]
fn both_forms_compute_the_same_as_their_definitions() {
    let forms = LinearAttention::DERIVATIVES;
    assert!(forms.contains("products cost less in another order"), "{forms}");
    for tokens in [1, 2, 5, 8, 40, 130] {
        check(tokens);
    }
}

#[test]
fn one_workspace_serves_both() {
    let net = LinearAttention::init(3);
    let (mut large, mut small) = (LinearAttention::workspace(2, 130), LinearAttention::workspace(1, 3));
    let x = wave(&[1, 3, 4], 0.3);
    let own: Vec<f64> = net.predict(&mut small, &x).iter().copied().collect();
    net.predict(&mut large, wave(&[2, 130, 4], 0.7));
    let same: Vec<f64> = net.predict(&mut large, &x).iter().copied().collect();
    assert_eq!(own, same);
}
