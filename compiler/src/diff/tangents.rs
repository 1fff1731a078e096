//! Forward mode, element by element: the same chain rule, walked from what is differentiated for.
//!
//! Where all that is differentiated for moves along a direction, a definition T moves by
//!
//! ```text
//! d T[labels]  =  Σ over the reads P[index] of its formula:  ∂formula/∂read · d P[index]
//! ```
//!
//! What is read there moves as it stands, so there is no δ to eliminate, and a gather stays one. The partials are those of the table,
//! the shares of a reduction's terms those of `reductions`.
//!
//! A `where` is a wall: how a branch moves is a part of its own, and its condition stands around all that the part is multiplied by.

use super::contributions::{partials, plus, times};
use super::guards::{self, Guard};
use super::reductions::{self, Share};
use super::{Term, active, add, is_over_axes, units_of, zero};
use crate::derived_names;
use crate::ir::{Definition, ExpressionId, Expressions, Index, Label, Node, Program, Source, TensorId, Unit};
use crate::ops::Reduction;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How `of` moves where each of some tensors moves along a direction (with each the tensor that holds it, of the same shape): the
/// product of the Jacobian of `of` with the directions. `None` where it does not move.
pub fn tangent(program: &mut Program, of: TensorId, directions: &[(TensorId, TensorId)]) -> Option<TensorId> {
    let wrt: Vec<TensorId> = directions.iter().map(|&(id, _)| id).collect();
    let active = active(program, of, &wrt);
    let mut moving = Moving::default();
    for &(id, direction) in directions {
        moving.0.insert(id, Tangent { tensor: direction, guard: None });
    }
    for unit in units_of(program, &[of]) {
        match unit {
            Unit::Single(id) if active[id.0 as usize] && !wrt.contains(&id) => moving.single(program, id),
            Unit::Single(_) => {}
            Unit::Circle(members) => moving.circle(program, &members, &active),
        }
    }
    moving.0.get(&of).map(|found| found.tensor)
}

/// How a tensor moves.
#[derive(Clone, Copy)]
struct Tangent {
    tensor: TensorId,
    /// The condition over the axes outside of which it is 0.
    guard: Option<Guard>,
}

/// The tensors that move.
#[derive(Default)]
struct Moving(BTreeMap<TensorId, Tangent>);

impl Moving {
    fn single(&mut self, program: &mut Program, id: TensorId) {
        if let Some(term) = self.term(program, id) {
            let (guard, name) = (term.guard, derived_names::tangent_of(&program.tensor(id).name));
            let tensor = add(program, id, name, term);
            self.0.insert(id, Tangent { tensor, guard });
        }
    }

    /// A recurrence moves as one that runs the same way: its members have names before it is known how they move.
    fn circle(&mut self, program: &mut Program, members: &[TensorId], active: &[bool]) {
        let members: Vec<TensorId> = members.iter().copied().filter(|id| active[id.0 as usize]).collect();
        for &id in &members {
            let (name, placeholder) = (derived_names::tangent_of(&program.tensor(id).name), zero(program, id));
            let tensor = add(program, id, name, placeholder);
            self.0.insert(id, Tangent { tensor, guard: None });
        }
        for &id in &members {
            if let Some(Term { definition, label_names, guard: _ }) = self.term(program, id) {
                let tensor = &mut program.tensors[self.0[&id].tensor.0 as usize];
                tensor.source = Source::Defined(definition);
                tensor.label_names = label_names;
            }
        }
    }

    /// How a definition moves, over its own labels; `None` where it does not.
    fn term(&self, program: &mut Program, id: TensorId) -> Option<Term> {
        let Definition { reduction, body } = program.definition(id)?.clone();
        let rank = program.tensor(id).shape.len();
        let mut parts = self.parts(&mut program.expressions, body);
        if parts.is_empty() {
            return None;
        }
        let share = reductions::share(program, id);
        let expressions = &mut program.expressions;
        match share {
            Share::Whole | Share::First(_) => {}
            Share::Factor(factor) => parts.0.values_mut().for_each(|part| *part = times(expressions, *part, factor)),
            Share::Nothing => return None,
        }
        let mut guard = parts.guard().filter(|guard| is_over_axes(expressions, guard.condition, rank));
        let mut body = parts.sum(expressions)?;
        if let Share::First(condition) = share {
            body = guards::around(expressions, Guard { condition, holds: true }, body);
            guard = None;
        }
        let definition = Definition { reduction: reduction.map(|(_, extents)| (Reduction::Sum, extents)), body };
        Some(Term { definition, label_names: program.tensor(id).label_names.clone(), guard })
    }

