//! Formulas from one program to another.

use super::expression::{ExpressionId, Expressions, Node};
use super::index::{Atom, Index};
use super::program::TensorId;
use rustc_hash::FxHashMap;

/// Copies a formula to another arena, with tensors renumbered.
pub fn transfer(
    from: &Expressions,
    to: &mut Expressions,
    root: ExpressionId,
    numbers: &FxHashMap<TensorId, TensorId>,
) -> ExpressionId {
    let mut copied: FxHashMap<ExpressionId, ExpressionId> = FxHashMap::default();
    for id in from.reachable(root) {
        let node = match from.node(id) {
            Node::Number(number) => Node::Number(*number),
            Node::Position(index) => Node::Position(renumber(index, numbers)),
            Node::Random(stream, index) => Node::Random(*stream, renumber(index, numbers)),
            Node::Read(tensor, at) => Node::Read(numbers[tensor], at.iter().map(|index| renumber(index, numbers)).collect()),
            Node::Apply(operator, arguments) => Node::Apply(*operator, arguments.iter().map(|a| copied[a]).collect()),
            Node::Select(c, a, b) => Node::Select(copied[c], copied[a], copied[b]),
        };
        copied.insert(id, to.intern(node));
    }
    copied[&root]
}

/// An index form with tensors renumbered.
fn renumber(index: &Index, numbers: &FxHashMap<TensorId, TensorId>) -> Index {
    let mut result = Index::constant(index.constant_part().clone());
    for (atom, coefficient) in index.terms() {
        let atom = match atom {
            Atom::Label(label) => Atom::Label(*label),
            Atom::Quotient(form, by) => Atom::Quotient(renumber(form, numbers), by.clone()),
            Atom::Remainder(form, by) => Atom::Remainder(renumber(form, numbers), by.clone()),
            Atom::Element(tensor, at) => Atom::Element(numbers[tensor], at.iter().map(|form| renumber(form, numbers)).collect()),
        };
        result = result.plus(&Index::atom(atom).times(coefficient));
    }
    result
}
