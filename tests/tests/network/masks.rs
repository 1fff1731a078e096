//! Loops that end where a mask does, against the reference evaluator.

use super::support::{Reference, assert_near, check_gradient, wave};
use chainrule::prelude::*;
use ndarray::ArrayD;

#[network(file = "models/masks.nn")]
pub struct Masks;

#[test]
fn what_is_behind_a_mask_is_as_the_evaluator_has_it() {
    for (rows, steps, others) in [(2, 1, 1), (1, 3, 40), (2, 16, 33), (1, 17, 16), (1, 33, 70), (2, 50, 31), (1, 64, 64)] {
        let (x, t) = (wave(&[rows, steps, 8], 0.3) * 2.0, wave(&[rows, steps, 8], 0.5));
        let (m, n) = (wave(&[steps, steps], 0.7), wave(&[steps, others], 0.9));
        let net = Masks::init(3);
        let (mut gradient, mut workspace) = (Masks::zeros(), Masks::workspace(rows, steps, others));
        let loss = net.gradient(&mut workspace, &x, &m, &n, &t, &mut gradient);
        let reference = Reference::new(include_str!("models/masks.nn"), "Masks", &[]).parameters(&*net);
        let reference = reference.input("x", x.view()).input("m", m.view()).input("n", n.view()).input("t", t.view());
        let reference = reference.evaluate();
        assert_near(&[loss], &reference["loss"].data, 1e-12);
        check_gradient(&*gradient, &reference);
        let outputs = net.predict(&mut workspace, &x, &m, &n);
        let outputs = [
            ("y", outputs.y.into_dyn()),
            ("sums", outputs.sums.into_dyn()),
            ("extrema", outputs.extrema.into_dyn()),
            ("squares", outputs.squares.into_dyn()),
        ];
        for (name, values) in outputs {
            assert_near(&values.iter().copied().collect::<Vec<f64>>(), &reference[name].data, 1e-13);
        }
    }
}

#[test]
fn rows_of_nothing_and_of_infinities_are_no_numbers_as_they_are_in_the_evaluator() {
    let (rows, steps) = (1, 40);
    let (m, n, t) = (wave(&[steps, steps], 0.7), wave(&[steps, 5], 0.9), wave(&[rows, steps, 8], 0.5));
    let net = Masks::init(3);
    let mut workspace = Masks::workspace(rows, steps, 5);
    let evaluated = |x: &ArrayD<f64>| {
        let reference = Reference::new(include_str!("models/masks.nn"), "Masks", &[]).parameters(&*net);
        let reference = reference.input("x", x.view()).input("m", m.view()).input("n", n.view()).input("t", t.view());
        reference.evaluate()["y"].data.clone()
    };
    let finite = wave(&[rows, steps, 8], 0.3);
    let mut x = finite.clone();
    x[[0, 20, 3]] = f64::INFINITY;
    x[[0, 30, 1]] = f64::NAN;
    // By definition 0 times an infinite number is no number, but what is behind a mask may be left out.
    let (defined, masked) = (evaluated(&x), evaluated(&finite));
    let y = net.predict(&mut workspace, &x, &m, &n).y.into_dyn();
    for (place, found) in y.iter().enumerate() {
        let is = |expected: f64| (found - expected).abs() <= 1e-12 || found.is_nan() && expected.is_nan();
        let is_before = place / 8 < 20;
        assert!(is(defined[place]) || is_before && is(masked[place]), "element {place} is {found}, expected {}", defined[place]);
    }
}
