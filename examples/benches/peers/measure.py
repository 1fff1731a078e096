"""How a repeated piece of work is timed: the median over chunks of about 25 ms, after a warm-up, and the fastest chunk."""
import json
import os
import statistics
import time

SECONDS = float(os.environ.get("BENCH_SECONDS", "2"))
CHUNK = 0.025


def measure(peer, workload, run, steps=1):
    """Times `run(n)`, which makes `n` times `steps` steps and waits for their results; prints microseconds a step."""
    run(1)
    start, rounds = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS / 3 or rounds < 2:
        run(1)
        rounds += 1
    repeats = max(1, int(CHUNK * rounds / (time.perf_counter() - start)))
    chunks, start = [], time.perf_counter()
    while time.perf_counter() - start < SECONDS or len(chunks) < 5:
        chunk = time.perf_counter()
        run(repeats)
        chunks.append((time.perf_counter() - chunk) * 1e6 / (repeats * steps))
    print(json.dumps({"peer": peer, "workload": workload, "median": statistics.median(chunks), "best": min(chunks)}), flush=True)
