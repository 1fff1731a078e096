//! The operands of a matrix product: reads that kernels can go through, or definitions of their own.

use super::digits::Sum;
use super::lower::auxiliary;
use super::offset::{flat, guess, is_affine, label, labels};
use crate::ir::{Definition, ExpressionId, Index, Label, Node, Program, TensorId};
use crate::ops::Operator;
use std::collections::BTreeSet;

/// An operand is packed again and again, and worth a layout for that, if the other is so many times as large.
const SMALLER: i64 = 4;

/// The reads that stand for the two groups of factors.
pub fn operands(program: &mut Program, id: TensorId, sum: &Sum, factors: &[Vec<ExpressionId>; 2]) -> [ExpressionId; 2] {
    let extents = sum.extents();
    let elements = |factors: &Vec<ExpressionId>| {
        let own: BTreeSet<Label> = factors.iter().flat_map(|&factor| labels(program, factor)).collect();
        own.iter().map(|own| guess(&extents[own.0 as usize])).fold(1i64, i64::saturating_mul)
    };
    let [left, right] = [&factors[0], &factors[1]].map(elements);
    let is_along_several = extents.len() > sum.rank + 1;
    let is_packed = |own: i64, other: i64| is_along_several && own.saturating_mul(SMALLER) <= other;
    let packed = [is_packed(left, right), is_packed(right, left)];
    [0, 1].map(|side| operand(program, id, sum, &factors[side], packed[side]))
}

/// The read that stands for some factors: the read that they are, or one of a new definition. One that is packed lies in memory as kernels pack it:
/// for each term of the sum all rows side by side.
fn operand(program: &mut Program, id: TensorId, sum: &Sum, factors: &[ExpressionId], is_packed: bool) -> ExpressionId {
    let extents = sum.extents();
    if let [factor] = factors
        && let Node::Read(tensor, at) = program.expressions.node(*factor)
        && is_forward(program, &flat(program, *tensor, at, &extents))
    {
        return *factor;
    }
    let mut order = label_order(program, factors);
    if is_packed {
        order.sort_by_key(|one| (one.0 as usize) < sum.rank);
    }
    let mut body = factors[0];
    for &factor in &factors[1..] {
        body = program.expressions.apply(Operator::Multiply, &[body, factor]);
    }
    let new = |old: Label| Index::label(label(order.iter().position(|&other| other == old).unwrap_or_default()));
    let body = program.expressions.substitute(body, &mut |old| new(old));
    let shape = order.iter().map(|old| extents[old.0 as usize].clone()).collect();
    let names = order.iter().map(|old| sum.labels[old.0 as usize].0.clone()).collect();
    let tensor = auxiliary(program, id, "operand", shape, Definition { reduction: None, body });
    program.tensors[tensor.0 as usize].label_names = names;
    program.expressions.read(tensor, order.into_iter().map(Index::label).collect())
}

/// Whether a form is affine in labels and never goes backwards: the kernels have strides without a sign.
pub fn is_forward(program: &Program, index: &Index) -> bool {
    is_affine(index) && index.terms().all(|(_, coefficient)| program.domain().is_at_least(coefficient, 0))
}

/// The labels of some factors, in the order in which the largest plain read has them.
fn label_order(program: &Program, factors: &[ExpressionId]) -> Vec<Label> {
    let mut order: Vec<Label> = Vec::new();
    let mut reads: Vec<Vec<Label>> = Vec::new();
    let mut all: BTreeSet<Label> = BTreeSet::new();
    for &factor in factors {
        all.extend(labels(program, factor));
        reads.extend(
            super::offset::reads(program, factor).into_iter().filter_map(|(_, at)| at.iter().map(Index::as_label).collect()),
        );
    }
    reads.sort_by_key(|labels| std::cmp::Reverse(labels.len()));
    for label in reads.into_iter().flatten().chain(all) {
        if !order.contains(&label) {
            order.push(label);
        }
    }
    order
}
