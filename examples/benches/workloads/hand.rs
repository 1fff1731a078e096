//! A step of 2-2-1 as a programmer writes it for these sizes alone: numbers in registers, no loop, no call but `exp`. What a compiler
//! for any network is compared with.

/// The parameters, in the order of the network's.
pub type Parameters = [f32; 9];

/// One step of gradient descent on one sample; returns the loss.
#[inline(never)]
pub fn step(parameters: &mut Parameters, x: [f32; 2], t: f32, rate: f32) -> f32 {
    let [w11, w12, w21, w22, b1, b2, v1, v2, c] = *parameters;
    let h1 = sigmoid(x[0] * w11 + x[1] * w21 + b1);
    let h2 = sigmoid(x[0] * w12 + x[1] * w22 + b2);
    let y = sigmoid(h1 * v1 + h2 * v2 + c);
    let error = y - t;
    let d = 2.0 * error * y * (1.0 - y);
    let d1 = d * v1 * h1 * (1.0 - h1);
    let d2 = d * v2 * h2 * (1.0 - h2);
    *parameters = [
        w11 - rate * d1 * x[0],
        w12 - rate * d2 * x[0],
        w21 - rate * d1 * x[1],
        w22 - rate * d2 * x[1],
        b1 - rate * d1,
        b2 - rate * d2,
        v1 - rate * d * h1,
        v2 - rate * d * h2,
        c - rate * d,
    ];
    error * error
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
