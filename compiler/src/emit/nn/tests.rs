//! What is printed is a program again, with the same values.

use crate::derived_names;
use crate::diagnostic::Diagnostics;
use crate::elaborate::{Options, elaborate};
use crate::emit::nn::print;
use crate::eval::{Tensor, Values, evaluate};
use crate::files::Files;
use crate::ir::{Element, Node, Program, Role, Root, TensorId};
use crate::pipeline;
use crate::span::Span;
use crate::syntax::tree::{Axis, Data, Shape, Statement, StatementKind};
use std::path::{Path, PathBuf};

fn try_program(path: &Path, text: &str, network: Option<&str>) -> Result<Program, String> {
    let (mut files, mut diagnostics) = (Files::default(), Diagnostics::new());
    let file = files.parse(path, text.as_bytes(), &mut diagnostics);
    let options = Options { training: true, network: network.map(str::to_owned), ..Options::default() };
    let program = elaborate(&file, &options, &mut files, &mut diagnostics);
    if diagnostics.has_errors() { Err(format!("{:?}", diagnostics.sorted())) } else { program.ok_or_else(String::new) }
}

pub(crate) fn program(text: &str) -> Program {
    try_program(Path::new("test.nn"), text, None).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

const DIGITS: &str = "network Digits {
    input x: [B, 64];
    target t: [B, 10];
    z1 = x |> Dense(128);
    h1 = relu(z1);
    logits = h1 |> Dense(10);
    output p = softmax(logits);
    loss = cross_entropy(logits, t);
    metric accuracy = mean(argmax(logits) == argmax(t));
}";

#[test]
fn a_derivative_reads_as_on_a_blackboard() {
    let text = equations(&program(DIGITS));
    let (_, equations) = text.split_once("param dense2.b: [10] = zeros;\n").unwrap_or_default();
    let (equations, remarks) = equations.split_once("// rewrites: ").unwrap_or_default();
    assert_eq!(
        equations,
        "    z1 = x @ dense1.w + dense1.b;
    h1 = relu(z1);
    logits = h1 @ dense2.w + dense2.b;
    loss = -mean(sum(log_softmax(logits) * t, axis = -1));
    output p = softmax(logits);
    metric accuracy = mean(argmax(logits) == argmax(t));

    // gradient
    d logits = (sum(t, axis = -1, keepdims = true) * p - t) / B;
    d h1 = d logits @ dense2.w.T;
    d z1 = where(z1 > 0, d h1, 0);
    d dense1.w = x.T @ d z1;
    d dense1.b = sum(d z1, axis = 0);
    d dense2.w = h1.T @ d logits;
    d dense2.b = sum(d logits, axis = 0);
}
"
    );
    let (rewrites, work) = remarks.split_once("\n// work: forward ").unwrap_or_default();
    assert!(rewrites.contains("a constant is its value, 3;"), "{rewrites}");
    // Two products of matrices, 2 * 128 * (64 * 128 + 128 * 10) = 2.42 Mflop, and what is element by element.
    assert!(work.starts_with("2.56 Mflop, gradient ") && work.ends_with(" times) for B = 128\n"), "{work}");
}

#[test]
fn index_notation_keeps_ranges_that_reads_do_not_tell() {
    let text =
        print(&program("network N { input x: [6]; y[i in 0..2, j in 0..3] = x[3*i + j]; output z = y; loss = sum(y * y); }"));
    assert!(text.contains("in 0..2") && text.contains("3 * i + j") || text.contains("(i, j)"), "{text}");
    program(&text);
}

#[test]
fn a_formula_that_shares_its_parts_stays_short() {
    let nested = (0..40).fold("x".to_owned(), |inner, _| format!("f({inner})"));
    let network =
        program(&format!("fn f(x) = 0.1 * x * x + 0.3; network N {{ param x: [3] = ones; y = {nested}; loss = sum(y); }}"));
    let text = equations(&network);
    assert!(text.len() < 60_000, "{}", text.len());
    assert_eq!(difference(&network), None);
}

