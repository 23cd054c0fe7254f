"""One list of everything doubtful, most urgent first, with the reasons in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa.annotations import Annotations
from labelqa.errors import TableError
from labelqa.noise._inputs import each_row
from labelqa.noise.labels._issues import LabelIssues, label_issues
from labelqa.noise.pictures._duplicates import Duplicates
from labelqa.noise.pictures._issues import KINDS as IMAGE_KINDS
from labelqa.noise.pictures._issues import ImageIssues
from labelqa.noise.pictures._outliers import Outliers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

COLUMNS = (
    "rank",
    "item_id",
    "box_id",
    "kind",
    "label",
    "proposal",
    "p_wrong",
    "score",
    "is_calibrated",
    "reasons",
)
#: How often a picture with such a fault has to go, before anybody looked: it raises the item, nothing more.
FAULTS = {
    "missing": 0.99,
    "unreadable": 0.99,
    "low_information": 0.95,
    "dark": 0.9,
    "bright": 0.9,
    "blurred": 0.9,
    "orientation": 0.5,
    "odd_size": 0.3,
    "odd_aspect": 0.3,
    "greyscale": 0.3,
    "outlier": 0.4,
}
#: What is known of a row before it is ranked; `group` numbers conflicting duplicates.
_OWN = ("item_id", "box_id", "kind", "label", "proposal", "score", "reasons", "group")
#: Score of an item that nothing speaks against and nothing was computed for.
SILENT = -8.0


@runtime_checkable
class BoxFinding(Protocol):
    """What box findings offer to the queue: one row per box, columns as in `ReviewQueue.table` but for the rank."""

    def queue_rows(self) -> pd.DataFrame:
        """Give `item_id`, `box_id`, `kind`, `label`, `proposal`, `score` (log-odds) and `reasons`."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReviewQueue(Result):
    """What to look at, in which order, and why.

    Attributes
    ----------
    n_rows, n_conflicts
        Rows of the queue, and how many of them belong to conflicting duplicates.
    is_calibrated
        Whether `p_wrong` is a probability that audits confirm; before that it only orders.
    n_audited
        Decisions the calibration rests on.
    calibration_error
        Mean distance of `p_wrong` from the share found wrong, over the groups of `reliability`.
    intercept, slope
        Of the logistic curve that turns `score` into `p_wrong`.
    reason
        What to know before trusting `p_wrong`.
    table
        One row per item or box: `rank` (1 first), `item_id`, `box_id` (None for items), `kind` ("duplicate", "label",
        "image", "outlier" or the kind of box fault), `label`, `proposal`, `p_wrong` (that a reviewer would change or
        drop it), `score` (its log-odds before calibration), `is_calibrated`, `reasons` (words, joined by "; ").
    reliability
        After `calibrate`: `p_low`, `p_high`, `n`, `p_wrong` (mean), `share_wrong`, `low`, `high` (95 % interval).
    """

    n_rows: int
    n_conflicts: int
    is_calibrated: bool
    n_audited: int
    calibration_error: float
    intercept: float
    slope: float
    reason: str | None
    table: pd.DataFrame
    reliability: pd.DataFrame = field(repr=False)

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


