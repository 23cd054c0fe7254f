"""Intervals and adjusted p-values: the only Wilson, Jeffreys, Student, percentile and Holm of the package."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri, stdtrit

Floats = NDArray[np.float64]
#: Ends closer than this are one point; sums of the same numbers in another order differ by less.
POINT = 1e-9


def holding(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Floats, Floats]:
    """Make intervals hold their values, all of one shape.

    An end that leaves the value out moves to it. An interval of no width is none (nan): it comes from items that are
    all alike, or from a single one, and says nothing of others.
    """
    value, low, high = (np.asarray(one, np.float64) for one in (value, low, high))
    is_one = np.isfinite(value) & (high - low > POINT)
    return np.where(is_one, np.minimum(low, value), np.nan), np.where(is_one, np.maximum(high, value), np.nan)


def wilson(n_right: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share (Wilson, 1927); nan where n is 0."""
    low, high = wilson_of_shares(np.array([n_right / n if n > 0 else np.nan]), np.array([float(n)]), confidence)
    return float(low[0]), float(high[0])


def wilson_of_shares(share: Floats, n: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's intervals of shares (m,) of n (m,) each; nan where n is 0 or the share is none."""
    z = float(ndtri(0.5 + confidence / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    is_share = (n > 0) & (share >= 0) & (share <= 1)
    return np.where(is_share, middle - half, np.nan), np.where(is_share, middle + half, np.nan)


def jeffreys(count: Floats, total: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Jeffreys' intervals of count / total (expected counts may be fractions); nan where the total is 0."""
    tail = (1 - confidence) / 2
    count = np.clip(count, 0.0, total)
    low, high = (betaincinv(count + 0.5, total - count + 0.5, share) for share in (tail, 1 - tail))
    with np.errstate(invalid="ignore"):
        estimate = count / total
    # next to 0 and 1 the interval of a fraction of a label would leave its estimate out
    low = np.where(count > 0, np.minimum(low, estimate), 0.0)
    high = np.where(count < total, np.maximum(high, estimate), 1.0)
    return np.where(total > 0, low, np.nan), np.where(total > 0, high, np.nan)


def student_reach(se: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Floats:
    """Half the width of Student's interval of a mean of n values with standard error `se`, on at least one degree."""
    quantile = stdtrit(np.maximum(np.asarray(n, np.float64) - 1, 1), (1 + confidence) / 2)
    return np.asarray(quantile * np.asarray(se, np.float64))


def percentiles(values: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds that hold the middle `confidence` of the defined values; nan without any."""
    defined = values[np.isfinite(values)]
    if not len(defined):
        return np.nan, np.nan
    low, high = np.quantile(defined, _tails(confidence))
    return float(low), float(high)


def percentiles_of_columns(values: Floats, confidence: float = 0.95) -> Floats:
    """Bounds that hold the middle `confidence` of each column: (R, m), all defined -> (2, m)."""
    return np.asarray(np.quantile(values, _tails(confidence), axis=0))


def percentiles_among(values: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of the middle `confidence` that are values themselves, infinite ones too; nan where one is nan."""
    low, high = np.quantile(values, _tails(confidence), method="nearest")
    return float(low), float(high)


def _tails(confidence: float) -> tuple[float, float]:
    """Give the shares of values below the lower and below the upper bound."""
    tail = (1 - confidence) / 2
    return tail, 1 - tail


def holm(p_values: Floats) -> Floats:
    """Adjust p-values for their number (Holm, 1979); nan stays nan and does not count."""
    out = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    out[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors)) if len(order) else 0
    return out


@njit(cache=True)
def ratio_percentiles(numerator: Floats, denominator: Floats, confidence: float) -> tuple[float, float]:
    """Bounds of the middle `confidence` of numerator / denominator, arrays of shape (R,), undefined ones left out."""
    kept = np.empty(numerator.shape[0])
    n = 0
    for r in range(numerator.shape[0]):
        if denominator[r] != 0.0 and not np.isnan(numerator[r]) and not np.isnan(denominator[r]):
            kept[n] = numerator[r] / denominator[r]
            n += 1
    if n == 0:
        return np.nan, np.nan
    kept = np.sort(kept[:n])
    tail = (1.0 - confidence) / 2.0
    return _at(kept, tail), _at(kept, 1.0 - tail)


@njit(cache=True)
def _at(ordered: Floats, share: float) -> float:
    """Quantile with linear interpolation, as numpy's default."""
    place = share * (ordered.shape[0] - 1)
    below = int(np.floor(place))
    above = min(below + 1, ordered.shape[0] - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
