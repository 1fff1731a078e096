//! Kronecker δs that are stored: definitions with all their elements in memory, of which only those on a diagonal are not 0.

use crate::ir::{Definition, ExpressionId, Label, Node, Program, TensorId, print};
use crate::ops::{Operator, Reduction};

/// Where the elements of a definition may be something else than 0, if that is on a diagonal: `i == i2 && j == j2`.
pub fn diagonal(program: &Program, id: TensorId) -> Option<String> {
    let Definition { reduction, body } = program.definition(id)?;
    // A sum of zeros is zero; of other reductions that is not so.
    if reduction.as_ref().is_some_and(|(reduction, _)| *reduction != Reduction::Sum) {
        return None;
    }
    let axes = program.tensor(id).shape.len();
    let condition = factors(program, *body).into_iter().find(|&condition| is_delta(program, condition, axes))?;
    Some(print::expression(program, condition, &|label| program.label_name(id, label)))
}

/// The conditions without which a formula is 0.
fn factors(program: &Program, root: ExpressionId) -> Vec<ExpressionId> {
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(id) = open.pop() {
        match program.expressions.node(id) {
            Node::Select(condition, then, otherwise) if program.expressions.as_number(*otherwise) == Some(0.0) => {
                found.push(*condition);
                open.push(*then);
            }
            Node::Apply(Operator::Multiply, arguments) => open.extend(arguments),
            Node::Apply(Operator::Divide | Operator::Negate, arguments) => open.extend(arguments.first()),
            Node::Apply(Operator::Equal | Operator::And, _) => found.push(id),
            Node::Apply(..) | Node::Select(..) | Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => {}
        }
    }
    found
}

/// Whether a condition asks two places to be equal, of which the axes alone tell.
fn is_delta(program: &Program, condition: ExpressionId, axes: usize) -> bool {
    let (mut asks, mut open) = (false, vec![condition]);
    while let Some(id) = open.pop() {
        match program.expressions.node(id) {
            Node::Apply(Operator::And, arguments) => open.extend(arguments),
            Node::Apply(Operator::Equal, arguments) => asks |= is_equality_of_places(program, arguments),
            Node::Apply(..) | Node::Select(..) | Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => {}
        }
    }
    let mut within = true;
    program.expressions.each_label(condition, &mut |Label(number)| within &= (number as usize) < axes);
    asks && within
}

fn is_equality_of_places(program: &Program, arguments: &[ExpressionId]) -> bool {
    let place = |id: ExpressionId| match program.expressions.node(id) {
        Node::Position(index) => Some(index),
        Node::Number(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
    };
    match arguments {
        [a, b] => place(*a).zip(place(*b)).is_some_and(|(a, b)| a.minus(b).terms().count() >= 2),
        _ => false,
    }
}
