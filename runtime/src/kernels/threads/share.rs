//! What a thread takes of a piece of work. It must not know of the pool's workers.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A range of parts that threads take from, alone in its cache lines: the next one, and the end.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Shelf {
    next: AtomicUsize,
    end: AtomicUsize,
}

impl Shelf {
    pub(super) const fn new() -> Self {
        Self { next: AtomicUsize::new(0), end: AtomicUsize::new(0) }
    }

    /// Only while no thread takes parts.
    pub(super) fn fill(&self, parts: Range<usize>) {
        self.next.store(parts.start, Ordering::Relaxed);
        self.end.store(parts.end, Ordering::Relaxed);
    }

    #[inline]
    fn take(&self) -> Option<usize> {
        let end = self.end.load(Ordering::Relaxed);
        if self.next.load(Ordering::Relaxed) >= end {
            return None;
        }
        let part = self.next.fetch_add(1, Ordering::Relaxed);
        (part < end).then_some(part)
    }

    /// Takes all that is left.
    pub(super) fn clear(&self) {
        self.next.store(self.end.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// Memory of a worker, for what it needs aside.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Aside(pub(super) [u8; Share::MEMORY]);

/// The parts that one thread takes, one after the other: an iterator over their numbers.
#[derive(Debug)]
pub struct Share<'a> {
    from: From<'a>,
    memory: Option<&'a mut Aside>,
}

#[derive(Debug)]
enum From<'a> {
    /// All parts, for one thread.
    Whole(Range<usize>),
    /// Those of a region; the thread begins with its own shelf.
    Shelves { shelves: &'a [Shelf], own: usize, passed: usize },
}

impl<'a> Share<'a> {
    /// The bytes of memory that a worker has for what it needs aside.
    pub const MEMORY: usize = 128 * 1024;

    /// All parts.
    pub(super) fn whole(parts: usize) -> Self {
        Self { from: From::Whole(0..parts), memory: None }
    }

    /// A thread's share of a region, with the memory of a worker.
    pub(super) fn of(shelves: &'a [Shelf], own: usize, memory: Option<&'a mut Aside>) -> Self {
        Self { from: From::Shelves { shelves, own, passed: 0 }, memory }
    }

    /// The memory of the worker that this is the share of, aligned to cache lines; none for the calling thread, which has its own.
    pub fn memory(&mut self) -> Option<&mut [u8]> {
        self.memory.as_deref_mut().map(|memory| memory.0.as_mut_slice())
    }
}

impl Iterator for Share<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        match &mut self.from {
            From::Whole(parts) => parts.next(),
            From::Shelves { shelves, own, passed } => {
                while *passed < shelves.len() {
                    let part = shelves[(*own + *passed) % shelves.len()].take();
                    if part.is_some() {
                        return part;
                    }
                    *passed += 1;
                }
                None
            }
        }
    }
}

/// The range of a part, where `length` rounds are cut into so many parts as even as possible.
#[inline]
pub(super) fn range(part: usize, parts: usize, length: usize) -> Range<usize> {
    let (short, longer) = (length / parts, length % parts);
    let start = part * short + part.min(longer);
    start..start + short + usize::from(part < longer)
}
