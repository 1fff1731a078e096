//! Loops: the last form that is not Rust. Flat buffers, counted loops, locals, stores and calls of kernels.
//!
//! Two walkers read it: [`crate::emit`] writes it as Rust and [`crate::eval::loops`] executes it. It must know nothing of
//! derivatives and of tokens.

pub mod build;
pub mod check;
mod merge;
mod nest;
pub mod print;
pub mod substitute;
mod unroll;
mod value;

use crate::ir::{Domain, Extent, Index, Precision, Stream};
use crate::ops::{Operator, Runtime};
use crate::plan::Edge;

/// A loop variable, by number; unique within one [`Loops`].
///
/// Offsets are [`Index`] forms in which `Label(n)` is the variable `n` and `Atom::Element(TensorId(b), [offset])` is the element of
/// the integer buffer `b` at a flat offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variable(pub u32);

/// A local scalar, by number; unique within one [`Loops`]. It holds a truth value where what is assigned first is one
/// ([`Value::is_truth`]), else a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Local(pub u32);

/// A buffer, by its number in [`Loops::buffers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub u32);

/// One entry point: what a pass computes, over flat buffers.
#[derive(Clone, Debug)]
pub struct Loops {
    /// The name of the pass: `gradient`, `assess`, `predict`.
    pub name: String,
    /// The floats of the generated code.
    pub precision: Precision,
    /// Names of the symbolic sizes; extents speak of them by number.
    pub sizes: Vec<String>,
    /// What is known of the sizes: a pass is entered with no others.
    pub domain: Domain,
    /// All buffers.
    pub buffers: Vec<Buffer>,
    /// The memory of the workspace: how long each slot is, as the largest of these extents. Buffers whose lives do not
    /// overlap share a slot.
    pub slots: Vec<Vec<Extent>>,
    /// Names of the loop variables, by number, for people: `i`, `k`. Not unique.
    pub variable_names: Vec<String>,
    /// Names of the locals, by number, for people. Not unique.
    pub local_names: Vec<String>,
    /// What is done, in order.
    pub body: Vec<Statement>,
}

/// A flat, row-major piece of memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    /// The name of its tensor: `h1`, `dense1.w`, `d dense1.w`. Unique.
    pub name: String,
    /// The shape of its tensor, for people and for checks.
    pub shape: Vec<Extent>,
    /// The range of its elements if they are integers (`i32`) and not floats: the smallest, and the one after the largest.
    pub integers: Option<[Extent; 2]>,
    /// Where it lives.
    pub place: Place,
}

/// Where a buffer lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Given by the caller, read only: an input or a target of this name.
    Input(String),
    /// Given, read only: a parameter of this path.
    Parameter(String),
    /// Given, read only: a state of this path.
    State(String),
    /// In a slot of the workspace; written before it is read.
    Workspace(usize),
    /// Memory of the caller that the pass fills completely.
    Result(Destination),
}

/// Which result of a pass a buffer is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// The loss, one element.
    Loss,
    /// A metric, one element.
    Metric(String),
    /// An output.
    Output(String),
    /// The gradient for the parameter, input, target or state of this path.
    Gradient(String),
    /// The new value of the state of this path.
    Update(String),
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// A line for the reader: the formula that the next statements compute.
    Comment(String),
    /// `for variable in 0..extent { body }`
    For {
        /// The variable.
        variable: Variable,
        /// How often.
        extent: Extent,
        /// Whether it begins with the last one.
        backward: bool,
        /// What is repeated.
        body: Vec<Statement>,
    },
    /// `let local = value;`
    Let(Local, Value),
    /// `let mut local = value;`: an accumulator.
    Accumulator(Local, Value),
    /// `local = value;`
    Assign(Local, Value),
    /// `buffer[offset] = value;`
    Store {
        /// Where.
        buffer: BufferId,
        /// Which element.
        offset: Index,
        /// What.
        value: Value,
        /// `+=` instead of `=`.
        accumulate: bool,
    },
    /// Sets all elements of a buffer.
    Fill(BufferId, f64),
    /// A matrix product by the runtime's kernel.
    Product(Box<Product>),
}

