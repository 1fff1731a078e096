//! Threads that compute parts of one piece of work: a small pool with one region at a time, entered in less than a microsecond.
//!
//! [`run`] cuts work into parts. Each thread takes those of its own range first, which are the same at each step, so that they may
//! still be in its cache, and then what is left of the others' ranges. A thread that is late finds nothing left, and nobody waits for
//! it: the calling thread only waits for parts that others have begun. Work that is too little, or finds the pool busy (with another
//! thread's work, or with the work that it is a part of), is done by the calling thread alone. Workers spin for a while after a region,
//! then they sleep until enough work has been missed.
//!
//! It must not know what is computed. Whoever calls it makes parts whose results do not depend on how they are cut: which thread
//! computes a part is chance.

mod pool;
mod rounds;
mod share;
#[cfg(test)]
pub(crate) mod tests;

pub use rounds::{Rounds, parts, rounds, share};
pub use share::Share;

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most threads that compute together.
pub const MOST: usize = 64;

/// The environment variable that says how many threads there are.
const VARIABLE: &str = "CHAINRULE_THREADS";

/// How many threads compute together; 0 before anybody has asked.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads compute together from now on: 1 is only the calling thread, [`MOST`] are the most. Results are the same,
/// bit for bit, with any number.
///
/// At first it is the number in the environment variable `CHAINRULE_THREADS`, if that is one, else as many as the machine runs at the same
/// time.
///
/// ```
/// chainrule::threads::set(2);
/// assert_eq!(chainrule::threads::get(), 2);
/// ```
///
/// # Panics
///
/// If it is 0.
pub fn set(threads: usize) {
    assert!(threads > 0, "at least one thread computes");
    THREADS.store(threads.min(MOST), Ordering::Relaxed);
    start();
}

/// How many threads compute together.
#[inline]
pub fn get() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => first(),
        threads => threads,
    }
}

/// What the environment or the machine says.
#[cold]
fn first() -> usize {
    let said = std::env::var(VARIABLE).ok().and_then(|text| text.trim().parse::<NonZero<usize>>().ok());
    let threads = said.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get).min(MOST);
    // Where somebody has set it in the meantime, that holds.
    match THREADS.compare_exchange(0, threads, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => threads,
        Err(set) => set,
    }
}

/// Starts the threads that are not there yet. [`run`] does it too; this is for those who want no allocation later.
pub fn start() {
    pool::start(get());
}

/// [`start`] where work on so many bytes may be worth several threads.
pub fn start_for(bytes: usize) {
    if bytes >= LARGE {
        start();
    }
}

/// No work on fewer bytes is worth several threads.
const LARGE: usize = 16 * 1024;

/// Below so many nanoseconds of work, waking a thread that spins and waiting for it costs more than it brings.
const WORTH: usize = 8_000;

/// Whether work that takes one thread about so many nanoseconds is worth more than one thread.
#[inline(always)]
pub fn is_worth(nanoseconds: usize) -> bool {
    nanoseconds >= WORTH && get() > 1
}

/// Calls `work` on each thread that takes part, with its share of the `parts` of a piece of work that takes one thread about so many
/// nanoseconds. When it comes back, all parts are done. It does not allocate once the threads are there.
///
/// # Panics
///
/// If a part does.
pub fn run(nanoseconds: usize, parts: usize, work: &(dyn Fn(&mut Share<'_>) + Sync)) {
    if parts < 2 || !is_worth(nanoseconds) || !pool::run(get().min(parts), nanoseconds, parts, work) {
        work(&mut Share::whole(parts));
    }
}
