//! What is written from the last forms: Rust from [`Loops`], `.nn` from a [`crate::ir::Program`], mathematics from a syntax tree. It must not know how to
//! differentiate, plan or simplify.

pub mod math;
pub mod nn;
pub mod rust;

use crate::interface::Interface;
use crate::loops::Loops;

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
}

impl Passes {
    /// The passes that there are.
    pub fn all(&self) -> Vec<&Loops> {
        [&self.gradient, &self.assess, &self.predict].into_iter().flatten().collect()
    }
}
