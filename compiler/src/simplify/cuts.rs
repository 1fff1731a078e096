//! Conditions that decide which values a summed label takes: they leave the sum, and the label takes no other values.
//!
//! `Σ_k where(k == e, f, 0)` is `f` at `e`; `Σ_{k < K} where(k >= n, f, 0)` is `Σ_{k < K - n}` of `f` at `k + n`.

use super::{Report, set_definition};
use crate::ir::scatter::conjunction;
use crate::ir::{Definition, ExpressionId, Expressions, Extent, Index, Label, Node, Program, TensorId, bounds};
use crate::ops::{Operator, Reduction};

/// Simplifies every sum under a condition on one of its labels.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let mut changed = false;
    for id in program.order() {
        while cut(program, id, report) {
            changed = true;
        }
    }
    changed
}

/// What a condition says of a summed label.
enum Values {
    /// It has this value, which is inside.
    One(Index),
    /// It is this at least.
    From(Extent),
    /// It is below this.
    Below(Extent),
}

fn cut(program: &mut Program, id: TensorId, report: &mut Report) -> bool {
    let Some(Definition { reduction: Some((Reduction::Sum, extents)), body }) = program.definition(id).cloned() else {
        return false;
    };
    let Node::Select(condition, then, otherwise) = *program.expressions.node(body) else { return false };
    let is_zero = |branch: ExpressionId| program.expressions.as_number(branch) == Some(0.0);
    let (is_above, is_below) = (is_zero(otherwise), is_zero(then));
    let labels = program.label_extents(id);
    let rank = labels.len() - extents.len();
    let mut parts = Vec::new();
    let (then, otherwise) = if is_above { (then, otherwise) } else { (otherwise, then) };
    if is_above {
        conjunction(&program.expressions, condition, &mut parts);
    } else if is_below && let Some(opposite) = opposite(&mut program.expressions, condition) {
        parts.push(opposite);
    }
    for (number, &part) in parts.iter().enumerate() {
        let Some((label, values)) = values(program, part, &labels, rank) else { continue };
        parts.remove(number);
        let rest = parts.into_iter().reduce(|all, one| program.expressions.apply(Operator::And, &[all, one]));
        let inside = rest.map_or(then, |rest| program.expressions.select(rest, then, otherwise));
        restrict(program, id, label, values, inside);
        report.fired("a condition on a summed label bounds the label");
        return true;
    }
    false
}

/// The comparison that holds where this one does not; of integers, since only these are looked at.
fn opposite(expressions: &mut Expressions, condition: ExpressionId) -> Option<ExpressionId> {
    let Node::Apply(operator, arguments) = expressions.node(condition).clone() else { return None };
    form(expressions, *arguments.first()?)?;
    form(expressions, *arguments.get(1)?)?;
    let pairs = [
        (Operator::Less, Operator::GreaterEqual),
        (Operator::LessEqual, Operator::Greater),
        (Operator::Greater, Operator::LessEqual),
        (Operator::GreaterEqual, Operator::Less),
        (Operator::NotEqual, Operator::Equal),
    ];
    let (_, opposite) = pairs.into_iter().find(|(one, _)| *one == operator)?;
    Some(expressions.apply(opposite, &arguments))
}

/// The summed label that a condition speaks of, and what it says.
fn values(program: &Program, condition: ExpressionId, labels: &[Extent], rank: usize) -> Option<(usize, Values)> {
    let Node::Apply(operator, arguments) = program.expressions.node(condition) else { return None };
    let [a, b] = arguments.as_slice() else { return None };
    let difference = form(&program.expressions, *a)?.minus(&form(&program.expressions, *b)?);
    let one = Extent::one();
    // `a - b = ±label + rest`
    let is_unit = |number: &usize| {
        let factor = difference.coefficient(label(*number));
        factor.is_one() || factor.negated().is_one()
    };
    let number = (rank..labels.len()).find(|number| is_unit(number))?;
    let positive = difference.coefficient(label(number)).is_one();
    let own = Index::label(label(number)).times(&difference.coefficient(label(number)));
    let rest = difference.minus(&own);
    let mut summed = false;
    rest.each_label(&mut |Label(other)| summed |= other as usize >= rank);
    if summed {
        return None;
    }
    if *operator == Operator::Equal {
        let value = if positive { Index::default().minus(&rest) } else { rest };
        let inside = bounds::is_inside(program, &value, labels, &labels[number]);
        return inside.then_some((number, Values::One(value)));
    }
    let rest = rest.as_extent()?.clone();
    // label + rest >= 0 (or > 0): label >= -rest (+ 1). rest - label >= 0: label < rest + 1.
    let values = if *operator == Operator::GreaterEqual && positive {
        Values::From(rest.negated())
    } else if *operator == Operator::Greater && positive {
        Values::From(rest.negated().plus(&one))
    } else if *operator == Operator::LessEqual && !positive {
        Values::From(rest)
    } else if *operator == Operator::Less && !positive {
        Values::From(rest.plus(&one))
    } else if *operator == Operator::GreaterEqual {
        Values::Below(rest.plus(&one))
    } else if *operator == Operator::Greater {
        Values::Below(rest)
    } else if *operator == Operator::LessEqual {
        Values::Below(rest.negated().plus(&one))
    } else if *operator == Operator::Less {
        Values::Below(rest.negated())
    } else {
        return None;
    };
    // The number of values must be certain, and not negative.
    let length = &labels[number];
    let fits = match &values {
        Values::One(_) => true,
        Values::From(first) => first.is_at_least(0) && length.minus(first).is_at_least(0),
        Values::Below(end) => end.is_at_least(0) && length.minus(end).is_at_least(0),
    };
    fits.then_some((number, values))
}

fn form(expressions: &Expressions, id: ExpressionId) -> Option<Index> {
    match expressions.node(id) {
        Node::Position(index) => Some(index.clone()),
        Node::Number(number) => {
            let value = number.get();
            #[allow(clippy::cast_possible_truncation)]
            (value.fract() == 0.0 && value.abs() < 1e9).then(|| Index::constant(value as i64))
        }
        Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
    }
}

/// Gives a label of a sum only the values that it has, or none where there is only one.
fn restrict(program: &mut Program, id: TensorId, number: usize, values: Values, body: ExpressionId) {
    let Some(Definition { reduction: Some((reduction, mut extents)), .. }) = program.definition(id).cloned() else { return };
    let place = number - program.tensor(id).shape.len();
    let (body, removed) = match values {
        Values::From(first) => {
            extents[place] = extents[place].minus(&first);
            let body = program.expressions.substitute(body, &mut |other| {
                let own = Index::label(other);
                if other == label(number) { own.plus_extent(&first) } else { own }
            });
            (body, false)
        }
        Values::Below(end) => {
            extents[place] = end;
            (body, false)
        }
        Values::One(value) => {
            extents.remove(place);
            let body = program.expressions.substitute(body, &mut |Label(other)| match (other as usize).cmp(&number) {
                std::cmp::Ordering::Less => Index::label(Label(other)),
                std::cmp::Ordering::Equal => value.clone(),
                std::cmp::Ordering::Greater => Index::label(Label(other - 1)),
            });
            (body, true)
        }
    };
    let names = &mut program.tensors[id.0 as usize].label_names;
    if removed && number < names.len() {
        names.remove(number);
    }
    let reduction = (!extents.is_empty()).then_some((reduction, extents));
    set_definition(program, id, Definition { reduction, body });
}

fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}
