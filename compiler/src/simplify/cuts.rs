//! Conditions of a sum that decide which values a label takes: they leave the sum, and the label takes no other values.
//!
//! `Σ_k where(k == e, f, 0)` is `f` at `e`; `Σ_{k < K} where(k >= n, f, 0)` is `Σ_{k < K - n}` of `f` at `k + n`;
//! `Σ_g where(0 <= p - n·g && p - n·g < n, f, 0)` is `f` at `p div n`. A condition on an axis
//! stands outside of the sum, which then is a definition with a shorter axis: `T[j] = Σ_k where(j >= n, f[j, k], 0)` is
//! `where(j >= n, S[j - n], 0)` with `S[j] = Σ_k f[j + n, k]`.

use super::definitions::add_auxiliary;
use super::{Report, set_definition};
use crate::ir::{Atom, Definition, ExpressionId, Extent, Guarded, Index, Label, Node, Program, TensorId, bounds};
use crate::ops::{Operator, Reduction};
use std::collections::BTreeMap;
use std::ops::Range;

/// Simplifies every sum under a condition on one of its labels.
pub fn simplify(program: &mut Program, report: &mut Report) -> bool {
    let mut changed = false;
    let times = program.times();
    for id in program.order() {
        report.enter(&program.tensor(id).name);
        while cut(program, id, &times, report) {
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
    /// It is one of so many from this on.
    Within(Index, Extent),
}

fn cut(program: &mut Program, id: TensorId, times: &BTreeMap<TensorId, Label>, report: &mut Report) -> bool {
    let Some(Definition { reduction: Some((Reduction::Sum, extents)), body }) = program.definition(id).cloned() else {
        return false;
    };
    let labels = program.label_extents(id);
    let rank = labels.len() - extents.len();
    let Guarded { conditions, value } = Guarded::of(&program.expressions, body);
    let without = |number: usize| {
        let mut conditions = conditions.clone();
        conditions.remove(number);
        Guarded { conditions, value }
    };
    if let Some((label, first, count, pair)) = digits(program, &conditions, &labels, rank) {
        let conditions = (0..conditions.len()).filter(|number| !pair.contains(number)).map(|number| conditions[number]).collect();
        let inside = Guarded { conditions, value }.joined(&mut program.expressions);
        restrict(program, id, label, Values::Within(first, count), inside);
        report.fired("a summed digit is a quotient");
        return true;
    }
    for (number, &condition) in conditions.iter().enumerate() {
        if let Some((label, values)) = values(program, condition, &labels, rank, rank..labels.len()) {
            let inside = without(number).formula(&mut program.expressions);
            restrict(program, id, label, values, inside);
            report.fired("a condition on a summed label bounds the label");
            return true;
        }
        // The steps of a recurrence are those of all its definitions.
        let axis = values(program, condition, &labels, rank, 0..rank);
        if let Some((axis, values)) = axis.filter(|(axis, _)| times.get(&id) != Some(&label(*axis))) {
            let inside = without(number).formula(&mut program.expressions);
            if separate(program, id, (axis, values), condition, inside) {
                report.fired("a condition on an axis leaves its sum");
                return true;
            }
        }
    }
    false
}

/// The label among some that a condition speaks of, the last one, and what it says of it. A value is over axes, and over those before
/// where it is one of an axis.
fn values(
    program: &Program,
    condition: ExpressionId,
    labels: &[Extent],
    rank: usize,
    among: Range<usize>,
) -> Option<(usize, Values)> {
    let Node::Apply(operator, arguments) = program.expressions.node(condition) else { return None };
    let [a, b] = arguments.as_slice() else { return None };
    let difference = program.expressions.as_index(*a)?.minus(&program.expressions.as_index(*b)?);
    let one = Extent::one();
    // `a - b = ±label + rest`
    let is_unit = |number: &usize| {
        let factor = difference.coefficient(label(*number));
        factor.is_one() || factor.negated().is_one()
    };
    let number = among.rev().find(|number| is_unit(number))?;
    let positive = difference.coefficient(label(number)).is_one();
    let own = Index::label(label(number)).times(&difference.coefficient(label(number)));
    let rest = difference.minus(&own);
    let mut known = true;
    rest.each_label(&mut |Label(other)| known &= (other as usize) < rank.min(number));
    if !known {
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
        Values::One(_) | Values::Within(..) => true,
        Values::From(place) | Values::Below(place) => {
            [place, &length.minus(place)].into_iter().all(|part| program.domain().is_at_least(part, 0))
        }
    };
    fits.then_some((number, values))
}

/// A summed label g of which two conditions say `0 <= p - n·(g div m)` and `p - n·(g div m) < n`: g div m is `p div n`. Its first value,
/// how many there are, and the conditions by number.
fn digits(
    program: &Program,
    conditions: &[ExpressionId],
    labels: &[Extent],
    rank: usize,
) -> Option<(usize, Index, Extent, [usize; 2])> {
    let forms: Vec<Option<Index>> = conditions.iter().map(|&condition| program.expressions.not_negative(condition)).collect();
    forms.iter().enumerate().find_map(|(low, form)| {
        let form = form.as_ref()?;
        let (atom, factor) = form.terms().find(|(_, factor)| factor.is_at_most(-2))?;
        let (Label(number), count) = match atom {
            Atom::Label(label) => (*label, Extent::one()),
            Atom::Quotient(inner, by) => (inner.as_label()?, by.clone()),
            Atom::Remainder(..) | Atom::Element(..) => return None,
        };
        let by = factor.negated();
        let above = Index::constant(by.plus_constant(-1)).minus(form);
        let high = forms.iter().position(|other| other.as_ref() == Some(&above))?;
        let whole = form.plus(&Index::atom(atom.clone()).times(&by));
        let quotient = bounds::simplify(program, &whole.quotient(&by), labels);
        let mut known = number as usize >= rank;
        whole.each_label(&mut |Label(other)| known &= (other as usize) < rank);
        let digits = labels.get(number as usize)?.divided_exactly(&count)?;
        let inside = bounds::is_inside(program, &quotient, labels, &digits);
        (known && inside).then(|| (number as usize, quotient.times(&count), count, [low, high]))
    })
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
        Values::Within(first, count) if !count.is_one() => {
            extents[place] = count;
            let body = program.expressions.substitute(body, &mut |other| {
                let own = Index::label(other);
                if other == label(number) { own.plus(&first) } else { own }
            });
            (body, false)
        }
        Values::Within(value, _) | Values::One(value) => {
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

/// A sum under a condition on an axis as one over fewer values of the axis, which is read under the condition; whether it has fewer.
fn separate(
    program: &mut Program,
    id: TensorId,
    (axis, values): (usize, Values),
    condition: ExpressionId,
    body: ExpressionId,
) -> bool {
    let Some(Definition { reduction: Some((reduction, extents)), .. }) = program.definition(id).cloned() else { return false };
    let mut shape = program.tensor(id).shape.clone();
    let mut names = program.tensor(id).label_names.clone();
    let own = |other: Label, shift: &Extent| {
        let plain = Index::label(other);
        if other == label(axis) { plain.plus_extent(shift) } else { plain }
    };
    let mut at: Vec<Index> = crate::diff::plain_labels(shape.len());
    let body = match values {
        Values::From(first) => {
            shape[axis] = shape[axis].minus(&first);
            at[axis] = at[axis].plus_extent(&first.negated());
            program.expressions.substitute(body, &mut |other| own(other, &first))
        }
        Values::Below(end) => {
            shape[axis] = end;
            body
        }
        Values::One(value) | Values::Within(value, _) => {
            shape.remove(axis);
            at.remove(axis);
            if axis < names.len() {
                names.remove(axis);
            }
            program.expressions.substitute(body, &mut |Label(other)| match (other as usize).cmp(&axis) {
                std::cmp::Ordering::Less => Index::label(Label(other)),
                std::cmp::Ordering::Equal => value.clone(),
                std::cmp::Ordering::Greater => Index::label(Label(other - 1)),
            })
        }
    };
    // An axis without a value is none.
    if shape == program.tensor(id).shape || !shape.iter().all(|extent| program.domain().is_at_least(extent, 1)) {
        return false;
    }
    let rank = program.tensor(id).shape.len();
    let sum = add_auxiliary(program, id, "cut", shape, names, Definition { reduction: Some((reduction, extents)), body });
    let read = program.expressions.read(sum, at);
    let zero = program.expressions.number(0.0);
    let body = program.expressions.select(condition, read, zero);
    program.tensors[id.0 as usize].label_names.truncate(rank);
    set_definition(program, id, Definition { reduction: None, body });
    true
}

fn label(number: usize) -> Label {
    Label(u32::try_from(number).unwrap_or(u32::MAX))
}
