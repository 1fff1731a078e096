//! Derivatives as expressions: `grad`, `jacobian`, `hessian`, `jvp` and `vjp` of a program that is being made.
//!
//! What is differentiated is taken out of the program with all that it needs, simplified (so that its stable forms are
//! differentiated), differentiated by the one chain rule of `diff`, and brought back as further definitions. What it is
//! differentiated for stands in it as given, so that only the ways from there count.
//!
//! It must know nothing of syntax and of Rust.

mod hessian;
mod history;
mod jacobian;
pub mod products;
mod views;

use crate::derived_names;
use crate::diff;
use crate::ir::transfer::transfer;
use crate::ir::{Definition, Element, ExpressionId, Extent, Program, Role, Root, Source, Tensor, TensorId};
use crate::simplify::simplify;
pub use hessian::hessian;
pub use history::{Derivative, History, Kind};
pub use jacobian::jacobian;
use rustc_hash::FxHashMap;

/// What moves along a vector has products of at most so many factors; of more they are written step by step.
const MOST_FACTORS: i64 = 2;

/// Products of more factors are differentiated backwards step by step: their gradients would cost more than four times as much.
pub const MOST_FACTORS_BACKWARDS: i64 = 4;

/// The product of a vector (a tensor with the shape of `of`; ones where there is none) with the Jacobian of `of` for each of `wrt`.
/// A derivative that is zero everywhere is a tensor of zeros.
pub fn vjp(program: &mut Program, of: TensorId, vector: Option<TensorId>, wrt: &[TensorId]) -> Vec<TensorId> {
    backwards(program, of, vector, wrt, MOST_FACTORS_BACKWARDS)
}

/// The same, with products of more factors than `most` step by step.
fn backwards(program: &mut Program, of: TensorId, vector: Option<TensorId>, wrt: &[TensorId], most: i64) -> Vec<TensorId> {
    let mut part = Part::of(program, of, wrt, vector);
    products::stepwise(&mut part.program, part.of, &part.wrt, most);
    let seed = match part.vector {
        Some(vector) => read(&mut part.program, vector),
        None => part.program.expressions.number(1.0),
    };
    let found = part.adjoints(part.of, seed, &part.wrt.clone());
    found.into_iter().map(|id| part.bring_back(program, id)).collect()
}

/// The product of the Jacobian of `of` for a tensor with a vector, which has the shape of the tensor: the derivative along it.
pub fn jvp(program: &mut Program, of: TensorId, wrt: TensorId, vector: TensorId) -> TensorId {
    let mut part = Part::of(program, of, &[wrt], Some(vector));
    products::stepwise(&mut part.program, part.of, &part.wrt, MOST_FACTORS);
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
    let name = derived_names::adjoint_of(&program.tensor(like).name);
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

/// What is differentiated, as a program of its own.
#[derive(Clone)]
struct Part {
    program: Program,
    of: TensorId,
    wrt: Vec<TensorId>,
    vector: Option<TensorId>,
    /// The parts of the tensors for which is differentiated that are read in parts; these have definitions of their own.
    views: Vec<TensorId>,
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
        let views = wrt.iter().flat_map(|&id| views::introduce(&mut program, id)).collect();
        Self { program, of, wrt, vector, views }
    }

    /// A tensor with the shape of another, which nothing else reads.
    fn dummy(&mut self, like: TensorId) -> TensorId {
        let shape = self.program.tensor(like).shape.clone();
        let label_names = self.program.tensor(like).label_names.clone();
        let body = self.program.expressions.number(0.0);
        let tensor = definition(&self.program, "vector".into(), like, shape, body);
        self.program.add(Tensor { source: Source::Input, label_names, ..tensor })
    }

    /// The adjoints of some tensors for one of another, which is given; zeros where there is none.
    fn adjoints(&mut self, of: TensorId, seed: ExpressionId, wrt: &[TensorId]) -> Vec<TensorId> {
        let found = diff::adjoints(&mut self.program, of, seed, wrt);
        wrt.iter().zip(found).map(|(&id, found)| found.unwrap_or_else(|| diff::zeros(&mut self.program, id))).collect()
    }

    /// Adds a definition of this part to the whole, with what it needs and the whole lacks.
    fn bring_back(&mut self, whole: &mut Program, id: TensorId) -> TensorId {
        self.program.roots = vec![Root { role: Role::Loss, tensor: id }];
        let order = self.program.order();
        let circular = self.program.recurrent();
        let mut numbers: FxHashMap<TensorId, TensorId> = FxHashMap::default();
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
