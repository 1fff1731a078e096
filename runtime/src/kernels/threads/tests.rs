use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Work that is always worth the threads, and waking them.
const MUCH: usize = 1 << 40;

/// The number of threads is one for all tests of the program.
static NUMBER: Mutex<()> = Mutex::new(());

/// Runs a test with so many threads, alone among those that set their number.
pub(crate) fn with_threads(threads: usize, test: impl FnOnce()) {
    let _number = NUMBER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = get();
    set(threads);
    test();
    set(before);
}

fn each_part_once(parts: usize) {
    let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
    run(MUCH, parts, &|share| {
        for part in share {
            counts[part].fetch_add(1, Ordering::Relaxed);
        }
    });
    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{parts} parts: {counts:?}");
}

#[test]
fn each_part_is_done_once_in_many_regions() {
    for threads in [1, 2, 3, 7] {
        with_threads(threads, || (0..3000).for_each(|round| each_part_once(round % 40)));
    }
}

#[test]
fn regions_between_sleeps() {
    with_threads(3, || {
        for pause in 0..40 {
            std::thread::sleep(std::time::Duration::from_micros(pause * 10));
            each_part_once(9);
        }
    });
}

#[test]
fn workers_take_part() {
    with_threads(2, || {
        let others = AtomicUsize::new(0);
        let own = std::thread::current().id();
        // A part ends when another thread has come, which is waited for as long as a machine may need.
        for _ in 0..1000 {
            run(MUCH, 2, &|share| {
                for _ in share {
                    let there = std::thread::current().id() != own;
                    others.fetch_add(usize::from(there), Ordering::Relaxed);
                    let since = std::time::Instant::now();
                    while others.load(Ordering::Relaxed) == 0 && since.elapsed().as_millis() < 20 {
                        std::thread::yield_now();
                    }
                }
            });
            if others.load(Ordering::Relaxed) > 0 {
                return;
            }
        }
        panic!("no worker ever came");
    });
}

#[test]
fn regions_within_regions() {
    with_threads(3, || {
        let count = AtomicUsize::new(0);
        for _ in 0..200 {
            run(MUCH, 6, &|share| {
                for _ in share {
                    run(MUCH, 5, &|inner| {
                        count.fetch_add(inner.count(), Ordering::Relaxed);
                    });
                }
            });
        }
        assert_eq!(count.load(Ordering::Relaxed), 200 * 6 * 5);
    });
}

#[test]
fn several_threads_at_once() {
    with_threads(3, || {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..2000).for_each(|round| each_part_once(1 + round % 13)));
            }
        });
    });
}

#[test]
fn a_panic_comes_out_and_leaves_a_pool_that_works() {
    with_threads(3, || {
        for at in 0..200 {
            let panics = |share: &mut Share<'_>| share.for_each(|part| assert!(part != at % 10, "part {part}"));
            let caught = catch_unwind(AssertUnwindSafe(|| run(MUCH, 10, &panics)));
            let message = caught.expect_err("a panic").downcast::<String>().expect("a message");
            assert_eq!(*message, format!("part {}", at % 10));
            each_part_once(10);
        }
    });
}

#[test]
fn workers_have_memory_and_the_caller_has_not() {
    with_threads(2, || {
        let own = std::thread::current().id();
        for _ in 0..200 {
            run(MUCH, 4, &|share| {
                let length = share.memory().map(|memory| {
                    memory.fill(1);
                    assert!(memory.as_ptr().addr().is_multiple_of(64));
                    memory.len()
                });
                assert_eq!(length, (std::thread::current().id() != own).then_some(Share::MEMORY));
                share.for_each(drop);
            });
        }
    });
}

#[test]
fn rounds_write_their_own_elements() {
    with_threads(3, || {
        for count in [0, 1, 2, 5, 100, 1001] {
            let (mut a, mut b) = (vec![0; count * 3], vec![0; count + 7]);
            rounds(MUCH, count, [(&mut a, 3), (&mut b, 1)], |rounds, [a, b]| {
                for (at, round) in rounds.enumerate() {
                    a[at * 3..][..3].fill(round + 1);
                    b[at] += round + 1;
                }
            });
            assert!(a.iter().enumerate().all(|(at, &found)| found == at / 3 + 1));
            assert!(b.iter().enumerate().all(|(at, &found)| found == if at < count { at + 1 } else { 0 }));
        }
    });
}

#[test]
#[should_panic(expected = "4 rounds of 3 in 11 elements")]
fn rounds_outside_of_a_slice_are_refused() {
    rounds(MUCH, 4, [(&mut [0; 11], 3)], |_, [_]| ());
}

#[test]
fn little_work_stays_on_its_thread() {
    with_threads(2, || {
        let own = std::thread::current().id();
        run(WORTH - 1, 100, &|share| share.for_each(|_| assert_eq!(std::thread::current().id(), own)));
        assert_eq!(parts(WORTH - 1, 100), 1);
        assert!(parts(MUCH, 100) > 2 && parts(MUCH, 3) == 3);
    });
}
