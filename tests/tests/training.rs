//! Training as a user does it: repeatable, every sample once, honest numbers, errors that name what is wrong.

use chainrule::optim::Flat;
use chainrule::prelude::*;
use chainrule::{Error, Float};
use ndarray::{Array1, Array2};

/// A line: small enough for any number of steps.
#[network(
    input  x: [B, 1];
    target t: [B, 1];
    output y = x @ slope + offset;
    loss     = mse(y, t);
    metric largest = max(abs(y - t));
    metric samples = B;
)]
#[derive(Clone, Debug, PartialEq)]
struct Line {
    slope: [[f32; 1]; 1],
    offset: [f32; 1],
}

/// 8x8 pixels to ten digits.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h      = relu(x |> hidden);
    logits = h |> last;
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
#[derive(Clone, Debug, PartialEq)]
struct Digits {
    hidden: Dense<64, 32>,
    last: Dense<32, 10>,
}

/// Counts steps, and changes nothing.
#[derive(Default)]
struct Counter {
    steps: usize,
    gradients: Vec<Vec<f32>>,
}

impl Optimizer for Counter {
    fn update(&mut self, flat: Flat<'_>) {
        self.steps += 1;
        if let Flat::F32(_, gradient) = flat {
            self.gradients.push(gradient.to_vec());
        }
    }
    fn prepare<S: Float>(&mut self, parameters: usize) {
        assert_eq!(parameters, 2);
    }
    fn prepare_f32(&mut self, _: usize) {}
    fn prepare_f64(&mut self, _: usize) {}
    fn slots(&self) -> usize {
        0
    }
    fn learning_rate(&self) -> f64 {
        0.0
    }
    fn set_learning_rate(&mut self, _: f64) {}
}

/// `t = 2 x + 1` with a little that is no line.
fn line(samples: usize) -> Dataset {
    let x = Array2::from_shape_fn((samples, 1), |(row, _)| (row * 7919 % samples) as f32 / samples as f32 - 0.5);
    let t = x.mapv(|x| 2.0 * x + 1.0 + 0.1 * (9.0 * x).sin());
    Dataset::new(x, t).expect("columns of one length")
}

#[test]
fn sixty_thousand_samples_are_469_steps_and_the_last_has_96() -> chainrule::Result<()> {
    let (data, mut net) = (line(60_000), Line::init(1));
    let before = net.clone();
    let mut trainer = Trainer::new(Counter::default()).epochs(2).batch_size(128).shuffle(false).quiet();
    let history = trainer.fit(&mut net, &data)?;
    assert_eq!((trainer.optimizer().steps, &net), (2 * 469, &before));
    // Means over the samples: were it over the batches, the last would count as much as the others.
    let samples = (468.0 * 128.0 * 128.0 + 96.0 * 96.0) / 60_000.0;
    assert!((history.last("samples").expect("a metric") - samples).abs() < 1e-9);
    let whole = chainrule::train::evaluate(&net, &data, 60_000)?;
    assert_eq!((whole[0].0, whole[2]), ("loss", ("samples", 60_000.0)));
    for epoch in history.get("loss").expect("a loss") {
        assert!((epoch - whole[0].1).abs() < 1e-5 * whole[0].1, "{epoch} {whole:?}");
    }
    // In their own order the batches are what one cuts by hand.
    let last = data.select(&(59_904..60_000).collect::<Vec<_>>());
    let (batch, mut gradient) = (last.batches_in_order(96).next().expect("a batch"), Line::zeros());
    net.gradient(&mut Line::workspace(96), &batch.x, &batch.t, &mut gradient);
    assert_eq!(trainer.optimizer().gradients[468], [gradient.slope[0][0], gradient.offset[0]]);
    Ok(())
}

fn trained(seed: u64, order: u64) -> chainrule::Result<(Box<Digits>, History)> {
    let (train, _) = data::digits()?.split(0.1, 7);
    let mut net = Digits::init(seed);
    let history = Trainer::new(Adam::new(1e-2)).epochs(2).batch_size(32).seed(order).quiet().fit(&mut net, &train)?;
    Ok((net, history))
}

#[test]
fn the_same_seeds_give_the_same_bits() -> chainrule::Result<()> {
    let (net, history) = trained(1, 2)?;
    let (again, other) = trained(1, 2)?;
    assert_eq!(net, again);
    assert_eq!(history.get("loss"), other.get("loss"));
    assert_ne!(net, trained(3, 2)?.0, "other parameters");
    assert_ne!(net, trained(1, 4)?.0, "another order");
    Ok(())
}

