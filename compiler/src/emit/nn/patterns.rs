//! Formulas that have a name in the library: `exp(x - logsumexp(x))` is `softmax(x)`. It must not know how arrays are written.

use super::matrix::{Array, Frame};
use super::write::{make, name, named, natural};
use super::writer::Writer;
use crate::ir::{Definition, ExpressionId, Extent, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};
use crate::syntax::tree::{Argument, Expression, ExpressionKind};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// `softmax(x)` or `log_softmax(x)`, where a formula is one; `done` has what its parts are written as.
pub fn softmax(writer: &Writer, frame: &Frame, id: ExpressionId, done: &FxHashMap<ExpressionId, Option<Array>>) -> Option<Array> {
    let Node::Apply(operator, of) = writer.program.expressions.node(id) else { return None };
    let (word, difference) = match (operator, of.as_slice()) {
        (Operator::Exp, [difference]) => ("softmax", *difference),
        (Operator::Subtract, _) => ("log_softmax", id),
        _ => return None,
    };
    let Node::Apply(Operator::Subtract, sides) = writer.program.expressions.node(difference) else { return None };
    let &[whole, total] = sides.as_slice() else { return None };
    let array = done.get(&whole)?.clone()?;
    let axis = array.axes.iter().position(|axis| axis.is_some_and(|label| is_total(writer.program, whole, total, label)))?;
    let Node::Read(_, at) = writer.program.expressions.node(total) else { return None };
    // The total must be over that axis alone: all other axes of the array are its axes.
    if array.axes.len() != at.len() + 1 || frame.order.len() < array.axes.len() {
        return None;
    }
    let is_last = axis + 1 == array.axes.len();
    Some(array.map(|value| along(word, value, (!is_last).then_some(axis))))
}

fn along(word: &str, value: Expression, axis: Option<usize>) -> Expression {
    let mut arguments = vec![Argument { name: None, value }];
    if let Some(axis) = axis {
        arguments.push(Argument { name: Some(name("axis")), value: natural(axis as u64) });
    }
    make(ExpressionKind::Call(Box::new(named(word)), arguments))
}

/// Whether `total` is logsumexp over one label of the very formula `whole`.
fn is_total(program: &Program, whole: ExpressionId, total: ExpressionId, over: Label) -> bool {
    let Node::Read(tensor, at) = program.expressions.node(total) else { return false };
    let Some(Definition { reduction: Some((Reduction::LogSumExp, more)), body }) = program.definition(*tensor) else {
        return false;
    };
    let Some(mut labels) = at.iter().map(Index::as_label).collect::<Option<Vec<Label>>>() else { return false };
    labels.push(over);
    let distinct: BTreeSet<Label> = labels.iter().copied().collect();
    more.len() == 1 && distinct.len() == labels.len() && is_same(program, *body, whole, &labels)
}

/// Whether two formulas are the same when the labels of the first are replaced.
fn is_same(program: &Program, first: ExpressionId, second: ExpressionId, labels: &[Label]) -> bool {
    let replace = |index: &Index| {
        index.substitute(&mut |label| Index::label(labels.get(label.0 as usize).copied().unwrap_or(Label(u32::MAX))))
    };
    let mut seen = BTreeSet::new();
    let mut stack = vec![(first, second)];
    while let Some((first, second)) = stack.pop() {
        if !seen.insert((first.0, second.0)) {
            continue;
        }
        let same = match (program.expressions.node(first), program.expressions.node(second)) {
            (Node::Number(first), Node::Number(second)) => first == second,
            (Node::Position(first), Node::Position(second)) => replace(first) == *second,
            (Node::Read(first, at), Node::Read(second, other)) => {
                first == second && at.iter().map(replace).eq(other.iter().cloned())
            }
            (Node::Apply(first, _), Node::Apply(second, _)) => first == second,
            (Node::Select(..), Node::Select(..)) => true,
            _ => false,
        };
        if !same {
            return false;
        }
        stack.extend(program.expressions.arguments(first).into_iter().zip(program.expressions.arguments(second)));
    }
    true
}

/// What a definition pads, how much at both ends of each axis, and with which number.
pub struct Padding {
    /// The tensor.
    pub tensor: TensorId,
    /// How much at the beginning and at the end.
    pub widths: Vec<(u64, u64)>,
    /// The number.
    pub value: f64,
}

/// `where(k >= 2 && k < 6, x[k - 2], 0)` with the very bounds of `x`.
pub fn padding(program: &Program, id: TensorId) -> Option<Padding> {
    let Definition { reduction: None, body } = program.definition(id)? else { return None };
    let Node::Select(condition, element, value) = program.expressions.node(*body) else { return None };
    let Node::Read(tensor, at) = program.expressions.node(*element) else { return None };
    let value = program.expressions.as_number(*value)?;
    let (shape, inner) = (&program.tensor(id).shape, &program.tensor(*tensor).shape);
    if *tensor == id || shape.len() != inner.len() {
        return None;
    }
    let (mut widths, mut needed) = (Vec::new(), BTreeSet::new());
    for (label, ((index, outer), inner)) in (0..).map(Label).zip(at.iter().zip(shape).zip(inner)) {
        let low = Index::label(label).minus(index).as_extent().and_then(Extent::as_constant)?;
        let high = outer.minus(inner).plus_constant(-low).as_constant()?;
        widths.push((u64::try_from(low).ok()?, u64::try_from(high).ok()?));
        if low > 0 {
            needed.insert((Operator::GreaterEqual, label, Extent::constant(low)));
        }
        if high > 0 {
            needed.insert((Operator::Less, label, inner.plus_constant(low)));
        }
    }
    (!needed.is_empty() && bounds(program, *condition)? == needed).then_some(Padding { tensor: *tensor, widths, value })
}

/// The comparisons of labels with sizes that a condition consists of.
fn bounds(program: &Program, condition: ExpressionId) -> Option<BTreeSet<(Operator, Label, Extent)>> {
    let (mut found, mut stack) = (BTreeSet::new(), vec![condition]);
    while let Some(id) = stack.pop() {
        let Node::Apply(operator, of) = program.expressions.node(id) else { return None };
        if *operator == Operator::And {
            stack.extend(of);
            continue;
        }
        let Node::Position(left) = program.expressions.node(*of.first()?) else { return None };
        let right = match program.expressions.node(*of.get(1)?) {
            Node::Position(index) => index.as_extent()?.clone(),
            #[allow(clippy::cast_possible_truncation)]
            Node::Number(number) if number.get().fract() == 0.0 && number.get().abs() < 1e15 => {
                Extent::constant(number.get() as i64)
            }
            Node::Number(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => return None,
        };
        found.insert((*operator, left.as_label()?, right));
    }
    Some(found)
}
