//! Products that leave out what lies beyond a diagonal: the numbers are those of the definitions, whatever the memory held.

use super::support::{Reference, assert_near, wave};
use chainrule::network::Network;
use chainrule::prelude::*;
use chainrule_compiler::eval::Tensor;
use std::collections::BTreeMap;

#[network(file = "models/causal.nn", network = "Causal")]
pub struct Causal;

#[network(file = "models/causal.nn", network = "Banded")]
pub struct Banded;

#[network(file = "models/causal.nn", network = "Before")]
pub struct Before;

/// The loss and the gradient of a network against the reference, in memory that held what is no number.
fn check<N: Network<Scalar = f64>>(gradient: &N, loss: f64, found: &BTreeMap<String, Tensor>) {
    assert_near(&[loss], &found["loss"].data, 1e-12);
    for parameter in N::DESCRIPTION.parameters {
        let own = &gradient.flat()[parameter.offset..][..parameter.len()];
        assert_near(own, &found[&format!("d {}", parameter.path)].data, 1e-11);
    }
}

macro_rules! checked {
    ($network:ident, $name:literal, $shape:expr, [$($size:expr),*]) => {{
        let (net, mut gradient, mut workspace) = ($network::init(5), $network::zeros(), $network::workspace($($size),*));
        let (x, t) = (wave(&$shape, 0.3), wave(&$shape, 1.1));
        let broken = x.mapv(|_| f64::NAN);
        assert!(net.gradient(&mut workspace, &broken, &t, &mut gradient).is_nan());
        let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
        let found = Reference::new(include_str!("models/causal.nn"), $name, &[]).training();
        let found = found.parameters(&*net).input("x", x.view()).input("t", t.view()).evaluate();
        check(&*gradient, loss, &found);
        let y: Vec<f64> = net.predict(&mut workspace, &x).iter().copied().collect();
        assert_near(&y, &found["y"].data, 1e-12);
    }};
}

#[test]
fn attention_sees_what_came_before() {
    for tokens in [1, 5, 17, 40, 70] {
        checked!(Causal, "Causal", [2, tokens, 6], [2, tokens]);
    }
}

#[test]
fn attention_sees_a_band() {
    for tokens in [3, 33, 70] {
        checked!(Banded, "Banded", [2, tokens, 3], [2, tokens]);
    }
}

#[test]
fn triangles_are_products() {
    for tokens in [2, 33, 90] {
        checked!(Before, "Before", [tokens, 40], [tokens]);
    }
}
