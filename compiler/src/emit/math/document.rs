//! A whole network as LaTeX: what is given, what is defined, and the gradient, each as aligned equations.

use super::{Latex, Names, Style, Symbol, write};
use crate::derived_names;
use crate::emit::nn::GRADIENT_MARK;
use crate::syntax::tree::{
    Axis, Binary, Data, Expression, ExpressionKind, LeftIndex, Network, Role, Shape, Statement, StatementKind,
};

/// A network as the compiler prints it, in LaTeX. `objective` is the name of what is differentiated.
pub fn latex(network: &Network, objective: &str, remarks: &[String]) -> String {
    let mut names = Names::default();
    let (mut given, mut forward, mut gradient) = (Vec::new(), Vec::new(), Vec::new());
    collect(network, objective, &mut names);
    let mut is_gradient = false;
    for statement in &network.statements {
        is_gradient |= statement.documentation.iter().any(|line| line == GRADIENT_MARK);
        match &statement.kind {
            StatementKind::Input(data) => given.push(data_row(data, "input", &names)),
            StatementKind::Target(data) => given.push(data_row(data, "target", &names)),
            StatementKind::Param(stored) => given.push(row(&stored.name.text, &stored.shape, None, "parameter", &names)),
            StatementKind::State(stored) => given.push(row(&stored.name.text, &stored.shape, None, "state", &names)),
            StatementKind::Define { .. } | StatementKind::DefineIndexed { .. } => {
                let part = if is_gradient { &mut gradient } else { &mut forward };
                part.extend(equation(statement, &names, &Latex));
            }
        }
    }
    let mut text = format!("% {}, for amsmath and amssymb\n", network.name.text);
    for (title, rows) in [("given", given), ("definitions", forward), ("gradient", gradient)] {
        if !rows.is_empty() {
            text.push_str(&format!("% {title}\n\\begin{{align*}}\n  {}\n\\end{{align*}}\n", rows.join(" \\\\\n  ")));
        }
    }
    for line in remarks.iter().flat_map(|remark| remark.lines()) {
        text.push_str(&format!("% {line}\n"));
    }
    text
}

/// What the names of a network stand for: an adjoint is `d` and the name of another.
fn collect(network: &Network, objective: &str, names: &mut Names) {
    let own = |statement: &Statement| match &statement.kind {
        StatementKind::Input(data) | StatementKind::Target(data) => (data.name.text.clone(), !data.shape.axes.is_empty()),
        StatementKind::Param(stored) | StatementKind::State(stored) => (stored.name.text.clone(), !stored.shape.axes.is_empty()),
        // What is defined as a whole may be of any shape.
        StatementKind::Define { name, role, .. } => (name.text.clone(), *role != Role::Loss && *role != Role::Metric),
        StatementKind::DefineIndexed { name, .. } => (name.text.clone(), true),
    };
    let mut is_gradient = false;
    let mut known = std::collections::BTreeSet::new();
    for statement in &network.statements {
        let (name, is_array) = own(statement);
        is_gradient |= statement.documentation.iter().any(|line| line == GRADIENT_MARK);
        if let Some(of) = derived_names::of_adjoint(&name).filter(|of| is_gradient && known.contains(*of)) {
            names.symbols.insert(name.clone(), Symbol::Adjoint { of: objective.to_owned(), wrt: of.to_owned() });
        }
        if is_array {
            names.arrays.insert(name.clone());
        }
        known.insert(name);
    }
}

fn data_row(data: &Data, word: &str, names: &Names) -> String {
    row(&data.name.text, &data.shape, data.range.as_ref(), word, names)
}

/// `x &\in \mathbb{R}^{B \times 4} && \text{input}`
fn row(name: &str, shape: &Shape, range: Option<&(Expression, Expression)>, word: &str, names: &Names) -> String {
    format!("{} &\\in {} && \\text{{{word}}}", Latex.name(name), set(shape, range, names))
}

