//! Sums: factors that do not depend on what is summed over leave the sum, and so do labels that do not occur.

use super::definitions::add_auxiliary;
use super::{Report, set_definition};
use crate::ir::{Definition, ExpressionId, Expressions, Extent, Index, Label, Node, Program, TensorId};
use crate::ops::{Operator, Reduction};

/// Simplifies every definition that is a sum.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let mut changed = false;
    for id in program.order() {
        report.enter(&program.tensor(id).name);
        changed |= drop_reduction(program, id, report);
        changed |= drop_labels(program, id, report);
        changed |= drop_axes(program, id, report);
        changed |= pull_factors(program, id, report);
    }
    changed
}

fn as_sum(program: &Program, id: TensorId) -> Option<(ExpressionId, Vec<Extent>)> {
    match program.definition(id)? {
        Definition { reduction: Some((Reduction::Sum, extents)), body } => Some((*body, extents.clone())),
        Definition { .. } => None,
    }
}

/// A sum over no labels is its term.
fn drop_reduction(program: &mut Program, id: TensorId, report: &mut Report) -> bool {
    let Some((body, extents)) = as_sum(program, id) else { return false };
    if !extents.is_empty() {
        return false;
    }
    report.fired("a sum over no label is its term");
    set_definition(program, id, Definition { reduction: None, body });
    true
}

/// `Σ_k f = K·f` where k does not occur in f.
fn drop_labels(program: &mut Program, id: TensorId, report: &mut Report) -> bool {
    let Some((body, extents)) = as_sum(program, id) else { return false };
    let rank = program.tensor(id).shape.len();
    let mut occurs = vec![false; extents.len()];
    program.expressions.each_label(body, &mut |Label(number)| {
        if let Some(place) = (number as usize).checked_sub(rank) {
            occurs[place] = true;
        }
    });
    if occurs.iter().all(|&occurs| occurs) {
        return false;
    }
    report.fired("a sum of equal terms is a multiple");
    let mut kept = Vec::new();
    let mut places = Vec::new();
    let mut names = program.tensor(id).label_names.clone();
    let mut factor = Extent::one();
    for (place, extent) in extents.iter().enumerate() {
        places.push(Label(u32::try_from(rank + kept.len()).unwrap_or(u32::MAX)));
        if occurs[place] {
            kept.push(extent.clone());
        } else {
            factor = factor.times(extent);
        }
    }
    if names.len() == rank + extents.len() {
        let mut place = 0;
        names.retain(|_| {
            place += 1;
            place <= rank || occurs[place - 1 - rank]
        });
    }
    let renumbered = program.expressions.substitute(body, &mut |Label(number)| match (number as usize).checked_sub(rank) {
        Some(place) => Index::label(places[place]),
        None => Index::label(Label(number)),
    });
    let factor = program.expressions.position(Index::constant(factor));
    let body = program.expressions.apply(Operator::Multiply, &[renumbered, factor]);
    let reduction = (!kept.is_empty()).then_some((Reduction::Sum, kept));
    program.tensors[id.0 as usize].label_names = names;
    set_definition(program, id, Definition { reduction, body });
    true
}

/// `T[i, j] = Σ_k f[j, k]` is `S[j] = Σ_k f[j, k]`, read for every i.
fn drop_axes(program: &mut Program, id: TensorId, report: &mut Report) -> bool {
    let Some((body, extents)) = as_sum(program, id) else { return false };
    let rank = program.tensor(id).shape.len();
    let mut occurs = vec![false; rank];
    program.expressions.each_label(body, &mut |Label(number)| {
        if let Some(occurs) = occurs.get_mut(number as usize) {
            *occurs = true;
        }
    });
    if occurs.iter().all(|&occurs| occurs) {
        return false;
    }
    report.fired("a sum that is the same along an axis is computed once");
    let axes: Vec<usize> = (0..rank).filter(|&axis| occurs[axis]).collect();
    let kept: Vec<usize> = axes.iter().copied().chain(rank..rank + extents.len()).collect();
    let shape = axes.iter().map(|&axis| program.tensor(id).shape[axis].clone()).collect();
    let names = kept.iter().map(|&number| program.label_name(id, label(number))).collect();
    let body = program.expressions.substitute(body, &mut |Label(number)| {
        let place = kept.iter().position(|&kept| kept == number as usize).unwrap_or_default();
        Index::label(label(place))
    });
    let sum = add_auxiliary(program, id, "once", shape, names, Definition { reduction: Some((Reduction::Sum, extents)), body });
    let at = axes.into_iter().map(|axis| Index::label(label(axis))).collect();
    let read = program.expressions.read(sum, at);
    program.tensors[id.0 as usize].label_names.truncate(rank);
    set_definition(program, id, Definition { reduction: None, body: read });
    true
}

fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}

/// `Σ_k c·f[k] = c·Σ_k f[k]`, `Σ_k f[k]/c = (Σ_k f[k])/c`
fn pull_factors(program: &mut Program, id: TensorId, report: &mut Report) -> bool {
    let Some((body, extents)) = as_sum(program, id) else { return false };
    let rank = program.tensor(id).shape.len();
    let mut split = Split { rank, outside: Vec::new() };
    let inside = split.take(&mut program.expressions, body, false);
    if split.outside.is_empty() {
        return false;
    }
    report.fired("a factor leaves its sum");
    let inside = inside.unwrap_or_else(|| program.expressions.number(1.0));
    let shape = program.tensor(id).shape.clone();
    let names = program.tensor(id).label_names.clone();
    let definition = Definition { reduction: Some((Reduction::Sum, extents)), body: inside };
    let sum = add_auxiliary(program, id, "sum", shape, names, definition);
    let labels = crate::diff::plain_labels(rank);
    let mut value = program.expressions.read(sum, labels);
    for (factor, divides) in split.outside {
        let operator = if divides { Operator::Divide } else { Operator::Multiply };
        value = program.expressions.apply(operator, &[value, factor]);
    }
    program.tensors[id.0 as usize].label_names.truncate(rank);
    set_definition(program, id, Definition { reduction: None, body: value });
    true
}

/// What of a term of a sum over the labels behind the first `rank` depends on these, if anything does.
pub fn inside(expressions: &mut Expressions, rank: usize, term: ExpressionId) -> Option<ExpressionId> {
    Split { rank, outside: Vec::new() }.take(expressions, term, false)
}

/// The factors of a product that do not depend on the labels of the reduction, taken out.
struct Split {
    rank: usize,
    /// Factors, and whether they divide.
    outside: Vec<(ExpressionId, bool)>,
}

impl Split {
    /// Whether a formula has the same value for all labels of the reduction. Numbers go along with their formula.
    fn is_outside(&self, expressions: &Expressions, id: ExpressionId) -> bool {
        let mut depends = false;
        expressions.each_label(id, &mut |Label(number)| depends |= number as usize >= self.rank);
        !depends
    }

    /// Takes the outside factors from a formula; what is left, or `None` where nothing is.
    fn take(&mut self, expressions: &mut Expressions, id: ExpressionId, divides: bool) -> Option<ExpressionId> {
        if self.is_outside(expressions, id) {
            self.outside.push((id, divides));
            return None;
        }
        match expressions.node(id).clone() {
            Node::Apply(Operator::Multiply, arguments) => {
                let left = self.take(expressions, arguments[0], divides);
                let right = self.take(expressions, arguments[1], divides);
                match (left, right) {
                    (Some(left), Some(right)) => Some(expressions.apply(Operator::Multiply, &[left, right])),
                    (one, other) => one.or(other),
                }
            }
            // A 1 is no factor: it would leave a sum of the same again.
            Node::Apply(Operator::Divide, arguments) if expressions.as_number(arguments[0]) == Some(1.0) => Some(id),
            Node::Apply(Operator::Divide, arguments) => {
                let above = self.take(expressions, arguments[0], divides);
                if self.is_outside(expressions, arguments[1]) {
                    self.outside.push((arguments[1], !divides));
                    return above;
                }
                let above = above.unwrap_or_else(|| expressions.number(1.0));
                Some(expressions.apply(Operator::Divide, &[above, arguments[1]]))
            }
            Node::Apply(Operator::Negate, arguments) => {
                let minus = expressions.number(-1.0);
                self.outside.push((minus, false));
                self.take(expressions, arguments[0], divides)
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                Some(id)
            }
        }
    }
}
