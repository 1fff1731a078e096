use ndarray::{Array1, Array2};

use super::*;
use crate::linear::{Linear, Other};
use crate::optim::Sgd;

/// Samples of `t = x @ w + b` for fixed weights.
fn samples(count: usize) -> Dataset {
    let mut rng = crate::rng(11);
    let x = Array2::from_shape_simple_fn((count, 3), || crate::random::normal(&mut rng) as f32);
    let w = ndarray::array![[1.0_f32, -2.0], [0.5, 3.0], [-1.5, 0.25]];
    let t = x.dot(&w) + ndarray::array![0.75_f32, -0.5];
    Dataset::new(x, t).expect("same length")
}

#[test]
fn a_linear_network_finds_the_weights() {
    let (train, test) = samples(203).split(0.8, 1);
    let mut network = Linear::<f64>::zeroed();
    crate::init::initialize(&mut *network, 3);
    let mut trainer = Trainer::new(Sgd::new(0.1).momentum(0.9)).epochs(60).batch_size(16).validate(&test).quiet();
    let history = trainer.fit(&mut network, &train).expect("it fits");
    let expected = [1.0, -2.0, 0.5, 3.0, -1.5, 0.25, 0.75, -0.5];
    assert!(network.flat().iter().zip(expected).all(|(found, wanted)| (found - wanted).abs() < 1e-5), "{network:?}");
    assert_eq!(history.names().collect::<Vec<_>>(), ["loss", "error", "val_loss", "val_error"]);
    assert_eq!(history.epochs(), 60);
    assert!(history.last("val_error").expect("validated") < 1e-5 && history.get("loss").expect("loss")[0] > 0.1);
    let evaluated = evaluate(&network, &test, 7).expect("it fits");
    assert_eq!(evaluated[1].0, "error");
    assert!((evaluated[1].1 - history.last("val_error").expect("validated")).abs() < 1e-15);
}

#[test]
fn the_same_seed_gives_the_same_weights() {
    let data = samples(100);
    let train = |seed, shuffle| {
        let mut network = Linear::<f32>::zeroed();
        let mut trainer = Trainer::new(Sgd::new(0.05)).epochs(2).batch_size(32).seed(seed).shuffle(shuffle).quiet();
        trainer.fit(&mut network, &data).expect("it fits");
        network
    };
    assert_eq!(train(1, true), train(1, true));
    assert_ne!(train(1, true), train(2, true));
    assert_eq!(train(1, false), train(2, false));
}

/// What one epoch of plain gradient descent does, written out sample by sample.
#[test]
fn an_epoch_takes_every_sample_and_the_smaller_last_batch() {
    let data = samples(10);
    let (x, t) = (data.get("x").expect("x").to_real(), data.get("t").expect("t").to_real());
    let mut weights = [[0.0_f64; 2]; 4];
    let mut total = 0.0;
    for batch in [0..4, 4..8, 8..10] {
        let mut slopes = [[0.0; 2]; 4];
        for sample in batch.clone() {
            for output in 0..2 {
                let input = |index: usize| if index == 3 { 1.0 } else { f64::from(x[[sample, index]]) };
                let value: f64 = (0..4).map(|index| input(index) * weights[index][output]).sum();
                let difference = value - f64::from(t[[sample, output]]);
                total += difference * difference / 2.0;
                (0..4).for_each(|index| slopes[index][output] += difference * input(index) / batch.len() as f64);
            }
        }
        weights.iter_mut().flatten().zip(slopes.iter().flatten()).for_each(|(weight, slope)| *weight -= 0.1 * slope);
    }
    let mut network = Linear::<f64>::zeroed();
    let mut trainer = Trainer::new(Sgd::new(0.1)).epochs(1).batch_size(4).shuffle(false).quiet();
    let history = trainer.fit(&mut network, &data).expect("it fits");
    let near = |(found, wanted): (&f64, &f64)| (found - wanted).abs() < 1e-12;
    assert!(network.flat().iter().zip(weights.iter().flatten()).all(near), "{network:?}, not {weights:?}");
    assert!((history.last("loss").expect("loss") - total / 10.0).abs() < 1e-12);
}

#[test]
fn integers_and_whole_columns_reach_the_network() {
    let data = Dataset::of("tokens", vec![0, 1, 3, 3, 2]).expect("a column").with_whole("table", vec![10.0, 20.0, 30.0, 40.0]);
    let mut trainer = Trainer::new(Sgd::new(0.1)).epochs(1).batch_size(2).quiet();
    let history = trainer.fit(&mut Other::zeroed(), &data).expect("it fits");
    // Batches of 2, 2 and 1 samples: the mean over samples of the table's entry and of the size of the batch.
    assert_eq!(history.last("loss"), Some((10.0 + 20.0 + 40.0 + 40.0 + 30.0) / 5.0 + (4.0 + 4.0 + 1.0) / 5.0));
}

