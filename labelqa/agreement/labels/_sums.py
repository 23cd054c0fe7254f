"""Sums over items that coefficients are made of, for the data and for any number of resamples at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labelqa._kernels.labels.rows import row_agreement
from labelqa.agreement.labels._distances import Scale
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

    @property
    def class_shares(self) -> Floats:
        """The mean share of each class over rated items, (B, K)."""
        return divide(self.shares, self.n_rated[:, None])


@dataclass(frozen=True, eq=False)
class Values:
    """A coefficient for each of B weightings, with the agreement seen and the agreement expected by chance."""

    value: Floats
    observed: Floats
    expected: Floats


@dataclass(frozen=True, eq=False)
class ScaledRows:
    """Distinct rows together with the scale they are judged on."""

    distinct: CountRows
    n_classes: int
    scale: Scale

    @property
    def times(self) -> Floats:
        """How many items have each row, (D,)."""
        return self.distinct.times.astype(np.float64)

    @property
    def is_paired(self) -> NDArray[np.bool_]:
        """Which rows have at least two labels, (D,)."""
        return self.distinct.n >= 2

    @cached_property
    def pair_sum(self) -> Floats:
        """Sum of weights over ordered pairs of labels within each row, (D,)."""
        rows = self.distinct
        return np.asarray(row_agreement(rows.starts, rows.code, rows.count, self.scale.weights))

    @cached_property
    def agreement(self) -> Floats:
        """Mean weight over pairs of labels, 0 below two labels, (D,)."""
        n = self.distinct.n
        return np.asarray(self.pair_sum / np.maximum(n * (n - 1), 1))

    @cached_property
    def shares(self) -> csr_array:
        """Share of each class in each row, (D, K)."""
        return self._sparse(self.distinct.count / self._n_of_entry)

    @cached_property
    def counts(self) -> csr_array:
        """Labels of each class in rows with at least two labels, (D, K)."""
        return self._sparse(self.distinct.count * (self._n_of_entry >= 2).astype(np.float64))

    @cached_property
    def matches(self) -> csr_array:
        """Labels of each class, each as the share of the item's other labels that are the same, (D, K)."""
        count = self.distinct.count
        return self._sparse(count * (count - 1) / np.maximum(self._n_of_entry - 1, 1))

    @cached_property
    def mismatches(self) -> csr_array:
        """Share of the row's pairs of labels of which one is of the class and one is not, (D, K)."""
        count, n = self.distinct.count, self._n_of_entry
        return self._sparse(2 * count * (n - count) / np.maximum(n - 1, 1) / n)

    @property
    def _n_of_entry(self) -> NDArray[np.int64]:
        return np.repeat(self.distinct.n, np.diff(self.distinct.starts))

    def _sparse(self, values: NDArray[Any]) -> csr_array:
        rows = self.distinct
        return csr_array((values, rows.code, rows.starts), shape=(len(rows.times), self.n_classes))

    def sums(self, times: Floats) -> Sums:
        """Add up rows, each counted `times` (B, D)."""
        n = self.distinct.n
        return Sums(
            n_rated=times @ (n > 0).astype(np.float64),
            n_paired=times @ self.is_paired.astype(np.float64),
            agreement=times @ self.agreement,
            coincidences=times @ (self.pair_sum / np.maximum(n - 1, 1)),
            shares=np.asarray(times @ self.shares),
            counts=np.asarray(times @ self.counts),
        )

    @cached_property
    def totals(self) -> Sums:
        """The sums over all items, B = 1."""
        return self.sums(self.times[None, :])


def divide(a: Floats, b: Floats) -> Floats:
    """Divide; by nothing gives nan."""
    out = np.full(np.broadcast_shapes(a.shape, b.shape), np.nan)
    # a difference of two equal sums may be off by a rounding error
    return np.asarray(np.divide(a, b, out=out, where=np.abs(b) > 1e-12))


def beyond_chance(observed: Floats, expected: Floats) -> Values:
    """Take chance out of the agreement seen."""
    return Values(divide(observed - expected, 1 - expected), observed, expected)


def spread(parts: Floats, times: Floats, value: float) -> tuple[float, int]:
    """Give the standard error of a mean of parts that each stand for `times` items, and the number of items."""
    n = int(times.sum())
    if n < 2 or not np.isfinite(value):
        return np.nan, n
    return float(np.sqrt((times * (parts - value) ** 2).sum() / (n * (n - 1)))), n
