//! The law of derivatives, counted on the programs: a gradient and a derivative along a vector cost at most 4 times their function, a
//! product with a Hessian at most 4 times the gradient. What follows from places alone is no operation (`ir/cost.rs`).

mod support;

#[path = "../src/random/mod.rs"]
mod random;

use chainrule_compiler::derivatives;
use chainrule_compiler::ir::cost::operations;
use chainrule_compiler::ir::{Program, Role, Root, Source, Tensor, TensorId};
use chainrule_compiler::ops::Operator;
use chainrule_compiler::pipeline;
use chainrule_tests::{entries, name_of, read};
use std::path::Path;
use support::compile::compile;
use support::expectations::Expectations;

/// How long symbolic axes count.
const SIZE: usize = 64;
/// How much dearer a derivative may be than what it is the derivative of.
const MOST: f64 = 4.0;

/// What a program with these roots alone costs.
fn cost(program: &Program, roots: Vec<Root>) -> f64 {
    let mut program = program.clone();
    program.roots = roots;
    let program = pipeline::forward(&program, |_| true).program;
    operations(&program, &vec![SIZE; program.sizes.len()]) as f64
}

fn output(name: &str, tensor: TensorId) -> Root {
    Root { role: Role::Output(name.into()), tensor }
}

/// How many times the function its gradient costs, for all of `wrt`.
fn of_gradient(program: &Program, of: TensorId, wrt: &[TensorId]) -> f64 {
    let mut alone = program.clone();
    alone.roots.retain(|root| root.tensor == of);
    alone.roots.truncate(1);
    let function = cost(&alone, alone.roots.clone());
    let derived = pipeline::gradient(&alone, wrt, |_| true).program;
    (operations(&derived, &vec![SIZE; derived.sizes.len()]) as f64 - function) / function
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
    let dear: Vec<String> = found.iter().map(|(name, times)| format!("{name}: {times:.2} times")).collect();
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}

