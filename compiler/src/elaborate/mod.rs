//! Elaboration: a syntax tree becomes a [`Program`] of indexed definitions. Names are looked up, shapes are proved, functions and
//! layers are inlined, matrix notation, broadcasting, slices and reductions become reads at index forms.
//!
//! This is the last place where a mistake of the user can arise. It must know nothing of derivatives and of Rust.
//!
//! A value is a `View`: labels for its axes and one scalar formula in them. Element-wise code, transposes, slices and
//! reshapes only change the formula; what is reduced, and what has a name, becomes a definition.

mod arguments;
mod bindings;
mod body;
mod builtins;
mod calls;
mod core;
mod cures;
mod define;
mod derivatives;
mod evaluate;
mod formula;
mod indexing;
mod items;
mod joins;
mod labels;
mod layers;
pub mod library;
mod messages;
mod network;
mod order;
mod products;
mod random;
mod recurrences;
mod reductions;
mod shapes;
mod solve;
mod starts;
mod statements;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_hostile;
mod view;
mod walk;

pub use walk::sizes_from_data;

use crate::diagnostic::Diagnostics;
use crate::ir::Program;
use crate::span::{FileId, Span};
use crate::syntax::tree::File;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is elaborated, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The network; where none is named, the file must have exactly one.
    pub network: Option<String>,
    /// What `training` means: the program of a training step, or that of inference.
    pub training: bool,
    /// Values of hyperparameters; the others have their defaults.
    pub hyperparameters: BTreeMap<String, f64>,
    /// Symbolic sizes that are these numbers.
    pub sizes: BTreeMap<String, i64>,
}

/// Where other files come from: the compiler reads none.
pub trait Loader {
    /// The parsed file that `import "path"` names in the file `from`. What is wrong is reported at `span` (or inside of the
    /// file), and then nothing is returned.
    fn load(&mut self, from: FileId, path: &str, span: Span, diagnostics: &mut Diagnostics) -> Option<(FileId, Rc<File>)>;

    /// The files of [`library::LIBRARY`], parsed, in its order, with the ids of their sources.
    fn library(&mut self) -> Vec<(FileId, Rc<File>)>;
}

/// A mistake that is among the diagnostics already.
#[derive(Clone, Copy, Debug)]
struct Reported;

type Result<T> = std::result::Result<T, Reported>;

/// The program of a network. Where it has mistakes, they are among the diagnostics and there is none.
pub fn elaborate(file: &File, options: &Options, loader: &mut dyn Loader, diagnostics: &mut Diagnostics) -> Option<Program> {
    let files = items::load_all(file, loader, diagnostics);
    let mut equated = options.sizes.clone();
    // Where a label shows that a size is a number, all begins again with that number: each round has one size less.
    loop {
        let mut trial = diagnostics.clone();
        let items = items::Items::collect(file, &files, &mut trial);
        let mut elaborator = core::Elaborator::new(items, options, &mut trial);
        elaborator.equated.clone_from(&equated);
        let done = elaborator.network();
        if elaborator.equated.len() > equated.len() {
            equated = std::mem::take(&mut elaborator.equated);
            continue;
        }
        let program = std::mem::take(&mut elaborator.program);
        let failed = done.is_err() || elaborator.failed;
        *diagnostics = trial;
        return (!failed && !diagnostics.has_errors()).then_some(program);
    }
}
