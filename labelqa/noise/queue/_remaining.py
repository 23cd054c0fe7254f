"""How many wrong labels are left, and how much more review makes that few enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._options import check_confidence, check_number
from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.noise.queue._queue import ReviewQueue
from labelqa.noise.queue._strata import N_STRATA, share_ends, strata
from labelqa.noise.queue._verdicts import verdicts_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RemainingErrors(Result):
    """How many rows that nobody has reviewed yet are wrong.

    Attributes
    ----------
    value, low, high
        Estimate and interval.
    rate, rate_low, rate_high
        The same as a share of all rows of the queue.
    n_rows, n_reviewed, n_found
        Rows, those decided, and those of them found wrong.
    n_audited
        Decisions beyond the reviewed head of the queue: what the estimate rests on.
    n_unsure
        Decisions that settle nothing; these rows count as not reviewed.
    max_wrong, n_more
        The share of wrong rows aimed at, and how many more rows to review, in order, to stay below it with the given
        confidence. nan where the audit is too small to tell, 0 where that is reached.
    stop_rule
        The same as a sentence.
    confidence
        Of the interval and the stop rule.
    reason
        Why nothing can be estimated, or what to know.
    table
        One row per stratum, the most doubtful first: `stratum`, `doubt_low`, `doubt_high`, `n_rows`, `n_audited`,
        `n_wrong`, `share_wrong`, `low`, `high`.
    """

    value: float
    low: float
    high: float
    rate: float
    rate_low: float
    rate_high: float
    n_rows: int
    n_reviewed: int
    n_found: int
    n_audited: int
    n_unsure: int
    max_wrong: float
    n_more: float
    stop_rule: str
    confidence: float
    reason: str | None
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share found wrong in each stratum, from the most doubtful to the least."""
        ax = axes(ax)
        table = self.table.dropna(subset=["share_wrong"])
        spread = np.abs(table[["low", "high"]].to_numpy().T - table["share_wrong"].to_numpy())
        ax.errorbar(table["stratum"], table["share_wrong"], yerr=spread, fmt="o", color=COLOURS[0], capsize=3)
        ax.set_ylim(0, 1)
        ax.set_xlabel("stratum of the queue (1 is the most doubtful)")
        ax.set_ylabel("share found wrong")
        return ax


@takes_tables(lists_kept=("decisions",))
def remaining_errors(
    queue: ReviewQueue, decisions: Any, *, max_wrong: float = 0.01, confidence: float = 0.95
) -> RemainingErrors:
    """Estimate how many errors are left after review, from an audit of what was not reviewed.

    The rows reviewed in order from the top say how many errors were found, not how many are left; the decisions
    further down do, if they were drawn by `audit_sample`.

    Parameters
    ----------
    queue
        The result of `review_queue` (or `calibrate`).
    decisions
        All decisions so far, see `read_decisions`.
    max_wrong
        The share of wrong rows you can live with, for the stop rule.
    confidence
        Of the interval (two-sided) and the stop rule (one-sided).

    Raises
    ------
    TableError
        For decisions about rows the queue does not have.
    OptionError
        For shares outside 0 to 1.

    References
    ----------
    Cochran, "Sampling techniques", 1977, chapter 5; Zou and Donner, "Construction of confidence limits about effect
    measures", Statistics in Medicine 2008, for the interval of a sum of shares.

    Examples
    --------
    >>> import numpy as np
    >>> from labelqa.noise import audit_sample, label_issues, remaining_errors, review_queue
    >>> p = np.linspace(0.01, 0.99, 400)
    >>> queue = review_queue(label_issues([0] * 400, pred_probs=np.column_stack([p, 1 - p])))
    >>> said = [{"item_id": item, "action": "keep"} for item in audit_sample(queue, 200)["item_id"]]
    >>> left = remaining_errors(queue, said, max_wrong=0.05)
    >>> left.value, left.n_more
    (0.0, 0.0)
    """
    max_wrong = check_number(
        "max_wrong", max_wrong, 0, 1, open_low=True, open_high=True, hint="a share between 0 and 1, such as 0.01"
    )
    confidence = check_confidence(confidence)
    known = verdicts_of(queue, decisions)
    doubt = queue.table["doubt"].to_numpy(np.float64)[known.n_head :]
    verdict = known.verdict[known.n_head :]
    stratum = strata(doubt)
    sizes = np.bincount(stratum, minlength=N_STRATA).astype(np.float64)
    audited = np.bincount(stratum[verdict >= 0], minlength=N_STRATA).astype(np.float64)
    wrong = np.bincount(stratum[verdict == 1], minlength=N_STRATA).astype(np.float64)
    n_audited, n_left = int(audited.sum()), int((sizes - audited).sum())
    total = _total(sizes - audited, wrong, audited, confidence)
    n_rows = len(queue.table)
    n_more = _n_more(stratum, verdict, wrong, audited, allowed=max_wrong * n_rows, confidence=confidence)
    return RemainingErrors(
        value=total.value,
        low=total.low,
        high=total.high,
        rate=total.value / n_rows if n_rows else np.nan,
        rate_low=total.low / n_rows if n_rows else np.nan,
        rate_high=total.high / n_rows if n_rows else np.nan,
        n_rows=n_rows,
        n_reviewed=int((known.verdict >= 0).sum()),
        n_found=int((known.verdict == 1).sum()),
        n_audited=n_audited,
        n_unsure=known.n_unsure,
        max_wrong=max_wrong,
        n_more=n_more,
        stop_rule=_sentence(n_more, max_wrong, confidence),
        confidence=confidence,
        reason=_reason(n_audited, n_left, audited, sizes),
        table=_strata_table(doubt, stratum, sizes=sizes, audited=audited, wrong=wrong, confidence=confidence),
    )


