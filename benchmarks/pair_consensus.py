"""`python -m benchmarks.pair_consensus OLD_TREE SET ...`: CPU time of the default consensus here against another tree.

Both trees work in a process each and take turns in one run, so that a busy machine slows both; the ratio is the median
over the pairs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.study_consensus import DATA, ROOT

N_PAIRS = 11
WORK = """
import sys, time
import pandas as pd
from labelqa.consensus import consensus_labels
for line in sys.stdin:
    said = pd.read_csv(line.strip())
    consensus_labels(said)
    print("ready", flush=True)
    for _ in range(int(sys.argv[1])):
        sys.stdin.readline()
        start = time.process_time()
        consensus_labels(said)
        print(time.process_time() - start, flush=True)
"""


def main(old: str, names: list[str]) -> None:
    print("| set | before, s | here, s | ratio [least, most] |", "|---|---|---|---|", sep="\n")
    workers = [_start(Path(old)), _start(ROOT)]
    for name in names:
        for worker in workers:
            _ask(worker, str(DATA / "crowdlabels" / name / "labels.csv"))
        pairs = [[float(_ask(worker, "go")) for worker in workers] for _ in range(N_PAIRS)]
        before, here = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = [new / old for old, new in pairs]
        shown = f"{statistics.median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}]"
        print(f"| {name} | {before:.4f} | {here:.4f} | {shown} |", flush=True)


def _start(tree: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, "-c", WORK, str(N_PAIRS)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=tree, env=environment, stdin=pipe, stdout=pipe, text=True)


def _ask(worker: subprocess.Popen[str], line: str) -> str:
    if worker.stdin is None or worker.stdout is None:
        raise RuntimeError("the worker has no pipes")
    worker.stdin.write(line + "\n")
    worker.stdin.flush()
    return worker.stdout.readline()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
