//! Sums that are matrix products, in any layout.
//!
//! A sum of a product is split into a condition and a factor that are the same for all that is summed, and two operands; each label is then a batch (in both operands and
//! the result), a row (`m`), a column (`n`) or contracted (`k`). Labels of a class that lie in memory as one are merged; batches and
//! the time of a recurrence become loops around it. The labels are those of the definition, or digits of them (`digits`).

use super::beforehand::laid_out;
use super::digits::Sum;
use super::lower::{auxiliary, redefine};
use super::narrow::{Margin, Unread};
use super::offset::{flat, guess, label, labels, plain};
use super::operands::{is_forward, operands};
use super::zeros::{self, Factors, Part};
use super::{Around, Axis, Contraction};
use crate::ir::{Definition, ExpressionId, Extent, Index, Label, Node, Program, TensorId, bounds};
use crate::ops::{Operator, Reduction};
use std::collections::{BTreeMap, BTreeSet};

/// The matrix products of a program, by what they compute. Loops have no variables yet.
pub type Contractions = BTreeMap<TensorId, Contraction>;

/// A product with fewer multiplications than this stays a plain loop.
const SMALL: i64 = 128;

/// A matrix of a product within loops has as many elements at least.
const THIN: i64 = 32;

/// Sums of products of more formulas with different labels stay plain loops.
const MOST_OPERANDS: usize = 4;

/// What a size counts that is not known.
const UNKNOWN: i64 = 4;

/// Finds the matrix products, and splits definitions so that each is bare: what is an operand and no read becomes a definition
/// of its own, and a factor without labels is applied afterwards.
pub fn split(program: &mut Program) -> Contractions {
    let mut bare: Vec<(TensorId, Sum, [ExpressionId; 2])> = Vec::new();
    for id in program.order() {
        let Some(split) = recognize(program, id) else { continue };
        let operands = operands(program, id, &split.sum, &split.operands);
        let definition = of_factors(program, id, &split.sum, operands);
        let tensor = if split.scale.is_none() && split.guard.is_none() {
            redefine(program, id, definition);
            id
        } else {
            let known = bare.iter().map(|(tensor, ..)| *tensor).find(|&tensor| is_same(program, tensor, id, &definition));
            let shape = program.tensor(id).shape.clone();
            let product = known.unwrap_or_else(|| auxiliary(program, id, "unscaled", shape, definition));
            scaled(program, id, &split, product);
            if known.is_some() {
                continue;
            }
            product
        };
        bare.push((tensor, split.sum, operands));
    }
    // Which label is the time can be told when all operands are there.
    let times = program.times();
    let unread = Unread::of(program);
    let contraction = |(tensor, sum, operands): (TensorId, Sum, _)| {
        let time = match times.get(&tensor) {
            Some(time) => Some(sum.wholes[time.0 as usize].as_label()?),
            None => None,
        };
        let found = classify(program, tensor, &sum, operands, time, &unread)?;
        let Some(operands) = laid_out(program, &found, &sum, operands) else { return Some((tensor, found)) };
        let definition = of_factors(program, tensor, &sum, operands);
        redefine(program, tensor, definition);
        Some((tensor, classify(program, tensor, &sum, operands, time, &unread)?))
    };
    bare.into_iter().filter_map(contraction).collect()
}

/// The sum of a definition as that of the product of two operands.
fn of_factors(program: &mut Program, id: TensorId, sum: &Sum, operands: [ExpressionId; 2]) -> Definition {
    let product = program.expressions.apply(Operator::Multiply, &operands);
    let body = sum.formula_of_definition(program, id, product);
    Definition { reduction: program.definition(id).and_then(|definition| definition.reduction.clone()), body }
}

/// Whether a tensor is what a definition of another's shape says.
fn is_same(program: &Program, tensor: TensorId, id: TensorId, definition: &Definition) -> bool {
    program.tensor(tensor).shape == program.tensor(id).shape && program.definition(tensor) == Some(definition)
}

/// Defines a sum by its bare product.
fn scaled(program: &mut Program, id: TensorId, split: &Split, product: TensorId) {
    let [scale, guard] =
        [split.scale, split.guard].map(|of_sum| of_sum.map(|part| split.sum.formula_of_definition(program, id, part)));
    let rank = program.tensor(id).shape.len();
    let expressions = &mut program.expressions;
    let read = expressions.read(product, plain(rank));
    let scaled = scale.map_or(read, |scale| expressions.apply(Operator::Multiply, &[scale, read]));
    let zero = expressions.number(0.0);
    let body = guard.map_or(scaled, |guard| expressions.select(guard, scaled, zero));
    redefine(program, id, Definition { reduction: None, body });
}

