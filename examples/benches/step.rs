//! One training step of 784-512-10 with batch 128 and RMSprop, against the time of its five matrix products alone.
//!
//! Both are measured in turns within one run, since machines are shared and noisy; the ratio is the figure that travels. The
//! products are those of the step, by the same kernel, over memory of the same size, layout and alignment.

use chainrule::kernels::product::{Product, Strides, multiply, packing_len};
use chainrule::kernels::{Buffer, Level};
use chainrule::prelude::*;
use std::time::{Duration, Instant};

const BATCH: usize = 128;
const RUNS: usize = 301;

#[network(
    input  x: [B, 784];
    target t: [B, 10];
    logits = x |> hidden |> relu |> last;
    output p = softmax(logits);
    loss     = cross_entropy(logits, t);
)]
/// One hidden layer of 512.
pub struct Mnist {
    /// Pixels to features.
    pub hidden: Dense<784, 512>,
    /// Features to digits.
    pub last: Dense<512, 10>,
}

/// A product `C = A·B` with its memory.
struct Multiplication {
    product: Product,
    a: Buffer<f32>,
    b: Buffer<f32>,
    c: Buffer<f32>,
    packing: Buffer<f32>,
}

impl Multiplication {
    /// m × k times k × n; a transposed operand is stored the other way round.
    fn new(m: usize, k: usize, n: usize, a_transposed: bool, b_transposed: bool) -> Self {
        let layout = |rows: usize, columns: usize, transposed: bool| match transposed {
            false => Strides { row: columns, column: 1 },
            true => Strides { row: 1, column: rows },
        };
        let product = Product {
            m,
            n,
            k,
            a: layout(m, k, a_transposed),
            b: layout(k, n, b_transposed),
            c: layout(m, n, false),
            accumulate: false,
        };
        let filled = |length, number| {
            let mut buffer = Buffer::zeros(length);
            buffer.fill(number);
            buffer
        };
        let packing = Buffer::zeros(packing_len(m, n, k));
        Self { product, a: filled(m * k, 0.1), b: filled(k * n, 0.2), c: Buffer::zeros(m * n), packing }
    }

    fn run(&mut self) {
        multiply(Level::detect(), &self.product, &self.a, &self.b, &mut self.c, &mut self.packing);
    }
}

/// The products of a step: two forward, two for the weights, one for the hidden layer.
fn products() -> [Multiplication; 5] {
    [
        Multiplication::new(BATCH, 784, 512, false, false),
        Multiplication::new(BATCH, 512, 10, false, false),
        Multiplication::new(512, BATCH, 10, true, false),
        Multiplication::new(BATCH, 10, 512, false, true),
        Multiplication::new(784, BATCH, 512, true, false),
    ]
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median<T: Copy + PartialOrd>(values: &mut [T]) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("times are numbers"));
    values[values.len() / 2]
}

fn main() {
    let mut products = products();
    let mut net = Mnist::init(1);
    let mut gradient = Mnist::zeros();
    let mut workspace = Mnist::workspace(BATCH);
    let mut optimizer = RmsProp::default();
    let x: Vec<f32> = (0..BATCH * 784).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5).collect();
    let t: Vec<f32> = (0..BATCH * 10).map(|i| if i % 10 == (i / 10) % 10 { 1.0 } else { 0.0 }).collect();
    let x = ndarray::ArrayView2::from_shape((BATCH, 784), &x).expect("the shape fits");
    let t = ndarray::ArrayView2::from_shape((BATCH, 10), &t).expect("the shape fits");

    let (mut steps, mut alone, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS + 20 {
        let step = time(|| {
            net.gradient(&mut workspace, x, t, &mut gradient);
            optimizer.step(&mut net, &gradient);
        });
        let floor = time(|| products.iter_mut().for_each(Multiplication::run));
        // The first runs warm the caches and the clock.
        if run >= 20 {
            steps.push(step.as_secs_f64() * 1e6);
            alone.push(floor.as_secs_f64() * 1e6);
            ratios.push(step.as_secs_f64() / floor.as_secs_f64());
        }
    }
    let threads = chainrule::threads::get();
    println!("784-512-10, batch {BATCH}, RMSprop, {threads} threads, {:?}, median of {RUNS} runs", Level::detect());
    println!("  training step          {:8.1} µs", median(&mut steps));
    println!("  its matrix products    {:8.1} µs", median(&mut alone));
    println!("  ratio                  {:8.3}", median(&mut ratios));
}
