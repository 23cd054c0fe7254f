"""The difference of two agreements, with its interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import natural_order
from labelqa._kernels.intervals import POINT, holding, percentiles, student_reach
from labelqa._kernels.labels.resampling import resampled_times
from labelqa._options import Resampling, check_choice
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.agreement.labels import _plots as plots
from labelqa.agreement.labels._catalogue import COEFFICIENTS, COUNT_FORMULAS
from labelqa.agreement.labels._counted import CountedLabels, LabelInput, Measurement, count_labels
from labelqa.agreement.labels._distances import Weights, ordered_by
from labelqa.agreement.labels._estimate import CountFormula, share_undefined, two_sided_p
from labelqa.agreement.labels._statistics import CountRows
from labelqa.agreement.labels._sums import ScaledRows, Values
from labelqa.errors import OptionError, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AgreementDifference(Result):
    """The change of a coefficient from one set of labels to another.

    Attributes
    ----------
    coefficient
        Which coefficient was compared.
    before, after
        Its values.
    difference, low, high
        `after` - `before` and its interval, which holds it; nan where all items changed alike.
    se, p_value
        Standard error of the difference, and the two-sided p of no difference (1 where nothing changed at all).
    verdict
        "higher" or "lower" where the interval leaves out 0, otherwise "undecided".
    is_paired
        Whether items that occur in both were matched by their id.
    n_items_before, n_items_after, n_items_both
        Items with two labels or more in each, and in both at once.
    confidence, interval, level
        Confidence and kind ("t" or "bootstrap") of the interval, and what labels are.
    share_undefined
        Share of the resamples in which the difference is undefined; nan without resamples.
    reason
        Why a number is nan, or None.
    table
        `which`, `value`, `n_items`, `n_labels`: one row for each of the two.
    """

    coefficient: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    se: float
    p_value: float
    verdict: str
    is_paired: bool
    n_items_before: int
    n_items_after: int
    n_items_both: int
    confidence: float
    interval: str
    share_undefined: float
    level: str
    reason: str | None
    table: pd.DataFrame

    @property
    def value(self) -> float:
        """The difference, under the name that coefficients have."""
        return self.difference

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the difference with its interval against no difference."""
        return plots.difference(
            (self.low, self.high),
            ax,
            before=self.before,
            after=self.after,
            confidence=self.confidence,
            title=COEFFICIENTS[self.coefficient].title,
        )


@takes_tables()
def compare_agreement(
    before: LabelInput,
    after: LabelInput,
    *,
    coefficient: str = "krippendorff_alpha",
    same_items: bool = True,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> AgreementDifference:
    """Did agreement change: two weeks, two teams, before and after a guideline.

    Items that occur in both are matched by their id, which takes out how hard the items are; items that occur in only
    one count as well.

    Parameters
    ----------
    before, after
        `Annotations`, or tables with `item_id`, `annotator_id`, `label`; statistics with `same_items=False`.
    coefficient
        Name of a coefficient's function that needs no more than each item's counts of classes, such as
        "krippendorff_alpha" or "gwet_ac"; the error at another name lists all.
    same_items
        Whether equal ids mean equal items; False treats the two as independent.
    level, weights, classes
        As in `krippendorff_alpha`; the classes of both together where none are given.
    n_resamples
        0: the analytic t interval. Otherwise percentiles over resamples of the items, those in both moved together.
    confidence, seed
        Of the interval, and of its resampling.

    Raises
    ------
    TableError
        For data that are no labels.
    OptionError
        For an unknown coefficient or level, and impossible options.

    References
    ----------
    Gwet (2021), Testing the difference of correlated agreement coefficients, Educational and Psychological
    Measurement 76.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import compare_agreement
    >>> who = {"item_id": [1, 1, 2, 2, 3, 3, 4, 4], "annotator_id": ["ann", "bob"] * 4}
    >>> old = pd.DataFrame({**who, "label": list("xyxxyyyx")})
    >>> new = old.assign(label=list("xxxxyyyy"))
    >>> result = compare_agreement(old, new)
    >>> round(result.before, 3), round(result.after, 3), result.n_items_both
    (0.125, 1.0, 4)
    """
    check_choice("coefficient", coefficient, COUNT_FORMULAS)
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    first, second = _on_one_list(before, after, Measurement(level, weights, classes))
    parts = _matched(first, second) if same_items else _apart(first, second)
    formula = COUNT_FORMULAS[coefficient]
    values = [formula.of_all(rows) for rows in parts]
    undefined = first.undefined or second.undefined
    both = parts[0].is_paired & parts[1].is_paired
    n_both = int(parts[0].distinct.times[both].sum())
    found = _Uncertainty() if undefined else _uncertainty(formula, parts, values, resampling)
    old, new = (np.nan if undefined else float(part.value[0]) for part in values)
    counts = [first.statistics, second.statistics]
    return AgreementDifference(
        coefficient=coefficient,
        before=old,
        after=new,
        difference=new - old,
        low=found.low,
        high=found.high,
        se=found.se,
        p_value=found.p_value,
        verdict="higher" if found.low > 0 else "lower" if found.high < 0 else "undecided",
        is_paired=same_items and n_both > 0,
        n_items_before=counts[0].n_paired,
        n_items_after=counts[1].n_paired,
        n_items_both=n_both,
        confidence=resampling.confidence,
        interval="bootstrap" if resampling.n_resamples else "t",
        share_undefined=found.share_undefined,
        level=first.scale.name,
        reason=undefined or _why_open(new - old, found.low),
        table=_by_side([old, new], counts),
    )


def _by_side(values: list[float], counts: Sequence[Any]) -> pd.DataFrame:
    items, labels = ([getattr(part, name) for part in counts] for name in ("n_paired", "n_labels"))
    return pd.DataFrame({"which": ["before", "after"], "value": values, "n_items": items, "n_labels": labels})


def _why_open(difference: float, low: float) -> str | None:
    """Say why there is no difference, or no interval of it."""
    if np.isnan(difference):
        return "One of the two has labels of one class only, so that chance alone would agree fully."
    if np.isnan(low):
        return "All items changed alike, or not at all, which says nothing of how far others would: no interval."
    return None


def _on_one_list(
    before: LabelInput, after: LabelInput, measurement: Measurement
) -> tuple[CountedLabels, CountedLabels]:
    """Encode both with the classes of both."""
    first, second = count_labels(before, measurement), count_labels(after, measurement)
    if measurement.classes is None and list(first.statistics.classes) != list(second.statistics.classes):
        measurement = replace(measurement, classes=_classes_of_both(first, second))
        first, second = count_labels(before, measurement), count_labels(after, measurement)
    return first, second


def _classes_of_both(first: CountedLabels, second: CountedLabels) -> list[Hashable]:
    """Join the classes: where order counts and was stated, by it, otherwise in natural order.

    Raises
    ------
    OptionError
        Where the two state orders of which neither holds the other.
    """
    lists = [list(part.class_values) for part in (first, second)]
    option = ordered_by(first.level, first.weights)
    if option is not None and (first.statistics.is_stated or second.statistics.is_stated):
        longer, shorter = sorted(lists, key=len, reverse=True)
        kept = {str(value) for value in shorter}
        if [str(value) for value in longer if str(value) in kept] == [str(value) for value in shorter]:
            return longer
        raise OptionError(
            f"{option} needs one order of classes; found {shown(lists[0])} before and {shown(lists[1])} after. List "
            "all of them in order with classes=."
        )
    values = {str(value): value for part in lists for value in part}
    together = np.empty(len(values), dtype=object)
    together[:] = list(values.values())
    return list(together[natural_order(together)])


def _matched(first: CountedLabels, second: CountedLabels) -> tuple[ScaledRows, ScaledRows]:
    """Find the distinct pairs of rows over all items; each part holds its half of every pair."""
    one, two = (
        part.need_codes(unknown="which items they counted", instead="choose same_items=False")
        for part in (first, second)
    )
    items, where = np.unique(np.concatenate([one.items, two.items]).astype(str), return_inverse=True)
    item = np.concatenate([where[: len(one.items)][one.item], where[len(one.items) :][two.item]])
    k = first.n_classes
    label = np.concatenate([one.label, two.label + k]).astype(np.int32)
    order = np.argsort(item, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(item, minlength=len(items)))]).astype(np.int64)
    pairs = CountRows.collect(offsets, label[order], 2 * k)
    return (_half(pairs, pairs.code < k, 0, first), _half(pairs, pairs.code >= k, k, second))


