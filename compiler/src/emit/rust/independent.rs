//! Whether the rounds of a loop that is no outermost one may be mixed: what a round writes, no other one reads or writes. It must not know how a
//! loop is written.

use super::access::{self, Access};
use super::scope::{Memory, memory_of};
use crate::ir::{Atom, Domain, Extent, Index, Label};
use crate::loops::{Loops, Statement, Variable};
use std::collections::BTreeMap;

/// Whether no round of a loop reads or writes in memory what another one writes. All that it writes, it writes outside of the loops within it.
pub fn are_independent(loops: &Loops, (variable, extent): (Variable, &Extent), body: &[Statement]) -> bool {
    let mut ranges = BTreeMap::from([(variable, extent.clone())]);
    let mut accesses = Vec::new();
    gather(body, &mut ranges, &mut accesses);
    let memory = |one: &Access| memory_of(loops, one.buffer);
    let written: Vec<(Memory, &Index)> =
        accesses.iter().filter(|one| one.written).map(|one| (memory(one), &one.offset)).collect();
    let is_alone = |(place, offset): &(Memory, &Index)| {
        let own = is_own(&loops.domain, offset, variable, &ranges);
        own && accesses
            .iter()
            .filter(|one| memory(one) == *place)
            .all(|one| one.offset == **offset || are_apart(&loops.domain, offset, &one.offset, &ranges))
    };
    written.iter().all(is_alone)
}

/// All accesses, and how long the loops within are.
fn gather(body: &[Statement], ranges: &mut BTreeMap<Variable, Extent>, found: &mut Vec<Access>) {
    for statement in body {
        if let Statement::For { variable, extent, body, .. } = statement {
            ranges.insert(*variable, extent.clone());
            gather(body, ranges, found);
        } else {
            found.extend(access::accesses(std::slice::from_ref(statement)));
        }
    }
}

/// Whether an offset is another one in each round, and changes with nothing else.
fn is_own(domain: &Domain, offset: &Index, variable: Variable, ranges: &BTreeMap<Variable, Extent>) -> bool {
    domain.is_at_least(&offset.coefficient(Label(variable.0)), 1)
        && offset.terms().all(|(atom, _)| match atom {
            Atom::Label(label) => label.0 == variable.0 || !ranges.contains_key(&Variable(label.0)),
            Atom::Quotient(..) | Atom::Remainder(..) | Atom::Element(..) => false,
        })
}

/// Whether two offsets are never the same, whichever rounds they are of.
fn are_apart(domain: &Domain, one: &Index, other: &Index, ranges: &BTreeMap<Variable, Extent>) -> bool {
    let (Some(one), Some(other)) = (Span::of(domain, one, ranges), Span::of(domain, other, ranges)) else { return false };
    let Some(distance) = one.base.minus(&other.base).as_extent().cloned() else { return false };
    let (low, high) = (distance.plus(&one.low).minus(&other.high), distance.plus(&one.high).minus(&other.low));
    domain.is_at_least(&low, 1) || domain.is_at_most(&high, -1)
}

/// What an offset is without the loops, and how far they move it.
struct Span {
    base: Index,
    low: Extent,
    high: Extent,
}

impl Span {
    fn of(domain: &Domain, offset: &Index, ranges: &BTreeMap<Variable, Extent>) -> Option<Self> {
        let mut span = Self { base: offset.clone(), low: Extent::zero(), high: Extent::zero() };
        for (atom, coefficient) in offset.terms() {
            let Atom::Label(label) = atom else { return None };
            let Some(extent) = ranges.get(&Variable(label.0)) else { continue };
            let last = extent.plus_constant(-1).times(coefficient);
            if domain.is_at_least(coefficient, 0) {
                span.high = span.high.plus(&last);
            } else if domain.is_at_most(coefficient, 0) {
                span.low = span.low.plus(&last);
            } else {
                return None;
            }
            span.base = span.base.minus(&Index::label(*label).times(coefficient));
        }
        Some(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Precision;
    use crate::loops::{Buffer, BufferId, Destination, Place, Value};

    /// How long a row is.
    const WIDE: i64 = 20;

    /// `x` is given and `y` is written, in rows of [`WIDE`].
    fn loops() -> Loops {
        let shape = vec![Extent::constant(4), Extent::constant(WIDE)];
        let buffer = |name: &str, place| Buffer { name: name.into(), shape: shape.clone(), integers: None, place };
        Loops {
            name: "predict".into(),
            precision: Precision::F32,
            sizes: Vec::new(),
            domain: Domain::default(),
            buffers: vec![buffer("x", Place::Input("x".into())), buffer("y", Place::Result(Destination::Output("y".into())))],
            slots: Vec::new(),
            variable_names: vec!["t".into(), "j".into(), "i".into()],
            local_names: vec!["sum".into()],
            body: Vec::new(),
        }
    }

    /// The place `[t, from + a variable]`, where `t` is of a loop around.
    fn at(variable: u32, from: i64) -> Index {
        let row = Index::label(Label(0)).times(&Extent::constant(WIDE));
        row.plus(&Index::label(Label(variable))).plus_extent(&Extent::constant(from))
    }

    /// Whether columns `j` are independent, of which each reads this within a loop over `i`, and then writes this.
    fn independent(buffer: u32, read: Index, written: Index) -> bool {
        let local = crate::loops::Local(0);
        let add = Statement::Assign(local, Value::Load(BufferId(buffer), read));
        let sum = Statement::For { variable: Variable(2), extent: Extent::constant(WIDE), backward: false, body: vec![add] };
        let store = Statement::Store { buffer: BufferId(1), offset: written, value: Value::Local(local), accumulate: false };
        are_independent(&loops(), (Variable(1), &Extent::constant(WIDE)), &[sum, store])
    }

    #[test]
    fn columns_that_write_numbers_of_their_own_are_independent() {
        assert!(independent(0, at(2, 0), at(1, 0)));
        assert!(independent(1, at(2, -WIDE), at(1, 0)), "the row before");
        assert!(independent(1, at(2, WIDE), at(1, 0)), "the row behind");
        assert!(independent(1, at(1, 0), at(1, 0)), "the number that was there");
    }

    #[test]
    fn columns_that_read_what_another_one_writes_are_not() {
        assert!(!independent(1, at(2, 0), at(1, 0)), "the same row");
        assert!(!independent(1, at(2, 1 - WIDE), at(1, 0)), "the row before and one more");
        assert!(!independent(1, at(2, WIDE - 1), at(1, 0)), "one more and the row behind");
        assert!(!independent(1, at(1, 1), at(1, 0)), "the next column");
        assert!(!independent(0, at(2, 0), at(0, 0)), "all columns write one number");
        assert!(!independent(0, at(2, 0), at(2, 0)), "what is written changes with another loop");
        assert!(!independent(1, Index::label(Label(2)), at(1, 0)), "nobody knows which row");
    }
}
