//! The networks, of burn's own modules.

use burn::nn::attention::generate_autoregressive_mask;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::transformer::{TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput};
use burn::nn::{
    BatchNorm, BatchNormConfig, Embedding, EmbeddingConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig, Lstm, LstmConfig,
    PaddingConfig2d, PositionalEncoding, PositionalEncodingConfig,
};
use burn::prelude::*;
use burn::tensor::activation::relu;

fn linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    LinearConfig::new(inputs, outputs).init(device)
}

#[derive(Module, Debug)]
pub struct Dense {
    layers: Vec<Linear>,
}

impl Dense {
    pub fn new(widths: &[usize], device: &Device) -> Self {
        Self { layers: widths.windows(2).map(|pair| linear(pair[0], pair[1], device)).collect() }
    }

    pub fn forward(&self, x: Tensor<2>, between: fn(Tensor<2>) -> Tensor<2>) -> Tensor<2> {
        let (first, rest) = self.layers.split_first().expect("a layer");
        rest.iter().fold(first.forward(x), |h, layer| layer.forward(between(h)))
    }
}

#[derive(Module, Debug)]
pub struct LeNet {
    first: Conv2d,
    second: Conv2d,
    pool: MaxPool2d,
    dense: Dense,
}

impl LeNet {
    pub fn new(device: &Device) -> Self {
        Self {
            first: Conv2dConfig::new([1, 6], [5, 5]).with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2)).init(device),
            second: Conv2dConfig::new([6, 16], [5, 5]).init(device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            dense: Dense::new(&[400, 120, 84, 10], device),
        }
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let h = self.pool.forward(relu(self.first.forward(x)));
        let h = self.pool.forward(relu(self.second.forward(h)));
        self.dense.forward(h.flatten(1, 3), relu)
    }
}

#[derive(Module, Debug)]
pub struct Normalized {
    hidden: Vec<Linear>,
    norms: Vec<BatchNorm>,
    head: Linear,
}

impl Normalized {
    pub fn new(device: &Device) -> Self {
        Self {
            hidden: vec![linear(784, 256, device), linear(256, 256, device)],
            norms: vec![BatchNormConfig::new(256).init(device), BatchNormConfig::new(256).init(device)],
            head: linear(256, 10, device),
        }
    }

    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let h = self.hidden.iter().zip(&self.norms).fold(x, |h, (layer, norm)| relu(norm.forward(layer.forward(h))));
        self.head.forward(h)
    }
}

#[derive(Module, Debug)]
pub struct Transformer {
    table: Embedding,
    wave: PositionalEncoding,
    mask: Tensor<3, Bool>,
    blocks: TransformerEncoder,
    norm: LayerNorm,
    head: Linear,
}

impl Transformer {
    pub fn new(letters: usize, width: usize, steps: usize, device: &Device) -> Self {
        Self {
            table: EmbeddingConfig::new(letters, width).init(device),
            wave: PositionalEncodingConfig::new(width).with_max_sequence_size(steps).init(device),
            mask: generate_autoregressive_mask(1, steps, device),
            blocks: TransformerEncoderConfig::new(width, 4 * width, 4, 2).with_norm_first(true).with_dropout(0.0).init(device),
            norm: LayerNormConfig::new(width).init(device),
            head: linear(width, letters, device),
        }
    }

    /// The logits of every letter that comes next, row after row.
    pub fn forward(&self, x: Tensor<2, Int>) -> Tensor<2> {
        let h = self.wave.forward(self.table.forward(x));
        let h = self.blocks.forward(TransformerEncoderInput::new(h).mask_attn(self.mask.clone()));
        self.head.forward(self.norm.forward(h)).flatten(0, 1)
    }
}

#[derive(Module, Debug)]
pub struct Recurrent {
    lstm: Lstm,
    head: Linear,
}

impl Recurrent {
    pub fn new(device: &Device) -> Self {
        Self { lstm: LstmConfig::new(32, 64, true).init(device), head: linear(64, 10, device) }
    }

    pub fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        self.head.forward(self.lstm.forward(x, None).1.hidden)
    }
}
