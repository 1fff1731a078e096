//! A graph in the language of Graphviz. It must not know how SVG is written.

use super::{Edge, Graph, Kind, MOST_NODES, Node, TooLarge};

/// A graph as DOT.
pub fn dot(graph: &Graph) -> Result<String, TooLarge> {
    if graph.nodes.len() > MOST_NODES {
        return Err(TooLarge { count: graph.nodes.len(), most: MOST_NODES, what: "nodes" });
    }
    let mut out = format!("digraph {} {{\n", quoted(&graph.name));
    out.push_str(
        "    rankdir=LR;\n    node [shape=box, fontname=\"Helvetica\"];\n    edge [fontname=\"Helvetica\", fontsize=11];\n",
    );
    for (number, node) in graph.nodes.iter().enumerate() {
        out.push_str(&format!("    n{number} [label={}, {}];\n", quoted(&words(node)), look(node.kind)));
    }
    for edge in &graph.edges {
        out.push_str(&format!("    n{} -> n{}{};\n", edge.from, edge.to, attributes(edge)));
    }
    out.push_str("}\n");
    Ok(out)
}

/// What stands in the box of a node.
fn words(node: &Node) -> String {
    let space = if node.shape.is_empty() { "" } else { " " };
    let tag = if node.tag.is_empty() { String::new() } else { format!("{}: ", node.tag) };
    let mut lines = vec![format!("{tag}{}{space}{}", node.name, node.shape)];
    lines.extend(node.formula.iter().map(|formula| format!("= {formula}")));
    lines.extend(node.value.iter().cloned());
    if let Some(gradient) = &node.gradient {
        lines.push(format!("{} = {}", gradient.name, gradient.formula));
        lines.extend(gradient.value.iter().cloned());
    }
    lines.join("\n")
}

fn look(kind: Kind) -> &'static str {
    match kind {
        Kind::Input => "style=\"rounded,filled\", fillcolor=\"#e7f1fd\"",
        Kind::Target => "style=\"rounded,filled,dashed\", fillcolor=\"#fdf0e1\"",
        Kind::Parameter => "style=\"rounded,filled\", fillcolor=\"#fdf6d8\"",
        Kind::State | Kind::Update => "style=\"rounded,filled,dashed\", fillcolor=\"#efe8fb\"",
        Kind::Definition => "style=filled, fillcolor=\"#f6f8fa\"",
        Kind::Output => "style=filled, fillcolor=\"#e3f5ea\"",
        Kind::Metric => "style=filled, fillcolor=\"#e4f4f5\"",
        Kind::Loss => "style=filled, penwidth=2, fillcolor=\"#fdeaea\"",
    }
}

fn attributes(edge: &Edge) -> String {
    let mut lines: Vec<String> = edge.step.iter().map(|step| format!("from the step {step}")).collect();
    lines.extend(edge.partials.iter().map(|partial| format!("∂{}/∂{}: {}", partial.of, partial.wrt, partial.formula)));
    lines.extend(edge.share.iter().cloned());
    let mut all = Vec::new();
    if !lines.is_empty() {
        all.push(format!("label={}", quoted(&lines.join("\n"))));
    }
    if edge.step.is_some() {
        // What is read of another step does not decide about columns.
        all.push("style=dashed, constraint=false".to_owned());
    }
    if all.is_empty() { String::new() } else { format!(" [{}]", all.join(", ")) }
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    let one = |letter: char| match letter {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        control if control.is_control() => " ".to_owned(),
        other => other.to_string(),
    };
    format!("\"{}\"", text.chars().map(one).collect::<String>())
}
