//! Derivatives as expressions: `grad`, `jacobian`, `jvp` and `vjp` of a program that is being made.
//!
//! What is differentiated is taken out of the program with all that it needs, simplified (so that its stable forms are
//! differentiated), differentiated by the one chain rule of `diff`, and brought back as further definitions. What it is
//! differentiated for stands in it as given, so that only the ways from there count.
//!
//! It must know nothing of syntax and of Rust.

mod views;

use crate::diff::{self, batch};
use crate::ir::transfer::transfer;
use crate::ir::{
    Definition, Element, ExpressionId, Expressions, Extent, Index, Label, Node, Program, Role, Root, Source, Tensor, TensorId,
};
use crate::ops::Operator;
use crate::simplify::simplify;
use std::collections::{BTreeMap, HashMap};

/// What a symbolic size counts where shapes are compared.
const SOME_SIZE: usize = 64;

/// Whether a tensor is read by another, however indirectly, or is it. `origins` has derivatives that were made before, with what was
/// differentiated: the derivative of a linear function depends on what the function does, if only as a constant.
pub fn depends(program: &Program, of: TensorId, on: TensorId, origins: &BTreeMap<TensorId, TensorId>) -> bool {
    let mut seen = vec![false; program.tensors.len()];
    let mut stack = vec![of];
    while let Some(id) = stack.pop() {
        if id == on {
            return true;
        }
        if !std::mem::replace(&mut seen[id.0 as usize], true) {
            stack.extend(program.dependencies(id));
            stack.extend(origins.get(&id));
        }
    }
    false
}

/// The product of a vector (a tensor with the shape of `of`; ones where there is none) with the Jacobian of `of` for each of `wrt`.
/// A derivative that is zero everywhere is a tensor of zeros.
pub fn vjp(program: &mut Program, of: TensorId, vector: Option<TensorId>, wrt: &[TensorId]) -> Vec<TensorId> {
    let mut part = Part::of(program, of, wrt, vector);
    let seed = match part.vector {
        Some(vector) => read(&mut part.program, vector),
        None => part.program.expressions.number(1.0),
    };
    let found = part.adjoints(seed);
    found.into_iter().map(|id| part.bring_back(program, id)).collect()
}

/// The Jacobian of `of` for a tensor: its axes are those of `of`, then those of the tensor.
pub fn jacobian(program: &mut Program, of: TensorId, wrt: TensorId) -> TensorId {
    let mut part = Part::of(program, of, &[wrt], None);
    match part.rows() {
        Some(rows) => part.bring_back(program, rows),
        None => {
            let shape = program.tensor(of).shape.iter().chain(&program.tensor(wrt).shape).cloned().collect();
            zeros(program, wrt, shape)
        }
    }
}

/// The product of the Jacobian of `of` for a tensor with a vector, which has the shape of the tensor: the derivative along it.
pub fn jvp(program: &mut Program, of: TensorId, wrt: TensorId, vector: TensorId) -> TensorId {
    let mut part = Part::of(program, of, &[wrt], Some(vector));
    let found = part.vector.and_then(|vector| diff::tangent(&mut part.program, part.of, &[(part.wrt[0], vector)]));
    match found {
        Some(found) => part.bring_back(program, found),
        None => {
            let shape = program.tensor(of).shape.clone();
            zeros(program, of, shape)
        }
    }
}

/// The element of a tensor at its own labels.
fn read(program: &mut Program, id: TensorId) -> ExpressionId {
    let labels = diff::plain_labels(program.tensor(id).shape.len());
    program.expressions.read(id, labels)
}

fn zeros(program: &mut Program, like: TensorId, shape: Vec<Extent>) -> TensorId {
    let body = program.expressions.number(0.0);
    let name = format!("d {}", program.tensor(like).name);
    program.add(definition(program, name, like, shape, body))
}

