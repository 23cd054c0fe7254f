"""Planning: how many items to label twice, and which items need one more label."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.intervals import POINT, student_reach
from labelqa._kernels.labels.rows import distinct_rows, row_entries, salts
from labelqa._options import check_choice, check_confidence, check_number
from labelqa._renamed import renamed, renamed_fields
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.agreement.labels import _plots as plots
from labelqa.agreement.labels._catalogue import COEFFICIENTS, COUNT_FORMULAS
from labelqa.agreement.labels._counted import LabelInput, Measurement, count_labels
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._statistics import stated_classes
from labelqa.annotations import Annotations, as_label_codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@renamed_fields(name="coefficient")
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ItemsNeeded(Result):
    """How many items must be labelled as often as in the pilot.

    Attributes
    ----------
    n_items
        Items with two labels or more in all for the wanted width; -1 where undefined.
    n_more
        How many that is beyond the pilot, at least 0.
    n_labels
        Labels for all of them, at the pilot's mean number per item.
    width, confidence
        The wanted distance of the two bounds, and their confidence.
    width_now
        Their distance in the pilot.
    coefficient, value
        Which coefficient, and its value in the pilot.
    n_pilot
        Items with two labels or more in the pilot.
    reason
        Why it is undefined, or None.
    table
        `n_items`, `width`: what other numbers of items give.
    """

    n_items: int
    n_more: int
    n_labels: int
    width: float
    confidence: float
    width_now: float
    coefficient: str
    value: float
    n_pilot: int
    reason: str | None
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the width of the interval against the number of items."""
        return plots.widths(
            self.table,
            ax,
            width=self.width,
            n_items=self.n_items,
            confidence=self.confidence,
            title=COEFFICIENTS[self.coefficient].title,
        )


@takes_tables()
@renamed(pilot="annotations")
def items_needed(
    annotations: LabelInput,
    *,
    width: float,
    coefficient: str = "krippendorff_alpha",
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
) -> ItemsNeeded:
    """How many items must be labelled more than once until agreement is known this precisely.

    The spread of the pilot's items in the coefficient is what more items divide.

    Parameters
    ----------
    annotations
        The pilot, which are the labels there are already: `Annotations`, a table with `item_id`, `annotator_id`,
        `label`, or `LabelStatistics`.
    width
        Wanted distance from the lower to the upper bound of the interval, such as 0.1.
    coefficient
        Name of a coefficient's function that needs no more than each item's counts of classes, such as
        "krippendorff_alpha" or "gwet_ac"; the error at another name lists all.
    level, weights, classes
        As in `krippendorff_alpha`.
    confidence
        Of the interval.

    Raises
    ------
    TableError
        For data that are no labels.
    OptionError
        For a width that is not above 0, an unknown coefficient or level.

    References
    ----------
    Gwet (2021), Handbook of inter-rater reliability: the standard error over items, by linearisation.

    Examples
    --------
    >>> from labelqa.agreement import from_contingency, items_needed
    >>> pilot = from_contingency([[20, 5], [5, 20]])
    >>> needed = items_needed(pilot, width=0.2)
    >>> needed.n_pilot, needed.n_items
    (50, 254)
    """
    check_choice("coefficient", coefficient, COUNT_FORMULAS)
    width = check_number("width", width, 0, open_low=True, hint="the distance of the two bounds, such as 0.1")
    confidence = check_confidence(confidence)
    counted, formula = count_labels(annotations, Measurement(level, weights, classes)), COUNT_FORMULAS[coefficient]
    rows, n_pilot = counted.rows, counted.statistics.n_paired
    values = formula.of_all(rows)
    reason = counted.undefined
    spread = np.nan
    if reason is None and np.isfinite(values.value[0]) and n_pilot > 1:
        parts = formula.influence(rows, values)
        spread = float(np.sqrt((rows.times * parts**2).sum() * n_pilot / (n_pilot - 1)) * n_pilot**0.5)
    elif reason is None:
        reason = "The pilot has too few items, or labels of one class only; label some more items first."
    if spread <= POINT:
        reason = "All items of the pilot agree alike, which says nothing about others; label some more items first."
    n_items = -1 if reason else _smallest(spread, width, confidence)
    per_item = float(rows.distinct.n[rows.is_paired] @ rows.times[rows.is_paired]) / max(n_pilot, 1)
    grid = np.unique(np.geomspace(10, max(n_items, n_pilot, 100) * 4, 40).astype(np.int64))
    return ItemsNeeded(
        n_items=n_items,
        n_more=max(n_items - n_pilot, 0),
        n_labels=-1 if reason else int(np.ceil(n_items * per_item)),
        width=width,
        confidence=confidence,
        width_now=np.nan if reason else float(_width(spread, np.array([n_pilot]), confidence)[0]),
        coefficient=coefficient,
        value=float(values.value[0]) if n_pilot else np.nan,
        n_pilot=n_pilot,
        reason=reason,
        table=pd.DataFrame({"n_items": grid, "width": _width(spread, grid, confidence)}),
    )


