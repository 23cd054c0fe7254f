"""From a formula to an estimate: value, standard error by linearisation (Gwet 2014, 2021), resamples, each class.

Parts of items are given for the distinct rows; a row's multiplicity is its weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from labelqa._kernels.intervals import POINT
from labelqa._kernels.labels.resampling import resampled_times
from labelqa._options import Resampling
from labelqa.agreement.labels._counted import CountedLabels
from labelqa.agreement.labels._sums import ScaledRows, Sums, Values, spread

Floats = NDArray[np.float64]
#: Rows, their sums under B weightings, the weightings (B, D) -> values of shape (B,), or (B, K) of each class.
RowFormula = Callable[[ScaledRows, Sums, Floats], Values]


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """The numbers of one coefficient before they are wrapped.

    Attributes
    ----------
    point
        Value, observed and expected agreement of all items, (1,) each.
    se, n
        Standard error, and the number of items behind it.
    drawn
        Values of the resamples, (R,); empty without.
    per_class
        Each class against all others, (K,).
    """

    point: Values
    se: float
    n: int
    drawn: Floats
    per_class: Floats


class Formula(Protocol):
    """How a coefficient is computed."""

    def draw(self, counted: CountedLabels, resampling: Resampling) -> Floats:
        """Compute the coefficient for resampled items, (R,)."""
        ...

    def estimate(self, counted: CountedLabels, drawn: Floats) -> Estimate:
        """Compute everything else."""
        ...


@dataclass(frozen=True, kw_only=True)
class CountFormula:
    """A coefficient of class counts per item, whoever gave the labels.

    Attributes
    ----------
    value
        The coefficient, (B,).
    linearise
        Each row's part in the coefficient of all items, (D,): their mean over items is the value.
    per_class
        The coefficient of each class against all others, (B, K).
    only_paired
        Whether items with one label do not count at all.
    """

    value: RowFormula
    linearise: Callable[[ScaledRows, Values], Floats]
    per_class: RowFormula
    only_paired: bool = False

    def of_all(self, rows: ScaledRows) -> Values:
        """Compute the coefficient of all items, (1,)."""
        return self.value(rows, rows.totals, rows.times[None, :])

    def classes_of_all(self, rows: ScaledRows) -> Floats:
        """Compute each class against all others, (K,)."""
        return np.asarray(self.per_class(rows, rows.totals, rows.times[None, :]).value[0])

    def draw(self, counted: CountedLabels, resampling: Resampling) -> Floats:
        """Compute the coefficient for resampled items, (R,)."""
        return draw_together({"value": self.value}, counted, resampling)["value"]

    def estimate(self, counted: CountedLabels, drawn: Floats) -> Estimate:
        """Compute value, standard error and classes."""
        rows = counted.rows
        values = self.of_all(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            se, n = spread(self.linearise(rows, values), self._counted(rows), float(values.value[0]))
        return Estimate(point=values, se=se, n=n, drawn=drawn, per_class=self.classes_of_all(rows))

    def influence(self, rows: ScaledRows, values: Values) -> Floats:
        """Give how far one item with each row moves the coefficient, (D,), the number of paired items being given.

        Gwet's standard errors let that number vary as well, which widens them where many items have one label.
        """
        times = self._counted(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = self.linearise(rows, values) / times.sum()
            parts -= values.value[0] * rows.is_paired / rows.totals.n_paired[0]
        return np.asarray(np.where(times > 0, parts, 0.0))

    def _counted(self, rows: ScaledRows) -> Floats:
        """Give how many items of each row count: those with two labels, or with one."""
        return np.asarray(np.where(rows.distinct.n >= (2 if self.only_paired else 1), rows.times, 0.0))


def draw_together(
    formulas: Mapping[str, RowFormula], counted: CountedLabels, resampling: Resampling
) -> dict[str, Floats]:
    """Compute several formulas on the same resamples of the items: name -> (R,), or (R, K) of each class."""
    out: dict[str, list[Floats]] = {name: [] for name in formulas}
    if resampling.n_resamples and counted.statistics.n_items:
        rows = counted.rows
        for times in resampled_times(
            rows.distinct.times, resampling.n_resamples, resampling.generator(), counted.n_classes
        ):
            sums = rows.sums(times)
            for name, formula in formulas.items():
                out[name].append(formula(rows, sums, times).value)
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in out.items()}


def two_sided_p(value: float, se: float, n: int) -> float:
    """Give Student's p of the hypothesis that the value is 0; nan without a standard error."""
    return float(2 * stdtr(n - 1, -abs(value) / se)) if np.isfinite(se) and se > POINT else np.nan


def share_undefined(drawn: Floats) -> float:
    """Give the share of the resamples, (R,), that have no value; nan without resamples."""
    return float(1 - np.isfinite(drawn).mean()) if len(drawn) else np.nan
