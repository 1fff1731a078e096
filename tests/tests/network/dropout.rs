//! Random numbers of a training step: the same for the same seed and step, and others else.

use super::support::{Reference, assert_near, check_gradient, check_slopes, wave};
use chainrule::prelude::*;
use ndarray::{Array2, ArrayD};

#[network(file = "models/dropped.nn", rate = 0.4)]
pub struct Dropped;

fn samples(count: usize) -> (ArrayD<f64>, Array2<f64>) {
    let t = Array2::from_shape_fn((count, 3), |(row, class)| f64::from(u8::from(row % 3 == class)));
    (wave(&[count, 4], 0.4), t)
}

#[test]
fn the_gradient_is_that_of_the_function_with_the_same_mask() {
    let (x, t) = samples(6);
    let (net, mut gradient, mut workspace) = (Dropped::init(3), Dropped::zeros(), Dropped::workspace(6));
    workspace.seed(11);
    let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
    let reference = Reference::new(include_str!("models/dropped.nn"), "Dropped", &[("rate", 0.4)]).training().seed(11);
    let expected = reference.parameters(&net).input("x", &x).input("t", t.view().into_dyn()).evaluate();
    assert_near(&[loss], &expected["loss"].data, 1e-12);
    check_gradient(&*gradient, &expected);
    let (mut other, mut unused) = (net.clone(), Dropped::zeros());
    check_slopes(&mut *other, &gradient, |net| {
        workspace.seed(11);
        net.gradient(&mut workspace, &x, &t, &mut unused)
    });
}

#[test]
fn a_seed_repeats_its_steps_and_every_step_is_another() {
    let (x, t) = samples(6);
    let (net, mut gradient, mut workspace) = (Dropped::init(3), Dropped::zeros(), Dropped::workspace(6));
    let mut losses = |workspace: &mut DroppedWorkspace| -> Vec<f64> {
        (0..4).map(|_| net.gradient(workspace, &x, &t, &mut gradient)).collect()
    };
    let new = losses(&mut workspace);
    workspace.seed(0);
    assert_eq!(losses(&mut workspace), new, "a new workspace has the seed 0");
    // A larger workspace, one that was used for other things, and a copy have the same numbers.
    let mut larger = Dropped::workspace(64);
    net.predict(&mut larger, &x);
    net.evaluate(&mut larger, &x, &t);
    let mut copy = larger.clone();
    assert_eq!(losses(&mut larger), new);
    assert_eq!(losses(&mut copy), new);
    workspace.seed(1);
    let other = losses(&mut workspace);
    let mut all: Vec<f64> = new.into_iter().chain(other).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    assert_eq!(all.len(), 8, "eight steps, eight masks");
}

#[test]
fn inference_drops_nothing_and_repeats_its_noise() {
    let (x, t) = samples(5);
    let (net, mut workspace) = (Dropped::init(3), Dropped::workspace(5));
    workspace.seed(2);
    let reference = Reference::new(include_str!("models/dropped.nn"), "Dropped", &[("rate", 0.4)]).seed(2);
    let expected = reference.parameters(&net).input("x", &x).input("t", t.view().into_dyn()).evaluate();
    for _ in 0..2 {
        let outputs = net.predict(&mut workspace, &x);
        assert_near(&outputs.p.iter().copied().collect::<Vec<_>>(), &expected["p"].data, 1e-12);
        assert_eq!(outputs.noise.iter().copied().collect::<Vec<_>>(), expected["noise"].data);
        assert_near(&[net.evaluate(&mut workspace, &x, &t).loss], &expected["loss"].data, 1e-12);
    }
}

/// What is kept of ones: each output is the mean over a column of the mask, divided by 1 - 0.3.
#[network(
    input  x: [B, 16];
    param  w: [16] = zeros;
    param  v: [16] = zeros;
    loss = mean(dropout(x, 0.3) @ w) + mean(dropout(x, 0.3) @ v);
)]
pub struct Kept;