#[test]
fn digits_are_learned() -> chainrule::Result<()> {
    let (train, test) = data::digits()?.split(0.8, 7);
    let mut net = Digits::init(42);
    let history = Trainer::new(Adam::new(5e-3)).epochs(8).batch_size(32).validate(&test).quiet().fit(&mut net, &train)?;
    let names: Vec<_> = history.names().collect();
    assert_eq!(names, ["loss", "accuracy", "val_loss", "val_accuracy"]);
    assert_eq!((history.epochs(), history.row(0).len(), history.seconds().len()), (8, 4, 8));
    let accuracy = history.last("val_accuracy").expect("an accuracy");
    assert!(accuracy > 0.95, "{accuracy}");
    let loss = history.get("loss").expect("a loss");
    assert!(loss[7] < 0.2 * loss[0], "{loss:?}");
    // What the history says of the validation is what the network gives.
    let all = test.batches_in_order(test.len()).next().expect("a batch");
    let mut workspace = Digits::workspace(test.len());
    let report = net.evaluate(&mut workspace, &all.x, &all.t);
    assert!((f64::from(report.accuracy) - accuracy).abs() < 1e-6);
    assert!((f64::from(report.loss) - history.last("val_loss").expect("a loss")).abs() < 1e-5);
    Ok(())
}

#[test]
fn training_goes_on_where_it_stopped() -> chainrule::Result<()> {
    let data = line(40);
    let (mut once, mut twice) = (Line::init(1), Line::init(1));
    Trainer::new(Adam::new(0.05)).epochs(4).shuffle(false).quiet().fit(&mut once, &data)?;
    let mut trainer = Trainer::new(Adam::new(0.05)).epochs(2).shuffle(false).quiet();
    trainer.fit(&mut twice, &data)?;
    trainer.fit(&mut twice, &data)?;
    assert_eq!(once, twice);
    Ok(())
}

fn refused(data: &Dataset) -> String {
    let mut net = Line::init(0);
    let error = Trainer::new(Sgd::new(0.1)).quiet().fit(&mut net, data).expect_err("data that do not fit");
    error.to_string()
}

#[test]
fn data_that_do_not_fit_are_named() -> chainrule::Result<()> {
    let missing = refused(&Dataset::of("x", Array2::<f32>::zeros((4, 1)))?.with("y", Array2::<f32>::zeros((4, 1)))?);
    assert!(missing.contains("column `t`: the target [B, 1] of Line is missing") && missing.contains("has x, y"), "{missing}");
    let shape = refused(&Dataset::new(Array2::<f32>::zeros((4, 3)), Array2::<f32>::zeros((4, 1)))?);
    assert!(shape.contains("`x` must have the shape [B, 1], but has [4, 3]"), "{shape}");
    let rank = refused(&Dataset::new(Array2::<f32>::zeros((4, 1)), Array1::<f32>::zeros(4))?);
    assert!(rank.contains("`t` must have the shape [B, 1], but has [4]"), "{rank}");
    let none = refused(&Dataset::new(Array2::<f32>::zeros((0, 1)), Array2::<f32>::zeros((0, 1)))?);
    assert!(none.contains("no samples"), "{none}");
    let lengths =
        Dataset::new(Array2::<f32>::zeros((4, 1)), Array2::<f32>::zeros((3, 1))).expect_err("lengths differ").to_string();
    assert!(lengths.contains("`t`") && lengths.contains('3') && lengths.contains('4'), "{lengths}");
    Ok(())
}

#[test]
fn a_loss_that_is_no_number_stops_the_training() -> chainrule::Result<()> {
    let mut x = Array2::from_elem((20, 1), 1.0_f32);
    x[[13, 0]] = f32::NAN;
    let data = Dataset::new(x, Array2::<f32>::zeros((20, 1)))?;
    let (mut net, mut expected) = (Line::init(5), Line::init(5));
    let trainer = || Trainer::new(Sgd::new(0.01)).epochs(3).batch_size(5).shuffle(false).quiet();
    let error = trainer().fit(&mut net, &data).expect_err("no number");
    assert!(matches!(error, Error::Diverged { epoch: 1, step: 3, loss } if loss.is_nan()), "{error}");
    assert!(error.to_string().contains("step 3 of epoch 1"), "{error}");
    // The parameters are those before that step.
    trainer().epochs(1).fit(&mut expected, &data.select(&(0..10).collect::<Vec<_>>()))?;
    assert_eq!(net, expected);
    Ok(())
}

/// Sets the parameters of a line, step by step, whatever the gradient is.
struct Script {
    offsets: Vec<f32>,
    step: usize,
}