def review_queue(*findings: Any) -> ReviewQueue:
    """Put everything that was found into one list, so that a reviewer's next minute goes where it helps most.

    Duplicates with conflicting labels come first: one of their labels is wrong for sure. All others follow by the
    odds that a reviewer would change something: the label is wrong, or the picture has to go.

    Parameters
    ----------
    *findings
        Results of `label_issues`, `image_issues`, `duplicates`, `outliers` and `box_issues`, any of them, in any order.
        `Annotations` by several people stand for `label_issues` of them.

    Returns
    -------
    ReviewQueue
        `p_wrong` is uncalibrated until `calibrate` has seen some decisions.

    Raises
    ------
    TableError
        Where a finding is of another type, or there is none.

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
    known = [label_issues(one) if isinstance(one, Annotations) else one for one in findings]
    items = _Rows()
    boxes = []
    for kind, add in _ADDERS:
        for one in known:
            if isinstance(one, kind):
                add(items, one)
    for one in known:
        if isinstance(one, BoxFinding):
            boxes.append(one.queue_rows())
        elif not isinstance(one, tuple(kind for kind, _ in _ADDERS)):
            raise TableError(
                f"Found a {type(one).__name__} among the findings; give results of label_issues, image_issues, "
                "duplicates, outliers or box_issues."
            )
    return wrap(items.table(), boxes)


class _Rows:
    """Rows by item while findings are added; everything is an array in the order of `ids`."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}

    def row(self, item: str) -> dict[str, Any]:
        """Give an item's row, made when first asked for."""
        fresh: dict[str, Any] = {
            "label": None,
            "proposal": None,
            "score": SILENT,
            "faults": [],
            "reasons": [],
            "group": None,
            "kind": None,
        }
        return self._rows.setdefault(item, fresh)

    def table(self) -> pd.DataFrame:
        """Put the rows together: the odds of the label and of each fault, as if they were independent."""
        out = []
        for item, row in self._rows.items():
            score = combined(row["score"], row["faults"])
            kind = row["kind"] or ("label" if row["score"] >= score - np.log(2) or not row["faults"] else "image")
            reasons = "; ".join(row["reasons"])
            group = np.nan if row["group"] is None else row["group"]
            out.append((item, None, kind, row["label"], row["proposal"], score, reasons, group))
        # as objects: a missing label must not turn the others into floats
        columns = {name: pd.Series([row[k] for row in out], dtype=object) for k, name in enumerate(_OWN)}
        return pd.DataFrame(columns).astype({"score": np.float64, "group": np.float64})


def combined(score: float, faults: list[float]) -> float:
    """Give the log-odds that the label is wrong or a fault matters."""
    if not faults:
        return score
    log_fine = -np.logaddexp(0.0, score) + sum(np.log1p(-p) for p in faults)
    return float(np.log(-np.expm1(log_fine)) - log_fine)


def _add_labels(rows: _Rows, found: LabelIssues) -> None:
    for one in each_row(found.table):
        row = rows.row(one.item_id)
        row["label"] = one.label
        if np.isnan(one.score):
            continue
        row["score"] = one.score
        if one.verdict != "fine" or one.score > 0:
            row["proposal"] = one.proposal
            row["reasons"] += _label_reasons(one, found.probabilities)


def _label_reasons(one: Any, probabilities: pd.DataFrame) -> list[str]:
    out = []
    for name, p in (("model", one.p_model), ("neighbours", one.p_neighbours)):
        if not np.isnan(p) and p < 0.5:
            out.append(f"{name}: {one.label!s} only {p:.0%}".replace("%", " %"))
    both = probabilities.loc[one.item_id]
    p_other = float(both.iloc[list(probabilities.columns).index(one.proposal)])
    out.insert(0, f"evidence for {one.proposal!s} {p_other:.0%}".replace("%", " %"))
    if one.n_votes > 1:
        out.append(f"{round(one.vote_share * one.n_votes)} of {one.n_votes} annotators say {one.label!s}")
    if one.verdict == "ambiguous":
        out.insert(0, "ambiguous: people split" if one.n_votes > 1 else "ambiguous: two classes fit alike")
    return out


def _add_image_issues(rows: _Rows, found: ImageIssues) -> None:
    for item in found.measures["item_id"]:
        rows.row(item)
    for one in each_row(found.table):
        row = rows.row(one.item_id)
        row["faults"].append(FAULTS[one.kind])
        row["reasons"].append(f"{IMAGE_KINDS[one.kind]}: {one.detail}")


def _add_outliers(rows: _Rows, found: Outliers) -> None:
    for one in each_row(found.table):
        row = rows.row(one.item_id)
        if one.is_flagged:
            if not row["faults"] and row["score"] < 0:
                row["kind"] = "outlier"
            row["faults"].append(FAULTS["outlier"])
            row["reasons"].append(f"unlike all others: {one.deviation:.1f} deviations from its nearest")


