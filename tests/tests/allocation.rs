//! After the workspace and the optimizer's first step, nothing is allocated.

use chainrule::network::{AsNetwork, Network};
use chainrule::optim::{self, Adadelta, Adagrad, Lbfgs, Nadam};
use chainrule::prelude::*;
use ndarray::{Array1, Array2};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts what the thread asks of it.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    // A thread that ends has no counters any more.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
    let _ = BYTES.try_with(|sum| sum.set(sum.get() + bytes));
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocates within a call.
fn allocations<T>(call: impl FnOnce() -> T) -> usize {
    let before = COUNT.get();
    let value = call();
    let after = COUNT.get();
    drop(value);
    after - before
}

/// Products that are large enough for every kernel.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    h      = relu(x |> hidden);
    logits = h |> last;
    output p = softmax(logits);
    loss     = cross_entropy(logits, t) + 1e-4 * l2(params);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
struct Single {
    hidden: Dense<64, 96>,
    last: Dense<96, 10>,
}

/// Double precision, integers, two outputs, index notation.
#[network(
    input  x: [B, 7];
    target t: [B] in 0..3;
    h[b, j] = tanh(sum[k](x[b, k] * w[k, j]) + bias[j]);
    logits  = h |> last;
    output p = softmax(logits);
    output h2 = h * h;
    loss     = cross_entropy(logits, t);
)]
struct Double {
    w: [[f64; 5]; 7],
    bias: [f64; 5],
    last: Dense<5, 3, f64>,
}

/// States and random numbers.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    logits = x |> hidden |> normal |> relu |> Dropout(0.5) |> last;
    loss     = cross_entropy(logits, t);
)]
struct Normalized {
    hidden: Dense<64, 96>,
    normal: BatchNorm<96>,
    last: Dense<96, 10>,
}

#[test]
fn a_workspace_takes_the_bytes_that_are_said() {
    // Threads are no part of it.
    chainrule::threads::set(2);
    for batch in [1, 3, 17, 128] {
        let before = BYTES.get();
        let workspaces = (Single::workspace(batch), Double::workspace(batch));
        let taken = BYTES.get() - before;
        assert_eq!(taken, Single::workspace_bytes(&[batch]) + Double::workspace_bytes(&[batch]), "{batch}");
        drop(workspaces);
    }
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| Box::new(1)), 1);
    assert_eq!(allocations(|| vec![0_u8; 10]), 1);
    assert_eq!(allocations(|| 1 + 1), 0);
}

/// The optimizers of the runtime and clipping allocate nothing after the first step.
fn optimizers<N: AsNetwork>(mut net: N, gradient: &mut N)
where
    N::Network: AsNetwork<Network = N::Network>,
{
    let mut all: [Box<dyn Optimizer>; 13] = [
        Box::new(Sgd::new(0.1)),
        Box::new(Sgd::new(0.1).momentum(0.9)),
        Box::new(Sgd::new(0.1).momentum(0.9).nesterov(true)),
        Box::new(RmsProp::default()),
        Box::new(RmsProp::default().momentum(0.9).rate_in_velocity(false)),
        Box::new(RmsProp::default().momentum(0.9).centered(true)),
        Box::new(Adam::default()),
        Box::new(Adam::default().amsgrad(true)),
        Box::new(Adam::default().weight_decay(0.1).decoupled_weight_decay(0.1)),
        Box::new(AdamW::default()),
        Box::new(Nadam::default()),
        Box::new(Adagrad::default()),
        Box::new(Adadelta::default()),
    ];
    for step in 0..3 {
        let clipped = allocations(|| {
            optim::clip_by_value(gradient, 1.0);
            optim::clip_by_norm(gradient, 1.0)
        });
        let counts = all.each_mut().map(|optimizer| allocations(|| optimizer.step(&mut net, gradient)));
        assert!(clipped == 0 && (step == 0 || counts == [0; 13]), "step {step}: {clipped} {counts:?}");
    }
}

#[test]
fn single_precision() {
    let (net, mut gradient, mut workspace) = (Single::init(1), Single::zeros(), Single::workspace(128));
    for rows in [128, 96, 1] {
        let (x, t) = (Array2::from_elem((rows, 64), 0.5), Array2::from_elem((rows, 10), 0.1));
        let counts = [
            allocations(|| net.gradient(&mut workspace, &x, &t, &mut gradient)),
            allocations(|| net.evaluate(&mut workspace, &x, &t)),
            allocations(|| net.predict(&mut workspace, &x).len()),
        ];
        assert_eq!(counts, [0; 3], "gradient, evaluate and predict of {rows} rows");
    }
    optimizers(net, &mut gradient);
}

#[test]
fn double_precision() {
    let (net, mut gradient, mut workspace) = (Double::init(1), Double::zeros(), Double::workspace(33));
    for rows in [33, 8] {
        let (x, t) = (Array2::from_elem((rows, 7), 0.5), Array1::from_elem(rows, 2));
        let counts = [
            allocations(|| net.gradient(&mut workspace, &x, &t, &mut gradient)),
            allocations(|| net.evaluate(&mut workspace, &x, &t)),
            allocations(|| net.predict(&mut workspace, &x).p.len()),
        ];
        assert_eq!(counts, [0; 3], "gradient, evaluate and predict of {rows} rows");
    }
    optimizers(net, &mut gradient);
}

