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
fn adam_has_relatives() {
    let l2 = [0.807543070895657, -1.9075421516979363, 0.11303703536522143];
    assert_close(run(Adam::new(0.1).weight_decay(0.1)), l2, 1e-14);
    let decoupled = [0.8031285029251966, -1.8605195219943886, 0.3141113071879747];
    assert_close(run(AdamW::new(0.1).weight_decay(0.1)), decoupled, 1e-14);
    assert_close(run_f32(AdamW::new(0.1).weight_decay(0.1)), decoupled, 1e-6);
    // Keras' form: √v + ε with the corrections in the rate; and no corrections at all.
    let keras = Adam::new(0.1).epsilon(0.1).epsilon_hat(true);
    assert_close(run(keras), [0.9806376999403603, -1.9843350272679725, 0.49991748964247124], 1e-14);
    assert_close(
        run(Adam::new(0.1).bias_correction(false)),
        [0.4469009572153396, -1.8934642589875268, -0.1346238071556834],
        1e-14,
    );
    let largest = [0.890018250386136, -1.9925228681341844, 0.3697396996387501];
    assert_close(run(Adam::new(0.1).beta1(0.5).beta2(0.5).amsgrad(true)), largest, 1e-14);
    let torch = [0.9985049016191498, -2.0002601061029304, 0.4976037775693191];
    assert_close(run(Nadam::default()), torch, 1e-14);
    let keras = Nadam::new(0.1).epsilon(1e-7).momentum_decay(1.0);
    assert_close(run(keras), [0.9204851047388496, -2.007799705992751, 0.3822205955215041], 1e-14);
}

#[test]
fn adagrad_and_adadelta_follow_their_formulas() {
    let torch = [0.9931719273674791, -2.0011654408554285, 0.49021555709103554];
    assert_close(run(Adagrad::default()), torch, 1e-14);
    assert_close(run_f32(Adagrad::default()), torch, 1e-6);
    let keras = Adagrad::new(1e-3).initial(0.1).epsilon(1e-7).epsilon_inside(true);
    assert_close(run(keras), [0.999502403890646, -2.0001220223940512, 0.4999905143574118], 1e-14);
    let decayed = Adagrad::new(0.1).weight_decay(0.5);
    assert_close(run(decayed), [0.8467455118608269, -1.9203619585067573, 0.2532995614556995], 1e-14);
    let paper = [0.9983165776835712, -2.0020348137364046, 0.4980716005779394];
    assert_close(run(Adadelta::default()), paper, 1e-14);
    let keras = Adadelta::new(1e-3).rho(0.95).epsilon(1e-7);
    assert_close(run(keras), [0.999999268686985, -2.000000887292256, 0.49999871152972203], 1e-14);
}

#[test]
fn weight_decay_is_an_l2_term() {
    assert_close(run(Sgd::new(0.1).weight_decay(0.5)), [0.831575, -1.7827875, 0.4069573875], 1e-14);
    let momentum = Sgd::new(0.1).weight_decay(0.5).momentum(0.9);
    assert_close(run(momentum), [0.54065, -1.3195125, 0.2903167125], 1e-14);
}

#[test]
fn a_velocity_includes_the_rate_or_not() {
    let moved = |inside: bool| {
        let mut optimizer = Sgd::new(0.1).momentum(0.5).rate_in_velocity(inside);
        let mut parameters = [1.0_f64];
        optimizer.update(Flat::new(&mut parameters, &[1.0]));
        optimizer.set_learning_rate(0.01);
        optimizer.update(Flat::new(&mut parameters, &[1.0]));
        parameters[0]
    };
    // Inside: 1 - 0.1 - (0.05 + 0.01); outside: 1 - 0.1 - 0.01·(0.5 + 1).
    assert!((moved(true) - 0.84).abs() < 1e-15 && (moved(false) - 0.885).abs() < 1e-15);
}

#[test]
fn gradients_are_clipped() {
    use crate::linear::Linear;
    let filled = |numbers: &[f64]| {
        let mut gradient = Linear::<f64>::zeroed();
        gradient.flat_mut()[..numbers.len()].copy_from_slice(numbers);
        gradient
    };
    let mut gradient = filled(&[3.0, -4.0]);
    assert_eq!(clip_by_norm(&mut *gradient, 10.0), 5.0);
    assert_eq!(gradient.flat()[..2], [3.0, -4.0]);
    assert_eq!(clip_by_norm(&mut *gradient, 1.0), 5.0);
    assert_close([gradient.flat()[0], gradient.flat()[1], norm(&*gradient)], [0.6, -0.8, 1.0], 1e-15);
    let mut gradient = filled(&[3.0, -4.0, 0.5, f64::NAN]);
    clip_by_value(&mut *gradient, 1.0);
    assert_eq!(gradient.flat()[..3], [1.0, -1.0, 0.5]);
    assert!(gradient.flat()[3].is_nan() && clip_by_norm(&mut *gradient, 1.0).is_nan());
    assert_eq!(gradient.flat()[..3], [1.0, -1.0, 0.5]);
}

#[test]
fn dead_units_leave_no_subnormal_numbers() {
    let optimizers: [Box<dyn Optimizer>; 5] = [
        Box::new(Sgd::new(0.1).momentum(0.5)),
        Box::new(RmsProp::default().momentum(0.5)),
        Box::new(Adam::new(1e-3).beta2(0.5)),
        Box::new(Nadam::new(1e-3).beta2(0.5)),
        Box::new(Adadelta::default().rho(0.5)),
    ];
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
    assert_eq!([Adagrad::default().slots(), Adadelta::default().slots(), Adam::default().amsgrad(true).slots()], [1, 2, 3]);
    assert_eq!([RmsProp::default().slots(), RmsProp::default().centered(true).slots(), Adam::default().slots()], [1, 3, 2]);
}
