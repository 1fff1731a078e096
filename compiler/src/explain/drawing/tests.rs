//! What a graph says is true: the gradients that its edges add up to are those of the program, and every gradient flows along
//! edges.

use super::{Drawing, drawing};
use crate::diagnostic::Diagnostics;
use crate::elaborate::{Options, elaborate};
use crate::emit::graph::{Graph, dot, svg};
use crate::emit::nn::tests::{programs, values};
use crate::eval::evaluate;
use crate::files::Files;
use crate::ir::{Element, Program, Role, Source, TensorId};
use crate::pipeline;

fn elaborated(text: &str) -> Program {
    let (mut files, mut diagnostics) = (Files::default(), Diagnostics::new());
    let file = files.parse("net.nn".as_ref(), text.as_bytes(), &mut diagnostics);
    let options = Options { training: true, ..Options::default() };
    elaborate(&file, &options, &mut files, &mut diagnostics).expect("it is right")
}

/// All that can be differentiated for.
fn reals(program: &Program) -> Vec<TensorId> {
    let is_real = |id: &TensorId| {
        let tensor = program.tensor(*id);
        !matches!(tensor.source, Source::Defined(_)) && tensor.element == Element::Real
    };
    program.ids().filter(is_real).collect()
}

fn drawn(text: &str) -> Graph {
    let program = elaborated(text);
    drawing(&program, &pipeline::parameters(&program)).expect("it is small").graph
}

fn partial(graph: &Graph, of: &str, wrt: &str) -> String {
    let place = |name: &str| graph.nodes.iter().position(|node| node.name == name).expect("a node");
    let edge = graph.edges.iter().find(|edge| (edge.from, edge.to) == (place(wrt), place(of))).expect("an edge");
    edge.partials.iter().map(|partial| partial.formula.clone()).collect::<Vec<_>>().join("; ")
}

#[test]
fn partials_are_short() {
    let text = "network Net { input x: [B, 4]; target t: [B, 3]; param w: [4, 3]; param b: [3]; z = x @ w + b; h = tanh(z); \
                loss = mean((h - t) ^ 2); }";
    let graph = drawn(text);
    let names: Vec<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["x", "t", "w", "b", "z", "h", "loss"]);
    assert_eq!(partial(&graph, "z", "w"), "xᵀ");
    assert_eq!(partial(&graph, "z", "b"), "1");
    assert_eq!(partial(&graph, "z", "x"), "");
    assert_eq!(partial(&graph, "h", "z"), "1 - h²");
    assert_eq!(partial(&graph, "loss", "h"), "2 · (h - t) / (3 · B)");
    let gradient =
        |name: &str| graph.nodes.iter().find(|node| node.name == name)?.gradient.as_ref().map(|gradient| gradient.full.clone());
    assert_eq!(gradient("w").as_deref(), Some("∂loss/∂w = xᵀ @ ∂loss/∂z"));
    assert_eq!(gradient("z").as_deref(), Some("∂loss/∂z = ∂loss/∂h ∘ (1 - h²)"));
    assert_eq!(gradient("x"), None);
}

#[test]
fn recurrences_lead_back() {
    let text = "network Net { input x: [T]; param w: []; h[t in 0..T] = tanh(w * h[t - 1] + x[t]); loss = sum(h ^ 2); }";
    let graph = drawn(text);
    let steps: Vec<(&str, &str, Option<&str>)> = (graph.edges.iter())
        .map(|edge| (graph.nodes[edge.from].name.as_str(), graph.nodes[edge.to].name.as_str(), edge.step.as_deref()))
        .collect();
    assert!(steps.contains(&("h", "h", Some("t - 1"))), "{steps:?}");
    assert!(steps.iter().all(|(from, to, step)| step.is_some() == (from == to)), "{steps:?}");
}

