//! Deviations from a mean add up to 0: `Σ_i (a[i] - m) = 0`, where m is the mean of a over i.

use super::{Report, set_definition, sums};
use crate::ir::{Definition, ExpressionId, Extent, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};

/// A mean is looked for through this many definitions at most.
const DEEPEST: usize = 4;

/// Why a sum is 0.
#[derive(Clone, Debug)]
pub struct Deviation {
    /// What is summed, without the factors that do not depend on what is summed over.
    pub deviation: ExpressionId,
    /// What deviates: `x[i, j]`.
    pub of: ExpressionId,
    /// Its mean: `mu[j]`.
    pub mean: ExpressionId,
    /// The labels that the mean is taken over.
    pub over: Vec<Label>,
}

/// Makes a 0 of every sum of deviations, and takes them out of every sum that adds up others too.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let mut changed = false;
    for id in program.order() {
        let Some(left) = left(program, id) else { continue };
        report.enter(&program.tensor(id).name);
        report.fired("deviations from their mean add up to 0");
        let definition = match left {
            Some(body) => Definition { body, reduction: program.definition(id).and_then(|own| own.reduction.clone()) },
            None => {
                let rank = program.tensor(id).shape.len();
                program.tensors[id.0 as usize].label_names.truncate(rank);
                Definition { reduction: None, body: program.expressions.number(0.0) }
            }
        };
        set_definition(program, id, definition);
        changed = true;
    }
    changed
}

/// What is left of the terms of a sum that holds deviations from their mean, if something is; `None` where it holds none.
fn left(program: &mut Program, id: TensorId) -> Option<Option<ExpressionId>> {
    if found(program, id).is_some() {
        return Some(None);
    }
    let Definition { reduction: Some((Reduction::Sum, extents)), body } = program.definition(id)?.clone() else { return None };
    let rank = program.tensor(id).shape.len();
    let (mut left, mut open, mut gone) = (None, vec![(body, false)], false);
    while let Some((formula, is_negative)) = open.pop() {
        if found_in(program, rank, &extents, formula).is_some() {
            gone = true;
        } else if let Node::Apply(operator @ (Operator::Add | Operator::Subtract), sides) = program.expressions.node(formula) {
            let other = is_negative != (*operator == Operator::Subtract);
            open.extend([(sides[1], other), (sides[0], is_negative)]);
        } else {
            left = Some(plus(program, left, formula, is_negative));
        }
    }
    gone.then_some(left)
}

fn plus(program: &mut Program, sum: Option<ExpressionId>, term: ExpressionId, is_negative: bool) -> ExpressionId {
    let expressions = &mut program.expressions;
    match (sum, is_negative) {
        (None, false) => term,
        (None, true) => expressions.apply(Operator::Negate, &[term]),
        (Some(sum), false) => expressions.apply(Operator::Add, &[sum, term]),
        (Some(sum), true) => expressions.apply(Operator::Subtract, &[sum, term]),
    }
}

/// Why a definition is 0, if it is a sum of deviations from their mean, with factors that do not depend on what is summed over.
pub fn found(program: &mut Program, id: TensorId) -> Option<Deviation> {
    let Definition { reduction: Some((Reduction::Sum, extents)), body } = program.definition(id)?.clone() else { return None };
    let rank = program.tensor(id).shape.len();
    found_in(program, rank, &extents, body)
}

/// The same of a term of a sum over the labels behind the first `rank`.
fn found_in(program: &mut Program, rank: usize, extents: &[Extent], term: ExpressionId) -> Option<Deviation> {
    let deviation = sums::inside(&mut program.expressions, rank, term)?;
    let (left, right) = difference(program, rank, deviation)?;
    [(left, right), (right, left)].into_iter().find_map(|(of, mean)| {
        let terms = Terms::outside_of(program, mean, rank, extents)?;
        terms.is_mean(program, mean, of).then_some(Deviation { deviation, of, mean, over: terms.labels })
    })
}

