//! What the compiler says of the memory of a network, and what compiled code takes; and bounds that are met.

use chainrule::network::Network;
use chainrule::prelude::*;
use chainrule_compiler::diagnostic::Diagnostics;
use chainrule_compiler::elaborate::{Options, elaborate};
use chainrule_compiler::emit::Passes;
use chainrule_compiler::files::Files;
use chainrule_compiler::memory::limit::Limit;
use chainrule_compiler::memory::{Sizes, report};
use chainrule_compiler::pipeline;
use chainrule_compiler::plan::Plan;
use chainrule_compiler::span::Span;
use std::path::Path;

#[network(file = "models/two_layers.nn", hidden = 40)]
struct Layers;

#[network(file = "models/normalized.nn")]
struct Normalized;

#[network(file = "models/memory.nn")]
struct Shrinking;

/// The passes of a file and their plans.
fn planned(text: &str, hyperparameters: &[(&str, f64)]) -> (Passes, Vec<Plan>) {
    let hyperparameters = hyperparameters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let options = Options { hyperparameters, ..Options::default() };
    let program = |training| {
        let (mut files, mut diagnostics) = (Files::default(), Diagnostics::new());
        let tree = files.parse(Path::new("model.nn"), text.as_bytes(), &mut diagnostics);
        let program = elaborate(&tree, &Options { training, ..options.clone() }, &mut files, &mut diagnostics);
        program.unwrap_or_else(|| panic!("{:?}", diagnostics.sorted()))
    };
    pipeline::planned(&program(true), &program(false))
}

/// The compiler prints the bytes that the compiled network says, takes them for a bound, and not one less.
fn agrees<N: Network>(text: &str, hyperparameters: &[(&str, f64)], sizes: &[usize]) {
    let (passes, plans) = planned(text, hyperparameters);
    let names = passes.interface.sizes.iter().cloned();
    let given: Vec<(String, usize)> = names.zip(sizes.iter().copied()).collect();
    let known = Sizes::new(&passes.interface, &given).expect("the sizes of the network");
    let shown = report(&passes, &plans.iter().collect::<Vec<_>>(), &known).expect("a number");
    let bytes = N::workspace_bytes(sizes);
    assert!(shown.contains(&format!("\n  total: {bytes} bytes")), "{bytes} bytes for {sizes:?}:\n{shown}");
    let check = |bytes: usize| Limit::new(&format!("{bytes} B"), given.clone()).expect("bytes").check(&passes, Span::default());
    assert!(check(bytes).is_ok(), "{bytes} bytes for {sizes:?}");
    assert!(check(bytes - 1).is_err(), "{bytes} bytes for {sizes:?}");
}

#[test]
fn the_compiler_says_what_is_taken() {
    for batch in [1, 2, 15, 64, 1000] {
        agrees::<Layers>(include_str!("models/two_layers.nn"), &[("hidden", 40.0)], &[batch]);
        agrees::<Normalized>(include_str!("models/normalized.nn"), &[], &[batch]);
    }
    for (n, k) in [(12, 8), (11, 1), (1, 1), (300, 7), (64, 64)] {
        agrees::<Shrinking>(include_str!("models/memory.nn"), &[], &[n, k]);
    }
}

#[network(f64, max_memory = "10 KiB", B = 16;
    input  x: [B, 8];
    target t: [B, 2];
    output y = tanh(x @ v) @ w;
    loss = mse(y, t);
)]
struct Bounded {
    v: [[f64; 16]; 8],
    w: [[f64; 2]; 16],
}

/// Without symbolic sizes a bound needs none; hyperparameters and sizes may stand beside it.
#[network(max_memory = "0.25 kB";
    input x: [12];
    output y = exp(x) * 2;
)]
struct Fixed;

/// The example of the documentation.
#[network(max_memory = "8 KiB", B = 32;
    input x: [B, 8];
    output y = softmax(x @ w);
)]
pub struct Small {
    pub w: [[f32; 4]; 8],
}

#[network(file = "models/two_layers.nn", max_memory = "1 MiB", hidden = 12, B = 8)]
struct FromFile;

#[test]
fn bounds_that_are_met_change_nothing() {
    assert!(Bounded::workspace_bytes(&[16]) <= 10 << 10);
    assert!(Small::workspace_bytes(&[32]) <= 8 << 10);
    assert!(Fixed::workspace_bytes(&[]) <= 250);
    assert!(FromFile::workspace_bytes(&[8]) <= 1 << 20);
    let net = Bounded::init(3);
    let x = super::support::wave(&[40, 8], 0.3);
    assert_eq!(net.predict(&mut Bounded::workspace(40), &x).shape(), [40, 2]);
}
