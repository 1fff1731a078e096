//! What simplification did: which rule fired how often.

use std::collections::BTreeMap;

/// Counts of rewrites by the name of the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    counts: BTreeMap<&'static str, usize>,
}

impl Report {
    /// Counts one rewrite.
    pub fn fired(&mut self, rule: &'static str) {
        *self.counts.entry(rule).or_default() += 1;
    }

    /// Names and counts, by name.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.counts.iter().map(|(&name, &count)| (name, count))
    }

    /// Adds the counts of another report.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in other.counts() {
            *self.counts.entry(name).or_default() += count;
        }
    }
}
