//! What is linear in a vector, for all unit vectors at once: the rows of a Jacobian, or its columns.
//!
//! Every definition that reads the vector, however indirectly, gets the axes of the vector in front of its own or behind them, and an
//! element of the vector becomes a Kronecker δ: `u[i]` is `where(i == e, 1, 0)`. Simplification eliminates the δ where it can, and
//! states it where it cannot.

use super::{label, units_of};
use crate::ir::{Definition, ExpressionId, Index, Label, Node, Program, Source, Tensor, TensorId, Unit};
use crate::ops::Operator;
use std::collections::{BTreeMap, BTreeSet};

/// Where the axes of the vector stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In front of the others: a result is a row for each unit vector.
    Front,
    /// Behind the others: a result is a column for each unit vector.
    Behind,
}

/// What results are for each unit vector, as definitions with the axes of `vector` on one side. `None` for a result that does not
/// depend on the vector.
pub fn all(program: &mut Program, vector: TensorId, results: &[TensorId], side: Side) -> Vec<Option<TensorId>> {
    let added = program.tensor(vector).shape.len();
    let mut batched: BTreeMap<TensorId, TensorId> = BTreeMap::new();
    for id in dependent(program, vector, results) {
        let new = open(program, vector, id, side);
        batched.insert(id, new);
    }
    for (&old, &new) in &batched {
        let Some(Definition { reduction, body }) = program.definition(old).cloned() else { continue };
        let first = first(program, old, side);
        let body = shifted(program, body, &Units { first, added, vector, side }, &batched);
        program.tensors[new.0 as usize].source = Source::Defined(Definition { reduction, body });
    }
    results.iter().map(|result| batched.get(result).copied()).collect()
}

/// The number of the vector's first label among those of a definition.
fn first(program: &Program, id: TensorId, side: Side) -> usize {
    match side {
        Side::Front => 0,
        Side::Behind => program.tensor(id).shape.len(),
    }
}

/// The definitions that read the vector, however indirectly.
fn dependent(program: &mut Program, vector: TensorId, results: &[TensorId]) -> Vec<TensorId> {
    let mut found: BTreeSet<TensorId> = BTreeSet::from([vector]);
    let mut order = Vec::new();
    for unit in units_of(program, results) {
        let members = match unit {
            Unit::Single(id) => vec![id],
            Unit::Circle(members) => members,
        };
        let reads = members.iter().flat_map(|&id| program.dependencies(id)).any(|read| found.contains(&read));
        for id in members.into_iter().filter(|&id| reads && id != vector) {
            found.insert(id);
            order.push(id);
        }
    }
    order
}

/// A tensor with the axes of the vector on one side, whose definition follows.
fn open(program: &mut Program, vector: TensorId, id: TensorId, side: Side) -> TensorId {
    let (units, own) = (program.tensor(vector).clone(), program.tensor(id).clone());
    let mut label_names: Vec<String> = (0..units.shape.len()).map(|axis| program.label_name(vector, label(axis))).collect();
    let count = program.label_extents(id).len();
    for number in 0..count {
        let wanted = program.label_name(id, label(number));
        let name = std::iter::once(wanted.clone())
            .chain((2..).map(|suffix| format!("{wanted}{suffix}")))
            .find(|name| !label_names.contains(name));
        label_names.push(name.unwrap_or(wanted));
    }
    let place = first(program, id, side);
    label_names[..units.shape.len() + place].rotate_left(units.shape.len());
    let mut shape = own.shape.clone();
    shape.splice(place..place, units.shape);
    program.add(Tensor { shape, label_names, ..own })
}

/// The labels of the vector within a definition.
struct Units {
    /// The number of the first one.
    first: usize,
    /// How many there are.
    added: usize,
    vector: TensorId,
    side: Side,
}

/// A formula over labels among which those of the vector stand.
fn shifted(program: &mut Program, body: ExpressionId, units: &Units, batched: &BTreeMap<TensorId, TensorId>) -> ExpressionId {
    let shift = |Label(number): Label| {
        let number = number as usize;
        Index::label(label(if number < units.first { number } else { number + units.added }))
    };
    let own: Vec<Index> = (units.first..units.first + units.added).map(|number| Index::label(label(number))).collect();
    let moved = program.expressions.substitute(body, &mut { shift });
    program.expressions.rebuild(moved, &mut |expressions, node| match node {
        Node::Read(tensor, at) if tensor == units.vector => {
            let (zero, one) = (expressions.number(0.0), expressions.number(1.0));
            let mut condition: Option<ExpressionId> = None;
            for (index, unit) in at.into_iter().zip(&own) {
                let (index, unit) = (expressions.position(index), expressions.position(unit.clone()));
                let equal = expressions.apply(Operator::Equal, &[index, unit]);
                condition = Some(condition.map_or(equal, |all| expressions.apply(Operator::And, &[all, equal])));
            }
            condition.map_or(one, |condition| expressions.select(condition, one, zero))
        }
        Node::Read(tensor, at) if batched.contains_key(&tensor) => {
            let at = match units.side {
                Side::Front => own.iter().cloned().chain(at).collect(),
                Side::Behind => at.into_iter().chain(own.iter().cloned()).collect(),
            };
            expressions.read(batched[&tensor], at)
        }
        other
        @ (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..)) => {
            expressions.intern(other)
        }
    })
}
