"""Run pieces of work in fresh processes, one after the other in one run, and print CPU seconds, peak memory and ratios.

A piece of work is `module:function`: the function takes the size and returns a callable. Making the callable (imports,
data, compilation) is not timed; the call is. Memory is the growth of the process's peak during the call.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One line of a table: what is measured, ours first, then the peers."""

    name: str
    ours: str
    peers: dict[str, str]
    size: Any
    repeats: int = 3


def measure(target: str, size: Any, repeats: int) -> dict[str, float]:
    """Time one target in its own process; give the median CPU seconds and the peak megabytes."""
    command = [sys.executable, "-m", "benchmarks.harness", target, json.dumps(size), str(repeats)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{target} failed:\n{done.stderr[-2000:]}")
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def table(title: str, cases: list[Case]) -> str:
    """Measure every case and give the table as Markdown; a ratio above 1 means labelqa is faster."""
    lines = [
        f"### {title}",
        "",
        "| what | size | who | CPU s | peak MB | times slower than labelqa |",
        "|---|---|---|---|---|---|",
    ]
    for case in cases:
        ours = measure(case.ours, case.size, case.repeats)
        rows = {"labelqa": ours} | {name: measure(peer, case.size, case.repeats) for name, peer in case.peers.items()}
        for name, row in rows.items():
            ratio = "" if name == "labelqa" else f"{row['cpu'] / max(ours['cpu'], 1e-9):.1f}"
            lines.append(f"| {case.name} | {case.size} | {name} | {row['cpu']:.4g} | {row['peak']:.0f} | {ratio} |")
            print(lines[-1], flush=True)
    return "\n".join([*lines, ""])


def _in_process(target: str, size: Any, repeats: int) -> dict[str, float]:
    module, _, function = target.partition(":")
    call = getattr(importlib.import_module(module), function)(size)
    call()  # compiles and warms up; the peak of a second call is the peak of the first
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu": statistics.median(seconds), "peak": peak / 1024, "growth": (peak - before) / 1024}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="time one target in this process")
    parser.add_argument("target")
    parser.add_argument("size", type=json.loads)
    parser.add_argument("repeats", type=int)
    options = parser.parse_args()
    print(json.dumps(_in_process(options.target, options.size, options.repeats)))
