//! Rounds of a loop that write different elements. It must not know what they compute.

use std::ops::Range;

use super::share::range;
use super::{get, is_worth, run};

/// How many parts each thread has: one that is late or slow leaves some to the others.
const PARTS: usize = 4;
/// No part takes fewer nanoseconds.
const LEAST: usize = 1_500;

/// Into how many parts it is best to cut work that takes one thread about so many nanoseconds; not more than `most`.
pub fn parts(nanoseconds: usize, most: usize) -> usize {
    if is_worth(nanoseconds) { (nanoseconds / LEAST).min(PARTS * get()).min(most).max(1) } else { 1 }
}

/// Slices, each with how many of its elements belong to a round.
struct Written<S, const K: usize>([(*mut S, usize); K]);

// SAFETY: threads get slices of different rounds, which have no element in common.
unsafe impl<S: Send, const K: usize> Sync for Written<S, K> {}

impl<S, const K: usize> Written<S, K> {
    /// The elements of some rounds.
    ///
    /// # Safety
    ///
    /// The rounds must be within all slices, and no two slices of a round may live at the same time.
    #[allow(clippy::mut_from_ref, reason = "rounds are what is borrowed, and each is once")]
    unsafe fn of(&self, rounds: &Range<usize>) -> [&mut [S]; K] {
        // SAFETY: as the caller says.
        self.0
            .each_ref()
            .map(|&(first, each)| unsafe { std::slice::from_raw_parts_mut(first.add(rounds.start * each), rounds.len() * each) })
    }
}

/// Calls `work` for ranges of rounds until all `count` of them are done, by several threads where so many nanoseconds on one of them are
/// worth it. Each of the `written` slices stands with how many elements of it belong to a round; `work` gets those of its rounds.
///
/// # Panics
///
/// If a slice is too short, or a round panics.
pub fn rounds<S: Send, const K: usize>(
    nanoseconds: usize,
    count: usize,
    written: [(&mut [S], usize); K],
    work: impl Fn(Range<usize>, [&mut [S]; K]) + Sync,
) {
    let parts = parts(nanoseconds, count);
    let written = Written(written.map(|(slice, each)| {
        let needed = count.checked_mul(each);
        assert!(needed.is_some_and(|needed| needed <= slice.len()), "{count} rounds of {each} in {} elements", slice.len());
        (slice.as_mut_ptr(), each)
    }));
    run(nanoseconds, parts, &|share| {
        for part in share {
            let rounds = range(part, parts, count);
            // SAFETY: the slices are long enough, and each part is taken once.
            let slices = unsafe { written.of(&rounds) };
            work(rounds, slices);
        }
    });
}
