//! What integers and the ranges of labels decide: sums of positions, comparisons that always (or never) hold, and on which side of
//! a comparison the 0 of a `where` stands: `where(i < n, 0, f)` is `where(i >= n, f, 0)`.

use crate::ir::{ExpressionId, Expressions, Extent, Index, Node, Number, Program, bounds};
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
        Node::Random(stream, index) => expressions.random(stream, bounds::simplify(program, &index, extents)),
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
    if let Node::Select(condition, then, otherwise) = *expressions.node(id) {
        return expressions.as_number(then).filter(|&zero| zero == 0.0).and_then(|_| {
            let opposite = opposite(expressions, condition)?;
            (expressions.as_number(otherwise) != Some(0.0)).then(|| expressions.select(opposite, otherwise, then))
        });
    }
    let Node::Apply(operator, arguments) = expressions.node(id).clone() else { return None };
    if operator == Operator::Divide
        && let Some(lowest) = in_lowest_terms(expressions, arguments[0], arguments[1])
    {
        return Some(lowest);
    }
    let forms: Option<Vec<Index>> = arguments.iter().map(|&argument| expressions.as_index(argument)).collect();
    let forms = forms?;
    if let Some(decided) = compare(program, extents, operator, &forms) {
        return Some(truth(expressions, decided));
    }
    let value = if operator == Operator::Add {
        forms[0].plus(&forms[1])
    } else if operator == Operator::Subtract {
        forms[0].minus(&forms[1])
    } else if operator == Operator::Negate {
        Index::default().minus(&forms[0])
    } else if operator == Operator::Multiply {
        let (factor, other) = match (forms[0].as_extent(), forms[1].as_extent()) {
            (Some(factor), _) => (factor, &forms[1]),
            (None, Some(factor)) => (factor, &forms[0]),
            (None, None) => return None,
        };
        // With two symbolic sizes the product may leave the integers that floats hold exactly; so it stays.
        factor.as_constant()?;
        other.times(factor)
    } else if operator == Operator::Divide {
        // A size by itself; a size is never 0.
        let size = forms[0].as_extent().filter(|size| size.is_at_least(1))?;
        (forms[1].as_extent() == Some(size)).then(|| Index::constant(Extent::one()))?
    } else {
        return None;
    };
    Some(expressions.position(value))
}

/// A fraction over a multiple of sizes: `2 / (4 * B)` is `1 / (2 * B)`.
fn in_lowest_terms(expressions: &mut Expressions, number: ExpressionId, of: ExpressionId) -> Option<ExpressionId> {
    let (number, size) = (expressions.as_constant(number)?, expressions.as_index(of)?.as_extent()?.clone());
    let mut terms = size.terms();
    let (Some((sizes, multiple)), None) = (terms.next(), terms.next()) else { return None };
    #[allow(clippy::cast_precision_loss)]
    let (above, below) = (number / Number::new(multiple as f64)).as_fraction()?;
    if sizes.is_empty() || above == 0 || below >= multiple {
        return None;
    }
    let size = expressions.position(Index::constant(Extent::term(below, sizes)));
    #[allow(clippy::cast_precision_loss)]
    let above = expressions.number(above as f64);
    Some(expressions.apply(Operator::Divide, &[above, size]))
}

/// The comparison of integers that holds where this one does not.
fn opposite(expressions: &mut Expressions, condition: ExpressionId) -> Option<ExpressionId> {
    let Node::Apply(operator, arguments) = expressions.node(condition).clone() else { return None };
    let pairs = [
        (Operator::Less, Operator::GreaterEqual),
        (Operator::LessEqual, Operator::Greater),
        (Operator::Greater, Operator::LessEqual),
        (Operator::GreaterEqual, Operator::Less),
        (Operator::NotEqual, Operator::Equal),
    ];
    let (_, opposite) = pairs.into_iter().find(|(one, _)| *one == operator)?;
    let integers = arguments.iter().all(|&argument| expressions.as_index(argument).is_some());
    integers.then(|| expressions.apply(opposite, &arguments))
}

/// A comparison of integers, where it can be told.
fn compare(program: &Program, extents: &[Extent], operator: Operator, forms: &[Index]) -> Option<bool> {
    let one_less = |form: &Index| form.plus_extent(&Extent::constant(-1));
    let at_most = |a: &Index, b: &Index| at_most(program, extents, a, b);
    if operator == Operator::Less {
        at_most(&forms[0], &one_less(&forms[1]))
    } else if operator == Operator::LessEqual {
        at_most(&forms[0], &forms[1])
    } else if operator == Operator::Greater {
        at_most(&forms[1], &one_less(&forms[0]))
    } else if operator == Operator::GreaterEqual {
        at_most(&forms[1], &forms[0])
    } else if operator == Operator::Equal {
        equal(program, extents, &forms[0], &forms[1])
    } else if operator == Operator::NotEqual {
        equal(program, extents, &forms[0], &forms[1]).map(|holds| !holds)
    } else {
        None
    }
}

fn truth(expressions: &mut Expressions, holds: bool) -> ExpressionId {
    expressions.number(f64::from(u8::from(holds)))
}

/// `a <= b`, where that can be told.
fn at_most(program: &Program, extents: &[Extent], a: &Index, b: &Index) -> Option<bool> {
    let range = bounds::range(program, &b.minus(a), extents)?;
    if bounds::is_from(program, &range, 0) {
        return Some(true);
    }
    bounds::is_below(program, &range, &Extent::zero()).then_some(false)
}

/// Whether `a = b`, where that can be told.
fn equal(program: &Program, extents: &[Extent], a: &Index, b: &Index) -> Option<bool> {
    let difference = a.minus(b);
    if difference == Index::default() {
        return Some(true);
    }
    let range = bounds::range(program, &difference, extents)?;
    if range.lowest.is_zero() && range.highest.is_zero() {
        return Some(true);
    }
    (bounds::is_from(program, &range, 1) || bounds::is_below(program, &range, &Extent::zero())).then_some(false)
}