fn definition(program: &Program, name: String, like: TensorId, shape: Vec<Extent>, body: ExpressionId) -> Tensor {
    Tensor {
        name,
        shape,
        element: Element::Real,
        source: Source::Defined(Definition { reduction: None, body }),
        label_names: Vec::new(),
        span: program.tensor(like).span,
        documentation: Vec::new(),
    }
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

/// What is differentiated, as a program of its own.
struct Part {
    program: Program,
    of: TensorId,
    wrt: Vec<TensorId>,
    vector: Option<TensorId>,
}

impl Part {
    fn of(whole: &Program, of: TensorId, wrt: &[TensorId], vector: Option<TensorId>) -> Self {
        let mut program = whole.clone();
        let root = |name: &str, tensor: TensorId| Root { role: Role::Output(name.into()), tensor };
        program.roots = std::iter::once(root("of", of)).chain(vector.map(|vector| root("vector", vector))).collect();
        let names: Vec<String> = wrt.iter().map(|&id| program.tensor(id).name.clone()).collect();
        for id in wrt {
            if program.definition(*id).is_some() {
                program.tensors[id.0 as usize].source = Source::Input;
            }
        }
        simplify(&mut program);
        let find = |name: &str| program.root(&Role::Output(name.into()));
        let (of, vector) = (find("of").unwrap_or(of), find("vector"));
        let wrt: Vec<TensorId> = names.iter().filter_map(|name| program.find(name)).collect();
        wrt.iter().for_each(|&id| views::introduce(&mut program, id));
        Self { program, of, wrt, vector }
    }

    /// All derivatives of what is differentiated for the one tensor; `None` where they are 0. What is put together from parts has its
    /// derivatives put together from those of the parts.
    fn rows(&mut self) -> Option<TensorId> {
        let (of, wrt) = (self.of, self.wrt[0]);
        let parts = parts(&self.program, of);
        if parts.is_empty() {
            return self.rows_of(of);
        }
        let rows: HashMap<TensorId, Option<TensorId>> = parts.into_iter().map(|id| (id, self.rows_of(id))).collect();
        let rank = self.program.tensor(of).shape.len();
        let shape: Vec<Extent> = self.program.tensor(of).shape.iter().chain(&self.program.tensor(wrt).shape).cloned().collect();
        let columns = diff::plain_labels(shape.len()).split_off(rank);
        let Definition { body, .. } = self.program.definition(of)?.clone();
        let bodies: HashMap<TensorId, Definition> =
            rows.values().flatten().filter_map(|&id| Some((id, self.program.definition(id)?.clone()))).collect();
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
        let name = format!("d {}", self.program.tensor(of).name);
        let whole = definition(&self.program, name, of, shape, body);
        Some(self.program.add(whole))
    }

    /// All derivatives of a tensor for the one for which is differentiated.
    fn rows_of(&mut self, of: TensorId) -> Option<TensorId> {
        self.of = of;
        let vector = self.dummy();
        let seed = read(&mut self.program, vector);
        let found = self.adjoints(seed);
        batch::rows(&mut self.program, vector, &found)[0]
    }

    /// A tensor with the shape of what is differentiated, which nothing else reads.
    fn dummy(&mut self) -> TensorId {
        let shape = self.program.tensor(self.of).shape.clone();
        let label_names = self.program.tensor(self.of).label_names.clone();
        let body = self.program.expressions.number(0.0);
        let tensor = definition(&self.program, "vector".into(), self.of, shape, body);
        self.program.add(Tensor { source: Source::Input, label_names, ..tensor })
    }

    /// The adjoints for a seed; zeros where there is none.
    fn adjoints(&mut self, seed: ExpressionId) -> Vec<TensorId> {
        let wrt = self.wrt.clone();
        let found = diff::adjoints(&mut self.program, self.of, seed, &wrt);
        wrt.into_iter().zip(found).map(|(id, found)| found.unwrap_or_else(|| diff::zeros(&mut self.program, id))).collect()
    }

    /// Adds a definition of this part to the whole, with what it needs and the whole lacks.
    fn bring_back(&mut self, whole: &mut Program, id: TensorId) -> TensorId {
        self.program.roots = vec![Root { role: Role::Loss, tensor: id }];
        let order = self.program.order();
        let circular = self.program.recurrent();
        let mut numbers: HashMap<TensorId, TensorId> = HashMap::new();
        for given in self.program.ids().filter(|&id| self.program.definition(id).is_none() || self.wrt.contains(&id)) {
            if let Some(same) = whole.find(&self.program.tensor(given).name) {
                numbers.insert(given, same);
            }
        }
        // Members of a recurrence read each other: they are there before their formulas are.
        for &id in order.iter().filter(|id| circular.contains(id)) {
            let new = whole.add(self.program.tensor(id).clone());
            numbers.insert(id, new);
        }
        for id in order {
            let Some(Definition { reduction, body }) = self.program.definition(id).cloned() else { continue };
            let body = transfer(&self.program.expressions, &mut whole.expressions, body, &numbers);
            let source = Source::Defined(Definition { reduction, body });
            if let Some(new) = numbers.get(&id) {
                whole.tensors[new.0 as usize].source = source;
                continue;
            }
            let tensor = Tensor { source, ..self.program.tensor(id).clone() };
            let known = whole.find(&tensor.name).filter(|&known| {
                let same = whole.tensor(known);
                same.source == tensor.source && same.shape == tensor.shape
            });
            let new = known.unwrap_or_else(|| whole.add(tensor));
            numbers.insert(id, new);
        }
        numbers.get(&id).copied().unwrap_or(id)
    }
}