#[test]
fn states_and_random_numbers() {
    let (mut net, mut gradient, mut workspace) = (Normalized::init(1), Normalized::zeros(), Normalized::workspace(128));
    for rows in [128, 96] {
        let (x, t) = (Array2::from_elem((rows, 64), 0.5), Array2::from_elem((rows, 10), 0.1));
        let counts = [
            allocations(|| net.gradient(&mut workspace, &x, &t, &mut gradient)),
            allocations(|| net.evaluate(&mut workspace, &x, &t)),
        ];
        assert_eq!(counts, [0; 2], "gradient and evaluate of {rows} rows");
    }
    optimizers(net, &mut gradient);
}

/// No schedule allocates, at its first step or later.
#[test]
fn schedules_allocate_nothing() {
    use chainrule::schedule::*;
    let cosine = Cosine { initial: 1e-3, last: 0.0, span: 20 };
    let all: [Box<dyn Schedule>; 8] = [
        Box::new(Constant(0.1)),
        Box::new(ExponentialDecay { initial: 0.1, factor: 0.5, span: 10, in_steps: true }),
        Box::new(StepDecay { initial: 0.1, factor: 0.5, boundaries: vec![10, 30] }),
        Box::new(PolynomialDecay { initial: 0.1, last: 0.0, span: 40, power: 2.0 }),
        Box::new(cosine),
        Box::new(WarmRestarts { initial: 0.1, last: 0.0, span: 3, growth: 2 }),
        Box::new(OneCycle::new(0.1, 40)),
        Box::new(Warmup { span: 4, then: cosine }),
    ];
    let mut plateau = Plateau::default().patience(1);
    for step in 0..50 {
        let counts = all.each_ref().map(|schedule| allocations(|| schedule.rate(step)));
        assert_eq!((counts, allocations(|| plateau.after(1.0))), ([0; 8], 0), "step {step}");
    }
}

/// As many allocations for few iterations as for many, on a data set and by a closure; the next minimization has a gradient of its own,
/// and the rest is there.
#[test]
fn quasi_newton_iterations_allocate_nothing() -> chainrule::Result<()> {
    let (x, t) =
        (Array2::from_shape_fn((50, 7), |(i, j)| ((i * 7 + j) as f64).sin()), Array1::from_shape_fn(50, |i| (i % 3) as i32));
    let data = Dataset::new(x.mapv(|x| x as f32), t.clone())?;
    let mut workspace = Double::workspace(50);
    let counts = [4, 9, 60].map(|iterations| {
        let mut method = Lbfgs::default().history(4).iterations(iterations).tolerance(0.0);
        let mut minimize = |method: &mut Lbfgs| {
            let mut net = Double::init(1);
            allocations(|| {
                let found = method.minimize(&mut net, |net, gradient| net.gradient(&mut workspace, &x, &t, gradient));
                assert_eq!(found.iterations, iterations);
            })
        };
        let by_closure = [minimize(&mut method), minimize(&mut method), minimize(&mut method)];
        let fit = |method: &mut Lbfgs| {
            let mut net = Double::init(1);
            allocations(|| method.fit(&mut net, &data).map(|found| assert_eq!(found.iterations, iterations)))
        };
        (by_closure, fit(&mut method))
    });
    assert!(counts[0] == counts[1] && counts[1] == counts[2], "allocations of 4, 9, 60 iterations: {counts:?}");
    assert!(counts[0].0[0] > 1 && counts[0].0[1..] == [1, 1], "{counts:?}");
    Ok(())
}

#[test]
fn more_epochs_of_a_quiet_trainer_allocate_nothing() -> chainrule::Result<()> {
    use chainrule::schedule::{Cosine, Plateau, Warmup};
    let data = Dataset::new(Array2::from_elem((50, 64), 0.5_f32), Array2::from_elem((50, 10), 0.1_f32))?;
    let trainer = |epochs| Trainer::new(Adam::new(1e-3)).epochs(epochs).batch_size(16).validate(&data).quiet();
    let cosine = Warmup { span: 4, then: Cosine { initial: 1e-3, last: 0.0, span: 20 } };
    let all = |epochs| {
        let trainer = trainer(epochs).schedule(cosine).reduce_on_plateau(Plateau::default().patience(1));
        trainer.clip_value(1.0).clip_norm(0.5).patience(100).restore_best(true).gradient_norms(true)
    };
    for make in [&trainer as &dyn Fn(usize) -> _, &all] {
        let counts = [1, 2, 7].map(|epochs| {
            let (mut net, mut trainer) = (Single::init(2), make(epochs));
            allocations(|| trainer.fit(&mut net, &data).expect("a training").epochs())
        });
        assert!(counts[0] > 0 && counts[0] == counts[1] && counts[1] == counts[2], "allocations of 1, 2, 7 epochs: {counts:?}");
    }
    Ok(())
}
