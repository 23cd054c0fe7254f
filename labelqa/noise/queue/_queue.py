"""One list of everything doubtful, most urgent first, with the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from labelqa._plot import COLOURS, axes
from labelqa._renamed import formerly_took
from labelqa._result import Result, unstored
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.errors import TableError
from labelqa.noise._finding import MISSING_BOX, Finding, as_finding
from labelqa.noise.labels._issues import label_issues
from labelqa.noise.queue._merge import merged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (
    "rank",
    "item_id",
    "box_id",
    "annotator_id",
    "kind",
    "label",
    "proposal",
    "p_wrong",
    "doubt",
    "is_flagged",
    "is_calibrated",
    "reasons",
)
#: A row is flagged where it is more likely wrong than right.
EVENS = 0.5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReviewQueue(Result):
    """What to look at, in which order, and why.

    Attributes
    ----------
    n_rows, n_flagged, n_conflicts
        Rows of the queue, how many of them are flagged, and how many belong to conflicting duplicates.
    is_calibrated
        Whether `p_wrong` is a probability that audits confirm; before that it only orders.
    n_audited
        Decisions the calibration rests on.
    calibration_error
        Mean distance of `p_wrong` from the share found wrong, over the groups of `reliability`.
    intercept, slope
        Of the logistic curve that turns `doubt` into `p_wrong`.
    reason
        What to know before trusting `p_wrong`, or why there are no rows.
    cannot_say
        Sentences on what `find_issues` could not judge.
    table
        One row per item or box: `rank` (1 first), `item_id`, `box_id` (None for items), `annotator_id` (whose box it
        is, or lacks; None for items), `kind` ("duplicate", "label", "image", "outlier" or the kind of box fault),
        `label`, `proposal`, `p_wrong` (that a reviewer would change or drop it), `doubt` (its log-odds before
        calibration; higher is worse), `is_flagged` (more likely wrong than right, or one of conflicting duplicates),
        `is_calibrated`, `reasons` (words, joined by "; ").
    reliability
        After `calibrate`: `p_low`, `p_high`, `n`, `p_wrong` (mean), `share_wrong`, `low`, `high` (95 % interval).
    findings
        What the queue was made from, by the name of the function ("label_issues", "image_issues", "duplicates",
        "outliers", "box_issues"), where `find_issues` made it; not stored.
    """

    n_rows: int
    n_flagged: int
    n_conflicts: int
    is_calibrated: bool
    n_audited: int
    calibration_error: float
    intercept: float
    slope: float
    reason: str | None
    cannot_say: tuple[str, ...] = ()
    table: pd.DataFrame
    reliability: pd.DataFrame
    findings: Mapping[str, Finding] = unstored(default_factory=dict)

    @property
    def kinds(self) -> pd.DataFrame:
        """Flagged rows by `kind`, the most frequent first: `kind`, `n`; kinds of box fault begin with "box: "."""
        flagged = self.table.loc[self.table["is_flagged"]]
        kind = flagged["kind"].astype(object)
        return (
            kind.where(~is_about_box(flagged), "box: " + kind)
            .value_counts()
            .rename_axis("kind")
            .rename("n")
            .reset_index()
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw shares found wrong against `p_wrong`; before any audit, `p_wrong` along the queue."""
        ax = axes(ax)
        if len(self.reliability):
            table = self.reliability
            ax.plot([0, 1], [0, 1], color=COLOURS[-1], linewidth=0.8, linestyle=":")
            spread = np.abs(table[["low", "high"]].to_numpy().T - table["share_wrong"].to_numpy())
            ax.errorbar(table["p_wrong"], table["share_wrong"], yerr=spread, fmt="o", color=COLOURS[0], capsize=3)
            ax.set_xlabel("p_wrong")
            ax.set_ylabel("share found wrong (95 %)")
            return ax
        ax.plot(self.table["rank"], self.table["p_wrong"], color=COLOURS[0])
        ax.set_xlabel("rank in the queue")
        ax.set_ylabel("p_wrong" if self.is_calibrated else "p_wrong (uncalibrated)")
        return ax