def _width(spread: float, n_items: NDArray[np.int64], confidence: float) -> Floats:
    return np.asarray(2 * student_reach(spread, n_items, confidence) / np.sqrt(n_items))


def _smallest(spread: float, width: float, confidence: float) -> int:
    """Give the smallest number of items whose interval is at most this wide."""
    low, high = 2, 4
    while _width(spread, np.array([high]), confidence)[0] > width:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if _width(spread, np.array([middle]), confidence)[0] > width:
            low = middle + 1
        else:
            high = middle
    return high


@takes_tables()
@renamed(data="annotations")
def items_to_relabel(
    annotations: Annotations | pd.DataFrame, *, classes: Sequence[Hashable] | None = None
) -> pd.DataFrame:
    """Which items gain most from one more label.

    Annotators are taken to be right equally often; how often follows from how much they agree. That gives the
    probability that an item's most frequent label is wrong, and how much of it one more label takes away on average. A
    clear majority gains nothing; so does an item that one more label cannot turn.

    Parameters
    ----------
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`.
    classes
        All classes, where unused ones count.

    Returns
    -------
    DataFrame
        One row per labelled item, the most useful first: `item_id`, `n_labels`, `label` (the most probable; the first
        in class order on a tie), `p_wrong` (that it is wrong), `gain` (the fall of `p_wrong` expected from one more
        label). nan where no two labels of an item can be compared.

    Raises
    ------
    TableError
        For data that are no labels.

    References
    ----------
    Sheng, Provost and Ipeirotis (2008), Get another label?, KDD.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import items_to_relabel
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "a"), (2, "bob", "b"), (3, "ann", "b"), (3, "bob", "b")]
    >>> items_to_relabel(pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]))["item_id"].tolist()
    ['2', '1', '3']
    """
    codes = as_label_codes(annotations, stated_classes(annotations, classes))
    k = codes.n_classes
    first, _, _, row_of_item = distinct_rows(codes.offsets, codes.label, salts(k, 1), salts(k, 2))
    starts, code, count = row_entries(codes.offsets, codes.label, first)
    votes = np.zeros((len(first), k))
    votes[np.repeat(np.arange(len(first)), np.diff(starts)), code] = count
    shares = np.bincount(codes.label, minlength=k) / max(len(codes.label), 1)
    top, p_wrong, gain = _worth(votes, shares, _accuracy(votes, np.bincount(row_of_item[row_of_item >= 0])))
    item = np.flatnonzero(row_of_item >= 0)
    row = row_of_item[item]
    table = pd.DataFrame(
        {
            "item_id": codes.items[item],
            "n_labels": np.diff(codes.offsets)[item],
            "label": codes.classes[top[row]],
            "p_wrong": p_wrong[row],
            "gain": gain[row],
        }
    )
    order = np.lexsort((-table["p_wrong"], -table["gain"].round(12)))
    return table.iloc[order].reset_index(drop=True)


def _accuracy(votes: Floats, times: NDArray[np.int64]) -> float:
    """Find how often annotators must be right, wrong labels falling evenly, to agree as much as they do."""
    n, k = votes.sum(axis=1), votes.shape[1]
    paired = n >= 2
    if not paired.any() or k < 2:
        return np.nan
    same = (votes * (votes - 1)).sum(axis=1)[paired] / (n * (n - 1))[paired]
    agreement = float(same @ times[paired] / times[paired].sum())
    # agreement = a * a + (1 - a) * (1 - a) / (k - 1), solved for a
    m = 1 / (k - 1)
    root = np.sqrt(max(m * m - (1 + m) * (m - agreement), 0.0))
    return float(np.clip((m + root) / (1 + m), 1 / k, 1 - 1e-6))


def _worth(votes: Floats, shares: Floats, accuracy: float) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Give each row's most probable class, the probability that it is wrong, and its fall by one more label."""
    n_rows, k = votes.shape
    if not np.isfinite(accuracy):
        undefined_rows = np.full(n_rows, np.nan)
        return votes.argmax(axis=1) if k else np.empty(0, np.int64), undefined_rows, undefined_rows
    error = (1 - accuracy) / (k - 1)
    scores = votes * np.log(accuracy / error) + np.log(np.maximum(shares, 1e-12))
    posterior = np.exp(scores - scores.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    top = posterior.argmax(axis=1)
    two_best = np.sort(posterior, axis=1)[:, -2:]
    best_other = np.where(np.arange(k) == top[:, None], two_best[:, :1], two_best[:, 1:])
    after = np.maximum(accuracy * posterior, error * best_other).sum(axis=1)
    best = two_best[:, 1]
    return top, 1 - best, np.maximum(after - best, 0.0)
