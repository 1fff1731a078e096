//! Edges of matrix products: on one side of a diagonal between two of its axes terms are 0, or nobody reads the result. The kernel leaves out the tiles
//! and the terms of tiles that lie wholly beyond. It must not know how a kernel does that.

use super::diagonals::{Diagonal, SHORT, conditions_of};
use super::narrow::Unread;
use super::offset::{guess, strides};
use super::product::Contractions;
use super::{Axis, Contraction};
use crate::ir::{Atom, ExpressionId, Index, Label, Node, Program, TensorId, conditions};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};

/// What a product may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Between which axes the diagonal lies.
    pub pair: Pair,
    /// Which places of the second axis count, beside each of the first.
    pub beside: Beside,
}

/// Two axes of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// A row of A and its terms.
    RowTerm,
    /// A column of B and its terms.
    ColumnTerm,
    /// A row of C and its columns.
    RowColumn,
}

/// Some of the places of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Those up to this many behind.
    UpTo(i64),
    /// Those from this many behind on.
    From(i64),
}

impl Display for Edge {
    /// `without terms beyond row + 0`
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let (second, first) = match self.pair {
            Pair::RowTerm => ("terms", "row"),
            Pair::ColumnTerm => ("terms", "column"),
            Pair::RowColumn => ("columns", "row"),
        };
        let (order, offset) = match self.beside {
            Beside::UpTo(offset) => ("beyond", offset),
            Beside::From(offset) => ("before", offset),
        };
        let offset =
            if offset == 0 { String::new() } else { format!(" {} {}", if offset < 0 { '-' } else { '+' }, offset.abs()) };
        write!(formatter, "without {second} {order} the {first}{offset}")
    }
}

/// Finds the edges of products that are computed as a whole.
pub fn find(program: &Program, contractions: &mut Contractions) {
    let unread = Unread::of(program);
    let recurrent = program.recurrent();
    for contraction in contractions.values_mut() {
        if contraction.parts.iter().all(Vec::is_empty) && !recurrent.contains(&contraction.tensor) {
            contraction.edge = of_operands(program, contraction).or_else(|| of_result(program, contraction, &unread));
        }
    }
}

/// The edge beyond which an operand is 0.
fn of_operands(program: &Program, contraction: &Contraction) -> Option<Edge> {
    contraction.operands.iter().find_map(|(tensor, flat)| {
        let definition = program.definition(*tensor).filter(|definition| definition.reduction.is_none())?;
        let diagonals = conditions_of(&program.expressions, definition.body);
        diagonals.into_iter().find_map(|diagonal| edge(contraction, in_labels(program, contraction, *tensor, flat, diagonal)?))
    })
}

/// The edge beyond which nobody reads the result.
fn of_result(program: &Program, contraction: &Contraction, unread: &Unread) -> Option<Edge> {
    let tensor = contraction.tensor;
    let diagonal = diagonal_of(program, tensor, unread.readers(tensor)?)?;
    edge(contraction, in_labels(program, contraction, tensor, &contraction.result, diagonal)?)
}

/// A diagonal between axes of a tensor as one between labels of a product that are these axes.
fn in_labels(
    program: &Program,
    contraction: &Contraction,
    tensor: TensorId,
    flat: &Index,
    diagonal: Diagonal,
) -> Option<Diagonal> {
    let shape = &program.tensor(tensor).shape;
    let strides = strides(shape);
    let label = |axis: Label| {
        let (stride, extent) = (strides.get(axis.0 as usize)?, shape.get(axis.0 as usize)?);
        flat.terms().filter(|(_, factor)| *factor == stride).find_map(|(atom, _)| match atom {
            Atom::Label(label) => (contraction.labels[label.0 as usize].1 == *extent).then_some(*label),
            Atom::Quotient(..) | Atom::Remainder(..) | Atom::Element(..) => None,
        })
    };
    let is_plain = flat.constant_part().is_zero();
    is_plain.then_some(Diagonal { first: label(diagonal.first)?, second: label(diagonal.second)?, ..diagonal })
}

/// A diagonal between labels as an edge, if they are axes of their own that are long enough.
fn edge(contraction: &Contraction, Diagonal { first, second, offset }: Diagonal) -> Option<Edge> {
    let is = |axes: &[Axis], label: Label| matches!(axes, [one] if one.labels == [label] && guess(&one.extent) > SHORT);
    let Contraction { m, n, k, .. } = contraction;
    let is_pair = |one: &[Axis], other: &[Axis]| match (is(one, first) && is(other, second), is(one, second) && is(other, first))
    {
        (true, _) => Some(Beside::UpTo(offset)),
        (_, true) => Some(Beside::From(-offset)),
        (false, false) => None,
    };
    let pairs = [(Pair::RowTerm, m, k), (Pair::ColumnTerm, n, k), (Pair::RowColumn, m, n)];
    pairs.into_iter().find_map(|(pair, one, other)| Some(Edge { pair, beside: is_pair(one, other)? }))
}

/// The diagonal between axes of a tensor beyond which none of these reads it.
fn diagonal_of(program: &Program, tensor: TensorId, readers: &BTreeSet<TensorId>) -> Option<Diagonal> {
    let mut common: Option<Diagonal> = None;
    for &reader in readers {
        let own = asked(program, reader, tensor)?;
        common = Some(match common {
            None => own,
            Some(other) if (other.first, other.second) == (own.first, own.second) => {
                Diagonal { offset: own.offset.max(other.offset), ..own }
            }
            Some(_) => return None,
        });
    }
    common
}

/// The diagonal between axes of a tensor beyond which this reader does not read it.
fn asked(program: &Program, reader: TensorId, tensor: TensorId) -> Option<Diagonal> {
    let expressions = &program.expressions;
    let body = program.definition(reader)?.body;
    let selects = expressions.reachable(body).into_iter().filter_map(|id| match expressions.node(id) {
        Node::Select(condition, ..) => Some(conditions(expressions, *condition)),
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) => None,
    });
    let known: Vec<(ExpressionId, Diagonal)> =
        selects.flatten().filter_map(|one| Some((one, Diagonal::of(&expressions.not_negative(one)?)?))).collect();
    known.into_iter().find_map(|(condition, diagonal)| {
        let reads = reads_under(program, body, condition, tensor)?;
        let axis = |label: Label| {
            let place = |at: &Vec<Index>| at.iter().position(|index| index.as_label() == Some(label));
            let axis = place(reads.first()?)?;
            reads.iter().all(|at| place(at) == Some(axis)).then(|| super::offset::label(axis))
        };
        Some(Diagonal { first: axis(diagonal.first)?, second: axis(diagonal.second)?, ..diagonal })
    })
}

/// Where a formula reads a tensor, if it does so under a condition alone.
fn reads_under(program: &Program, body: ExpressionId, under: ExpressionId, tensor: TensorId) -> Option<Vec<Vec<Index>>> {
    let expressions = &program.expressions;
    let (mut inside, mut found) = (Vec::new(), Vec::new());
    let (mut open, mut seen) = (vec![body], FxHashSet::default());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match expressions.node(id) {
            Node::Read(read, _) if *read == tensor => return None,
            Node::Select(condition, then, otherwise) if conditions(expressions, *condition).contains(&under) => {
                inside.push(*then);
                open.extend([*condition, *otherwise]);
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                open.extend(expressions.arguments(id));
            }
        }
    }
    for then in inside {
        found.extend(super::offset::reads(program, then).into_iter().filter(|(read, _)| *read == tensor).map(|(_, at)| at));
    }
    Some(found)
}