fn refusal<N: AsNetwork>(network: &mut N, data: &Dataset) -> String {
    Trainer::new(Sgd::new(0.1)).quiet().fit(network, data).expect_err("it does not fit").to_string()
}

#[test]
fn data_that_do_not_fit_are_refused_by_name() {
    let zeros = |rows, columns| Array2::<f32>::zeros((rows, columns));
    let mut network = Linear::<f32>::zeroed();
    let error = refusal(&mut network, &Dataset::of("x", zeros(4, 3)).expect("a column"));
    let text = "column `t`: the target [B, 2] of Linear is missing in the data set, which has x; `with(\"t\", ...)` adds it";
    assert_eq!(error, text);
    let error = refusal(&mut network, &Dataset::new(zeros(4, 5), zeros(4, 2)).expect("same length"));
    assert_eq!(error, "`x` must have the shape [B, 3], but has [4, 5]");
    let error = refusal(&mut network, &Dataset::new(zeros(0, 3), zeros(0, 2)).expect("same length"));
    assert!(error.contains("no samples"), "{error}");
    let whole = Dataset::of("x", zeros(4, 3)).expect("a column").with_whole("t", zeros(4, 2));
    assert!(refusal(&mut network, &whole).contains("is by sample"));
    let tokens = |tokens: Vec<i32>| Dataset::of("tokens", tokens).expect("a column").with_whole("table", vec![1.0]);
    assert_eq!(refusal(&mut Other::zeroed(), &tokens(vec![1, 4])), "`tokens` takes integers in 0..4, but element 1 is 4");
    let reals = Dataset::of("tokens", Array1::<f32>::zeros(2)).expect("a column").with_whole("table", vec![1.0]);
    assert!(refusal(&mut Other::zeroed(), &reals).contains("the network takes integers here"));
    let by_sample = Dataset::of("tokens", vec![1, 2]).expect("a column").with("table", vec![1.0, 2.0]).expect("2");
    assert!(refusal(&mut Other::zeroed(), &by_sample).contains("is not by sample"));
}

#[test]
fn a_loss_that_is_not_finite_stops_the_training() {
    let mut network = Linear::<f32>::zeroed();
    let error = Trainer::new(Sgd::new(1e6)).epochs(100).quiet().fit(&mut network, &samples(64)).expect_err("diverges");
    let crate::Error::Diverged { epoch, step, loss } = error else { panic!("{error}") };
    assert!(epoch > 1 && (1..=2).contains(&step) && !loss.is_finite());
}

#[test]
fn histories_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut network = Linear::<f32>::zeroed();
    let history = Trainer::new(Sgd::new(0.1)).epochs(3).quiet().fit(&mut network, &samples(64)).expect("it fits");
    history.to_csv(folder.path().join("history.csv")).expect("written");
    let text = std::fs::read_to_string(folder.path().join("history.csv")).expect("written");
    assert!(text.starts_with("epoch,seconds,learning_rate,loss,error\n1,") && text.lines().count() == 4, "{text}");
    #[cfg(feature = "plot")]
    history.plot(folder.path().join("history.svg")).expect("written");
}

#[test]
fn a_schedule_sets_the_rate_of_every_step() {
    use crate::schedule::{ExponentialDecay, Plateau};
    let data = samples(10);
    let schedule = ExponentialDecay { initial: 0.1, factor: 0.5, span: 3, in_steps: true };
    let mut network = Linear::<f64>::zeroed();
    // Three steps make an epoch, so each epoch has half of the rate of the one before.
    let mut trainer = Trainer::new(Sgd::new(9.0)).schedule(schedule).epochs(3).batch_size(4).quiet();
    let history = trainer.fit(&mut network, &data).expect("it fits");
    assert_eq!(history.learning_rates(), [0.1, 0.05, 0.025]);
    let plateau = Plateau::default().by(0.5).patience(0).threshold(1.0);
    let mut trainer = Trainer::new(Sgd::new(0.1)).reduce_on_plateau(plateau).epochs(4).batch_size(4).quiet();
    let history = trainer.fit(&mut network, &data).expect("it fits");
    assert_eq!(history.learning_rates(), [0.1, 0.1, 0.05, 0.025]);
}

#[test]
fn a_learning_rate_that_is_none_is_refused() {
    use crate::schedule::{Constant, PolynomialDecay};
    let refused = |schedule: PolynomialDecay| {
        let mut network = Linear::<f32>::zeroed();
        let mut trainer = Trainer::new(Sgd::new(0.1)).schedule(schedule).batch_size(2).quiet();
        let error = trainer.fit(&mut network, &samples(4)).expect_err("no learning rate").to_string();
        assert!(network.flat().iter().all(|number| *number == 0.0), "the first step has the learning rate 0");
        error
    };
    let line = PolynomialDecay { initial: 0.0, last: -1.0, span: 2, power: 1.0 };
    assert!(refused(line).starts_with("the schedule gives the learning rate -0.5 after 1 steps"));
    assert!(refused(PolynomialDecay { last: f64::NAN, ..line }).contains("rate NaN after 0 steps"));
    let schedule: Box<dyn Schedule> = Box::new(Constant(f64::INFINITY));
    let error = Trainer::new(Sgd::new(0.1)).schedule(schedule).quiet().fit(&mut Linear::<f32>::zeroed(), &samples(4));
    assert!(error.expect_err("no learning rate").to_string().contains("rate inf after 0 steps"));
}