def _add_duplicates(rows: _Rows, found: Duplicates) -> None:
    for number, members in found.table.groupby("group"):
        group = [rows.row(item) for item in members["item_id"]]
        if members["is_conflict"].iloc[0]:
            _conflict(group, members, number)
        elif members["is_leak"].iloc[0]:
            splits = ", ".join(sorted({str(part) for part in members["split"].dropna()}))
            for row, item in zip(group, members["item_id"], strict=True):
                others = [other for other in members["item_id"] if other != item]
                row["reasons"].append(f"same picture as {_few(others)} across {splits}")
        else:
            for row in group[1:]:
                row["reasons"].append(f"same picture as {members['item_id'].iloc[0]} (group {number})")


def _conflict(group: list[dict[str, Any]], members: pd.DataFrame, number: Any) -> None:
    """Share out the certainty that at least one label of the group is wrong."""
    labels = members["label"].tolist()
    p = np.array([1 / (1 + np.exp(-row["score"])) if row["score"] > SILENT else 0.5 for row in group])
    at_least_one = -np.expm1(np.log1p(-np.minimum(p, 1 - 1e-9)).sum())
    p_wrong = np.clip(p / max(at_least_one, 1e-12), 1e-6, 1 - 1e-6)
    support = {label: sum(1 - q for q, said in zip(p, labels, strict=True) if said == label) for label in labels}
    for row, item, label, q in zip(group, members["item_id"], labels, p_wrong, strict=True):
        others = {said: support[said] for said in support if said != label and not pd.isna(said)}
        row["group"], row["kind"], row["score"] = number, "duplicate", float(np.log(q) - np.log1p(-q))
        row["label"] = label
        row["proposal"] = max(others, key=others.__getitem__) if others else row["proposal"]
        same = [f"{o} ({said!s})" for o, said in zip(members["item_id"], labels, strict=True) if o != item]
        row["reasons"].insert(0, f"same picture labelled differently: {_few(same)}")


def _few(values: list[str], limit: int = 3) -> str:
    return ", ".join(values[:limit]) + (f" and {len(values) - limit} more" if len(values) > limit else "")


_ADDERS: tuple[tuple[type, Callable[[_Rows, Any], None]], ...] = (
    (LabelIssues, _add_labels),
    (ImageIssues, _add_image_issues),
    (Outliers, _add_outliers),
    (Duplicates, _add_duplicates),
)


def wrap(items: pd.DataFrame, boxes: list[pd.DataFrame]) -> ReviewQueue:
    """Rank items and boxes together."""
    parts = [items, *(rows.assign(group=np.nan)[list(_OWN)] for rows in boxes)]
    parts = [part for part in parts if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else items
    for column in ("label", "proposal", "box_id"):
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    table["item_id"] = table["item_id"].astype("str")
    # conflicting duplicates stay together, by their most doubtful member; ties keep the order of items
    table = table.assign(
        _top=table["score"].where(table["group"].isna(), table.groupby("group")["score"].transform("max"))
    )
    table = table.assign(_single=table["group"].isna(), _group=table["group"].fillna(0))
    by, rising = ["_single", "_top", "_group", "score"], [True, False, True, False]
    table = table.sort_values(by, ascending=rising, kind="stable", ignore_index=True)
    n_conflicts = int(table["group"].notna().sum())
    table = table.assign(
        rank=np.arange(1, len(table) + 1), p_wrong=1 / (1 + np.exp(-table["score"].astype(float))), is_calibrated=False
    )
    return ReviewQueue(
        n_rows=len(table),
        n_conflicts=n_conflicts,
        is_calibrated=False,
        n_audited=0,
        calibration_error=np.nan,
        intercept=0.0,
        slope=1.0,
        reason="uncalibrated: p_wrong only orders the queue until calibrate() has seen decisions",
        table=table[list(COLUMNS)],
        reliability=pd.DataFrame(columns=["p_low", "p_high", "n", "p_wrong", "share_wrong", "low", "high"]),
    )
