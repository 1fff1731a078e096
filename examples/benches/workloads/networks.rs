//! The networks that are measured.

use chainrule::prelude::*;

#[network(
    input  x: [B, 784];
    target t: [B] in 0..10;
    logits = x |> Dense(512) |> relu |> Dense(10);
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
)]
/// 784-512-10, ReLU.
pub struct Mnist;

#[network(
    input  x: [B, 2];
    target t: [B, 1];
    output y = x |> Dense(2) |> sigmoid |> Dense(1) |> sigmoid;
    loss     = sum((y - t) ^ 2);
)]
/// 2-2-1, sigmoid.
pub struct Tiny;

#[network(
    input  x: [B, 4];
    target t: [B, 2];
    output y = x |> Dense(64) |> tanh |> Dense(64) |> tanh |> Dense(2);
    loss     = mse(y, t);
)]
/// 4-64-64-2, tanh.
pub struct Control;

#[network(
    input  x: [B, 1, 28, 28];
    target t: [B] in 0..10;
    h      = x |> Conv2d(6, 5, padding = 2) |> relu |> MaxPool2d(2) |> Conv2d(16, 5) |> relu |> MaxPool2d(2);
    logits = flatten(h) |> Dense(120) |> relu |> Dense(84) |> relu |> Dense(10);
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
)]
/// LeNet-5.
pub struct LeNet;

#[network(
    input  x: [B, 784];
    target t: [B] in 0..10;
    h      = x |> Dense(256) |> BatchNorm |> relu |> Dense(256) |> BatchNorm |> relu;
    logits = h |> Dense(10);
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
)]
/// 784-256-256-10 with batch normalization.
pub struct Normalized;

#[network(
    input  x: [B, T] in 0..65;
    target t: [B, T] in 0..65;
    h      = x |> Embedding(65, 64) |> PositionalEncoding |> TransformerBlock(4, 256) |> TransformerBlock(4, 256) |> LayerNorm;
    logits = h |> Dense(65);
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
)]
/// A transformer of two blocks.
pub struct Transformer;

#[network(
    input  x: [B, T, 32];
    target t: [B, 10];
    h      = x |> Lstm(64);
    logits = h[_, -1, _] |> Dense(10);
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
)]
/// An LSTM of 64 units.
pub struct Recurrent;