    /// How a formula moves.
    fn parts(&self, expressions: &mut Expressions, formula: ExpressionId) -> Parts {
        let mut parts: FxHashMap<ExpressionId, Parts> = FxHashMap::default();
        for id in expressions.reachable(formula) {
            let own = match expressions.node(id).clone() {
                Node::Number(_) | Node::Position(_) | Node::Random(..) => continue,
                Node::Read(tensor, at) => self.read(expressions, tensor, at),
                Node::Select(condition, then, otherwise) => {
                    let branch = |branch, holds| Some(parts.get(&branch)?.behind(Guard { condition, holds }));
                    let mut both = branch(then, true).unwrap_or_default();
                    both.0.extend(branch(otherwise, false).unwrap_or_default().0);
                    both
                }
                Node::Apply(..) => {
                    let moving: Vec<_> = (partials(expressions, id).into_iter())
                        .filter_map(|(argument, partial)| Some((parts.get(&argument)?, partial)))
                        .collect();
                    let mut sum = Parts::default();
                    moving.into_iter().for_each(|(argument, partial)| sum.add(expressions, argument, partial));
                    sum
                }
            };
            if !own.is_empty() {
                parts.insert(id, own);
            }
        }
        parts.remove(&formula).unwrap_or_default()
    }

    fn read(&self, expressions: &mut Expressions, tensor: TensorId, at: Vec<Index>) -> Parts {
        let Some(&Tangent { tensor, guard }) = self.0.get(&tensor) else { return Parts::default() };
        let walls = guard.into_iter().map(|Guard { condition, holds }| {
            let condition = expressions.substitute(condition, &mut |Label(axis)| at[axis as usize].clone());
            Wall { guard: Guard { condition, holds }, is_carried: true }
        });
        let walls = walls.collect();
        Parts(BTreeMap::from([(walls, expressions.read(tensor, at))]))
    }
}

/// A condition around a part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wall {
    guard: Guard,
    /// Whether the part is 0 outside by itself, because what it reads is.
    is_carried: bool,
}

/// How a formula moves: a sum of parts, each with the walls around it, the outermost first.
#[derive(Default)]
struct Parts(BTreeMap<Vec<Wall>, ExpressionId>);

impl Parts {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds multiples of the parts of another formula.
    fn add(&mut self, expressions: &mut Expressions, other: &Self, factor: ExpressionId) {
        for (walls, &part) in &other.0 {
            let share = times(expressions, part, factor);
            let total = self.0.get(walls).map_or(share, |&known| plus(expressions, known, share));
            self.0.insert(walls.clone(), total);
        }
    }

    /// The same parts in a branch of a `where`.
    fn behind(&self, guard: Guard) -> Self {
        let wall = Wall { guard, is_carried: false };
        Self(self.0.iter().map(|(walls, &part)| (std::iter::once(wall).chain(walls.iter().copied()).collect(), part)).collect())
    }

    /// The condition outside of which all parts are 0.
    fn guard(&self) -> Option<Guard> {
        guards::common(self.0.keys().map(|walls| Some(walls.first()?.guard)))
    }

    /// All parts, each behind its walls.
    fn sum(self, expressions: &mut Expressions) -> Option<ExpressionId> {
        let mut sum = None;
        for (walls, part) in self.0 {
            let part = walls.iter().rev().fold(part, |part, wall| match wall.is_carried {
                true => guards::put(expressions, Some(wall.guard), part),
                false => guards::around(expressions, wall.guard, part),
            });
            sum = Some(sum.map_or(part, |others| plus(expressions, others, part)));
        }
        sum
    }
}
