"""What reviewers' decisions say about the rows of a queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa.errors import TableError, shown
from labelqa.noise._finding import MISSING_BOX
from labelqa.noise.queue._apply import settled
from labelqa.noise.queue._decisions import as_decisions
from labelqa.noise.queue._queue import ReviewQueue

Longs = NDArray[np.int64]

#: What an action says of the row it is about; "unsure" settles nothing.
_WRONG = {"keep": 0, "relabel": 1, "drop": 1, "add": 1}


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Rows of a queue in order of rank.

    Attributes
    ----------
    verdict
        int64 (n,): 1 found wrong, 0 found right, -1 not decided (or "unsure").
    n_head
        The first rows without a gap are reviewed in order; decisions further down are the audit.
    n_unsure
        Decisions that settle nothing.
    """

    verdict: Longs
    n_head: int
    n_unsure: int


def verdicts_of(queue: ReviewQueue, decisions: Any) -> Verdicts:
    """Join decisions to the rows of a queue.

    Raises
    ------
    TableError
        For decisions about rows the queue does not have, and decisions that contradict each other.
    """
    if not isinstance(queue, ReviewQueue):
        raise TableError(f"Found a {type(queue).__name__}; needed is the result of review_queue().")
    table = settled(as_decisions(decisions))
    # where a reviewer adds a box, the row that misses one was right to doubt; the item's label was not judged
    is_added = table["box_id"].isna() & table["box"].notna()
    rows = queue.table
    added = set(table.loc[is_added, "item_id"])
    is_missing = rows["box_id"].isna() & (rows["kind"] == MISSING_BOX)
    said = dict(zip(_keys(table.loc[~is_added]), table.loc[~is_added, "action"], strict=True))
    keys = _keys(rows)
    lost = sorted({key[0] for key in said.keys() - set(keys)} | (added - set(rows["item_id"])))
    if lost:
        raise TableError(
            f"{len(lost):,} decisions are about items or boxes that the queue does not have ({shown(lost)}); were they "
            "made for another queue?"
        )
    actions = [
        "add" if missing and key[0] in added else said.get(key) for key, missing in zip(keys, is_missing, strict=True)
    ]
    verdict = np.array([_WRONG.get(str(action), -1) for action in actions], dtype=np.int64)
    open_rows = [place for place, action in enumerate(actions) if action is None]
    n_unsure = sum(action == "unsure" for action in said.values())
    return Verdicts(verdict, open_rows[0] if open_rows else len(rows), n_unsure)


def _keys(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Give item and box of each row; a decision without a box is about all rows of the item that name none."""
    boxes = table["box_id"].where(table["box_id"].notna(), "").astype(str)
    return list(zip(table["item_id"].astype(str), boxes, strict=True))
