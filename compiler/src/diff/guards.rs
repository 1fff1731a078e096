//! Guards across definitions: a `where` in a definition protects what its branches read, also where that is a definition of its
//! own.
//!
//! `y = where(x > 0, r, 0)` with `r = sqrt(x)` gives `d r = where(x > 0, d y, 0)`. Its share in `d x` is `d r · 0.5/sqrt(x)`, which at
//! x = 0 would be 0 · ∞; so the condition goes along, wherever the slope may be infinite.

use crate::ir::{ExpressionId, Expressions, Node};
use crate::ops::Operator;

/// A condition over the labels of a definition, and whether it must hold (or must not).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// The condition.
    pub condition: ExpressionId,
    /// Whether it must hold.
    pub holds: bool,
}

/// The condition outside of which a formula is 0, where it is a `where` with a 0.
pub fn of(expressions: &Expressions, formula: ExpressionId) -> Option<Guard> {
    let Node::Select(condition, then, otherwise) = expressions.node(formula) else { return None };
    let is_zero = |id: ExpressionId| expressions.as_number(id) == Some(0.0);
    match (is_zero(*then), is_zero(*otherwise)) {
        (false, true) => Some(Guard { condition: *condition, holds: true }),
        (true, false) => Some(Guard { condition: *condition, holds: false }),
        (true, true) | (false, false) => None,
    }
}

/// The guard that all terms of a sum have.
pub fn common(mut guards: impl Iterator<Item = Option<Guard>>) -> Option<Guard> {
    let first = guards.next()??;
    guards.all(|other| other == Some(first)).then_some(first)
}

/// Puts a guard around a slope that may be infinite; others need none, since 0 times a number is 0.
pub fn put(expressions: &mut Expressions, guard: Option<Guard>, value: ExpressionId) -> ExpressionId {
    match guard {
        Some(guard) if may_be_infinite(expressions, value) => around(expressions, guard, value),
        Some(_) | None => value,
    }
}

/// A formula where a guard holds, and 0 elsewhere.
pub fn around(expressions: &mut Expressions, Guard { condition, holds }: Guard, value: ExpressionId) -> ExpressionId {
    let zero = expressions.number(0.0);
    if holds { expressions.select(condition, value, zero) } else { expressions.select(condition, zero, value) }
}

/// A formula where one more condition holds, and 0 elsewhere; the condition is asked where the guards of the formula hold, and not
/// elsewhere.
pub fn within(expressions: &mut Expressions, value: ExpressionId, condition: ExpressionId) -> ExpressionId {
    match expressions.node(value).clone() {
        Node::Select(outer, then, otherwise) => {
            let mut branch = |branch| match expressions.as_number(branch) {
                Some(0.0) => branch,
                Some(_) | None => within(expressions, branch, condition),
            };
            let (then, otherwise) = (branch(then), branch(otherwise));
            expressions.select(outer, then, otherwise)
        }
        Node::Apply(Operator::Add, parts) => {
            let parts: Vec<ExpressionId> = parts.into_iter().map(|part| within(expressions, part, condition)).collect();
            expressions.apply(Operator::Add, &parts)
        }
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) => {
            around(expressions, Guard { condition, holds: true }, value)
        }
    }
}

/// Whether an operator in a formula can give an infinity, or no number, for numbers.
fn may_be_infinite(expressions: &Expressions, value: ExpressionId) -> bool {
    expressions.reachable(value).into_iter().any(|id| match expressions.node(id) {
        Node::Apply(Operator::Divide, arguments) => !is_size(expressions, arguments[1]),
        Node::Apply(operator, _) => !operator.is_total(),
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Select(..) => false,
    })
}

/// Whether a divisor is a number or a size, which are never 0.
fn is_size(expressions: &Expressions, divisor: ExpressionId) -> bool {
    match expressions.node(divisor) {
        Node::Number(number) => number.get() != 0.0,
        Node::Position(index) => index.as_extent().is_some(),
        Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => false,
    }
}
