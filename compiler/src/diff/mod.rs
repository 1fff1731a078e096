//! Reverse mode, element by element (forward mode, with the same slopes, is `tangents`).
//!
//! Every read `P[index]` in the formula of a definition `T` contributes
//!
//! ```text
//! d P[p]  +=  Σ over the labels of T:  d T[labels] · ∂formula/∂read · δ(index = p)
//! ```
//!
//! `contributions` finds the slope of a formula for each of its reads, `solve` eliminates the δ. Each adjoint is a
//! definition like any other (named `d P`), so it can be simplified, printed and differentiated again.
//!
//! It must know nothing of speed and of Rust.

pub mod batch;
mod contributions;
mod guards;
mod record;
mod reductions;
mod solve;
mod tangents;
#[cfg(test)]
mod tests;

use self::guards::Guard;
use crate::derived_names;
use crate::ir::{
    Definition, Element, ExpressionId, Expressions, Index, Label, Node, Program, Role, Root, Source, Tensor, TensorId, Unit,
};
use crate::ops::{Operator, Reduction};
pub use record::{Record, Step};
use std::collections::BTreeMap;
pub use tangents::tangent;

/// Adds the gradient of the scalar `of` for each tensor of `wrt` to the program, as definitions named `d NAME` and roots
/// [`Role::Gradient`]. A tensor that `of` does not read, however indirectly, has a gradient of zeros.
pub fn gradient(program: &mut Program, of: TensorId, wrt: &[TensorId]) {
    let one = program.expressions.number(1.0);
    for (&id, adjoint) in wrt.iter().zip(adjoints(program, of, one, wrt)) {
        let tensor = adjoint.unwrap_or_else(|| zeros(program, id));
        program.roots.push(Root { role: Role::Gradient(id), tensor });
    }
}

/// Adds the adjoints of `wrt` to the program, where `seed` is the adjoint of `of` as a formula over its axes: the product of a
/// vector with the Jacobian of `of`. There is none for what `of` does not read, or only through a slope of 0.
pub fn adjoints(program: &mut Program, of: TensorId, seed: ExpressionId, wrt: &[TensorId]) -> Vec<Option<TensorId>> {
    Adjoints::default().of(program, of, seed, wrt)
}

/// The same, and what was done.
pub fn recorded(program: &mut Program, of: TensorId, seed: ExpressionId, wrt: &[TensorId]) -> (Vec<Option<TensorId>>, Record) {
    let mut adjoints = Adjoints { record: Some(Record::default()), ..Adjoints::default() };
    let found = adjoints.of(program, of, seed, wrt);
    (found, adjoints.record.unwrap_or_default())
}

/// What some tensors need, in order.
fn units_of(program: &mut Program, of: &[TensorId]) -> Vec<Unit> {
    let roots = of.iter().map(|&tensor| Root { role: Role::Loss, tensor }).collect();
    let saved = std::mem::replace(&mut program.roots, roots);
    let units = program.units();
    program.roots = saved;
    units
}

/// For each tensor, whether it depends on one of `wrt` in a way that a slope can pass: through real numbers.
fn active(program: &mut Program, of: TensorId, wrt: &[TensorId]) -> Vec<bool> {
    let mut active = vec![false; program.tensors.len()];
    for id in wrt {
        active[id.0 as usize] = true;
    }
    for unit in units_of(program, &[of]) {
        let members = match unit {
            Unit::Single(id) => vec![id],
            Unit::Circle(members) => members,
        };
        let depends = members.iter().flat_map(|&id| program.dependencies(id)).any(|dependency| active[dependency.0 as usize]);
        for id in members {
            active[id.0 as usize] |= depends && program.tensor(id).element == Element::Real;
        }
    }
    active
}

/// A part of an adjoint: a formula over the axes of its tensor, or a read of a definition that was made for it.
#[derive(Default)]
struct Adjoints {
    /// For each tensor, the terms of its adjoint over the labels of its axes.
    terms: BTreeMap<TensorId, Vec<Term>>,
    /// What is done, where somebody wants to know.
    record: Option<Record>,
}

/// One summand of an adjoint.
struct Term {
    /// The definition with its remaining sum, if there is one, else a formula alone.
    definition: Definition,
    /// The names of its labels.
    label_names: Vec<String>,
    /// The condition over the axes outside of which it is 0.
    guard: Option<Guard>,
}

