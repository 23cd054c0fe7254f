"""Differences between outcomes on the same test items: interval, test, verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.paired import bootstrap_means, items_needed, mcnemar_mid_p, resampled_means
from labelqa.compare._refit import Outcome

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """How differences are judged: margin in points, bootstrap, seed."""

    margin: float
    n_resamples: int
    confidence: float
    seed: int


@dataclass(frozen=True)
class Difference:
    """One difference, in points, with interval, p-value, verdict, and the test items that would decide it."""

    difference: float
    low: float
    high: float
    p_value: float
    verdict: str
    n_needed: float


def difference(one: Outcome, other: Outcome, settings: Settings, where: NDArray[np.bool_] | None = None) -> Difference:
    """Judge `one` minus `other` on the test items (or on those of a mask)."""
    kept = slice(None) if where is None else where
    gains = one.correct[kept] - other.correct[kept]
    if not len(gains):
        return Difference(np.nan, np.nan, np.nan, np.nan, "inconclusive", np.nan)
    rng = np.random.default_rng(settings.seed)
    is_single = one.is_single and other.is_single
    if is_single:
        low, high = 100 * bootstrap_means(gains[:, None], settings.n_resamples, settings.confidence, rng)[:, 0]
        p_value = mcnemar_mid_p(int((gains > 0).sum()), int((gains < 0).sum()))
    else:
        drawn = resampled_means(gains[:, None], settings.n_resamples, rng)[:, 0]
        tail = (1 - settings.confidence) / 2
        low, high = 100 * np.quantile(drawn, [tail, 1 - tail])
        p_value = min(1.0, 2 * (1 + min((drawn <= 0).sum(), (drawn >= 0).sum())) / (1 + len(drawn)))
    return Difference(
        difference=100 * float(gains.mean()),
        low=float(low),
        high=float(high),
        p_value=float(p_value),
        verdict=verdict(float(low), float(high), float(p_value), settings),
        # the mean square is the share of discordant items where gains are -1, 0 or 1
        n_needed=items_needed(float((gains**2).mean()), settings.margin / 100),
    )


def verdict(low: float, high: float, p_value: float, settings: Settings) -> str:
    """Name what an interval (points) says against the margin.

    "equivalent": the whole interval lies within the margin. "helps" / "hurts": the whole interval lies above / below 0
    and the test agrees. "inconclusive": anything else.
    """
    if -settings.margin < low and high < settings.margin:
        return "equivalent"
    if p_value < 1 - settings.confidence and (low > 0 or high < 0):
        return "helps" if low > 0 else "hurts"
    return "inconclusive"
