"""Turning doubt into probabilities that reviewers' decisions confirm."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from labelqa._tables import takes_tables
from labelqa.noise.queue._queue import ReviewQueue, flagged
from labelqa.noise.queue._strata import share_ends, strata
from labelqa.noise.queue._verdicts import Verdicts, verdicts_of

Floats = NDArray[np.float64]

#: Decisions from which a calibration counts.
ENOUGH = 100
#: Standard deviations of what is believed of intercept and slope (around 0 and 1) before any audit: wide, but they keep
#: the curve finite where all decisions agree.
_PRIOR = (3.0, 1.0)
_N_GROUPS, _GROUP_SIZE = 10, 20


@takes_tables(lists_kept=("decisions",))
def calibrate(queue: ReviewQueue, decisions: Any) -> ReviewQueue:
    """Make `p_wrong` mean what it says: of the rows with 20 %, a reviewer changes one in five.

    A logistic curve with two parameters is fitted to the decisions; "relabel" and "drop" count as wrong, "unsure" not
    at all. Rows are weighted by how many they stand for in their stratum, so that reviewing the top of the queue first
    does not bend the curve. Draw the decisions with `audit_sample` for the best result.

    Parameters
    ----------
    queue
        The result of `review_queue`.
    decisions
        At least 100, see `read_decisions`; with fewer the queue stays uncalibrated and says so.

    Returns
    -------
    ReviewQueue
        The same rows and ranks with calibrated `p_wrong`, flags that follow it, and the table `reliability`.

    Raises
    ------
    TableError
        For decisions about rows the queue does not have.

    References
    ----------
    Platt, "Probabilistic outputs for support vector machines", 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from labelqa.noise import calibrate, label_issues, review_queue
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(400)
    >>> queue = review_queue(label_issues([0] * 400, pred_probs=np.column_stack([p, 1 - p])))
    >>> is_wrong = rng.random(400) < (1 - p) / 4
    >>> said = [{"item_id": i, "action": "drop" if is_wrong[i] else "keep"} for i in range(200)]
    >>> calibrate(queue, said).is_calibrated
    True
    """
    known = verdicts_of(queue, decisions)
    doubt = queue.table["doubt"].to_numpy(np.float64)
    seen = np.flatnonzero(known.verdict >= 0)
    if len(seen) < ENOUGH:
        said = f"Uncalibrated: {len(seen)} decisions are too few, {ENOUGH} are needed (draw them with audit_sample)."
        return dataclasses.replace(queue, reason=said, n_audited=len(seen))
    wrong = known.verdict[seen].astype(np.float64)
    weight = _weights(known, doubt)[seen]
    intercept, slope = fit_logistic(doubt[seen], wrong, weight)
    p_wrong = expit(np.clip(intercept + slope * doubt, -50, 50))
    groups = _reliability(p_wrong[seen], wrong, weight)
    error = float((groups["weight"] * (groups["p_wrong"] - groups["share_wrong"]).abs()).sum() / groups["weight"].sum())
    table = flagged(queue.table.assign(p_wrong=p_wrong, is_calibrated=True))
    return dataclasses.replace(
        queue,
        n_flagged=int(table["is_flagged"].sum()),
        is_calibrated=True,
        n_audited=len(seen),
        calibration_error=error,
        intercept=intercept,
        slope=slope,
        reason=None,
        table=table,
        reliability=groups.drop(columns="weight"),
    )


def _weights(known: Verdicts, doubt: Floats) -> Floats:
    """Give each decided row the number of rows it stands for, on average 1 over the decided ones."""
    out = np.ones(len(doubt))
    rest = np.arange(known.n_head, len(doubt))
    stratum = strata(doubt[rest])
    decided = known.verdict[rest] >= 0
    for s in np.unique(stratum):
        here = rest[(stratum == s) & decided]
        if len(here):
            out[here] = (stratum == s).sum() / len(here)
    seen = known.verdict >= 0
    return np.asarray(out / out[seen].mean())


def fit_logistic(x: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Fit intercept and slope by Newton's method with a weak prior around 0 and 1: x, y, weight (n,)."""
    beta = np.array([0.0, 1.0])
    design = np.column_stack([np.ones(len(x)), x])
    precision = np.diag(1 / np.square(_PRIOR))

    def loss(b: Floats) -> float:
        z = design @ b
        own = float((weight * (np.logaddexp(0, z) - y * z)).sum())
        return own + 0.5 * float((b - [0.0, 1.0]) @ precision @ (b - [0.0, 1.0]))

    for _ in range(100):
        p = expit(design @ beta)
        slope = design.T @ (weight * (p - y)) + precision @ (beta - [0.0, 1.0])
        curve = design.T @ (design * (weight * p * (1 - p))[:, None]) + precision
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while loss(beta - size * step) > loss(beta) and size > 1e-6:
            size /= 2
        beta = beta - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    return float(beta[0]), float(beta[1])


def _reliability(p_wrong: Floats, wrong: Floats, weight: Floats) -> pd.DataFrame:
    """Compare probabilities with what was found, in groups of equal size."""
    order = np.argsort(p_wrong, kind="stable")
    n_groups = int(np.clip(len(order) // _GROUP_SIZE, 1, _N_GROUPS))
    rows = []
    for part in np.array_split(order, n_groups):
        total = weight[part].sum()
        share = float((weight[part] * wrong[part]).sum() / total)
        effective = float(total**2 / np.square(weight[part]).sum())
        ends = share_ends(np.array([share * effective]), np.array([effective]))
        rows.append(
            {
                "p_low": p_wrong[part].min(),
                "p_high": p_wrong[part].max(),
                "n": len(part),
                "p_wrong": float((weight[part] * p_wrong[part]).sum() / total),
                "share_wrong": share,
                "low": float(ends.low[0]),
                "high": float(ends.high[0]),
                "weight": total,
            }
        )
    return pd.DataFrame(rows)
