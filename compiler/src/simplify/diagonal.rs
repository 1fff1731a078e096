//! Kronecker δs: an adjoint that is 0 but where one of its axes has a value that the others tell is its diagonal, read under the
//! condition: `T[i, j] = where(i == j, f[i, j], 0)` is `where(i == j, D[i], 0)` with `D[i] = f[i, i]`.
//!
//! What reads it sees the condition, so that a sum over the axis has one term (`cuts.rs`), and nothing stores the zeros.

use super::definitions::{add_auxiliary, is_adjoint};
use super::{Report, factors, set_body};
use crate::ir::{Atom, Definition, ExpressionId, Expressions, Guarded, Index, Label, Node, Program, TensorId, bounds};
use crate::ops::Operator;

/// Gives the diagonals of all adjoints definitions of their own.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let recurrent = program.recurrent();
    let mut changed = false;
    for id in program.order() {
        if is_adjoint(program.tensor(id)) && !recurrent.contains(&id) && split(program, id) {
            report.enter(&program.tensor(id).name);
            report.fired("a Kronecker δ leaves what it selects");
            changed = true;
        }
    }
    changed
}

/// Whether a formula is a product of a few reads under conditions on the axes, one of which is a Kronecker δ.
pub fn is_stated(program: &Program, id: TensorId, body: ExpressionId) -> bool {
    let Guarded { conditions, value } = Guarded::of(&program.expressions, body);
    factors::reads(&program.expressions, value).is_some()
        && conditions.iter().all(|&condition| is_of_places(&program.expressions, condition))
        && conditions.iter().any(|&condition| selected(program, id, condition).is_some())
}

/// Whether one of the conditions of a formula is a Kronecker δ.
pub fn has_delta(program: &Program, id: TensorId, body: ExpressionId) -> bool {
    let conditions = Guarded::of(&program.expressions, body).conditions;
    conditions.into_iter().any(|condition| selected(program, id, condition).is_some())
}

/// Whether a condition compares places and reads nothing.
fn is_of_places(expressions: &Expressions, condition: ExpressionId) -> bool {
    let Node::Apply(_, arguments) = expressions.node(condition) else { return false };
    arguments.iter().all(|&argument| matches!(expressions.node(argument), Node::Position(_) | Node::Number(_)))
}

/// The axis to which a condition gives one value, and that value over the other axes; the last such axis.
fn selected(program: &Program, id: TensorId, condition: ExpressionId) -> Option<(usize, Index)> {
    let Node::Apply(Operator::Equal, arguments) = program.expressions.node(condition) else { return None };
    let difference = program.expressions.as_index(arguments[0])?.minus(&program.expressions.as_index(arguments[1])?);
    let of_labels = difference.terms().all(|(atom, _)| matches!(atom, Atom::Label(_)));
    let shape = &program.tensor(id).shape;
    (0..shape.len()).rev().filter(|_| of_labels && difference.terms().count() > 1).find_map(|axis| {
        let factor = difference.coefficient(label(axis));
        let rest = difference.minus(&Index::label(label(axis)).times(&factor));
        let value = if factor.is_one() {
            Index::default().minus(&rest)
        } else if factor.negated().is_one() {
            rest
        } else {
            return None;
        };
        bounds::is_inside(program, &value, shape, &shape[axis]).then_some((axis, value))
    })
}

/// Gives what a δ selects a definition over the axes that it needs; whether it had none.
fn split(program: &mut Program, id: TensorId) -> bool {
    let Some(Definition { reduction: None, body }) = program.definition(id).cloned() else { return false };
    if is_stated(program, id, body) {
        return false;
    }
    let Guarded { conditions, value } = Guarded::of(&program.expressions, body);
    let found = conditions
        .iter()
        .enumerate()
        .find_map(|(number, &condition)| selected(program, id, condition).map(|(axis, index)| (number, condition, axis, index)));
    let Some((number, condition, axis, index)) = found else { return false };
    let mut rest = conditions;
    rest.remove(number);
    let inside = Guarded { conditions: rest, value }.formula(&mut program.expressions);
    let own = |other: Label| if other == label(axis) { index.clone() } else { Index::label(other) };
    let inside = program.expressions.substitute(inside, &mut |other| own(other));
    let read = over_own_axes(program, id, inside, "diagonal");
    let zero = program.expressions.number(0.0);
    let body = program.expressions.select(condition, read, zero);
    set_body(program, id, body);
    true
}

/// The read of a new definition for a formula over axes of another definition, which has those that occur.
pub fn over_own_axes(program: &mut Program, id: TensorId, formula: ExpressionId, suffix: &str) -> ExpressionId {
    let axes = axes(&program.expressions, formula);
    let shape = axes.iter().map(|&axis| program.tensor(id).shape[axis].clone()).collect();
    let names = axes.iter().map(|&axis| program.label_name(id, label(axis))).collect();
    let body = program.expressions.substitute(formula, &mut |Label(other)| {
        Index::label(label(axes.iter().position(|&axis| axis == other as usize).unwrap_or_default()))
    });
    let part = add_auxiliary(program, id, suffix, shape, names, Definition { reduction: None, body });
    program.expressions.read(part, axes.into_iter().map(|axis| Index::label(label(axis))).collect())
}

/// The labels of a formula, in their order.
pub fn axes(expressions: &Expressions, formula: ExpressionId) -> Vec<usize> {
    let mut axes = Vec::new();
    expressions.each_label(formula, &mut |Label(number)| axes.push(number as usize));
    axes.sort_unstable();
    axes.dedup();
    axes
}

pub fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}
