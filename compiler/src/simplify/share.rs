//! Formulas that several definitions need and that are not cheap are computed once, in a definition of their own.
//!
//! The slope of `tanh` holds `tanh` again: forward and backward share it. A formula is known by its canonical form, in which
//! labels are numbered in the order of their first occurrence. One that reads what only a condition around it protects is not
//! computed elsewhere; but where it is the whole of a definition, it is there already.

use super::definitions::add_auxiliary;
use super::pattern::is_commutative;
use super::{Report, set_body};
use crate::ir::cost::{LOADED, own_cost};
use crate::ir::{Definition, ExpressionId, Expressions, Extent, Index, Label, Node, Program, TensorId, bounds};
use crate::ops::{Operator, Spelling};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// An operator that costs less is computed again rather than stored.
pub const DEAR: u32 = 15;

/// A formula in canonical form and the extents of its labels.
pub type Key = (ExpressionId, Vec<Extent>);

/// A definition with, for each of its axes, the canonical label.
pub type Provider = (TensorId, Vec<usize>);

/// Where a formula occurs: in which definition, as which node, with which labels for the canonical ones.
pub struct Occurrence {
    pub definition: TensorId,
    pub node: ExpressionId,
    pub labels: Vec<Label>,
    /// Whether every read stays inside for all values of the labels, so that no condition around it is needed.
    pub is_safe: bool,
}

/// Gives shared formulas a definition of their own. One call shares the largest ones.
pub fn share(program: &mut Program, report: &mut Report) -> bool {
    let order = program.order();
    let occurrences = occurrences(program, &order, &|program, node| is_dear(program, node) || is_dear_to_load(program, node));
    let mut replaced = Replaced::default();
    for (key, places) in occurrences {
        let mut definitions: Vec<TensorId> = places.iter().map(|place| place.definition).collect();
        definitions.dedup();
        if definitions.len() < 2 {
            continue;
        }
        let is_safe = is_dear(program, places[0].node) && places.iter().all(|place| place.is_safe);
        let known = known(program, &places);
        let Some((provider, axes)) = known.or_else(|| is_safe.then(|| made(program, &key, &places[0], &places[0]))) else {
            continue;
        };
        report.enter(&program.tensor(definitions[0]).name);
        report.fired("a formula that several definitions need is computed once");
        for place in places.iter().filter(|place| place.definition != provider) {
            replaced.read(program, (provider, &axes), place);
        }
    }
    replaced.put(program)
}

/// Formulas in other definitions than those that compute them, for each definition with the reads that take their place.
#[derive(Default)]
pub struct Replaced(BTreeMap<TensorId, FxHashMap<ExpressionId, ExpressionId>>);

impl Replaced {
    /// A formula is read from where it is computed.
    pub fn read(&mut self, program: &mut Program, (provider, axes): (TensorId, &[usize]), place: &Occurrence) {
        let at = axes.iter().map(|&axis| Index::label(place.labels[axis])).collect();
        let read = program.expressions.read(provider, at);
        self.0.entry(place.definition).or_default().insert(place.node, read);
    }

    /// Puts the reads into the definitions; whether there are any.
    pub fn put(self, program: &mut Program) -> bool {
        for (&id, nodes) in &self.0 {
            if let Some(body) = program.definition(id).map(|definition| definition.body) {
                let new = program.expressions.replace(body, nodes);
                set_body(program, id, new);
            }
        }
        !self.0.is_empty()
    }
}

fn is_dear(program: &Program, node: ExpressionId) -> bool {
    own_cost(&program.expressions, node) >= DEAR
}

/// Whether a formula is a function that costs as much as to load its value, so that it is read where it is a definition anyway. (A
/// quotient stays: rational functions are known by their form.)
fn is_dear_to_load(program: &Program, node: ExpressionId) -> bool {
    match program.expressions.node(node) {
        Node::Apply(operator, _) => matches!(operator.row().spelling, Spelling::Function(_)) && operator.row().cost >= LOADED,
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Select(..) => false,
    }
}

