"""Standard errors by linearisation, after Gwet (2014, 2021): each item's part in the coefficient, and their spread.

Parts are given for the distinct rows; a row's multiplicity is its weight.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from labelqa.agreement.labels._formulas import Rows, Sums, Values, class_shares

Floats = NDArray[np.float64]


def percent(rows: Rows, sums: Sums, values: Values) -> Floats:
    """Items with one label show no agreement and count as such."""
    return _seen(rows, sums, 0.0)


def fleiss(rows: Rows, sums: Sums, values: Values) -> Floats:
    """Linearise Fleiss' kappa."""
    return _corrected(rows, sums, values, rows.shares @ rows.scale.times(class_shares(sums)[0]))


def gwet(rows: Rows, sums: Sums, values: Values) -> Floats:
    """Linearise Gwet's AC."""
    k = rows.n_classes
    expected = rows.shares @ (1 - class_shares(sums)[0]) * rows.scale.total(k) / (k * (k - 1))
    return _corrected(rows, sums, values, expected)


def brennan_prediger(rows: Rows, sums: Sums, values: Values) -> Floats:
    """Linearise Brennan and Prediger's kappa, whose chance agreement is fixed."""
    return np.asarray(_seen(rows, sums, float(values.expected[0])) / (1 - values.expected[0]))


def alpha(rows: Rows, sums: Sums, values: Values) -> Floats:
    """Linearise Krippendorff's alpha as a ratio of disagreements, the distances held fixed."""
    n, n_items = sums.counts[0].sum(), sums.n_paired[0]
    labels = np.asarray(rows.counts.sum(axis=1))
    share = sums.counts[0] / n
    typical = rows.scale.times(share)
    expected = 1 - float(share @ typical)
    observed = 1 - values.observed[0]
    within = labels - np.where(rows.is_paired, rows.pair_sum / np.maximum(rows.rows.n - 1, 1), 0.0)
    among = labels - rows.counts @ typical
    change = within - observed * labels - 2 * observed / expected * (among - expected * labels)
    return np.asarray(values.value[0] - change * (n_items / n) / expected)


def _corrected(rows: Rows, sums: Sums, values: Values, expected: Floats) -> Floats:
    value, chance = values.value[0], values.expected[0]
    moved = 2 * (1 - value) * (expected - chance)
    return np.asarray((_seen(rows, sums, float(chance)) - moved) / (1 - chance))


def _seen(rows: Rows, sums: Sums, chance: float) -> Floats:
    weight = sums.n_rated[0] / sums.n_paired[0]
    return np.asarray(np.where(rows.is_paired, weight * (rows.agreement - chance), 0.0))


#: Each coefficient's parts, and whether only items with two labels count.
PARTS: dict[str, tuple[Callable[[Rows, Sums, Values], Floats], bool]] = {
    "percent_agreement": (percent, False),
    "fleiss_kappa": (fleiss, False),
    "krippendorff_alpha": (alpha, True),
    "gwet_ac": (gwet, False),
    "brennan_prediger": (brennan_prediger, False),
}


def standard_error(name: str, rows: Rows, sums: Sums, values: Values) -> tuple[float, int]:
    """Give the standard error of one coefficient and the number of items behind it; nan below two items."""
    return spread(PARTS[name][0](rows, sums, values), _counted(name, rows), float(values.value[0]))


def influence(name: str, rows: Rows, values: Values) -> Floats:
    """Give how far one item with each row moves the coefficient, (D,), the number of items with two labels being given.

    Gwet's standard errors let that number vary as well, which widens them where many items have one label.
    """
    times = _counted(name, rows)
    sums = rows.sums(rows.times[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = PARTS[name][0](rows, sums, values) / times.sum() - values.value[0] * rows.is_paired / sums.n_paired[0]
    return np.asarray(np.where(times > 0, parts, 0.0))


def _counted(name: str, rows: Rows) -> Floats:
    """Give how many items of each row the coefficient counts: those with two labels, or with one."""
    return np.asarray(np.where(rows.rows.n >= (2 if PARTS[name][1] else 1), rows.times, 0.0))


def spread(parts: Floats, times: Floats, value: float) -> tuple[float, int]:
    """Give the standard error of a mean of parts that each stand for `times` items."""
    n = int(times.sum())
    if n < 2 or not np.isfinite(value):
        return float("nan"), n
    return float(np.sqrt((times * (parts - value) ** 2).sum() / (n * (n - 1)))), n
