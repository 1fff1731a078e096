//! The derivatives that a program has already, and what they are derivatives of.
//!
//! A derivative for a definition sees what is differentiated as a function of that definition. A derivative that was made before cannot
//! tell how it changes with the definition: it was simplified when that was one formula among others, so that it may read what the
//! definition is made of instead. It is made again with the definition as given. Where it goes through the definition to something
//! behind it, it has no one meaning:
//!
//! ```text
//! d = exp(x)   f = sin(d)   grad(f, x) = cos(d) · exp(x) = cos(d) · d        for d: -sin(d) · exp(x), or cos(d) - sin(d) · d?
//! ```
//!
//! It must know nothing of syntax and of Rust.

use super::{Part, hessian, jacobian, jvp, vjp};
use crate::diff;
use crate::ir::{Definition, Node, Program, Source, TensorId};
use crate::ops::Operator;
use std::collections::BTreeMap;

/// A derivative: of what, for what, and of which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derivative {
    /// What is differentiated.
    pub of: TensorId,
    /// What for.
    pub wrt: TensorId,
    /// What of all derivatives it is.
    pub kind: Kind,
}

/// What of all derivatives of a tensor for another a derivative is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A vector times them: one with the shape of what is differentiated, or 1 for a scalar.
    Times(Option<TensorId>),
    /// They times a vector with the shape of what it is differentiated for.
    Along(TensorId),
    /// All of them.
    Jacobian,
    /// All second ones of a scalar.
    Hessian,
}

impl Kind {
    /// Adds derivatives to a program.
    fn make(self, program: &mut Program, of: TensorId, wrt: &[TensorId]) -> Vec<TensorId> {
        match self {
            Self::Times(vector) => vjp(program, of, vector, wrt),
            Self::Along(vector) => wrt.iter().map(|&wrt| jvp(program, of, wrt, vector)).collect(),
            Self::Jacobian => wrt.iter().map(|&wrt| jacobian(program, of, wrt)).collect(),
            Self::Hessian => wrt.iter().map(|&wrt| hessian(program, of, None, wrt)).collect(),
        }
    }

    fn vector(self) -> Option<TensorId> {
        match self {
            Self::Times(vector) => vector,
            Self::Along(vector) => Some(vector),
            Self::Jacobian | Self::Hessian => None,
        }
    }
}

impl Derivative {
    /// What it is made of.
    fn reads(self) -> impl Iterator<Item = TensorId> {
        std::iter::once(self.of).chain(self.kind.vector())
    }
}

/// A derivative that was made.
#[derive(Clone, Copy, Debug)]
struct Made {
    derivative: Derivative,
    /// Whether it is a definition of its own: that of a linear function may be what was there before.
    is_new: bool,
}

/// All derivatives of a program, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct History(BTreeMap<TensorId, Vec<Made>>);

impl History {
    /// Adds the derivatives of a tensor for some others to a program.
    pub fn make(&mut self, program: &mut Program, of: TensorId, wrt: &[TensorId], kind: Kind) -> Vec<TensorId> {
        let before = program.tensors.len();
        let found = match self.seen_from(program, of, wrt) {
            None => kind.make(program, of, wrt),
            Some(mut seen) => {
                let found = kind.make(&mut seen, of, wrt);
                let mut part = Part { program: seen, of, wrt: wrt.to_vec(), vector: None, views: Vec::new() };
                found.into_iter().map(|id| part.bring_back(program, id)).collect()
            }
        };
        for (&id, &wrt) in found.iter().zip(wrt).filter(|(id, _)| **id != of) {
            let made = Made { derivative: Derivative { of, wrt, kind }, is_new: id.0 as usize >= before };
            self.0.entry(id).or_default().push(made);
        }
        found
    }

    /// The scalar that a tensor is the gradient of for another one.
    pub fn function_of(&self, gradient: TensorId, wrt: TensorId) -> Option<TensorId> {
        let made = self.0.get(&gradient)?.iter().map(|made| made.derivative);
        made.filter(|made| made.kind == Kind::Times(None) && made.wrt == wrt).map(|made| made.of).next()
    }

