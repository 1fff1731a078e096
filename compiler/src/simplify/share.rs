//! Formulas that several definitions need and that are not cheap are computed once, in a definition of their own.
//!
//! The slope of `tanh` holds `tanh` again: forward and backward share it. A formula is known by its canonical form, in which
//! labels are numbered in the order of their first occurrence. One that reads what only a condition around it protects is not
//! computed elsewhere; but where it is the whole of a definition, it is there already.

use super::definitions::add_auxiliary;
use super::{Report, set_body};
use crate::ir::cost::own_cost;
use crate::ir::{Definition, ExpressionId, Extent, Index, Label, Node, Program, TensorId, bounds};
use crate::ops::Operator;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// An operator that costs less is computed again rather than stored.
pub const DEAR: u32 = 15;

/// A formula in canonical form and the extents of its labels.
type Key = (ExpressionId, Vec<Extent>);

/// A definition with, for each of its axes, the canonical label.
type Provider = (TensorId, Vec<usize>);

/// Where a formula occurs: in which definition, as which node, with which labels for the canonical ones.
struct Occurrence {
    definition: TensorId,
    node: ExpressionId,
    labels: Vec<Label>,
    /// Whether every read stays inside for all values of the labels, so that no condition around it is needed.
    is_safe: bool,
}

/// Gives shared formulas a definition of their own. One call shares the largest ones.
pub fn share(program: &mut Program, report: &mut Report) -> bool {
    let order = program.order();
    let occurrences = occurrences(program, &order);
    let mut replaced: BTreeMap<TensorId, FxHashMap<ExpressionId, ExpressionId>> = BTreeMap::new();
    for (key, places) in occurrences {
        let mut definitions: Vec<TensorId> = places.iter().map(|place| place.definition).collect();
        definitions.dedup();
        if definitions.len() < 2 {
            continue;
        }
        let is_safe = places.iter().all(|place| place.is_safe);
        let known = known(program, &places);
        let Some((provider, axes)) = known.or_else(|| is_safe.then(|| made(program, &key, &places[0]))) else { continue };
        report.enter(&program.tensor(definitions[0]).name);
        report.fired("a formula that several definitions need is computed once");
        for place in places.iter().filter(|place| place.definition != provider) {
            let at = axes.iter().map(|&axis| Index::label(place.labels[axis])).collect();
            let read = program.expressions.read(provider, at);
            replaced.entry(place.definition).or_default().insert(place.node, read);
        }
    }
    for (&id, nodes) in &replaced {
        if let Some(body) = program.definition(id).map(|definition| definition.body) {
            let new = program.expressions.replace(body, nodes);
            set_body(program, id, new);
        }
    }
    !replaced.is_empty()
}

/// All dear formulas with their places, the first place first; those inside of a larger one that is shared come after it.
fn occurrences(program: &mut Program, order: &[TensorId]) -> Vec<(Key, Vec<Occurrence>)> {
    let mut found: Vec<(Key, Vec<Occurrence>)> = Vec::new();
    let mut numbers: FxHashMap<Key, usize> = FxHashMap::default();
    for &id in order {
        let Some(body) = program.definition(id).map(|definition| definition.body) else { continue };
        let extents = program.label_extents(id);
        for node in program.expressions.reachable(body) {
            if own_cost(&program.expressions, node) < DEAR {
                continue;
            }
            let is_safe = bounds::reads_inside(program, node, &extents);
            let (canonical, labels) = canonical(program, node);
            let key = (canonical, labels.iter().map(|label| extents[label.0 as usize].clone()).collect());
            let number = *numbers.entry(key.clone()).or_insert_with(|| {
                found.push((key, Vec::new()));
                found.len() - 1
            });
            found[number].1.push(Occurrence { definition: id, node, labels, is_safe });
        }
    }
    found
}

/// A formula with its labels numbered in the order of their first occurrence, and these labels.
fn canonical(program: &mut Program, node: ExpressionId) -> (ExpressionId, Vec<Label>) {
    let mut labels: Vec<Label> = Vec::new();
    program.expressions.each_label(node, &mut |label| {
        if !labels.contains(&label) {
            labels.push(label);
        }
    });
    let canonical = program.expressions.substitute(node, &mut |label| {
        let position = labels.iter().position(|&other| other == label).unwrap_or_default();
        Index::label(Label(u32::try_from(position).unwrap_or(u32::MAX)))
    });
    (canonical, labels)
}

/// The definition that is a formula and nothing else, if there is one.
fn known(program: &Program, places: &[Occurrence]) -> Option<Provider> {
    places.iter().find_map(|place| {
        let rank = program.tensor(place.definition).shape.len();
        let whole = program.definition(place.definition) == Some(&Definition { reduction: None, body: place.node });
        let axis = |number: usize| place.labels.iter().position(|label| label.0 as usize == number);
        let axes = (whole && place.labels.len() == rank).then(|| (0..rank).map(axis).collect::<Option<_>>())??;
        Some((place.definition, axes))
    })
}

/// A new definition that computes a formula.
fn made(program: &mut Program, key: &Key, first: &Occurrence) -> Provider {
    // In the order of the labels where it occurs first, so that it lies in memory as what it is computed from and for does.
    let mut axes: Vec<usize> = (0..first.labels.len()).collect();
    axes.sort_by_key(|&axis| first.labels[axis]);
    let names = axes.iter().map(|&axis| program.label_name(first.definition, first.labels[axis])).collect();
    let shape = axes.iter().map(|&axis| key.1[axis].clone()).collect();
    let body = program.expressions.substitute(key.0, &mut |label| {
        let position = axes.iter().position(|&axis| axis == label.0 as usize).unwrap_or_default();
        Index::label(Label(u32::try_from(position).unwrap_or(u32::MAX)))
    });
    let suffix = match program.expressions.node(key.0) {
        Node::Apply(operator, _) => word(*operator),
        Node::Random(..) => "random",
        Node::Number(_) | Node::Position(_) | Node::Read(..) | Node::Select(..) => "part",
    };
    let id = add_auxiliary(program, first.definition, suffix, shape, names, Definition { reduction: None, body });
    (id, axes)
}

/// What a formula with this operator outermost is called.
pub fn word(operator: Operator) -> &'static str {
    match operator.row().spelling {
        crate::ops::Spelling::Function(name) => name,
        crate::ops::Spelling::Infix(..) | crate::ops::Spelling::Prefix(..) => "power",
    }
}
