//! The Hessian of a function that reads a tensor in parts only: a block for each pair of parts, and each of them once, since second
//! derivatives do not depend on the order.
//!
//! ```text
//! f of a = x[..6] and b = x[6..]     h[p, q] = aa[p, q]         for p, q in a
//!                                              ba[p - 6, q]     for p in b, q in a
//!                                              ba[q - 6, p]     for p in a, q in b
//!                                              bb[p - 6, q - 6] for p, q in b
//! ```
//!
//! Derivatives are found backwards, with a row for each element of the part that the gradient is for; so of each pair it is the
//! smaller one whose gradient is differentiated. It must know nothing of syntax and of Rust.

use super::{Part, backwards, definition, jacobian, read};
use crate::derived_names;
use crate::diff::{self, plain_labels};
use crate::ir::{Definition, ExpressionId, Expressions, Extent, Index, Label, Node, Program, Role, Root, Source, TensorId};
use crate::ops::Operator;
use crate::simplify::simplify;

/// The Hessian of a scalar for a tensor, the Jacobian of its gradient, which may be there already without products step by step.
pub fn hessian(program: &mut Program, of: TensorId, gradient: Option<TensorId>, wrt: TensorId) -> TensorId {
    in_parts(program, of, wrt).unwrap_or_else(|| {
        // Products stay as they are: a recurrence would hide their structure.
        let gradient = gradient.unwrap_or_else(|| backwards(program, of, None, &[wrt], i64::MAX)[0]);
        jacobian(program, gradient, wrt)
    })
}

/// The Hessian for a tensor that is read in several parts; `None` where it is not.
fn in_parts(program: &mut Program, of: TensorId, wrt: TensorId) -> Option<TensorId> {
    let mut part = Part::of(program, of, &[wrt], None);
    if part.views.len() < 2 {
        return None;
    }
    let mut views = part.open_views();
    let gradients = part.gradients(&mut views);
    let blocks: Vec<Vec<Option<TensorId>>> = (gradients.iter().enumerate())
        .map(|(number, &gradient)| {
            let others: Vec<TensorId> = views[number..].iter().map(|view| view.tensor).collect();
            gradient.map_or_else(Vec::new, |gradient| part.rows_for(gradient, &others))
        })
        .collect();
    let places = views.iter().map(|view| part.place(view)).collect::<Option<Vec<Place>>>()?;
    let whole = part.put_blocks_together(&places, &blocks);
    Some(part.bring_back(program, whole))
}

/// A part of a tensor.
struct View {
    tensor: TensorId,
    /// Where its elements lie.
    at: Vec<Index>,
}

/// A part where it lies: 0 elsewhere.
struct Place {
    /// Over the labels of the whole.
    body: ExpressionId,
    /// What stands for the part in it.
    part: TensorId,
}

impl Part {
    /// The parts as given tensors, so that they stay as they are, the smallest first.
    fn open_views(&mut self) -> Vec<View> {
        let elements = |program: &Program, id: TensorId| {
            let lengths = program.tensor(id).shape.iter().map(|extent| extent.as_constant().unwrap_or(i64::MAX));
            lengths.fold(1, i64::saturating_mul)
        };
        let mut ids = std::mem::take(&mut self.views);
        ids.sort_by_key(|&id| (elements(&self.program, id), id));
        let mut views = Vec::new();
        for tensor in ids {
            let body = self.program.definition(tensor).map(|definition| self.program.expressions.node(definition.body));
            if let Some(Node::Read(_, at)) = body {
                views.push(View { tensor, at: at.clone() });
                self.program.tensors[tensor.0 as usize].source = Source::Input;
            }
        }
        views
    }

