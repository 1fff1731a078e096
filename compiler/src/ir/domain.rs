//! What the requirements of a program tell of its sizes: `T - 3`, which is at least 0, says that `50*T - 100` is not negative.
//!
//! A size is at least 1, so an extent whose sizes are replaced by extents in others, which take all values that are allowed, says no less of itself
//! than before: with `T + 2` in the place of T, where T is at least 3, `50*T - 100` is `50*T`.

use super::extent::{Extent, SizeId};
use std::collections::BTreeMap;

/// Sizes are not searched beyond this.
const LARGEST: usize = 1 << 32;

/// The values of sizes that requirements allow, or more of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    /// What stands for a size: an extent in sizes of at least 1. It takes all values that the size may have, and none below 1.
    sizes: BTreeMap<SizeId, Extent>,
}

impl Domain {
    /// The sizes for which none of these extents is negative.
    pub fn of<'a>(slacks: impl IntoIterator<Item = &'a Extent>) -> Self {
        let mut domain = Self::default();
        let mut open: Vec<&Extent> = slacks.into_iter().collect();
        loop {
            let before = open.len();
            open.retain(|slack| !domain.require(slack));
            if open.len() == before {
                return domain;
            }
        }
    }

    /// Whether an extent is at least `number` for all sizes that are allowed.
    pub fn is_at_least(&self, extent: &Extent, number: i64) -> bool {
        extent.is_at_least(number)
            || self.tells_of(extent) && self.within(extent).is_some_and(|within| within.is_at_least(number))
    }

    /// Whether an extent is at most `number` for all sizes that are allowed.
    pub fn is_at_most(&self, extent: &Extent, number: i64) -> bool {
        self.is_at_least(&extent.negated(), number.saturating_neg())
    }

    fn tells_of(&self, extent: &Extent) -> bool {
        let mut tells = false;
        extent.each_size(&mut |size| tells |= self.sizes.contains_key(&size));
        tells
    }

    /// The extent in the sizes that stand for its own.
    fn within(&self, extent: &Extent) -> Option<Extent> {
        extent.with(&|size| self.sizes.get(&size).cloned())
    }

    /// Leaves the sizes out for which an extent is negative, if that can be done.
    fn require(&mut self, slack: &Extent) -> bool {
        let Some(slack) = self.within(slack) else { return false };
        if slack.is_at_least(0) {
            return true;
        }
        let Some((size, instead)) = from_least(&slack).or_else(|| solved(&slack)) else { return false };
        let replace = |extent: &Extent| extent.with(&|other| (other == size).then(|| instead.clone()));
        let sizes = self.sizes.iter().map(|(known, extent)| Some((*known, replace(extent)?)));
        let Some(mut sizes) = sizes.collect::<Option<BTreeMap<SizeId, Extent>>>() else { return false };
        sizes.entry(size).or_insert(instead.clone());
        self.sizes = sizes;
        true
    }
}

/// Of an extent that grows with its only size: the values of that for which it is not negative.
fn from_least(slack: &Extent) -> Option<(SizeId, Extent)> {
    let mut sizes = Vec::new();
    slack.each_size(&mut |size| sizes.push(size));
    let size = *sizes.first()?;
    if !slack.grows() || sizes.iter().any(|other| *other != size) {
        return None;
    }
    let is_enough = |value: usize| slack.value(&vec![value; size.0 as usize + 1]) >= 0;
    let mut enough = 1;
    while !is_enough(enough) {
        enough *= 2;
        if enough > LARGEST {
            return None;
        }
    }
    // What is not enough, and what is.
    let mut ends = [enough / 2, enough];
    while ends[1] - ends[0] > 1 {
        let middle = ends[0].midpoint(ends[1]);
        ends[usize::from(is_enough(middle))] = middle;
    }
    let least = i64::try_from(ends[1]).ok()?;
    Some((size, Extent::size(size).plus_constant(least - 1)))
}

/// Of `N - rest`: N is `rest` or more. N does not occur in the rest, which is at least 1.
fn solved(slack: &Extent) -> Option<(SizeId, Extent)> {
    slack.terms().find_map(|(monomial, coefficient)| {
        let alone = Extent::term(coefficient, monomial);
        let size = alone.as_size()?;
        let rest = alone.minus(slack);
        let mut occurs = false;
        rest.each_size(&mut |other| occurs |= other == size);
        (!occurs && rest.is_at_least(1)).then(|| (size, rest.plus(&Extent::size(size)).plus_constant(-1)))
    })
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
