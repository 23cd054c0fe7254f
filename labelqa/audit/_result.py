"""What an audit gives back to Python."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._options import check_path
from labelqa._result import Result
from labelqa.report.saved import SUMMARY


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Audit(Result):
    """A finished audit: where its page is, and every number on it.

    Attributes
    ----------
    folder
        Where everything was written.
    report
        The page for people.
    is_partial
        Whether something could not be used; `problems` says what.
    problems
        Sentences.
    queue
        The flagged items and boxes, worst first, see `labelqa.noise.review_queue`.
    summary
        All of `summary.json`.
    """

    folder: Path
    report: Path
    is_partial: bool
    problems: list[str]
    queue: pd.DataFrame
    summary: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Give all of `summary.json`."""
        return self.summary

    def __repr__(self) -> str:
        state = "partial, " if self.is_partial else ""
        n_flagged = int(self.queue["is_flagged"].sum())
        return f"Audit({state}{n_flagged:,} flagged, {self.report.as_posix()})"

    def _repr_html_(self) -> str:
        """Give the three sentences and a link to the page."""
        lead = "".join(
            f"<p><b>{escape(sentence['head'])}</b> {escape(sentence['text'])}</p>"
            for sentence in self.summary["page"]["lead"]
        )
        problems = "".join(f"<li>{escape(problem)}</li>" for problem in self.problems)
        link = escape(self.report.as_posix())
        return f'{lead}{f"<ul>{problems}</ul>" if problems else ""}<p><a href="{link}">{link}</a></p>'


def load_audit(folder: str | os.PathLike[str]) -> Audit:
    """Read a finished audit: every number of its page, and the queue, without computing anything.

    Parameters
    ----------
    folder
        What `run_audit` wrote.

    Raises
    ------
    FileNotFoundError
        Where the folder holds none.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from labelqa.audit import load_audit, run_audit
    >>> said = pd.DataFrame({"item_id": [1, 1], "annotator_id": ["ann", "bob"], "label": ["ok", "dent"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = run_audit(said, out=f"{folder}/audit")
    ...     load_audit(f"{folder}/audit").summary["counts"]["labels"]
    2
    """
    folder = check_path("folder", folder)
    if not (folder / SUMMARY).is_file():
        raise FileNotFoundError(f"{folder} holds no finished audit (no {SUMMARY}); make one with: labelqa audit SOURCE")
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    # ids and labels as text: "007" stays an id
    queue = pd.read_csv(folder / "queue.csv", dtype={"item_id": "str", "box_id": "str", "label": "str"})
    return Audit(
        folder=folder,
        report=folder / "report.html",
        is_partial=bool(summary["problems"]),
        problems=summary["problems"],
        queue=queue,
        summary=summary,
    )
