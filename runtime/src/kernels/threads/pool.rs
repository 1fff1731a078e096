//! The workers, and the region in which they compute. It must not know when work is worth it.
//!
//! One word says all about the region: its number, whether it is open, how many threads may take part, and how many workers are inside.
//! A worker enters by adding itself in the same step in which it sees that the region is open, so the caller, who closes it and waits until
//! nobody is inside, never leaves too early; and a worker that comes too late never touches what the region was about.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::MOST;
use super::share::{Aside, Share, Shelf, range};

/// The work of a region, without the lifetime of what it borrows.
type Work = *const (dyn Fn(&mut Share<'_>) + Sync);

/// How long a worker spins before it sleeps.
const PATIENCE: Duration = Duration::from_micros(60);
/// How many nanoseconds of work are missed before workers that sleep are woken: it takes the kernel tens of microseconds.
const WAKING: usize = 40_000;

struct Pool {
    region: AtomicU64,
    /// Whether somebody computes in the region. Only who has set it may open the region.
    busy: AtomicBool,
    /// How many workers sleep.
    sleeping: AtomicUsize,
    /// Work that was done without the workers, because they slept.
    missed: AtomicUsize,
    work: UnsafeCell<Option<Work>>,
    shelves: [Shelf; MOST],
    workers: [OnceLock<Thread>; MOST],
    /// How many workers there are.
    count: AtomicUsize,
    starting: Mutex<()>,
    /// What a worker has panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `work` is written only while the region is closed and nobody is inside, by the one who has set `busy`; workers read it
// only after they have entered.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool {
    region: AtomicU64::new(0),
    busy: AtomicBool::new(false),
    sleeping: AtomicUsize::new(0),
    missed: AtomicUsize::new(0),
    work: UnsafeCell::new(None),
    shelves: [const { Shelf::new() }; MOST],
    workers: [const { OnceLock::new() }; MOST],
    count: AtomicUsize::new(0),
    starting: Mutex::new(()),
    panic: Mutex::new(None),
};

/// The word of a region: 32 bits of its number, 15 of how many may take part, one that says that it is open, 16 of how many are inside.
#[derive(Clone, Copy)]
struct Word(u64);

impl Word {
    const OPEN: u64 = 1 << 16;

    fn opened(self, threads: usize) -> Self {
        Self(u64::from(self.number().wrapping_add(1)) << 32 | (threads as u64) << 17 | Self::OPEN)
    }

    fn number(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn threads(self) -> usize {
        (self.0 >> 17) as usize & 0x7fff
    }

    fn is_open(self) -> bool {
        self.0 & Self::OPEN != 0
    }

    fn inside(self) -> u64 {
        self.0 & 0xffff
    }
}

/// Makes sure that there are workers for so many threads, as far as the machine allows.
pub(super) fn start(threads: usize) {
    if POOL.count.load(Ordering::Acquire) + 1 >= threads {
        return;
    }
    let _starting = POOL.starting.lock().unwrap_or_else(PoisonError::into_inner);
    for index in POOL.count.load(Ordering::Relaxed)..threads.min(MOST) - 1 {
        let named = std::thread::Builder::new().name(format!("chainrule-{}", index + 1));
        let Ok(handle) = named.spawn(move || serve(index + 1)) else { return };
        // Each index is started once, by who has locked `starting`.
        let _ = POOL.workers[index].set(handle.thread().clone());
        POOL.count.store(index + 1, Ordering::Release);
    }
}

/// What a worker does for ever.
fn serve(own: usize) {
    let mut memory = Box::new(Aside([0; Share::MEMORY]));
    let mut seen = 0;
    loop {
        if let Some(word) = enter(own, &mut seen) {
            // SAFETY: the worker has entered, so what the region is about stays as it is until the worker leaves.
            let work = unsafe { *POOL.work.get() };
            let mut share = Share::of(&POOL.shelves[..word.threads()], own, Some(&mut memory));
            // SAFETY: what it borrows is there until the worker leaves.
            let computed = work.map(|work| catch_unwind(AssertUnwindSafe(|| unsafe { (*work)(&mut share) })));
            if let Some(Err(panic)) = computed {
                POOL.shelves.iter().for_each(Shelf::clear);
                *POOL.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            }
            POOL.region.fetch_sub(1, Ordering::Release);
        } else {
            rest(own, seen);
        }
    }
}

/// Whether there is a region that the thread may enter and has not been in.
fn is_new(word: Word, own: usize, seen: u32) -> bool {
    word.is_open() && own < word.threads() && word.number() != seen
}

/// Enters the region if there is a new one.
fn enter(own: usize, seen: &mut u32) -> Option<Word> {
    let mut word = Word(POOL.region.load(Ordering::Acquire));
    while is_new(word, own, *seen) {
        match POOL.region.compare_exchange_weak(word.0, word.0 + 1, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => {
                *seen = word.number();
                return Some(word);
            }
            Err(now) => word = Word(now),
        }
    }
    None
}

/// Waits for a new region: a while awake, then asleep.
fn rest(own: usize, seen: u32) {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        for _ in 0..16 {
            if is_new(Word(POOL.region.load(Ordering::Relaxed)), own, seen) {
                return;
            }
            std::hint::spin_loop();
        }
    }
    POOL.sleeping.fetch_add(1, Ordering::Relaxed);
    std::thread::park();
    POOL.sleeping.fetch_sub(1, Ordering::Relaxed);
}

/// Computes in the region with so many threads; `false` if it is not free, or all workers sleep and the work is not worth waking them.
pub(super) fn run(threads: usize, nanoseconds: usize, parts: usize, work: &(dyn Fn(&mut Share<'_>) + Sync)) -> bool {
    start(threads);
    let count = POOL.count.load(Ordering::Acquire);
    let (workers, sleeping) = (count.min(threads - 1), POOL.sleeping.load(Ordering::Relaxed));
    let wakes = sleeping > 0 && is_worth_waking(nanoseconds);
    if workers == 0 || sleeping >= count && !wakes || POOL.busy.swap(true, Ordering::Acquire) {
        return false;
    }
    let mut region = Open::new(workers + 1, parts, work);
    if wakes {
        // A worker that falls asleep just now misses this region: nobody waits for it.
        POOL.workers[..workers].iter().filter_map(OnceLock::get).for_each(Thread::unpark);
    }
    work(&mut Share::of(&POOL.shelves[..=workers], 0, None));
    region.is_done = true;
    drop(region);
    true
}

/// Counts what sleepers have missed.
fn is_worth_waking(nanoseconds: usize) -> bool {
    let missed = POOL.missed.load(Ordering::Relaxed).saturating_add(nanoseconds);
    let worth = missed >= WAKING;
    POOL.missed.store(if worth { 0 } else { missed }, Ordering::Relaxed);
    worth
}

/// An open region. Its end waits for the workers inside, also where the caller's own share panics.
struct Open {
    /// Whether the caller's share has come to its end.
    is_done: bool,
}

impl Open {
    /// Who calls it has set `busy`.
    fn new(threads: usize, parts: usize, work: &(dyn Fn(&mut Share<'_>) + Sync)) -> Self {
        for (index, shelf) in POOL.shelves[..threads].iter().enumerate() {
            shelf.fill(range(index, threads, parts));
        }
        // SAFETY: the lifetime is only left out: the region is closed, and nobody is inside, before the borrow ends. Nobody else writes
        // here, and nobody reads before the region is open.
        unsafe { *POOL.work.get() = Some(std::mem::transmute::<*const (dyn Fn(&mut Share<'_>) + Sync), Work>(work)) };
        let word = Word(POOL.region.load(Ordering::Relaxed)).opened(threads);
        POOL.region.store(word.0, Ordering::Release);
        Self { is_done: false }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.is_done {
            POOL.shelves.iter().for_each(Shelf::clear);
        }
        let mut word = Word(POOL.region.fetch_and(!Word::OPEN, Ordering::AcqRel));
        let mut rounds = 0_u32;
        while word.inside() > 0 {
            rounds += 1;
            if rounds.is_multiple_of(4096) {
                // A worker may wait for this very processor.
                std::thread::yield_now();
            }
            std::hint::spin_loop();
            word = Word(POOL.region.load(Ordering::Acquire));
        }
        let panic = POOL.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        POOL.busy.store(false, Ordering::Release);
        if let (Some(panic), true) = (panic, self.is_done) {
            resume_unwind(panic);
        }
    }
}
