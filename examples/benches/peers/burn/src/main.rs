//! The workloads in burn on its processor backend, for `compare.py`. Usage: burn-networks WORKLOAD ...

mod networks;
#[path = "../../timing.rs"]
mod timing;

use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, GradientsParams, ModuleOptimizer, RmsPropConfig, SgdConfig};
use burn::prelude::*;
use burn::tensor::activation::{relu, sigmoid, softmax, tanh};
use burn::tensor::{Distribution, ExecutionError};
use networks::{Dense, LeNet, Normalized, Recurrent, Transformer};
use timing::measure;

const BATCHES: usize = 16;

type Measured = Result<(), ExecutionError>;

fn uniform<const D: usize>(shape: [usize; D], device: &Device) -> Vec<Tensor<D>> {
    (0..BATCHES).map(|_| Tensor::random(shape, Distribution::Uniform(-0.5, 0.5), device)).collect()
}

fn classes<const D: usize>(shape: [usize; D], most: usize, device: &Device) -> Vec<Tensor<D, Int>> {
    let batch = |b| (0..shape.iter().product()).map(|i| ((i * 7919 + i / 7 + b) % most) as i32).collect::<Vec<_>>();
    (0..BATCHES).map(|b| Tensor::from_data(TensorData::new(batch(b), shape), device)).collect()
}

fn cross_entropy(logits: Tensor<2>, t: Tensor<1, Int>) -> Tensor<1> {
    CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, t)
}

fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_epsilon(1e-8).init()
}

/// Training steps: forward, loss, backward and update.
fn train<M: Module, X: Clone, T: Clone>(
    workload: &str,
    network: M,
    mut optimizer: ModuleOptimizer,
    rate: f64,
    (xs, ts): (Vec<X>, Vec<T>),
    loss: impl Fn(&M, X, T) -> Tensor<1>,
) -> Measured {
    let mut network = Some(network);
    measure("burn", workload, |count| {
        let before = network.take().expect("the network of the step before");
        let loss = loss(&before, xs[count % BATCHES].clone(), ts[count % BATCHES].clone());
        let device = loss.device();
        let gradients = GradientsParams::from_grads(loss.backward(), &before);
        network = Some(optimizer.step(rate, before, gradients));
        device.sync()
    })
}

fn mnist(device: &Device) -> Measured {
    let optimizer = RmsPropConfig::new().with_alpha(0.9).with_momentum(0.0).with_epsilon(1e-7).init();
    let data = (uniform([128, 784], device), classes([128], 10, device));
    train("mnist", Dense::new(&[784, 512, 10], device), optimizer, 1e-3, data, |network, x, t| {
        cross_entropy(network.forward(x, relu), t)
    })
}

fn tiny(device: &Device) -> Measured {
    let data = (uniform([1, 2], device), uniform([1, 1], device));
    train("tiny", Dense::new(&[2, 2, 1], device), SgdConfig::new().init(), 0.5, data, |network, x, t| {
        (sigmoid(network.forward(x, sigmoid)) - t).square().sum()
    })
}

fn control(device: &Device) -> Measured {
    let data = (uniform([32, 4], device), uniform([32, 2], device));
    train("control", Dense::new(&[4, 64, 64, 2], device), adam(), 1e-3, data, |network, x, t| {
        MseLoss::new().forward(network.forward(x, tanh), t, Reduction::Mean)
    })
}

fn lenet(device: &Device) -> Measured {
    let optimizer = SgdConfig::new().with_momentum(Some(MomentumConfig::new().with_momentum(0.9).with_dampening(0.0))).init();
    let data = (uniform([64, 1, 28, 28], device), classes([64], 10, device));
    train("lenet", LeNet::new(device), optimizer, 0.01, data, |network, x, t| cross_entropy(network.forward(x), t))
}

fn batchnorm(device: &Device) -> Measured {
    let data = (uniform([128, 784], device), classes([128], 10, device));
    train("batchnorm", Normalized::new(device), adam(), 1e-3, data, |network, x, t| cross_entropy(network.forward(x), t))
}

fn transformer(device: &Device) -> Measured {
    let optimizer = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.01).init();
    let data = (classes([8, 64], 65, device), classes([8 * 64], 65, device));
    train("transformer", Transformer::new(65, 64, 64, device), optimizer, 1e-3, data, |network, x, t| {
        cross_entropy(network.forward(x), t)
    })
}

fn lstm(device: &Device) -> Measured {
    let data = (uniform([32, 32, 32], device), classes([32], 10, device));
    train("lstm", Recurrent::new(device), adam(), 1e-3, data, |network, x, t| cross_entropy(network.forward(x), t))
}

fn inference(workload: &str, rows: usize, device: &Device) -> Measured {
    let (network, x) = (Dense::new(&[784, 512, 10], device), uniform([rows, 784], device));
    measure("burn", workload, |count| {
        std::hint::black_box(softmax(network.forward(x[count % BATCHES].clone(), relu), 1));
        device.sync()
    })
}

fn main() -> Measured {
    let inferring = Device::flex();
    inferring.seed(0);
    let training = inferring.clone().autodiff();
    for workload in std::env::args().skip(1) {
        match workload.as_str() {
            "mnist" => mnist(&training)?,
            "tiny" => tiny(&training)?,
            "control" => control(&training)?,
            "lenet" => lenet(&training)?,
            "batchnorm" => batchnorm(&training)?,
            "transformer" => transformer(&training)?,
            "lstm" => lstm(&training)?,
            "inference1" => inference("inference1", 1, &inferring)?,
            "inference128" => inference("inference128", 128, &inferring)?,
            _ => eprintln!("burn is not measured on {workload}"),
        }
    }
    Ok(())
}
