"""The decisions file: one JSON object per line, for people to read and git to compare."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa._codes import id_text
from labelqa._files import write_text
from labelqa._foreign import json_of, utf8_of
from labelqa._options import check_path
from labelqa._result import json_safe
from labelqa._tables import takes_tables
from labelqa.errors import TableError, shown

ACTIONS = ("keep", "relabel", "drop", "unsure")
COLUMNS = ("item_id", "box_id", "action", "label", "box", "reviewer", "at", "suggestion")


def read_decisions(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read what reviewers decided.

    Parameters
    ----------
    path
        A file with one JSON object per line: `item_id`, `box_id` (where a single box is meant), `action` ("keep",
        "relabel", "drop" or "unsure"), `label` (the new one), `box` ([x_min, y_min, x_max, y_max], the new corners),
        `reviewer`, `at` (ISO 8601), `suggestion` (what was shown).

    Returns
    -------
    DataFrame
        One row per line, these columns; what a line does not say is None.

    Raises
    ------
    TableError
        For lines that are no JSON objects, and for what `apply_decisions` would refuse in a single line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "decisions.jsonl"
    >>> _ = path.write_text('{"item_id": 7, "action": "relabel", "label": "dent"}')
    >>> read_decisions(path)[["item_id", "action", "label"]]
      item_id   action label
    0       7  relabel  dent
    """
    rows = []
    for number, line in enumerate(utf8_of(check_path("path", path).read_bytes(), path).splitlines(), start=1):
        if not line.strip():
            continue
        row = json_of(line, path, first_line=number)
        if not isinstance(row, dict):
            raise TableError(f'{path}, line {number} is not a decision; write {{"item_id": ..., "action": ...}}.')
        rows.append(row)
    return as_decisions(rows)


@takes_tables(lists_kept=("decisions",))
def write_decisions(decisions: Any, path: str | os.PathLike[str]) -> Path:
    """Write decisions, one JSON object per line; fields that say nothing are left out.

    Parameters
    ----------
    decisions
        A table or a list of dicts, see `read_decisions`.
    path
        The file; it is replaced in one step.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TableError
        For decisions that cannot be understood.
    """
    lines = []
    for row in as_decisions(decisions).to_dict("records"):
        said = {name: json_safe(value) for name, value in row.items() if _is_said(value)}
        lines.append(json.dumps(said, ensure_ascii=False))
    write_text(path, "".join(f"{line}\n" for line in lines))
    return Path(path)


def as_decisions(decisions: Any) -> pd.DataFrame:
    """Take a path, a table, or a list of dicts, and check each decision by itself.

    Raises
    ------
    TableError
        For unknown actions, decisions without an item, a relabel that says nothing new, boxes that are none.
    """
    if isinstance(decisions, str | os.PathLike):
        return read_decisions(decisions)
    if isinstance(decisions, pd.DataFrame):
        records: list[dict[Any, Any]] = decisions.to_dict("records")
    elif isinstance(decisions, Mapping):
        records = [dict(decisions)]
    elif isinstance(decisions, Iterable):
        given = list(decisions)
        others = {type(row).__name__ for row in given if not isinstance(row, Mapping | pd.Series)}
        if others:
            raise TableError(f"Found a list of {shown(sorted(others))} as decisions; give a list of dicts, or a table.")
        records = [dict(row) for row in given]
    else:
        raise TableError(f"Found a {type(decisions).__name__} as decisions; give a path, a table or a list of dicts.")
    problems = [f"{_name(row, number)}: {problem}" for number, row in enumerate(records) if (problem := _problem(row))]
    if problems:
        first = "; ".join(problems[:2]) + (f"; and {len(problems) - 2:,} more" if len(problems) > 2 else "")
        raise TableError(f"{len(problems):,} decisions cannot be understood ({first}); correct these.")
    rows = [{name: row[name] if name in row and _is_said(row[name]) else None for name in COLUMNS} for row in records]
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    for name in ("item_id", "box_id"):
        table[name] = pd.Series([None if v is None else id_text(v) for v in table[name]], dtype=object)
    return table


def _is_said(value: Any) -> bool:
    if isinstance(value, list | tuple | np.ndarray | dict):
        return len(value) > 0
    return value is not None and value != "" and not bool(pd.isna(value))


def _name(row: Mapping[Any, Any], number: int) -> str:
    return f"item {id_text(row['item_id'])}" if _is_said(row.get("item_id")) else f"decision {number + 1}"


def _problem(row: Mapping[Any, Any]) -> str | None:
    if not _is_said(row.get("item_id")):
        return "no item_id"
    if row.get("action") not in ACTIONS:
        return f"the action {row.get('action')!r} is none of {', '.join(ACTIONS)}"
    box = row.get("box")
    if row["action"] == "relabel" and not _is_said(row.get("label")) and not _is_said(box):
        return "a relabel without a new label or box"
    if _is_said(box):
        corners = np.asarray(box, dtype=object)
        if corners.shape != (4,) or not all(isinstance(v, int | float | np.number) for v in corners):
            return "a box that is not [x_min, y_min, x_max, y_max]"
        x_min, y_min, x_max, y_max = (float(v) for v in corners)
        if not (np.isfinite([x_min, y_min, x_max, y_max]).all() and x_max > x_min and y_max > y_min):
            return "a box without area"
    return None
