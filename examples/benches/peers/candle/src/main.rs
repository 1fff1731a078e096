//! The dense workloads in candle, for `compare.py`. Usage: candle-networks WORKLOAD ...

#[path = "../../timing.rs"]
mod timing;

use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, SGD, loss, ops};
use timing::measure;

const BATCHES: usize = 16;

fn uniform(rows: usize, columns: usize) -> Result<Vec<Tensor>> {
    (0..BATCHES).map(|_| Tensor::rand(-0.5_f32, 0.5, (rows, columns), &Device::Cpu)).collect()
}

fn classes(rows: usize) -> Result<Vec<Tensor>> {
    (0..BATCHES as u32).map(|b| Tensor::from_iter((0..rows as u32).map(|i| (i * 7 + b) % 10), &Device::Cpu)).collect()
}

/// Weights and biases, layer after layer.
fn dense(widths: &[usize]) -> Result<Vec<Var>> {
    let mut variables = Vec::new();
    for pair in widths.windows(2) {
        variables.push(Var::randn_f64(0.0, (2.0 / pair[0] as f64).sqrt(), (pair[0], pair[1]), DType::F32, &Device::Cpu)?);
        variables.push(Var::zeros(pair[1], DType::F32, &Device::Cpu)?);
    }
    Ok(variables)
}

fn forward(x: &Tensor, variables: &[Var], between: fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let mut h = x.clone();
    for (number, layer) in variables.chunks(2).enumerate() {
        h = if number > 0 { between(&h)? } else { h };
        h = h.matmul(&layer[0])?.broadcast_add(&layer[1])?;
    }
    Ok(h)
}

/// RMSprop, which candle does not have: v ← 0.9 v + 0.1 g², p ← p - 0.001 g / (√v + 1e-7).
fn rms_prop(variables: &[Var], means: &mut [Tensor], loss: &Tensor) -> Result<()> {
    let gradients = loss.backward()?;
    for (variable, mean) in variables.iter().zip(means) {
        let Some(gradient) = gradients.get(variable) else { continue };
        *mean = ((&*mean * 0.9)? + (gradient.sqr()? * 0.1)?)?;
        variable.set(&(variable.as_tensor() - (gradient / (mean.sqrt()? + 1e-7)?)?.affine(1e-3, 0.0)?)?)?;
    }
    Ok(())
}

fn mnist() -> Result<()> {
    let (variables, x, t) = (dense(&[784, 512, 10])?, uniform(128, 784)?, classes(128)?);
    let mut means = variables.iter().map(|variable| variable.zeros_like()).collect::<Result<Vec<_>>>()?;
    measure("candle", "mnist", |count| {
        let logits = forward(&x[count % BATCHES], &variables, Tensor::relu)?;
        rms_prop(&variables, &mut means, &loss::cross_entropy(&logits, &t[count % BATCHES])?)
    })
}

fn tiny() -> Result<()> {
    let (variables, x, t) = (dense(&[2, 2, 1])?, uniform(1, 2)?, uniform(1, 1)?);
    let mut sgd = SGD::new(variables.clone(), 0.5)?;
    measure("candle", "tiny", |count| {
        let y = ops::sigmoid(&forward(&x[count % BATCHES], &variables, ops::sigmoid)?)?;
        sgd.backward_step(&(y - &t[count % BATCHES])?.sqr()?.sum_all()?)
    })
}

fn control() -> Result<()> {
    let (variables, x, t) = (dense(&[4, 64, 64, 2])?, uniform(32, 4)?, uniform(32, 2)?);
    let mut adam = AdamW::new(variables.clone(), ParamsAdamW { weight_decay: 0.0, ..ParamsAdamW::default() })?;
    measure("candle", "control", |count| {
        adam.backward_step(&loss::mse(&forward(&x[count % BATCHES], &variables, Tensor::tanh)?, &t[count % BATCHES])?)
    })
}

fn inference(workload: &str, rows: usize) -> Result<()> {
    let (variables, x) = (dense(&[784, 512, 10])?, uniform(rows, 784)?);
    let constants = variables.iter().map(|variable| Var::from_tensor(&variable.detach())).collect::<Result<Vec<_>>>()?;
    measure("candle", workload, |count| {
        ops::softmax(&forward(&x[count % BATCHES], &constants, Tensor::relu)?, D::Minus1).map(drop)
    })
}

fn main() -> Result<()> {
    for workload in std::env::args().skip(1) {
        match workload.as_str() {
            "mnist" => mnist()?,
            "tiny" => tiny()?,
            "control" => control()?,
            "inference1" => inference("inference1", 1)?,
            "inference128" => inference("inference128", 128)?,
            _ => eprintln!("candle is not measured on {workload}"),
        }
    }
    Ok(())
}