@dataclass(frozen=True)
class _Total:
    value: float
    low: float
    high: float


def _total(left: Floats, wrong: Floats, audited: Floats, confidence: float) -> _Total:
    """Estimate a total over strata and its interval; strata without an audit borrow the estimate, not the certainty."""
    if not left.sum():
        return _Total(0.0, 0.0, 0.0)
    if audited.sum() == 0:
        return _Total(np.nan, 0.0, float(left.sum()))
    share = np.where(audited > 0, wrong / np.maximum(audited, 1), np.nan)
    known = np.flatnonzero(audited > 0)
    share = np.interp(np.arange(len(share)), known, share[known])
    ends = share_ends(wrong, audited, confidence)
    value = float((left * share).sum())
    below = float(np.sqrt(np.square(left * (share - ends.low)).sum()))
    above = float(np.sqrt(np.square(left * (ends.high - share)).sum()))
    return _Total(value, max(value - below, 0.0), min(value + above, float(left.sum())))


def _n_more(
    stratum: NDArray[np.int64],
    verdict: NDArray[np.int64],
    wrong: Floats,
    audited: Floats,
    *,
    allowed: float,
    confidence: float,
) -> float:
    """Count the rows to review next, in order, until the upper limit of what is left is allowed; nan if never known."""
    # one-sided: only the upper end counts
    two_sided = 2 * confidence - 1
    open_rows = np.flatnonzero(verdict < 0)

    def upper(n_done: int) -> float:
        left = np.bincount(stratum[open_rows[n_done:]], minlength=N_STRATA).astype(np.float64)
        return _total(left, wrong, audited, two_sided).high

    if audited.sum() == 0 and len(open_rows):
        return float("nan")
    low, high = 0, len(open_rows)
    while low < high:
        middle = (low + high) // 2
        if upper(middle) <= allowed:
            high = middle
        else:
            low = middle + 1
    return float(low)


def _sentence(n_more: float, max_wrong: float, confidence: float) -> str:
    limit = f"at most {100 * max_wrong:g} % wrong ({100 * confidence:g} %)"
    if np.isnan(n_more):
        return "draw an audit with audit_sample and review it: then it can be said how many errors are left"
    return f"{limit}: you can stop" if n_more == 0 else f"review {n_more:,.0f} more: then {limit}"


def _reason(n_audited: int, n_left: int, audited: Floats, sizes: Floats) -> str | None:
    if n_left == 0:
        return None
    if n_audited == 0:
        return "Nothing beyond the reviewed head was audited; draw rows with audit_sample."
    empty = int(((audited == 0) & (sizes > 0)).sum())
    return f"{empty} of {N_STRATA} strata have no audited row; draw more with audit_sample." if empty else None


def _strata_table(
    doubt: Floats, stratum: NDArray[np.int64], *, sizes: Floats, audited: Floats, wrong: Floats, confidence: float
) -> pd.DataFrame:
    ends = share_ends(wrong, audited, confidence)
    present = np.flatnonzero(sizes > 0)
    return pd.DataFrame(
        {
            "stratum": present + 1,
            "doubt_low": [doubt[stratum == s].min() for s in present],
            "doubt_high": [doubt[stratum == s].max() for s in present],
            "n_rows": sizes[present].astype(np.int64),
            "n_audited": audited[present].astype(np.int64),
            "n_wrong": wrong[present].astype(np.int64),
            "share_wrong": np.where(audited > 0, wrong / np.maximum(audited, 1), np.nan)[present],
            "low": ends.low[present],
            "high": ends.high[present],
        }
    )
