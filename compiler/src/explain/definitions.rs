//! What is differentiated, as a reader sees it: the definitions of the network, element by element where that is needed, and those by which
//! values are known. It must not know how lines are made.

use super::naming::Named;
use super::{Book, Chapter, chapter, sheet, tidy, tree};
use crate::ir::{Index, Node, Program, TensorId};
use crate::syntax::print_expression;
use crate::syntax::tree::{Expression, Statement};
use std::collections::BTreeSet;

impl Book {
    /// The definitions that are differentiated, element by element, each after what it reads, where some of them are not among these.
    pub(super) fn steps(&mut self, definitions: &[Statement]) -> Vec<(Expression, Expression)> {
        let readers: BTreeSet<TensorId> = self.record.steps.iter().map(|step| self.shown(step.reader)).collect();
        let order: Vec<TensorId> = self.sheet.program.order().into_iter().filter(|id| readers.contains(id)).collect();
        let named: BTreeSet<&str> = definitions.iter().filter_map(chapter::name_of).collect();
        self.unnamed = order.iter().copied().filter(|&id| !named.contains(self.name_of(id).as_str())).collect();
        if self.unnamed.is_empty() {
            return Vec::new();
        }
        let step = |id: TensorId| {
            let (left, right) = self.definition(id);
            (left, tidy::tidy(&right))
        };
        order.into_iter().map(step).collect()
    }

    /// The definitions of the network with parts of formulas written where they belong, over the labels that they have in the chapters.
    pub(super) fn with_parts(&mut self, definitions: Vec<Statement>) -> Vec<Statement> {
        let ids: Vec<Option<TensorId>> =
            definitions.iter().map(|one| chapter::name_of(one).and_then(|name| self.sheet.program.find(name))).collect();
        let parts: BTreeSet<TensorId> =
            ids.iter().flatten().flat_map(|&whole| self.inside(whole)).map(|(part, _)| part).collect();
        let names: BTreeSet<String> = parts.iter().map(|&id| self.name_of(id)).collect();
        let mut shown = Vec::new();
        for (mut statement, id) in definitions.into_iter().zip(ids) {
            let Some(id) = id.filter(|id| !parts.contains(id)) else {
                if id.is_none() {
                    shown.push(statement);
                }
                continue;
            };
            let mut mentioned = chapter::value_of(&statement).map(tree::names).unwrap_or_default().into_iter();
            if mentioned.any(|name| names.contains(&name)) {
                let (left, right) = self.definition(id);
                tree::define(&mut statement, &left, tidy::tidy(&right));
            } else {
                let axes = self.labels.of(id).into_iter().take(self.sheet.program.tensor(id).shape.len());
                tree::rename(&mut statement, &axes.collect::<Vec<String>>());
            }
            self.labels.clear(&mut statement);
            shown.push(statement);
        }
        shown
    }

    /// The definitions of the network by which values are known.
    pub(super) fn named_values(&mut self, definitions: &[Statement]) -> Vec<Named> {
        let names: BTreeSet<&str> = definitions.iter().filter_map(chapter::name_of).collect();
        let is_known = |id: &TensorId| names.contains(self.name_of(*id).as_str()) && !self.joined.contains_key(id);
        let known: Vec<TensorId> = self.sheet.program.order().into_iter().filter(is_known).collect();
        let mut named: Vec<Named> = Vec::new();
        for id in known {
            let (right, labels) = (tidy::tidy(&self.definition(id).1), self.labels.of(id));
            let rank = self.sheet.program.tensor(id).shape.len();
            if !(0..rank).all(|axis| is_seen(&self.sheet.program, id, axis)) {
                continue;
            }
            named.extend(labels.get(..rank).and_then(|axes| Named::new(&self.name_of(id), axes, &right)));
        }
        named.sort_by_key(|one| std::cmp::Reverse(print_expression(&one.right).len()));
        named
    }
}

/// The names of all labels in some equations.
pub fn labels_of(definitions: &[Statement], chapters: &[Chapter]) -> BTreeSet<String> {
    let conditional = |chapter: &Chapter| chapter.conditional.iter().flat_map(|one| one.statements.clone()).collect::<Vec<_>>();
    let forms = chapters.iter().flat_map(|chapter| [chapter.simplified.clone(), conditional(chapter)].concat());
    let mut found: BTreeSet<String> = chapters.iter().flat_map(|chapter| chapter.axes.clone()).collect();
    definitions.iter().cloned().chain(forms).for_each(|statement| tree::labels(&statement, &mut found));
    found
}

/// Whether a definition reads along a whole axis of another where it is read along its own: where that is read, it can be read too.
fn is_seen(program: &Program, id: TensorId, axis: usize) -> bool {
    let Some(definition) = program.definition(id) else { return false };
    let own = Index::label(sheet::label(axis));
    program.expressions.reachable(definition.body).into_iter().any(|node| {
        let Node::Read(tensor, at) = program.expressions.node(node) else { return false };
        let shape = &program.tensor(*tensor).shape;
        at.iter().zip(shape).any(|(index, extent)| *index == own && *extent == program.tensor(id).shape[axis])
    })
}
