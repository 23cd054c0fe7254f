"""What decisions say about the rows of a queue, and the strata an audit is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa.errors import TableError, shown
from labelqa.noise._apply import settled
from labelqa.noise._decisions import as_decisions
from labelqa.noise._queue import ReviewQueue

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

N_STRATA = 8
#: Probabilities are taken as no surer than this when strata are cut: scores are often too sure of themselves.
_DOUBT = 0.02
_Z = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Reviewed:
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


def reviewed(queue: ReviewQueue, decisions: Any) -> Reviewed:
    """Join decisions to the rows of a queue.

    Raises
    ------
    TableError
        For decisions about rows the queue does not have, and decisions that contradict each other.
    """
    if not isinstance(queue, ReviewQueue):
        raise TableError(f"Found a {type(queue).__name__}; needed is the result of review_queue().")
    table = settled(as_decisions(decisions))
    # a box that a reviewer added is no verdict on any row
    table = table.loc[~(table["box_id"].isna() & table["box"].notna() & table["label"].isna())]
    row = pd.Series(np.arange(len(queue.table)), index=_keys(queue.table))
    keys = _keys(table)
    unknown = ~keys.isin(row.index)
    if unknown.any():
        lost = table.loc[unknown, "item_id"].tolist()
        raise TableError(
            f"{len(lost):,} decisions are about items or boxes that the queue does not have ({shown(lost)}); were they "
            "made for another queue?"
        )
    verdict = np.full(len(queue.table), -1, np.int64)
    touched = np.zeros(len(queue.table), bool)
    places = row.loc[keys].to_numpy(np.int64)
    actions = table["action"].to_numpy(object)
    verdict[places] = [{"keep": 0, "relabel": 1, "drop": 1}.get(action, -1) for action in actions]
    touched[places] = True
    gaps = np.flatnonzero(~touched)
    return Reviewed(verdict, int(gaps[0]) if len(gaps) else len(touched), int((actions == "unsure").sum()))


def _keys(table: pd.DataFrame) -> pd.Index:
    boxes = ["" if box is None or pd.isna(box) else str(box) for box in table["box_id"]]
    return pd.Index([f"{item}\0{box}" for item, box in zip(table["item_id"], boxes, strict=True)])


def strata(scores: Floats) -> Longs:
    """Cut rows in order of rank into strata: scores (n,) -> (n,), 0 the most doubtful.

    Each stratum holds the same share of what makes a total uncertain (the sum of sqrt(p (1 - p)), Dalenius and Hodges
    1959), so that drawing equally from each is near the best.
    """
    p = np.clip(1 / (1 + np.exp(-np.clip(scores, -50, 50))), _DOUBT, 1 - _DOUBT)
    mass = np.cumsum(np.sqrt(p * (1 - p)))
    if not len(mass):
        return np.empty(0, np.int64)
    cut = np.ceil(mass / mass[-1] * N_STRATA - 1e-9).astype(np.int64) - 1
    return np.asarray(np.clip(cut, 0, N_STRATA - 1))


def wilson(wrong: Floats, n: Floats, z: float = _Z) -> tuple[Floats, Floats]:
    """Give the interval of a share (Wilson 1927); nothing seen is anything from 0 to 1."""
    safe = np.maximum(n, 1e-9)
    share = wrong / safe
    centre = (share + z * z / (2 * safe)) / (1 + z * z / safe)
    half = z / (1 + z * z / safe) * np.sqrt(share * (1 - share) / safe + z * z / (4 * safe * safe))
    none = n == 0
    return np.where(none, 0.0, np.maximum(centre - half, 0.0)), np.where(none, 1.0, np.minimum(centre + half, 1.0))
