//! Trajectories of four steps on three parameters, against numbers that were computed apart from this crate.

use super::*;

const GRADIENTS: [[f64; 3]; 4] = [[0.5, -2.0, 1e-3], [0.25, 1.0, 0.0], [-1.0, 3.0, -2e-3], [0.125, -0.5, 4e-3]];
const START: [f64; 3] = [1.0, -2.0, 0.5];

fn run(mut optimizer: impl Optimizer) -> [f64; 3] {
    let mut parameters = START;
    GRADIENTS.iter().for_each(|gradient| optimizer.update(Flat::new(&mut parameters, gradient)));
    parameters
}

fn run_f32(mut optimizer: impl Optimizer) -> [f64; 3] {
    let mut parameters = START.map(|number| number as f32);
    for gradient in GRADIENTS {
        optimizer.update(Flat::new(&mut parameters, &gradient.map(|number| number as f32)));
    }
    parameters.map(f64::from)
}

#[track_caller]
fn assert_close(found: [f64; 3], expected: [f64; 3], tolerance: f64) {
    let near = |(found, expected): (&f64, &f64)| (found - expected).abs() <= tolerance;
    assert!(found.iter().zip(&expected).all(near), "{found:?}, not {expected:?}");
}

#[test]
fn sgd_follows_its_formula() {
    assert_close(run(Sgd::new(0.1)), [1.0125, -2.15, 0.4997], 1e-15);
    assert_close(run(Sgd::new(0.1).momentum(0.9)), [0.9378, -2.1032, 0.4996361], 1e-15);
    let nesterov = || Sgd::new(0.1).momentum(0.9).nesterov(true);
    assert_close(run(nesterov()), [0.95652, -2.24288, 0.49937249], 1e-15);
    assert_close(run_f32(nesterov()), [0.95652, -2.24288, 0.49937249], 1e-6);
}

#[test]
fn rms_prop_follows_its_formula() {
    let keras = [0.9978130444885291, -2.000474264753475, 0.4976489087286749];
    assert_close(run(RmsProp::default()), keras, 1e-15);
    assert_close(run_f32(RmsProp::default()), keras, 1e-6);
    let torch = RmsProp::new(0.01).rho(0.99).epsilon(1e-8).epsilon_inside(false);
    assert_close(run(torch), [0.9316490935181166, -2.011984598088591, 0.40219676255932907], 1e-15);
    let momentum = || RmsProp::new(0.01).rho(0.95).epsilon(1e-6).momentum(0.8);
    assert_close(run(momentum()), [0.8841678947929213, -1.9771996645258938, 0.47539910163442745], 1e-15);
    let centered = [0.8785339261575139, -1.9745170711197537, 0.47525172398240795];
    assert_close(run(momentum().centered(true)), centered, 1e-15);
}

#[test]
fn adam_follows_its_formula() {
    let paper = [0.9983791371257438, -1.9993621678109168, 0.4982984986666205];
    assert_close(run(Adam::default()), paper, 1e-15);
    assert_close(run_f32(Adam::default()), paper, 1e-6);
    let other = Adam::new(0.1).beta1(0.5).beta2(0.9).epsilon(1e-3);
    assert_close(run(other), [0.9005519801127603, -2.0063127298899937, 0.424560395655336], 1e-15);
}

#[test]
fn dead_units_leave_no_subnormal_numbers() {
    let optimizers: [Box<dyn Optimizer>; 3] =
        [Box::new(Sgd::new(0.1).momentum(0.5)), Box::new(RmsProp::default().momentum(0.5)), Box::new(Adam::new(1e-3).beta2(0.5))];
    for mut optimizer in optimizers {
        let mut parameters = [1.0_f32; 40];
        optimizer.update(Flat::new(&mut parameters, &[1e-3; 40]));
        for _ in 0..2000 {
            optimizer.update(Flat::new(&mut parameters, &[0.0; 40]));
        }
        let before = parameters;
        optimizer.update(Flat::new(&mut parameters, &[0.0; 40]));
        assert_eq!(before, parameters);
    }
    assert_eq!(pass::flush(1e-39_f32), 0.0);
    assert_eq!(pass::flush(-1e-310_f64), 0.0);
    assert_eq!(pass::flush(1.2e-38_f32), 1.2e-38);
    assert!(pass::flush(f32::NAN).is_nan());
}

#[test]
fn another_length_starts_anew() {
    let mut adam = Adam::new(0.1);
    adam.update(Flat::new(&mut [0.0_f64; 2], &[1.0; 2]));
    assert_close(run(adam), run(Adam::new(0.1)), 0.0);
}

#[test]
fn slots_are_those_that_the_settings_need() {
    assert_eq!([Sgd::new(0.1).slots(), Sgd::new(0.1).momentum(0.9).slots()], [0, 1]);
    assert_eq!([RmsProp::default().slots(), RmsProp::default().centered(true).slots(), Adam::default().slots()], [1, 3, 2]);
}