#[test]
fn paddings_dotted_names_and_shadowed_words_are_read_again() {
    for body in [
        "param x: [3, 4] = ones; y = pad(x, [[1, 2], [0, 1]]) ^ 2; loss = sum(y * y);",
        "param l.w: [2, 3, 1, 2] = ones; l.x = l.w ^ 2; y = transpose(l.x, [3, 2, 1, 0]); loss = sum(y * y) / 3;",
        "param x: [4] = ones; y = where(pad(x, [[1, 2]], value = 7) > 1, 0, pad(x, [[2, 1]])); loss = sum(y * y);",
        "param x: [3] = ones; softmax = x * 2; mean = x + softmax(softmax); loss = mean(mean * exp(x));",
        "param x: [7] = ones; y[i in 0..3] = x[2 * i + 1] * x[i]; output z = reshape(y, [3, 1]) @ reshape(y, [1, 3]); loss = sum(z);",
        "param x: [6] = ones; y[i in 0..3] = sum[u in 0..2](x[(i, u)] * (u + 0.5)); loss = sum(y ^ 2);",
        "input k: [B] in 0..3; param x: [3, 4] = ones; y = where(k > 1, k, 2) * x[1, 2]; loss = mean(y) + sum(softmax(x, axis = 0) ^ 2);",
        "param q: [2, 3, 4] = ones; param k: [2, 4, 3] = ones; y = q @ k; v = q[0] @ q[1, 2]; loss = sum(y ^ 3) + sum(v ^ 2);",
    ] {
        assert_eq!(difference(&program(&format!("network N: f64 {{ {body} }}"))), None, "{body}");
    }
}

/// What `derive` prints of a network.
fn equations(network: &Program) -> String {
    let derived = pipeline::gradient(network, &pipeline::parameters(network), |_| true);
    crate::emit::nn::print_with_remarks(&derived.program, &pipeline::remarks(network, &derived, false))
}

/// Every program of the corpus and of the golden cases that elaborates.
pub(crate) fn programs() -> Vec<(String, Program)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let entries = |folder: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(tests.join(folder)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let mut paths = entries("corpus/ok");
    paths.extend(entries("golden/cases").into_iter().map(|path| path.join("model.nn")));
    let mut found = Vec::new();
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let names = text.lines().filter_map(|line| line.strip_prefix("network "));
        for name in names.filter_map(|rest| rest.split([' ', '(', ':', '{']).next()) {
            if let Ok(program) = try_program(&path, &text, Some(name)) {
                found.push((format!("{} {name}", path.display()), program));
            }
        }
    }
    found
}

/// Numbers for everything that is given, the same for each run; all sizes are 3.
pub(crate) fn values(program: &Program) -> Values {
    let mut state = 7u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        #[allow(clippy::cast_precision_loss)]
        let unit = (state >> 33) as f64 / (1u64 << 31) as f64;
        unit
    };
    let sizes = vec![3; program.sizes.len()];
    let given = program.ids().filter(|&id| program.definition(id).is_none()).map(|id| program.tensor(id));
    let tensors = given.map(|tensor| {
        let shape: Vec<usize> = tensor.shape.iter().map(|axis| usize::try_from(axis.value(&sizes)).expect("a length")).collect();
        let data = (0..shape.iter().product()).map(|_| match &tensor.element {
            Element::Real => 0.2 + 0.7 * next(),
            #[allow(clippy::cast_precision_loss)]
            Element::Integer { from, to } => {
                let (from, to) = (from.value(&sizes) as f64, to.value(&sizes) as f64);
                (from + (to - from) * next()).floor()
            }
        });
        (tensor.name.clone(), Tensor { data: data.collect(), shape })
    });
    tensors.collect()
}

/// The names under which the value of a tensor may be found: a definition that is another tensor has no name of its own.
fn names(derived: &Program, root: &Root) -> Vec<String> {
    let mut names = Vec::new();
    let mut tensor = Some(root.tensor);
    while let Some(id) = tensor {
        names.push(derived.tensor(id).name.clone());
        tensor = derived.definition(id).and_then(|definition| match derived.expressions.node(definition.body) {
            Node::Read(read, _) if derived.tensor(*read).shape == derived.tensor(id).shape => Some(*read),
            Node::Read(..) | Node::Number(_) | Node::Position(_) | Node::Random(..) => None,
            Node::Apply(..) | Node::Select(..) => None,
        });
    }
    // Where the program has a derivative of its own, that name is taken.
    if let Role::Gradient(of) = root.role {
        names.push(derived_names::adjoint_of(&derived.tensor(of).name));
    }
    names
}

/// Whether a tensor is the same number everywhere: such a definition stays a number.
fn is_number(derived: &Program, id: TensorId) -> bool {
    derived.definition(id).is_some_and(|one| matches!(derived.expressions.node(one.body), Node::Number(_)))
}

pub(crate) fn compare(first: &Tensor, second: &Tensor) -> bool {
    let close = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()));
    first.shape == second.shape && first.data.iter().zip(&second.data).all(|(a, b)| close(*a, *b))
}

/// What is wrong with the text of a program and its gradient, if anything is.
fn difference(network: &Program) -> Option<String> {
    printed_differs(&pipeline::gradient(network, &pipeline::parameters(network), is_wanted).program)
}

