//! What several definitions compute though it costs more than to store and to load it: it is computed once, and read.
//!
//! The slope of a formula for each tensor that it reads repeats the formula: `x / q` with `q = 1 + (x * w)^2` stands in the slopes for `x`
//! and for `w`, and is itself the value that they are of. A formula that reads many tensors would have a gradient that costs as
//! many times as much. This is the last step, when nothing more is differentiated: structure would hide behind definitions.
//! (Elementary functions are shared earlier, in `share`.)

use super::share::{Key, Occurrence, Provider, Replaced, known, made, occurrences};
use super::{Report, Simple, definitions, formulas, set_body};
use crate::ir::cost::{LOADED, STORED, own_cost};
use crate::ir::{ExpressionId, Extent, Node, Program, TensorId};
use crate::ops::Operator;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// Formulas in definitions with more parts than this are left alone: all of their parts would be compared.
const MOST_PARTS: usize = 500;

/// Computes once what costs more than to store it and to load it.
pub fn simplify(program: &mut Program, report: &mut Report) {
    let mut changed = roots(program, report) | reciprocals(program, report);
    while share(program, report) {
        changed = true;
    }
    if changed {
        formulas(program, &mut Simple::default(), report);
        definitions::merge_equal(program, report);
        definitions::prune(program);
    }
}

/// Shares the largest formulas; what is left may be shared afterwards.
fn share(program: &mut Program, report: &mut Report) -> bool {
    let order = compared(program);
    let found = occurrences(program, &order, &|program, node| is_number(program, node) && cost(program, node) >= LOADED);
    let mut found: Vec<(u32, Key, Vec<Occurrence>)> =
        found.into_iter().map(|(key, places)| (cost(program, key.0), key, places)).collect();
    found.sort_by_key(|(cost, ..)| std::cmp::Reverse(*cost));
    let (mut replaced, mut covered): (Replaced, FxHashSet<(TensorId, ExpressionId)>) = Default::default();
    for (cost, key, mut places) in found {
        places.retain(|place| !covered.contains(&(place.definition, place.node)));
        let Some((provider, axes)) = provider(program, cost, &key, &places) else { continue };
        report.enter(&program.tensor(provider).name);
        report.fired("what costs more than to load it is computed once");
        for place in &places {
            let parts = program.expressions.reachable(place.node);
            covered.extend(parts.into_iter().map(|part| (place.definition, part)));
            if place.definition != provider {
                replaced.read(program, (provider, &axes), place);
            }
        }
    }
    replaced.put(program)
}

/// A reciprocal of a root that is computed too, in another definition or in the same, is a quotient by that root.
fn roots(program: &mut Program, report: &mut Report) -> bool {
    let order = compared(program);
    let is = |operator: Operator| move |program: &Program, node: ExpressionId| argument_of(program, node, operator).is_some();
    let roots: FxHashSet<Key> = occurrences(program, &order, &is(Operator::Sqrt)).into_iter().map(|(key, _)| key).collect();
    let mut changed = false;
    for ((formula, extents), places) in occurrences(program, &order, &is(Operator::Rsqrt)) {
        let Some(argument) = argument_of(program, formula, Operator::Rsqrt) else { continue };
        let root = program.expressions.apply(Operator::Sqrt, &[argument]);
        if !roots.contains(&(root, extents)) {
            continue;
        }
        for place in places {
            let definition = program.definition(place.definition).map(|definition| definition.body);
            let (Some(body), Some(argument)) = (definition, argument_of(program, place.node, Operator::Rsqrt)) else { continue };
            let root = program.expressions.apply(Operator::Sqrt, &[argument]);
            let one = program.expressions.number(1.0);
            let quotient = program.expressions.apply(Operator::Divide, &[one, root]);
            let body = program.expressions.replace(body, &FxHashMap::from_iter([(place.node, quotient)]));
            report.enter(&program.tensor(place.definition).name);
            report.fired("rsqrt(a) = 1 / sqrt(a), where sqrt(a) is computed too");
            set_body(program, place.definition, body);
            changed = true;
        }
    }
    changed
}

/// The argument of an operator that a formula is.
fn argument_of(program: &Program, node: ExpressionId, operator: Operator) -> Option<ExpressionId> {
    match program.expressions.node(node) {
        Node::Apply(found, arguments) if *found == operator => arguments.first().copied(),
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => None,
    }
}

/// Divisions by what several definitions divide by become products with its reciprocal, where that is then computed once.
fn reciprocals(program: &mut Program, report: &mut Report) -> bool {
    let order = compared(program);
    let divisors = divisors(program, &order);
    let found = occurrences(program, &order, &|_, node| divisors.contains(&node));
    let mut multiplied: BTreeMap<TensorId, FxHashSet<ExpressionId>> = BTreeMap::new();
    for (key, places) in found {
        let saved = cost(program, key.0) + Operator::Divide.row().cost - Operator::Multiply.row().cost;
        if pays(program, saved, &places) {
            places.into_iter().for_each(|place| _ = multiplied.entry(place.definition).or_default().insert(place.node));
        }
    }
    for (&id, divisors) in &multiplied {
        report.enter(&program.tensor(id).name);
        let Some(body) = program.definition(id).map(|definition| definition.body) else { continue };
        let new = program.expressions.rebuild(body, &mut |expressions, node| match &node {
            Node::Apply(Operator::Divide, arguments)
                if divisors.contains(&arguments[1]) && expressions.as_number(arguments[0]) != Some(1.0) =>
            {
                let one = expressions.number(1.0);
                report.fired("what several definitions divide by has one reciprocal");
                let reciprocal = expressions.apply(Operator::Divide, &[one, arguments[1]]);
                expressions.apply(Operator::Multiply, &[arguments[0], reciprocal])
            }
            Node::Apply(..) | Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Select(..) => {
                expressions.intern(node)
            }
        });
        set_body(program, id, new);
    }
    !multiplied.is_empty()
}

