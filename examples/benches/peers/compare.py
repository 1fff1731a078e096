"""Runs the workloads of `cargo bench --bench workloads` and the same ones in other systems, in turns, and prints a table of ratios.

Usage: compare.py [--seconds S] [--rounds R] [--threads 1,2] [--peers jax,torch,candle,burn] [WORKLOAD ...]

Needs a Python with jax and torch (`pip install jax torch`); candle and burn are built by cargo from the folders beside this file, which takes
minutes the first time. A peer that is not there is left out and said so. Times are microseconds: the median over all rounds, and the best
chunk. The ratio is ours against the fastest variant of all peers, both by the median, round by round; its median is printed.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORKLOADS = ["mnist", "tiny", "control", "lenet", "batchnorm", "transformer", "lstm", "inference1", "inference128"]
# In PyTorch alone; measured where they are named.
FURTHER = ["images", "strided", "gru", "housing", "wide", "signal", "autoencoder"]
OURS = "chainrule"
BENCH = ["cargo", "bench", "-q", "-p", "chainrule-examples", "--bench", "workloads", "--"]


def script(name):
    return [sys.executable, str(HERE / f"{name}_networks.py")]


def crate(name):
    return ["cargo", "run", "-q", "--release", "--manifest-path", str(HERE / name / "Cargo.toml"), "--"]


PEERS = {"jax": script("jax"), "torch": script("torch"), "candle": crate("candle"), "burn": crate("burn")}


def command(peer, workload, threads, seconds):
    if peer == OURS:
        return [*BENCH, "--json", "--threads", str(threads), "--seconds", str(seconds), workload]
    return [*PEERS[peer], workload]


def environment(threads, seconds):
    count = str(threads)
    return {"CARGO_TARGET_DIR": str(ROOT / "target"), **os.environ, "BENCH_SECONDS": str(seconds), "BENCH_THREADS": count, "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count,
                         "RAYON_NUM_THREADS": count}


def run(peer, workload, threads, seconds):
    """The lines that a peer prints, pinned to as many processors as it has threads."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    done = subprocess.run(command(peer, workload, threads, seconds), cwd=ROOT, env=environment(threads, seconds), capture_output=True,
                          text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        print(f"# {peer} has no figure for {workload}: {done.stderr.strip().splitlines()[-1:] or 'it printed nothing'}", file=sys.stderr)
    return lines


def compare(workload, threads, peers, rounds, seconds):
    times, best, ratios = defaultdict(list), {}, []
    for _ in range(rounds):
        this = {}
        for peer in [OURS, *peers]:
            for line in run(peer, workload, threads, seconds):
                name = line.get("peer", OURS)
                this[name] = line["median"]
                times[name].append(line["median"])
                best[name] = min(best.get(name, line["best"]), line["best"])
        others = [time for name, time in this.items() if name != OURS]
        if OURS in this and others:
            ratios.append(this[OURS] / min(others))
    medians = {name: statistics.median(values) for name, values in times.items()}
    return medians, best, statistics.median(ratios) if ratios else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("workloads", nargs="*", default=WORKLOADS)
    arguments = parser.parse_args()
    peers = arguments.peers.split(",")
    for kind, given, known in (("workload", arguments.workloads, [*WORKLOADS, *FURTHER]), ("peer", peers, [*PEERS])):
        if unknown := sorted({*given} - {*known}):
            parser.error(f"no {kind} is called {', '.join(unknown)}; there are {', '.join(known)}")
    print("| workload | threads | chainrule, µs: median / best | the fastest other | ratio | all others, median / best |\n|---|---|---|---|---|---|")
    for workload in arguments.workloads:
        for threads in map(int, arguments.threads.split(",")):
            medians, best, ratio = compare(workload, threads, peers, arguments.rounds, arguments.seconds)
            others = sorted((name for name in medians if name != OURS), key=medians.get)
            show = lambda name: f"{medians[name]:.4g} / {best[name]:.4g}"
            ours = show(OURS) if OURS in medians else "-"
            first = f"{others[0]} {show(others[0])}" if others else "-"
            rest = "; ".join(f"{name} {show(name)}" for name in others[1:])
            print(f"| {workload} | {threads} | {ours} | {first} | {'-' if ratio is None else f'{ratio:.2f}'} | {rest} |", flush=True)


if __name__ == "__main__":
    main()