/// Means over three batches, each differentiated on its own.
#[test]
fn norms_of_the_gradient_are_means_over_the_steps() {
    use crate::network::Elements::Real;
    let data = samples(10);
    let mut network = Linear::<f64>::zeroed();
    crate::init::initialize(&mut *network, 3);
    let (mut gradient, mut differences, mut wanted) = (Linear::<f64>::zeroed(), vec![0.0; 8], [0.0; 3]);
    let column = |name| data.get(name).expect("a column").to_real().mapv(f64::from).into_raw_vec_and_offset().0;
    let (x, t) = (column("x"), column("t"));
    for rows in [0..4, 4..8, 8..10] {
        let inputs = [Real(&x[3 * rows.start..3 * rows.end]), Real(&t[2 * rows.start..2 * rows.end])];
        network.differentiate(&mut differences, &[rows.len()], &inputs, &mut gradient, &mut [0.0]);
        let square = |numbers: &[f64]| numbers.iter().map(|number| number * number).sum::<f64>();
        let (w, b) = (square(gradient.w.as_flattened()), square(&gradient.b));
        wanted.iter_mut().zip([w + b, w, b]).for_each(|(sum, square)| *sum += square.sqrt() / 3.0);
    }
    let mut train = |measured| {
        let trainer = Trainer::new(Sgd::new(0.0)).epochs(2).batch_size(4).shuffle(false);
        trainer.gradient_norms(measured).quiet().fit(&mut network, &data).expect("it fits")
    };
    let history = train(true);
    for epoch in 0..2 {
        let found = std::iter::once(("all", history.global_gradient_norm(epoch).expect("measured")));
        let found: Vec<_> = found.chain(history.gradient_norms(epoch)).collect();
        assert_eq!(found.iter().map(|(path, _)| *path).collect::<Vec<_>>(), ["all", "w", "b"]);
        assert!(
            found.iter().zip(wanted).all(|((_, found), wanted)| (found - wanted).abs() < 1e-12 * wanted),
            "{found:?} {wanted:?}"
        );
    }
    assert_eq!((history.global_gradient_norm(2), history.gradient_norms(2)), (None, Vec::new()));
    let folder = tempfile::tempdir().expect("a folder");
    history.to_csv(folder.path().join("history.csv")).expect("written");
    let text = std::fs::read_to_string(folder.path().join("history.csv")).expect("written");
    let names = "epoch,seconds,learning_rate,loss,error,gradient_norm,gradient_norm(w),gradient_norm(b)\n";
    assert!(text.starts_with(names) && text.lines().all(|line| line.split(',').count() == 8), "{text}");
    assert_eq!((train(false).global_gradient_norm(0), train(false).gradient_norms(0)), (None, Vec::new()));
}

#[test]
fn patience_ends_a_training_that_gets_no_better() {
    let data = samples(20);
    let mut network = Linear::<f64>::zeroed();
    let history = Trainer::new(Sgd::new(0.0)).epochs(50).patience(2).quiet().fit(&mut network, &data).expect("it fits");
    // The first epoch is the best, then three are not better.
    assert_eq!(history.epochs(), 4);
}

#[test]
fn gradients_are_measured_and_clipped() {
    let data = samples(8);
    let step = |trainer: Trainer<'_, Sgd>| {
        let mut network = Linear::<f64>::zeroed();
        let history = trainer.epochs(1).batch_size(8).quiet().gradient_norms(true).fit(&mut network, &data).expect("it fits");
        (history.gradient_norms(0), crate::optim::norm(&*network), network.flat().to_vec())
    };
    let (norms, plain, slopes) = step(Trainer::new(Sgd::new(1.0)));
    assert_eq!(norms.iter().map(|(path, _)| *path).collect::<Vec<_>>(), ["w", "b"]);
    let all = norms.iter().map(|(_, norm)| norm * norm).sum::<f64>().sqrt();
    assert!((all - plain).abs() < 1e-12 && plain > 1.0, "{norms:?} {plain}");
    let (clipped_norms, clipped, _) = step(Trainer::new(Sgd::new(1.0)).clip_norm(0.5));
    assert_eq!(clipped_norms, norms);
    assert!((clipped - 0.5).abs() < 1e-12, "{clipped}");
    let (_, _, values) = step(Trainer::new(Sgd::new(1.0)).clip_value(0.1));
    assert!(values.iter().zip(&slopes).all(|(value, slope)| (value - slope.clamp(-0.1, 0.1)).abs() < 1e-15));
}
