//! The program: indexed definitions over hash-consed scalar formulas.
//!
//! ```text
//! T[labels] = reduction over more labels of formula
//! ```
//!
//! This module's types are the specification. A [`Program`] is a list of [`Tensor`]s; each is given (an input, a parameter, ...)
//! or has a [`Definition`] with at most one reduction, at its root, over a scalar formula ([`Node`]). Labels are positions
//! ([`Label`]), so formulas that differ only in the names of labels are equal. Reads and positions use [`Index`] forms over
//! labels; extents are polynomials in the symbolic sizes and in floors of quotients ([`Extent`]).
//!
//! It must know nothing of syntax and of Rust.

pub mod bounds;
pub mod check;
pub mod cost;
pub mod domain;
pub mod expression;
pub mod extent;
mod floors;
pub mod guarded;
pub mod index;
pub mod number;
pub mod print;
pub mod program;
pub mod recurrence;
pub mod scatter;
pub mod transfer;

pub use check::check;
pub use domain::Domain;
pub use expression::{ExpressionId, Expressions, Node, Stream};
pub use extent::{Extent, Factor, Monomial, SizeId};
pub use guarded::{Guarded, conditions};
pub use index::{Atom, Index, Label};
pub use number::Number;
pub use program::{Definition, Element, Initializer, Precision, Program, Requirement, Role, Root, Source, Tensor, TensorId};
pub use recurrence::{Recurrence, Unit};