/// A sum of a product, taken apart: `where(guard, scale * Σ a·b, 0)`.
struct Split {
    sum: Sum,
    /// A condition of axes under which the sum stands.
    guard: Option<ExpressionId>,
    /// The factors that are the same for all that is summed.
    scale: Option<ExpressionId>,
    operands: [Vec<ExpressionId>; 2],
}

/// Factors with their labels: those of the first have all labels of the others.
type Group = (BTreeSet<Label>, Vec<ExpressionId>);

fn recognize(program: &mut Program, id: TensorId) -> Option<Split> {
    let Definition { reduction: Some((Reduction::Sum, _)), body } = program.definition(id)?.clone() else { return None };
    let sum = Sum::of(program, id, body);
    let is_axis = |label: &Label| (label.0 as usize) < sum.rank;
    let (guard, product) = guarded(program, sum.body, &is_axis);
    let mut factors = Vec::new();
    let mut scale = None;
    collect(program, product, &is_axis, &mut factors, &mut scale);
    let mut groups = groups(program, factors);
    if let Some(guard) = guard {
        groups.iter_mut().for_each(|group| guard_reads(program, &sum, guard, group));
    }
    let extents = sum.extents();
    let [(_, a), (_, b)] = paired(groups, sum.rank, &extents)?;
    is_worth(&extents).then_some(Split { sum, guard, scale, operands: [a, b] })
}

/// A formula without the condition of axes that it stands under, where it is 0 otherwise.
fn guarded(program: &Program, body: ExpressionId, is_axis: &dyn Fn(&Label) -> bool) -> (Option<ExpressionId>, ExpressionId) {
    match program.expressions.node(body) {
        Node::Select(condition, then, otherwise)
            if program.expressions.as_number(*otherwise) == Some(0.0) && labels(program, *condition).iter().all(is_axis) =>
        {
            (Some(*condition), *then)
        }
        Node::Select(..) | Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) => {
            (None, body)
        }
    }
}

fn groups(program: &Program, factors: Vec<ExpressionId>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut sorted: Vec<(BTreeSet<Label>, ExpressionId)> =
        factors.into_iter().map(|factor| (labels(program, factor).into_iter().collect(), factor)).collect();
    sorted.sort_by_key(|(labels, _)| std::cmp::Reverse(labels.len()));
    for (labels, factor) in sorted {
        match groups.iter_mut().find(|(group, _)| labels.is_subset(group)) {
            Some((_, members)) => members.push(factor),
            None => groups.push((labels, vec![factor])),
        }
    }
    groups
}

/// Puts the condition on factors that only it keeps from reading outside.
fn guard_reads(program: &mut Program, sum: &Sum, guard: ExpressionId, (own, factors): &mut Group) {
    let extents = sum.extents();
    if factors.iter().all(|&factor| bounds::reads_inside(program, factor, &extents)) {
        return;
    }
    own.extend(labels(program, guard));
    let expressions = &mut program.expressions;
    let product = factors.iter().copied().reduce(|product, factor| expressions.apply(Operator::Multiply, &[product, factor]));
    let zero = expressions.number(0.0);
    *factors = product.map(|product| expressions.select(guard, product, zero)).into_iter().collect();
}

/// Factors as two operands: where there are more, those are multiplied beforehand whose product is the smallest.
fn paired(groups: Vec<Group>, rank: usize, extents: &[Extent]) -> Option<[Group; 2]> {
    if groups.len() > MOST_OPERANDS {
        return None;
    }
    if let [left, right] = groups.as_slice() {
        return are_operands(&left.0, &right.0, rank, extents).then(|| [left.clone(), right.clone()]);
    }
    let pairs = (0..groups.len()).flat_map(|one| (one + 1..groups.len()).map(move |other| (one, other)));
    let joined = pairs.filter_map(|(one, other)| {
        let labels: BTreeSet<Label> = groups[one].0.union(&groups[other].0).copied().collect();
        // One with all labels is as long as the loops of the sum.
        if labels.len() == extents.len() {
            return None;
        }
        let length = labels.iter().map(|label| estimate(&extents[label.0 as usize])).fold(1, i64::saturating_mul);
        let mut rest = groups.clone();
        let (_, members) = rest.remove(other);
        rest[one] = (labels, [rest[one].1.clone(), members].concat());
        Some((length, paired(rest, rank, extents)?))
    });
    joined.min_by_key(|(length, _)| *length).map(|(_, pair)| pair)
}

