//! Trajectories of four steps on three parameters, against those of Keras 3.15 and optax 0.2.8 in 64 bits, of scalar loops of PyTorch's
//! documented formulas where it differs from both, and against numbers found by hand.

use super::*;
use crate::kernels::threads::tests::with_threads;

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

/// Keras' `weight_decay`, for each of its optimizers.
#[test]
fn decoupled_weight_decay_leaves_means_and_velocities_alone() {
    let plain = Sgd::new(0.1).decoupled_weight_decay(0.1);
    assert_close(run(plain), [0.97407856, -2.07214222, 0.4799989751], 1e-14);
    let momentum = || Sgd::new(0.1).momentum(0.9).decoupled_weight_decay(0.1);
    assert_close(run(momentum()), [0.90090406, -2.02964422, 0.4799376761], 1e-14);
    assert_close(run_f32(momentum()), [0.90090406, -2.02964422, 0.4799376761], 1e-6);
    let nesterov = momentum().nesterov(true);
    assert_close(run(nesterov), [0.920355805, -2.1697492, 0.47967467909], 1e-14);
    let rms = RmsProp::new(0.01).decoupled_weight_decay(0.1);
    assert_close(run(rms), [0.9742325020038078, -1.9967937681790349, 0.4745328615901315], 1e-14);
    let rms = || RmsProp::new(0.01).rho(0.95).epsilon(1e-6).momentum(0.8).decoupled_weight_decay(0.1);
    assert_close(run(rms()), [0.8804257327140008, -1.969352257805149, 0.4734352761954612], 1e-14);
    let centered = [0.8748004518698284, -1.9666751920863246, 0.47328793777280775];
    assert_close(run(rms().centered(true)), centered, 1e-14);
    let adagrad = Adagrad::new(0.1).initial(0.1).epsilon(1e-7).epsilon_inside(true).decoupled_weight_decay(0.1);
    assert_close(run(adagrad), [0.9132797914194893, -1.934647792782789, 0.47935250857636247], 1e-14);
    let adadelta = Adadelta::new(0.1).rho(0.95).epsilon(1e-7).decoupled_weight_decay(0.1);
    assert_close(run(adadelta), [0.9605269763953223, -1.9212813605141965, 0.4801703477280383], 1e-14);
    let nadam = Nadam::new(0.1).epsilon(1e-7).momentum_decay(1.0).decoupled_weight_decay(0.1);
    assert_close(run(nadam), [0.8843951332883736, -1.9305283589792306, 0.364897005735117], 1e-14);
    let largest = AdamW::new(0.1).beta1(0.5).beta2(0.5).epsilon(0.1).epsilon_hat(true).amsgrad(true).weight_decay(0.1);
    assert_close(run(largest), [0.8852320220303014, -1.9185531760486794, 0.47868194545718556], 1e-14);
}

/// A step takes 2e-8 of a parameter, less than `f32` tells apart; beside a gradient it counts all the same.
#[test]
fn a_small_decay_is_not_rounded_away() {
    let (mut parameters, steps) = ([1.5_f32], 10_000);
    let mut optimizer = Sgd::new(1e-3).decoupled_weight_decay(2e-5);
    let mut wanted = 1.5;
    for step in 0..steps {
        let gradient = 1e-2 * (f64::from(step) * 1.7).sin();
        wanted -= 1e-3 * gradient + 2e-8 * wanted;
        optimizer.update(Flat::new(&mut parameters, &[gradient as f32]));
    }
    // 10,000 roundings of half a unit in the last place (6e-8) at most come to 100 / √3 such on average; the decay comes to 3e-4.
    assert!((f64::from(parameters[0]) - wanted).abs() < 2e-5, "{parameters:?} {wanted}");
}

#[test]
fn weight_decay_is_an_l2_term() {
    assert_close(run(Sgd::new(0.1).weight_decay(0.5)), [0.831575, -1.7827875, 0.4069573875], 1e-14);
    let momentum = Sgd::new(0.1).weight_decay(0.5).momentum(0.9);
    assert_close(run(momentum), [0.54065, -1.3195125, 0.2903167125], 1e-14);
}

/// [`run`] with another learning rate at each step.
fn run_scheduled(mut optimizer: impl Optimizer) -> [f64; 3] {
    let mut parameters = START;
    for (gradient, rate) in GRADIENTS.iter().zip([0.1, 0.01, 0.02, 0.05]) {
        optimizer.set_learning_rate(rate);
        optimizer.update(Flat::new(&mut parameters, gradient));
    }
    parameters
}