/// `\mathbb{R}^{B \times 4}`
fn set(shape: &Shape, range: Option<&(Expression, Expression)>, names: &Names) -> String {
    let axes = shape.axes.iter().map(|axis| match axis {
        Axis::Rest(_) => "\\cdots".to_owned(),
        Axis::Size(size) => write(size, names, &Latex),
    });
    let axes: Vec<String> = axes.collect();
    let set = match range {
        None => "\\mathbb{R}".to_owned(),
        Some((from, to)) => format!("\\{{{}, \\dots, {}\\}}", write(from, names, &Latex), write(&last(to), names, &Latex)),
    };
    let power = if axes.is_empty() { String::new() } else { format!("^{{{}}}", axes.join(" \\times ")) };
    format!("{set}{power}")
}

/// What is given, as a member of a set: `x \in \mathbb{R}^{B \times 4}`; `None` for what is defined.
pub fn member(statement: &Statement, names: &Names) -> Option<String> {
    let (name, shape, range) = match &statement.kind {
        StatementKind::Input(data) | StatementKind::Target(data) => (&data.name.text, &data.shape, data.range.as_ref()),
        StatementKind::Param(stored) | StatementKind::State(stored) => (&stored.name.text, &stored.shape, None),
        StatementKind::Define { .. } | StatementKind::DefineIndexed { .. } => return None,
    };
    Some(format!("{} \\in {}", Latex.name(name), set(shape, range, names)))
}

/// The number before an end.
fn last(end: &Expression) -> Expression {
    let less = |value: f64| ExpressionKind::Number { value, integer: true };
    let kind = if let ExpressionKind::Number { value, .. } = end.kind {
        less(value - 1.0)
    } else {
        let one = Expression { kind: less(1.0), span: end.span };
        ExpressionKind::Binary(Binary::Subtract, Box::new(end.clone()), Box::new(one))
    };
    Expression { kind, span: end.span }
}

/// A definition as an equation; `None` for what is given.
pub fn equation(statement: &Statement, names: &Names, style: &dyn Style) -> Option<String> {
    let (role, name, indices, value) = match &statement.kind {
        StatementKind::Define { role, name, value } => (*role, name, [].as_slice(), value),
        StatementKind::DefineIndexed { role, name, indices, value } => (*role, name, indices.as_slice(), value),
        StatementKind::Input(_) | StatementKind::Target(_) | StatementKind::Param(_) | StatementKind::State(_) => return None,
    };
    let (left, ranges) = left_side(&name.text, indices, role, names, style);
    let note = match role {
        Role::Plain | Role::Loss => None,
        Role::Output => Some("output"),
        Role::Metric => Some("metric"),
        Role::Update => Some("new state"),
    };
    let note = note.map(|word| style.words(word)).into_iter().chain(ranges).collect::<Vec<_>>().join(", ");
    let note = if note.is_empty() { note } else { style.note(&note) };
    Some(format!("{left} {} {}{note}", style.equals(), write(value, names, style)))
}

/// The left side, and the ranges that its labels must be told.
fn left_side(name: &str, indices: &[LeftIndex], role: Role, names: &Names, style: &dyn Style) -> (String, Vec<String>) {
    let (mut items, mut ranges) = (Vec::new(), Vec::new());
    for index in indices {
        let parts = match index {
            LeftIndex::Label(label) => vec![label],
            LeftIndex::Group(labels, _) => labels.iter().collect(),
            LeftIndex::Start(step) => {
                items.push(write(step, names, style));
                continue;
            }
        };
        let labels: Vec<String> = parts.iter().map(|label| style.name(&label.name.text)).collect();
        ranges.extend(parts.iter().zip(&labels).filter_map(|(label, name)| {
            let (from, to) = label.range.as_ref()?;
            Some(style.range(name, &write(from, names, style), &write(to, names, style)))
        }));
        items.push(if let [one] = labels.as_slice() { one.clone() } else { style.parentheses(&labels.join(", ")) });
    }
    let element = |name: &str| if items.is_empty() { style.name(name) } else { style.element(&style.name(name), &items) };
    let left = match names.symbols.get(name) {
        Some(Symbol::Adjoint { of, wrt }) => style.derivative(&style.name(of), &element(wrt)).text().to_owned(),
        Some(Symbol::Partial { .. }) | None if role == Role::Update => format!("{}'", element(name)),
        Some(Symbol::Partial { .. }) | None => element(name),
    };
    (left, ranges)
}
