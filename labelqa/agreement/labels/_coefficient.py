"""One coefficient with its uncertainty, and how it is put together from sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.labels.resampling import resampled_times
from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa.agreement.labels._formulas import CLASS_FORMULAS, FORMULAS, Values
from labelqa.agreement.labels._source import Labels, Options, Source, as_source
from labelqa.agreement.labels._standard_errors import standard_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Coefficient(Result):
    """A coefficient of agreement, its interval, and its value for each class against all others.

    Attributes
    ----------
    name
        The function that made it, such as "krippendorff_alpha".
    value
        1: all agree; 0: as much agreement as chance gives (percent agreement: none); below 0: less than chance.
    low, high
        The interval; see `interval`.
    se
        Analytic standard error over items (Gwet). For all but alpha it grows with the share of items that have one
        label only, beyond what resampling shows: choose the bootstrap there.
    p_value
        Two-sided, of the hypothesis that the value is 0 (t, from the standard error).
    observed, expected
        The agreement seen, and the agreement chance would give.
    confidence
        Confidence of the interval.
    interval
        "t" (value plus and minus t x se, at most 1) or "bootstrap" (percentiles over resampled items).
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

    name: str
    value: float
    low: float
    high: float
    se: float
    p_value: float
    observed: float
    expected: float
    confidence: float
    interval: str
    level: str
    n_items: int
    n_annotators: int | None
    n_labels: int
    n_classes: int
    reason: str | None
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value of each class against all others; the line is the value over all classes."""
        ax = axes(ax, height=max(1.6, 0.8 + 0.28 * len(self.table)))
        shown = self.table.iloc[::-1]
        ax.barh(shown["label"].astype(str), shown["value"], color=COLOURS[0], height=0.6)
        ax.axvline(self.value, color=COLOURS[1], linewidth=1.5)
        ax.set_xlabel(f"{words(self.name)}: each class against the others (line: all, {self.value:.3f})")
        return ax


def words(name: str) -> str:
    """Give a coefficient's name as people write it."""
    return {
        "percent_agreement": "Percent agreement",
        "cohen_kappa": "Cohen's kappa",
        "scott_pi": "Scott's pi",
        "fleiss_kappa": "Fleiss' kappa",
        "conger_kappa": "Conger's kappa",
        "krippendorff_alpha": "Krippendorff's alpha",
        "gwet_ac": "Gwet's AC",
        "brennan_prediger": "Brennan-Prediger",
    }[name]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The numbers of one coefficient before they are wrapped."""

    numbers: Values
    se: float
    n: int
    resampled: Floats
    per_class: Floats


def coefficient(name: str, data: Labels, options: Options) -> Coefficient:
    """Compute one of the coefficients that need no annotator ids."""
    source = as_source(data, options)
    return wrap(name, source, options, estimates([name], source, options)[name])


def estimates(
    names: list[str], source: Source, options: Options, drawn: dict[str, Floats] | None = None
) -> dict[str, Estimate]:
    """Compute several coefficients on the same sums and the same resamples, drawn before or now."""
    rows = source.rows
    times = rows.times[None, :]
    sums = rows.sums(times)
    drawn = bootstrap(names, source, options) if drawn is None else drawn
    out = {}
    for name in names:
        values = FORMULAS[name](rows, sums, times)
        with np.errstate(divide="ignore", invalid="ignore"):
            se, n = standard_error(name, rows, sums, values)
        out[name] = Estimate(numbers=values, se=se, n=n, resampled=drawn[name], per_class=class_values(name, source))
    return out


def bootstrap(names: list[str], source: Source, options: Options) -> dict[str, Floats]:
    """Compute coefficients for resampled items: name -> shape (n_resamples,), or (n_resamples, K) of each class."""
    formulas = {name: {**FORMULAS, **CLASS_FORMULAS}[name] for name in names}
    out: dict[str, list[Floats]] = {name: [] for name in names}
    if options.n_resamples and source.statistics.n_items:
        rng = np.random.default_rng(options.seed)
        for times in resampled_times(source.rows.rows.times, options.n_resamples, rng, source.n_classes):
            sums = source.rows.sums(times)
            for name, formula in formulas.items():
                out[name].append(formula(source.rows, sums, times).value)
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in out.items()}


def class_values(name: str, source: Source) -> Floats:
    """Compute a coefficient for each class against all others, shape (K,)."""
    rows, k = source.rows, source.n_classes
    parts = rows.rows
    n = np.repeat(parts.n, np.diff(parts.starts)).astype(np.float64)
    times = np.repeat(rows.times, np.diff(parts.starts)) * (n >= 2)
    apart = times * 2 * parts.count * (n - parts.count) / np.maximum(n - 1, 1)
    sums = rows.sums(rows.times[None, :])
    counts, n_counted = sums.counts[0], sums.counts[0].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "krippendorff_alpha":
            observed = np.bincount(parts.code, weights=apart, minlength=k)
            return np.asarray(1 - (n_counted - 1) * observed / (2 * counts * (n_counted - counts)))
        seen = 1 - np.bincount(parts.code, weights=apart / n, minlength=k) / sums.n_paired[0]
        share = sums.shares[0] / sums.n_rated[0]
        expected = {
            "percent_agreement": np.zeros(k),
            "fleiss_kappa": share**2 + (1 - share) ** 2,
            "gwet_ac": 2 * share * (1 - share),
            "brennan_prediger": np.full(k, 0.5),
        }[name]
        return np.where(expected < 1, (seen - expected) / (1 - expected), np.nan)


def wrap(name: str, source: Source, options: Options, found: Estimate | None, reason: str | None = None) -> Coefficient:
    """Put numbers, interval and reason together; `reason` says why nothing could be computed."""
    statistics = source.statistics
    reason = reason or undefined(source)
    value = se = p_value = low = high = observed = expected = float("nan")
    per_class = np.full(source.n_classes, np.nan)
    if found is not None and reason is None:
        value, observed, expected = (
            float(part[0]) for part in (found.numbers.value, found.numbers.observed, found.numbers.expected)
        )
        se, per_class = found.se, found.per_class
        if np.isnan(value):
            reason = (
                "All labels are of one class, so that chance alone would agree fully; name every possible class with "
                "classes= where there are more."
            )
            se = float("nan")
        p_value, low, high = interval(value, se, found, options)
        if reason is None and np.isnan(low):
            reason = "The interval needs at least two items and labels one by one."
    return Coefficient(
        name=name,
        value=value,
        low=low,
        high=high,
        se=se,
        p_value=p_value,
        observed=observed,
        expected=expected,
        confidence=options.confidence,
        interval="bootstrap" if options.n_resamples else "t",
        level=source.scale.name,
        n_items=statistics.n_paired,
        n_annotators=statistics.n_annotators,
        n_labels=statistics.n_labels,
        n_classes=source.n_classes,
        reason=reason,
        table=_class_table(source, per_class),
    )


def _class_table(source: Source, values: Floats) -> pd.DataFrame:
    rows, n_labels = source.statistics.rows, source.statistics.n_labels
    weights = rows.count * np.repeat(rows.times, np.diff(rows.starts))
    counts = np.bincount(rows.code, weights=weights, minlength=source.n_classes).astype(np.int64)
    return pd.DataFrame(
        {"label": source.class_values, "n_labels": counts, "share": counts / max(n_labels, 1), "value": values}
    )


def undefined(source: Source) -> str | None:
    """Say why no agreement can be seen in these labels at all, or None."""
    statistics = source.statistics
    if statistics.n_labels == 0:
        return "There are no labels."
    if statistics.n_annotators == 1:
        return "There is only one annotator; agreement needs two."
    if statistics.n_paired == 0:
        return "No item has two labels, so that nothing can be compared; have some items labelled twice."
    return None


def interval(value: float, se: float, found: Estimate, options: Options) -> tuple[float, float, float]:
    """Give the p-value and the interval."""
    from scipy.stats import t

    p_value = float("nan")
    if np.isfinite(se):
        p_value = 0.0 if se == 0 and value != 0 else float(2 * t.sf(abs(value) / se, found.n - 1)) if se else 1.0
    if options.n_resamples:
        return (p_value, *percentiles(found.resampled, options.confidence))
    if not np.isfinite(se):
        return p_value, float("nan"), float("nan")
    reach = float(t.ppf((1 + options.confidence) / 2, found.n - 1)) * se
    return p_value, value - reach, min(1.0, value + reach)


def percentiles(values: Floats, confidence: float) -> tuple[float, float]:
    """Give the bounds that hold the middle `confidence` of the defined values; nan without any."""
    defined = values[np.isfinite(values)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
