//! Contractions: a sum of a product of many factors is computed as products of two, in the cheapest order.
//!
//! `sum[j, k](a[i, j] * b[j, k] * c[k, l])` is `(a @ b) @ c` or `a @ (b @ c)`. A product that one definition alone reads is part of
//! its reader's, so a chain that was written (or derived) from one end is computed from wherever it costs least: a Jacobian is
//! neither pure forward nor pure reverse mode. `order.rs` finds the order; here definitions become contractions and back.

mod chain;
mod order;
#[cfg(test)]
mod tests;

use super::definitions::add_auxiliary;
use super::{Report, set_definition};
use crate::ir::cost::ForEachSize;
use crate::ir::{Definition, ExpressionId, Index, Label, Program, TensorId};
use crate::ops::{Operator, Reduction};
use chain::{Chain, Readers};
use order::{Contraction, Labels, Tree};
use std::collections::BTreeSet;

/// Another order must cost less than this part of what stands there.
const BETTER: f64 = 0.8;

/// Puts every sum of products into its cheapest order; whether anything has changed.
pub fn order(program: &mut Program, report: &mut Report) -> bool {
    let mut changed = false;
    let readers = Readers::of(program);
    let mut done: BTreeSet<TensorId> = BTreeSet::new();
    for id in program.order().into_iter().rev() {
        if done.contains(&id) {
            continue;
        }
        if let Some(chain) = Chain::ending(program, &readers, id) {
            done.extend(chain.inner.iter().copied());
            changed |= reorder(program, id, &chain, report);
        }
    }
    changed
}

fn reorder(program: &mut Program, id: TensorId, chain: &Chain, report: &mut Report) -> bool {
    let Some(contractions) = contractions(program, id, chain) else { return false };
    let found = cheapest(&contractions, &chain.costs);
    if depends_on_sizes(&contractions, &chain.costs, found.as_ref()) {
        report.depends_on_sizes();
    }
    let Some(tree) = found else { return false };
    let contraction = &contractions[0];
    if intermediates(contraction, &tree) == 0 {
        return false;
    }
    report.enter(&program.tensor(id).name);
    report.fired("a sum of products is computed in its cheapest order");
    let occurrence = occurrence(contraction);
    Written { program, id, chain, contraction, occurrence }.write(&tree);
    true
}

/// The contraction that a chain is, for each of the supposed sizes.
fn contractions(program: &Program, id: TensorId, chain: &Chain) -> Option<ForEachSize<Contraction>> {
    let rank = program.tensor(id).shape.len();
    if chain.extents.len() > Labels::BITS as usize || chain.factors.len() < 2 {
        return None;
    }
    let factors: Vec<Labels> = chain.factors.iter().map(|&factor| labels(program, factor)).collect();
    Some(program.supposed.sizes().map(|size| {
        let lengths = chain.extents.iter().map(|extent| chain::length(extent, program, size)).collect();
        Contraction { factors: factors.clone(), free: (1 << rank) - 1, lengths }
    }))
}

/// The order that is best on the whole: of those that are the cheapest for one of the sizes and worse than what stands there for none.
fn cheapest(contractions: &ForEachSize<Contraction>, costs: &ForEachSize<f64>) -> Option<Tree> {
    let mut best: Option<(f64, Tree)> = None;
    for contraction in contractions {
        let (tree, _) = contraction.best();
        let parts: Vec<f64> = contractions.iter().zip(costs).map(|(other, cost)| other.cost(&tree) / cost).collect();
        let mean = parts.iter().sum::<f64>() / parts.len() as f64;
        if parts.iter().all(|&part| part <= 1.0) && mean < BETTER && best.as_ref().is_none_or(|(least, _)| mean < *least) {
            best = Some((mean, tree));
        }
    }
    best.map(|(_, tree)| tree)
}

/// Whether there is a better order for some of the sizes than the one that is taken (or stands there).
fn depends_on_sizes(contractions: &ForEachSize<Contraction>, costs: &ForEachSize<f64>, taken: Option<&Tree>) -> bool {
    contractions.iter().zip(costs).any(|(contraction, standing)| {
        let cost = taken.map_or(*standing, |tree| contraction.cost(tree));
        contraction.best().1 < BETTER * cost
    })
}

fn labels(program: &Program, id: ExpressionId) -> Labels {
    let mut found = 0;
    program.expressions.each_label(id, &mut |Label(number)| found |= 1 << number);
    found
}

/// For each label of a chain, where it occurs first when its factors are walked from the outermost axis on, each followed by one that
/// shares a label with it, as in a chain of matrices.
fn occurrence(contraction: &Contraction) -> Vec<usize> {
    let mut left: Vec<Labels> = contraction.factors.clone();
    let mut order: Vec<usize> = Vec::new();
    let (mut last, mut seen): (Labels, Labels) = (contraction.free & contraction.free.wrapping_neg(), 0);
    while !left.is_empty() {
        let shares = |with: Labels| left.iter().position(|labels| labels & with != 0);
        last = left.remove(shares(last).or_else(|| shares(seen)).unwrap_or(0));
        order.extend(numbers(last & seen));
        order.extend(numbers(last & !seen));
        seen |= last;
    }
    let place = |label| order.iter().position(|&other| other == label).unwrap_or(usize::MAX);
    (0..contraction.lengths.len()).map(place).collect()
}