def _half(pairs: CountRows, chosen: NDArray[np.bool_], shift: int, counted: CountedLabels) -> ScaledRows:
    kept = np.concatenate([[0], np.cumsum(chosen)])
    rows = CountRows(
        kept[pairs.starts], (pairs.code[chosen] - shift).astype(np.int32), pairs.count[chosen], pairs.times, pairs.keys
    )
    return ScaledRows(rows, counted.n_classes, counted.scale)


def _apart(first: CountedLabels, second: CountedLabels) -> tuple[ScaledRows, ScaledRows]:
    """Put the rows of both one after the other, so that no item is in both."""
    one, two = first.rows.distinct, second.rows.distinct
    times = np.concatenate([one.times, two.times])
    keys = np.concatenate([one.keys, two.keys])
    ahead = np.concatenate([one.starts, np.full(len(two.times), one.starts[-1])])
    behind = np.concatenate([np.zeros(len(one.times), np.int64), two.starts])
    return (
        ScaledRows(CountRows(ahead, one.code, one.count, times, keys), first.n_classes, first.scale),
        ScaledRows(CountRows(behind, two.code, two.count, times, keys), second.n_classes, second.scale),
    )


class _Uncertainty(NamedTuple):
    low: float = np.nan
    high: float = np.nan
    se: float = np.nan
    p_value: float = np.nan
    share_undefined: float = np.nan


def _uncertainty(
    formula: CountFormula, parts: tuple[ScaledRows, ScaledRows], values: list[Values], resampling: Resampling
) -> _Uncertainty:
    """Give the interval, standard error and p-value of the difference."""
    difference = float(values[1].value[0] - values[0].value[0])
    times = parts[0].times
    n = int(times.sum())
    if not np.isfinite(difference) or n < 2:
        return _Uncertainty()
    old, new = (formula.influence(rows, found) for rows, found in zip(parts, values, strict=True))
    se = float(np.sqrt((times * (new - old) ** 2).sum() * n / (n - 1)))
    # nothing that changed is the one certainty that items alike can give
    p_value = 1.0 if se <= POINT and abs(difference) <= POINT else two_sided_p(difference, se, n)
    if not resampling.n_resamples:
        reach = float(student_reach(se, n, resampling.confidence))
        low, high = holding(difference, difference - reach, difference + reach)
        return _Uncertainty(float(low), float(high), se, p_value)
    drawn = []
    for block in resampled_times(
        parts[0].distinct.times, resampling.n_resamples, resampling.generator(), parts[0].n_classes
    ):
        old, new = (formula.value(rows, rows.sums(block), block).value for rows in parts)
        drawn.append(new - old)
    every = np.concatenate(drawn)
    low, high = holding(difference, *percentiles(every, resampling.confidence))
    return _Uncertainty(float(low), float(high), se, p_value, share_undefined(every))
