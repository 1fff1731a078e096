//! Which parts of a matrix product are not zero. An operand may be 0 outside of bounds: the copy of a tensor with zeros around it, or windows
//! that do not divide evenly into the steps between them. The product is cut into parts along its axes, each with the terms alone
//! that may be other than 0 there: `Σ_u p[i + u]·w[u]` with `p` zero below 2 is `Σ_{u≥2} p[u]·w[u]` where i is 0, `Σ_{u≥1} p[1 + u]·w[u]` where i is 1, and the whole
//! sum from there on. (It is the same sum wherever the other operand is finite.)

use super::cuts::{Bound, Labels, Packed};
use super::offset::{guess, label, labels};
use crate::ir::{Atom, ExpressionId, Extent, Guarded, Index, Label, Node, Program};
use crate::ops::Operator;
use std::ops::Range;

/// A part of a product: of some labels a range.
pub type Part = Vec<(Label, Range<i64>)>;

/// What it costs to pack an element of an operand, in products of numbers: of rows it takes as long as two products of vectors.
const PACKED: i64 = 32;
/// The same where vectors of columns lie side by side.
const PACKED_SIDE_BY_SIDE: i64 = 6;

/// A product: how long its labels are, how many of them are axes, along which what is read or written lies side by side, its operands, and which
/// of them has the columns of the result.
pub struct Factors<'a> {
    pub extents: &'a [Extent],
    pub rank: usize,
    pub side_by_side: &'a [bool],
    pub operands: [ExpressionId; 2],
    pub columns: usize,
}

/// The parts of a product; one without ranges where it is best as a whole. The result is read where none of these forms in labels is negative.
pub fn parts(program: &Program, product: &Factors<'_>, read: &[Index]) -> Vec<Part> {
    let Factors { extents, rank, side_by_side, operands, columns } = *product;
    let of_terms = operands.iter().flat_map(|&operand| bounds(program, extents, operand));
    let of_result = read.iter().filter_map(|form| bound(form, extents)).map(|bound| Bound { of_result: true, ..bound });
    let bounds: Vec<Bound> = of_terms.chain(of_result).collect();
    let lengths: Vec<i64> = extents.iter().map(guess).collect();
    let packed = [0, 1].map(|number| Packed {
        labels: labels(program, operands[number]).into_iter().map(|own| own.0 as usize).collect(),
        cost: if number == columns { PACKED_SIDE_BY_SIDE } else { PACKED },
    });
    let labels = Labels { lengths: &lengths, packed: &packed, rank, side_by_side, bounds: &bounds };
    let Some(regions) = labels.regions() else { return vec![Part::new()] };
    let cut: Vec<usize> =
        (0..lengths.len()).filter(|&number| regions.iter().any(|one| one[number] != (0..lengths[number]))).collect();
    regions.iter().map(|one| cut.iter().map(|&number| (label(number), one[number].clone())).collect()).collect()
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
        found.extend(forms.filter_map(|form| bound(&in_labels(&form), extents)));
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

/// A form in labels as a bound, if its numbers are known for all sizes.
fn bound(form: &Index, extents: &[Extent]) -> Option<Bound> {
    let factors = form.terms().map(|(atom, factor)| match atom {
        Atom::Label(Label(number)) => {
            extents.get(*number as usize)?.as_constant()?;
            Some((*number as usize, factor.as_constant()?))
        }
        Atom::Quotient(..) | Atom::Remainder(..) | Atom::Element(..) => None,
    });
    Some(Bound { of_result: false, constant: form.constant_part().as_constant()?, factors: factors.collect::<Option<_>>()? })
}
