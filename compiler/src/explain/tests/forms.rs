//! The forms that stand below the lines of a chapter: each has the value of the adjoint, alone or where its condition holds.

use super::{Chapter, Conditional, Explanation, MOST_ELEMENTS, computed_from, elements, run, tensors_of, text};
use crate::emit::nn::tests::{compare, declared, values};
use crate::eval::{Tensor, Values};
use crate::explain::chapter::{name_of, value_of};
use crate::explain::tidy::{binary, zero};
use crate::explain::tree;
use crate::ir::{Program, Role, TensorId};
use crate::span::Span;
use crate::syntax::tree::{
    Argument, Axis, Binary, Expression, ExpressionKind, IndexItem, Name, ReducedLabel, Role as Kind, Statement, StatementKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// Values for what is given, where some elements of a tensor add up to 1.
fn satisfying(conditional: &Conditional, program: &Program) -> Values {
    let mut given = values(program);
    let Some(tensor) = given.get_mut(&program.tensor(conditional.given).name) else { return given };
    let strides: Vec<usize> = (0..tensor.shape.len()).map(|axis| tensor.shape[axis + 1..].iter().product()).collect();
    let group = |place: usize| {
        let at = |axis: usize| if conditional.axes.contains(&axis) { 0 } else { place / strides[axis] % tensor.shape[axis] };
        (0..strides.len()).map(at).collect::<Vec<usize>>()
    };
    let groups: Vec<Vec<usize>> = (0..tensor.data.len()).map(group).collect();
    let mut sums: BTreeMap<&Vec<usize>, f64> = BTreeMap::new();
    for (group, value) in groups.iter().zip(&tensor.data) {
        *sums.entry(group).or_default() += value;
    }
    groups.iter().zip(&mut tensor.data).for_each(|(group, value)| *value /= sums[group]);
    given
}

/// What a recurrence reads before its first step or after its last is 0; where it is given, that has to be said: as
/// `sum[p](where(p == t + 1, h[p], 0))` for `h[t + 1]`.
fn zero_outside(source: &mut Expression, program: &Program, recurrent: &[TensorId]) {
    tree::children_mut(source).into_iter().for_each(|child| zero_outside(child, program, recurrent));
    let ExpressionKind::Index(of, items) = &source.kind else { return };
    let ExpressionKind::Name(name) = &of.kind else { return };
    let Some(id) = program.find(name).filter(|id| recurrent.contains(id)) else { return };
    let StatementKind::Input(data) = declared(program, id).kind else { return };
    let make = |kind| Expression { kind, span: Span::default() };
    let name = |text: String| Name { text, span: Span::default() };
    let (mut conditions, mut labels, mut places) = (Vec::new(), Vec::new(), items.clone());
    for (number, (item, axis)) in places.iter_mut().zip(&data.shape.axes).enumerate() {
        if let (IndexItem::At(index), Axis::Size(end)) = (item, axis)
            && !matches!(index.kind, ExpressionKind::Name(_))
        {
            let place = name(format!("place_{number}"));
            let label = make(ExpressionKind::Name(place.text.clone()));
            conditions.push(binary(Binary::Equal, label.clone(), std::mem::replace(index, label)));
            labels.push(ReducedLabel { name: place, range: Some((zero(), end.clone())) });
        }
    }
    let Some(condition) = conditions.into_iter().reduce(|all, next| binary(Binary::And, all, next)) else { return };
    let read = make(ExpressionKind::Index(of.clone(), places));
    let arguments = [condition, read, zero()].map(|value| Argument { name: None, value }).to_vec();
    let body = Box::new(make(ExpressionKind::Call(Box::new(make(ExpressionKind::Name("where".into()))), arguments)));
    *source = make(ExpressionKind::Reduce { reduction: name("sum".into()), labels, body });
}

/// The value of a form of an adjoint, with the definitions that stand beside it; what they read is given.
pub(super) fn simplest(
    program: &Program,
    chapter: &Chapter,
    form: &[Statement],
    given: &Values,
) -> Result<Option<Tensor>, String> {
    let own: BTreeSet<&str> = form.iter().filter_map(name_of).collect();
    let values = form.iter().filter_map(value_of);
    let read: BTreeSet<TensorId> = values.flat_map(|value| tensors_of(value, program)).collect();
    if let Some(&missing) = read.iter().find(|&&id| !given.contains_key(&program.tensor(id).name)) {
        let is_large = elements(program, missing) > MOST_ELEMENTS;
        return if is_large { Ok(None) } else { Err(format!("{} has no value", program.tensor(missing).name)) };
    }
    // What a recurrence says of itself at another step is given too.
    let adjoint = tensors_of(&chapter.left, program);
    let is_given = |id: &TensorId| !own.contains(program.tensor(*id).name.as_str()) || adjoint.contains(id);
    let inputs = program.ids().filter(|id| program.definition(*id).is_none() || read.contains(id)).filter(is_given);
    let mut statements: Vec<Statement> = inputs.map(|id| declared(program, id)).collect();
    // What is shown last is read by what is shown before.
    let mut form: Vec<Statement> = form.iter().rev().cloned().collect();
    let recurrent: Vec<TensorId> = program.recurrent().into_iter().collect();
    for statement in &mut form {
        if let StatementKind::Define { value, .. } | StatementKind::DefineIndexed { value, .. } = &mut statement.kind {
            zero_outside(value, program, &recurrent);
        }
    }
    statements.extend(form);
    let Some(Statement {
        kind: StatementKind::Define { role, name, .. } | StatementKind::DefineIndexed { role, name, .. }, ..
    }) = statements.last_mut()
    else {
        return Ok(None);
    };
    (*role, name.text) = (Kind::Output, "simplest".to_owned());
    let (elaborated, computed) = run(statements, given)?;
    let root = elaborated.root(&Role::Output("simplest".to_owned())).ok_or("there is no simplest form")?;
    Ok(computed.get(&elaborated.tensor(root).name).cloned())
}

/// Whether what is said under a condition holds where that does, and not elsewhere.
pub(super) fn conditions_hold(explanation: &Explanation, chapter: &Chapter, adjoint: &str) -> Result<usize, String> {
    let Some(conditional) = &chapter.conditional else { return Ok(0) };
    let program = &explanation.program;
    let agree = |given: &Values| -> Result<Option<bool>, String> {
        let values = computed_from(explanation, given)?;
        let found = simplest(program, chapter, &conditional.statements, &values)?;
        Ok(found.zip(values.get(adjoint)).map(|(found, expected)| compare(&found, expected)))
    };
    match (agree(&satisfying(conditional, program))?, agree(&values(program))?) {
        (Some(true), Some(false)) => Ok(1),
        outcome => Err(format!("{adjoint}, under a condition and without: {outcome:?}\n{}", text(explanation))),
    }
}
