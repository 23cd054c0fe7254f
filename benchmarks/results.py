"""`python -m benchmarks.results [labels consensus ...]`: studies on real data, gathered into docs/results.md.

Each study is a module `benchmarks.study_NAME` with `section() -> str` (Markdown); its text is kept in docs/studies/, so
that one study can be run anew without the others.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

STUDIES = ("labels", "consensus", "boxes", "noise", "augment", "compare")
DOCS = Path(__file__).resolve().parents[1] / "docs"


def main(names: list[str]) -> None:
    parts = DOCS / "studies"
    parts.mkdir(parents=True, exist_ok=True)
    for name in names or STUDIES:
        text = importlib.import_module(f"benchmarks.study_{name}").section()
        (parts / f"{name}.md").write_text(text.rstrip() + "\n", encoding="utf-8")
        print(text, flush=True)
    sections = [path.read_text(encoding="utf-8") for name in STUDIES if (path := parts / f"{name}.md").exists()]
    head = (
        "# Results on real data\n\n"
        "Made by `make results`; every number is printed by the study named above it. Between two kinds of processor\n"
        "the last digits may differ: their linear algebra rounds differently, and a near tie falls the other way.\n"
    )
    (DOCS / "results.md").write_text("\n".join([head, *sections]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
