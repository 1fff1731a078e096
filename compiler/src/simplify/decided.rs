//! Conditions on places that a condition around them decides: within `where(i < 6, f, g)`, `i < 9` holds in f and `i == 3` does not in g.
//!
//! A condition on places says of index forms that they are not negative; another one is decided where the ranges of labels tell enough
//! of the difference, or of the sum, of two such forms.
//!
//! A Kronecker δ stands around what else must not hold: `where(c, 0, where(i == k, f, 0))` is `where(i == k, where(c, 0, f), 0)`, so that
//! sums see it.

use super::Report;
use crate::ir::guarded::conditions;
use crate::ir::{ExpressionId, Expressions, Extent, Index, Node, Program, bounds};
use crate::ops::Operator;
use rustc_hash::{FxHashMap, FxHashSet};

/// The formula without what is decided.
pub fn simplify(
    program: &Program,
    expressions: &mut Expressions,
    extents: &[Extent],
    root: ExpressionId,
    report: &mut Report,
) -> ExpressionId {
    let is_choice = |&&id: &&ExpressionId| matches!(expressions.node(id), Node::Select(..));
    if expressions.reachable(root).iter().filter(is_choice).count() < 2 {
        return root;
    }
    let simple = expressions.rebuild(root, &mut |expressions, node| {
        let Node::Select(condition, then, otherwise) = node else { return expressions.intern(node) };
        let (holds, fails) = (known(expressions, condition), known_outside(expressions, condition));
        let then = without(program, expressions, extents, &holds, then);
        let otherwise = without(program, expressions, extents, &fails, otherwise);
        around_delta(expressions, condition, then, otherwise)
    });
    if simple != root {
        report.fired("a condition decides those within it");
    }
    simple
}

/// A choice; a δ that stands alone in its second branch stands around it, where the first is 0.
fn around_delta(
    expressions: &mut Expressions,
    condition: ExpressionId,
    then: ExpressionId,
    otherwise: ExpressionId,
) -> ExpressionId {
    let is_zero = |id: ExpressionId| expressions.as_number(id) == Some(0.0);
    if let Node::Select(delta, value, zero) = *expressions.node(otherwise)
        && is_zero(then)
        && is_zero(zero)
        && has_delta_of_labels(expressions, delta)
    {
        let value = expressions.select(condition, then, value);
        return expressions.select(delta, value, zero);
    }
    expressions.select(condition, then, otherwise)
}

/// Whether a condition reads nothing, so that it can be asked anywhere, and says that places are equal.
fn has_delta_of_labels(expressions: &Expressions, condition: ExpressionId) -> bool {
    let is_delta = |part| matches!(Comparison::of(expressions, part), Some(Comparison::Zero(_)));
    expressions.tensors(condition).is_empty() && conditions(expressions, condition).into_iter().any(is_delta)
}

/// What a comparison of places says.
enum Comparison {
    /// The form is not negative.
    NotNegative(Index),
    /// The form is 0.
    Zero(Index),
}

impl Comparison {
    fn of(expressions: &Expressions, condition: ExpressionId) -> Option<Self> {
        let Node::Apply(operator, arguments) = expressions.node(condition) else { return None };
        let [a, b] = arguments.as_slice() else { return None };
        let (a, b) = (expressions.as_index(*a)?, expressions.as_index(*b)?);
        let one_less = |form: Index| form.plus_extent(&Extent::constant(-1));
        if *operator == Operator::Less {
            Some(Self::NotNegative(one_less(b.minus(&a))))
        } else if *operator == Operator::LessEqual {
            Some(Self::NotNegative(b.minus(&a)))
        } else if *operator == Operator::Greater {
            Some(Self::NotNegative(one_less(a.minus(&b))))
        } else if *operator == Operator::GreaterEqual {
            Some(Self::NotNegative(a.minus(&b)))
        } else {
            (*operator == Operator::Equal).then(|| Self::Zero(a.minus(&b)))
        }
    }
}

fn negated(form: &Index) -> Index {
    Index::default().minus(form)
}

/// The forms that are not negative where a condition holds.
fn known(expressions: &Expressions, condition: ExpressionId) -> Vec<Index> {
    let parts = conditions(expressions, condition).into_iter().filter_map(|part| Comparison::of(expressions, part));
    parts
        .flat_map(|part| match part {
            Comparison::NotNegative(form) => vec![form],
            Comparison::Zero(form) => vec![negated(&form), form],
        })
        .collect()
}

/// The forms that are not negative where a condition does not hold.
fn known_outside(expressions: &Expressions, condition: ExpressionId) -> Vec<Index> {
    match Comparison::of(expressions, condition) {
        Some(Comparison::NotNegative(form)) => vec![negated(&form).plus_extent(&Extent::constant(-1))],
        Some(Comparison::Zero(_)) | None => Vec::new(),
    }
}

/// A formula with the comparisons that what is known decides in their place.
fn without(
    program: &Program,
    expressions: &mut Expressions,
    extents: &[Extent],
    known: &[Index],
    formula: ExpressionId,
) -> ExpressionId {
    if known.is_empty() {
        return formula;
    }
    let mut decided = FxHashMap::default();
    for id in conditions_within(expressions, formula) {
        let Some(comparison) = Comparison::of(expressions, id) else { continue };
        let is_not_negative = |form: &Index| is_not_negative(program, extents, known, form);
        let holds = match comparison {
            Comparison::NotNegative(form) => is_not_negative(&form),
            Comparison::Zero(form) => match (is_not_negative(&form), is_not_negative(&negated(&form))) {
                (Some(true), Some(true)) => Some(true),
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true) | None, Some(true) | None) => None,
            },
        };
        if let Some(holds) = holds {
            decided.insert(id, expressions.number(f64::from(u8::from(holds))));
        }
    }
    if decided.is_empty() { formula } else { expressions.replace(formula, &decided) }
}

/// The conditions in a formula that choose between summands and factors of it. What stands within a function stays as it is: it may be
/// what another definition is.
fn conditions_within(expressions: &Expressions, formula: ExpressionId) -> Vec<ExpressionId> {
    let (mut found, mut seen, mut open) = (Vec::new(), FxHashSet::default(), vec![formula]);
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match expressions.node(id) {
            Node::Select(condition, then, otherwise) => {
                found.extend(conditions(expressions, *condition));
                open.extend([*then, *otherwise]);
            }
            Node::Apply(
                Operator::Add | Operator::Subtract | Operator::Negate | Operator::Multiply | Operator::Divide,
                arguments,
            ) => open.extend(arguments),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) => {}
        }
    }
    found
}

/// Whether a form is not negative where others are not, as far as that can be told.
fn is_not_negative(program: &Program, extents: &[Extent], known: &[Index], form: &Index) -> Option<bool> {
    known.iter().find_map(|fact| {
        let range = |form: &Index| bounds::range(program, form, extents);
        if range(&form.minus(fact)).is_some_and(|range| bounds::is_from(program, &range, 0)) {
            return Some(true);
        }
        range(&form.plus(fact)).is_some_and(|range| bounds::is_below(program, &range, &Extent::zero())).then_some(false)
    })
}
