"""Linear classifiers on arrays: ridge regression on class indicators from sums that add up over folds; temperatures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RidgeSums:
    """What ridge regression needs of a set of rows; adds up over sets.

    Attributes
    ----------
    n
        Rows.
    x, xx
        RidgeSums of features (d,) and of their products (d, d).
    y, xy
        Rows per class (k,), and sums of features by class (d, k).
    """

    n: int
    x: Floats
    xx: Floats
    y: Floats
    xy: Floats

    @classmethod
    def collect(cls, rows: Floats32, label: Longs, n_classes: int) -> RidgeSums:
        """Sum rows (n, d) with labels (n,)."""
        d = rows.shape[1]
        x, xx = np.zeros(d), np.zeros((d, d))
        y, xy = np.bincount(label, minlength=n_classes).astype(np.float64), np.zeros((d, n_classes))
        for start in range(0, len(rows), 4096):
            run, said = rows[start : start + 4096], label[start : start + 4096]
            x += run.sum(axis=0, dtype=np.float64)
            xx += run.T @ run
            xy += run.T @ np.eye(n_classes, dtype=np.float32)[said]
        return cls(len(rows), x, xx, y, xy)

    def __add__(self, other: RidgeSums) -> RidgeSums:
        return RidgeSums(self.n + other.n, self.x + other.x, self.xx + other.xx, self.y + other.y, self.xy + other.xy)

    def __sub__(self, other: RidgeSums) -> RidgeSums:
        return RidgeSums(self.n - other.n, self.x - other.x, self.xx - other.xx, self.y - other.y, self.xy - other.xy)


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
    mean, share = sums.x / sums.n, sums.y / sums.n
    covariance = sums.xx / sums.n - np.outer(mean, mean)
    variance = np.diag(covariance).copy()
    # a feature that does not vary carries nothing; a scale of infinity leaves it out
    scale = np.where(variance > 1e-12, np.sqrt(np.maximum(variance, 1e-12)), np.inf)
    correlation = covariance / np.outer(scale, scale)
    target = (sums.xy / sums.n - np.outer(mean, share)) / scale[:, None]
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
