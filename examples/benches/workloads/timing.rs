//! How a repeated piece of work is timed: the median over chunks of about 5 ms, and the best chunk.

use std::time::{Duration, Instant};

/// How long a chunk is about.
const CHUNK: f64 = 0.005;

/// Microseconds of one repetition.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// The median of the chunks.
    pub median: f64,
    /// The fastest chunk.
    pub best: f64,
}

/// Times one repetition of `work`, after a warm-up, for about that long.
pub fn measure(span: Duration, mut work: impl FnMut()) -> Time {
    let warm = Instant::now();
    let mut rounds = 0_u32;
    while warm.elapsed() < span / 4 || rounds < 2 {
        work();
        rounds += 1;
    }
    let once = warm.elapsed().as_secs_f64() / f64::from(rounds);
    let repeats = ((CHUNK / once) as u32).max(1);
    let (start, mut chunks) = (Instant::now(), Vec::new());
    while start.elapsed() < span || chunks.len() < 5 {
        let chunk = Instant::now();
        for _ in 0..repeats {
            work();
        }
        chunks.push(chunk.elapsed().as_secs_f64() * 1e6 / f64::from(repeats));
    }
    chunks.sort_by(f64::total_cmp);
    Time { median: chunks[chunks.len() / 2], best: chunks[0] }
}
