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
    pub gradient: Option<Pass>,
    /// Loss and metrics, in inference mode.
    pub assess: Option<Pass>,
    /// Outputs, in inference mode, without targets.
    pub predict: Option<Pass>,
    /// The definitions of the gradient's pass that are looked at where a number of it is not finite, in the order of their computation.
    pub traced: Vec<Traced>,
}

/// A pass, in one form or in two.
#[derive(Clone, Debug)]
pub struct Pass {
    /// What it does, or does for sizes that are small.
    pub loops: Loops,
    /// What it does where sizes are large.
    pub large: Option<Large>,
}

/// A form of a pass for large sizes.
#[derive(Clone, Debug)]
pub struct Large {
    /// What it does.
    pub loops: Loops,
    /// By how much it costs less, in additions: it is taken where that is 0 or more.
    pub gain: Extent,
}

impl Pass {
    /// Its forms.
    pub fn forms(&self) -> impl Iterator<Item = &Loops> {
        [&self.loops].into_iter().chain(self.large.as_ref().map(|large| &large.loops))
    }
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
    /// The passes that there are, in all their forms.
    pub fn all(&self) -> Vec<&Loops> {
        [&self.gradient, &self.assess, &self.predict].into_iter().flatten().flat_map(Pass::forms).collect()
    }
}
