"""The coefficients as functions of sums over items, for the data and for any number of resamples at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labelqa._kernels.labels.rows import row_agreement, squared_disagreement
from labelqa.agreement.labels._distances import Scale, midranks
from labelqa.agreement.labels._statistics import CountRows

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sums:
    """Totals over items, for each of B weightings of the items.

    Attributes
    ----------
    n_rated, n_paired
        (B,): items with at least one and at least two labels.
    agreement
        (B,): sum over items of the mean weight over its pairs of labels.
    coincidences
        (B,): sum over items of (weights of ordered pairs) / (n - 1), each label counting once.
    shares
        (B, K): sum over rated items of the share of each class.
    counts
        (B, K): labels of each class on items with at least two.
    """

    n_rated: Floats
    n_paired: Floats
    agreement: Floats
    coincidences: Floats
    shares: Floats
    counts: Floats


@dataclass(frozen=True, eq=False)
class Rows:
    """Distinct rows together with the scale they are judged on."""

    rows: CountRows
    n_classes: int
    scale: Scale

    @property
    def times(self) -> Floats:
        """How many items have each row, (D,)."""
        return self.rows.times.astype(np.float64)

    @property
    def is_paired(self) -> NDArray[np.bool_]:
        """Which rows have at least two labels, (D,)."""
        return self.rows.n >= 2

    @cached_property
    def pair_sum(self) -> Floats:
        """Sum of weights over ordered pairs of labels within each row, (D,)."""
        rows = self.rows
        return np.asarray(row_agreement(rows.starts, rows.code, rows.count, self.scale.weights))

    @cached_property
    def agreement(self) -> Floats:
        """Mean weight over pairs of labels, 0 below two labels, (D,)."""
        n = self.rows.n
        return np.asarray(self.pair_sum / np.maximum(n * (n - 1), 1))

    @cached_property
    def shares(self) -> csr_array:
        """Share of each class in each row, (D, K)."""
        rows = self.rows
        return self._sparse(rows.count / np.repeat(rows.n, np.diff(rows.starts)))

    @cached_property
    def counts(self) -> csr_array:
        """Labels of each class in rows with at least two labels, (D, K)."""
        rows = self.rows
        return self._sparse(rows.count * np.repeat(self.is_paired, np.diff(rows.starts)).astype(np.float64))

    @cached_property
    def matches(self) -> csr_array:
        """Labels of each class, each as the share of the item's other labels that are the same, (D, K)."""
        rows = self.rows
        n = np.repeat(rows.n, np.diff(rows.starts))
        return self._sparse(rows.count * (rows.count - 1) / np.maximum(n - 1, 1))

    def _sparse(self, values: NDArray[Any]) -> csr_array:
        return csr_array((values, self.rows.code, self.rows.starts), shape=(len(self.rows.times), self.n_classes))

    def sums(self, times: Floats) -> Sums:
        """Add up rows, each counted `times` (B, D)."""
        n = self.rows.n
        return Sums(
            n_rated=times @ (n > 0).astype(np.float64),
            n_paired=times @ self.is_paired.astype(np.float64),
            agreement=times @ self.agreement,
            coincidences=times @ (self.pair_sum / np.maximum(n - 1, 1)),
            shares=np.asarray(times @ self.shares),
            counts=np.asarray(times @ self.counts),
        )


@dataclass(frozen=True, eq=False)
class Values:
    """A coefficient for each of B weightings, with the agreement seen and the agreement expected by chance."""

    value: Floats
    observed: Floats
    expected: Floats


def percent(rows: Rows, sums: Sums, times: Floats) -> Values:
    """Give the mean agreement over items."""
    observed = _divide(sums.agreement, sums.n_paired)
    return Values(observed, observed, np.full_like(observed, np.nan))


def fleiss(rows: Rows, sums: Sums, times: Floats) -> Values:
    """Expect what two labels drawn from the class shares would agree on."""
    return _corrected(sums, rows.scale.of_shares(class_shares(sums)))


def gwet(rows: Rows, sums: Sums, times: Floats) -> Values:
    """Expect agreement in proportion to how evenly the classes are used."""
    k = rows.n_classes
    shares = class_shares(sums)
    spread = (shares * (1 - shares)).sum(axis=1)
    return _corrected(sums, _divide(rows.scale.total(k) * spread, np.full_like(spread, k * (k - 1))))


def brennan_prediger(rows: Rows, sums: Sums, times: Floats) -> Values:
    """Expect what labels drawn evenly from the list of classes would agree on."""
    return _corrected(sums, np.full_like(sums.n_rated, rows.scale.total(rows.n_classes) / max(rows.n_classes, 1) ** 2))


def alpha(rows: Rows, sums: Sums, times: Floats) -> Values:
    """Compare disagreement within items with disagreement among all labels that have a partner."""
    n = sums.counts.sum(axis=1)
    if rows.scale.name == "ordinal":
        rank = midranks(sums.counts)
        parts = rows.rows
        within = squared_disagreement(parts.starts, parts.code, parts.count, times, rank)
        mean = _divide((sums.counts * rank).sum(axis=1), n)
        among = 2 * n * (sums.counts * (rank - mean[:, None]) ** 2).sum(axis=1)
        top = (rank[:, -1] - rank[:, 0]) ** 2 if rank.shape[1] else np.zeros_like(n)
        within, among = _divide(within, top), _divide(among, top)
    else:
        within = n - sums.coincidences
        among = n * n - rows.scale.of_shares(sums.counts)
    observed, expected = _divide(within, n), _divide(among, n * (n - 1))
    return Values(1 - _divide(observed, expected), 1 - observed, 1 - expected)


def class_agreement(rows: Rows, sums: Sums, times: Floats) -> Values:
    """Give how often another label of the item is the same, for labels of each class: (B, K)."""
    seen = _divide(np.asarray(times @ rows.matches), sums.counts)
    return Values(seen, seen, np.full_like(seen, np.nan))


def class_alpha(rows: Rows, sums: Sums, times: Floats) -> Values:
    """Give alpha of each class against all others: (B, K)."""
    seen = class_agreement(rows, sums, times).value
    n = sums.counts.sum(axis=1, keepdims=True)
    others = _divide(n - sums.counts, n - 1)
    return Values(1 - _divide(1 - seen, others), seen, 1 - others)


def class_shares(sums: Sums) -> Floats:
    """Give the mean share of each class over rated items, (B, K)."""
    return _divide(sums.shares, sums.n_rated[:, None])


def _corrected(sums: Sums, expected: Floats) -> Values:
    observed = _divide(sums.agreement, sums.n_paired)
    return Values(_divide(observed - expected, 1 - expected), observed, expected)


def _divide(a: Floats, b: Floats) -> Floats:
    """Divide; by nothing gives nan."""
    out = np.full(np.broadcast_shapes(a.shape, b.shape), np.nan)
    # a difference of two equal sums may be off by a rounding error
    return np.asarray(np.divide(a, b, out=out, where=np.abs(b) > 1e-12))


#: Coefficients that need no annotator ids.
FORMULAS: dict[str, Callable[[Rows, Sums, Floats], Values]] = {
    "percent_agreement": percent,
    "fleiss_kappa": fleiss,
    "krippendorff_alpha": alpha,
    "gwet_ac": gwet,
    "brennan_prediger": brennan_prediger,
}

#: The same for each class, to be resampled with them.
CLASS_FORMULAS: dict[str, Callable[[Rows, Sums, Floats], Values]] = {
    "class_agreement": class_agreement,
    "class_alpha": class_alpha,
}