/// How many sums are computed before the last one.
fn intermediates(contraction: &Contraction, tree: &Tree) -> usize {
    let members = tree.members();
    let (labels, inner) = match tree {
        Tree::Factor(number) => (contraction.factors[*number], 0),
        Tree::Product(left, right) => {
            let kept = contraction.kept(left.members()) | contraction.kept(right.members());
            (kept, intermediates(contraction, left) + intermediates(contraction, right))
        }
    };
    inner + usize::from(members != contraction.all() && labels != contraction.kept(members))
}

/// A chain as definitions, in the order of a tree.
struct Written<'a> {
    program: &'a mut Program,
    id: TensorId,
    chain: &'a Chain,
    contraction: &'a Contraction,
    /// Where each label occurs first.
    occurrence: Vec<usize>,
}

impl Written<'_> {
    /// Writes the last definition, and those before it.
    fn write(&mut self, tree: &Tree) {
        let mut body = self.formula(tree, true);
        for &factor in &self.chain.scale {
            body = self.program.expressions.apply(Operator::Multiply, &[body, factor]);
        }
        let summed = self.remaining(tree);
        let rank = self.program.tensor(self.id).shape.len();
        let axes: Vec<usize> = (0..rank).collect();
        let (definition, names) = self.definition(body, &axes, summed);
        self.program.tensors[self.id.0 as usize].label_names = names;
        set_definition(self.program, self.id, definition);
    }

    /// The labels that are summed at the root of a tree.
    fn remaining(&self, tree: &Tree) -> Labels {
        let labels = match tree {
            Tree::Factor(number) => self.contraction.factors[*number],
            Tree::Product(left, right) => self.contraction.kept(left.members()) | self.contraction.kept(right.members()),
        };
        labels & !self.contraction.kept(tree.members())
    }

    /// Two sides, first the one whose labels occur first, as in a matrix product.
    fn by_rows<'t>(&self, left: &'t Tree, right: &'t Tree) -> [&'t Tree; 2] {
        let kept = [left, right].map(|side| self.contraction.kept(side.members()));
        let first = |labels: Labels| numbers(labels).into_iter().map(|label| self.occurrence[label]).min();
        let key = |side: usize| (first(kept[side]), first(kept[side] & !kept[1 - side]));
        if key(0) <= key(1) { [left, right] } else { [right, left] }
    }

    /// The formula of a tree over the labels of the chain; a sum within is a read of a new definition.
    fn formula(&mut self, tree: &Tree, is_last: bool) -> ExpressionId {
        let body = match tree {
            Tree::Factor(number) => self.chain.factors[*number],
            Tree::Product(left, right) => {
                let [first, second] = self.by_rows(left, right);
                let sides = [self.formula(first, false), self.formula(second, false)];
                self.program.expressions.apply(Operator::Multiply, &sides)
            }
        };
        let summed = self.remaining(tree);
        if is_last || summed == 0 {
            return body;
        }
        let mut axes = numbers(self.contraction.kept(tree.members()));
        axes.sort_by_key(|&label| self.occurrence[label]);
        let shape = axes.iter().map(|&label| self.chain.extents[label].clone()).collect();
        let (definition, names) = self.definition(body, &axes, summed);
        let sum = add_auxiliary(self.program, self.id, "product", shape, names, definition);
        let at = axes.iter().map(|&label| Index::label(numbered(label))).collect();
        self.program.expressions.read(sum, at)
    }

    /// A sum over the labels of the chain as a definition with these axes, and the names of its labels.
    fn definition(&mut self, body: ExpressionId, axes: &[usize], summed: Labels) -> (Definition, Vec<String>) {
        let order: Vec<usize> = axes.iter().copied().chain(numbers(summed)).collect();
        let body = self.program.expressions.substitute(body, &mut |Label(label)| {
            let place = order.iter().position(|&other| other == label as usize).unwrap_or_default();
            Index::label(numbered(place))
        });
        let extents: Vec<_> = order[axes.len()..].iter().map(|&label| self.chain.extents[label].clone()).collect();
        let names = order.iter().map(|&label| self.chain.names[label].clone()).collect();
        (Definition { reduction: (!extents.is_empty()).then_some((Reduction::Sum, extents)), body }, names)
    }
}

fn numbers(labels: Labels) -> Vec<usize> {
    (0..Labels::BITS as usize).filter(|label| labels & (1 << label) != 0).collect()
}

fn numbered(label: usize) -> Label {
    Label(u32::try_from(label).unwrap_or(u32::MAX))
}