impl Optimizer for Script {
    fn update(&mut self, flat: Flat<'_>) {
        if let Flat::F32(parameters, _) = flat {
            parameters.copy_from_slice(&[2.0, self.offsets[self.step]]);
        }
        self.step += 1;
    }
    fn prepare_f32(&mut self, _: usize) {}
    fn prepare_f64(&mut self, _: usize) {}
    fn slots(&self) -> usize {
        0
    }
    fn learning_rate(&self) -> f64 {
        0.0
    }
    fn set_learning_rate(&mut self, _: f64) {}
}

/// One step per epoch, each with an offset that is given; the validation is best where the offset is 1.
fn scripted<'a>(offsets: &[f32], validation: &'a Dataset) -> Trainer<'a, Script> {
    let script = Script { offsets: offsets.to_vec(), step: 0 };
    Trainer::new(script).epochs(offsets.len()).batch_size(20).validate(validation).quiet()
}

#[test]
fn the_best_parameters_come_back() -> chainrule::Result<()> {
    let data = line(20);
    let run = |trainer: Trainer<'_, Script>| {
        let (mut net, mut trainer) = (Line::init(1), trainer);
        trainer.fit(&mut net, &data).map(|history| (history.epochs(), net.offset[0], trainer.optimizer().step))
    };
    let offsets = [4.0, 2.0, 0.5, 3.0, 2.0, 0.75, 5.0];
    // Stopped at the second epoch in a row that is no better; and not stopped, up to a better one.
    assert_eq!(run(scripted(&offsets, &data).patience(1))?, (5, 2.0, 5));
    assert_eq!(run(scripted(&offsets, &data).patience(1).restore_best(true))?, (5, 0.5, 5));
    assert_eq!(run(scripted(&offsets, &data))?, (7, 5.0, 7));
    assert_eq!(run(scripted(&offsets, &data).restore_best(true))?, (7, 0.75, 7));
    // The last may be the best.
    assert_eq!(run(scripted(&[3.0, 2.0, 1.0], &data).restore_best(true))?, (3, 1.0, 3));
    // A loss that is no number is never the best, be it the first; if there is no other, the last parameters stay.
    let broken = Dataset::new(Array2::<f32>::zeros((20, 1)), Array2::from_elem((20, 1), f32::NAN))?;
    assert_eq!(run(scripted(&[3.0, 2.0, 4.0], &broken).restore_best(true))?, (3, 4.0, 3));
    assert_eq!(run(scripted(&[3.0, 2.0, 4.0], &broken).restore_best(true).patience(1))?, (2, 2.0, 2));
    assert_eq!(run(scripted(&[], &data).restore_best(true))?.0, 0);
    Ok(())
}

#[test]
fn the_best_parameters_come_back_after_an_error() {
    let data = line(20);
    let end = |restore| {
        let mut net = Line::init(1);
        let error = scripted(&[2.0, 0.5, 1e30, 0.0], &data).restore_best(restore).fit(&mut net, &data).expect_err("diverges");
        assert!(matches!(error, Error::Diverged { epoch: 4, step: 1, .. }), "{error}");
        net.offset[0]
    };
    assert_eq!([end(false), end(true)], [1e30, 0.5]);
}

/// States are restored with the parameters.
#[network(
    input  x: [B, 1];
    target t: [B, 1];
    state  steps: [] = zeros;
    update steps = steps + 1;
    loss = mse(x @ slope + offset, t);
)]
#[derive(Clone, Debug, PartialEq)]
struct Counted {
    slope: [[f32; 1]; 1],
    offset: [f32; 1],
}

#[test]
fn the_best_states_come_back() -> chainrule::Result<()> {
    let data = line(20);
    let end = |restore| {
        let mut net = Counted::init(1);
        scripted(&[2.0, 0.5, 0.5, 4.0], &data).restore_best(restore).fit(&mut net, &data)?;
        Ok::<_, Error>((net.offset[0], net.states.steps))
    };
    // Of two epochs that are as good, it is the first.
    assert_eq!([end(false)?, end(true)?], [(4.0, 4.0), (0.5, 2.0)]);
    Ok(())
}

/// Without a validation the loss of an epoch is that of its steps, each before it was made: here of the step before.
#[test]
fn without_a_validation_the_loss_of_the_training_counts() -> chainrule::Result<()> {
    let data = line(20);
    let mut net = Line::init(1);
    let script = Script { offsets: vec![1.0, 6.0, 7.0], step: 0 };
    let history = Trainer::new(script).epochs(3).batch_size(20).restore_best(true).quiet().fit(&mut net, &data)?;
    let losses = history.get("loss").expect("a loss");
    assert!(losses[1] < losses[0] && losses[1] < losses[2], "{losses:?}");
    assert_eq!(net.offset[0], 6.0);
    Ok(())
}
