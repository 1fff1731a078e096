//! Expressions as texts of a drawing: as they are, and brief, with few digits and with names as short as they are clear. It must
//! not know what an expression is for.

use crate::emit::math::{self, Names, Symbol, Text};
use crate::explain::short_names::ShortNames;
use crate::explain::{tidy, tree};
use crate::ir::Program;
use crate::syntax::tree::{Expression, ExpressionKind};
use std::collections::BTreeSet;

/// Numbers of brief texts have so many digits.
const DIGITS: usize = 6;

/// How names are written.
#[derive(Clone, Debug, Default)]
pub struct Words {
    full: Names,
    brief: Names,
    short: ShortNames,
}

impl Words {
    /// For the symbols of a derivation; no short name is one of those that are `taken`.
    pub fn new(program: &Program, symbols: Names, taken: &BTreeSet<String>) -> Self {
        let arrays = program.tensors.iter().filter(|tensor| !tensor.shape.is_empty()).map(|tensor| tensor.name.clone());
        let mut full = Names { arrays: arrays.collect(), ..symbols };
        let short = ShortNames::new(program, taken);
        full.symbols.retain(|_, symbol| matches!(symbol, Symbol::Adjoint { .. }));
        let brief = short.names(&full);
        Self { full, brief, short }
    }

    /// A name, as short as it is clear.
    pub fn short(&self, name: &str) -> String {
        self.short.of(name)
    }

    /// An expression as it is.
    pub fn full(&self, value: &Expression) -> String {
        math::write(&tree::without_ranges(&tidy::tidy(value)), &self.full, &Text)
    }

    /// An expression with short names and few digits.
    pub fn brief(&self, value: &Expression) -> String {
        let mut value = tree::without_ranges(&tidy::tidy(value));
        self.short.shorten(&mut value);
        round(&mut value);
        math::write(&value, &self.brief, &Text)
    }
}

/// Gives all numbers few digits.
fn round(source: &mut Expression) {
    if let ExpressionKind::Number { value, .. } = &mut source.kind {
        *value = rounded(*value);
    }
    tree::children_mut(source).into_iter().for_each(round);
}

/// A number with few digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}
