"""What every finding hands to the review queue: rows of one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from labelqa._codes import TEXT
from labelqa.errors import TableError, shown

#: The columns of a finding's rows and what stands where a finding says nothing.
COLUMNS: dict[str, Any] = {
    "item_id": None,
    "box_id": None,
    "annotator_id": None,
    "kind": None,
    "label": None,
    "proposal": None,
    "doubt": np.nan,
    "p_fault": np.nan,
    "reason": None,
    "group": np.nan,
}
_NUMBERS = ("doubt", "p_fault", "group")
#: The kind of row that stands for a box somebody did not draw: it is about a box and has no `box_id`.
MISSING_BOX = "missing"


@runtime_checkable
class Finding(Protocol):
    """What can stand in the review queue: every result of this room, and any class of yours with this one method."""

    def to_queue(self) -> pd.DataFrame:
        """Give the rows of the finding; a column that is left out says nothing.

        `item_id` and `kind` are needed. Rows with a `box_id`, and rows of the kind "missing", are about a box and stay
        by themselves; all others are about whole items, and the queue joins those of one item into one.

        - `box_id`, `annotator_id`: which box, and whose label or box it is; None for everybody's.
        - `label`, `proposal`: what is given, and what it should be instead.
        - `doubt`: log-odds that the label or box is wrong; nan where nothing is said about it.
        - `p_fault`: probability that the item has to go whatever its label; nan for none.
        - `reason`: in words, or None.
        - `group`: number of a set of items of whose labels at least one is wrong for sure; nan for none.
        """
        ...


def queue_rows(**columns: Any) -> pd.DataFrame:
    """Put rows of the form that `Finding` describes together; single values stand for all rows."""
    return pd.DataFrame(columns | {name: empty for name, empty in COLUMNS.items() if name not in columns})[
        list(COLUMNS)
    ]


@dataclass(frozen=True)
class _OwnRows:
    """A table of rows as a finding."""

    table: pd.DataFrame

    def to_queue(self) -> pd.DataFrame:
        """Give the table."""
        return self.table


def as_finding(given: Finding | pd.DataFrame) -> Finding:
    """Give what has `to_queue`: a finding itself, or a table of rows as one.

    Raises
    ------
    TableError
        For what is neither.
    """
    if isinstance(given, pd.DataFrame):
        return _OwnRows(given)
    if not isinstance(given, Finding):
        raise TableError(
            f"Found a {type(given).__name__} among the findings; give results of label_issues, image_issues, "
            "duplicates, outliers or box_issues, or a table with item_id, kind, doubt and reason."
        )
    return given


def checked_rows(finding: Finding) -> pd.DataFrame:
    """Take a finding's rows in one form; columns that no row has are left out.

    Raises
    ------
    TableError
        For rows that are no table, columns that are missing, and numbers that are none.
    """
    table = finding.to_queue()
    if not isinstance(table, pd.DataFrame):
        raise TableError(f"to_queue of {type(finding).__name__} gave a {type(table).__name__}; it has to give a table.")
    absent = [name for name in ("item_id", "kind") if name not in table.columns]
    if absent:
        raise TableError(
            f"A table of findings has no column {shown(absent)} (found: {shown(list(table.columns), 12)}); it needs "
            f"item_id and kind, and may have {', '.join(name for name in COLUMNS if name not in ('item_id', 'kind'))}."
        )
    rows = table.assign(**{name: empty for name, empty in COLUMNS.items() if name not in table.columns})
    rows = rows[list(COLUMNS)].reset_index(drop=True)
    texts = [name for name in COLUMNS if name not in _NUMBERS]
    rows[texts] = rows[texts].astype(object).where(rows[texts].notna(), None)
    try:
        rows = rows.astype(dict.fromkeys(_NUMBERS, np.float64)).astype({"item_id": TEXT})
    except (TypeError, ValueError) as error:
        raise TableError(f"doubt, p_fault and group of a finding are numbers ({error}); correct these.") from error
    odd = rows["item_id"].isna() | np.isinf(rows["doubt"]) | ~(rows["p_fault"].isna() | rows["p_fault"].between(0, 1))
    odd |= rows["p_fault"] == 1
    if odd.any():
        raise TableError(
            f"{int(odd.sum()):,} rows of a finding cannot be ranked (first: {dict(rows.loc[odd].iloc[0])}); needed are "
            "an item_id, a finite doubt (log-odds) and a p_fault from 0 to below 1."
        )
    return rows
