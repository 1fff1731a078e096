//! Convolutions and pools, compiled: values and gradients against the reference evaluator and against differences.

use super::support::{Reference, assert_near, check_gradient, check_slopes, wave};
use chainrule::prelude::*;

#[network(file = "models/images.nn", network = "Tiles")]
pub struct Tiles;

#[network(file = "models/images.nn", network = "Steps")]
pub struct Steps;

#[network(file = "models/images.nn", network = "Grows")]
pub struct Grows;

#[network(file = "models/images.nn", network = "Odd")]
pub struct Odd;

const TEXT: &str = include_str!("models/images.nn");

#[test]
fn pools_that_tile() {
    let (x, t) = (wave(&[3, 2, 24, 22], 0.4), wave(&[3, 3], 2.0));
    let (mut net, mut gradient, mut workspace) = (Tiles::init(3), Tiles::zeros(), Tiles::workspace(3));
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let reference = Reference::new(TEXT, "Tiles", &[]).parameters(&net).input("x", &x).input("t", &t).evaluate();
    assert_near(&[loss], &reference["loss"].data, 1e-12);
    check_gradient(&*gradient, &reference);
    let y: Vec<f64> = net.predict(&mut workspace, &x).iter().copied().collect();
    assert_near(&y, &reference["y"].data, 1e-12);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &x, &t).loss);
}

#[test]
fn strides_groups_and_pools_that_overlap() {
    let (x, t) = (wave(&[3, 2, 17, 19], 0.7), wave(&[3, 3], 1.0));
    let (mut net, mut gradient, mut workspace) = (Steps::init(5), Steps::zeros(), Steps::workspace(3));
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let reference = Reference::new(TEXT, "Steps", &[]).parameters(&net).input("x", &x).input("t", &t).evaluate();
    assert_near(&[loss], &reference["loss"].data, 1e-12);
    check_gradient(&*gradient, &reference);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &x, &t).loss);
}

#[test]
fn transposed_convolutions_and_sequences() {
    let (x, s, t) = (wave(&[2, 2, 5, 6], 0.2), wave(&[2, 3, 9], 0.9), wave(&[2, 3], 1.5));
    let (mut net, mut gradient, mut workspace) = (Grows::init(7), Grows::zeros(), Grows::workspace(2, 9));
    let loss = net.gradient(&mut workspace, &x, &s, &t, &mut gradient);
    let reference = Reference::new(TEXT, "Grows", &[]).parameters(&net);
    let reference = reference.input("x", &x).input("s", &s).input("t", &t).evaluate();
    assert_near(&[loss], &reference["loss"].data, 1e-12);
    check_gradient(&*gradient, &reference);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &x, &s, &t).loss);
}

#[test]
fn pools_that_leave_a_column_over() {
    let (x, t) = (wave(&[2, 3, 3, 33], 0.4), wave(&[2, 8, 1, 16], 2.0));
    let (mut net, mut gradient, mut workspace) = (Odd::init(3), Odd::zeros(), Odd::workspace(2));
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let reference = Reference::new(TEXT, "Odd", &[]).parameters(&net).input("x", &x).input("t", &t).evaluate();
    assert_near(&[loss], &reference["loss"].data, 1e-12);
    check_gradient(&*gradient, &reference);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &x, &t).loss);
}
