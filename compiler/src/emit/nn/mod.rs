//! A program as text of the language: matrix notation where a definition has one, index notation otherwise.
//!
//! What is printed is a network again: the parser accepts it, and it evaluates to the same numbers. It is made as a syntax tree,
//! so that the printer of the language decides about parentheses and lines. It must not know how to differentiate or simplify.

mod formula;
mod groups;
mod hoist;
mod matrix;
mod notations;
mod patterns;
mod recurrence;
mod remarks;
#[cfg(test)]
pub(crate) mod tests;
mod times;
mod write;
mod writer;

use crate::derived_names;
use crate::ir::{Element, Label, Precision, Program, Role, Root, Source, TensorId};
use crate::span::Span;
use crate::syntax::tree::{
    Axis, Data, Expression, ExpressionKind, File, Item, LeftIndex, Network, Role as Kind, Shape, Statement, StatementKind, Stored,
};
use formula::Labels;
pub use hoist::hoist;
pub use notations::{Notation, arrays, notations};
pub use remarks::{remarks, removed};
use std::collections::{BTreeMap, BTreeSet};
use write::{call, extent, floating, make, name, named, text_name};
use writer::Writer;
pub use writer::{Circles, candidates, has_given_name, parts};

/// Documentation that stands where the gradient begins until it is replaced: no user can write it.
pub(crate) const GRADIENT_MARK: &str = "\u{0}gradient";

/// A program as a network of the language.
pub fn print(program: &Program) -> String {
    let text = crate::syntax::print(&File { items: vec![Item::Network(network(program))], ..File::default() });
    let mark = format!("    ///{GRADIENT_MARK}\n");
    let starts_body = text.find(&mark).is_some_and(|at| text[..at].ends_with("{\n"));
    text.replace(&mark, if starts_body { "    // gradient\n" } else { "\n    // gradient\n" })
}

/// A program as a network, with lines of remarks behind it.
pub fn print_with_remarks(program: &Program, remarks: &[String]) -> String {
    let mut text = print(program);
    for line in remarks.iter().flat_map(|remark| remark.lines()) {
        text.push_str(&format!("// {line}\n"));
    }
    text
}

/// A program as a tree of the language.
pub fn network(program: &Program) -> Network {
    let mut statements: Vec<Statement> =
        program.ids().filter(|&id| program.definition(id).is_none()).map(|id| given(program, id)).collect();
    statements.extend(definitions(program));
    Network {
        documentation: program.documentation.clone(),
        name: name(&program.name),
        hyperparameters: Vec::new(),
        precision: match program.precision {
            Precision::F32 => None,
            Precision::F64 => Some(name("f64")),
        },
        statements,
        span: Span::default(),
    }
}

/// All definitions that are needed, those of the gradient last.
fn definitions(program: &Program) -> Vec<Statement> {
    let (mut program, mut groups) = (program.clone(), BTreeMap::new());
    for id in program.order() {
        hoist(&mut program, id);
    }
    let times = program.times();
    for id in program.order() {
        if let Some(body) = program.definition(id).map(|definition| definition.body) {
            groups.insert(id, groups::grouped(&mut program, id, body, times.get(&id).copied()));
        }
    }
    let mut inlined = candidates(&program);
    loop {
        let writer = Writer::new(&program, &groups, inlined);
        let statements = written(&writer);
        let failed = writer.failed();
        if failed.is_empty() {
            return statements;
        }
        inlined = writer.inlined().difference(&failed).copied().collect();
    }
}

/// The statements in the text of a writer. Readers are written first: what nobody reads by name is left out.
fn written(writer: &Writer) -> Vec<Statement> {
    let program = writer.program;
    let mut told = vec![false; program.roots.len()];
    let mut parts: [Vec<Statement>; 2] = Default::default();
    for root in &program.roots {
        writer.use_name(root.tensor);
    }
    let (forward, order) = (forward(program), program.order());
    let (first, second): (Vec<TensorId>, Vec<TensorId>) = order.into_iter().partition(|id| forward.contains(id));
    for (part, ids) in [(1, second), (0, first)] {
        for id in ids.into_iter().rev() {
            // What takes part in a recurrence is read by all of it.
            if writer.is_named(id) || writer.is_recurrent(id) {
                let statement = definition(writer, id, &mut told);
                parts[part].push(statement);
            }
        }
        parts[part].reverse();
    }
    for (root, told) in program.roots.iter().zip(told) {
        if !told {
            let part = usize::from(is_derivative(program, root));
            parts[part].extend(alias(program, root));
        }
    }
    let [mut statements, mut gradient] = parts;
    if let Some(first) = gradient.first_mut() {
        first.documentation.insert(0, GRADIENT_MARK.to_owned());
    }
    statements.append(&mut gradient);
    statements
}

/// What is needed for more than gradients.
fn forward(program: &Program) -> BTreeSet<TensorId> {
    let mut forward = program.clone();
    forward.roots.retain(|root| !is_derivative(program, root));
    forward.order().into_iter().collect()
}

