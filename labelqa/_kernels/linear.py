"""Linear classifiers on arrays: ridge regression on class indicators from sums that add up over folds; temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from operator import add

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]


#: A feature whose spread is below this share of its mean varies by no more than the rounding of float32.
_GRAIN = float(np.finfo(np.float32).eps)
#: Rows that are in memory as float64 at a time.
_RUN = 4096


@dataclass(frozen=True, eq=False)
class RidgeSums:
    """What ridge regression needs of a set of rows; adds up over sets.

    All products are of differences from the means of the set, so that nothing large is ever taken from something large
    (Chan, Golub and LeVeque, American Statistician 37, 1983). Sets are added and never taken away, for the same reason.

    Attributes
    ----------
    n
        Rows.
    mean, xx
        Means of features (d,) and sums of the products of their differences from them (d, d).
    share, xy
        Share of rows per class (k,), and sums of the products of features with class indicators, both as differences
        from their means (d, k).
    """

    n: int
    mean: Floats
    xx: Floats
    share: Floats
    xy: Floats

    @classmethod
    def collect(cls, rows: Floats32, label: Longs, n_classes: int) -> RidgeSums:
        """Sum rows (n, d) with labels (n,)."""
        runs = (slice(start, start + _RUN) for start in range(0, max(len(rows), 1), _RUN))
        return reduce(add, (cls._of_run(rows[run], label[run], n_classes) for run in runs))

    @classmethod
    def _of_run(cls, rows: Floats32, label: Longs, n_classes: int) -> RidgeSums:
        n, d = rows.shape
        xy = np.zeros((d, n_classes))
        if n == 0:
            return cls(0, np.zeros(d), np.zeros((d, d)), np.zeros(n_classes), xy)
        # from the first row, by which a constant feature is exactly 0
        first = rows[0].astype(np.float64)
        apart = rows - first
        middle = apart.mean(axis=0)
        apart -= middle
        # differences from their mean sum to 0, so that the indicators need no centring
        order = np.argsort(label, kind="stable")
        found, start = np.unique(label[order], return_index=True)
        xy[:, found] = np.add.reduceat(apart[order], start, axis=0).T
        share = np.bincount(label, minlength=n_classes) / n
        return cls(n, first + middle, apart.T @ apart, share, xy)

    def __add__(self, other: RidgeSums) -> RidgeSums:
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        weight = self.n * other.n / n
        apart, classes = other.mean - self.mean, other.share - self.share
        return RidgeSums(
            n,
            self.mean + apart * (other.n / n),
            self.xx + other.xx + weight * np.outer(apart, apart),
            self.share + classes * (other.n / n),
            self.xy + other.xy + weight * np.outer(apart, classes),
        )


def sums_without(parts: Sequence[RidgeSums]) -> list[RidgeSums]:
    """For each part, give the sum of all others; at least two parts."""
    before, after = list(accumulate(parts[:-1], add)), list(accumulate(parts[:0:-1], add))[::-1]
    inner = [one + two for one, two in zip(before[:-1], after[1:], strict=True)]
    return [after[0], *inner, before[-1]]


def ridge(sums: RidgeSums, penalties: Floats) -> list[tuple[Floats, Floats]]:
    """Fit class indicators on standardised features.

    Parameters
    ----------
    sums
        Of the training rows; standardisation uses them alone.
    penalties
        Weight of the penalty per row and standardised feature.

    Returns
    -------
    list of (weights (d, k), intercept (k,))
        For the features as they come, one per penalty.
    """
    mean, share = sums.mean, sums.share
    spread = np.sqrt(np.diag(sums.xx) / sums.n)
    # a feature that does not vary carries nothing; a scale of infinity leaves it out
    scale = np.where(spread > _GRAIN * np.abs(mean), spread, np.inf)
    correlation = sums.xx / sums.n / np.outer(scale, scale)
    target = sums.xy / sums.n / scale[:, None]
    out = []
    for penalty in penalties:
        factor = cho_factor(correlation + penalty * np.eye(len(mean)), lower=True, check_finite=False)
        weights = cho_solve(factor, target, check_finite=False) / scale[:, None]
        out.append((weights, share - mean @ weights))
    return out


def log_loss(scores: Floats, label: Longs) -> float:
    """Mean of -log softmax(scores) at the labels."""
    return -float(log_softmax(scores, axis=1)[np.arange(len(label)), label].mean())


def fit_temperature(scores: Floats, label: Longs) -> float:
    """Find the divisor of `scores` (n, k) under which their softmax fits the labels (n,) best, by likelihood.

    One label in n + 2 counts as drawn from all classes alike, as in Platt's scaling: where every label is right, that
    keeps the probabilities from becoming 0 and 1.
    """
    spread = float(np.std(scores)) or 1.0
    blur = 1.0 / (len(label) + 2)

    def loss(log_t: float) -> float:
        log_p = log_softmax(scores / (np.exp(log_t) * spread), axis=1)
        return -float((1 - blur) * log_p[np.arange(len(label)), label].mean() + blur * log_p.mean())

    best = minimize_scalar(loss, bounds=(-6.0, 6.0), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(best.x) * spread)
