//! Names as short as they are clear: `mu` for `n.mu`, where nothing else ends so. It must not know what an expression is for.

use super::tree;
use crate::derived_names;
use crate::emit::math::{Names, Symbol};
use crate::ir::Program;
use crate::syntax::tree::{Expression, ExpressionKind};
use std::collections::{BTreeMap, BTreeSet};

/// The short names of tensors, by their names.
#[derive(Clone, Debug, Default)]
pub struct ShortNames(BTreeMap<String, String>);

impl ShortNames {
    /// For names with dots, the shortest end that no other name ends with and that is not taken.
    pub fn new(program: &Program, taken: &BTreeSet<String>) -> Self {
        let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
        for tensor in &program.tensors {
            ends_of(&tensor.name).for_each(|end| *ends.entry(end).or_default() += 1);
        }
        let shortest = |name: &str| {
            let end = ends_of(name).find(|end| ends.get(end) == Some(&1) && !taken.contains(*end))?;
            Some((name.to_owned(), end.to_owned())).filter(|(name, end)| name != end)
        };
        Self(program.tensors.iter().filter_map(|tensor| shortest(&tensor.name)).collect())
    }

    /// Those that are not taken.
    pub fn without(&self, taken: &BTreeSet<String>) -> Self {
        let free = self.0.iter().filter(|(_, short)| !taken.contains(*short));
        Self(free.map(|(name, short)| (name.clone(), short.clone())).collect())
    }

    /// A name, as short as it is clear.
    pub fn of(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// A name with its short form, if one has one.
    pub fn first(&self) -> Option<(&String, &String)> {
        self.0.first_key_value()
    }

    /// All short names.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.0.values()
    }

    /// Writes them in an expression.
    pub fn shorten(&self, value: &mut Expression) {
        if let ExpressionKind::Name(name) = &mut value.kind {
            *name = self.of(name);
        }
        tree::children_mut(value).into_iter().for_each(|child| self.shorten(child));
    }

    /// The symbols and arrays of names with these names too.
    pub fn names(&self, full: &Names) -> Names {
        let mut brief = full.clone();
        for symbol in brief.symbols.values_mut() {
            match symbol {
                Symbol::Adjoint { of, wrt } | Symbol::Partial { of, wrt, .. } => {
                    (*of, *wrt) = (self.of(of), self.of(wrt));
                }
            }
        }
        brief.arrays.extend(self.0.iter().filter(|(name, _)| full.arrays.contains(*name)).map(|(_, short)| short.clone()));
        brief
    }
}

/// The ends of a name, the shortest first; an adjoint has none.
fn ends_of(name: &str) -> impl Iterator<Item = &str> {
    let places = name.rmatch_indices('.').map(|(at, _)| at + 1).chain([0]);
    places.map(|at| &name[at..]).filter(move |_| !derived_names::is_derived(name))
}
