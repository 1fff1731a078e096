//! The slopes of each reduction: what reaches the formula under it, and what comes from there.

use super::contributions::{Contributions, contributions, times};
use super::guards::{Guard, around};
use super::{auxiliary, label, plain_labels};
use crate::ir::{Definition, ExpressionId, Extent, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};

/// What a term of a reduction has of its slope, over the labels of the definition.
pub enum Share {
    /// All of it.
    Whole,
    /// This part.
    Factor(ExpressionId),
    /// All of it where this holds, elsewhere nothing.
    First(ExpressionId),
    /// Nothing.
    Nothing,
}

/// What the terms of a definition's reduction have of its slope.
pub fn share(program: &mut Program, id: TensorId) -> Share {
    let Some(&Definition { ref reduction, body }) = program.definition(id) else { return Share::Nothing };
    match reduction.as_ref().map(|&(reduction, _)| reduction) {
        None | Some(Reduction::Sum) => Share::Whole,
        Some(Reduction::Product) => Share::Factor(product_of_others(program, id, body)),
        Some(Reduction::LogSumExp) => Share::Factor(softmax(program, id, body)),
        Some(reduction @ (Reduction::Maximum | Reduction::Minimum)) => Share::First(is_first(program, id, body, reduction)),
        Some(Reduction::ArgMaximum | Reduction::ArgMinimum) => Share::Nothing,
    }
}

/// For each active read in the definition of `id`, the slope of the loss for it, over the definition's labels. `upstream` is the
/// adjoint of the definition over its axes.
pub fn slopes(program: &mut Program, id: TensorId, upstream: ExpressionId, active: &[bool]) -> Contributions {
    let Some(body) = program.definition(id).map(|definition| definition.body) else { return Contributions::new() };
    let is_active = |node: &Node| matches!(node, Node::Read(tensor, _) if active[tensor.0 as usize]);
    let share = share(program, id);
    let expressions = &mut program.expressions;
    match share {
        Share::Whole => contributions(expressions, body, upstream, &is_active),
        Share::Factor(factor) => {
            let upstream = times(expressions, upstream, factor);
            contributions(expressions, body, upstream, &is_active)
        }
        Share::First(condition) => {
            let mut found = contributions(expressions, body, upstream, &is_active);
            let guard = Guard { condition, holds: true };
            found.values_mut().for_each(|value| *value = around(expressions, guard, *value));
            found
        }
        Share::Nothing => Contributions::new(),
    }
}

/// `∂ Π_k f_k / ∂ f_k = Π_{k' ≠ k} f_k'`, as a definition of its own: right where factors are zero, to every order.
fn product_of_others(program: &mut Program, id: TensorId, body: ExpressionId) -> ExpressionId {
    let count = program.label_extents(id).len();
    let rank = program.tensor(id).shape.len();
    let more = count - rank;
    // Axes: those of T, then k; reduced: k'. The formula is that of T with k' for k, and 1 where k' is k.
    let shifted = program.expressions.substitute(body, &mut |Label(number)| {
        Index::label(if (number as usize) < rank { Label(number) } else { label(number as usize + more) })
    });
    let expressions = &mut program.expressions;
    let one = expressions.number(1.0);
    let mut same: Option<ExpressionId> = None;
    for number in rank..count {
        let k = expressions.position(Index::label(label(number)));
        let other = expressions.position(Index::label(label(number + more)));
        let equal = expressions.apply(Operator::Equal, &[k, other]);
        same = Some(same.map_or(equal, |before| expressions.apply(Operator::And, &[before, equal])));
    }
    let Some(same) = same else { return one };
    let factor = expressions.select(same, one, shifted);
    let others = auxiliary(program, id, "others", more, Reduction::Product, factor);
    program.expressions.read(others, plain_labels(count))
}

/// `∂ log Σ_k exp f_k / ∂ f_k = exp(f_k - log Σ exp f)`
fn softmax(program: &mut Program, id: TensorId, body: ExpressionId) -> ExpressionId {
    let labels = plain_labels(program.tensor(id).shape.len());
    let value = program.expressions.read(id, labels);
    let difference = program.expressions.apply(Operator::Subtract, &[body, value]);
    program.expressions.apply(Operator::Exp, &[difference])
}

/// The condition that the labels of a maximum (or minimum) stand at its first position.
fn is_first(program: &mut Program, id: TensorId, body: ExpressionId, reduction: Reduction) -> ExpressionId {
    let extents = program.label_extents(id);
    let rank = program.tensor(id).shape.len();
    let (kind, suffix) =
        if reduction == Reduction::Maximum { (Reduction::ArgMaximum, "argmax") } else { (Reduction::ArgMinimum, "argmin") };
    let position = auxiliary(program, id, suffix, 0, kind, body);
    let mut flat = Index::default();
    let mut stride = Extent::one();
    for number in (rank..extents.len()).rev() {
        flat = flat.plus(&Index::label(label(number)).times(&stride));
        stride = stride.times(&extents[number]);
    }
    let flat = program.expressions.position(flat);
    let first = program.expressions.read(position, plain_labels(rank));
    program.expressions.apply(Operator::Equal, &[flat, first])
}
