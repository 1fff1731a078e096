//! What integers and the ranges of labels decide: sums of positions, comparisons that always (or never) hold.

use crate::ir::{ExpressionId, Expressions, Extent, Index, Node, Program, bounds};
use crate::ops::Operator;

/// Removes quotients and remainders that the ranges decide from the index forms of a leaf.
pub fn simplify_leaf(
    program: &Program,
    expressions: &mut Expressions,
    extents: &[Extent],
    id: ExpressionId,
) -> Option<ExpressionId> {
    let simple = match expressions.node(id).clone() {
        Node::Position(index) => expressions.position(bounds::simplify(program, &index, extents)),
        Node::Read(tensor, at) => {
            let at = at.iter().map(|index| bounds::simplify(program, index, extents)).collect();
            expressions.read(tensor, at)
        }
        Node::Number(_) | Node::Apply(..) | Node::Select(..) => id,
    };
    (simple != id).then_some(simple)
}

/// Operators on integers, whose value is an index form or is decided by the ranges of labels.
pub fn simplify(program: &Program, expressions: &mut Expressions, extents: &[Extent], id: ExpressionId) -> Option<ExpressionId> {
    let Node::Apply(operator, arguments) = expressions.node(id).clone() else { return None };
    let forms: Option<Vec<Index>> = arguments.iter().map(|&argument| form(expressions, argument)).collect();
    let forms = forms?;
    match operator {
        Operator::Add => Some(expressions.position(forms[0].plus(&forms[1]))),
        Operator::Subtract => Some(expressions.position(forms[0].minus(&forms[1]))),
        Operator::Negate => Some(expressions.position(Index::default().minus(&forms[0]))),
        Operator::Multiply => {
            let (factor, other) = match (forms[0].as_extent(), forms[1].as_extent()) {
                (Some(factor), _) => (factor, &forms[1]),
                (None, Some(factor)) => (factor, &forms[0]),
                (None, None) => return None,
            };
            // With two symbolic sizes the product may leave the integers that floats hold exactly; so it stays.
            factor.as_constant()?;
            Some(expressions.position(other.times(factor)))
        }
        Operator::Less => decide(program, expressions, extents, &forms[0], &forms[1].plus_extent(&Extent::constant(-1))),
        Operator::LessEqual => decide(program, expressions, extents, &forms[0], &forms[1]),
        Operator::Greater => decide(program, expressions, extents, &forms[1], &forms[0].plus_extent(&Extent::constant(-1))),
        Operator::GreaterEqual => decide(program, expressions, extents, &forms[1], &forms[0]),
        Operator::Equal => equal(program, expressions, extents, &forms[0], &forms[1]).map(|holds| truth(expressions, holds)),
        Operator::NotEqual => equal(program, expressions, extents, &forms[0], &forms[1]).map(|holds| truth(expressions, !holds)),
        other => {
            debug_assert!(!other.is_truth() || matches!(other, Operator::And | Operator::Or | Operator::Not));
            None
        }
    }
}

/// The index form that a formula is; only small integers are exact in every float.
fn form(expressions: &Expressions, id: ExpressionId) -> Option<Index> {
    match expressions.node(id) {
        Node::Position(index) => Some(index.clone()),
        Node::Number(number) => {
            let value = number.get();
            let integer = value.fract() == 0.0 && value.abs() < 1e9 && !(value == 0.0 && value.is_sign_negative());
            #[allow(clippy::cast_possible_truncation)]
            integer.then(|| Index::constant(value as i64))
        }
        Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
    }
}

fn truth(expressions: &mut Expressions, holds: bool) -> ExpressionId {
    expressions.number(f64::from(u8::from(holds)))
}

/// `a <= b`, where that can be told.
fn decide(
    program: &Program,
    expressions: &mut Expressions,
    extents: &[Extent],
    a: &Index,
    b: &Index,
) -> Option<ExpressionId> {
    let range = bounds::range(program, &b.minus(a), extents)?;
    if range.lowest.is_at_least(0) {
        return Some(truth(expressions, true));
    }
    range.highest.is_at_most(-1).then(|| truth(expressions, false))
}

/// Whether `a = b`, where that can be told.
fn equal(program: &Program, _: &Expressions, extents: &[Extent], a: &Index, b: &Index) -> Option<bool> {
    let difference = a.minus(b);
    if difference == Index::default() {
        return Some(true);
    }
    let range = bounds::range(program, &difference, extents)?;
    (range.lowest.is_at_least(1) || range.highest.is_at_most(-1)).then_some(false)
}
