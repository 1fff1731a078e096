//! Rounds of a loop that write different elements. It must not know what they compute.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::share::{Share, range};
use super::{get, is_worth, run};
use crate::kernels::{Float, Isa, Level};

/// How many parts each thread has, if they are not dearer the smaller they are: one that is late or slow leaves some to the others.
const PARTS: usize = 4;
/// No part takes fewer nanoseconds.
const LEAST: usize = 1_500;

/// Into how many parts it is best to cut work that takes one thread about so many nanoseconds; not more than `most`.
pub fn parts(nanoseconds: usize, most: usize) -> usize {
    cut(nanoseconds, PARTS, most)
}

/// The same for so many parts of a thread.
fn cut(nanoseconds: usize, of_a_thread: usize, most: usize) -> usize {
    if is_worth(nanoseconds) { (nanoseconds / LEAST).min(of_a_thread * get()).min(most).max(1) } else { 1 }
}

/// Slices, each with how many of its elements belong to a round.
struct Written<S, const K: usize>([(*mut S, usize); K]);

// SAFETY: threads get slices of different rounds, which have no element in common.
unsafe impl<S: Send, const K: usize> Sync for Written<S, K> {}

impl<S, const K: usize> Written<S, K> {
    fn new(count: usize, written: [(&mut [S], usize); K]) -> Self {
        Self(written.map(|(slice, each)| {
            let needed = count.checked_mul(each);
            assert!(needed.is_some_and(|needed| needed <= slice.len()), "{count} rounds of {each} in {} elements", slice.len());
            (slice.as_mut_ptr(), each)
        }))
    }

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
    let written = Written::new(count, written);
    run(nanoseconds, parts, &|share| {
        for part in share {
            let rounds = range(part, parts, count);
            // SAFETY: the slices are long enough, and each part is taken once.
            let slices = unsafe { written.of(&rounds) };
            work(rounds, slices);
        }
    });
}

/// A loop whose rounds can be computed in any order: each writes elements of its own, and reads none that another one writes.
pub trait Rounds<S, const K: usize>: Sync {
    /// Into how many parts the rounds of a thread are cut; 1 where parts are dearer the smaller they are.
    const PARTS: usize = PARTS;

    /// Computes some rounds in the instructions of `I`: `written` begins with their elements, `packing` is memory for matrix products.
    fn compute<I: Isa>(&self, rounds: Range<usize>, written: [&mut [S]; K], packing: &mut [S]);
}

fn parts_of_a_thread<S, const K: usize, L: Rounds<S, K>>(_: &L) -> usize {
    L::PARTS
}

/// Computes a loop as [`rounds`] does. Its matrix products need so many elements of memory for packing: the calling thread uses `packing`,
/// workers have their own.
///
/// # Panics
///
/// If a slice is too short, the machine does not have the level of `I`, or a round panics.
pub fn share<I: Isa, S: Float, const K: usize>(
    body: &impl Rounds<S, K>,
    nanoseconds: usize,
    count: usize,
    written: [(&mut [S], usize); K],
    packing: &mut [S],
    needed: usize,
) {
    assert!(I::LEVEL <= Level::detect(), "this machine does not have {:?}", I::LEVEL);
    let fits = needed <= Share::MEMORY / size_of::<S>();
    let parts = if fits { cut(nanoseconds, parts_of_a_thread(body), count) } else { 1 };
    let written = Written::new(count, written);
    let packing = Mutex::new(packing);
    run(nanoseconds, parts, &|share| {
        let compute = |rounds: Range<usize>, packing: &mut [S]| {
            // SAFETY: the slices are long enough, and each part is taken once. The machine has the level.
            unsafe { at_level::<I, S, K>(body, rounds.clone(), written.of(&rounds), packing) }
        };
        while let Some(part) = share.next() {
            let rounds = range(part, parts, count);
            match share.memory() {
                Some(memory) => compute(rounds, bytemuck::cast_slice_mut(memory)),
                // Nobody else takes it: there is one calling thread.
                None => compute(rounds, &mut packing.lock().unwrap_or_else(PoisonError::into_inner)),
            }
        }
    });
}

/// Some rounds, compiled for a level.
///
/// # Safety
///
/// The machine must have the level of `I`.
#[inline(always)]
unsafe fn at_level<I: Isa, S: Float, const K: usize>(
    body: &impl Rounds<S, K>,
    rounds: Range<usize>,
    written: [&mut [S]; K],
    packing: &mut [S],
) {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
    fn avx512<I: Isa, S: Float, const K: usize>(
        body: &impl Rounds<S, K>,
        rounds: Range<usize>,
        written: [&mut [S]; K],
        packing: &mut [S],
    ) {
        body.compute::<I>(rounds, written, packing);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn avx2<I: Isa, S: Float, const K: usize>(
        body: &impl Rounds<S, K>,
        rounds: Range<usize>,
        written: [&mut [S]; K],
        packing: &mut [S],
    ) {
        body.compute::<I>(rounds, written, packing);
    }

    match I::LEVEL {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as the caller says.
        Level::Avx512 => unsafe { avx512::<I, S, K>(body, rounds, written, packing) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as the caller says.
        Level::Avx2 => unsafe { avx2::<I, S, K>(body, rounds, written, packing) },
        #[cfg(not(target_arch = "x86_64"))]
        Level::Avx512 | Level::Avx2 => body.compute::<I>(rounds, written, packing),
        Level::Baseline => body.compute::<I>(rounds, written, packing),
    }
}
