//! States: what a training step keeps, beside the parameters and apart from them.

use super::support::{Reference, assert_near, check_gradient, single, wave};
use chainrule::network::Network;
use chainrule::prelude::*;
use ndarray::{ArrayD, Axis};

#[network(file = "models/normalized.nn")]
pub struct Normalized;

fn samples(count: usize) -> (ArrayD<f64>, ArrayD<f64>) {
    (wave(&[count, 4], 0.4), wave(&[count, 2], 3.0))
}

#[test]
fn a_step_updates_the_states_all_at_once() {
    let (x, t) = samples(7);
    let (mut net, mut gradient, mut workspace) = (Normalized::init(3), Normalized::zeros(), Normalized::workspace(7));
    assert_eq!((net.states.steps, net.states.pair, net.states.batch_norm1.var), (0.0, [1.0, 1.0], [1.0; 6]));
    for (step, pair) in [[1.0, 2.0], [2.0, 3.0], [3.0, 5.0], [5.0, 8.0]].into_iter().enumerate() {
        let reference = Reference::new(include_str!("models/normalized.nn"), "Normalized", &[]).training();
        let expected = reference.parameters(&net).input("x", &x).input("t", &t).evaluate();
        let loss = net.gradient(&mut workspace, &x, &t, &mut gradient);
        assert_near(&[loss], &expected["loss"].data, 1e-12);
        check_gradient(&*gradient, &expected);
        assert_near(&net.states.batch_norm1.mean, &expected["update batch_norm1.mean"].data, 1e-12);
        assert_near(&net.states.batch_norm1.var, &expected["update batch_norm1.var"].data, 1e-12);
        assert_eq!((net.states.steps, net.states.pair), (step as f64 + 1.0, pair));
        assert_eq!(gradient.states, Normalized::zeros().states, "a gradient has no use for states");
    }
}

#[test]
fn the_states_move_towards_the_batch() {
    let (x, t) = samples(7);
    let (mut net, mut workspace) = (Normalized::init(3), Normalized::workspace(7));
    net.gradient(&mut workspace, &x, &t, &mut Normalized::zeros());
    for unit in 0..6 {
        let z: Vec<f64> = x
            .axis_iter(Axis(0))
            .map(|row| net.dense1.b[unit] + (0..4).map(|k| row[k] * net.dense1.w[k][unit]).sum::<f64>())
            .collect();
        let mean = z.iter().sum::<f64>() / 7.0;
        let variance = z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 7.0;
        assert_near(&[net.states.batch_norm1.mean[unit]], &[0.25 * mean], 1e-12);
        assert_near(&[net.states.batch_norm1.var[unit]], &[0.75 + 0.25 * variance], 1e-12);
    }
}

#[test]
fn inference_reads_the_states_and_leaves_them_alone() {
    let (x, t) = samples(7);
    let (mut net, mut workspace) = (Normalized::init(3), Normalized::workspace(7));
    let start = net.predict(&mut workspace, &x).to_owned();
    net.gradient(&mut workspace, &x, &t, &mut Normalized::zeros());
    let kept = net.clone();
    assert_ne!(net.predict(&mut workspace, &x), start);
    let reference = Reference::new(include_str!("models/normalized.nn"), "Normalized", &[]);
    let expected = reference.parameters(&net).input("x", &x).input("t", &t).evaluate();
    assert_near(&net.predict(&mut workspace, &x).iter().copied().collect::<Vec<_>>(), &expected["y"].data, 1e-12);
    assert_near(&[net.evaluate(&mut workspace, &x, &t).loss], &expected["loss"].data, 1e-12);
    assert_eq!(net, kept);
}

#[test]
fn optimizers_walk_the_parameters_alone() {
    let description = Normalized::DESCRIPTION;
    let paths = |of: &'static [chainrule::network::Parameter]| of.iter().map(|one| (one.path, one.offset)).collect::<Vec<_>>();
    let parameters = [
        ("dense1.w", 0),
        ("dense1.b", 24),
        ("batch_norm1.gamma", 30),
        ("batch_norm1.beta", 36),
        ("dense2.w", 42),
        ("dense2.b", 54),
    ];
    assert_eq!(paths(description.parameters), parameters);
    let states = [("steps", 56), ("pair", 57), ("batch_norm1.mean", 59), ("batch_norm1.var", 65)];
    assert_eq!(paths(description.states), states);
    let (mut net, mut gradient) = (Normalized::init(3), Normalized::zeros());
    assert_eq!((net.flat().len(), net.numbers().len()), (56, 71));
    gradient.numbers_mut().fill(1.0);
    let before = net.states.clone();
    Adam::new(0.1).step(&mut net, &gradient);
    assert_eq!(net.states, before);
    assert!(net.dense1.b.iter().all(|number| *number < 0.0));
}

#[test]
fn states_are_saved_and_loaded() -> chainrule::Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("normalized.safetensors");
    let (x, t) = samples(7);
    let (mut net, mut workspace) = (Normalized::init(3), Normalized::workspace(7));
    net.gradient(&mut workspace, &x, &t, &mut Normalized::zeros());
    net.save(&place)?;
    let loaded = Normalized::load(&place)?;
    assert_eq!(loaded, net);
    assert_eq!(loaded.predict(&mut workspace, &x).to_owned(), net.predict(&mut workspace, &x));
    net.initialize(3);
    assert_eq!(net, Normalized::init(3));
    let error = Plain::load(&place).expect_err("another network").to_string();
    assert!(error.contains("`bn.mean` [4] is missing") && error.contains("`batch_norm1.mean` is not"), "{error}");
    Ok(())
}

/// A struct of arrays and layers; the states stand behind them.
#[network(
    input  x: [B, 3];
    target t: [B, 2];
    state  seen: [] = zeros;
    update seen = seen + B;
    h = x @ w |> bn |> relu;
    output y = h |> out;
    loss = mse(y, t);
)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plain {
    w: [[f32; 4]; 3],
    bn: BatchNorm<4>,
    out: Dense<4, 2>,
}

#[test]
fn a_struct_of_arrays_has_a_field_for_states() {
    let (x, t) = (single(&wave(&[5, 3], 0.4)), single(&wave(&[5, 2], 3.0)));
    let (mut net, mut gradient, mut workspace) = (Plain::init(1), Plain::zeros(), Plain::workspace(5));
    let copy = net.states;
    assert_eq!((net.bn.gamma, net.states.bn.mean, net.states.seen), ([1.0; 4], [0.0; 4], 0.0));
    net.gradient(&mut workspace, &x, &t, &mut gradient);
    net.gradient(&mut workspace, &x, &t, &mut gradient);
    assert_eq!(net.states.seen, 10.0);
    assert!(net.states != copy && gradient.bn.gamma != [0.0; 4]);
    assert_eq!(net.states.bn.mean.len(), Plain::zeros().states.bn.var.len());
}
