//! The largest of rising functions is the function of the largest: `max_u relu(x[u] + b)` is `relu(max_u x[u] + b)`, so that what follows a
//! convolution is computed once for each window of a pool and not for each element of it.

use super::definitions::add_auxiliary;
use super::{Report, set_definition};
use crate::diff::plain_labels;
use crate::ir::{Definition, ExpressionId, Expressions, Label, Node, Program, TensorId};
use crate::ops::{Course, Operator, Reduction};
use std::collections::BTreeSet;

/// Tries every definition that is a largest or smallest number.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let recurrent = program.recurrent();
    let mut changed = false;
    for id in program.order() {
        if !recurrent.contains(&id)
            && let Some(found) = find(program, id, &recurrent)
        {
            report.enter(&program.tensor(id).name);
            report.fired("the largest of rising functions is the function of the largest");
            rewrite(program, id, found);
            changed = true;
        }
    }
    changed
}

/// A rising or falling function of one argument: an operator, its other arguments, and the place of that one among them.
struct Function {
    operator: Operator,
    others: Vec<ExpressionId>,
    place: usize,
}

/// What is reduced in the end, and the functions of it, the outermost first.
struct Found {
    kind: Reduction,
    functions: Vec<Function>,
    inner: ExpressionId,
}

fn find(program: &mut Program, id: TensorId, recurrent: &BTreeSet<TensorId>) -> Option<Found> {
    let Definition { reduction: Some((mut kind, extents)), body } = program.definition(id)?.clone() else { return None };
    // The largest of nothing is -∞, whatever the function of that would be.
    let is_of_something = extents.iter().all(|extent| program.domain().is_at_least(extent, 1));
    if !matches!(kind, Reduction::Maximum | Reduction::Minimum) || !is_of_something {
        return None;
    }
    let open = opened(program, id, body, recurrent);
    let rank = program.tensor(id).shape.len();
    let (mut functions, mut inner) = (Vec::new(), open);
    while let Some((function, argument, falls)) = peeled(&program.expressions, inner, rank) {
        if falls {
            kind = if kind == Reduction::Maximum { Reduction::Minimum } else { Reduction::Maximum };
        }
        functions.push(function);
        inner = argument;
    }
    let is_read = matches!(program.expressions.node(inner), Node::Read(..));
    (!functions.is_empty() && (open == body || is_read)).then_some(Found { kind, functions, inner })
}

/// The formula of a definition, with the one that it is a read of written out if nothing else reads that.
fn opened(program: &mut Program, id: TensorId, body: ExpressionId, recurrent: &BTreeSet<TensorId>) -> ExpressionId {
    let Node::Read(read, at) = program.expressions.node(body).clone() else { return body };
    let is_root = program.roots.iter().any(|root| root.tensor == read);
    let has_others = program.order().into_iter().any(|other| other != id && program.dependencies(other).contains(&read));
    match program.definition(read) {
        Some(&Definition { reduction: None, body: inner }) if !is_root && !has_others && !recurrent.contains(&read) => {
            program.expressions.substitute(inner, &mut |Label(number)| at[number as usize].clone())
        }
        Some(_) | None => body,
    }
}

/// The outermost function of a formula, its argument, and whether it falls; if it rises or falls, and all else in it is the same for all that is
/// reduced.
fn peeled(expressions: &Expressions, formula: ExpressionId, rank: usize) -> Option<(Function, ExpressionId, bool)> {
    let Node::Apply(operator, arguments) = expressions.node(formula) else { return None };
    let is_outside = |id: ExpressionId| {
        let mut outside = true;
        expressions.each_label(id, &mut |Label(number)| outside &= (number as usize) < rank);
        outside
    };
    let place = arguments.iter().position(|&argument| !is_outside(argument))?;
    let others: Vec<ExpressionId> =
        (arguments.iter().enumerate()).filter(|&(at, _)| at != place).map(|(_, &other)| other).collect();
    if !others.iter().all(|&other| is_outside(other)) {
        return None;
    }
    let falls = match operator.row().courses.get(place)? {
        Course::Rises => false,
        Course::Falls => true,
        Course::OfSign => {
            let factor = others.first().and_then(|&other| expressions.as_number(other))?;
            if factor == 0.0 || !factor.is_finite() {
                return None;
            }
            factor < 0.0
        }
    };
    Some((Function { operator: *operator, others, place }, arguments[place], falls))
}

fn rewrite(program: &mut Program, id: TensorId, found: Found) {
    let Some(Definition { reduction: Some((_, extents)), .. }) = program.definition(id).cloned() else { return };
    let (shape, names) = (program.tensor(id).shape.clone(), program.tensor(id).label_names.clone());
    let rank = shape.len();
    let suffix = if found.kind == Reduction::Maximum { "largest" } else { "smallest" };
    let definition = Definition { reduction: Some((found.kind, extents)), body: found.inner };
    let reduced = add_auxiliary(program, id, suffix, shape, names, definition);
    let mut value = program.expressions.read(reduced, plain_labels(rank));
    for Function { operator, mut others, place } in found.functions.into_iter().rev() {
        others.insert(place, value);
        value = program.expressions.apply(operator, &others);
    }
    program.tensors[id.0 as usize].label_names.truncate(rank);
    set_definition(program, id, Definition { reduction: None, body: value });
}
