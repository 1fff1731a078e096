//! Formulas while a statement is elaborated: as in the program, and reductions inside of formulas beside.
//!
//! Labels are numbers that are unique within one elaboration. It must know nothing of the syntax.

use crate::ir::{Extent, Index, Label, Number, Stream, TensorId};
use crate::ops::{Operator, Reduction};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// A formula, by its number in [`Formulas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormulaId(u32);

/// A node of a formula.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Formula {
    /// A constant.
    Number(Number),
    /// An index form as a number.
    Position(Index),
    /// A random number: the one at a position of a stream.
    Random(Stream, Index),
    /// An element of a real tensor.
    Read(TensorId, Vec<Index>),
    /// A scalar operator.
    Apply(Operator, Vec<FormulaId>),
    /// `where(condition, then, otherwise)`
    Select(FormulaId, FormulaId, FormulaId),
    /// A reduction whose labels do not all have a range yet.
    Reduce(Reduction, Vec<Label>, FormulaId),
}

/// The arena of one elaboration.
#[derive(Default)]
pub struct Formulas {
    nodes: Vec<Formula>,
    weights: Vec<u32>,
    known: FxHashMap<Formula, FormulaId>,
}

impl Formulas {
    /// The id of a node.
    pub fn intern(&mut self, node: Formula) -> FormulaId {
        if let Some(&id) = self.known.get(&node) {
            return id;
        }
        let id = FormulaId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let weight = arguments(&node).iter().fold(1u32, |sum, argument| sum.saturating_add(self.weight(*argument)));
        self.weights.push(weight);
        self.nodes.push(node.clone());
        self.known.insert(node, id);
        id
    }

