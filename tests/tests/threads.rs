//! Training is the same, bit for bit, on any number of threads, and in several threads of the user at once.

use chainrule::network::Network;
use chainrule::optim::{self, Adadelta, Adagrad, Nadam};
use chainrule::prelude::*;
use chainrule::threads;
use ndarray::{Array, Dimension, ShapeBuilder};
use std::sync::{Mutex, PoisonError};

/// The number of threads is one for the whole program.
static NUMBER: Mutex<()> = Mutex::new(());

#[network(
    input  x: [B, 96];
    target t: [B] in 0..10;
    logits = x |> Dense(128) |> relu |> Dense(10);
    output p = softmax(logits);
    loss     = cross_entropy(logits, t) + 1e-4 * l2(params);
)]
struct Plain;

#[network(
    input  x: [B, 3, 12, 12];
    target t: [B] in 0..10;
    h      = x |> Conv2d(8, 3, padding = 1) |> relu |> MaxPool2d(2) |> Conv2d(16, 3) |> relu |> AvgPool2d(2);
    logits = flatten(h) |> Dense(10);
    loss     = cross_entropy(logits, t);
)]
struct Convolved;

#[network(
    input  x: [B, 64];
    target t: [B] in 0..10;
    h      = x |> Dense(96) |> BatchNorm |> gelu |> Dropout(0.3) |> Dense(96) |> LayerNorm |> tanh;
    logits = h |> Dense(10);
    loss     = cross_entropy(logits, t);
)]
struct Normalized;

#[network(
    input  x: [B, T] in 0..20;
    target t: [B, T] in 0..20;
    h      = x |> Embedding(20, 32) |> PositionalEncoding |> TransformerBlock(4, 64) |> LayerNorm;
    logits = h |> Dense(20);
    loss     = cross_entropy(logits, t);
)]
struct Attentive;

#[network(
    input  x: [B, T, 24];
    target t: [B] in 0..10;
    h      = x |> Lstm(64);
    logits = h[_, -1, _] |> Dense(10);
    loss     = cross_entropy(logits, t);
)]
struct Recurrent;

/// Numbers in -1..1 in no order.
fn reals<D: Dimension>(shape: impl ShapeBuilder<Dim = D>) -> Array<f32, D> {
    let mut at = 0.0_f32;
    Array::from_shape_simple_fn(shape, || {
        at += 0.618_034;
        2.0 * at.fract() - 1.0
    })
}

fn classes<D: Dimension>(shape: impl ShapeBuilder<Dim = D>, most: i32) -> Array<i32, D> {
    let mut at = 0;
    Array::from_shape_simple_fn(shape, || {
        at = (at * 17 + 5) % 1009;
        at % most
    })
}

/// The bits of losses and of all that a network keeps, after steps of several optimizers.
fn train<N>(
    mut network: Box<N>,
    mut gradient: Box<N>,
    mut workspace: N::Workspace,
    pass: impl Fn(&mut N, &mut N::Workspace, &mut N) -> f32,
) -> Vec<u32>
where
    N: Network<Scalar = f32> + AsNetwork<Network = N>,
{
    let optimizers: [Box<dyn Optimizer>; 7] = [
        Box::new(RmsProp::default()),
        Box::new(Adam::default()),
        Box::new(AdamW::default()),
        Box::new(Nadam::default()),
        Box::new(Adagrad::default()),
        Box::new(Adadelta::default()),
        Box::new(Sgd::new(0.01).momentum(0.9)),
    ];
    let mut bits = Vec::new();
    for mut optimizer in optimizers {
        bits.push(pass(&mut network, &mut workspace, &mut gradient).to_bits());
        bits.push((optim::clip_by_norm(&mut gradient, 0.5) as f32).to_bits());
        optimizer.step(&mut network, &gradient);
    }
    bits.extend(network.flat().iter().map(|number| number.to_bits()));
    bits
}

fn plain() -> Vec<u32> {
    let (x, t) = (reals((150, 96)), classes(150, 10));
    train(Plain::init(1), Plain::zeros(), Plain::workspace(150), |net, workspace, gradient| {
        net.gradient(workspace, &x, &t, gradient)
    })
}

fn convolved() -> Vec<u32> {
    let (x, t) = (reals((20, 3, 12, 12)), classes(20, 10));
    train(Convolved::init(1), Convolved::zeros(), Convolved::workspace(20), |net, workspace, gradient| {
        net.gradient(workspace, &x, &t, gradient)
    })
}

fn normalized() -> Vec<u32> {
    let (x, t) = (reals((130, 64)), classes(130, 10));
    train(Normalized::init(1), Normalized::zeros(), Normalized::workspace(130), |net, workspace, gradient| {
        net.gradient(workspace, &x, &t, gradient)
    })
}

fn attentive() -> Vec<u32> {
    let (x, t) = (classes((6, 24), 20), classes((6, 24), 20));
    train(Attentive::init(1), Attentive::zeros(), Attentive::workspace(6, 24), |net, workspace, gradient| {
        net.gradient(workspace, &x, &t, gradient)
    })
}

fn recurrent() -> Vec<u32> {
    let (x, t) = (reals((40, 5, 24)), classes(40, 10));
    train(Recurrent::init(1), Recurrent::zeros(), Recurrent::workspace(40, 5), |net, workspace, gradient| {
        net.gradient(workspace, &x, &t, gradient)
    })
}

fn is_the_same_on_any_number(train: impl Fn() -> Vec<u32>) {
    let _number = NUMBER.lock().unwrap_or_else(PoisonError::into_inner);
    let on = |count| {
        threads::set(count);
        train()
    };
    let alone = on(1);
    assert!(alone.iter().all(|&bits| f32::from_bits(bits).is_finite()));
    for count in [2, 3, 7] {
        assert!(on(count) == alone, "{count} threads");
    }
}

#[test]
fn dense_layers() {
    is_the_same_on_any_number(plain);
}

#[test]
fn convolutions() {
    is_the_same_on_any_number(convolved);
}

#[test]
fn normalization_and_dropout() {
    is_the_same_on_any_number(normalized);
}

#[test]
fn attention() {
    is_the_same_on_any_number(attentive);
}

#[test]
fn recurrences() {
    is_the_same_on_any_number(recurrent);
}

#[test]
fn several_threads_of_the_user_at_once() {
    let _number = NUMBER.lock().unwrap_or_else(PoisonError::into_inner);
    threads::set(1);
    let alone = (plain(), recurrent());
    threads::set(3);
    std::thread::scope(|scope| {
        let plains: Vec<_> = (0..2).map(|_| scope.spawn(plain)).collect();
        let recurrents: Vec<_> = (0..2).map(|_| scope.spawn(recurrent)).collect();
        assert!(plains.into_iter().all(|one| one.join().expect("no panic") == alone.0));
        assert!(recurrents.into_iter().all(|one| one.join().expect("no panic") == alone.1));
    });
}
