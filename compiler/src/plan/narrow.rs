//! What nothing reads is not computed: of a definition the places along each axis that its readers can reach. The gradient of a padded tensor is
//! read without its margins, so that of the margins is none of the work.

use super::inline::readers;
use super::lower::{move_reads, redefine};
use super::offset::{digits, reads};
use crate::ir::{Definition, Element, ExpressionId, Expressions, Extent, Index, Node, Program, TensorId, bounds, guarded};
use std::collections::{BTreeMap, BTreeSet};

/// Narrows all definitions that the roots need, what is read after what reads it.
pub fn narrow(program: &mut Program) {
    let unread = Unread::of(program);
    for &id in program.order().iter().rev() {
        let margins = whole_digits(program, id, unread.margins(program, id));
        if margins.iter().any(|margin| *margin != Margin::default())
            && let Some(readers) = unread.readers.get(&id)
        {
            without(program, id, &margins, readers);
        }
    }
}

/// Who reads what.
pub struct Unread {
    readers: BTreeMap<TensorId, BTreeSet<TensorId>>,
    /// Results, and tensors of recurrences: all of them is wanted.
    whole: BTreeSet<TensorId>,
}

impl Unread {
    /// Who reads the definitions of a program.
    pub fn of(program: &Program) -> Self {
        let whole = program.roots.iter().map(|root| root.tensor).chain(program.recurrent()).collect();
        Self { readers: readers(program, &program.order()), whole }
    }

    /// Who reads a tensor of which not all is wanted.
    pub fn readers(&self, id: TensorId) -> Option<&BTreeSet<TensorId>> {
        self.readers.get(&id).filter(|_| !self.whole.contains(&id))
    }

    /// The margins of a definition's axes that nothing reads.
    pub fn margins(&self, program: &Program, id: TensorId) -> Vec<Margin> {
        let is_free = program.definition(id).is_some() && program.tensor(id).element == Element::Real;
        match self.readers(id).filter(|_| is_free) {
            Some(readers) => margins(program, id, readers),
            None => vec![Margin::default(); program.tensor(id).shape.len()],
        }
    }
}

/// How many places at either end of an axis nothing reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    /// In front.
    pub before: i64,
    /// At the end.
    pub after: i64,
}

/// The margins of a definition, none along axes whose labels are read by digits: those would be digits no more.
fn whole_digits(program: &Program, id: TensorId, mut margins: Vec<Margin>) -> Vec<Margin> {
    let Some(definition) = program.definition(id) else { return margins };
    for (form, _) in digits(program, definition.body) {
        form.each_label(&mut |own| {
            if let Some(margin) = margins.get_mut(own.0 as usize) {
                *margin = Margin::default();
            }
        });
    }
    margins
}

fn margins(program: &Program, id: TensorId, readers: &BTreeSet<TensorId>) -> Vec<Margin> {
    let shape = &program.tensor(id).shape;
    let mut margins: Vec<Option<Margin>> = vec![None; shape.len()];
    for &reader in readers {
        let Some(definition) = program.definition(reader) else { continue };
        let extents = program.label_extents(reader);
        for (_, at) in reads(program, definition.body).into_iter().filter(|(read, _)| *read == id) {
            for ((index, extent), margin) in at.iter().zip(shape).zip(&mut margins) {
                let own = margin_of(program, index, &extents, extent);
                let known = margin.unwrap_or(own);
                *margin = Some(Margin { before: known.before.min(own.before), after: known.after.min(own.after) });
            }
        }
    }
    margins.into_iter().map(Option::unwrap_or_default).collect()
}

/// What an index form leaves out of an axis, as far as that is known for all sizes: of an axis of any length nothing, where a condition keeps the form
/// from going beyond it, since the axis may be shorter than where the form begins.
fn margin_of(program: &Program, index: &Index, extents: &[Extent], extent: &Extent) -> Margin {
    let Some(range) = bounds::range(program, index, extents) else { return Margin::default() };
    let length = extent.as_constant();
    if length.is_none() && !bounds::is_inside(program, index, extents, extent) {
        return Margin::default();
    }
    let known = |margin: &Extent| margin.as_constant().unwrap_or(0).max(0).min(length.unwrap_or(i64::MAX));
    let before = known(&range.lowest);
    let after = known(&extent.minus(&range.highest).plus_constant(-1));
    Margin { before, after: after.min(length.map_or(i64::MAX, |length| length - before)) }
}

/// Takes the margins from a definition, and counts the places of its readers from where it begins then.
fn without(program: &mut Program, id: TensorId, margins: &[Margin], readers: &BTreeSet<TensorId>) {
    let Some(Definition { reduction, body }) = program.definition(id).cloned() else { return };
    let begins = |axis: usize| Extent::constant(margins.get(axis).map_or(0, |margin| margin.before));
    let body = program.expressions.substitute(body, &mut |own| Index::label(own).plus_extent(&begins(own.0 as usize)));
    for (extent, margin) in program.tensors[id.0 as usize].shape.iter_mut().zip(margins) {
        *extent = extent.plus_constant(-margin.before - margin.after);
    }
    redefine(program, id, Definition { reduction, body });
    unconditional(program, id);
    let from_there = |(axis, index): (usize, &Index)| index.plus_extent(&begins(axis).negated());
    move_reads(program, readers, id, &|at| at.iter().enumerate().map(from_there).collect());
}

/// Takes the conditions away that hold at all places that are left.
fn unconditional(program: &mut Program, id: TensorId) {
    let Some(Definition { reduction, body }) = program.definition(id).cloned() else { return };
    let extents = program.label_extents(id);
    let mut expressions = std::mem::take(&mut program.expressions);
    let holds = |expressions: &Expressions, condition: ExpressionId| {
        let form = expressions.not_negative(condition);
        form.and_then(|form| bounds::range(program, &form, &extents)).is_some_and(|range| bounds::is_from(program, &range, 0))
    };
    let body = expressions.rebuild(body, &mut |expressions, node| match node {
        Node::Select(condition, then, _)
            if guarded::conditions(expressions, condition).into_iter().all(|one| holds(expressions, one)) =>
        {
            then
        }
        other
        @ (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..)) => {
            expressions.intern(other)
        }
    });
    program.expressions = expressions;
    redefine(program, id, Definition { reduction, body });
}