    /// The node of an id.
    pub fn node(&self, id: FormulaId) -> &Formula {
        &self.nodes[id.0 as usize]
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many nodes it would have, written without sharing.
    pub fn weight(&self, id: FormulaId) -> u32 {
        self.weights[id.0 as usize]
    }

    /// A constant.
    pub fn number(&mut self, value: f64) -> FormulaId {
        self.intern(Formula::Number(Number::new(value)))
    }

    /// An index form as a number.
    pub fn position(&mut self, index: Index) -> FormulaId {
        match index.as_extent().and_then(Extent::as_constant) {
            #[allow(clippy::cast_precision_loss)]
            Some(value) => self.number(value as f64),
            None => self.intern(Formula::Position(index)),
        }
    }

    /// The float that a constant formula is.
    pub fn as_number(&self, id: FormulaId) -> Option<f64> {
        self.as_constant(id).map(Number::get)
    }

    /// The constant that a formula is.
    fn as_constant(&self, id: FormulaId) -> Option<Number> {
        if let Formula::Number(number) = self.node(id) { Some(*number) } else { None }
    }

    /// The index form that a formula is: a whole number or a position.
    pub fn as_index(&self, id: FormulaId) -> Option<Index> {
        if let Formula::Position(index) = self.node(id) {
            return Some(index.clone());
        }
        let value = self.as_number(id)?;
        #[allow(clippy::cast_possible_truncation)]
        (value.fract() == 0.0 && value.abs() < 9e15).then(|| Index::constant(value as i64))
    }

    /// The extent that a formula is: an index form without labels.
    pub fn as_extent(&self, id: FormulaId) -> Option<Extent> {
        self.as_index(id)?.as_extent().cloned()
    }

    /// An operator applied; constants and index forms are computed.
    pub fn apply(&mut self, operator: Operator, arguments: &[FormulaId]) -> FormulaId {
        let numbers: Option<Vec<Number>> = arguments.iter().map(|&argument| self.as_constant(argument)).collect();
        if let Some(numbers) = numbers {
            return self.intern(Formula::Number(Number::apply(operator, &numbers)));
        }
        let indices: Option<Vec<Index>> = arguments.iter().map(|&argument| self.as_index(argument)).collect();
        if let Some(indices) = indices {
            if let Some(index) = fold(operator, &indices).filter(fits) {
                return self.position(index);
            }
            if let Some(truth) = compare(operator, &indices) {
                return self.number(f64::from(u8::from(truth)));
            }
        }
        if let Some(extent) = self.floor_of_size(operator, arguments) {
            return self.position(Index::constant(extent));
        }
        self.intern(Formula::Apply(operator, arguments.to_vec()))
    }

    /// `floor(N / 2)` as an extent.
    fn floor_of_size(&self, operator: Operator, arguments: &[FormulaId]) -> Option<Extent> {
        let [inner] = arguments else { return None };
        let Formula::Apply(Operator::Divide, quotient) = self.node(*inner) else { return None };
        let [of, by] = quotient.as_slice() else { return None };
        let by = self.as_extent(*by)?.as_constant()?;
        self.as_extent(*of)?.quotient(by).filter(|_| operator == Operator::Floor)
    }

    /// `where(condition, then, otherwise)`; a constant condition decides.
    pub fn select(&mut self, condition: FormulaId, then: FormulaId, otherwise: FormulaId) -> FormulaId {
        match self.as_number(condition) {
            Some(value) if value != 0.0 => then,
            Some(_) => otherwise,
            None => self.intern(Formula::Select(condition, then, otherwise)),
        }
    }

    /// All nodes of a formula, each once, arguments first.
    pub fn reachable(&self, root: FormulaId) -> Vec<FormulaId> {
        let mut order = Vec::new();
        let mut seen = FxHashSet::default();
        let mut stack = vec![(root, false)];
        while let Some((id, entered)) = stack.pop() {
            if entered {
                order.push(id);
            } else if seen.insert(id) {
                stack.push((id, true));
                stack.extend(arguments(self.node(id)).into_iter().rev().map(|argument| (argument, false)));
            }
        }
        order
    }

    /// The labels that occur free in a formula, sorted.
    pub fn labels(&self, root: FormulaId) -> Vec<Label> {
        let mut found = std::collections::BTreeSet::new();
        let mut bound = FxHashSet::default();
        for id in self.reachable(root) {
            match self.node(id) {
                Formula::Position(index) | Formula::Random(_, index) => index.each_label(&mut |label| {
                    found.insert(label);
                }),
                Formula::Read(_, at) => at.iter().for_each(|index| {
                    index.each_label(&mut |label| {
                        found.insert(label);
                    })
                }),
                Formula::Reduce(_, labels, _) => bound.extend(labels.iter().copied()),
                Formula::Number(_) | Formula::Apply(..) | Formula::Select(..) => {}
            }
        }
        // The labels of a reduction are its own: they occur nowhere else.
        found.into_iter().filter(|label| !bound.contains(label)).collect()
    }

    /// The same formula with every node mapped, arguments first.
    pub fn rebuild<E>(
        &mut self,
        root: FormulaId,
        map: &mut dyn FnMut(&mut Self, Formula) -> Result<FormulaId, E>,
    ) -> Result<FormulaId, E> {
        let mut mapped: FxHashMap<FormulaId, FormulaId> = FxHashMap::default();
        for id in self.reachable(root) {
            let node = match self.node(id).clone() {
                Formula::Apply(operator, arguments) => Formula::Apply(operator, arguments.iter().map(|a| mapped[a]).collect()),
                Formula::Select(a, b, c) => Formula::Select(mapped[&a], mapped[&b], mapped[&c]),
                Formula::Reduce(reduction, labels, body) => Formula::Reduce(reduction, labels, mapped[&body]),
                leaf @ (Formula::Number(_) | Formula::Position(_) | Formula::Random(..) | Formula::Read(..)) => leaf,
            };
            let new = map(self, node)?;
            mapped.insert(id, new);
        }
        Ok(mapped[&root])
    }

    /// A node again, with what is constant by now computed.
    pub fn again(&mut self, node: Formula) -> FormulaId {
        match node {
            Formula::Apply(operator, arguments) => self.apply(operator, &arguments),
            Formula::Select(condition, then, otherwise) => self.select(condition, then, otherwise),
            Formula::Position(index) => self.position(index),
            other @ (Formula::Number(_) | Formula::Random(..) | Formula::Read(..) | Formula::Reduce(..)) => self.intern(other),
        }
    }

    /// The same formula with every index form mapped.
    pub fn map_indices(&mut self, root: FormulaId, map: &mut dyn FnMut(&Index) -> Index) -> FormulaId {
        let done: Result<FormulaId, ()> = self.rebuild(root, &mut |formulas, node| {
            Ok(match node {
                Formula::Position(index) => formulas.position(map(&index)),
                Formula::Random(stream, index) => {
                    let index = map(&index);
                    formulas.intern(Formula::Random(stream, index))
                }
                Formula::Read(tensor, at) => {
                    let at = at.iter().map(&mut *map).collect();
                    formulas.intern(Formula::Read(tensor, at))
                }
                other @ (Formula::Number(_) | Formula::Apply(..) | Formula::Select(..) | Formula::Reduce(..)) => {
                    formulas.again(other)
                }
            })
        });
        done.unwrap_or(root)
    }

    /// The same formula with other formulas in the place of some of its nodes.
    pub fn replace(&mut self, root: FormulaId, replaced: &BTreeMap<FormulaId, FormulaId>) -> FormulaId {
        let mut mapped: FxHashMap<FormulaId, FormulaId> = FxHashMap::default();
        for id in self.reachable(root) {
            let new = match (replaced.get(&id), self.node(id).clone()) {
                (Some(&new), _) => new,
                (None, Formula::Apply(operator, arguments)) => {
                    self.intern(Formula::Apply(operator, arguments.iter().map(|a| mapped[a]).collect()))
                }
                (None, Formula::Select(a, b, c)) => self.intern(Formula::Select(mapped[&a], mapped[&b], mapped[&c])),
                (None, Formula::Reduce(reduction, labels, body)) => {
                    self.intern(Formula::Reduce(reduction, labels, mapped[&body]))
                }
                (None, Formula::Number(_) | Formula::Position(_) | Formula::Random(..) | Formula::Read(..)) => id,
            };
            mapped.insert(id, new);
        }
        mapped[&root]
    }

    /// The same formula with index forms in the place of labels, all at once.
    pub fn substitute(&mut self, root: FormulaId, replacements: &FxHashMap<Label, Index>) -> FormulaId {
        let same = |(label, index): (&Label, &Index)| index.as_label() == Some(*label);
        if replacements.iter().all(same) {
            return root;
        }
        self.map_indices(root, &mut |index| {
            index.substitute(&mut |label| replacements.get(&label).cloned().unwrap_or_else(|| Index::label(label)))
        })
    }
}

/// The direct arguments of a node.
pub fn arguments(node: &Formula) -> Vec<FormulaId> {
    match node {
        Formula::Number(_) | Formula::Position(_) | Formula::Random(..) | Formula::Read(..) => Vec::new(),
        Formula::Apply(_, arguments) => arguments.clone(),
        Formula::Select(condition, then, otherwise) => vec![*condition, *then, *otherwise],
        Formula::Reduce(_, _, body) => vec![*body],
    }
}

fn fold(operator: Operator, of: &[Index]) -> Option<Index> {
    match (operator, of) {
        (Operator::Add, [a, b]) => Some(a.plus(b)),
        (Operator::Subtract, [a, b]) => Some(a.minus(b)),
        (Operator::Negate, [a]) => Some(a.times(&Extent::constant(-1))),
        (Operator::Multiply, [a, b]) => match (a.as_extent(), b.as_extent()) {
            (Some(factor), _) => Some(b.times(factor)),
            (None, Some(factor)) => Some(a.times(factor)),
            (None, None) => None,
        },
        (Operator::Divide, [a, b]) => {
            let by = b.as_extent().filter(|by| !by.is_zero())?;
            a.as_extent()?.divided_exactly(by).map(Index::constant)
        }
        _ => None,
    }
}

/// Whether no coefficient has come near the ends of what fits.
pub fn fits(index: &Index) -> bool {
    !index.constant_part().is_too_large() && index.terms().all(|(_, coefficient)| !coefficient.is_too_large())
}

fn compare(operator: Operator, of: &[Index]) -> Option<bool> {
    let [a, b] = of else { return None };
    let difference = a.minus(b);
    let difference = difference.as_extent()?;
    let (positive, negative) = (difference.is_at_least(1), difference.is_at_most(-1));
    let (not_negative, not_positive) = (difference.is_at_least(0), difference.is_at_most(0));
    let table = [
        (Operator::Equal, difference.is_zero(), positive || negative),
        (Operator::NotEqual, positive || negative, difference.is_zero()),
        (Operator::Less, negative, not_negative),
        (Operator::LessEqual, not_positive, positive),
        (Operator::Greater, positive, not_positive),
        (Operator::GreaterEqual, not_negative, negative),
    ];
    let (_, yes, no) = table.into_iter().find(|(known, ..)| *known == operator)?;
    if yes { Some(true) } else { no.then_some(false) }
}