pub(crate) fn is_wanted(role: &Role) -> bool {
    !matches!(role, Role::Update(_))
}

/// What is wrong with the text of what was derived, if anything is.
fn printed_differs(derived: &Program) -> Option<String> {
    let text = print(derived);
    let mut printed = match try_program(Path::new("printed.nn"), &text, None) {
        Ok(printed) => printed,
        Err(errors) => return Some(format!("{errors}\n{text}")),
    };
    let mut pairs = Vec::new();
    for root in &derived.roots {
        let names = names(derived, root);
        let found = match &root.role {
            Role::Gradient(_) => {
                let found = names.iter().find_map(|name| printed.find(name));
                if let Some(tensor) = found {
                    printed.roots.push(Root { role: Role::Output(names[0].clone()), tensor });
                }
                found
            }
            // A derivative that reads a target is no output in the text.
            Role::Output(name) => printed.root(&root.role).or_else(|| {
                let found = printed.find(name).or_else(|| names.iter().find_map(|name| printed.find(name)));
                printed.roots.extend(found.map(|tensor| Root { role: root.role.clone(), tensor }));
                found
            }),
            role @ (Role::Loss | Role::Metric(_) | Role::Update(_)) => printed.root(role),
        };
        match found {
            Some(found) => pairs.push((root.tensor, found)),
            None if is_number(derived, root.tensor) => {}
            None => return Some(format!("there is no {names:?}\n{text}")),
        }
    }
    let inputs = values(derived);
    let (before, after) = match (evaluate(derived, &inputs), evaluate(&printed, &inputs)) {
        (Ok(before), Ok(after)) => (before, after),
        (before, after) => return Some(format!("{:?} {:?}\n{text}", before.err(), after.err())),
    };
    pairs.into_iter().find_map(|(first, second)| {
        let name = &derived.tensor(first).name;
        let (first, second) = (&before[name], &after[&printed.tensor(second).name]);
        (!compare(first, second)).then(|| format!("{name}: {first:?} is not {second:?}\n{text}"))
    })
}

/// Goes over all programs; `differs` says what is wrong with one.
fn each_program(differs: impl Fn(&Program) -> Option<String>) {
    let programs = programs();
    let count = programs.len();
    assert!(count > 60, "{count}");
    let wrong: Vec<String> =
        programs.iter().filter_map(|(name, network)| Some(format!("{name}\n{}", differs(network)?))).collect();
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn all_programs_are_printed_with_the_same_values() {
    each_program(difference);
}

#[test]
fn gradients_for_all_that_is_given_are_printed_with_the_same_values() {
    each_program(|network| {
        let is_given = |id: &TensorId| network.definition(*id).is_none() && network.tensor(*id).element == Element::Real;
        let given: Vec<TensorId> = network.ids().filter(is_given).collect();
        printed_differs(&pipeline::gradient(network, &given, is_wanted).program)
    });
}

#[test]
fn raw_gradients_are_printed_with_the_same_values() {
    each_program(|network| {
        let mut raw = pipeline::raw_gradient(network, &pipeline::parameters(network)).program;
        raw.roots.retain(|root| is_wanted(&root.role));
        printed_differs(&raw)
    });
}

#[test]
fn second_derivatives_are_printed_with_the_same_values() {
    /// Second derivatives for more numbers take too long by definition.
    const MOST_PARAMETERS: i64 = 30;
    let tested = std::cell::Cell::new(0);
    each_program(|network| {
        let wrt = pipeline::parameters(network);
        let sizes = vec![3; network.sizes.len()];
        let elements = |id: &TensorId| network.tensor(*id).shape.iter().map(|axis| axis.value(&sizes)).product::<i64>();
        if wrt.is_empty() || pipeline::objective(network).is_none() || wrt.iter().map(elements).sum::<i64>() > MOST_PARAMETERS {
            return None;
        }
        tested.set(tested.get() + 1);
        printed_differs(&pipeline::hessian(network, &wrt, is_wanted).program)
    });
    assert!(tested.get() > 40, "{}", tested.get());
}

/// The statement that declares a tensor as an input.
pub(crate) fn declared(program: &Program, id: TensorId) -> Statement {
    let tensor = program.tensor(id);
    let axes = tensor.shape.iter().map(|axis| Axis::Size(super::extent(program, axis))).collect();
    let range = match &tensor.element {
        Element::Real => None,
        Element::Integer { from, to } => Some((super::extent(program, from), super::extent(program, to))),
    };
    let shape = Shape { axes, span: Span::default() };
    let kind = StatementKind::Input(Data { name: super::name(&tensor.name), shape, range });
    Statement { documentation: Vec::new(), kind, span: Span::default() }
}
