//! The same program with less to read in its indices: axes of length 1 along which nothing changes, as a mean leaves them, are no axes
//! (`mu[i, 0]` is `mu[i]`), and a label of a sum whose digits are read is a label for each digit. It must not know what is derived.

use crate::ir::{Definition, ExpressionId, Index, Label, Node, Program, Source, TensorId};
use crate::ops::Reduction;
use crate::plan::digits::Sum;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Makes it so.
pub fn squeeze(program: &mut Program) {
    squeeze_axes(program);
    program.order().into_iter().for_each(|id| split_digits(program, id));
}

/// Gives a sum over a label whose digits are read a label for each of them.
fn split_digits(program: &mut Program, id: TensorId) {
    let Some(Definition { reduction: Some((Reduction::Sum, extents)), body }) = program.definition(id).cloned() else { return };
    let rank = program.tensor(id).shape.len();
    let sum = Sum::of(program, id, body);
    if sum.rank != rank || sum.labels.len() == rank + extents.len() {
        return;
    }
    let reduction = Some((Reduction::Sum, sum.extents().split_off(rank)));
    let names = sum.labels.iter().map(|(name, _)| name.clone()).collect();
    let tensor = &mut program.tensors[id.0 as usize];
    (tensor.source, tensor.label_names) = (Source::Defined(Definition { reduction, body: sum.body }), names);
}

/// Takes axes of length 1 from all definitions that nobody asked for.
fn squeeze_axes(program: &mut Program) {
    let recurrent = program.recurrent();
    let roots: BTreeSet<TensorId> = program.roots.iter().map(|root| root.tensor).collect();
    let mut kept: FxHashMap<TensorId, Vec<usize>> = FxHashMap::default();
    for id in program.order() {
        let Some(Definition { reduction, body }) = program.definition(id).cloned() else { continue };
        let body = read_without(program, body, &kept);
        let shape = program.tensor(id).shape.clone();
        let axes: Vec<usize> = if roots.contains(&id) || recurrent.contains(&id) {
            (0..shape.len()).collect()
        } else {
            let used = axes_of(program, body);
            (0..shape.len()).filter(|axis| !shape[*axis].is_one() || used.contains(axis)).collect()
        };
        let body = renumbered(program, body, &axes, shape.len());
        let tensor = &mut program.tensors[id.0 as usize];
        tensor.source = Source::Defined(Definition { reduction, body });
        if axes.len() == shape.len() {
            continue;
        }
        tensor.shape = axes.iter().map(|&axis| shape[axis].clone()).collect();
        let mut place = 0;
        tensor.label_names.retain(|_| {
            place += 1;
            place > shape.len() || axes.contains(&(place - 1))
        });
        kept.insert(id, axes);
    }
}

/// A formula that reads at the axes alone that are kept.
fn read_without(program: &mut Program, body: ExpressionId, kept: &FxHashMap<TensorId, Vec<usize>>) -> ExpressionId {
    program.expressions.rebuild(body, &mut |expressions, node| match node {
        Node::Read(tensor, at) if kept.contains_key(&tensor) => {
            let at = kept[&tensor].iter().map(|&axis| at[axis].clone()).collect();
            expressions.read(tensor, at)
        }
        other
        @ (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..)) => {
            expressions.intern(other)
        }
    })
}

/// The labels that a formula mentions.
fn axes_of(program: &Program, body: ExpressionId) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    program.expressions.each_label(body, &mut |Label(label)| {
        used.insert(label as usize);
    });
    used
}

/// A formula over the axes that are kept, of `rank`, and the labels behind them.
fn renumbered(program: &mut Program, body: ExpressionId, axes: &[usize], rank: usize) -> ExpressionId {
    if axes.len() == rank {
        return body;
    }
    program.expressions.substitute(body, &mut |Label(old)| {
        let old = old as usize;
        let new = axes.iter().position(|&axis| axis == old).unwrap_or_else(|| (old + axes.len()).saturating_sub(rank));
        Index::label(super::sheet::label(new))
    })
}