@takes_tables()
@formerly_took(Annotations, convert=label_issues, instead="label_issues(annotations)")
def review_queue(*findings: Finding | pd.DataFrame) -> ReviewQueue:
    """Put everything that was found into one list, so that a reviewer's next minute goes where it helps most.

    Duplicates with conflicting labels come first: one of their labels is wrong for sure. All others follow by the
    odds that a reviewer would change something: the label is wrong, or the picture has to go.

    Parameters
    ----------
    *findings
        Results of `label_issues`, `image_issues`, `duplicates`, `outliers` and `box_issues`, any of them, in any order;
        what you found yourself, as a table with `item_id`, `kind`, and any of `box_id`, `annotator_id`, `label`,
        `proposal`, `doubt` (log-odds that it is wrong), `p_fault` (probability that the item has to go whatever its
        label), `reason` and `group` (number of items of whose labels one is wrong), or an object whose method
        `to_queue` gives such a table.

    Returns
    -------
    ReviewQueue
        `p_wrong` is uncalibrated until `calibrate` has seen some decisions.

    Raises
    ------
    TableError
        Where a finding is of another type, its rows cannot be ranked, or there is none.

    Examples
    --------
    >>> from labelqa.noise import label_issues, review_queue
    >>> import numpy as np
    >>> sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.05, 0.95]])
    >>> queue = review_queue(label_issues([0, 0, 0], pred_probs=sure))
    >>> queue.table[["rank", "item_id", "label", "proposal", "reasons"]].head(1)
       rank item_id label proposal                                 reasons
    0     1       2     0        1  evidence for 1 95 %; model: 0 only 5 %
    """
    if not findings:
        raise TableError("There is nothing to queue; give results of label_issues, image_issues, duplicates...")
    return ranked(merged(map(as_finding, findings)))


def ranked(table: pd.DataFrame) -> ReviewQueue:
    """Put rows, one per item or box as `merged` gives them, into the order of review."""
    n_conflicts = int(table["group"].notna().sum())
    # conflicting duplicates stay together, by their most doubtful member; ties keep the order of items
    top = table["doubt"].where(table["group"].isna(), table.groupby("group")["doubt"].transform("max"))
    table = table.assign(_top=top, _single=table["group"].isna(), _group=table["group"].fillna(0))
    by, rising = ["_single", "_top", "_group", "doubt"], [True, False, True, False]
    table = table.sort_values(by, ascending=rising, kind="stable", ignore_index=True)
    table = table.assign(
        rank=np.arange(1, len(table) + 1), p_wrong=expit(table["doubt"].to_numpy(np.float64)), is_calibrated=False
    )
    table = flagged(table.rename(columns={"reason": "reasons"}))[list(COLUMNS)]
    return ReviewQueue(
        n_rows=len(table),
        n_flagged=int(table["is_flagged"].sum()),
        n_conflicts=n_conflicts,
        is_calibrated=False,
        n_audited=0,
        calibration_error=np.nan,
        intercept=0.0,
        slope=1.0,
        reason="Uncalibrated: p_wrong only orders the queue until calibrate() has seen decisions.",
        table=table,
        reliability=pd.DataFrame(columns=["p_low", "p_high", "n", "p_wrong", "share_wrong", "low", "high"]),
    )


def is_about_box(table: pd.DataFrame) -> pd.Series:
    """Tell the rows of a queue that are about a box from those about a whole item."""
    return table["box_id"].notna() | (table["kind"] == MISSING_BOX)


def flagged(table: pd.DataFrame) -> pd.DataFrame:
    """Say of each row of a queue whether it is flagged; one label of conflicting duplicates is wrong for sure."""
    # boxes drawn twice are called duplicates too
    is_conflict = (table["kind"] == "duplicate") & ~is_about_box(table)
    return table.assign(is_flagged=(table["p_wrong"] > EVENS) | is_conflict)
