//! Reductions that go from row to row, with neighbouring columns side by side, against the reference evaluator.

use super::support::{Reference, assert_near, check_gradient, wave};
use chainrule::network::Network;
use chainrule::prelude::*;
use chainrule::threads;

#[network(file = "models/columns.nn")]
pub struct Columns;

#[test]
fn reductions_along_columns_are_those_of_the_evaluator() {
    for (rows, steps, length) in [(1, 1, 1), (2, 3, 15), (3, 2, 16), (2, 5, 37), (1, 4, 64)] {
        let (x, y, z) = (wave(&[rows, steps, 50], 0.3) * 2.0, wave(&[rows, 7, length], 0.5) * 3.0, wave(&[rows, 20, 12], 0.7));
        let net = Columns::init(3);
        let (mut gradient, mut workspace) = (Columns::zeros(), Columns::workspace(rows, steps, length));
        let loss = net.gradient(&mut workspace, &x, &y, &z, &mut gradient);
        let reference = Reference::new(include_str!("models/columns.nn"), "Columns", &[]).parameters(&*net);
        let reference = reference.input("x", x.view()).input("y", y.view()).input("z", z.view()).evaluate();
        assert_near(&[loss], &reference["loss"].data, 1e-12);
        check_gradient(&*gradient, &reference);
        let outputs = net.predict(&mut workspace, &x, &y, &z);
        let outputs = [
            ("largest", outputs.largest),
            ("smallest", outputs.smallest),
            ("place", outputs.place),
            ("together", outputs.together),
            ("product", outputs.product),
            ("some", outputs.some),
            ("ratio", outputs.ratio),
            ("running", outputs.running),
        ];
        for (name, values) in outputs {
            assert_near(&values.iter().copied().collect::<Vec<f64>>(), &reference[name].data, 1e-13);
        }
    }
}

#[test]
fn reductions_along_columns_are_the_same_on_any_number_of_threads() {
    let (rows, steps, length) = (37, 9, 61);
    let (x, y, z) = (wave(&[rows, steps, 50], 0.3), wave(&[rows, 7, length], 0.5), wave(&[rows, 20, 12], 0.7));
    let on = |count: usize| {
        threads::set(count);
        let net = Columns::init(3);
        let (mut gradient, mut workspace) = (Columns::zeros(), Columns::workspace(rows, steps, length));
        let loss = net.gradient(&mut workspace, &x, &y, &z, &mut gradient);
        (loss.to_bits(), gradient.flat().iter().map(|number| number.to_bits()).collect::<Vec<u64>>())
    };
    let alone = on(1);
    for count in 2..5 {
        assert_eq!(alone, on(count), "{count} threads");
    }
}

#[test]
fn numbers_that_are_none_and_infinite_ones_stay_in_their_columns() {
    let (mut x, y, mut z) = (wave(&[2, 4, 50], 0.3), wave(&[2, 7, 19], 0.5), wave(&[2, 20, 12], 0.7));
    x[[0, 2, 17]] = f64::NAN;
    z[[1, 3, 5]] = f64::NEG_INFINITY;
    z.slice_mut(ndarray::s![1, .., 7]).fill(f64::NEG_INFINITY);
    let net = Columns::init(3);
    let mut workspace = Columns::workspace(2, 4, 19);
    let reference = Reference::new(include_str!("models/columns.nn"), "Columns", &[]).parameters(&*net);
    let reference = reference.input("x", x.view()).input("y", y.view()).input("z", z.view()).evaluate();
    let outputs = net.predict(&mut workspace, &x, &y, &z);
    for (name, values) in [("largest", outputs.largest), ("place", outputs.place), ("some", outputs.some)] {
        for (place, (found, expected)) in values.iter().zip(&reference[name].data).enumerate() {
            let near = (found - expected).abs() <= 1e-13 * (1.0 + expected.abs());
            let same = found == expected || found.is_nan() && expected.is_nan();
            assert!(near || same, "{name} {place} is {found}, expected {expected}");
        }
    }
}
