"""One coefficient with its uncertainty, and how it is put together from an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.intervals import POINT, holding, percentiles, student_reach
from labelqa._options import Resampling
from labelqa._renamed import renamed_fields
from labelqa._result import Result
from labelqa.agreement.labels import _plots as plots
from labelqa.agreement.labels._catalogue import COEFFICIENTS, CoefficientRecord
from labelqa.agreement.labels._counted import CountedLabels
from labelqa.agreement.labels._estimate import Estimate, share_undefined, two_sided_p
from labelqa.agreement.labels._two_annotators import of_two

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@renamed_fields(name="coefficient")
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Coefficient(Result):
    """A coefficient of agreement, its interval, and its value for each class against all others.

    Attributes
    ----------
    coefficient
        The function that made it, such as "krippendorff_alpha".
    value
        1: all agree; 0: as much agreement as chance gives (percent agreement: none); below 0: less than chance.
    low, high
        The interval, which holds the value; see `interval`. nan below two items with two labels, and where all items
        agree alike: nothing is known then of how far others would differ.
    se
        Analytic standard error over items (Gwet). For all but alpha it grows with the share of items that have one
        label only, beyond what resampling shows: choose the bootstrap there. nan where the interval is.
    p_value
        Two-sided, of the hypothesis that the value is 0 (t, from the standard error).
    observed, expected
        The agreement seen, and the agreement chance would give.
    confidence
        Confidence of the interval.
    interval
        "t" (value plus and minus t x se, at most 1) or "bootstrap" (percentiles over resampled items, stretched to the
        value where they leave it out).
    share_undefined
        Share of the resamples in which the coefficient is undefined, as where all their labels are of one class: the
        interval rests on the others. nan without resamples.
    level
        The level of measurement, or the name of the weights.
    n_items
        Items with two labels or more.
    n_annotators
        Annotators with a label; None where only counts are known.
    n_labels, n_classes
        Labels counted, and classes in the list.
    reason
        Why a number is nan, or None.
    table
        One row per class: `label`, `n_labels`, `share` and `value`, the coefficient of this class against all others.
    """

    coefficient: str
    value: float
    low: float
    high: float
    se: float
    p_value: float
    observed: float
    expected: float
    confidence: float
    interval: str
    share_undefined: float
    level: str
    n_items: int
    n_annotators: int | None
    n_labels: int
    n_classes: int
    reason: str | None
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value of each class against all others; the line is the value over all classes."""
        return plots.classes_of_coefficient(
            self.table, ax, value=self.value, title=COEFFICIENTS[self.coefficient].title
        )


def measure(
    name: str, counted: CountedLabels, resampling: Resampling, *, annotators: Sequence[Any] | None = None
) -> Coefficient:
    """Compute one coefficient; `annotators` are the two to compare, where it is one of two."""
    record, reason = COEFFICIENTS[name], None
    if counted.codes is None and (record.is_of_two or (record.needs_annotators and counted.statistics.said is None)):
        reason = "Counts do not say who gave which label, which this coefficient needs."
    elif counted.codes is not None and record.is_of_two:
        counted, reason = of_two(counted, counted.codes, annotators, name)
    found = None
    if reason is None and counted.statistics.n_paired:
        found = record.formula.estimate(counted, record.formula.draw(counted, resampling))
    return wrap(record, counted, resampling, found, reason)


def wrap(
    record: CoefficientRecord,
    counted: CountedLabels,
    resampling: Resampling,
    found: Estimate | None,
    reason: str | None = None,
) -> Coefficient:
    """Put numbers, interval and reason together; `reason` says why nothing could be computed."""
    statistics = counted.statistics
    reason = reason or counted.undefined
    value = se = p_value = low = high = observed = expected = np.nan
    per_class = np.full(counted.n_classes, np.nan)
    if found is not None and reason is None:
        values, per_class = found.point, found.per_class
        value, observed, expected = (float(part[0]) for part in (values.value, values.observed, values.expected))
        se = found.se
        if np.isnan(value):
            reason, se = _why_undefined(record, counted), np.nan
        else:
            if statistics.n_paired > 1 and not se <= POINT:
                low, high = _interval(value, se, found, resampling)
            if np.isnan(low):
                reason, se = _why_no_interval(counted, se), np.nan
            p_value = two_sided_p(value, se, found.n)
    return Coefficient(
        coefficient=record.name,
        value=value,
        low=low,
        high=high,
        se=se,
        p_value=p_value,
        observed=observed,
        expected=expected,
        confidence=resampling.confidence,
        interval="bootstrap" if resampling.n_resamples else "t",
        share_undefined=share_undefined(found.drawn) if found is not None else np.nan,
        level=counted.scale.name,
        n_items=statistics.n_paired,
        n_annotators=statistics.n_annotators,
        n_labels=statistics.n_labels,
        n_classes=counted.n_classes,
        reason=reason,
        table=_class_table(counted, per_class),
    )


def _class_table(counted: CountedLabels, values: Floats) -> pd.DataFrame:
    rows, n_labels = counted.statistics.rows, counted.statistics.n_labels
    weights = rows.count * np.repeat(rows.times, np.diff(rows.starts))
    counts = np.bincount(rows.code, weights=weights, minlength=counted.n_classes).astype(np.int64)
    return pd.DataFrame(
        {"label": counted.class_values, "n_labels": counts, "share": counts / max(n_labels, 1), "value": values}
    )


def _interval(value: float, se: float, found: Estimate, resampling: Resampling) -> tuple[float, float]:
    """Give percentiles of the resamples, or without them Student's interval, which ends at 1; nan where it is none."""
    if resampling.n_resamples:
        ends = percentiles(found.drawn, resampling.confidence)
    else:
        reach = float(student_reach(se, found.n, resampling.confidence))
        ends = value - reach, min(1.0, value + reach)
    low, high = holding(value, *ends)
    return float(low), float(high)


def _why_undefined(record: CoefficientRecord, counted: CountedLabels) -> str:
    """Say why chance alone would agree fully, and what helps that was not done yet."""
    used = counted.rows.totals
    if (used.shares[0] > 0).sum() == 1:
        what = "All labels are of one class"
    elif (used.counts[0] > 0).sum() == 1:
        what = "All labels of items with two labels are of one class"
    else:
        return "By these weights chance alone would agree fully; give weights that tell classes apart."
    advice = ""
    if not counted.statistics.is_stated:
        others = " or ".join(name for name, one in COEFFICIENTS.items() if one.counts_all_classes)
        name = "" if record.counts_all_classes else f"of {others} "
        advice = f"; where there are more, name every possible class with classes= {name}"
    return f"{what}, so that chance alone would agree fully{advice.rstrip()}."


def _why_no_interval(counted: CountedLabels, se: float) -> str:
    if counted.statistics.n_paired < 2:
        return "Only one item has two labels; an interval needs at least two items."
    if np.isnan(se):
        return "An interval needs labels one by one, which statistics do not hold."
    return (
        f"All {counted.statistics.n_paired:,} items with two labels agree alike, which says nothing of how far others "
        "would differ: there is no interval. Label more items, or see permutation_test."
    )
