//! The law of derivatives, counted on the programs: a gradient and a derivative along a vector cost at most 4 times their function, a
//! product with a Hessian at most 4 times the gradient.

mod support;

use chainrule_compiler::derivatives;
use chainrule_compiler::ir::cost::operations;
use chainrule_compiler::ir::{Program, Role, Root, Source, Tensor, TensorId};
use chainrule_compiler::{pipeline, simplify};
use chainrule_tests::{entries, name_of, read};
use std::path::Path;
use support::compile::compile;
use support::expectations::Expectations;

/// How long symbolic axes count.
const SIZE: usize = 64;
/// How much dearer a derivative may be than what it is the derivative of.
const MOST: f64 = 4.0;

/// Programs for which the count says more, and why. What is not here keeps the law.
const DEARER: [(&str, &str); 5] = [
    ("slices", "reads few elements of a tensor, whose gradient has a condition for each of its elements"),
    ("max_pooling", "conditions on places are counted as operations"),
    (
        "product_with_zero",
        "the slope of a product is the product of the other factors, one by one, so that it is right with zeros",
    ),
    ("product_with_zero, x", "the same"),
    ("product_with_zero, along x", "the same"),
];

/// What a program with these roots alone costs.
fn cost(program: &Program, roots: Vec<Root>) -> f64 {
    let mut program = program.clone();
    program.roots = roots;
    simplify::simplify(&mut program);
    operations(&program, &vec![SIZE; program.sizes.len()]) as f64
}

fn output(name: &str, tensor: TensorId) -> Root {
    Root { role: Role::Output(name.into()), tensor }
}

/// How many times the function its gradient costs, for all of `wrt`.
fn of_gradient(program: &Program, of: TensorId, wrt: &[TensorId]) -> f64 {
    let mut derived = program.clone();
    let gradients = derivatives::vjp(&mut derived, of, None, wrt);
    let function = cost(program, vec![output("f", of)]);
    let both =
        std::iter::once(output("f", of)).chain(gradients.into_iter().enumerate().map(|(n, id)| output(&n.to_string(), id)));
    (cost(&derived, both.collect()) - function) / function
}

/// How many times the function its derivative along a vector costs, with the function.
fn of_direction(program: &Program, of: TensorId, wrt: TensorId) -> f64 {
    let mut derived = program.clone();
    let vector = some_vector(&mut derived, wrt);
    let along = derivatives::jvp(&mut derived, of, wrt, vector);
    cost(&derived, vec![output("along", along)]) / cost(program, vec![output("f", of)])
}

/// A tensor with the shape of another, which is given.
fn some_vector(program: &mut Program, like: TensorId) -> TensorId {
    let vector = Tensor { name: "some vector".into(), source: Source::Input, ..program.tensor(like).clone() };
    program.add(vector)
}

/// How many times the gradient for one tensor the product of its Hessian with a vector costs.
fn of_product(program: &Program, of: TensorId, wrt: TensorId) -> f64 {
    let mut derived = program.clone();
    let vector = some_vector(&mut derived, wrt);
    let gradient = derivatives::vjp(&mut derived, of, None, &[wrt])[0];
    let product = derivatives::jvp(&mut derived, gradient, wrt, vector);
    let known = cost(&derived, vec![output("g", gradient)]);
    cost(&derived, vec![output("hv", product)]) / known.max(1.0)
}

/// What is dearer than the law says: its name, and how many times.
fn violations(name: &str, program: &Program) -> Vec<(String, f64)> {
    let wrt = pipeline::parameters(program);
    let (Some(of), false) = (pipeline::objective(program), wrt.is_empty()) else { return Vec::new() };
    let gradient = (name.to_owned(), of_gradient(program, of, &wrt));
    let products = wrt.iter().map(|&id| (format!("{name}, {}", program.tensor(id).name), of_product(program, of, id)));
    let along = wrt.iter().map(|&id| (format!("{name}, along {}", program.tensor(id).name), of_direction(program, of, id)));
    let all = std::iter::once(gradient).chain(products).chain(along);
    all.filter(|(_, times)| *times > MOST).collect()
}

fn compiled(name: &str, text: &str, network: Option<&str>) -> Program {
    compile(name, text, network, true).unwrap_or_else(|mistakes| panic!("{name}: {}", mistakes.text))
}

#[test]
fn on_every_program_of_the_corpus() {
    let mut found = Vec::new();
    for path in entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/ok")) {
        let (name, text) = (name_of(&path), read(&path));
        let network = Expectations::read(&text).network;
        found.extend(violations(&name, &compiled(&format!("{name}.nn"), &text, network.as_deref())));
    }
    let is_known = |name: &str| DEARER.iter().any(|(known, _)| *known == name);
    let new: Vec<String> =
        found.iter().filter(|(name, _)| !is_known(name)).map(|(name, times)| format!("{name}: {times:.2} times")).collect();
    assert!(new.is_empty(), "{}", new.join("\n"));
    let mended: Vec<&str> =
        DEARER.iter().map(|(name, _)| *name).filter(|known| found.iter().all(|(name, _)| name != known)).collect();
    assert!(mended.is_empty(), "these keep the law now: {}", mended.join(", "));
}

/// A chain of layers.
fn chain(layers: usize, width: usize, activation: &str) -> Program {
    let mut text = format!("network Chain: f64 {{\n    input x: [B, {width}];\n    h0 = x;\n");
    for layer in 0..layers {
        text += &format!("    param w{layer}: [{width}, {width}] = he_normal;\n    param b{layer}: [{width}] = zeros;\n");
        text += &format!("    h{} = {activation}(h{layer} @ w{layer} + b{layer});\n", layer + 1);
    }
    text += &format!("    loss = mean(h{layers} ^ 2);\n}}\n");
    compiled("chain.nn", &text, None)
}

#[test]
fn on_deep_and_wide_chains() {
    let chains = [(1, 512, "relu"), (3, 64, "tanh"), (12, 16, "sigmoid"), (40, 8, "relu")];
    let found: Vec<String> = (chains.into_iter())
        .flat_map(|(layers, width, activation)| {
            let name = format!("{layers} layers of {width} with {activation}");
            let program = chain(layers, width, activation);
            let wrt = pipeline::parameters(&program);
            let of = pipeline::objective(&program).expect("a loss");
            let gradient = of_gradient(&program, of, &wrt);
            let product = of_product(&program, of, wrt[0]);
            let along = of_direction(&program, of, wrt[0]);
            [
                (format!("{name}: the gradient"), gradient),
                (format!("{name}: the product"), product),
                (format!("{name}: along"), along),
            ]
        })
        .filter(|(_, times)| *times > MOST)
        .map(|(name, times)| format!("{name} costs {times:.2} times"))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
