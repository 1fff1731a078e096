//! Chains: a sum of products together with the sums of products that it alone reads, over labels of its own.

use super::order::{Contraction, STORED};
use super::{labels, numbered};
use crate::ir::cost::ForEachSize;
use crate::ir::{Definition, Element, ExpressionId, Extent, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};
use std::collections::{BTreeMap, BTreeSet};

/// A chain ends at so many factors.
const MOST_FACTORS: usize = 24;

/// Who reads what.
pub struct Readers {
    /// For tensors that one definition reads, at one place: that definition.
    only: BTreeMap<TensorId, TensorId>,
    recurrent: BTreeSet<TensorId>,
}

impl Readers {
    /// Of a program.
    pub fn of(program: &Program) -> Self {
        let mut reads: BTreeMap<TensorId, Vec<TensorId>> = BTreeMap::new();
        for reader in program.order() {
            let Some(definition) = program.definition(reader) else { continue };
            for node in program.expressions.reachable(definition.body) {
                if let Node::Read(tensor, _) = program.expressions.node(node) {
                    reads.entry(*tensor).or_default().push(reader);
                }
            }
        }
        for root in &program.roots {
            reads.remove(&root.tensor);
        }
        let only = reads.into_iter().filter_map(|(read, readers)| match readers.as_slice() {
            [one] => Some((read, *one)),
            _ => None,
        });
        Self { only: only.collect(), recurrent: program.recurrent() }
    }

    /// Whether a definition is read by that one alone, and may be a part of it.
    fn is_part(&self, program: &Program, id: TensorId, of: TensorId) -> bool {
        self.only.get(&id) == Some(&of) && !self.recurrent.contains(&id) && program.tensor(id).element == Element::Real
    }
}

/// A sum of a product of factors over labels: the axes of the last definition, then all that is summed.
pub struct Chain {
    /// Factors with labels.
    pub factors: Vec<ExpressionId>,
    /// Factors without labels.
    pub scale: Vec<ExpressionId>,
    /// How long each label runs.
    pub extents: Vec<Extent>,
    /// The name of each label, for people.
    pub names: Vec<String>,
    /// The definitions that are part of it, beside the last.
    pub inner: Vec<TensorId>,
    /// What it costs as it stands, for each of the supposed sizes.
    pub costs: ForEachSize<f64>,
}

impl Chain {
    /// The chain that ends with a definition, if that is a sum (or a product of sums) of products.
    pub fn ending(program: &mut Program, readers: &Readers, id: TensorId) -> Option<Self> {
        let Definition { reduction: Some((Reduction::Sum, _)), body } = program.definition(id)?.clone() else { return None };
        if readers.recurrent.contains(&id) || program.tensor(id).element != Element::Real {
            return None;
        }
        let extents = program.label_extents(id);
        let names = (0..extents.len()).map(|label| program.label_name(id, numbered(label))).collect();
        let mut chain =
            Self { factors: Vec::new(), scale: Vec::new(), extents, names, inner: Vec::new(), costs: ForEachSize::default() };
        // What is still to be taken apart: a formula over the labels of the chain, and the definition that it is of.
        let mut open = vec![(body, id)];
        chain.add_costs(program, id, body, &[]);
        while let Some((formula, of)) = open.pop() {
            for factor in split(program, formula) {
                match chain.part(program, readers, factor, of) {
                    Some((part, at)) if chain.factors.len() + open.len() < MOST_FACTORS => {
                        open.push((chain.enter(program, part, &at), part));
                    }
                    _ if labels(program, factor) == 0 => chain.scale.push(factor),
                    _ => chain.factors.push(factor),
                }
            }
        }
        (chain.factors.len() <= MOST_FACTORS).then_some(chain)
    }

    /// The definition that a factor reads, and where, if it may be a part of the chain.
    fn part(
        &self,
        program: &mut Program,
        readers: &Readers,
        factor: ExpressionId,
        of: TensorId,
    ) -> Option<(TensorId, Vec<Label>)> {
        let Node::Read(tensor, at) = program.expressions.node(factor).clone() else { return None };
        let at: Vec<Label> = at.iter().map(Index::as_label).collect::<Option<_>>()?;
        let distinct: BTreeSet<Label> = at.iter().copied().collect();
        if distinct.len() < at.len() || !readers.is_part(program, tensor, of) {
            return None;
        }
        let Definition { reduction, body } = program.definition(tensor)?.clone();
        let is_product = match reduction {
            Some((Reduction::Sum, _)) => true,
            None => split(program, body).len() > 1,
            Some(_) => false,
        };
        is_product.then_some((tensor, at))
    }

    /// Adds what a definition costs as it stands, with the shapes of what it stores for others.
    fn add_costs(&mut self, program: &mut Program, id: TensorId, body: ExpressionId, stored: &[Vec<Extent>]) {
        let extents = program.label_extents(id);
        let factors = split(program, body);
        let factors: Vec<_> = factors.into_iter().map(|factor| labels(program, factor)).filter(|&labels| labels != 0).collect();
        let free = (1 << program.tensor(id).shape.len()) - 1;
        for (cost, size) in self.costs.iter_mut().zip(program.supposed.sizes()) {
            let lengths = extents.iter().map(|extent| length(extent, program, size)).collect();
            let volume = |shape: &Vec<Extent>| shape.iter().map(|extent| length(extent, program, size)).product::<f64>();
            *cost += Contraction { factors: factors.clone(), free, lengths }.at_once()
                + STORED * stored.iter().map(volume).sum::<f64>();
        }
    }

    /// Takes a definition that is read at some labels into the chain; its formula over the labels of the chain.
    fn enter(&mut self, program: &mut Program, part: TensorId, at: &[Label]) -> ExpressionId {
        let Some(Definition { body, .. }) = program.definition(part).cloned() else { return program.expressions.number(0.0) };
        let stored = program.tensor(part).shape.clone();
        self.add_costs(program, part, body, &[stored]);
        self.inner.push(part);
        let (rank, first) = (at.len(), self.extents.len());
        for (number, extent) in program.label_extents(part).into_iter().enumerate().skip(rank) {
            self.extents.push(extent);
            self.names.push(program.label_name(part, numbered(number)));
        }
        program.expressions.substitute(body, &mut |Label(number)| {
            let number = number as usize;
            Index::label(at.get(number).copied().unwrap_or_else(|| numbered(first + number - rank)))
        })
    }
}

/// How long an axis is where every size that is not known is that one.
#[allow(clippy::cast_precision_loss)]
pub fn length(extent: &Extent, program: &Program, size: usize) -> f64 {
    extent.value(&vec![size; program.sizes.len()]).max(1) as f64
}

/// The factors of a product.
fn split(program: &mut Program, formula: ExpressionId) -> Vec<ExpressionId> {
    let (mut factors, mut open) = (Vec::new(), vec![formula]);
    while let Some(id) = open.pop() {
        match program.expressions.node(id).clone() {
            Node::Apply(Operator::Multiply, arguments) => open.extend(arguments.into_iter().rev()),
            Node::Apply(Operator::Negate, arguments) => {
                factors.push(program.expressions.number(-1.0));
                open.push(arguments[0]);
            }
            Node::Apply(Operator::Divide, arguments) if program.expressions.as_number(arguments[0]) != Some(1.0) => {
                let one = program.expressions.number(1.0);
                factors.push(program.expressions.apply(Operator::Divide, &[one, arguments[1]]));
                open.push(arguments[0]);
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                factors.push(id);
            }
        }
    }
    factors
}