/// Whether two operands make a matrix product: each axis is in one of them, some in one alone, and what is summed in both.
fn are_operands(left: &BTreeSet<Label>, right: &BTreeSet<Label>, rank: usize, extents: &[Extent]) -> bool {
    let is_axis = |label: &Label| (label.0 as usize) < rank;
    let several = (0..extents.len()).filter(|&number| !extents[number].is_one());
    let every = several.map(label).all(|label| match (left.contains(&label), right.contains(&label)) {
        (true, true) => true,
        (false, false) => false,
        (true, false) | (false, true) => is_axis(&label),
    });
    every && left.symmetric_difference(right).any(is_axis)
}

/// Whether there is enough work, where sizes that are not known may be small.
pub fn is_worth(extents: &[Extent]) -> bool {
    let unknown = extents.iter().filter(|extent| extent.as_constant().is_none()).count();
    unknown >= 2 || extents.iter().map(estimate).fold(1i64, i64::saturating_mul) >= SMALL
}

/// A length, where sizes that are not known are small.
fn estimate(extent: &Extent) -> i64 {
    match extent.as_constant() {
        Some(number) => number,
        None => extent.terms().map(|(monomial, factor)| factor * UNKNOWN.pow(monomial.len().min(8) as u32)).sum(),
    }
}

/// The factors of a product that have labels which are summed; those that have none are multiplied into `scale`.
fn collect(
    program: &mut Program,
    id: ExpressionId,
    is_axis: &dyn Fn(&Label) -> bool,
    factors: &mut Vec<ExpressionId>,
    scale: &mut Option<ExpressionId>,
) {
    if labels(program, id).iter().all(is_axis) {
        *scale = Some(scale.map_or(id, |scale| program.expressions.apply(Operator::Multiply, &[scale, id])));
        return;
    }
    match program.expressions.node(id).clone() {
        Node::Apply(Operator::Multiply, arguments) => {
            arguments.iter().for_each(|&argument| collect(program, argument, is_axis, factors, scale));
        }
        Node::Apply(Operator::Negate, arguments) => {
            let minus = program.expressions.number(-1.0);
            collect(program, minus, is_axis, factors, scale);
            collect(program, arguments[0], is_axis, factors, scale);
        }
        Node::Apply(Operator::Divide, arguments) => {
            let one = program.expressions.number(1.0);
            let inverse = program.expressions.apply(Operator::Divide, &[one, arguments[1]]);
            collect(program, arguments[0], is_axis, factors, scale);
            if labels(program, inverse).iter().all(is_axis) {
                collect(program, inverse, is_axis, factors, scale);
            } else {
                factors.push(inverse);
            }
        }
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
            factors.push(id);
        }
    }
}

/// The labels of a bare product as rows, columns, contracted ones and loops; the time of a recurrence is a loop.
fn classify(
    program: &Program,
    tensor: TensorId,
    sum: &Sum,
    operands: [ExpressionId; 2],
    time: Option<Label>,
    unread: &Unread,
) -> Option<Contraction> {
    let (extents, rank) = (sum.extents(), sum.rank);
    let result = flat(program, tensor, &sum.wholes[..program.tensor(tensor).shape.len()], &extents);
    let read = |id: ExpressionId| match program.expressions.node(id) {
        Node::Read(tensor, at) => {
            Some((*tensor, flat(program, *tensor, at, &extents))).filter(|(_, flat)| is_forward(program, flat))
        }
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..) => None,
    };
    let (a, b) = (read(operands[0])?, read(operands[1])?);
    let is_around = |label: &Label| time == Some(*label) || a.1.mentions(*label) == b.1.mentions(*label);
    let side_by_side = |number: usize| [&a.1, &b.1, &result].into_iter().any(|flat| flat.coefficient(label(number)).is_one());
    let side_by_side: Vec<bool> = (0..extents.len()).map(side_by_side).collect();
    let is_row_of_result = |number: usize| number < rank && result.coefficient(label(number)).is_one();
    let columns = usize::from((0..extents.len()).any(|number| is_row_of_result(number) && b.1.mentions(label(number))));
    let product = Factors { extents: &extents, rank, side_by_side: &side_by_side, operands, columns };
    let parts = zeros::parts(program, &product, &read_places(program, tensor, sum, unread));
    // A loop around has no part of its label.
    let is_of_loop = |part: &Part| part.iter().any(|(label, _)| (label.0 as usize) < rank && is_around(label));
    let parts = if parts.iter().any(is_of_loop) { vec![Part::new()] } else { parts };
    let axis = |wanted: &dyn Fn(usize, bool, bool) -> bool, first: &Index, second: &Index| {
        let of_class = (0..extents.len())
            .filter(|&number| time != Some(label(number)))
            .filter(|&number| wanted(number, a.1.mentions(label(number)), b.1.mentions(label(number))));
        merged(of_class.map(|number| single(label(number), &extents[number], first, second)).collect(), &parts)
    };
    let m = axis(&|number, in_a, in_b| number < rank && in_a && !in_b, &a.1, &result);
    let n = axis(&|number, in_a, in_b| number < rank && in_b && !in_a, &b.1, &result);
    let k = axis(&|number, in_a, in_b| number >= rank && in_a && in_b, &a.1, &b.1);
    let around = |label| Around { label, is_time: time == Some(label), variable: usize::MAX };
    let several = (0..rank).filter(|&number| !extents[number].is_one());
    let outer: Vec<Around> = several.map(label).filter(is_around).map(around).collect();
    let lengths: Vec<Extent> = [&m, &n, &k].into_iter().flatten().map(|axis| axis.extent.clone()).collect();
    let sides = [&m, &n, &k].map(|axes| axes.iter().map(|axis| guess(&axis.extent)).fold(1i64, i64::saturating_mul));
    let repeated = outer.iter().any(|around| !around.is_time);
    if !is_worth(&lengths) || repeated && is_thin(sides) {
        return None;
    }
    let contraction =
        Contraction { tensor, labels: sum.labels.clone(), operands: [a, b], result, outer, m, n, k, edge: None, parts };
    Some(by_rows(contraction))
}

