//! `trace` in an attribute: what a network says where its numbers leave the finite range.

use crate::support::{assert_near, wave};
use chainrule::prelude::*;

#[network(f64, trace;
    input x: [B];
    y = exp(x * w);
    z = y - y[0];
    loss = sum(where(x > 100, y / z, y)) + sum(sqrt(v));
)]
struct Followed {
    w: f64,
    v: [f64; 2],
}

/// What is masked is -inf on the way to a finite loss.
#[network(f64, trace;
    input x: [B, 3];
    masked = where(x < 1.5, -inf, x * w);
    loss = sum(softmax(masked) * x);
)]
struct Masked {
    w: [f64; 3],
}

/// A mask before what is wrong.
#[network(f64, trace;
    input x: [B, 3];
    masked = where(x < 1.5, -inf, x * w);
    root = sqrt(w);
    loss = sum(softmax(masked) * x) + sum(root) + sum(root ^ 3);
)]
struct Rooted {
    w: [f64; 3],
}

/// Forward and backward need the logarithm, of which not every element is taken.
#[network(trace;
    input x: [B];
    y = where(x > 1, log(x - 2), x) * a;
    loss = sum(y);
)]
struct Chosen {
    a: f32,
}

#[network(file = "models/normalized.nn", trace)]
struct Traced;

#[network(file = "models/normalized.nn")]
struct Plain;

/// The message of a step with these numbers; `None` where it goes well.
fn message(x: &[f64], w: f64, v: [f64; 2]) -> Option<String> {
    let net = Followed { w, v };
    let x = ndarray::Array1::from(x.to_vec());
    let step = std::panic::AssertUnwindSafe(|| {
        let (mut workspace, mut gradient) = (Followed::workspace(x.len()), Followed::zeros());
        net.gradient(&mut workspace, &x, &mut gradient)
    });
    let panic = std::panic::catch_unwind(step).err()?;
    panic.downcast_ref::<String>().cloned()
}

#[test]
fn finite_numbers_say_nothing() {
    assert_eq!(message(&[1.0, 2.0], 1.0, [1.0, 2.0]), None);
}

#[test]
fn the_first_number_that_is_not_finite_is_named() {
    let text = message(&[1.0, 800.0], 1.0, [1.0, 2.0]).expect("an overflow");
    assert!(text.starts_with("Followed: the first number that is not finite, forward: y[1] = inf\n  --> "), "{text}");
    assert!(text.contains("network/traced.rs:8:5\n  y[i] = exp(x[i] * w)"), "{text}");
    assert!(text.contains("Followed: the first that is no number, forward: "), "{text}");
}

#[test]
fn slopes_and_given_numbers_are_named_too() {
    let text = message(&[1.0, 2.0], 1.0, [1.0, 0.0]).expect("the slope of a root at 0");
    assert!(text.contains("not finite, backward: d v[1] = inf"), "{text}");
    let text = message(&[1.0, f64::NAN], 1.0, [1.0, 1.0]).expect("no number");
    assert!(text.starts_with("Followed: the first number that is not finite, given: x[1] = NaN"), "{text}");
}

#[test]
fn infinities_on_the_way_to_finite_numbers_say_nothing() {
    let net = Masked { w: [1.0, 2.0, 3.0] };
    let x = ndarray::array![[1.0, 2.0, 3.0], [2.0, 1.0, 1.0]];
    let (mut workspace, mut gradient) = (Masked::workspace(2), Masked::zeros());
    assert!(net.gradient(&mut workspace, &x, &mut gradient).is_finite());
}

#[test]
fn a_mask_is_not_to_blame_for_what_comes_later() {
    // One number of each row is left, its root is none.
    let step = || {
        let (net, mut gradient) = (Rooted { w: [-1.0, 2.0, 3.0] }, Rooted::zeros());
        net.gradient(&mut Rooted::workspace(1), &ndarray::array![[1.0, 2.0, 3.0]], &mut gradient)
    };
    let panic = std::panic::catch_unwind(step).expect_err("the root of -1");
    let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(text.starts_with("Rooted: the first number that is not finite, forward: root[0] = NaN\n"), "{text}");
}

#[test]
fn what_a_condition_does_not_take_is_not_named() {
    let step = |x: [f32; 3]| {
        let step = move || {
            let (net, mut gradient) = (Chosen { a: 1.0 }, Chosen::zeros());
            net.gradient(&mut Chosen::workspace(3), ndarray::arr1(&x).view(), &mut gradient)
        };
        std::panic::catch_unwind(step).map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
    };
    assert_eq!(step([0.0, 3.0, 0.5]), Ok(0.5));
    let text = step([0.0, 3.0, 1.5]).expect_err("the logarithm of -1/2");
    assert!(text.starts_with("Chosen: the first number that is not finite, forward: y[2] = NaN"), "{text}");
}

#[test]
fn a_traced_network_computes_the_same() {
    let (x, t) = (wave(&[5, 4], 0.4), wave(&[5, 2], 3.0));
    let (mut traced, mut plain) = (Traced::init(3), Plain::init(3));
    let (mut own, mut other) = (Traced::zeros(), Plain::zeros());
    let (mut workspace, mut plain_workspace) = (Traced::workspace(5), Plain::workspace(5));
    for _ in 0..3 {
        let loss = traced.gradient(&mut workspace, &x, &t, &mut own);
        assert_near(&[loss], &[plain.gradient(&mut plain_workspace, &x, &t, &mut other)], 1e-12);
        assert_near(own.flat(), other.flat(), 1e-12);
        assert_near(traced.numbers(), plain.numbers(), 1e-12);
    }
}
