//! Conditions that need not be written in a recurrence: what it reads before its first step (or after its last) is zero anyway.

use super::writer::Writer;
use crate::ir::recurrence::lag;
use crate::ir::{ExpressionId, Expressions, Extent, Index, Label, Node, TensorId, bounds};
use crate::ops::Operator;

/// Whether `where(t >= c, f, 0)` is no more than `f` in the text: a factor of f is a read at `t - c`, and f reads nothing else
/// that the condition protects.
pub fn is_understood(writer: &Writer, id: TensorId, node: ExpressionId) -> bool {
    let expressions = &writer.program.expressions;
    let Node::Select(condition, then, otherwise) = expressions.node(node) else { return false };
    let Some(time) = writer.time(id).and_then(|axis| u32::try_from(axis).ok()).map(Label) else { return false };
    if expressions.as_number(*otherwise) != Some(0.0) {
        return false;
    }
    let extents = writer.program.label_extents(id);
    let Some(steps) = protected(expressions, *condition, time, &extents[time.0 as usize]) else { return false };
    let read = |node: ExpressionId| match expressions.node(node) {
        Node::Read(tensor, at) if writer.recur_together(id, *tensor) => {
            writer.time(*tensor).and_then(|axis| lag(&at[axis], time)).map(|found| (*tensor, at, found))
        }
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
    };
    let vanishes = factors(expressions, *then).into_iter().any(|factor| read(factor).is_some_and(|(_, _, found)| found == steps));
    vanishes
        && expressions.reachable(*then).into_iter().all(|node| match expressions.node(node) {
            Node::Read(tensor, at) => {
                let protected = read(node).is_some_and(|(_, _, found)| found == steps);
                let axis = if protected { writer.time(*tensor) } else { None };
                at.iter().zip(&writer.program.tensor(*tensor).shape).enumerate().all(|(number, (index, extent))| {
                    axis == Some(number) || bounds::is_inside(writer.program, index, &extents, extent)
                })
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => true,
        })
}

/// The `c` of a condition that says that `t + c` is inside.
fn protected(expressions: &Expressions, condition: ExpressionId, time: Label, length: &Extent) -> Option<i64> {
    let slack = expressions.not_negative(condition)?;
    let before = lag(&slack, time);
    // T - 1 - (t + c)
    let after = slack.plus(&Index::label(time)).minus(&Index::constant(length.plus_constant(-1)));
    let after = after.as_extent().and_then(Extent::as_constant).map(|steps| -steps);
    before.filter(|&steps| steps < 0).or(after.filter(|&steps| steps > 0))
}

/// The factors of a product.
fn factors(expressions: &Expressions, root: ExpressionId) -> Vec<ExpressionId> {
    let (mut found, mut stack) = (Vec::new(), vec![root]);
    while let Some(id) = stack.pop() {
        match expressions.node(id) {
            Node::Apply(Operator::Multiply, arguments) => stack.extend(arguments),
            Node::Apply(Operator::Negate, arguments) => stack.push(arguments[0]),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                found.push(id);
            }
        }
    }
    found
}