impl Adjoints {
    /// The adjoints of some tensors, for one of another.
    fn of(&mut self, program: &mut Program, of: TensorId, seed: ExpressionId, wrt: &[TensorId]) -> Vec<Option<TensorId>> {
        let active = active(program, of, wrt);
        self.begin(program, of, seed);
        for unit in units_of(program, &[of]).into_iter().rev() {
            match unit {
                Unit::Single(id) if id == of && active[id.0 as usize] => {
                    self.spread(program, id, seed, None, &active);
                }
                Unit::Single(id) if active[id.0 as usize] && !wrt.contains(&id) => {
                    if let Some((upstream, guard)) = self.upstream(program, id) {
                        self.spread(program, id, upstream, guard, &active);
                    }
                }
                Unit::Single(_) => {}
                Unit::Circle(members) => self.spread_circle(program, &members, &active),
            }
        }
        wrt.iter().map(|&id| self.define(program, id)).collect()
    }

    /// The adjoint of what is differentiated.
    fn begin(&mut self, program: &Program, of: TensorId, seed: ExpressionId) {
        let label_names = program.tensor(of).label_names.clone();
        let definition = Definition { reduction: None, body: seed };
        self.terms.insert(of, vec![Term { definition, label_names, guard: None }]);
    }

    /// The adjoint of a definition as a formula over its own labels, and the condition under which it is not 0; `None` where
    /// nothing reaches it.
    fn upstream(&mut self, program: &mut Program, id: TensorId) -> Option<(ExpressionId, Option<Guard>)> {
        let guard = guards::common(self.terms.get(&id)?.iter().map(|term| term.guard));
        let adjoint = self.define(program, id)?;
        let labels = plain_labels(program.tensor(id).shape.len());
        Some((program.expressions.read(adjoint, labels), guard))
    }

    /// Turns the terms of a tensor's adjoint into the definition `d NAME`.
    fn define(&mut self, program: &mut Program, id: TensorId) -> Option<TensorId> {
        let name = adjoint_name(program, id);
        let total = self.total(program, id)?;
        let adjoint = add(program, id, name, total);
        self.record.iter_mut().for_each(|record| record.adjoints.push((id, adjoint)));
        Some(adjoint)
    }

    /// The sum of the terms of a tensor's adjoint: one reduction, or a formula that reads further definitions.
    fn total(&mut self, program: &mut Program, id: TensorId) -> Option<Term> {
        let mut terms = self.terms.remove(&id)?;
        if terms.len() == 1 {
            return terms.pop();
        }
        let name = format!("{}_part", adjoint_name(program, id));
        let mut sum: Option<ExpressionId> = None;
        for term in terms {
            let body = if term.definition.reduction.is_none() {
                term.definition.body
            } else {
                let part = add(program, id, name.clone(), term);
                let labels = plain_labels(program.tensor(id).shape.len());
                program.expressions.read(part, labels)
            };
            sum = Some(match sum {
                None => body,
                Some(other) => program.expressions.apply(Operator::Add, &[other, body]),
            });
        }
        let label_names = program.tensor(id).label_names.clone();
        Some(Term { definition: Definition { reduction: None, body: sum? }, label_names, guard: None })
    }

    /// The adjoint of a recurrence is one that runs the other way: each member's adjoint has a name before its terms are known,
    /// since they read each other.
    fn spread_circle(&mut self, program: &mut Program, members: &[TensorId], active: &[bool]) {
        if !members.iter().any(|id| self.terms.contains_key(id)) {
            return;
        }
        let mut open = Vec::new();
        for &id in members.iter().rev().filter(|id| active[id.0 as usize]) {
            let name = adjoint_name(program, id);
            let placeholder = zero(program, id);
            open.push((id, add(program, id, name, placeholder)));
        }
        self.record.iter_mut().for_each(|record| record.adjoints.extend(&open));
        for &(id, adjoint) in &open {
            let labels = plain_labels(program.tensor(id).shape.len());
            let upstream = program.expressions.read(adjoint, labels);
            self.spread(program, id, upstream, None, active);
        }
        for (id, adjoint) in open {
            // A member that only integers read has no terms: its adjoint is 0.
            if let Some(Term { definition, label_names, guard: _ }) = self.total(program, id) {
                let tensor = &mut program.tensors[adjoint.0 as usize];
                tensor.source = Source::Defined(definition);
                tensor.label_names = label_names;
            }
        }
    }

