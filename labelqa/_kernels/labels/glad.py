"""GLAD over labels sorted by item: abilities of annotators and ease of items."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@njit(cache=True)
def _right(ability: float, log_ease: float) -> float:
    return float(1.0 / (1.0 + np.exp(-ability * np.exp(log_ease))))


@njit(cache=True)
def glad_posteriors(
    offsets: Longs,
    annotator: Ints,
    label: Ints,
    gold: Ints,
    prior: Floats,
    ability: Floats,
    log_ease: Floats,
    posteriors: Floats,
) -> float:
    """Fill posteriors (I, K) and give the log-likelihood of the labels.

    A label is right with probability 1 / (1 + exp(-ability[a] * exp(log_ease[i]))) and otherwise any other class alike.
    gold (I,) and prior (I, K) as in `collect`; without a prior all classes are equally likely.
    """
    n_classes = posteriors.shape[1]
    likelihood = 0.0
    for i in range(posteriors.shape[0]):
        p = posteriors[i]
        base = 0.0
        for t in range(n_classes):
            weight = prior[i, t] if prior.shape[0] > 0 and prior[i, 0] >= 0.0 else 1.0 / n_classes
            p[t] = np.log(max(weight, 1e-300))
            if gold[i] >= 0 and t != gold[i]:
                p[t] = -np.inf
        for j in range(offsets[i], offsets[i + 1]):
            right = min(max(_right(ability[annotator[j]], log_ease[i]), 1e-15), 1.0 - 1e-15)
            wrong = np.log((1.0 - right) / max(n_classes - 1, 1))
            base += wrong
            p[label[j]] += np.log(right) - wrong
        top = p.max()
        total = 0.0
        for t in range(n_classes):
            p[t] = np.exp(p[t] - top)
            total += p[t]
        for t in range(n_classes):
            p[t] /= total
        if offsets[i] < offsets[i + 1]:
            likelihood += base + top + np.log(total)
    return likelihood


@njit(cache=True)
def glad_step(
    offsets: Longs, annotator: Ints, label: Ints, posteriors: Floats, ability: Floats, log_ease: Floats
) -> None:
    """Take one Newton step for each ability (A,), then for each ease (I,), both with normal priors of mean 1.

    The second derivative for the ease is the true one where that is larger than Fisher's, which is never of the wrong
    sign; steps are at most 1.
    """
    slope = 1.0 - ability
    bend = np.ones(ability.shape[0])
    for i in range(log_ease.shape[0]):
        ease = np.exp(log_ease[i])
        for j in range(offsets[i], offsets[i + 1]):
            a = annotator[j]
            right = _right(ability[a], log_ease[i])
            slope[a] += (posteriors[i, label[j]] - right) * ease
            bend[a] += right * (1.0 - right) * ease * ease
    for a in range(ability.shape[0]):
        ability[a] += min(max(slope[a] / bend[a], -1.0), 1.0)
    for i in range(log_ease.shape[0]):
        rise, curve = 0.0, 1.0
        ease = np.exp(log_ease[i])
        for j in range(offsets[i], offsets[i + 1]):
            a = annotator[j]
            right = _right(ability[a], log_ease[i])
            rise += (posteriors[i, label[j]] - right) * ability[a] * ease
            curve += right * (1.0 - right) * (ability[a] * ease) ** 2
        curve += max(-rise, 0.0)
        log_ease[i] += min(max((rise + 1.0 - log_ease[i]) / curve, -1.0), 1.0)


@njit(cache=True)
def expected_counts(item: Ints, annotator: Ints, label: Ints, posteriors: Floats, n_annotators: int) -> Floats:
    """Add up posteriors (I, K) into counts (A, K said, K true)."""
    n_classes = posteriors.shape[1]
    out = np.zeros((n_annotators, n_classes, n_classes))
    for j in range(item.shape[0]):
        for t in range(n_classes):
            out[annotator[j], label[j], t] += posteriors[item[j], t]
    return out
