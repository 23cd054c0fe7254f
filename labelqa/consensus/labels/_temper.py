"""How far to trust a classifier: its probabilities are raised to the power that makes the labels most likely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from labelqa.consensus.labels._crowd import Crowd

Floats = NDArray[np.float64]

#: Least probability of a class: a classifier is never allowed to rule one out.
_FLOOR = 1e-6
#: Items that decide on the power, evenly spaced.
_MOST_ITEMS = 20_000
#: A classifier that learned from these labels repeats their mistakes: it is tamed, but never sharpened.
_MOST_POWER = 1.0
_ROUNDS = 8


def temper(crowd: Crowd, fit: Callable[[Crowd], Floats]) -> tuple[Crowd, float]:
    """Give the crowd with its prior raised to the most likely power, and that power; `fit` gives posteriors (I, K).

    Fits and powers take turns (expectation maximisation) until the power stands still to a hundredth.
    """
    prior = crowd.prior
    logs = np.log(np.maximum(prior, _FLOOR))
    used = np.flatnonzero((prior[:, 0] >= 0) & (np.diff(crowd.codes.offsets) > 0))
    used = used[np.linspace(0, len(used) - 1, min(len(used), _MOST_ITEMS)).astype(np.int64)]
    power = 1.0
    tempered = _raise(crowd, logs, power)
    for _ in range(_ROUNDS if len(used) else 0):
        before, power = power, best_power(logs[used], fit(tempered)[used], power)
        tempered = _raise(crowd, logs, power)
        if abs(power - before) < 0.01:
            break
    return tempered, power


def best_power(logs: Floats, posteriors: Floats, power: float) -> float:
    """Give the power at which the classifier's log-probabilities (I, K) are closest to posteriors (I, K): Newton."""
    for _ in range(20):
        q = softmax(power * logs, axis=1)
        mean = (q * logs).sum(axis=1, keepdims=True)
        slope = float(((posteriors - q) * logs).sum())
        bend = float((q * (logs - mean) ** 2).sum())
        if bend <= 1e-12 * len(logs):
            break
        moved = min(max(power + slope / bend, 0.0), _MOST_POWER)
        if abs(moved - power) < 1e-6:
            return moved
        power = moved
    return power


def _raise(crowd: Crowd, logs: Floats, power: float) -> Crowd:
    known = crowd.prior[:, :1] >= 0
    return replace(crowd, prior=np.where(known, softmax(power * logs, axis=1), -1.0))
