//! Sums whose conditions say no more than that their reads are inside: the reads are of copies with zeros around, without conditions.
//!
//! `Σ_{k,u} where(0 <= i - u && i - u < n, y[k, i - u]·w[k, u], 0)` with u below U is `Σ_{k,u} p[k, i - u + U - 1]·w[k, u]`, where
//! `p[k, q] = where(q >= U - 1 && q < n + U - 1, y[k, q - U + 1], 0)`. So the gradient for the input of a convolution is a convolution.
//! It is the same sum wherever the other factors are finite.

use super::lower::{auxiliary, redefine};
use super::offset::{label, plain};
use super::product::is_worth;
use crate::ir::{Atom, Definition, ExpressionId, Extent, Guarded, Index, Node, Program, TensorId, bounds};
use crate::ops::{Operator, Reduction};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Pads what the sums of a program read under conditions.
pub fn pad(program: &mut Program) {
    let recurrent = program.recurrent();
    for id in program.order().into_iter().filter(|id| !recurrent.contains(id)) {
        if let Some(guards) = guards(program, id) {
            unguard(program, id, &guards);
        }
    }
}

/// A read that conditions bound: for each axis, whether they say that the index is at least 0, and that it is below the extent.
struct Bounded {
    read: ExpressionId,
    tensor: TensorId,
    at: Vec<Index>,
    axes: Vec<[bool; 2]>,
}

/// A sum of a product of reads under conditions that bound some of these and say nothing else.
struct Guards {
    value: ExpressionId,
    reads: Vec<Bounded>,
}

/// Whether a sum is one that [`pad`] takes the conditions of: they bound its reads and say nothing else.
pub fn is_bounded(program: &Program, id: TensorId) -> bool {
    guards(program, id).is_some()
}

fn guards(program: &Program, id: TensorId) -> Option<Guards> {
    let Definition { reduction: Some((Reduction::Sum, _)), body } = program.definition(id)? else { return None };
    let Guarded { conditions, value } = Guarded::of(&program.expressions, *body);
    let extents = program.label_extents(id);
    if conditions.is_empty() || !is_worth(&extents) {
        return None;
    }
    let mut reads = Vec::new();
    factors(program, value, &mut reads)?;
    let mut open: BTreeSet<Index> = BTreeSet::new();
    for condition in conditions {
        open.insert(program.expressions.not_negative(condition)?);
    }
    let mut said = BTreeSet::new();
    for bounded in &mut reads {
        let shape = program.tensor(bounded.tensor).shape.clone();
        for ((index, extent), sides) in bounded.at.iter().zip(&shape).zip(&mut bounded.axes) {
            let forms = [index.clone(), Index::constant(extent.plus_constant(-1)).minus(index)];
            for (form, side) in forms.into_iter().zip(sides) {
                let same = open.iter().find(|known| is_same(program, known, &form, &extents));
                *side = same.is_some();
                said.extend(same.cloned());
            }
        }
    }
    let reads_inside = reads.iter().all(|bounded| {
        let ranges = bounded.at.iter().map(|index| bounds::range(program, index, &extents));
        let shape = &program.tensor(bounded.tensor).shape;
        ranges.zip(shape).zip(&bounded.axes).all(|((range, extent), [from, below])| {
            range.is_some_and(|range| {
                (*from || bounds::is_from(program, &range, 0)) && (*below || bounds::is_below(program, &range, extent))
            })
        })
    });
    (said == open && reads_inside).then_some(Guards { value, reads })
}

/// Whether one form is negative where the other is: they are equal, or the other is a multiple of it and a digit, as `2·a + r` is of `a` where r
/// is 0 or 1.
fn is_same(program: &Program, form: &Index, other: &Index, extents: &[Extent]) -> bool {
    let times = form.terms().find_map(|(atom, factor)| {
        let Atom::Label(label) = atom else { return None };
        other.coefficient(*label).as_constant()?.checked_div(factor.as_constant()?)
    });
    let Some(times) = times.filter(|&times| times >= 1) else { return form == other };
    let digit = other.minus(&form.times(&times.into()));
    bounds::is_inside(program, &digit, extents, &times.into())
}

/// The reads that are factors of a product of reads and numbers; `None` if it is another formula.
fn factors(program: &Program, id: ExpressionId, reads: &mut Vec<Bounded>) -> Option<()> {
    match program.expressions.node(id) {
        Node::Number(number) => number.get().is_finite().then_some(()),
        Node::Read(tensor, at) => {
            if reads.iter().all(|bounded| bounded.read != id) {
                let axes = vec![[false; 2]; at.len()];
                reads.push(Bounded { read: id, tensor: *tensor, at: at.clone(), axes });
            }
            Some(())
        }
        Node::Apply(Operator::Multiply, arguments) => arguments.iter().try_for_each(|&factor| factors(program, factor, reads)),
        Node::Apply(Operator::Negate, arguments) => factors(program, arguments[0], reads),
        Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => None,
    }
}

/// Puts reads of padded copies into the sum, and takes its conditions away.
fn unguard(program: &mut Program, id: TensorId, guards: &Guards) {
    let extents = program.label_extents(id);
    let mut padded = FxHashMap::default();
    for bounded in guards.reads.iter().filter(|bounded| bounded.axes.iter().flatten().any(|&side| side)) {
        if let Some(read) = around(program, id, bounded, &extents) {
            padded.insert(bounded.read, read);
        }
    }
    let body = program.expressions.replace(guards.value, &padded);
    if let Some(definition) = program.definition(id).cloned() {
        redefine(program, id, Definition { body, ..definition });
    }
}

/// A read of a copy that has all places where a read may be, with zeros outside of the tensor.
fn around(program: &mut Program, id: TensorId, bounded: &Bounded, extents: &[Extent]) -> Option<ExpressionId> {
    let Bounded { tensor, at, axes, .. } = bounded;
    let mut shape = program.tensor(*tensor).shape.clone();
    let (mut inner, mut outer) = (plain(shape.len()), at.clone());
    let mut conditions = Vec::new();
    for (axis, sides) in axes.iter().enumerate().filter(|(_, sides)| sides.contains(&true)) {
        let range = bounds::range(program, &at[axis], extents)?;
        let first = range.lowest.clone();
        inner[axis] = Index::label(label(axis)).plus_extent(&first);
        outer[axis] = at[axis].plus_extent(&first.negated());
        let [own, zero] = [inner[axis].clone(), Index::default()].map(|form| program.expressions.position(form));
        let end = program.expressions.position(Index::constant(shape[axis].clone()));
        if sides[0] && !bounds::is_from(program, &range, 0) {
            conditions.push(program.expressions.apply(Operator::GreaterEqual, &[own, zero]));
        }
        if sides[1] && !bounds::is_below(program, &range, &shape[axis]) {
            conditions.push(program.expressions.apply(Operator::Less, &[own, end]));
        }
        shape[axis] = range.highest.minus(&first).plus_constant(1);
    }
    let value = program.expressions.read(*tensor, inner);
    let body = Guarded { conditions, value }.formula(&mut program.expressions);
    let copy = auxiliary(program, *tensor, "padded", shape, Definition { reduction: None, body });
    let names = (0..at.len()).map(|axis| program.label_name(*tensor, label(axis))).collect();
    program.tensors[copy.0 as usize].label_names = names;
    program.tensors[copy.0 as usize].span = program.tensor(id).span;
    Some(program.expressions.read(copy, outer))
}