/// Where a result is read: forms in the labels of its sum that are not negative there.
fn read_places(program: &Program, tensor: TensorId, sum: &Sum, unread: &Unread) -> Vec<Index> {
    let margins = unread.margins(program, tensor).into_iter();
    let ends =
        margins.zip(&sum.wholes).zip(&program.tensor(tensor).shape).filter(|((margin, _), _)| *margin != Margin::default());
    ends.flat_map(|((margin, whole), extent)| {
        let last = Index::constant(extent.plus_constant(-1 - margin.after));
        [whole.minus(&Index::constant(margin.before)), last.minus(whole)]
    })
    .collect()
}

/// Whether one of the matrices of a product that is done again and again has so few elements that vectors stay empty.
fn is_thin([m, n, k]: [i64; 3]) -> bool {
    [m.saturating_mul(k), k.saturating_mul(n), m.saturating_mul(n)].into_iter().any(|elements| elements < THIN)
}

/// The product or its transposed, so that the result is written by rows; where parts cut its rows to pieces, so that what is packed for each part
/// is the smaller operand.
fn by_rows(contraction: Contraction) -> Contraction {
    let Contraction { m, n, parts, .. } = &contraction;
    let is_cut = |axis: &Axis| parts.iter().flatten().any(|(label, _)| axis.labels.contains(label));
    let is_contiguous = |axis: &&Axis| axis.strides[1].is_one();
    let has_rows = |side: &[Axis]| side.iter().any(|axis| is_contiguous(&axis) && !is_cut(axis));
    let count = |side: &[Axis]| side.iter().map(|axis| guess(&axis.extent)).fold(1i64, i64::saturating_mul);
    let are_pieces = m.iter().chain(n).filter(is_contiguous).any(is_cut);
    let is_better_turned = if are_pieces { count(m) > count(n) } else { has_rows(m) && !has_rows(n) };
    if !is_better_turned {
        return contraction;
    }
    let Contraction { operands: [a, b], m, n, mut k, .. } = contraction;
    k.iter_mut().for_each(|axis| axis.strides.reverse());
    Contraction { operands: [b, a], m: n, n: m, k, ..contraction }
}

fn single(label: Label, extent: &Extent, first: &Index, second: &Index) -> Axis {
    Axis { labels: vec![label], extent: extent.clone(), strides: [first.coefficient(label), second.coefficient(label)] }
}

/// Merges what lies in memory as one, but for labels of which parts have a range.
fn merged(mut axes: Vec<Axis>, parts: &[Part]) -> Vec<Axis> {
    let is_cut = |axis: &Axis| parts.iter().flatten().any(|(label, _)| axis.labels.contains(label));
    while let Some((outer, inner)) = mergeable(&axes, &is_cut) {
        let labels = [axes[outer].labels.as_slice(), axes[inner].labels.as_slice()].concat();
        let extent = axes[outer].extent.times(&axes[inner].extent);
        axes[outer] = Axis { labels, extent, strides: axes[inner].strides.clone() };
        axes.remove(inner);
    }
    axes
}

fn mergeable(axes: &[Axis], is_cut: &dyn Fn(&Axis) -> bool) -> Option<(usize, usize)> {
    let free = || (0..axes.len()).filter(|&number| !is_cut(&axes[number]));
    let pairs = free().flat_map(|outer| free().map(move |inner| (outer, inner)));
    pairs.filter(|(outer, inner)| outer != inner).find(|&(outer, inner)| {
        (0..2).all(|side| axes[outer].strides[side] == axes[inner].strides[side].times(&axes[inner].extent))
    })
}
