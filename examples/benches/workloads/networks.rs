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

#[network(
    input x: [B, 3, 32, 32];
    target t: [B] in 0..10;
    h = x |> Conv2d(32, 3, padding = 1) |> relu |> Conv2d(32, 3, padding = 1) |> relu |> MaxPool2d(2) |> Conv2d(64, 3, padding = 1) |> relu |> MaxPool2d(2);
    logits = flatten(h) |> Dense(128) |> relu |> Dense(10);
    loss = cross_entropy(logits, t);
)]
/// Small colour images, three convolutions of 3x3.
pub struct Images;

#[network(
    input x: [B, 16, 16, 16];
    target t: [B] in 0..10;
    h = x |> Conv2d(32, 3, stride = 2, padding = 1) |> BatchNorm |> relu |> Conv2d(64, 3, stride = 2, padding = 1) |> BatchNorm |> relu;
    logits = mean(h, axis = [2, 3]) |> Dense(10);
    loss = cross_entropy(logits, t);
)]
/// Convolutions with stride 2 and batch normalization.
pub struct Strided;

#[network(
    input x: [B, T, 16];
    target t: [B, 4];
    h = x |> Gru(128);
    y = h[_, -1, _] |> Dense(4);
    loss = mse(y, t);
)]
/// A GRU of 128 units.
pub struct Gated;

#[network(
    input x: [B, 13];
    target t: [B, 1];
    y = x |> Dense(64) |> relu |> Dense(32) |> relu |> Dense(1);
    loss = mse(y, t);
)]
/// 13-64-32-1, ReLU.
pub struct Housing;

#[network(
    input x: [B, T] in 0..200;
    target t: [B, T] in 0..200;
    h = x |> Embedding(200, 128) |> PositionalEncoding |> TransformerBlock(8, 512) |> LayerNorm;
    logits = h |> Dense(200);
    loss = cross_entropy(logits, t);
)]
/// A transformer of one block of width 128.
pub struct Wide;

#[network(
    input x: [B, 8, 128];
    target t: [B, 6];
    h = x |> Conv1d(32, 5, padding = 2) |> relu |> Conv1d(64, 5, stride = 2, padding = 2) |> relu;
    y = mean(h, axis = 2) |> Dense(6);
    loss = mse(y, t);
)]
/// Convolutions along one axis.
pub struct Signal;

#[network(
    input x: [B, 784];
    target t: [B, 784];
    y = x |> Dense(256) |> relu |> Dense(32) |> relu |> Dense(256) |> relu |> Dense(784) |> sigmoid;
    loss = mse(y, t);
)]
/// 784-256-32-256-784, ReLU and sigmoid.
pub struct Autoencoder;
