//! Single definitions in both notations, for those who show formulas and no whole programs.

use super::groups::Grouped;
use super::writer::{Circles, Writer};
use super::{indexed, matrix};
use crate::ir::{Program, TensorId};
use crate::syntax::tree::{Expression, LeftIndex};
use std::collections::{BTreeMap, BTreeSet};

/// The right side of a definition.
#[derive(Clone, Debug)]
pub struct Notation {
    /// The labels of its axes.
    pub indices: Vec<LeftIndex>,
    /// It in index notation.
    pub indexed: Expression,
    /// It in matrix notation, where that says something else and exists.
    pub matrix: Option<Expression>,
}

/// Some definitions as arrays, where they have such a form: with others written within them, and nothing else.
pub fn arrays(program: &Program, ids: &[TensorId], inlined: &BTreeSet<TensorId>) -> BTreeMap<TensorId, Expression> {
    let grouped = |&id: &TensorId| Some((id, Grouped::plain(program, id, program.definition(id)?.body)));
    let groups: BTreeMap<TensorId, Grouped> = ids.iter().filter_map(grouped).collect();
    let writer = Writer::new(program, &groups, inlined.clone());
    let plain = groups.keys().filter(|&&id| !writer.is_recurrent(id));
    plain.filter_map(|&id| Some((id, matrix::notation(&writer, id)?.value))).collect()
}

/// Some definitions, each by itself: with the labels as they are named, nothing written within another.
pub fn notations(program: &Program, ids: &[TensorId], circles: &Circles) -> BTreeMap<TensorId, Notation> {
    let groups: BTreeMap<TensorId, Grouped> =
        ids.iter().filter_map(|&id| Some((id, Grouped::plain(program, id, program.definition(id)?.body)))).collect();
    let writer = Writer::with_circles(program, &groups, BTreeSet::new(), circles.clone());
    let made = groups.keys().map(|&id| {
        let (indices, indexed) = indexed(&writer, id);
        let reduces = program.definition(id).is_some_and(|definition| definition.reduction.is_some());
        let matrix = reduces.then(|| matrix::notation(&writer, id)).flatten();
        (id, Notation { indices, indexed, matrix: matrix.map(|array| array.value) })
    });
    made.collect()
}