#[test]
fn a_mask_has_its_rate_and_keeps_the_mean() {
    let rows = 4096;
    let x = Array2::<f32>::ones((rows, 16));
    let (net, mut gradient, mut workspace) = (Kept::init(0), Kept::zeros(), Kept::workspace(rows));
    let near = |mean: f32, count: usize| (mean - 1.0).abs() < 5.0 * (0.3 / 0.7 / count as f32).sqrt();
    let mut all = 0.0;
    for _ in 0..8 {
        net.gradient(&mut workspace, &x, &mut gradient);
        assert!(gradient.w.iter().chain(&gradient.v).all(|&mean| near(mean, rows)), "{:?}", gradient.w);
        assert_ne!(gradient.w, gradient.v, "two calls, two masks");
        all += gradient.w.iter().sum::<f32>() / 128.0;
    }
    assert!(near(all, rows * 128), "{all}");
}

/// Single precision, with a rate that no float holds.
#[network(
    input  x: [B, 64];
    param  w: [64] = zeros;
    loss = sum(dropout(x, 0.7) @ w);
)]
pub struct Single;

#[test]
fn single_precision_has_the_mask_of_double_precision() {
    let text = "network Single { input x: [B, 64]; param w: [64] = zeros; loss = sum(dropout(x, 0.7) @ w); }";
    let x = Array2::<f32>::ones((300, 64));
    let (mut gradient, mut workspace) = (Single::zeros(), Single::workspace(300));
    Single::init(0).gradient(&mut workspace, &x, &mut gradient);
    let reference = Reference::new(text, "Single", &[]).training().input("x", x.view().into_dyn());
    let expected = reference.input("w", ndarray::arr1(&[0.0; 64]).view().into_dyn()).evaluate();
    for (found, expected) in gradient.w.iter().zip(&expected["d w"].data) {
        // Each kept element counts 1 / 0.3: the numbers of kept elements are the same.
        assert_eq!((f64::from(*found) * 0.3).round(), (expected * 0.3).round());
    }
}

/// A normalization, dropout and two layers.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h      = x |> Dense(48) |> BatchNorm |> relu |> Dropout(0.3);
    logits = h |> Dense(10);
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
pub struct Digits;

fn trained(seed: u64, data: &Dataset, validation: &Dataset) -> chainrule::Result<(Box<Digits>, f64)> {
    let mut net = Digits::init(42);
    let trainer = Trainer::new(Adam::new(5e-3)).epochs(6).batch_size(32).shuffle(false).seed(seed).validate(validation);
    let history = trainer.quiet().fit(&mut net, data)?;
    Ok((net, history.last("val_accuracy").expect("an accuracy")))
}

#[test]
fn digits_are_learned_with_states_and_dropout() -> chainrule::Result<()> {
    let (train, test) = data::digits()?.split(0.8, 7);
    let (net, accuracy) = trained(1, &train, &test)?;
    assert!(accuracy > 0.95, "{accuracy}");
    assert!(net.states.batch_norm1.var.iter().all(|variance| *variance != 1.0 && *variance > 0.0));
    // In inference there is no chance: what is saved and loaded predicts the same bits.
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("digits.safetensors");
    net.save(&place)?;
    let loaded = Digits::load(&place)?;
    let batch = test.batches_in_order(test.len()).next().expect("a batch");
    let (mut one, mut other) = (Digits::workspace(test.len()), Digits::workspace(test.len()));
    other.seed(99);
    assert_eq!(net.predict(&mut one, &batch.x), loaded.predict(&mut other, &batch.x));
    let report = loaded.evaluate(&mut one, &batch.x, &batch.t);
    assert!((f64::from(report.accuracy) - accuracy).abs() < 1e-6);
    assert_eq!(trained(1, &train, &test)?.0, net, "the same seed, the same bits");
    assert_ne!(trained(2, &train, &test)?.0, net, "the samples are not shuffled: the seed is that of the masks");
    Ok(())
}

#[test]
fn a_step_that_is_no_number_leaves_the_states_alone() -> chainrule::Result<()> {
    let (train, _) = data::digits()?.split(0.1, 7);
    let mut net = Digits::init(42);
    net.dense2.b[0] = f32::NAN;
    let before = net.states.clone();
    assert!(Trainer::new(Adam::new(5e-3)).quiet().fit(&mut net, &train).is_err());
    assert_eq!(net.states, before);
    Ok(())
}
