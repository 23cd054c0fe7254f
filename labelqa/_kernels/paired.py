"""Comparing two models on the same items: intervals, tests, and how many items would decide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

Floats = NDArray[np.float64]


def bootstrap_means(columns: Floats, n_resamples: int, confidence: float, rng: np.random.Generator) -> Floats:
    """Give percentile ends of the column means under resampling of rows.

    Parameters
    ----------
    columns
        (n, m), n > 0: one row per item.

    Returns
    -------
    array of shape (2, m)
    """
    tail = (1 - confidence) / 2
    return np.asarray(np.quantile(resampled_means(columns, n_resamples, rng), [tail, 1 - tail], axis=0))


def resampled_means(columns: Floats, n_resamples: int, rng: np.random.Generator) -> Floats:
    """Give the column means of resampled rows: (n, m) -> (n_resamples, m)."""
    rows, times = np.unique(columns, axis=0, return_counts=True)
    n = int(times.sum())
    out = np.empty((n_resamples, columns.shape[1]))
    # drawing how often each distinct row occurs is drawing items, and does not grow with their number
    step = max(1, 2_000_000 // len(rows))
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        out[start : start + size] = rng.multinomial(n, times / n, size=size) @ rows / n
    return out


def mcnemar_mid_p(n_gained: int, n_lost: int) -> float:
    """Two-sided mid-p of McNemar's test (Fagerland, Lydersen and Laake, 2013); 1 where no item differs."""
    n = n_gained + n_lost
    if n == 0:
        return 1.0
    fewer = min(n_gained, n_lost)
    both_tails = 2 * float(binom.cdf(fewer, n, 0.5)) - float(binom.pmf(fewer, n, 0.5))
    return min(1.0, both_tails)


def holm(p_values: Floats) -> Floats:
    """Adjust p-values for their number (Holm, 1979); nan stays nan and does not count."""
    out = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    out[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors)) if len(order) else 0
    return out


def items_needed(share_discordant: float, effect: float) -> float:
    """Test items that find a difference of `effect` (a share) in 4 of 5 tests at the 5 % level: 7.84 d / effect^2.

    7.84 is (1.96 + 0.84)^2 rounded; `share_discordant` (d) is the share of items that exactly one of two models gets
    right.
    """
    return float(np.ceil(7.84 * share_discordant / effect**2)) if effect > 0 else np.nan


def wilson(n_right: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share (Wilson, 1927); nan where n is 0."""
    low, high = wilson_of_shares(np.array([n_right / n if n > 0 else np.nan]), np.array([float(n)]), confidence)
    return float(low[0]), float(high[0])


def wilson_of_shares(share: Floats, n: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Wilson's intervals of shares (m,) of n (m,) each; nan where n is 0 or the share is none."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + confidence / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    is_share = (n > 0) & (share >= 0) & (share <= 1)
    return np.where(is_share, middle - half, np.nan), np.where(is_share, middle + half, np.nan)
