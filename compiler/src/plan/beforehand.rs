//! What a product reads at every step of a recurrence is laid out once, before the first step: an operand that stays the same, and whose rows
//! do not lie in one piece, would be packed anew at each of them.

use super::Contraction;
use super::digits::Sum;
use super::lower::auxiliary;
use super::offset::{flat, label};
use crate::ir::{Definition, ExpressionId, Index, Label, Node, Program};

/// The operands of a product of a recurrence with the right one laid out beforehand; `None` where nothing is gained by that.
pub fn laid_out(
    program: &mut Program,
    contraction: &Contraction,
    sum: &Sum,
    operands: [ExpressionId; 2],
) -> Option<[ExpressionId; 2]> {
    let [_, (right, offset)] = &contraction.operands;
    let stays = contraction.outer.iter().any(|around| around.is_time)
        && contraction.outer.iter().all(|around| !offset.mentions(around.label));
    let has_rows = contraction.n.iter().any(|axis| axis.strides[0].is_one());
    let has_columns = contraction.k.iter().any(|axis| axis.strides[1].is_one());
    if !stays || has_rows || !has_columns {
        return None;
    }
    let extents = sum.extents();
    let is_right = |operand: &ExpressionId| match program.expressions.node(*operand) {
        Node::Read(tensor, at) => tensor == right && flat(program, *tensor, at, &extents) == *offset,
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => false,
    };
    let side = operands.iter().position(is_right)?;
    let order: Vec<Label> = contraction.k.iter().chain(&contraction.n).flat_map(|axis| axis.labels.iter().copied()).collect();
    let place = |old: Label| Index::label(label(order.iter().position(|&other| other == old).unwrap_or_default()));
    let body = program.expressions.substitute(operands[side], &mut |old| place(old));
    let shape = order.iter().map(|old| extents[old.0 as usize].clone()).collect();
    let names = order.iter().map(|old| sum.labels[old.0 as usize].0.clone()).collect();
    let rows = auxiliary(program, *right, "rows", shape, Definition { reduction: None, body });
    program.tensors[rows.0 as usize].label_names = names;
    let mut operands = operands;
    operands[side] = program.expressions.read(rows, order.into_iter().map(Index::label).collect());
    Some(operands)
}