    /// Whether a tensor is read by another, however indirectly, or is it. The derivative of a linear function depends on what the
    /// function does, if only as a constant.
    pub fn depends(&self, program: &Program, of: TensorId, on: TensorId) -> bool {
        self.behind(program, &[of], on, Program::dependencies).contains(&on)
    }

    /// A derivative that was made before, that a tensor reads, and that goes through a definition to something behind it.
    pub fn through(&self, program: &Program, of: TensorId, on: TensorId) -> Option<Derivative> {
        program.definition(on)?;
        let changes = |of: TensorId, on: TensorId| self.behind(program, &[of], on, sloped);
        let goes_through =
            |made: &Derivative| made.wrt != on && changes(made.of, on).contains(&on) && changes(on, made.wrt).contains(&made.wrt);
        let reached = changes(of, on).into_iter().filter(|&id| id != on);
        reached.filter_map(|id| self.0.get(&id)).flatten().map(|made| made.derivative).find(goes_through)
    }

    /// The program as it is for what stands in it as given, with the derivatives made again that depend on that; `None` where none does.
    fn seen_from(&self, program: &Program, of: TensorId, wrt: &[TensorId]) -> Option<Program> {
        let &[on] = wrt else { return None };
        program.definition(on)?;
        let behind = |of: &[TensorId]| self.behind(program, of, on, Program::dependencies);
        let made = |id: TensorId| self.0.get(&id)?.iter().find(|made| made.is_new).map(|made| (id, made.derivative));
        let reached = behind(&[of]).into_iter().filter(|&id| id != on);
        let is_stale = |(_, made): &(TensorId, Derivative)| {
            let reads: Vec<TensorId> = made.reads().collect();
            made.wrt != on && behind(&reads).contains(&on)
        };
        let mut stale: Vec<(TensorId, Derivative)> = reached.filter_map(made).filter(is_stale).collect();
        if stale.is_empty() {
            return None;
        }
        stale.sort_unstable_by_key(|(id, _)| *id);
        let mut seen = program.clone();
        seen.tensors[on.0 as usize].source = Source::Input;
        for (id, made) in stale {
            let again = made.kind.make(&mut seen, made.of, &[made.wrt])[0];
            if again == id {
                continue;
            }
            let labels = diff::plain_labels(seen.tensor(id).shape.len());
            let body = seen.expressions.read(again, labels);
            seen.tensors[id.0 as usize].source = Source::Defined(Definition { reduction: None, body });
        }
        Some(seen)
    }

    /// Some tensors and all that they read, however indirectly, through derivatives also what these are made of. What stands behind
    /// one of them does not count.
    fn behind(
        &self,
        program: &Program,
        of: &[TensorId],
        stop: TensorId,
        reads: impl Fn(&Program, TensorId) -> Vec<TensorId>,
    ) -> Vec<TensorId> {
        let (mut seen, mut found) = (vec![false; program.tensors.len()], Vec::new());
        let mut stack = of.to_vec();
        while let Some(id) = stack.pop() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                continue;
            }
            found.push(id);
            if id != stop {
                stack.extend(reads(program, id));
                stack.extend(self.0.get(&id).into_iter().flatten().flat_map(|made| made.derivative.reads()));
            }
        }
        found
    }
}

/// What a definition reads with a slope.
fn sloped(program: &Program, id: TensorId) -> Vec<TensorId> {
    let Some(definition) = program.definition(id) else { return Vec::new() };
    let (mut reads, mut open) = (Vec::new(), vec![definition.body]);
    let mut seen = rustc_hash::FxHashSet::default();
    while let Some(formula) = open.pop() {
        if !seen.insert(formula) {
            continue;
        }
        match program.expressions.node(formula) {
            Node::Read(tensor, _) => reads.push(*tensor),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(Operator::StopGradient, _) => {}
            Node::Apply(_, arguments) => open.extend(arguments),
            Node::Select(_, then, otherwise) => open.extend([*then, *otherwise]),
        }
    }
    reads
}