/// A value: pure, evaluated where it stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A constant.
    Number(f64),
    /// A local.
    Local(Local),
    /// An offset form as a number: a loop variable, a size, an element of an integer buffer.
    Position(Index),
    /// The random number at a position of a stream.
    Random(Stream, Index),
    /// `buffer[offset]` of a buffer of floats.
    Load(BufferId, Index),
    /// An operator of the table.
    Apply(Operator, Vec<Value>),
    /// Only the branch that is taken is evaluated.
    Select(Box<Value>, Box<Block>, Box<Block>),
}

/// Some locals and a value that uses them.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// `let local = value;`, in order.
    pub locals: Vec<(Local, Value)>,
    /// What it comes to.
    pub value: Value,
}

impl Value {
    /// Whether it is 0 or 1 by its operator (a `bool` in Rust).
    pub fn is_truth(&self) -> bool {
        match self {
            Value::Apply(operator, _) => operator.is_truth(),
            Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) | Value::Select(..) => {
                false
            }
        }
    }

    /// Whether there is an elementary function in it.
    pub fn has_functions(&self) -> bool {
        match self {
            Value::Number(_) | Value::Local(_) | Value::Position(_) | Value::Random(..) | Value::Load(..) => false,
            Value::Apply(operator, arguments) => {
                matches!(operator.row().runtime, Runtime::Elementary(_)) || arguments.iter().any(Self::has_functions)
            }
            Value::Select(condition, then, otherwise) => {
                let in_block =
                    |block: &Block| block.value.has_functions() || block.locals.iter().any(|(_, value)| value.has_functions());
                condition.has_functions() || in_block(then) || in_block(otherwise)
            }
        }
    }
}

/// `C[m, n] = Σ_k A[m, k] B[k, n]`, where rows, columns and terms run over any number of axes each, the outermost first.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// The axes of A and C.
    pub m: Vec<Axis>,
    /// The axes of B and C.
    pub n: Vec<Axis>,
    /// The axes of A and B.
    pub k: Vec<Axis>,
    /// m × k
    pub a: Operand,
    /// k × n
    pub b: Operand,
    /// m × n; not the buffer of A or B
    pub c: Operand,
    /// What lies beyond a diagonal and may be left out.
    pub edge: Option<Edge>,
}

/// An axis of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// How long it is.
    pub extent: Extent,
    /// Its strides in the two tensors that have it.
    pub strides: [Extent; 2],
}

/// A tensor within a buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// The buffer.
    pub buffer: BufferId,
    /// Its first element.
    pub offset: Index,
}

impl Product {
    /// How many rows, columns and terms there are.
    pub fn shape(&self) -> [Extent; 3] {
        [&self.m, &self.n, &self.k].map(|axes| Extent::product(&axes.iter().map(|axis| axis.extent.clone()).collect::<Vec<_>>()))
    }

    /// Whether it is one of matrices: one axis on each side at most.
    pub fn is_of_matrices(&self) -> bool {
        [&self.m, &self.n, &self.k].iter().all(|axes| axes.len() <= 1)
    }

    /// The axes of A, B and C, each with the stride in it.
    pub fn sides(&self) -> [(&Operand, Vec<(&Extent, &Extent)>); 3] {
        fn joined<'a>(first: (&'a [Axis], usize), second: (&'a [Axis], usize)) -> Vec<(&'a Extent, &'a Extent)> {
            let of = |(axes, tensor): (&'a [Axis], usize)| axes.iter().map(move |axis| (&axis.extent, &axis.strides[tensor]));
            of(first).chain(of(second)).collect()
        }
        [
            (&self.a, joined((&self.m, 0), (&self.k, 0))),
            (&self.b, joined((&self.k, 1), (&self.n, 0))),
            (&self.c, joined((&self.m, 1), (&self.n, 1))),
        ]
    }
}

impl Loops {
    /// A buffer.
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.0 as usize]
    }
}