    /// Gives every tensor that a definition reads its share.
    fn spread(&mut self, program: &mut Program, id: TensorId, upstream: ExpressionId, guard: Option<Guard>, active: &[bool]) {
        let partials = self.record.is_some().then(|| {
            let one = program.expressions.number(1.0);
            reductions::slopes(program, id, one, active)
        });
        for (read, slope) in reductions::slopes(program, id, upstream, active) {
            let Node::Read(tensor, index) = program.expressions.node(read).clone() else { continue };
            let carried = guards::of(&program.expressions, slope).or(guard);
            let value = guards::put(&mut program.expressions, guard, slope);
            let solved = solve::contribution(program, id, tensor, &index, value, carried);
            if let (Some(record), Some(&partial)) = (&mut self.record, partials.as_ref().and_then(|found| found.get(&read))) {
                let (contribution, (solved, left)) = (solved.definition.clone(), (solved.solved.clone(), solved.left.clone()));
                record.steps.push(Step { reader: id, read: tensor, index, upstream, partial, solved, left, contribution });
            }
            let term = Term { definition: solved.definition, label_names: solved.label_names, guard: solved.guard };
            self.terms.entry(tensor).or_default().push(term);
        }
    }
}

/// The name of the adjoint of a tensor.
fn adjoint_name(program: &Program, id: TensorId) -> String {
    derived_names::adjoint_of(&program.tensor(id).name)
}

/// Adds a definition with the shape of another tensor.
fn add(program: &mut Program, like: TensorId, name: String, term: Term) -> TensorId {
    let original = program.tensor(like);
    let tensor = Tensor {
        name,
        shape: original.shape.clone(),
        element: Element::Real,
        source: Source::Defined(term.definition),
        label_names: term.label_names,
        span: original.span,
        documentation: Vec::new(),
    };
    program.add(tensor)
}

/// A gradient of zeros, in the shape of a tensor.
pub fn zeros(program: &mut Program, like: TensorId) -> TensorId {
    let name = adjoint_name(program, like);
    let term = zero(program, like);
    add(program, like, name, term)
}

/// Zeros in the shape of a tensor.
fn zero(program: &mut Program, like: TensorId) -> Term {
    let body = program.expressions.number(0.0);
    let label_names = program.tensor(like).label_names.clone();
    Term { definition: Definition { reduction: None, body }, label_names, guard: None }
}

/// Whether a formula mentions no other labels than those of the first axes.
fn is_over_axes(expressions: &Expressions, formula: ExpressionId, rank: usize) -> bool {
    let mut inside = true;
    expressions.each_label(formula, &mut |Label(number)| inside &= (number as usize) < rank);
    inside
}

/// The labels of the first axes, each as an index.
pub(crate) fn plain_labels(count: usize) -> Vec<Index> {
    (0..count).map(|number| Index::label(label(number))).collect()
}

fn label(number: usize) -> Label {
    Label(u32::try_from(number).expect("fewer than 2^32 labels"))
}

/// A definition that serves an adjoint: of the same axes as `like` and more, with a name of its own.
fn auxiliary(
    program: &mut Program,
    like: TensorId,
    suffix: &str,
    more_axes: usize,
    reduction: Reduction,
    body: ExpressionId,
) -> TensorId {
    let extents = program.label_extents(like);
    let original = program.tensor(like);
    let rank = original.shape.len();
    let reduced = extents[rank..].to_vec();
    let mut label_names: Vec<String> = (0..extents.len()).map(|number| program.label_name(like, label(number))).collect();
    if more_axes > 0 {
        let again: Vec<String> = label_names[rank..].iter().map(|name| format!("{name}2")).collect();
        label_names.extend(again);
    }
    let name = format!("{}_{suffix}", original.name);
    let source = Source::Defined(Definition { reduction: Some((reduction, reduced)), body });
    let shape = extents[..rank + more_axes].to_vec();
    // It may be there already.
    if let Some(known) =
        program.find(&name).filter(|&id| program.tensor(id).source == source && program.tensor(id).shape == shape)
    {
        return known;
    }
    let tensor =
        Tensor { name, shape, element: Element::Real, source, label_names, span: original.span, documentation: Vec::new() };
    program.add(tensor)
}
