//! Sums along rows in lanes, against the reference evaluator.

use super::support::{Reference, assert_near, check_gradient, wave};
use chainrule::prelude::*;

#[network(file = "models/rows.nn")]
pub struct Rows;

#[test]
fn sums_along_rows_of_any_length_are_those_of_the_evaluator() {
    for count in [1, 2, 7] {
        let [a, b, c, d, e] = [16, 19, 24, 31, 43].map(|length| wave(&[count, length], length as f64));
        let net = Rows::init(3);
        let (mut gradient, mut workspace) = (Rows::zeros(), Rows::workspace(count));
        let loss = net.gradient(&mut workspace, &a, &b, &c, &d, &e, &mut gradient);
        let mut reference = Reference::new(include_str!("models/rows.nn"), "Rows", &[]).parameters(&*net);
        for (name, values) in [("a", &a), ("b", &b), ("c", &c), ("d", &d), ("e", &e)] {
            reference = reference.input(name, values.view());
        }
        let reference = reference.evaluate();
        assert_near(&[loss], &reference["loss"].data, 1e-12);
        check_gradient(&*gradient, &reference);
        let outputs = net.predict(&mut workspace, &a, &b, &c, &d, &e);
        for (name, values) in [("sums", outputs.sums), ("places", outputs.places), ("most", outputs.most)] {
            assert_near(&values.iter().copied().collect::<Vec<f64>>(), &reference[name].data, 1e-13);
        }
    }
}
