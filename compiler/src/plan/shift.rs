//! Matrix products of recurrences that stand under a condition on the time, as products that need none.
//!
//! `Σ_k where(t >= 1, h[b, t - 1, k], start[b, k])·u[k, j]` is `where(t >= 1, p[b, t - 1, j], q[b, j])` with
//! `p[b, t, j] = Σ_k h[b, t, k]·u[k, j]`, which is computed when h is, and `q[b, j] = Σ_k start[b, k]·u[k, j]`, which is computed
//! before the recurrence begins.

use super::lower::{auxiliary, redefine};
use super::offset::{label, labels, plain};
use super::product::is_worth;
use crate::ir::{Definition, ExpressionId, Extent, Index, Label, Node, Program, TensorId, bounds};
use crate::ops::{Operator, Reduction};
use rustc_hash::FxHashMap;

/// Takes the products of all recurrences out of their conditions, where they can be.
pub fn shift(program: &mut Program) {
    let mut waiting: Vec<(TensorId, Label)> = program.times().into_iter().rev().collect();
    while let Some((id, time)) = waiting.pop() {
        if let Some(made) = split(program, id, time) {
            waiting.extend(made.into_iter().map(|id| (id, time)));
        }
    }
}

/// Splits a sum by the condition in it; the sums that this makes over the same axes.
fn split(program: &mut Program, id: TensorId, time: Label) -> Option<Vec<TensorId>> {
    let Definition { reduction: Some((Reduction::Sum, extents)), body } = program.definition(id)?.clone() else { return None };
    let rank = program.tensor(id).shape.len();
    let work: Vec<Extent> = (program.label_extents(id).into_iter().enumerate())
        .filter_map(|(number, extent)| (label(number) != time).then_some(extent))
        .collect();
    let condition = find(program, body, rank)?;
    let Node::Select(test, then, otherwise) = *program.expressions.node(condition) else { return None };
    if !is_worth(&work) {
        return None;
    }
    let with = |program: &mut Program, branch: ExpressionId| {
        if program.expressions.as_number(branch) == Some(0.0) {
            return branch;
        }
        program.expressions.replace(body, &FxHashMap::from_iter([(condition, branch)]))
    };
    let branches = [with(program, then), with(program, otherwise)];
    let forms = [free(program, id, branches[0], time)?, free(program, id, branches[1], time)?];
    let mut made = Vec::new();
    let [then, otherwise] = forms.map(|form| match form {
        Free::Zero => program.expressions.number(0.0),
        Free::Sum { axes, body, at } => {
            let all = program.label_extents(id);
            let shape: Vec<Extent> = axes.iter().map(|axis| all[axis.0 as usize].clone()).collect();
            let same = axes.len() == rank;
            let definition = Definition { reduction: Some((Reduction::Sum, extents.clone())), body };
            let names =
                axes.iter().copied().chain((rank..all.len()).map(label)).map(|axis| program.label_name(id, axis)).collect();
            let sum = auxiliary(program, id, "free", shape, definition);
            program.tensors[sum.0 as usize].label_names = names;
            if same {
                made.push(sum);
            }
            program.expressions.read(sum, at)
        }
    });
    let body = program.expressions.select(test, then, otherwise);
    redefine(program, id, Definition { reduction: None, body });
    Some(made)
}

/// A selection that is the formula or a factor of it, and whose condition is the same for all that is summed.
fn find(program: &Program, root: ExpressionId, rank: usize) -> Option<ExpressionId> {
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        match program.expressions.node(id) {
            Node::Select(condition, ..) => {
                if labels(program, *condition).iter().all(|label| (label.0 as usize) < rank) {
                    return Some(id);
                }
            }
            Node::Apply(Operator::Multiply, arguments) => stack.extend(arguments),
            Node::Apply(Operator::Negate, arguments) => stack.push(arguments[0]),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) => {}
        }
    }
    None
}

/// A sum that needs no condition.
enum Free {
    /// It is zero.
    Zero,
    /// Over some of the axes; the formula over these and what is summed, and where the sum is read.
    Sum { axes: Vec<Label>, body: ExpressionId, at: Vec<Index> },
}

/// The sum of a branch so that each read of it is inside at every step; `None` where there is no such form.
fn free(program: &mut Program, id: TensorId, branch: ExpressionId, time: Label) -> Option<Free> {
    if program.expressions.as_number(branch) == Some(0.0) {
        return Some(Free::Zero);
    }
    let rank = program.tensor(id).shape.len();
    let extents = program.label_extents(id);
    let count = extents.len();
    let Some(steps) = steps(program, branch, time)? else {
        let axes: Vec<Label> = (0..rank).map(label).filter(|&axis| axis != time).collect();
        let body =
            program.expressions.substitute(branch, &mut |old| Index::label(if old.0 > time.0 { Label(old.0 - 1) } else { old }));
        let at = axes.iter().copied().map(Index::label).collect();
        let mut own = extents;
        own.remove(time.0 as usize);
        return bounds::reads_inside(program, body, &own).then_some(Free::Sum { axes, body, at });
    };
    let moved = |old: Label, steps: &Extent| {
        let own = Index::label(old);
        if old == time { own.plus_extent(steps) } else { own }
    };
    let body = program.expressions.substitute(branch, &mut |old| moved(old, &steps.negated()));
    let at = plain(rank).into_iter().enumerate().map(|(number, _)| moved(label(number), &steps)).collect();
    let axes = (0..rank).map(label).collect();
    (count > rank && bounds::reads_inside(program, body, &extents)).then_some(Free::Sum { axes, body, at })
}

/// The one `c` of all the `t + c` in a formula; `Some(None)` where there is none, `None` where there are several or other forms.
#[allow(clippy::option_option)]
fn steps(program: &Program, root: ExpressionId, time: Label) -> Option<Option<Extent>> {
    let mut found: Option<Extent> = None;
    for id in program.expressions.reachable(root) {
        let forms: &[Index] = match program.expressions.node(id) {
            Node::Position(index) | Node::Random(_, index) => std::slice::from_ref(index),
            Node::Read(_, at) => at,
            Node::Number(_) | Node::Apply(..) | Node::Select(..) => &[],
        };
        for form in forms.iter().filter(|form| form.mentions(time)) {
            let steps = form.minus(&Index::label(time)).as_extent()?.clone();
            if found.as_ref().is_some_and(|found| *found != steps) {
                return None;
            }
            found = Some(steps);
        }
    }
    Some(found)
}
