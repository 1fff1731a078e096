//! Jacobians: by rows, from what is differentiated backwards, or by columns, from what it is differentiated for forwards, whichever
//! costs less.
//!
//! Where what is computed is a product of derivatives, the order of the product decides, and that is chosen at the end by
//! simplification; where it is more (a recurrence, a tensor with several readers), the direction does.
//!
//! It must know nothing of syntax and of Rust.

use super::{MOST_FACTORS_BACKWARDS, Part, definition, products, read, zeros};
use crate::derived_names;
use crate::diff;
use crate::diff::batch::{self, Side};
use crate::ir::cost::{ForEachSize, operations};
use crate::ir::{Definition, ExpressionId, Expressions, Extent, Index, Label, Node, Program, Role, Root, TensorId};
use crate::ops::Operator;
use crate::simplify::simplify;
use rustc_hash::FxHashMap;

/// What a symbolic size counts where shapes are compared.
const SOME_SIZE: usize = 64;

/// Columns must cost less than this part of what rows cost, in the geometric mean over the supposed sizes.
const BETTER: f64 = 0.9;

/// The Jacobian of `of` for a tensor: its axes are those of `of`, then those of the tensor.
pub fn jacobian(program: &mut Program, of: TensorId, wrt: TensorId) -> TensorId {
    let mut by_rows = Part::of(program, of, &[wrt], None);
    let mut by_columns = by_rows.clone();
    match (by_rows.rows(), by_columns.columns()) {
        (None, _) => {
            let shape = program.tensor(of).shape.iter().chain(&program.tensor(wrt).shape).cloned().collect();
            zeros(program, wrt, shape)
        }
        (Some(rows), Some(columns)) if mean_ratio(by_columns.costs(columns), by_rows.costs(rows)) < BETTER => {
            by_columns.bring_back(program, columns)
        }
        (Some(rows), _) => by_rows.bring_back(program, rows),
    }
}

/// The geometric mean of what one costs in parts of the other.
fn mean_ratio(one: ForEachSize<f64>, other: ForEachSize<f64>) -> f64 {
    let logarithms = one.iter().zip(other).map(|(one, other)| (one / other).ln());
    (logarithms.sum::<f64>() / one.len() as f64).exp()
}

/// The definitions that another is put together from, each element from at most one of each, if it is nothing else: a sum of multiples
/// of reads under conditions on places, with other axes than its own.
fn parts(program: &Program, of: TensorId) -> Vec<TensorId> {
    let Some(Definition { reduction: None, body }) = program.definition(of) else { return Vec::new() };
    let expressions = &program.expressions;
    let (mut parts, mut open) = (Vec::new(), vec![*body]);
    while let Some(id) = open.pop() {
        match expressions.node(id) {
            Node::Apply(Operator::Add | Operator::Subtract | Operator::Negate, arguments) => open.extend(arguments),
            Node::Apply(Operator::Multiply, arguments) if is_of_places(expressions, arguments[0]) => open.push(arguments[1]),
            Node::Apply(Operator::Multiply | Operator::Divide, arguments) if is_of_places(expressions, arguments[1]) => {
                open.push(arguments[0]);
            }
            Node::Select(condition, then, otherwise) if is_of_places(expressions, *condition) => open.extend([*then, *otherwise]),
            Node::Number(number) if number.get() == 0.0 => {}
            Node::Read(part, _) if program.definition(*part).is_some() => parts.push(*part),
            Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Read(..) | Node::Apply(..) | Node::Select(..) => {
                return Vec::new();
            }
        }
    }
    parts.sort_unstable();
    parts.dedup();
    let other = |part: &TensorId| program.tensor(*part).shape != program.tensor(of).shape;
    // Where more is read than is made, most of it would be computed for nothing.
    let sizes = vec![SOME_SIZE; program.sizes.len()];
    let elements = |id: TensorId| program.tensor(id).shape.iter().map(|extent| extent.value(&sizes)).fold(1, i64::saturating_mul);
    let total = parts.iter().map(|&part| elements(part)).fold(0, i64::saturating_add);
    if parts.iter().all(other) && total <= elements(of) { parts } else { Vec::new() }
}

