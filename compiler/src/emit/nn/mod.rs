//! A program as text of the language: matrix notation where a definition has one, index notation otherwise.
//!
//! What is printed is a network again: the parser accepts it, and it evaluates to the same numbers. It is made as a syntax tree,
//! so that the printer of the language decides about parentheses and lines. It must not know how to differentiate or simplify.

mod formula;
mod matrix;
#[cfg(test)]
mod tests;
mod write;

use crate::ir::{Definition, Element, Precision, Program, Role, Source, TensorId};
use crate::span::Span;
use crate::syntax::tree::{
    Axis, Data, Expression, ExpressionKind, File, Item, Network, Role as Kind, Shape, Statement, StatementKind, Stored,
};
use formula::Labels;
use write::{call, extent, floating, make, name, named, text_name};

/// A program as a network of the language.
pub fn print(program: &Program) -> String {
    crate::syntax::print(&File { items: vec![Item::Network(network(program))] })
}

/// A program as a network, with lines of remarks behind it.
pub fn print_with_remarks(program: &Program, remarks: &[String]) -> String {
    let mut text = print(program);
    for line in remarks.iter().flat_map(|remark| remark.lines()) {
        text.push_str(&format!("// {line}\n"));
    }
    text
}

fn network(program: &Program) -> Network {
    let given = program.ids().filter(|&id| program.definition(id).is_none()).map(|id| given(program, id));
    let mut statements: Vec<Statement> = given.collect();
    let order = program.order();
    let mut told = vec![false; program.roots.len()];
    for id in order {
        statements.push(definition(program, id, &mut told));
    }
    for (root, told) in program.roots.iter().zip(told) {
        if !told {
            statements.extend(alias(program, &root.role, root.tensor));
        }
    }
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
fn definition(program: &Program, id: TensorId, told: &mut [bool]) -> Statement {
    let tensor = program.tensor(id);
    let own_name = text_name(program, id);
    let own = program.roots.iter().position(|root| root.tensor == id && root_name(program, &root.role) == tensor.name);
    let role = own.map_or(Kind::Plain, |at| {
        told[at] = true;
        kind(&program.roots[at].role)
    });
    let Some(Definition { reduction, body }) = program.definition(id) else {
        return statement(&[], StatementKind::Define { role, name: name(&own_name), value: named(&own_name) });
    };
    if let Some(value) = matrix::notation(program, id) {
        return statement(&tensor.documentation, StatementKind::Define { role, name: name(&own_name), value });
    }
    let labels = Labels::of(program, id);
    let rank = tensor.shape.len();
    let formula = formula::expression(program, *body, &labels);
    let value = match reduction {
        None => formula,
        Some((reduction, more)) => make(ExpressionKind::Reduce {
            reduction: name(reduction.spelling()),
            labels: (rank..rank + more.len()).map(|label| labels.bound(program, label)).collect(),
            body: Box::new(formula),
        }),
    };
    let kind = if rank == 0 {
        StatementKind::Define { role, name: name(&own_name), value }
    } else {
        let indices = (0..rank).map(|label| crate::syntax::tree::LeftIndex::Label(labels.bound(program, label))).collect();
        StatementKind::DefineIndexed { role, name: name(&own_name), indices, value }
    };
    statement(&tensor.documentation, kind)
}

fn kind(role: &Role) -> Kind {
    match role {
        Role::Loss => Kind::Loss,
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
        Role::Gradient(of) => format!("d {}", program.tensor(*of).name),
        Role::Update(state) => program.tensor(*state).name.clone(),
    }
}

/// A root under its own name, where its tensor has another one.
fn alias(program: &Program, role: &Role, tensor: TensorId) -> Option<Statement> {
    let wanted = root_name(program, role);
    let tensor_name = &text_name(program, tensor);
    let is_plain = matches!(role, Role::Gradient(_));
    // The name may be that of another tensor: then the root has no name of its own.
    if program.find(&wanted).is_some() && (is_plain || wanted == *tensor_name && program.definition(tensor).is_some()) {
        return None;
    }
    Some(statement(&[], StatementKind::Define { role: kind(role), name: name(&wanted), value: named(tensor_name) }))
}