    /// The gradient for each part, simplified; `None` where it is 0.
    fn gradients(&mut self, views: &mut [View]) -> Vec<Option<TensorId>> {
        let ids: Vec<TensorId> = views.iter().map(|view| view.tensor).collect();
        let one = self.program.expressions.number(1.0);
        let found = diff::adjoints(&mut self.program, self.of, one, &ids);
        let role = |number: usize| Role::Output(format!("gradient {number}"));
        self.program.roots = (found.into_iter().enumerate())
            .filter_map(|(number, found)| Some(Root { role: role(number), tensor: found? }))
            .collect();
        let name = |program: &Program, id: TensorId| program.tensor(id).name.clone();
        let (of, parts) = (name(&self.program, self.wrt[0]), ids.into_iter().map(|id| name(&self.program, id)));
        let parts: Vec<String> = parts.collect();
        simplify(&mut self.program);
        let find = |name: &str, old: TensorId| self.program.find(name).unwrap_or(old);
        self.wrt = vec![find(&of, self.wrt[0])];
        views.iter_mut().zip(parts).for_each(|(view, name)| view.tensor = find(&name, view.tensor));
        (0..views.len()).map(|number| self.program.root(&role(number))).collect()
    }

    /// Gives a part its definition back, and tells where it lies; `None` where that cannot be said without a sum.
    fn place(&mut self, view: &View) -> Option<Place> {
        let wrt = self.wrt[0];
        let body = self.program.expressions.read(wrt, view.at.clone());
        self.program.tensors[view.tensor.0 as usize].source = Source::Defined(Definition { reduction: None, body });
        let part = self.dummy(view.tensor);
        let seed = read(&mut self.program, part);
        let placed = diff::adjoints(&mut self.program, view.tensor, seed, &[wrt])[0]?;
        let Definition { reduction: None, body } = *self.program.definition(placed)? else { return None };
        Some(Place { body, part })
    }

    /// The whole from the blocks: of each part those for itself and the parts behind it.
    fn put_blocks_together(&mut self, places: &[Place], blocks: &[Vec<Option<TensorId>>]) -> TensorId {
        let wrt = self.wrt[0];
        let shape = self.program.tensor(wrt).shape.clone();
        let columns = plain_labels(2 * shape.len()).split_off(shape.len());
        let expressions = &mut self.program.expressions;
        let block = |row: usize, column: usize| *blocks[row.min(column)].get(row.abs_diff(column))?;
        let rows = (0..places.len()).map(|row| {
            placed(expressions, &places[row], &mut |expressions, own| {
                let parts = (0..places.len()).filter_map(|column| {
                    let block = block(row, column)?;
                    let behind = expressions.substitute(places[column].body, &mut |Label(axis)| columns[axis as usize].clone());
                    let place = Place { body: behind, ..places[column] };
                    Some(placed(expressions, &place, &mut |expressions, other| {
                        let (first, second) = if row <= column { (own, other) } else { (other, own) };
                        expressions.read(block, first.iter().chain(second).cloned().collect())
                    }))
                });
                let parts = parts.collect();
                sum(expressions, parts)
            })
        });
        let rows = rows.collect();
        let body = sum(expressions, rows);
        let shape: Vec<Extent> = shape.iter().chain(&shape).cloned().collect();
        let name = derived_names::adjoint_of(&derived_names::adjoint_of(&self.program.tensor(wrt).name));
        let whole = definition(&self.program, name, wrt, shape, body);
        self.program.add(whole)
    }
}

/// What stands at the places of a part, each a formula of where it is in the part.
fn placed(
    expressions: &mut Expressions,
    place: &Place,
    element: &mut dyn FnMut(&mut Expressions, &[Index]) -> ExpressionId,
) -> ExpressionId {
    expressions.rebuild(place.body, &mut |expressions, node| match &node {
        Node::Read(tensor, at) if *tensor == place.part => element(expressions, at),
        Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
            expressions.intern(node)
        }
    })
}

fn sum(expressions: &mut Expressions, terms: Vec<ExpressionId>) -> ExpressionId {
    let all = terms.into_iter().reduce(|sum, term| expressions.apply(Operator::Add, &[sum, term]));
    all.unwrap_or_else(|| expressions.number(0.0))
}
