//! How the peers that are crates are timed: as `measure.py` times the others.

use std::time::Instant;

/// How long a chunk is about, in seconds.
const CHUNK: f64 = 0.025;

/// Times a step, which is given its number: the median over chunks, after a warm-up, and the fastest chunk, printed in microseconds.
pub fn measure<E>(peer: &str, workload: &str, mut step: impl FnMut(usize) -> Result<(), E>) -> Result<(), E> {
    let span = std::env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2.0_f64);
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < span / 3.0 || count < 2 {
        step(count)?;
        count += 1;
    }
    let repeats = ((CHUNK * count as f64 / start.elapsed().as_secs_f64()) as usize).max(1);
    let (start, mut chunks) = (Instant::now(), Vec::new());
    while start.elapsed().as_secs_f64() < span || chunks.len() < 5 {
        let chunk = Instant::now();
        for _ in 0..repeats {
            step(count)?;
            count += 1;
        }
        chunks.push(chunk.elapsed().as_secs_f64() * 1e6 / repeats as f64);
    }
    chunks.sort_by(f64::total_cmp);
    let (median, best) = (chunks[chunks.len() / 2], chunks[0]);
    println!("{{\"peer\": \"{peer}\", \"workload\": \"{workload}\", \"median\": {median}, \"best\": {best}}}");
    Ok(())
}
