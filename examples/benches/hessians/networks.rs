//! The functions whose Hessians are measured.

use chainrule::prelude::*;

#[network(
    f64;
    input x: [N, 50];
    input y: [N];
    param w: [50] = normal(0, 1);
    f = sum(log(1 + exp(-y * (x @ w))));
    output h = hessian(f, w);
)]
/// Logistic regression, as it is written in a textbook.
pub struct Logistic;

#[network(
    f64;
    input x: [B, 10];
    input t: [B, 1];
    param v: [241] = normal(0, 0.3);
    w1 = reshape(v[..200], [10, 20]);
    w2 = reshape(v[220..240], [20, 1]);
    f  = mean((tanh(x @ w1 + v[200..220]) @ w2 + v[240..] - t) ^ 2);
    output h = hessian(f, v);
)]
/// A net 10-20-1 whose parameters are one vector.
pub struct Small;

#[network(
    f64;
    input x: [B, 20];
    input t: [B] in 0..20;
    param w: [20, 20] = he_normal;
    param rest: [9, 20, 20] = he_normal;
    h1 = relu(x @ w) @ rest[0];
    h2 = relu(h1) @ rest[1];
    h3 = relu(h2) @ rest[2];
    h4 = relu(h3) @ rest[3];
    h5 = relu(h4) @ rest[4];
    h6 = relu(h5) @ rest[5];
    h7 = relu(h6) @ rest[6];
    h8 = relu(h7) @ rest[7];
    f  = cross_entropy(relu(h8) @ rest[8], t);
    output h = hessian(f, w);
)]
/// Ten layers of width 20.
pub struct Deep;