/// What is divided by in some definitions.
fn divisors(program: &Program, order: &[TensorId]) -> FxHashSet<ExpressionId> {
    let bodies = order.iter().filter_map(|&id| program.definition(id)).map(|definition| definition.body);
    let nodes = bodies.flat_map(|body| program.expressions.reachable(body));
    nodes.filter_map(|node| divisor(program, node)).collect()
}

fn divisor(program: &Program, node: ExpressionId) -> Option<ExpressionId> {
    let Node::Apply(Operator::Divide, arguments) = program.expressions.node(node) else { return None };
    Some(arguments[1]).filter(|&by| !program.expressions.tensors(by).is_empty())
}

/// The definition that a formula is read from: one that is nothing else, or a new one where that pays.
fn provider(program: &mut Program, cost: u32, key: &Key, places: &[Occurrence]) -> Option<Provider> {
    if others(program, places) == 0 {
        return None;
    }
    known(program, places).or_else(|| {
        let place = places.iter().find(|place| is_over_axes(program, place))?;
        pays(program, cost, places).then(|| made(program, key, &places[0], place))
    })
}

/// Whether a definition has an element for all labels of a formula in it.
fn is_over_axes(program: &Program, place: &Occurrence) -> bool {
    let rank = program.tensor(place.definition).shape.len();
    place.labels.iter().all(|label| (label.0 as usize) < rank)
}

/// Whether it costs less to compute what costs so much once than for each definition that needs it. What results is as large as one of
/// these at most. If all of these run over the same labels, a loop computes them and it stays at hand.
fn pays(program: &Program, cost: u32, places: &[Occurrence]) -> bool {
    let readers: BTreeSet<TensorId> = places.iter().map(|place| place.definition).collect();
    let fits = places.iter().any(|place| is_over_axes(program, place));
    let spaces: BTreeSet<Vec<Extent>> = readers.iter().map(|&id| sorted(program.label_extents(id))).collect();
    let price = if spaces.len() == 1 { LOADED } else { STORED };
    fits && places.iter().all(|place| place.is_safe) && cost.saturating_mul(others(program, places)) >= price
}

/// How often a formula is computed beside the first time: for each further definition that needs it, and, where there is one, once more for
/// each that goes along labels that the formula has not. What has no labels is computed before all loops.
fn others(program: &Program, places: &[Occurrence]) -> u32 {
    let labels = |id: TensorId| program.label_extents(id).len();
    let needed = |place: &&Occurrence| !place.labels.is_empty() || labels(place.definition) == 0;
    let readers: BTreeSet<TensorId> = places.iter().filter(needed).map(|place| place.definition).collect();
    let repeats = |place: &&Occurrence| needed(place) && place.labels.len() < labels(place.definition);
    let repeating: BTreeSet<TensorId> = places.iter().filter(repeats).map(|place| place.definition).collect();
    let others = if readers.len() > 1 { readers.len() - 1 + repeating.len() } else { 0 };
    u32::try_from(others).unwrap_or(u32::MAX)
}

fn sorted(mut extents: Vec<Extent>) -> Vec<Extent> {
    extents.sort_unstable();
    extents
}

/// What a formula costs for each element. What in it has no labels is computed before all loops; of a formula without any, what reads
/// nothing is not counted.
fn cost(program: &Program, node: ExpressionId) -> u32 {
    let expressions = &program.expressions;
    let (mut labelled, mut reading): (FxHashSet<ExpressionId>, FxHashSet<ExpressionId>) = Default::default();
    let parts = expressions.reachable(node);
    for &part in &parts {
        let arguments = expressions.arguments(part);
        let mut has_labels = arguments.iter().any(|argument| labelled.contains(argument));
        expressions.each_own_label(part, &mut |_| has_labels = true);
        if has_labels {
            labelled.insert(part);
        }
        if matches!(expressions.node(part), Node::Read(..)) || arguments.iter().any(|argument| reading.contains(argument)) {
            reading.insert(part);
        }
    }
    let counted = if labelled.contains(&node) { &labelled } else { &reading };
    parts.iter().filter(|part| counted.contains(part)).map(|&part| own_cost(expressions, part)).fold(0, u32::saturating_add)
}

/// Whether a formula is an operation on numbers that are read.
fn is_number(program: &Program, node: ExpressionId) -> bool {
    let is_operation = match program.expressions.node(node) {
        Node::Apply(operator, _) => !operator.is_truth(),
        Node::Select(..) => true,
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => false,
    };
    is_operation && !program.expressions.tensors(node).is_empty()
}

/// The definitions of which formulas are compared: those of no recurrence, which keeps in memory what its steps need and no more.
fn compared(program: &Program) -> Vec<TensorId> {
    let recurrent = program.recurrent();
    let is_small = |id: &TensorId| {
        program.definition(*id).is_some_and(|definition| program.expressions.reachable(definition.body).len() <= MOST_PARTS)
    };
    program.order().into_iter().filter(|id| !recurrent.contains(id) && is_small(id)).collect()
}
