//! A name that nothing defines; the methods are there all the same, so that this is the only error.

use chainrule::prelude::*;

#[network(
    input  x: [B, 3];
    target t: [B, 2];
    h      = relu(x @ w + bais);
    output y = h @ v;
    loss = mse(y, t);
    metric largest = max(y);
)]
pub struct Net {
    pub w: [[f32; 4]; 3],
    pub bias: [f32; 4],
    pub v: [[f32; 2]; 4],
}

fn main() -> chainrule::Result<()> {
    let (mut net, mut gradient) = (Net::init(1), Net::zeros());
    let mut workspace = Net::workspace(8);
    let (x, t) = (ndarray::Array2::<f32>::zeros((8, 3)), ndarray::Array2::<f32>::zeros((8, 2)));
    let loss: f32 = net.gradient(&mut workspace, &x, &t, &mut gradient);
    Adam::new(1e-3).step(&mut net, &gradient);
    let y = net.predict(&mut workspace, &x);
    println!("{loss} {} {}", y[[0, 1]], net.w[2][3]);
    let report = net.evaluate(&mut workspace, &x, &t);
    println!("{} {}", report.loss, report.largest);
    Trainer::new(Sgd::new(0.1)).fit(&mut net, &Dataset::new(x, t)?)?;
    println!("{}", Net::DERIVATIVES);
    net.save("net.safetensors")?;
    net = Net::load("net.safetensors")?;
    net.initialize(3);
    Ok(())
}
