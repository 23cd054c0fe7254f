"""`python -m benchmarks [labels consensus boxes noise baseline readers]`: speed tables, also written to docs/bench/."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

#: Each module has `cases() -> (title, list of Case)`.
TABLES = ("labels", "consensus", "boxes", "noise", "baseline", "readers")
#: Those whose work reads files.
OF_FILES = ("readers",)
FOLDER = Path(__file__).resolve().parents[1] / "docs" / "bench"


def main(names: list[str]) -> None:
    from benchmarks.harness import table

    for name in names or TABLES:
        title, cases = importlib.import_module(f"benchmarks.speed_{name}").cases()
        FOLDER.mkdir(parents=True, exist_ok=True)
        text = table(title, cases, is_of_files=name in OF_FILES) + f"\nPrinted by `python -m benchmarks {name}`.\n"
        (FOLDER / f"{name}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