#[test]
fn names_are_short_where_they_are_clear() {
    let graph = drawn("network Net { input x: [B, 4]; target i: [B, 2]; loss = mse(x |> Dense(3) |> Dense(2), i); }");
    let formulas: Vec<&str> = graph.nodes.iter().filter_map(|node| node.formula.as_deref()).collect();
    assert!(formulas.iter().any(|formula| formula.contains("dense1.w")), "{formulas:?}");
    let one = drawn("network Net { input x: [B, 4]; target i: [B, 2]; loss = mse(x |> Dense(2), i); }");
    let formulas: Vec<&str> = one.nodes.iter().filter_map(|node| node.formula.as_deref()).collect();
    assert!(formulas.iter().any(|formula| formula.contains("x @ w + b")), "{formulas:?}");
}

/// What the edges of a graph contribute adds up to the gradients of the program.
fn compare(name: &str, program: &Program) {
    let wrt = reals(program);
    let Drawing { graph, program: whole, is_any, nodes, shares } = drawing(program, &wrt).expect(name);
    svg(&graph).expect(name);
    dot(&graph).expect(name);
    assert_eq!(graph.edges.len(), shares.len());
    for edge in &graph.edges {
        assert!(edge.from < nodes.len() && edge.to < nodes.len(), "{name}");
        assert!(edge.partials.iter().all(|partial| !partial.formula.is_empty()), "{name}: {edge:?}");
        let has_gradients = [edge.from, edge.to].iter().all(|&end| graph.nodes[end].gradient.is_some() || is_any);
        assert!(edge.partials.is_empty() || has_gradients, "{name}: a gradient flows between what has gradients: {edge:?}");
    }
    if is_any {
        return;
    }
    let given = values(program);
    let Ok(found) = evaluate(&whole, &given) else { return };
    let derived = pipeline::gradient(program, &wrt, |_| true).program;
    let expected = evaluate(&derived, &given).expect(name);
    for &id in &wrt {
        let own = &program.tensor(id).name;
        let root = derived.find(own).and_then(|id| derived.root(&Role::Gradient(id)));
        let Some(expected) = root.and_then(|root| expected.get(&derived.tensor(root).name)) else { continue };
        let place = nodes.iter().position(|(value, _)| value == own).expect(name);
        let Some(gradient) = nodes[place].1.as_ref().and_then(|gradient| found.get(gradient)) else { continue };
        let mut sum = vec![0.0; gradient.data.len()];
        let mine = graph.edges.iter().zip(&shares).filter(|(edge, _)| edge.from == place);
        let mut shared = false;
        for share in mine.flat_map(|(_, shares)| shares) {
            shared = true;
            sum.iter_mut().zip(&found[share].data).for_each(|(sum, value)| *sum += value);
        }
        for (number, value) in expected.data.iter().enumerate() {
            let near = |other: f64| (value - other).abs() <= 1e-8 * (1.0 + value.abs()) || !value.is_finite();
            assert!(near(gradient.data[number]), "{name}: d {own}: {value}, not {}", gradient.data[number]);
            assert!(!shared || near(sum[number]), "{name}: d {own} is {value}, its edges add up to {}", sum[number]);
        }
    }
}

#[test]
fn edges_add_up_to_gradients() {
    let all = programs();
    assert!(all.len() > 100, "{} programs", all.len());
    all.iter().for_each(|(name, program)| compare(name, program));
}

#[test]
fn huge_programs_are_drawn_or_refused() {
    let chain = |count: usize| {
        let mut text = String::from("network Net { input x: [B]; param w: []; h0 = w * x;\n");
        (1..count).for_each(|at| text.push_str(&format!("h{at} = tanh(h{});\n", at - 1)));
        elaborated(&format!("{text} loss = sum(h{}); }}", count - 1))
    };
    let small = chain(400);
    let graph = drawing(&small, &pipeline::parameters(&small)).expect("it is small").graph;
    assert!(graph.nodes.len() > 400 && svg(&graph).is_ok());
    let large = chain(1200);
    let refused = drawing(&large, &[]).expect_err("it is too large").to_string();
    assert!(refused.contains("1203 tensors, and at most 1000 are drawn"), "{refused}");
}
