//! What simplification did: which rule fired where, and how often.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Counts of rewrites by the name of the rule and of the definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    counts: BTreeMap<(&'static str, Arc<str>), usize>,
    place: Arc<str>,
    /// Whether another order of a product would cost less for some sizes.
    by_sizes: bool,
}

impl Report {
    /// What follows happens in the definition of that name.
    pub fn enter(&mut self, definition: &str) {
        self.place = definition.into();
    }

    /// Nothing yet, in the same definition.
    pub fn at_the_same_place(&self) -> Self {
        Self { place: Arc::clone(&self.place), ..Self::default() }
    }

    /// Counts one rewrite.
    pub fn fired(&mut self, rule: &'static str) {
        *self.counts.entry((rule, Arc::clone(&self.place))).or_default() += 1;
    }

    /// What is cheaper depends on sizes that are not known.
    pub fn depends_on_sizes(&mut self) {
        self.by_sizes = true;
    }

    /// Whether what is cheaper depends on sizes that are not known.
    pub fn is_by_sizes(&self) -> bool {
        self.by_sizes
    }

    /// Names and counts, by name.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for ((name, _), count) in &self.counts {
            *counts.entry(name).or_default() += count;
        }
        counts.into_iter()
    }

    /// Names of rules, names of the definitions that they changed, and counts, in this order.
    pub fn places(&self) -> impl Iterator<Item = (&'static str, &str, usize)> {
        self.counts.iter().map(|((name, place), &count)| (*name, &**place, count))
    }

    /// Adds the counts of another report.
    pub fn add(&mut self, other: &Self) {
        self.by_sizes |= other.by_sizes;
        for (key, count) in &other.counts {
            *self.counts.entry(key.clone()).or_default() += count;
        }
    }
}
