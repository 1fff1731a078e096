//! A program: tensors, some of them given and some defined, and what is wanted of them.

use super::cost::Supposed;
use super::domain::Domain;
use super::expression::{ExpressionId, Expressions};
use super::extent::{Extent, SizeId};
use super::index::Label;
use crate::ops::Reduction;
use crate::span::Span;
use std::collections::BTreeMap;

/// A tensor, by its number in [`Program::tensors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub u32);

/// The floats that the generated code computes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// `f32`
    #[default]
    F32,
    /// `f64`
    F64,
}

impl Precision {
    /// What Rust and the language call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The bytes of a number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => size_of::<f32>(),
            Self::F64 => size_of::<f64>(),
        }
    }
}

/// What the elements of a tensor are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Element {
    /// Floats.
    Real,
    /// Integers from `from` up to, but without, `to`.
    Integer {
        /// The smallest.
        from: Extent,
        /// The one after the largest.
        to: Extent,
    },
}

/// How a parameter or a state starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Initializer {
    /// `he_uniform`, `constant`, ...: the name of a function of the runtime's `init`.
    pub name: String,
    /// Its arguments: `[0.5]` of `constant(0.5)`.
    pub arguments: Vec<f64>,
}

/// Where the elements of a tensor come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// An `input`.
    Input,
    /// A `target`.
    Target,
    /// A `param`.
    Parameter(Initializer),
    /// A `state`.
    State(Initializer),
    /// A definition.
    Defined(Definition),
}

/// `T[labels] = reduction over more labels of body`.
///
/// The labels of the axes are `Label(0)..Label(rank)`, with the extents of the tensor's shape; those of the reduction follow
/// in its order. Two definitions with the same shape, reduction and body are the same definition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Definition {
    /// What is reduced, and over which extents; `None` for a formula alone.
    pub reduction: Option<(Reduction, Vec<Extent>)>,
    /// The scalar formula.
    pub body: ExpressionId,
}

/// A tensor of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name: `h1`, `dense1.w`, `d dense1.w`. Unique within a program.
    pub name: String,
    /// Its shape.
    pub shape: Vec<Extent>,
    /// What its elements are.
    pub element: Element,
    /// Where they come from.
    pub source: Source,
    /// The names of the labels of a definition, axes first, for people alone; may be shorter than the labels.
    pub label_names: Vec<String>,
    /// Where it was written, or what it was derived from.
    pub span: Span,
    /// The documentation of its statement.
    pub documentation: Vec<String>,
}

/// What a tensor of a program is wanted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The scalar that is minimized.
    Loss,
    /// Returned by inference, under this name.
    Output(String),
    /// Reported by training, under this name.
    Metric(String),
    /// The gradient for this tensor.
    Gradient(TensorId),
    /// The new value of this state.
    Update(TensorId),
}

/// A tensor that is wanted, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Root {
    /// What for.
    pub role: Role,
    /// The tensor.
    pub tensor: TensorId,
}

/// What must hold of the sizes for a program to have a meaning, where only the sizes themselves can tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// At least 0 for sizes that are right.
    pub slack: Extent,
    /// What asks for it: `index 2 of axis 0 of x, which is N long`.
    pub reason: String,
    /// Where it was written.
    pub span: Span,
}

/// A network (or what was derived from one) as indexed definitions.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Its name: `Mnist`.
    pub name: String,
    /// Its documentation.
    pub documentation: Vec<String>,
    /// The floats that generated code computes in. (The evaluators compute in `f64`.)
    pub precision: Precision,
    /// Names of the symbolic sizes, in the order of their first use.
    pub sizes: Vec<String>,
    /// How large they are supposed to be, where that decides what is cheaper.
    pub supposed: Supposed,
    /// What the sizes must satisfy; checked where they get their values.
    requirements: Vec<Requirement>,
    /// What the requirements tell of the sizes.
    domain: Domain,
    /// All tensors. Only those that a root reads, however indirectly, and those that are given, have a meaning.
    pub tensors: Vec<Tensor>,
    /// All formulas.
    pub expressions: Expressions,
    /// What is wanted.
    pub roots: Vec<Root>,
    /// All tensors by name.
    names: BTreeMap<String, TensorId>,
    /// All symbolic sizes by name.
    size_names: BTreeMap<String, SizeId>,
}

