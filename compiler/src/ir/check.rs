//! The checker: what holds for every [`Program`], before and after each pass.
//!
//! It speaks of mistakes of the compiler, not of users: elaboration has refused those before.

use super::bounds;
use super::expression::{ExpressionId, Node};
use super::extent::Extent;
use super::index::{Atom, Index, Label};
use super::program::{Definition, Element, Program, Role, Source, TensorId};
use super::recurrence::{Recurrence, Unit};
use std::collections::BTreeSet;

/// Whether a program is well-formed; all that is wrong with it, a line each.
pub fn check(program: &Program) -> Result<(), String> {
    let mut checker = Checker { program, problems: BTreeSet::new() };
    checker.tensors();
    checker.roots();
    // What follows reads the definitions, so their ids must be right.
    if checker.problems.is_empty() {
        let order = program.order();
        checker.circles();
        order.iter().for_each(|&id| checker.definition(id));
    }
    if checker.problems.is_empty() { Ok(()) } else { Err(checker.problems.into_iter().collect::<Vec<_>>().join("\n")) }
}

struct Checker<'a> {
    program: &'a Program,
    problems: BTreeSet<String>,
}

impl Checker<'_> {
    fn problem(&mut self, id: TensorId, text: &str) {
        self.problems.insert(format!("{}: {text}", self.program.tensor(id).name));
    }

    /// Names are unique, sizes and formulas exist.
    fn tensors(&mut self) {
        for id in self.program.ids() {
            let tensor = self.program.tensor(id);
            match self.program.find(&tensor.name) {
                Some(found) if found == id => {}
                Some(_) => self.problem(id, "another tensor has this name"),
                None => self.problem(id, "it was renamed, and is not found by its name"),
            }
            self.extents(id, &self.program.label_extents(id));
            if let Element::Integer { from, to } = &tensor.element {
                self.extents(id, &[from.clone(), to.clone()]);
            }
            if let Source::Defined(Definition { body, .. }) = &tensor.source {
                self.ids_exist(id, *body);
            }
        }
    }

    fn extents(&mut self, id: TensorId, extents: &[Extent]) {
        let count = self.program.sizes.len();
        let mut unknown = false;
        extents.iter().for_each(|extent| extent.each_size(&mut |size| unknown |= size.0 as usize >= count));
        if unknown {
            self.problem(id, "an extent speaks of a size that the program does not have");
        }
    }

    fn ids_exist(&mut self, id: TensorId, body: ExpressionId) {
        let (formulas, tensors) = (self.program.expressions.len(), self.program.tensors.len());
        if body.0 as usize >= formulas {
            return self.problem(id, "its formula is not in the program");
        }
        let mut missing = false;
        self.program.expressions.each_tensor(body, &mut |read| missing |= read.0 as usize >= tensors);
        if missing {
            self.problem(id, "it reads a tensor that the program does not have");
        }
    }

    fn roots(&mut self) {
        let mut roles = BTreeSet::new();
        for root in &self.program.roots {
            let known = |id: TensorId| (id.0 as usize) < self.program.tensors.len();
            let about = match &root.role {
                Role::Gradient(of) | Role::Update(of) => Some(*of),
                Role::Loss | Role::Output(_) | Role::Metric(_) => None,
            };
            if !known(root.tensor) || !about.is_none_or(known) {
                self.problems.insert(format!("{:?}: its tensor is not in the program", root.role));
                continue;
            }
            if !roles.insert(root.role.clone()) {
                self.problem(root.tensor, &format!("the role {:?} is taken", root.role));
            }
            self.root(&root.role, root.tensor);
        }
    }

    fn root(&mut self, role: &Role, id: TensorId) {
        let shape = &self.program.tensor(id).shape;
        match role {
            Role::Loss | Role::Metric(_) if !shape.is_empty() => self.problem(id, "a loss or a metric that is no scalar"),
            Role::Gradient(of) | Role::Update(of) if *shape != self.program.tensor(*of).shape => {
                let other = self.program.tensor(*of).name.clone();
                self.problem(id, &format!("it has not the shape of {other}, whose gradient or new value it is"));
            }
            Role::Update(of) if !matches!(self.program.tensor(*of).source, Source::State(_)) => {
                self.problem(id, "it is the new value of what is no state");
            }
            Role::Loss | Role::Output(_) | Role::Metric(_) | Role::Gradient(_) | Role::Update(_) => {}
        }
    }

    /// What reads itself, or goes in a circle, is a recurrence.
    fn circles(&mut self) {
        for unit in self.program.units() {
            if let Unit::Circle(members) = unit
                && Recurrence::of(self.program, &members).is_none()
            {
                let names: Vec<&str> = members.iter().map(|&id| self.program.tensor(id).name.as_str()).collect();
                let circle = names.join(", ");
                self.problem(members[0], &format!("it reads itself, and {circle} are no recurrence"));
            }
        }
    }

    fn definition(&mut self, id: TensorId) {
        let Some(definition) = self.program.definition(id) else { return };
        let labels = self.program.label_extents(id);
        for formula in self.program.expressions.reachable(definition.body) {
            match self.program.expressions.node(formula) {
                Node::Apply(operator, arguments) if arguments.len() != operator.row().arity => {
                    self.problem(id, &format!("{operator:?} has {} arguments", arguments.len()));
                }
                Node::Position(index) | Node::Random(_, index) => self.index(id, formula, index, &labels),
                Node::Read(tensor, at) => {
                    if self.program.tensor(*tensor).element != Element::Real {
                        self.problem(id, "a read of an integer tensor as a real one");
                    }
                    self.read(id, formula, *tensor, at, &labels);
                }
                Node::Number(_) | Node::Apply(..) | Node::Select(..) => {}
            }
        }
    }

    fn index(&mut self, id: TensorId, formula: ExpressionId, index: &Index, labels: &[Extent]) {
        for (atom, coefficient) in index.terms() {
            self.extents(id, std::slice::from_ref(coefficient));
            match atom {
                Atom::Label(label) if label.0 as usize >= labels.len() => {
                    self.problem(id, &format!("label {} is not bound", label.0));
                }
                Atom::Label(_) => {}
                Atom::Quotient(form, by) | Atom::Remainder(form, by) => {
                    self.extents(id, std::slice::from_ref(by));
                    self.index(id, formula, form, labels);
                }
                Atom::Element(tensor, at) => {
                    if self.program.tensor(*tensor).element == Element::Real {
                        self.problem(id, "an element of a real tensor as an index");
                    }
                    self.read(id, formula, *tensor, at, labels);
                }
            }
        }
        self.extents(id, std::slice::from_ref(index.constant_part()));
    }

    fn read(&mut self, id: TensorId, formula: ExpressionId, tensor: TensorId, at: &[Index], labels: &[Extent]) {
        let rank = self.program.tensor(tensor).shape.len();
        if rank != at.len() {
            let name = self.program.tensor(tensor).name.clone();
            return self.problem(id, &format!("a read of {name}, which has {rank} axes, with {} indices", at.len()));
        }
        at.iter().for_each(|index| self.index(id, formula, index, labels));
        // Bounds speak of labels that exist.
        if self.problems.is_empty() {
            self.inside(id, formula, tensor, at, labels);
        }
    }

    /// Reports a read that is outside for some labels and that no selection on these labels protects.
    fn inside(&mut self, id: TensorId, formula: ExpressionId, tensor: TensorId, at: &[Index], labels: &[Extent]) {
        if labels.iter().any(|extent| extent.is_at_most(0)) {
            return;
        }
        let shape = self.program.tensor(tensor).shape.clone();
        for (axis, (index, extent)) in at.iter().zip(&shape).enumerate() {
            if is_outside(self.program, index, labels, extent) && self.is_unguarded(id, formula, index) {
                let name = self.program.tensor(tensor).name.clone();
                self.problem(id, &format!("it reads {name} outside of its axis {axis}"));
            }
        }
    }

    /// Whether the definition reaches a formula without a selection whose condition mentions a label of the index.
    fn is_unguarded(&self, id: TensorId, formula: ExpressionId, index: &Index) -> bool {
        let Some(definition) = self.program.definition(id) else { return false };
        let expressions = &self.program.expressions;
        let guards = |condition: ExpressionId| {
            let mut found = false;
            expressions.each_label(condition, &mut |label| found |= index.mentions(label));
            found
        };
        let mut seen = BTreeSet::new();
        let mut stack = vec![definition.body];
        while let Some(next) = stack.pop() {
            if next == formula {
                return true;
            }
            if seen.insert(next) {
                match expressions.node(next) {
                    Node::Select(condition, ..) if guards(*condition) => stack.push(*condition),
                    Node::Number(_)
                    | Node::Position(_)
                    | Node::Random(..)
                    | Node::Read(..)
                    | Node::Apply(..)
                    | Node::Select(..) => {
                        stack.extend(expressions.arguments(next));
                    }
                }
            }
        }
        false
    }
}

/// Whether an index is proved to leave `0..extent` for some values of its labels.
fn is_outside(program: &Program, index: &Index, labels: &[Extent], extent: &Extent) -> bool {
    if bounds::is_inside(program, index, labels, extent) {
        return false;
    }
    let Some(range) = bounds::range(program, index, labels) else { return false };
    // The ends of a form in labels alone are reached; those of other atoms need not be.
    let plain = index.terms().all(|(atom, _)| matches!(atom, Atom::Label(Label(_))));
    let (first, last) = if plain { (&range.lowest, &range.highest) } else { (&range.highest, &range.lowest) };
    first.is_at_most(-1) || last.minus(extent).is_at_least(0)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
