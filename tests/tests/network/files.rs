//! Networks in files that import others; what is stopped, and all parameters at once.

use super::support::{assert_near, check_slopes, wave};
use chainrule::network::Network;
use chainrule::prelude::*;
use ndarray::ArrayD;

#[network(file = "models/imported.nn", network = "Stopped")]
pub struct Stopped;

#[network(file = "models/imported.nn", network = "Given")]
pub struct Given;

#[test]
fn what_is_stopped_is_a_constant() {
    let (x, teacher) = (wave(&[5, 3], 0.4), wave(&[5, 3], 2.0));
    let (net, mut gradient, mut workspace) = (Stopped::init(2), Stopped::zeros(), Stopped::workspace(5));
    assert_eq!((net.residual1.dense1.w.len(), net.dense1.w.len()), (3, 3));
    let loss = net.gradient(&mut workspace, &x, &teacher, &mut gradient);
    let outputs = net.predict(&mut workspace, &x, &teacher);
    let (aim, sum): (ArrayD<f64>, f64) = (outputs.aim.to_owned().into_dyn(), outputs.y.sum());
    let report = net.evaluate(&mut workspace, &x, &teacher);
    let size = (&aim - &teacher).mapv(|h| h * h).sum().sqrt();
    assert_near(&[report.loss, report.size], &[loss, size], 1e-13);

    let (mut other, mut expected, mut memory) = (Given::init(0), Given::zeros(), Given::workspace(5));
    other.flat_mut().copy_from_slice(net.flat());
    let rest = other.gradient(&mut memory, &x, &aim, &mut expected);
    assert_near(&[loss], &[rest + sum / 5.0], 1e-13);
    assert_near(gradient.flat(), expected.flat(), 1e-13);
    check_slopes(&mut *other, &expected, |net| net.evaluate(&mut memory, &x, &aim).loss);
}

/// Cargo builds again what depends on a file: the list of these files, which the compiler writes beside the program, has all.
#[test]
fn imported_files_are_followed() {
    let list = std::env::current_exe().expect("this program").with_extension("d");
    let list = std::fs::read_to_string(&list).unwrap_or_else(|error| panic!("{}: {error}", list.display()));
    for file in ["models/imported.nn", "parts/blocks.nn", "parts/activations.nn"] {
        assert!(list.contains(file), "{file} is not in {list}");
    }
}
