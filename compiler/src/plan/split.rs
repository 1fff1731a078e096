//! Labels that are read by digits become a label for each digit: no loop divides, and a digit can be a row or a window. (What products
//! read by digits is the matter of `digits`.)
//!
//! `d x[k] = where(k mod 2 == a[k div 2], d y[k div 2], 0)` with k below 28 is `d x[k, r] = where(r == a[k], d y[k], 0)` with k below
//! 14 and r below 2. The memory of a tensor is the same, whatever its axes are called.

use super::lower::redefine;
use super::offset::label;
use super::product::Contractions;
use crate::ir::{Atom, Definition, Element, ExpressionId, Extent, Index, Label, Node, Program, TensorId, bounds};

/// Splits the labels of all that is no product and no part of a recurrence.
pub fn split(program: &mut Program, contractions: &Contractions) {
    let recurrent = program.recurrent();
    for id in program.order().into_iter().filter(|id| !recurrent.contains(id) && !contractions.contains_key(id)) {
        while let Some((number, by)) = digit(program, id) {
            divide(program, id, number, &by);
        }
    }
}

/// The index forms of a formula.
fn forms(program: &Program, body: ExpressionId) -> Vec<Index> {
    let mut forms = Vec::new();
    for id in program.expressions.reachable(body) {
        match program.expressions.node(id) {
            Node::Position(index) | Node::Random(_, index) => forms.push(index.clone()),
            Node::Read(_, at) => forms.extend(at.iter().cloned()),
            Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
        }
    }
    forms
}

/// A label that stands in a quotient or a remainder by itself, and by what it is divided there.
fn digit(program: &Program, id: TensorId) -> Option<(usize, Extent)> {
    let definition = program.definition(id)?;
    let extents = program.label_extents(id);
    let rank = program.tensor(id).shape.len();
    // The axes of a tensor of integers stay, since index forms speak of them, and those of what is wanted.
    let is_root = program.roots.iter().any(|root| root.tensor == id);
    let first = if program.tensor(id).element == Element::Real && !is_root { 0 } else { rank };
    let fits = |(number, by): &(usize, Extent)| {
        let count = extents[*number].divided_exactly(by);
        *number >= first && !by.is_one() && count.is_some_and(|count| !count.is_one() && program.domain().is_at_least(&count, 1))
    };
    forms(program, definition.body).iter().find_map(|form| in_digits(form, &fits))
}

fn in_digits(form: &Index, fits: &dyn Fn(&(usize, Extent)) -> bool) -> Option<(usize, Extent)> {
    form.terms().find_map(|(atom, _)| match atom {
        Atom::Label(_) => None,
        Atom::Quotient(inner, by) | Atom::Remainder(inner, by) => {
            let own = inner.as_label().map(|label| (label.0 as usize, by.clone())).filter(fits);
            own.or_else(|| in_digits(inner, fits))
        }
        Atom::Element(_, at) => at.iter().find_map(|index| in_digits(index, fits)),
    })
}

/// Puts two labels in the place of one, `by·outer + inner`, and reads the tensor in digits where the label is an axis.
fn divide(program: &mut Program, id: TensorId, number: usize, by: &Extent) {
    let Some(Definition { reduction, body }) = program.definition(id).cloned() else { return };
    let Some(count) = program.label_extents(id)[number].divided_exactly(by) else { return };
    let rank = program.tensor(id).shape.len();
    let labels = 0..program.label_extents(id).len();
    let mut names: Vec<String> = labels.map(|number| program.label_name(id, label(number))).collect();
    names.insert(number, names[number].clone());
    program.tensors[id.0 as usize].label_names = names;
    let body = program.expressions.substitute(body, &mut |old| {
        let (own, next) = (Index::label(old), Index::label(Label(old.0 + 1)));
        match (old.0 as usize).cmp(&number) {
            std::cmp::Ordering::Less => own,
            std::cmp::Ordering::Equal => own.times(by).plus(&next),
            std::cmp::Ordering::Greater => next,
        }
    });
    let parts = [count, by.clone()];
    let reduction = if number < rank {
        program.tensors[id.0 as usize].shape.splice(number..=number, parts);
        reduction
    } else {
        reduction.map(|(kind, mut extents)| {
            extents.splice(number - rank..=number - rank, parts);
            (kind, extents)
        })
    };
    redefine(program, id, Definition { reduction, body });
    reread(program, id, &mut |node| node);
    if number < rank {
        let readers: Vec<TensorId> =
            program.order().into_iter().filter(|&reader| program.dependencies(reader).contains(&id)).collect();
        for reader in readers {
            reread(program, reader, &mut |node| match node {
                Node::Read(tensor, mut at) if tensor == id => {
                    let digits = [at[number].quotient(by), at[number].remainder(by)];
                    at.splice(number..=number, digits);
                    Node::Read(tensor, at)
                }
                other @ (Node::Number(_)
                | Node::Position(_)
                | Node::Random(..)
                | Node::Read(..)
                | Node::Apply(..)
                | Node::Select(..)) => other,
            });
        }
    }
}

/// Maps the nodes of a definition, and simplifies its index forms by what the ranges of its labels tell.
fn reread(program: &mut Program, id: TensorId, map: &mut dyn FnMut(Node) -> Node) {
    let Some(definition) = program.definition(id).cloned() else { return };
    let extents = program.label_extents(id);
    let mut expressions = std::mem::take(&mut program.expressions);
    let simple = |index: &Index| bounds::simplify(program, index, &extents);
    let body = expressions.rebuild(definition.body, &mut |expressions, node| {
        let node = match map(node) {
            Node::Position(index) => Node::Position(simple(&index)),
            Node::Random(stream, index) => Node::Random(stream, simple(&index)),
            Node::Read(tensor, at) => Node::Read(tensor, at.iter().map(simple).collect()),
            other @ (Node::Number(_) | Node::Apply(..) | Node::Select(..)) => other,
        };
        expressions.intern(node)
    });
    program.expressions = expressions;
    redefine(program, id, Definition { body, ..definition });
}