/// The sides of a difference, which may have a name, as may a multiple of it by what does not depend on what is summed over.
fn difference(program: &mut Program, rank: usize, mut formula: ExpressionId) -> Option<(ExpressionId, ExpressionId)> {
    for _ in 0..DEEPEST {
        if let Node::Apply(Operator::Subtract, sides) = program.expressions.node(formula) {
            return Some((sides[0], sides[1]));
        }
        let read = read_through(program, formula)?;
        formula = sums::inside(&mut program.expressions, rank, read)?;
    }
    None
}

/// The formula of a definition without a reduction, in the place of a read of it.
fn read_through(program: &mut Program, formula: ExpressionId) -> Option<ExpressionId> {
    let Node::Read(tensor, at) = program.expressions.node(formula).clone() else { return None };
    let Definition { reduction: None, body } = program.definition(tensor)?.clone() else { return None };
    Some(program.expressions.substitute(body, &mut |Label(axis)| at[axis as usize].clone()))
}

/// What a mean is taken over.
struct Terms {
    labels: Vec<Label>,
    extents: Vec<Extent>,
}

impl Terms {
    /// The labels of a sum that do not occur in a formula, if there are some.
    fn outside_of(program: &Program, formula: ExpressionId, rank: usize, extents: &[Extent]) -> Option<Self> {
        let mut occurs = vec![false; rank + extents.len()];
        program.expressions.each_label(formula, &mut |Label(label)| occurs[label as usize] = true);
        let free = (rank..).zip(extents).filter(|(label, _)| !occurs[*label]);
        let (labels, extents): (Vec<Label>, Vec<Extent>) =
            free.map(|(label, extent)| (Label(u32::try_from(label).unwrap_or(u32::MAX)), extent.clone())).unzip();
        (!labels.is_empty()).then_some(Self { labels, extents })
    }

    fn is_mean(&self, program: &mut Program, formula: ExpressionId, of: ExpressionId) -> bool {
        let (mut formula, mut is_divided) = (formula, false);
        for _ in 0..DEEPEST {
            if let Some(above) = self.divided(program, formula).filter(|_| !is_divided) {
                (formula, is_divided) = (above, true);
            }
            if let Some(terms) = self.summed(program, formula) {
                let divided = if is_divided { Some(terms) } else { self.divided(program, terms) };
                return divided == Some(of);
            }
            let Some(next) = read_through(program, formula) else { return false };
            formula = next;
        }
        false
    }

    /// What a formula divides by the number of terms.
    fn divided(&self, program: &Program, formula: ExpressionId) -> Option<ExpressionId> {
        let Node::Apply(operator, sides) = program.expressions.node(formula) else { return None };
        let count = self.extents.iter().fold(Extent::one(), |count, extent| count.times(extent));
        #[allow(clippy::cast_precision_loss)]
        let number = count.as_constant().map(|count| count as f64);
        let other = *sides.get(1)?;
        let is_count = if *operator == Operator::Multiply {
            number.is_some() && program.expressions.as_number(other) == number.map(f64::recip)
        } else {
            let size = if let Node::Position(index) = program.expressions.node(other) { index.as_extent() } else { None };
            let is_number = number.is_some() && program.expressions.as_number(other) == number;
            *operator == Operator::Divide && (is_number || size == Some(&count))
        };
        is_count.then_some(sides[0])
    }

    /// What a formula adds up, where that is a read of a sum over as many terms; over the labels of these.
    fn summed(&self, program: &mut Program, formula: ExpressionId) -> Option<ExpressionId> {
        let Node::Read(tensor, at) = program.expressions.node(formula).clone() else { return None };
        let Definition { reduction: Some((Reduction::Sum, extents)), body } = program.definition(tensor)?.clone() else {
            return None;
        };
        if extents != self.extents {
            return None;
        }
        let own = self.labels.iter().map(|&label| Index::label(label));
        let labels: Vec<Index> = at.into_iter().chain(own).collect();
        Some(program.expressions.substitute(body, &mut |Label(label)| labels[label as usize].clone()))
    }
}