impl Program {
    /// A tensor.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0 as usize]
    }

    /// The definition of a tensor, if it has one.
    pub fn definition(&self, id: TensorId) -> Option<&Definition> {
        match &self.tensor(id).source {
            Source::Defined(definition) => Some(definition),
            Source::Input | Source::Target | Source::Parameter(_) | Source::State(_) => None,
        }
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = TensorId> + use<> {
        (0..u32::try_from(self.tensors.len()).unwrap_or(u32::MAX)).map(TensorId)
    }

    /// The tensor of that name.
    pub fn find(&self, name: &str) -> Option<TensorId> {
        self.names.get(name).copied()
    }

    /// Adds a tensor; where its name is taken, a number is put behind it.
    pub fn add(&mut self, mut tensor: Tensor) -> TensorId {
        if self.find(&tensor.name).is_some() {
            let fresh = (2..).map(|number| format!("{}_{number}", tensor.name)).find(|name| self.find(name).is_none());
            tensor.name = fresh.unwrap_or_default();
        }
        self.push(tensor)
    }

    /// Adds a tensor whose name no other has.
    pub fn push(&mut self, tensor: Tensor) -> TensorId {
        let id = TensorId(u32::try_from(self.tensors.len()).expect("fewer than 2^32 tensors"));
        self.names.entry(tensor.name.clone()).or_insert(id);
        self.tensors.push(tensor);
        id
    }

    /// Gives a tensor another name, which no other has.
    pub fn rename(&mut self, id: TensorId, name: String) {
        let old = std::mem::replace(&mut self.tensors[id.0 as usize].name, name.clone());
        if self.names.get(&old) == Some(&id) {
            self.names.remove(&old);
        }
        self.names.insert(name, id);
    }

    /// Puts others in the place of all tensors.
    pub fn replace(&mut self, tensors: Vec<Tensor>) {
        self.tensors.clear();
        self.names.clear();
        tensors.into_iter().for_each(|tensor| {
            self.push(tensor);
        });
    }

    /// The extents of all labels of a tensor's definition: its shape, then its reduction.
    pub fn label_extents(&self, id: TensorId) -> Vec<Extent> {
        let mut extents = self.tensor(id).shape.clone();
        if let Some(Definition { reduction: Some((_, more)), .. }) = self.definition(id) {
            extents.extend(more.iter().cloned());
        }
        extents
    }

    /// The tensor of a role.
    pub fn root(&self, role: &Role) -> Option<TensorId> {
        self.roots.iter().find(|root| root.role == *role).map(|root| root.tensor)
    }

    /// Notes that `slack` must be at least 0.
    pub fn require(&mut self, slack: Extent, reason: impl Into<String>, span: Span) {
        let requirement = Requirement { slack, reason: reason.into(), span };
        if !self.requirements.contains(&requirement) {
            self.requirements.push(requirement);
            self.domain = Domain::of(self.requirements.iter().map(|one| &one.slack));
        }
    }

    /// What the sizes must satisfy.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The sizes for which the program has a meaning.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The number of a size.
    pub fn find_size(&self, name: &str) -> Option<SizeId> {
        self.size_names.get(name).copied()
    }

    /// The number of a size, added where it is new.
    pub fn size(&mut self, name: &str) -> SizeId {
        if let Some(known) = self.find_size(name) {
            return known;
        }
        let id = SizeId(u32::try_from(self.sizes.len()).expect("fewer than 2^32 sizes"));
        self.sizes.push(name.to_owned());
        self.size_names.insert(name.to_owned(), id);
        id
    }

    /// The tensors that a tensor's definition reads, each once, sorted.
    pub fn dependencies(&self, id: TensorId) -> Vec<TensorId> {
        self.definition(id).map(|definition| self.expressions.tensors(definition.body)).unwrap_or_default()
    }

    /// The name of a label of a tensor's definition, for people.
    pub fn label_name(&self, id: TensorId, label: Label) -> String {
        let names = &self.tensor(id).label_names;
        names.get(label.0 as usize).cloned().unwrap_or_else(|| format!("i{}", label.0))
    }
}
