//! Elementary functions in compiled loops, which vectorize, against the reference evaluator, which calls a library.

use super::support::{Reference, assert_near, check_gradient, wave};
use chainrule::prelude::*;

#[network(file = "models/elementary.nn")]
pub struct Elementary;

#[network(file = "models/recurrent.nn")]
pub struct Recurrent;

#[test]
fn steps_of_recurrences_and_rows_in_parts_are_those_of_the_evaluator() {
    for (rows, steps) in [(1, 1), (2, 2), (3, 5)] {
        let (x, t) = (wave(&[rows, steps, 3], 0.3) * 3.0, wave(&[rows, 2], 0.5));
        let net = Recurrent::init(7);
        let (mut gradient, mut workspace) = (Recurrent::zeros(), Recurrent::workspace(rows, steps));
        let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
        let reference = Reference::new(include_str!("models/recurrent.nn"), "Recurrent", &[]).parameters(&*net);
        let reference = reference.input("x", x.view()).input("t", t.view()).evaluate();
        assert_near(&[loss], &reference["loss"].data, 1e-12);
        check_gradient(&*gradient, &reference);
        let y = net.predict(&mut workspace, &x);
        assert_near(&y.iter().copied().collect::<Vec<f64>>(), &reference["y"].data, 1e-13);
    }
}

#[test]
fn elementary_functions_of_loops_are_those_of_the_evaluator() {
    for (rows, length) in [(1, 1), (3, 16), (5, 35), (2, 67)] {
        let (x, short, long) = (wave(&[rows, 41], 0.3) * 3.0, wave(&[rows, 11], 0.5) * 2.0, wave(&[length], 0.7));
        let net = Elementary::init(5);
        let (mut gradient, mut workspace) = (Elementary::zeros(), Elementary::workspace(rows, length));
        let loss = net.gradient(&mut workspace, &x, &short, &long, &mut gradient);
        let reference = Reference::new(include_str!("models/elementary.nn"), "Elementary", &[]).parameters(&*net);
        let reference = reference.input("x", x.view()).input("short", short.view()).input("long", long.view()).evaluate();
        assert_near(&[loss], &reference["loss"].data, 1e-12);
        check_gradient(&*gradient, &reference);
        let outputs = net.predict(&mut workspace, &x, &short, &long);
        let outputs = [("p", outputs.p.into_dyn()), ("q", outputs.q.into_dyn()), ("r", outputs.r.into_dyn())];
        for (name, values) in outputs {
            assert_near(&values.iter().copied().collect::<Vec<f64>>(), &reference[name].data, 1e-14);
        }
    }
}
