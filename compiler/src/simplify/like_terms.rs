//! Sums of like terms: addends that are multiples of the same product, however it is grouped, are one.
//!
//! `x * x * v + (b + x * (x * v) * 2)` is `x * x * v * 3 + b`. The first of both stays as it is, times a number, and the other one goes,
//! so this never costs more. Neither does it where both stand under one condition, as in `where(c, a, 0) + b + where(c, 0, d)`, which
//! is `where(c, a, d) + b`.

use crate::ir::{ExpressionId, Expressions, Node, Number};
use crate::ops::Operator;

/// Sums of more addends are not looked through.
const MOST_ADDENDS: usize = 32;

/// A product without its number: its factors, each with whether it divides, sorted.
type Factors = Vec<(ExpressionId, bool)>;

/// One addend of a sum.
struct Addend {
    formula: ExpressionId,
    /// Whether it is subtracted.
    is_negative: bool,
}

/// The sum with the first two like terms as one, if its sides have such; and what was done.
pub fn simplify(expressions: &mut Expressions, id: ExpressionId) -> Option<(ExpressionId, &'static str)> {
    let Node::Apply(operator @ (Operator::Add | Operator::Subtract), arguments) = expressions.node(id).clone() else {
        return None;
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    addends(expressions, arguments[0], false, &mut left)?;
    addends(expressions, arguments[1], operator == Operator::Subtract, &mut right)?;
    let done = if multiples(expressions, &mut left, &mut right).is_some() {
        "like terms are one"
    } else {
        under_one_condition(expressions, &mut left, &mut right)?;
        "addends under one condition are one"
    };
    left.extend(right);
    Some((sum(expressions, left), done))
}

/// Puts the first two addends together that are multiples of the same product.
fn multiples(expressions: &mut Expressions, left: &mut Vec<Addend>, right: &mut Vec<Addend>) -> Option<()> {
    let rest: Vec<(Number, Factors)> = right.iter().map(|addend| product(expressions, addend)).collect();
    let (kept, gone, multiple) = left.iter().enumerate().find_map(|(kept, addend)| {
        let (number, factors) = product(expressions, addend);
        let gone = rest.iter().position(|(_, other)| !factors.is_empty() && *other == factors)?;
        let multiple = (number + rest[gone].0) / number;
        (number != 0.0 && multiple.get().is_finite()).then_some((kept, gone, multiple))
    })?;
    right.remove(gone);
    let formula = left[kept].formula;
    if multiple == 0.0 {
        left.remove(kept);
    } else if multiple != 1.0 {
        let number = expressions.constant(multiple);
        left[kept].formula = expressions.apply(Operator::Multiply, &[formula, number]);
    }
    Some(())
}

/// Puts the first two addends together that are 0 where a condition holds, or where it does not.
fn under_one_condition(expressions: &mut Expressions, left: &mut [Addend], right: &mut Vec<Addend>) -> Option<()> {
    let rest: Vec<Option<Guarded>> = right.iter().map(|addend| guarded(expressions, addend.formula)).collect();
    let (kept, gone) = left.iter().enumerate().find_map(|(kept, addend)| {
        let own = guarded(expressions, addend.formula)?;
        let gone = rest.iter().position(|other| other.as_ref().is_some_and(|other| other.condition == own.condition))?;
        Some((kept, gone))
    })?;
    let (own, other) = (guarded(expressions, left[kept].formula)?, rest.into_iter().nth(gone)??);
    let is_same_sign = left[kept].is_negative == right.remove(gone).is_negative;
    let zero = expressions.number(0.0);
    let mut both = |one: ExpressionId, other: ExpressionId| match (one == zero, other == zero, is_same_sign) {
        (_, true, _) => one,
        (true, false, true) => other,
        (true, false, false) => expressions.apply(Operator::Negate, &[other]),
        (false, false, true) => expressions.apply(Operator::Add, &[one, other]),
        (false, false, false) => expressions.apply(Operator::Subtract, &[one, other]),
    };
    let (then, otherwise) = (both(own.then, other.then), both(own.otherwise, other.otherwise));
    left[kept].formula = expressions.select(own.condition, then, otherwise);
    Some(())
}

/// A choice of which one branch is 0.
struct Guarded {
    condition: ExpressionId,
    then: ExpressionId,
    otherwise: ExpressionId,
}

fn guarded(expressions: &Expressions, id: ExpressionId) -> Option<Guarded> {
    let Node::Select(condition, then, otherwise) = *expressions.node(id) else { return None };
    let is_zero = |branch| expressions.as_number(branch) == Some(0.0);
    (is_zero(then) || is_zero(otherwise)).then_some(Guarded { condition, then, otherwise })
}

/// The addends of a formula; `None` where there are too many.
fn addends(expressions: &Expressions, id: ExpressionId, is_negative: bool, found: &mut Vec<Addend>) -> Option<()> {
    match expressions.node(id) {
        Node::Apply(Operator::Add, arguments) => {
            addends(expressions, arguments[0], is_negative, found)?;
            addends(expressions, arguments[1], is_negative, found)
        }
        Node::Apply(Operator::Subtract, arguments) => {
            addends(expressions, arguments[0], is_negative, found)?;
            addends(expressions, arguments[1], !is_negative, found)
        }
        Node::Apply(Operator::Negate, arguments) => addends(expressions, arguments[0], !is_negative, found),
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
            found.push(Addend { formula: id, is_negative });
            (found.len() <= MOST_ADDENDS).then_some(())
        }
    }
}

/// An addend as a number times a product.
fn product(expressions: &Expressions, addend: &Addend) -> (Number, Factors) {
    let mut number = Number::new(if addend.is_negative { -1.0 } else { 1.0 });
    let mut factors = Factors::new();
    let mut open = vec![(addend.formula, false)];
    while let Some((id, divides)) = open.pop() {
        match expressions.node(id) {
            Node::Number(value) if divides => number = number / *value,
            Node::Number(value) => number = number * *value,
            Node::Apply(Operator::Multiply, arguments) => open.extend(arguments.iter().map(|&argument| (argument, divides))),
            Node::Apply(Operator::Divide, arguments) => open.extend([(arguments[0], divides), (arguments[1], !divides)]),
            Node::Apply(Operator::Negate, arguments) => {
                number = -number;
                open.push((arguments[0], divides));
            }
            Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                factors.push((id, divides))
            }
        }
    }
    factors.sort_unstable();
    (number, factors)
}

/// The sum of some addends.
fn sum(expressions: &mut Expressions, addends: Vec<Addend>) -> ExpressionId {
    let mut total: Option<ExpressionId> = None;
    for Addend { formula, is_negative } in addends {
        total = Some(match (total, is_negative) {
            (None, false) => formula,
            (None, true) => expressions.apply(Operator::Negate, &[formula]),
            (Some(total), false) => expressions.apply(Operator::Add, &[total, formula]),
            (Some(total), true) => expressions.apply(Operator::Subtract, &[total, formula]),
        });
    }
    total.unwrap_or_else(|| expressions.number(0.0))
}