/// Whether a formula reads nothing.
fn is_of_places(expressions: &Expressions, condition: ExpressionId) -> bool {
    expressions.reachable(condition).into_iter().all(|id| match expressions.node(id) {
        Node::Number(_) | Node::Position(_) | Node::Apply(..) => true,
        Node::Random(..) | Node::Read(..) | Node::Select(..) => false,
    })
}

impl Part {
    /// What a definition costs for each of the supposed sizes when it is simplified.
    fn costs(&self, id: TensorId) -> ForEachSize<f64> {
        let mut program = self.program.clone();
        program.roots = vec![Root { role: Role::Output("jacobian".into()), tensor: id }];
        simplify(&mut program);
        if products::others_stepwise(&mut program, MOST_FACTORS_BACKWARDS) {
            simplify(&mut program);
        }
        program.supposed.sizes().map(|size| operations(&program, &vec![size; program.sizes.len()]).max(1) as f64)
    }

    /// All derivatives, as how all of what is differentiated moves along each unit vector of the one tensor. `None` where it does not
    /// move, and where a tensor that is read in parts is differentiated for these.
    fn columns(&mut self) -> Option<TensorId> {
        let (of, wrt) = (self.of, self.wrt[0]);
        if of == wrt || !self.views.is_empty() {
            return None;
        }
        let direction = self.dummy(wrt);
        let moves = diff::tangent(&mut self.program, of, &[(wrt, direction)])?;
        batch::all(&mut self.program, direction, &[moves], Side::Behind).swap_remove(0)
    }

    /// All derivatives of what is differentiated for the one tensor; `None` where they are 0.
    fn rows(&mut self) -> Option<TensorId> {
        self.rows_for(self.of, &self.wrt.clone()).swap_remove(0)
    }

    /// All derivatives of a tensor for some others; `None` where they are 0. What is put together from parts has its derivatives put
    /// together from those of the parts.
    pub(super) fn rows_for(&mut self, of: TensorId, wrt: &[TensorId]) -> Vec<Option<TensorId>> {
        let parts = parts(&self.program, of);
        if parts.is_empty() {
            return self.rows_of(of, wrt);
        }
        let rows: Vec<(TensorId, Vec<Option<TensorId>>)> = parts.into_iter().map(|id| (id, self.rows_of(id, wrt))).collect();
        let for_one = |number: usize| rows.iter().map(|(id, found)| (*id, found[number])).collect();
        wrt.iter().enumerate().map(|(number, &wrt)| self.put_together(of, wrt, &for_one(number))).collect()
    }

    /// The derivatives of a tensor for another, from those of the parts that the one is put together from.
    fn put_together(&mut self, of: TensorId, wrt: TensorId, rows: &FxHashMap<TensorId, Option<TensorId>>) -> Option<TensorId> {
        let rank = self.program.tensor(of).shape.len();
        let shape: Vec<Extent> = self.program.tensor(of).shape.iter().chain(&self.program.tensor(wrt).shape).cloned().collect();
        let columns = diff::plain_labels(shape.len()).split_off(rank);
        let Definition { body, .. } = self.program.definition(of)?.clone();
        let bodies: FxHashMap<TensorId, Definition> =
            rows.values().flatten().filter_map(|&id| Some((id, self.program.definition(id)?.clone()))).collect();
        if bodies.is_empty() {
            return None;
        }
        let body = self.program.expressions.rebuild(body, &mut |expressions, node| {
            let Node::Read(tensor, at) = node else { return expressions.intern(node) };
            let Some(&Some(row)) = rows.get(&tensor) else { return expressions.number(0.0) };
            let at: Vec<Index> = at.into_iter().chain(columns.iter().cloned()).collect();
            match &bodies[&row] {
                Definition { reduction: None, body } => {
                    expressions.substitute(*body, &mut |Label(number)| at[number as usize].clone())
                }
                Definition { reduction: Some(_), .. } => expressions.read(row, at),
            }
        });
        let name = derived_names::adjoint_of(&self.program.tensor(of).name);
        let whole = definition(&self.program, name, of, shape, body);
        Some(self.program.add(whole))
    }

    /// All derivatives of a tensor for some others, found backwards.
    fn rows_of(&mut self, of: TensorId, wrt: &[TensorId]) -> Vec<Option<TensorId>> {
        let vector = self.dummy(of);
        let seed = read(&mut self.program, vector);
        let found = self.adjoints(of, seed, wrt);
        batch::all(&mut self.program, vector, &found, Side::Front)
    }
}
