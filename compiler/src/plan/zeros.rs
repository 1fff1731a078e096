//! Which parts of a matrix product are not zero. An operand may be 0 outside of bounds: the copy of a tensor with zeros around it, or windows
//! that do not divide evenly into the steps between them. The product is cut into parts along its axes, each with the terms alone
//! that may be other than 0 there: `Σ_u p[i + u]·w[u]` with `p` zero below 2 is `Σ_{u≥2} p[u]·w[u]` where i is 0, `Σ_{u≥1} p[1 + u]·w[u]` where i is 1, and the whole
//! sum from there on. (It is the same sum wherever the other operand is finite.)

use super::offset::{guess, label};
use crate::ir::{Atom, ExpressionId, Extent, Guarded, Index, Label, Node, Program};
use crate::ops::Operator;
use std::ops::Range;

/// A part of a product: of some labels a range.
pub type Part = Vec<(Label, Range<i64>)>;

/// What a further part costs, in multiplications.
const PART: i64 = 131_072;
/// There are no more parts of a product.
const MOST: usize = 16;
/// Less is not worth a part: one of so many of all multiplications.
const LEAST: i64 = 100;
/// Fewer of all are not worth parts: one of so many.
const LEAST_OF_ALL: i64 = 12;
/// Rows that are at least so long fill vectors, of so many lanes.
const ROW: i64 = 8;
const LANES: i64 = 16;

/// The labels of a product: how long they are, how many are axes, and along which what is read or written lies side by side.
pub struct Labels<'a> {
    pub extents: &'a [Extent],
    pub rank: usize,
    pub side_by_side: Vec<bool>,
}

/// The parts of a product with these operands; one without ranges where it is best as a whole. The result is read where none of these forms
/// in labels is negative.
pub fn parts(program: &Program, labels: &Labels<'_>, operands: [ExpressionId; 2], read: &[Index]) -> Vec<Part> {
    let of_terms = operands.iter().flat_map(|&operand| bounds(program, labels.extents, operand));
    let of_result =
        read.iter().filter_map(|form| Bound::of(form, labels.extents)).map(|bound| Bound { of_result: true, ..bound });
    let bounds: Vec<Bound> = of_terms.chain(of_result).collect();
    let whole: Box = labels.extents.iter().map(|extent| 0..guess(extent)).collect();
    let mut boxes = vec![labels.shrunk(&whole, &bounds)];
    while boxes.len() < MOST {
        let cuts = boxes.iter().enumerate().filter_map(|(number, one)| Some((number, labels.best_cut(one, &bounds)?)));
        let Some((number, cut)) = cuts.max_by_key(|(_, cut)| cut.saved) else { break };
        if cut.saved < PART.max(labels.work(&whole) / LEAST) {
            break;
        }
        boxes.splice(number..=number, cut.halves);
    }
    let work: i64 = boxes.iter().map(|one| labels.work(one)).sum();
    if labels.work(&whole) - work < labels.work(&whole) / LEAST_OF_ALL {
        return vec![Part::new()];
    }
    let cut: Vec<usize> = (0..whole.len()).filter(|&number| boxes.iter().any(|one| one[number] != whole[number])).collect();
    boxes.iter().map(|one| cut.iter().map(|&number| (label(number), one[number].clone())).collect()).collect()
}

/// For each label from where to where it runs.
type Box = Vec<Range<i64>>;

/// A form in labels that is not negative where an operand is other than 0, or where the result is read: a constant and the factor of each label.
struct Bound {
    of_result: bool,
    constant: i64,
    factors: Vec<(usize, i64)>,
}

