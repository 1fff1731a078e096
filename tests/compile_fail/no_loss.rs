//! Without a loss and without a scalar output there is no gradient.

use chainrule::prelude::*;

#[network(
    input x: [B, 3];
    output y = x @ v;
)]
pub struct Net {
    v: [[f32; 2]; 3],
}

fn main() {
    let mut gradient = Net::zeros();
    let x = ndarray::Array2::<f32>::zeros((8, 3));
    Net::init(3).gradient(&mut Net::workspace(8), &x, &mut gradient);
    let report = Net::init(3).evaluate(&mut Net::workspace(8), &x);
}