/// All formulas that are worth it with their places, the first place first; those inside of a larger one that is shared come after it.
pub fn occurrences(
    program: &mut Program,
    order: &[TensorId],
    is_worth_it: &dyn Fn(&Program, ExpressionId) -> bool,
) -> Vec<(Key, Vec<Occurrence>)> {
    let mut found: Vec<(Key, Vec<Occurrence>)> = Vec::new();
    let mut numbers: FxHashMap<Key, usize> = FxHashMap::default();
    let mut ordered = Ordered::default();
    for &id in order {
        let Some(body) = program.definition(id).map(|definition| definition.body) else { continue };
        let extents = program.label_extents(id);
        for node in program.expressions.reachable(body) {
            if !is_worth_it(program, node) {
                continue;
            }
            let is_safe = bounds::reads_inside(program, node, &extents);
            let (canonical, labels) = canonical(program, node, &mut ordered);
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

/// Formulas with the operands of commutative operators in an order that depends on neither the labels nor the age of formulas, and what
/// they are without their labels.
#[derive(Default)]
struct Ordered(FxHashMap<ExpressionId, (ExpressionId, ExpressionId)>);

impl Ordered {
    fn formula(&mut self, expressions: &mut Expressions, root: ExpressionId) -> ExpressionId {
        for id in expressions.reachable(root) {
            if !self.0.contains_key(&id) {
                let new = self.node(expressions, id);
                self.0.insert(id, new);
            }
        }
        self.0[&root].0
    }

    /// The same of a formula whose arguments are known.
    fn node(&self, expressions: &mut Expressions, id: ExpressionId) -> (ExpressionId, ExpressionId) {
        match expressions.node(id).clone() {
            Node::Apply(operator, arguments) => {
                let mut arguments: Vec<(ExpressionId, ExpressionId)> = arguments.iter().map(|one| self.0[one]).collect();
                if is_commutative(operator) {
                    arguments.sort_by_key(|(_, without_labels)| *without_labels);
                }
                let (formula, without): (Vec<ExpressionId>, Vec<ExpressionId>) = arguments.into_iter().unzip();
                (expressions.apply(operator, &formula), expressions.apply(operator, &without))
            }
            Node::Select(condition, then, otherwise) => {
                let [condition, then, otherwise] = [condition, then, otherwise].map(|one| self.0[&one]);
                (expressions.select(condition.0, then.0, otherwise.0), expressions.select(condition.1, then.1, otherwise.1))
            }
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) => {
                (id, expressions.substitute(id, &mut |_| Index::label(Label(0))))
            }
        }
    }
}

/// A formula in its order with its labels numbered in the order of their first occurrence, and these labels.
fn canonical(program: &mut Program, node: ExpressionId, ordered: &mut Ordered) -> (ExpressionId, Vec<Label>) {
    let node = ordered.formula(&mut program.expressions, node);
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
pub fn known(program: &Program, places: &[Occurrence]) -> Option<Provider> {
    places.iter().find_map(|place| {
        let rank = program.tensor(place.definition).shape.len();
        let whole = program.definition(place.definition) == Some(&Definition { reduction: None, body: place.node });
        let axis = |number: usize| place.labels.iter().position(|label| label.0 as usize == number);
        let axes = (whole && place.labels.len() == rank).then(|| (0..rank).map(axis).collect::<Option<_>>())??;
        Some((place.definition, axes))
    })
}

/// A new definition that computes a formula, named after where it occurs first. In the order of the labels at a place, so that it lies in
/// memory as what it is computed from and for does there.
pub fn made(program: &mut Program, key: &Key, first: &Occurrence, place: &Occurrence) -> Provider {
    let mut axes: Vec<usize> = (0..place.labels.len()).collect();
    axes.sort_by_key(|&axis| place.labels[axis]);
    let names = axes.iter().map(|&axis| program.label_name(place.definition, place.labels[axis])).collect();
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
        Spelling::Function(name) => name,
        Spelling::Infix(..) if operator == Operator::Power => "power",
        Spelling::Infix(..) | Spelling::Prefix(..) => "part",
    }
}