/// What conditions say of an operand, as far as that is known for all sizes: its own, and those of the factors that it is the product of.
fn bounds(program: &Program, extents: &[Extent], operand: ExpressionId) -> Vec<Bound> {
    let mut found = Vec::new();
    let mut open = vec![(operand, None::<Vec<Index>>)];
    while let Some((id, labels)) = open.pop() {
        let in_labels = |form: &Index| match &labels {
            Some(labels) => form.substitute(&mut |own| labels.get(own.0 as usize).cloned().unwrap_or_default()),
            None => form.clone(),
        };
        let Guarded { conditions, value } = Guarded::of(&program.expressions, id);
        let forms = conditions.into_iter().filter_map(|condition| program.expressions.not_negative(condition));
        found.extend(forms.filter_map(|form| Bound::of(&in_labels(&form), extents)));
        match program.expressions.node(value) {
            Node::Apply(Operator::Multiply, factors) => open.extend(factors.iter().map(|&factor| (factor, labels.clone()))),
            Node::Read(tensor, at) => {
                let definition = program.definition(*tensor).filter(|definition| definition.reduction.is_none());
                open.extend(definition.map(|definition| (definition.body, Some(at.iter().map(in_labels).collect()))));
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => {}
        }
    }
    found
}

impl Bound {
    fn of(form: &Index, extents: &[Extent]) -> Option<Self> {
        let factors = form.terms().map(|(atom, factor)| match atom {
            Atom::Label(Label(number)) => {
                extents.get(*number as usize)?.as_constant()?;
                Some((*number as usize, factor.as_constant()?))
            }
            Atom::Quotient(..) | Atom::Remainder(..) | Atom::Element(..) => None,
        });
        Some(Self { of_result: false, constant: form.constant_part().as_constant()?, factors: factors.collect::<Option<_>>()? })
    }

    /// The most that the form comes to, but for one of its labels.
    fn most_without(&self, within: &Box, own: usize) -> i64 {
        let others = self.factors.iter().filter(|(number, _)| *number != own);
        let most = |&(number, factor): &(usize, i64)| {
            let Range { start, end } = within[number];
            (factor * start).max(factor * (end - 1))
        };
        self.constant + others.map(most).sum::<i64>()
    }
}

/// A box in two, and the multiplications that this saves.
struct Halved {
    saved: i64,
    halves: [Box; 2],
}

impl Labels<'_> {
    /// The box without the terms that are 0 in all of it, and without the sums that nothing reads; of each label one is left at least, since
    /// sums are written that are read.
    fn shrunk(&self, within: &Box, bounds: &[Bound]) -> Box {
        let mut shrunk = within.clone();
        for bound in bounds {
            for &(own, factor) in bound.factors.iter().filter(|(number, _)| bound.of_result || *number >= self.rank) {
                let most = bound.most_without(&shrunk, own);
                let Range { start, end } = &mut shrunk[own];
                // factor·own >= -most
                if factor > 0 {
                    *start = (*start).max(-most.div_euclid(factor)).min(*end - 1);
                } else if factor < 0 {
                    *end = (*end).min(most.div_euclid(-factor) + 1).max(*start + 1);
                }
            }
        }
        shrunk
    }

    /// The multiplications of a box, with those of lanes that stay empty.
    fn work(&self, within: &Box) -> i64 {
        let length = |(number, range): (usize, &Range<i64>)| {
            let length = range.end - range.start;
            if self.side_by_side[number] && guess(&self.extents[number]) >= ROW {
                (length + LANES - 1) / LANES * LANES
            } else {
                length
            }
        };
        within.iter().enumerate().map(length).fold(1, i64::saturating_mul)
    }

    /// The cut along an axis that saves most.
    fn best_cut(&self, within: &Box, bounds: &[Bound]) -> Option<Halved> {
        let all = self.work(within);
        let is_bound = |axis: &usize| bounds.iter().any(|bound| bound.factors.iter().any(|(number, _)| number == axis));
        let cuts = (0..self.rank).filter(is_bound).flat_map(|axis| {
            let Range { start, end } = within[axis];
            (start + 1..end).map(move |at| (axis, at))
        });
        let halved = cuts.map(|(axis, at)| {
            let mut halves = [within.clone(), within.clone()];
            halves[0][axis].end = at;
            halves[1][axis].start = at;
            let halves = halves.map(|half| self.shrunk(&half, bounds));
            Halved { saved: all - self.work(&halves[0]) - self.work(&halves[1]), halves }
        });
        halved.max_by_key(|cut| cut.saved)
    }
}
