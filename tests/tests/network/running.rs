//! Running sums, as recurrences, against the definitions.

use super::support::{Reference, assert_near, check_gradient, check_slopes, wave};
use chainrule::prelude::*;

#[network(file = "models/running.nn")]
pub struct Running;

#[test]
fn sums_of_what_came_before_and_of_what_comes_behind() {
    let (x, t) = (wave(&[3, 33, 3], 0.4), wave(&[3, 40], 2.0));
    let (mut net, mut gradient, mut workspace) = (Running::init(3), Running::zeros(), Running::workspace(3));
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let reference = Reference::new(include_str!("models/running.nn"), "Running", &[]).parameters(&net);
    let reference = reference.input("x", &x).input("t", &t).evaluate();
    assert_near(&[loss], &reference["loss"].data, 1e-12);
    check_gradient(&*gradient, &reference);
    let y: Vec<f64> = net.predict(&mut workspace, &x).iter().copied().collect();
    assert_near(&y, &reference["y"].data, 1e-12);
    check_slopes(&mut *net, &gradient, |net| net.evaluate(&mut workspace, &x, &t).loss);
}