/// `CHAINRULE_PROGRAMS` says how many random programs are tried (100), `CHAINRULE_SEED` with which seed they begin (0).
#[test]
fn on_random_programs() {
    let setting = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let start = setting("CHAINRULE_SEED", 0);
    let dear = (start..start + setting("CHAINRULE_PROGRAMS", 100)).filter_map(|seed| {
        let generator = random::program(seed);
        let text = generator.text(generator.len(), false);
        let found = violations(&format!("seed {seed}"), &compiled("random.nn", &text, None));
        let lines: Vec<String> = found.iter().map(|(name, times)| format!("{name}: {times:.2} times\n")).collect();
        (!lines.is_empty()).then(|| format!("{}{text}", lines.concat()))
    });
    let dear: Vec<String> = dear.collect();
    assert!(dear.is_empty(), "{}", dear.join("\n"));
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

/// The law holds for the networks.
fn hold(texts: impl Iterator<Item = String>) {
    let found = texts.flat_map(|text| {
        let text = format!("network Chain: f64 {{ {text} }}");
        violations(&text, &compiled("chain.nn", &text, None))
    });
    let dear: Vec<String> = found.map(|(name, times)| format!("{name}: {times:.2} times")).collect();
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}

/// A formula of many tensors, of which each has its slope.
#[test]
fn on_formulas_of_many_tensors() {
    let texts = [3, 6].iter().flat_map(|&count| {
        let given: String = (0..count).map(|n| format!("param a{n}: [20, 30] = zeros; param b{n}: [30] = zeros; ")).collect();
        let terms: Vec<String> = (0..count).map(|n| format!("a{n} * b{n}")).collect();
        let sum = terms.join(" + ");
        ["(s) ^ 2", "(s) ^ 3 / (1 + (s) ^ 2)", "sin(s)", "max(s, 1)", "abs(s)", "1 / (s)", "sqrt(s)"]
            .map(|function| format!("{given} loss = mean({});", function.replace("(s", &format!("({sum}"))))
    });
    hold(texts);
}

/// Products of many factors, windows that lap over a long row, and a few elements of a long vector and of its parts.
#[test]
fn on_long_axes() {
    let texts = [
        "network Product { param x: [3, 500]; loss = sum(prod(x, axis = 1)); }",
        "network Products { param x: [8, 20, 30]; loss = sum(prod(sin(x), axis = [1, 2]) ^ 2); }",
        "network Pool { param x: [2, 1001]; y[n, i] = max[u in 0..3](x[n, 2 * i + u]); loss = sum(y ^ 2); }",
        "network Rows { param x: [400, 30]; loss = sum(x[0..300, 5..] ^ 2) + sum(x[100..] ^ 2); }",
    ];
    let found = texts.iter().flat_map(|text| violations(text, &compiled("long.nn", &text.replace("];", "] = zeros;"), None)));
    let dear: Vec<String> = found.map(|(name, times)| format!("{name}: {times:.2} times")).collect();
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}

/// The gradient of a long product within a program costs a few operations for each factor, and the factor and its slope once.
#[test]
fn on_gradients_of_products_within_programs() {
    let text = "network Inner: f64 { input x: [400]; p = prod(sin(x)); output g = grad(p, x); output h = vjp(prod(x), x, p); }";
    let derived = pipeline::forward(&compiled("inner.nn", text, None), |_| true).program;
    let count = operations(&derived, &[]);
    let factor = u64::from(Operator::Sin.row().cost + Operator::Cos.row().cost);
    assert!(count < (20 + factor) * 400, "{count} operations");
}

/// Jacobians and Hessians of long products cost a few operations for each of their elements, of whatever the factors are.
#[test]
fn on_jacobians_of_products() {
    let counted = [
        ("input x: [400]; y = prod(x); output j = jacobian(y, x);", 400),
        ("input x: [400]; y = prod(sin(x)); output h = hessian(y, x);", 400 * 400),
        ("input x: [30]; y = prod(x); h = hessian(y, x); output t = jacobian(h, x);", 30 * 30 * 30),
        ("input x: [200]; input w: [40, 200]; y[i] = prod[k](1 + w[i, k] * x[k]); output j = jacobian(y, x);", 40 * 200),
        ("input x: [40, 200]; y = prod(x, axis = 1); output j = jacobian(y, x);", 40 * 40 * 200),
        ("input x: [5, 20, 30]; y = prod(x, axis = [1, 2]); output b = hessian_blocks(sum(y), x);", 5 * 600 * 600),
        ("input x: [200, 6]; input u: [6]; y = prod(x @ u); output h = hessian(y, u);", 200 * 200),
    ];
    let dear = counted.iter().filter_map(|&(text, elements)| {
        let program = compiled("jacobian.nn", &format!("network Products: f64 {{ {text} }}"), None);
        let count = operations(&pipeline::forward(&program, |_| true).program, &[]);
        (count > 30 * elements).then(|| format!("{text}: {count} operations for {elements} elements"))
    });
    let dear: Vec<String> = dear.collect();
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}

/// Second derivatives for a vector that holds several tensors cost no more than those for each pair of these, once.
#[test]
fn on_hessians_in_parts() {
    let function = "f = mean((tanh(x @ w + b) @ u - t) ^ 2);";
    let parts = "param w: [5, 8] = zeros; param b: [8] = zeros; param u: [8, 2] = zeros;";
    let pairs =
        "d_b = grad(f, b); d_u = grad(f, u); output ww = hessian(f, w); output bb = hessian(f, b); output uu = hessian(f, u);
        output wb = jacobian(d_b, w); output uw = jacobian(d_u, w); output ub = jacobian(d_b, u);";
    let vector = "param v: [64] = zeros; w = reshape(v[..40], [5, 8]); b = v[40..48]; u = reshape(v[48..], [8, 2]);";
    let [alone, hessian, jacobian] = [
        format!("{parts} {function} {pairs}"),
        format!("{vector} {function} output h = hessian(f, v);"),
        format!("{vector} {function} output h = jacobian(grad(f, v), v);"),
    ]
    .map(|text| {
        let text = format!("network Parts: f64 {{ input x: [B, 5]; input t: [B, 2]; {text} }}");
        let derived = pipeline::forward(&compiled("parts.nn", &text, None), |_| true).program;
        operations(&derived, &vec![SIZE; derived.sizes.len()])
    });
    assert_eq!(hessian, jacobian);
    assert!(hessian as f64 <= 1.05 * alone as f64, "{hessian} in one vector, {alone} alone");
}

/// The n-th derivative of functions whose derivatives are polynomials in them costs a few operations for each n.
#[test]
fn on_derivatives_of_derivatives() {
    let bounded = ["tanh(x)", "sigmoid(x)", "sin(x) * cos(x)", "tanh(x) * sin(x)", "x * tanh(x)"];
    let falling = ["exp(-x^2)", "1 / (1 + x^2)", "x / (2 + 3 * x^2)", "atan(x)", "erf(x)"];
    let of_normal = ["exp(-x^2 / 2)", "x * exp(-x^2 / 2)", "(1 + x)^2 * exp(-x^2)", "exp(-(x - 1)^2 / 2)", "exp(x - 2 * x^2)"];
    let others = ["x^3 * exp(-x)", "1 / (1 + x^4)", "1 / (1 - x^2)", "x / (1 + x^2)^3", "1 / (2 + x + x^2)"];
    let several = ["x^5 / (3 - x)", "exp(-x^2) / (1 + x^2)", "exp(-x) / (1 + x^2)^2", "1 / ((1 + x^2) * (2 + x))"];
    for function in bounded.into_iter().chain(falling).chain(of_normal).chain(others).chain(several) {
        let costs: Vec<u64> = [4, 8, 16].map(|depth| nested(function, depth)).into();
        assert!(costs[1] < 6 * costs[0] && costs[2] < 6 * costs[1], "{function}: {costs:?} for 4, 8 and 16");
        assert!(costs[2] < 300, "{function}: {costs:?} for 4, 8 and 16");
    }
}

/// What a derivative of an order costs.
fn nested(function: &str, order: usize) -> u64 {
    let steps: String = (1..=order).map(|order| format!("    y{order} = grad(y{}, x);\n", order - 1)).collect();
    let text = format!("network Nested: f64 {{\n    input x: [];\n    y0 = {function};\n{steps}    output y = y{order};\n}}\n");
    let derived = pipeline::forward(&compiled("nested.nn", &text, None), |_| true).program;
    operations(&derived, &[])
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

/// A network of one function so many times, of `h0`: a formula, or one in index notation, `[i] = h_[i] ^ 2`.
fn repeated(given: &str, function: &str, depth: usize) -> String {
    let step = |step: usize| {
        let equals = if function.starts_with('[') { "" } else { " = " };
        format!("h{}{equals}{}; ", step + 1, function.replace("h_", &format!("h{step}")))
    };
    format!("{given} {} loss = mean(h{depth} ^ 2);", (0..depth).map(step).collect::<String>())
}

/// Functions within each other, layers with what stands between them, and steps of recurrences.
#[test]
fn on_chains_of_functions_and_of_layers() {
    let functions = [
        "exp(sin(h_))",
        "h_ * w",
        "h_ / (1 + h_ ^ 2)",
        "sqrt(1 + h_ ^ 2) - w",
        "gelu(h_)",
        "mish(h_)",
        "log(1 + exp(h_)) * tanh(w)",
        "softmax(h_)",
        "h_ - logsumexp(h_, keepdims = true) * w",
        "cumsum(h_) / 30",
        "h_ ^ 3 - h_ * w + w ^ 2",
        "h_ / norm(h_)",
        "erf(h_) * selu(h_)",
    ];
    let layers = ["LayerNorm", "RMSNorm", "Dense(16) |> BatchNorm |> tanh |> Dense(30)", "Dense(30) |> LayerNorm |> gelu"];
    let sequences = ["Lstm(12)", "Gru(12)", "SimpleRnn(12)", "Attention(2)", "TransformerBlock(2, 24)", "Lstm(12) |> Gru(12)"];
    let images = ["Conv2d(4, 3) |> relu |> MaxPool2d(2)", "GroupNorm(2) |> Conv2d(6, 3, padding = 1) |> gelu |> AvgPool2d(2)"];
    let given = "param x: [20, 30] = zeros; param w: [30] = zeros; h0 = x;";
    let functions = functions.iter().flat_map(|function| [2, 8].map(|depth| repeated(given, function, depth)));
    let layers = layers
        .iter()
        .flat_map(|layer| [1, 3].map(|depth| repeated("input x: [B, 30]; h0 = x;", &format!("h_ + (h_ |> {layer})"), depth)));
    let sequences = sequences.iter().map(|layer| repeated("input x: [B, T, 12]; h0 = x;", &format!("h_ |> {layer}"), 1));
    let images = images.iter().map(|layer| repeated("input x: [B, 4, 16, 16]; h0 = x;", &format!("h_ |> {layer}"), 1));
    let gather = repeated("input t: [B, T] in 0..50; h0 = t |> Embedding(50, 8);", "softmax(h_ |> Dense(8))", 2);
    hold(functions.chain(layers).chain(sequences).chain(images).chain([gather]));
}

/// Functions of numbers, of rows and of parts within each other, that cost little beside their slopes or have kinks.
#[test]
fn on_chains_of_what_is_cheap() {
    let of_numbers = [
        "max(h_, w) * min(h_, 0.5)",
        "min(max(h_, w), 1 - h_)",
        "h_ / w",
        "(h_ * w + h_ * v + w * v) ^ 2",
        "max(h_ * w + sin(v), v * h_) / (1 + v ^ 2)",
        "max(h_, w)",
        "clamp(h_, -1, 1) * w",
        "clamp(h_ * w, w, 2)",
        "abs(h_) - w",
        "where(h_ > w, h_ * w, sin(h_))",
        "where(h_ * w > 0, h_, w)",
        "relu(h_ - w)",
        "relu(h_) * relu(w) - h_",
        "leaky_relu(h_ * w)",
        "hard_swish(h_ + w)",
        "sign(h_) * h_ * w",
        "floor(h_) * h_ - w",
        "stop_gradient(h_) * h_ + w",
        "h_ + w",
        "-h_ * w",
        "w / h_",
        "h_ * h_ * w",
        "h_ / (1 + (h_ * w) ^ 2)",
    ];
    let elementary = [
        "atan(h_ * w) * h_",
        "atan(h_) + w",
        "asin(0.9 * sin(h_)) * w",
        "acos(h_ / sqrt(1 + h_ ^ 2)) - w",
        "(1 + h_ ^ 2) ^ 1.7 * w",
        "(1 + h_ ^ 2) ^ w",
        "w ^ h_",
        "h_ ^ 7 + w",
        "softplus(h_ * w)",
        "softplus(h_) - softplus(w)",
        "tan(h_) * w",
        "sinh(h_) - cosh(h_ * w)",
        "expm1(h_) + log1p(w ^ 2)",
        "sqrt(h_ ^ 2 + w ^ 2)",
        "rsqrt(1 + h_ ^ 2) * w",
        "sigmoid(h_) * w",
        "sin(h_) * cos(h_) - w",
        "log(1 + h_ ^ 2 * w ^ 2)",
    ];
    let of_rows = [
        "h_ / norm(h_) * w",
        "cumsum(h_ * w)",
        "[i, j in 0..30] = prod[k in 0..30](where(k <= j, h_[i, k] * w[k], 1))",
        "h_ - max(h_, axis = 1, keepdims = true) * w",
        "h_ * min(h_ * w)",
        "h_ * prod(h_, axis = 1, keepdims = true) + w",
        "h_ * var(h_ * w, axis = 0)",
        "h_ * std(h_) - w",
        "(h_ - mean(h_, axis = 1, keepdims = true)) * w",
        "log_softmax(h_ * w)",
        "h_ * logsumexp(h_ + w, axis = 0)",
        "h_ * logsumexp(h_, axis = 1, keepdims = true) + w",
        "[i in 0..20, j in 0..30] = h_[19 - i, 29 - j] * w[29 - j]",
        "[i, j] = h_[k[i], j] * w[j] + h_[i, j]",
        "concat([h_[10..] * w, h_[..10]], axis = 0)",
    ];
    let given = "param x: [20, 30] = zeros; param w: [30] = zeros; param v: [30] = zeros; input k: [20] in 0..20; h0 = x;";
    let functions = of_numbers.into_iter().chain(elementary).chain(of_rows);
    hold(functions.flat_map(|function| [1, 8].map(|depth| repeated(given, function, depth))));
}

/// Where the law does not hold: `abs` is one operation and `sign`, its slope, four, so that a chain of absolute values and little else moves
/// along a vector for a little more. Its gradients and their products hold.
#[test]
fn on_absolute_values_along_vectors() {
    let given = "param x: [20, 30] = zeros; param w: [30] = zeros; h0 = x;";
    for (function, depth) in [("abs(h_ - w)", 1), ("abs(h_ - w)", 12), ("abs(h_ - w) * h_", 1), ("abs(h_ - w) * h_", 12)] {
        let text = format!("network Chain: f64 {{ {} }}", repeated(given, function, depth));
        let found = violations(function, &compiled("chain.nn", &text, None));
        let dear: Vec<_> = found.iter().filter(|(name, times)| !name.contains(", along ") || *times > 4.5).collect();
        assert!(dear.is_empty(), "{depth} deep: {dear:?}");
    }
}
