"""The strata of a queue that an audit is drawn from, and what an audit says of the share wrong in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from labelqa._kernels.intervals import wilson_of_shares

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

N_STRATA = 8
#: Probabilities are taken as no surer than this when strata are cut: they are often too sure of themselves.
_SUREST = 0.02


def strata(doubts: Floats) -> Longs:
    """Cut rows in order of rank into strata: doubts (n,) -> (n,), 0 the most doubtful.

    Each stratum holds the same share of what makes a total uncertain (the sum of sqrt(p (1 - p)), Dalenius and Hodges
    1959), so that drawing equally from each is near the best.
    """
    p = np.clip(expit(doubts), _SUREST, 1 - _SUREST)
    mass = np.cumsum(np.sqrt(p * (1 - p)))
    if not len(mass):
        return np.empty(0, np.int64)
    cut = np.ceil(mass / mass[-1] * N_STRATA - 1e-9).astype(np.int64) - 1
    return np.asarray(np.clip(cut, 0, N_STRATA - 1))


@dataclass(frozen=True, eq=False)
class Ends:
    """Intervals of shares: low (m,) and high (m,)."""

    low: Floats
    high: Floats


def share_ends(wrong: Floats, n: Floats, confidence: float = 0.95) -> Ends:
    """Give Wilson's intervals of the shares wrong (m,) of n (m,); where nothing was seen, anything from 0 to 1."""
    share = np.minimum(wrong / np.maximum(n, 1e-9), 1.0)
    low, high = wilson_of_shares(share, n, confidence)
    return Ends(np.where(n == 0, 0.0, np.maximum(low, 0.0)), np.where(n == 0, 1.0, np.minimum(high, 1.0)))
