//! Expressions as texts of a drawing: as they are, and brief, with few digits and with names as short as they are clear. It must
//! not know what an expression is for.

use crate::derived_names;
use crate::emit::math::{self, Names, Symbol, Text};
use crate::explain::{tidy, tree};
use crate::ir::Program;
use crate::syntax::tree::{Expression, ExpressionKind};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers of brief texts have so many digits.
const DIGITS: usize = 6;

/// How names are written.
#[derive(Clone, Debug, Default)]
pub struct Words {
    full: Names,
    brief: Names,
    short: BTreeMap<String, String>,
}

impl Words {
    /// For the symbols of a derivation; no short name is one of those that are `taken`.
    pub fn new(program: &Program, symbols: Names, taken: &BTreeSet<String>) -> Self {
        let arrays = program.tensors.iter().filter(|tensor| !tensor.shape.is_empty()).map(|tensor| tensor.name.clone());
        let mut full = Names { arrays: arrays.collect(), ..symbols };
        let short = short(program, taken);
        full.symbols.retain(|_, symbol| matches!(symbol, Symbol::Adjoint { .. }));
        let mut brief = full.clone();
        for symbol in brief.symbols.values_mut() {
            match symbol {
                Symbol::Adjoint { of, wrt } | Symbol::Partial { of, wrt, .. } => {
                    for name in [of, wrt] {
                        *name = short.get(name).cloned().unwrap_or_else(|| name.clone());
                    }
                }
            }
        }
        brief.arrays.extend(short.iter().filter(|(name, _)| full.arrays.contains(*name)).map(|(_, short)| short.clone()));
        Self { full, brief, short }
    }

    /// A name, as short as it is clear.
    pub fn short(&self, name: &str) -> String {
        self.short.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// An expression as it is.
    pub fn full(&self, value: &Expression) -> String {
        math::write(&tree::without_ranges(&tidy::tidy(value)), &self.full, &Text)
    }

    /// An expression with short names and few digits.
    pub fn brief(&self, value: &Expression) -> String {
        let mut value = tree::without_ranges(&tidy::tidy(value));
        self.shorten(&mut value);
        math::write(&value, &self.brief, &Text)
    }

    fn shorten(&self, value: &mut Expression) {
        if let ExpressionKind::Name(name) = &mut value.kind {
            *name = self.short(name);
        } else if let ExpressionKind::Number { value, .. } = &mut value.kind {
            *value = rounded(*value);
        }
        tree::children_mut(value).into_iter().for_each(|child| self.shorten(child));
    }
}

/// A number with few digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}

/// For names with dots, the shortest end that no other name ends with.
fn short(program: &Program, taken: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for tensor in &program.tensors {
        ends_of(&tensor.name).for_each(|end| *ends.entry(end).or_default() += 1);
    }
    let shortest = |name: &str| {
        let end = ends_of(name).find(|end| ends.get(end) == Some(&1) && !taken.contains(*end))?;
        Some((name.to_owned(), end.to_owned()))
    };
    program.tensors.iter().filter(|tensor| tensor.name.contains('.')).filter_map(|tensor| shortest(&tensor.name)).collect()
}

/// The ends of a name, the shortest first; an adjoint has none.
fn ends_of(name: &str) -> impl Iterator<Item = &str> {
    let places = name.rmatch_indices('.').map(|(at, _)| at + 1).chain([0]);
    places.map(|at| &name[at..]).filter(move |_| !derived_names::is_derived(name))
}