/// Whether a root is a derivative, which has no role in the text: a gradient, or an output that reads a target, as no network may say.
fn is_derivative(program: &Program, root: &Root) -> bool {
    match &root.role {
        Role::Gradient(_) => true,
        Role::Output(_) => {
            let mut needed = program.clone();
            needed.roots = vec![root.clone()];
            let is_target = |id: TensorId| matches!(program.tensor(id).source, Source::Target);
            needed.order().into_iter().any(|id| program.dependencies(id).into_iter().any(is_target))
        }
        Role::Loss | Role::Metric(_) | Role::Update(_) => false,
    }
}

fn statement(documentation: &[String], kind: StatementKind) -> Statement {
    Statement { documentation: documentation.to_vec(), kind, span: Span::default() }
}

/// An input, a target, a parameter or a state.
fn given(program: &Program, id: TensorId) -> Statement {
    let tensor = program.tensor(id);
    let axes = tensor.shape.iter().map(|axis| Axis::Size(extent(program, axis))).collect();
    let shape = Shape { axes, span: Span::default() };
    let range = match &tensor.element {
        Element::Real => None,
        Element::Integer { from, to } => Some((extent(program, from), extent(program, to))),
    };
    let own = name(&tensor.name);
    let kind = match &tensor.source {
        Source::Target => StatementKind::Target(Data { name: own, shape, range }),
        Source::Parameter(initializer) => {
            StatementKind::Param(Stored { name: own, shape, initializer: Some(start(initializer)) })
        }
        Source::State(initializer) => StatementKind::State(Stored { name: own, shape, initializer: Some(start(initializer)) }),
        Source::Input | Source::Defined(_) => StatementKind::Input(Data { name: own, shape, range }),
    };
    statement(&tensor.documentation, kind)
}

fn start(initializer: &crate::ir::Initializer) -> Expression {
    if initializer.arguments.is_empty() {
        return named(&initializer.name);
    }
    call(&initializer.name, initializer.arguments.iter().map(|&argument| floating(argument)).collect())
}

/// A definition, with the role that it has under its own name.
fn definition(writer: &Writer, id: TensorId, told: &mut [bool]) -> Statement {
    let program = writer.program;
    let tensor = program.tensor(id);
    let own = program.roots.iter().position(|root| root.tensor == id && root_name(program, &root.role) == tensor.name);
    let role = own.map_or(Kind::Plain, |at| {
        told[at] = true;
        kind(program, &program.roots[at])
    });
    let name = name(&text_name(program, id));
    if let Some(array) = (!writer.is_recurrent(id)).then(|| matrix::notation(writer, id)).flatten() {
        array.names.iter().for_each(|read| writer.use_name(*read));
        return statement(&tensor.documentation, StatementKind::Define { role, name, value: array.value });
    }
    let (indices, value) = indexed(writer, id);
    let kind = if indices.is_empty() {
        StatementKind::Define { role, name, value }
    } else {
        StatementKind::DefineIndexed { role, name, indices, value }
    };
    statement(&tensor.documentation, kind)
}

/// A definition in index notation: its left and its right side.
fn indexed(writer: &Writer, id: TensorId) -> (Vec<LeftIndex>, Expression) {
    let program = writer.program;
    let (Some(definition), Some(grouped)) = (program.definition(id), writer.grouped(id)) else {
        return (Vec::new(), named("_"));
    };
    let labels = Labels::of(writer, id, grouped);
    let formula = formula::expression(writer, id, grouped.body, &labels);
    let bound = |all: &[Label]| -> Vec<_> { all.iter().map(|label| labels.bound(program, *label)).collect() };
    let value = match &definition.reduction {
        None => formula,
        Some((reduction, _)) => make(ExpressionKind::Reduce {
            reduction: name(reduction.spelling()),
            labels: bound(&grouped.reduced),
            body: Box::new(formula),
        }),
    };
    let axes = grouped.axes.iter().map(|axis| match bound(axis).as_slice() {
        [one] => LeftIndex::Label(one.clone()),
        parts => LeftIndex::Group(parts.to_vec(), Span::default()),
    });
    (axes.collect(), value)
}

fn kind(program: &Program, root: &Root) -> Kind {
    match &root.role {
        Role::Loss => Kind::Loss,
        Role::Output(_) if is_derivative(program, root) => Kind::Plain,
        Role::Output(_) => Kind::Output,
        Role::Metric(_) => Kind::Metric,
        Role::Gradient(_) => Kind::Plain,
        Role::Update(_) => Kind::Update,
    }
}

/// The name that a root has in the text.
fn root_name(program: &Program, role: &Role) -> String {
    match role {
        Role::Loss => "loss".to_owned(),
        Role::Output(name) | Role::Metric(name) => name.clone(),
        Role::Gradient(of) => derived_names::adjoint_of(&program.tensor(*of).name),
        Role::Update(state) => program.tensor(*state).name.clone(),
    }
}

/// A root under its own name, where its tensor has another one.
fn alias(program: &Program, root: &Root) -> Option<Statement> {
    let tensor = root.tensor;
    let wanted = root_name(program, &root.role);
    let tensor_name = &text_name(program, tensor);
    let kind = kind(program, root);
    let is_plain = kind == Kind::Plain;
    // The name may be that of another tensor: then the root has no name of its own.
    if program.find(&wanted).is_some() && (is_plain || wanted == *tensor_name && program.definition(tensor).is_some()) {
        return None;
    }
    Some(statement(&[], StatementKind::Define { role: kind, name: name(&wanted), value: named(tensor_name) }))
}
