//! Windows along axes of any length, down to the smallest that is allowed: the numbers are those of the definitions, whatever the memory held.

use super::support::{Reference, assert_near, check_gradient, check_slopes, wave};
use chainrule::prelude::*;

const MODELS: &str = include_str!("models/windows.nn");

#[network(file = "models/windows.nn", network = "Sequences")]
pub struct Sequences;

#[network(file = "models/windows.nn", network = "Texts")]
pub struct Texts;

#[network(file = "models/windows.nn", network = "Images")]
pub struct Images;

#[network(file = "models/windows.nn", network = "Slices")]
pub struct Slices;

#[network(file = "models/windows.nn", network = "Correlation")]
pub struct Correlation;

/// Compares a network with the reference and with differences, in a workspace for larger sizes that holds what is no number.
macro_rules! check {
    ($network:ident, $workspace:expr, $($input:ident = $value:expr),+; $target:expr) => {{
        let workspace = &mut $workspace;
        let (mut net, mut broken, mut gradient) = ($network::init(5), $network::init(5), $network::zeros());
        $(let $input = $value;)+
        let t = $target;
        broken.flat_mut().fill(f64::NAN);
        broken.gradient(workspace, $(&$input,)+ &t, &mut gradient);
        let loss = net.gradient(workspace, $(&$input,)+ &t, &mut gradient);
        let reference = Reference::new(MODELS, stringify!($network), &[]).parameters(&net);
        let reference = reference$(.input(stringify!($input), &$input))+.input("t", &t).evaluate();
        assert_near(&[loss], &reference["loss"].data, 1e-12);
        check_gradient(&*gradient, &reference);
        let y: Vec<f64> = net.predict(workspace, $(&$input),+).iter().copied().collect();
        assert_near(&y, &reference["y"].data, 1e-12);
        check_slopes(&mut *net, &gradient, |net| net.evaluate(workspace, $(&$input,)+ &t).loss);
    }};
}

#[test]
fn windows_of_sequences() {
    let mut workspace = Sequences::workspace(3, 40);
    for length in [6, 7, 9, 23, 40] {
        check!(Sequences, workspace, x = wave(&[2, 3, length], 0.3); wave(&[2, 4], 1.1));
    }
}

#[test]
fn windows_of_texts() {
    let mut workspace = Texts::workspace(3, 30);
    for length in [4, 5, 11, 30] {
        let x = wave(&[3, length], 0.3).mapv(|number| (4.5 + 4.4 * number) as i32);
        check!(Texts, workspace, x = x; wave(&[3, 2], 1.1));
    }
}

#[test]
fn windows_of_images() {
    let mut workspace = Images::workspace(2, 21, 24);
    for [height, width] in [[10, 8], [11, 9], [13, 24], [21, 17]] {
        check!(Images, workspace, x = wave(&[2, 2, height, width], 0.3); wave(&[2, 3], 1.1));
    }
}

#[test]
fn slices_that_may_hold_nothing() {
    let mut workspace = Slices::workspace(33, 9);
    for length in [2, 3, 5, 33] {
        for rows in [1, 9] {
            check!(Slices, workspace, x = wave(&[length, rows, 4], 0.3); wave(&[rows, 5], 1.1));
        }
    }
}

#[test]
fn windows_of_a_length_that_is_not_known() {
    let mut workspace = Correlation::workspace(2, 30, 12);
    for [length, window] in [[1, 1], [8, 8], [20, 12], [30, 3]] {
        check!(Correlation, workspace, x = wave(&[2, length, 4], 0.3), k = wave(&[window, 4], 0.8); wave(&[2, 3], 1.1));
    }
}
