//! Labels that run backwards through what a product reads. The kernels have strides without a sign, so an operand that is read
//! backwards is copied; a label is turned round where the operands that it goes through backwards are the larger ones.
//!
//! `Σ_u p[i - u + U - 1]·w[u]` is `Σ_u p[i + u]·w[U - 1 - u]`: w is copied, and not all windows of p.

use super::lower::{auxiliary, redefine};
use super::offset::{flat, guess, label, labels, plain};
use crate::ir::{Definition, ExpressionId, Extent, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};

/// Turns the labels of the sums of products of a program.
pub fn turn(program: &mut Program) {
    let times = program.times();
    for mut id in program.order() {
        let is_sum = program.definition(id).is_some_and(|one| matches!(one.reduction, Some((Reduction::Sum, _))));
        for number in 0..if is_sum { program.label_extents(id).len() } else { 0 } {
            if times.get(&id) != Some(&label(number)) && is_better_turned(program, id, label(number)) {
                id = turned(program, id, label(number));
            }
        }
    }
}

/// Whether more is copied for what a label goes through backwards than there is else, the result of a turned axis with it.
fn is_better_turned(program: &Program, id: TensorId, turned: Label) -> bool {
    let extents = program.label_extents(id);
    let rank = program.tensor(id).shape.len();
    let size = |labels: &[Label]| labels.iter().map(|label| guess(&extents[label.0 as usize])).fold(1i64, i64::saturating_mul);
    let mut reads = Vec::new();
    if let Some(definition) = program.definition(id) {
        factors(program, definition.body, &mut reads);
    }
    let (mut backward, mut forward) = (0i64, 0i64);
    for read in reads.iter().filter(|_| reads.len() > 1) {
        let Node::Read(tensor, at) = program.expressions.node(*read) else { continue };
        let step = flat(program, *tensor, at, &extents).coefficient(turned);
        let copied = size(&labels(program, *read));
        if program.domain().is_at_most(&step, -1) {
            backward = backward.saturating_add(copied);
        } else if program.domain().is_at_least(&step, 1) {
            forward = forward.saturating_add(copied);
        }
    }
    if (turned.0 as usize) < rank {
        let axes: Vec<Label> = (0..rank).map(label).collect();
        forward = forward.saturating_add(size(&axes));
    }
    backward > forward
}

/// The reads that are factors of a product.
fn factors(program: &Program, id: ExpressionId, reads: &mut Vec<ExpressionId>) {
    match program.expressions.node(id) {
        Node::Read(..) => reads.push(id),
        Node::Apply(Operator::Multiply | Operator::Negate, arguments) => {
            arguments.iter().for_each(|&argument| factors(program, argument, reads));
        }
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => {}
    }
}

/// The same sum with a label that runs the other way; a turned axis is turned back where the sum is read. What is the sum then.
fn turned(program: &mut Program, id: TensorId, turned: Label) -> TensorId {
    let Some(definition) = program.definition(id).cloned() else { return id };
    let extent = program.label_extents(id)[turned.0 as usize].clone();
    let around = |other: Label| if other == turned { opposite(other, &extent) } else { Index::label(other) };
    let body = program.expressions.substitute(definition.body, &mut |other| around(other));
    let shape = program.tensor(id).shape.clone();
    let rank = shape.len();
    if turned.0 as usize >= rank {
        redefine(program, id, Definition { body, ..definition });
        return id;
    }
    let sum = auxiliary(program, id, "turned", shape, Definition { body, ..definition });
    let at = plain(rank).into_iter().enumerate().map(|(axis, own)| if label(axis) == turned { around(turned) } else { own });
    let at = at.collect();
    let body = program.expressions.read(sum, at);
    redefine(program, id, Definition { reduction: None, body });
    program.tensors[id.0 as usize].label_names.truncate(rank);
    sum
}

fn opposite(label: Label, extent: &Extent) -> Index {
    Index::constant(extent.plus_constant(-1)).minus(&Index::label(label))
}
