"""Comparing two models on the same items: intervals, tests, and how many items would decide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from labelqa._kernels.intervals import percentiles_of_columns

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
    return percentiles_of_columns(resampled_means(columns, n_resamples, rng), confidence)


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


def items_needed(share_discordant: float, effect: float) -> float:
    """Test items that find a difference of `effect` (a share) in 4 of 5 tests at the 5 % level: 7.84 d / effect^2.

    7.84 is (1.96 + 0.84)^2 rounded; `share_discordant` (d) is the share of items that exactly one of two models gets
    right.
    """
    return float(np.ceil(7.84 * share_discordant / effect**2)) if effect > 0 else np.nan
