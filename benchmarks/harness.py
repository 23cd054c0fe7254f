"""Run pieces of work in fresh processes, one after the other in one run, and print CPU seconds, peak memory and ratios.

A piece of work is `module:function`: the function takes the size and returns a callable. Making the callable (imports,
data, compilation) is not timed; the call is. Memory is what the call adds: the peak of the process during a warm call
less what the process held before, input included (Linux only).
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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
    """Time one target in its own process; give the median CPU seconds and the megabytes it adds."""
    command = [sys.executable, "-m", "benchmarks.harness", target, json.dumps(size), str(repeats)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{target} failed:\n{done.stderr[-2000:]}")
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def table(title: str, cases: list[Case], *, is_of_files: bool = False) -> str:
    """Measure every case and give the table as Markdown; a ratio above 1 means labelqa is faster.

    Where the work reads files, memory is also given as a multiple of what they hold: the callable's `megabytes`.
    """
    lines = [
        f"### {title}",
        "",
        "| what | size | who | CPU s | MB added | times slower than labelqa |",
        "|---|---|---|---|---|---|",
    ]
    if is_of_files:
        lines[2:] = [f"{lines[2]} MB of the files | MB added / MB of the files |", f"{lines[3]}---|---|"]
    for case in cases:
        ours = measure(case.ours, case.size, case.repeats)
        rows = {"labelqa": ours} | {name: measure(peer, case.size, case.repeats) for name, peer in case.peers.items()}
        for name, row in rows.items():
            ratio = "" if name == "labelqa" else f"{row['cpu'] / max(ours['cpu'], 1e-9):.1f}"
            lines.append(f"| {case.name} | {case.size} | {name} | {row['cpu']:.4g} | {row['added']:.1f} | {ratio} |")
            if is_of_files:
                lines[-1] += f" {row['megabytes']:.1f} | {row['added'] / row['megabytes']:.1f} |"
            print(lines[-1], flush=True)
    return "\n".join([*lines, ""])


def _in_process(target: str, size: Any, repeats: int) -> dict[str, float]:
    module, _, function = target.partition(":")
    call = getattr(importlib.import_module(module), function)(size)
    call()  # compiles and warms up
    added = _memory_added(call)
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return {"cpu": statistics.median(seconds), "added": added, "megabytes": getattr(call, "megabytes", 0.0)}


def _memory_added(call: Callable[[], Any]) -> float:
    """Megabytes by which the process grows at the highest point of one call."""
    gc.collect()
    # memory that the allocators keep from the call before would hide what this one needs
    ctypes.CDLL(None).malloc_trim(0)
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak so far
    before = _status("VmRSS")
    call()
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    if found is None:
        raise RuntimeError(f"/proc/self/status has no {name}")
    return int(found[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="time one target in this process")
    parser.add_argument("target")
    parser.add_argument("size", type=json.loads)
    parser.add_argument("repeats", type=int)
    options = parser.parse_args()
    print(json.dumps(_in_process(options.target, options.size, options.repeats)))