#[test]
fn a_velocity_includes_the_rate_or_not() {
    let sgd = || Sgd::new(1.0).momentum(0.5);
    assert_close(run_scheduled(sgd()), [0.925625, -1.7075, 0.4996725], 1e-14);
    assert_close(run_scheduled(sgd().rate_in_velocity(false)), [0.9725, -1.91, 0.49977375], 1e-14);
    let keras = RmsProp::new(1.0).rho(0.95).epsilon(1e-6).momentum(0.8);
    assert_close(run_scheduled(keras.clone()), [-0.25303926563402845, -0.8299447024184282, 0.1361656016421064], 1e-14);
    let torch = keras.epsilon_inside(false).rate_in_velocity(false);
    assert_close(run_scheduled(torch), [0.4384648607002142, -1.6514236269716207, -0.10651806014433102], 1e-14);
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
    fn dies<O: Optimizer>(mut optimizer: O, kept: impl Fn(&O) -> Vec<f64>) {
        let mut parameters = [1.0_f32; 40];
        // Their squares are below the smallest normal number, so at first the means are.
        optimizer.update(Flat::new(&mut parameters, &[1e-20; 40]));
        let normal = |optimizer: &O| kept(optimizer).iter().all(|&number| number == 0.0 || (number as f32).is_normal());
        assert!(normal(&optimizer), "{:?}", kept(&optimizer));
        optimizer.update(Flat::new(&mut parameters, &[1e-3; 40]));
        assert!(kept(&optimizer).iter().all(|&number| number != 0.0), "{:?}", kept(&optimizer));
        for _ in 0..400 {
            optimizer.update(Flat::new(&mut parameters, &[0.0; 40]));
            assert!(normal(&optimizer), "{:?}", kept(&optimizer));
        }
        assert!(parameters.iter().all(|number| number.is_finite()));
    }
    dies(Sgd::new(0.1).momentum(0.5), Sgd::kept);
    dies(RmsProp::default().rho(0.5).momentum(0.5), RmsProp::kept);
    dies(RmsProp::default().rho(0.5).momentum(0.5).centered(true), RmsProp::kept);
    dies(Adam::new(1e-3).beta1(0.5).beta2(0.5), Adam::kept);
    dies(Adam::new(1e-3).beta1(0.5).beta2(0.5).amsgrad(true), Adam::kept);
    dies(Nadam::new(1e-3).beta1(0.5).beta2(0.5), Nadam::kept);
    dies(Adadelta::default().rho(0.5), Adadelta::kept);
    dies(Adagrad::default(), Adagrad::kept);
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

/// A pass takes several parameters at once and the rest one by one; each is updated as if it were alone, bit for bit.
#[test]
fn every_parameter_is_updated_alike() {
    fn alike<O: Optimizer + Clone>(optimizer: &O) {
        let wave = |place: usize, step: usize| ((place * 13 + step * 5) as f32 * 0.7).sin();
        let start = |place: usize| wave(place, 100);
        for length in [1, 3, 8, 16, 37, 130] {
            let (mut together, mut parameters) = (optimizer.clone(), (0..length).map(start).collect::<Vec<f32>>());
            let mut alone: Vec<(O, [f32; 1])> = (0..length).map(|place| (optimizer.clone(), [start(place)])).collect();
            for step in 0..3 {
                let gradient: Vec<f32> = (0..length).map(|place| wave(place, step)).collect();
                together.update(Flat::new(&mut parameters, &gradient));
                for ((one, parameter), slope) in alone.iter_mut().zip(&gradient) {
                    one.update(Flat::new(parameter, &[*slope]));
                }
            }
            assert!(alone.iter().zip(&parameters).all(|((_, one), all)| one[0].to_bits() == all.to_bits()), "{length}");
        }
    }
    alike(&Sgd::new(0.1).weight_decay(0.1));
    alike(&Sgd::new(0.1).momentum(0.9));
    alike(&Sgd::new(0.1).momentum(0.9).nesterov(true).decoupled_weight_decay(0.1));
    alike(&RmsProp::new(0.1));
    alike(&RmsProp::new(0.1).momentum(0.5));
    alike(&RmsProp::new(0.1).momentum(0.5).centered(true));
    alike(&Adam::new(0.1));
    alike(&Adam::new(0.1).amsgrad(true));
    alike(&AdamW::new(0.1));
    alike(&Nadam::new(0.1));
    alike(&Adagrad::new(0.1));
    alike(&Adadelta::new(0.1));
}

/// All optimizers, in settings that take different passes.
fn all() -> Vec<Box<dyn Optimizer>> {
    vec![
        Box::new(Sgd::new(0.1)),
        Box::new(Sgd::new(0.1).momentum(0.9).weight_decay(0.1)),
        Box::new(Sgd::new(0.1).momentum(0.9).nesterov(true)),
        Box::new(RmsProp::default()),
        Box::new(RmsProp::default().momentum(0.9)),
        Box::new(RmsProp::default().momentum(0.9).centered(true)),
        Box::new(Adam::default()),
        Box::new(Adam::default().amsgrad(true)),
        Box::new(AdamW::default()),
        Box::new(Nadam::default()),
        Box::new(Adagrad::default()),
        Box::new(Adadelta::default()),
    ]
}

/// Parameters after some clipped steps, and the norms of their gradients, in bits.
fn steps_on<S: Float>(threads: usize) -> Vec<u64> {
    // No multiple of anything.
    const LENGTH: usize = 100_003;
    let number = |at: usize| S::from_f64(((at * 7919) % 1009) as f64 / 500.0 - 1.0);
    let mut bits = Vec::new();
    with_threads(threads, || {
        for mut optimizer in all() {
            let mut parameters: Vec<S> = (0..LENGTH).map(number).collect();
            for step in 1..4 {
                let mut gradient: Vec<S> = (0..LENGTH).map(|at| number(at + step * 31)).collect();
                clip::value_at_most(&mut gradient, 0.9);
                bits.push(clip::norm_at_most(&mut gradient, 100.0).to_bits());
                optimizer.update(Flat::new(&mut parameters, &gradient));
            }
            bits.extend(parameters.iter().map(|number| number.to_f64().to_bits()));
        }
    });
    bits
}

#[test]
fn steps_are_the_same_bit_for_bit_on_any_number_of_threads() {
    let alone = (steps_on::<f32>(1), steps_on::<f64>(1));
    for threads in [2, 3, 7] {
        assert!((steps_on::<f32>(threads), steps_on::<f64>(threads)) == alone, "{threads} threads");
    }
}
