"""Differences between outcomes on the same test items: interval, test, verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.intervals import percentiles
from labelqa._kernels.paired import items_needed, mcnemar_mid_p, resampled_means
from labelqa._options import Resampling
from labelqa.compare._refit import ArmOutcome

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Criteria:
    """How differences are judged: the smallest one that matters (a share), and the bootstrap."""

    margin: float
    resampling: Resampling

    def generator(self) -> np.random.Generator:
        """Give a fresh generator of the draws."""
        return self.resampling.generator()


@dataclass(frozen=True)
class Difference:
    """One difference of shares with interval, p-value, verdict, and the test items that would decide it."""

    difference: float
    low: float
    high: float
    p_value: float
    verdict: str
    n_needed: float


def difference(
    one: ArmOutcome, other: ArmOutcome, criteria: Criteria, where: NDArray[np.bool_] | None = None
) -> Difference:
    """Judge `one` minus `other` on the test items (or on those of a mask)."""
    kept = slice(None) if where is None else where
    gains = one.correct[kept] - other.correct[kept]
    if not len(gains):
        return Difference(np.nan, np.nan, np.nan, np.nan, "inconclusive", np.nan)
    drawn = resampled_means(gains[:, None], criteria.resampling.n_resamples, criteria.generator())[:, 0]
    low, high = percentiles(drawn, criteria.resampling.confidence)
    if one.is_single and other.is_single:
        p_value = mcnemar_mid_p(int((gains > 0).sum()), int((gains < 0).sum()))
    else:
        p_value = min(1.0, 2 * (1 + min((drawn <= 0).sum(), (drawn >= 0).sum())) / (1 + len(drawn)))
    return Difference(
        difference=float(gains.mean()),
        low=low,
        high=high,
        p_value=float(p_value),
        verdict=verdict(low, high, float(p_value), criteria),
        # the mean square is the share of discordant items where gains are -1, 0 or 1
        n_needed=items_needed(float((gains**2).mean()), criteria.margin),
    )


def verdict(low: float, high: float, p_value: float, criteria: Criteria) -> str:
    """Name what an interval says against the margin.

    "equivalent": the whole interval lies within the margin. "helps" / "hurts": the whole interval lies above / below 0
    and the test agrees. "inconclusive": anything else.
    """
    if -criteria.margin < low and high < criteria.margin:
        return "equivalent"
    if p_value < 1 - criteria.resampling.confidence and (low > 0 or high < 0):
        return "helps" if low > 0 else "hurts"
    return "inconclusive"
