//! What is written from the last forms: Rust from [`Loops`], `.nn` from a [`crate::ir::Program`], mathematics from a syntax tree, drawings from texts. It
//! must not know how to differentiate, plan or simplify.

#[cfg(feature = "cli")]
pub mod graph;
#[cfg(feature = "cli")]
pub mod math;
pub mod nn;
pub mod rust;

use crate::interface::Interface;
use crate::ir::Extent;
use crate::loops::{Destination, Loops};
use crate::span::Span;

/// A network as generated code needs it.
#[derive(Clone, Debug)]
pub struct Passes {
    /// What it looks like from outside.
    pub interface: Interface,
    /// Its formulas and those of its gradient, as text of the language.
    pub derivatives: String,
    /// Loss, metrics and gradient, in training mode.
    pub gradient: Option<Loops>,
    /// Loss and metrics, in inference mode.
    pub assess: Option<Loops>,
    /// Outputs, in inference mode, without targets.
    pub predict: Option<Loops>,
    /// The definitions of the gradient's pass that are looked at where a number of it is not finite, in the order of their computation.
    pub traced: Vec<Traced>,
}

/// A definition that a traced network names.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Its name.
    pub name: String,
    /// Its formula, as text.
    pub formula: String,
    /// Its shape.
    pub shape: Vec<Extent>,
    /// Whether only the gradient needs it.
    pub backward: bool,
    /// Where it was written.
    pub span: Span,
    /// The same, as text, as whoever knows the sources says it.
    pub place: String,
    /// Where its values are.
    pub destination: Destination,
}

impl Passes {
    /// The passes that there are.
    pub fn all(&self) -> Vec<&Loops> {
        [&self.gradient, &self.assess, &self.predict].into_iter().flatten().collect()
    }
}
