//! The order of axes in memory: a formula that only sums read, and that is computed from a tensor with the same axes in another
//! order, lies in memory as that tensor does, so that its loop goes along rows. (A matrix product takes any order.)

use super::inline::readers;
use super::lower::{move_reads, redefine};
use super::offset::{label, reads};
use crate::ir::{Definition, Element, Index, Program, TensorId};
use std::collections::BTreeSet;

/// Gives such formulas their order.
pub fn order_axes(program: &mut Program) {
    let order = program.order();
    let recurrent = program.recurrent();
    let roots: BTreeSet<TensorId> = program.roots.iter().map(|root| root.tensor).collect();
    let readers = readers(program, &order);
    for id in order {
        let is_sum = |reader: &TensorId| program.definition(*reader).is_some_and(|definition| definition.reduction.is_some());
        let own: Vec<TensorId> = readers.get(&id).into_iter().flatten().copied().collect();
        let is_free = program.tensor(id).element == Element::Real && !roots.contains(&id) && !recurrent.contains(&id);
        if is_free
            && own.iter().all(is_sum)
            && let Some(axes) = wanted(program, id)
        {
            permute(program, id, &axes, &own);
        }
    }
}

/// The axes of a formula in the order of what it reads with all of them, where nothing that it reads has them in its own order.
fn wanted(program: &Program, id: TensorId) -> Option<Vec<usize>> {
    let Definition { reduction: None, body } = program.definition(id)? else { return None };
    let rank = program.tensor(id).shape.len();
    let orders: Vec<Vec<usize>> = (reads(program, *body).into_iter())
        .filter_map(|(_, at)| at.iter().map(|index| Some(index.as_label()?.0 as usize)).collect::<Option<Vec<usize>>>())
        .filter(|axes| axes.len() == rank && (0..rank).all(|axis| axes.contains(&axis)))
        .collect();
    let is_own = |axes: &Vec<usize>| axes.is_sorted();
    orders.first().filter(|_| !orders.iter().any(is_own)).cloned()
}

/// Puts the axes of a definition in another order, also where they are read.
fn permute(program: &mut Program, id: TensorId, axes: &[usize], readers: &[TensorId]) {
    let Some(Definition { reduction, body }) = program.definition(id).cloned() else { return };
    let place = |old: usize| axes.iter().position(|&axis| axis == old).unwrap_or_default();
    let body = program.expressions.substitute(body, &mut |old| Index::label(label(place(old.0 as usize))));
    let names = axes.iter().map(|&axis| program.label_name(id, label(axis))).collect();
    let shape = axes.iter().map(|&axis| program.tensor(id).shape[axis].clone()).collect();
    let tensor = &mut program.tensors[id.0 as usize];
    tensor.label_names = names;
    tensor.shape = shape;
    redefine(program, id, Definition { reduction, body });
    move_reads(program, readers, id, &|at| axes.iter().map(|&axis| at[axis].clone()).collect());
}
