//! What is linear in a vector, for all unit vectors at once: the rows of a Jacobian.
//!
//! Every definition that reads the vector, however indirectly, gets the axes of the vector in front of its own, and an element of
//! the vector becomes a Kronecker δ: `u[i]` is `where(i == e, 1, 0)`. Simplification eliminates the δ where it can, and states it
//! where it cannot.

use super::{label, plain_labels};
use crate::ir::{Definition, ExpressionId, Index, Label, Node, Program, Role, Root, Source, Tensor, TensorId, Unit};
use crate::ops::Operator;
use std::collections::{BTreeMap, BTreeSet};

/// For each result the definition that has the axes of `vector` in front: what the result is for each unit vector. `None` for a
/// result that does not depend on the vector.
pub fn rows(program: &mut Program, vector: TensorId, results: &[TensorId]) -> Vec<Option<TensorId>> {
    let dependent = dependent(program, vector, results);
    let added = program.tensor(vector).shape.len();
    let mut batched: BTreeMap<TensorId, TensorId> = BTreeMap::new();
    for &id in &dependent {
        let new = open(program, vector, id);
        batched.insert(id, new);
    }
    for (&old, &new) in &batched {
        let Some(Definition { reduction, body }) = program.definition(old).cloned() else { continue };
        let body = shifted(program, body, added, vector, &batched);
        program.tensors[new.0 as usize].source = Source::Defined(Definition { reduction, body });
    }
    results.iter().map(|id| batched.get(id).copied()).collect()
}

/// The definitions that read the vector, however indirectly.
fn dependent(program: &mut Program, vector: TensorId, results: &[TensorId]) -> Vec<TensorId> {
    let roots = results.iter().enumerate().map(|(number, &tensor)| Root { role: Role::Output(number.to_string()), tensor });
    let saved = std::mem::replace(&mut program.roots, roots.collect());
    let units = program.units();
    program.roots = saved;
    let mut found: BTreeSet<TensorId> = BTreeSet::from([vector]);
    let mut order = Vec::new();
    for unit in units {
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

/// A tensor with the axes of the vector in front, whose definition follows.
fn open(program: &mut Program, vector: TensorId, id: TensorId) -> TensorId {
    let (front, own) = (program.tensor(vector).clone(), program.tensor(id).clone());
    let mut label_names: Vec<String> = (0..front.shape.len()).map(|axis| program.label_name(vector, label(axis))).collect();
    let count = program.label_extents(id).len();
    for number in 0..count {
        let wanted = program.label_name(id, label(number));
        let name = std::iter::once(wanted.clone())
            .chain((2..).map(|suffix| format!("{wanted}{suffix}")))
            .find(|name| !label_names.contains(name));
        label_names.push(name.unwrap_or(wanted));
    }
    let shape = front.shape.into_iter().chain(own.shape).collect();
    program.add(Tensor { shape, label_names, ..own })
}

/// A formula over labels that stand behind those of the vector.
fn shifted(
    program: &mut Program,
    body: ExpressionId,
    added: usize,
    vector: TensorId,
    batched: &BTreeMap<TensorId, TensorId>,
) -> ExpressionId {
    let shift = |Label(number): Label| Index::label(label(number as usize + added));
    let moved = program.expressions.substitute(body, &mut { shift });
    program.expressions.rebuild(moved, &mut |expressions, node| match node {
        Node::Read(tensor, at) if tensor == vector => {
            let (zero, one) = (expressions.number(0.0), expressions.number(1.0));
            let mut condition: Option<ExpressionId> = None;
            for (axis, index) in at.into_iter().enumerate() {
                let own = expressions.position(index);
                let unit = expressions.position(Index::label(label(axis)));
                let equal = expressions.apply(Operator::Equal, &[own, unit]);
                condition = Some(condition.map_or(equal, |all| expressions.apply(Operator::And, &[all, equal])));
            }
            condition.map_or(one, |condition| expressions.select(condition, one, zero))
        }
        Node::Read(tensor, at) if batched.contains_key(&tensor) => {
            expressions.read(batched[&tensor], plain_labels(added).into_iter().chain(at).collect())
        }
        other
        @ (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..)) => {
            expressions.intern(other)
        }
    })
}
