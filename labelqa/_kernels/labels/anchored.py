"""Rates of annotators that stay tied to the names of the classes, and what several models make of held-out labels.

Shapes as in `labelqa._kernels.labels.consensus`: counts and rates (A, K said, C), where component c belongs to the true
class ``c // (C // K)``.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Nobody is taken for always right, or always wrong.
_LEAST, _MOST = 0.001, 0.999


@njit(cache=True)
def anchored_means(counts: Floats, pull: float) -> Floats:
    """Give what to expect of each annotator before their own confusions are looked at: (A, K said, K true).

    Right as often as the annotator is, whatever the class (with `pull` labels of the average added; infinity for one
    accuracy for all), wrong like everybody's wrong labels on that class, one label more spread evenly over them.
    """
    n_annotators, n_classes, n_components = counts.shape
    n_types = n_components // n_classes
    right, total = np.zeros(n_annotators), np.zeros(n_annotators)
    wrong = np.full((n_classes, n_classes), 1.0 / max(n_classes - 1, 1))
    for a in range(n_annotators):
        for s in range(n_classes):
            for c in range(n_components):
                total[a] += counts[a, s, c]
                if c // n_types == s:
                    right[a] += counts[a, s, c]
                else:
                    wrong[s, c // n_types] += counts[a, s, c]
    average = right.sum() / max(total.sum(), 1e-300)
    for t in range(n_classes):
        wrong[t, t] = 0.0
        wrong[:, t] /= max(wrong[:, t].sum(), 1e-300)
    out = np.empty((n_annotators, n_classes, n_classes))
    for a in range(n_annotators):
        accuracy = average if np.isinf(pull) else (right[a] + pull * average) / max(total[a] + pull, 1e-300)
        accuracy = min(max(accuracy, _LEAST), _MOST) if n_classes > 1 else 1.0
        for s in range(n_classes):
            for t in range(n_classes):
                out[a, s, t] = accuracy if s == t else (1.0 - accuracy) * wrong[s, t]
    return out


@njit(cache=True)
def pulled_rates(counts: Floats, means: Floats, strength: float) -> Floats:
    """Give rates (A, K, C): counts and `strength` labels per annotator and component as expected (A, K, K)."""
    n_annotators, n_classes, n_components = counts.shape
    n_types = n_components // n_classes
    out = np.empty_like(counts)
    total = np.empty(n_components)
    for a in range(n_annotators):
        total[:] = strength
        for s in range(n_classes):
            for c in range(n_components):
                total[c] += counts[a, s, c]
        for s in range(n_classes):
            for c in range(n_components):
                out[a, s, c] = (counts[a, s, c] + strength * means[a, s, c // n_types]) / total[c]
    return out


@njit(cache=True)
def predicted(item: Ints, annotator: Ints, label: Ints, posteriors: Floats, rates: Floats) -> Floats:
    """Give the log-probability of each label (n,) from posteriors (I, C) and rates (A, K, C)."""
    out = np.empty(label.shape[0])
    for j in range(label.shape[0]):
        row = rates[annotator[j], label[j]]
        p = 0.0
        for c in range(row.shape[0]):
            p += posteriors[item[j], c] * row[c]
        out[j] = np.log(max(p, 1e-300))
    return out


@njit(cache=True)
def largest_change(one: Floats, two: Floats) -> float:
    """Give the largest absolute difference of two arrays (I, C)."""
    out = 0.0
    for i in range(one.shape[0]):
        for c in range(one.shape[1]):
            out = max(out, abs(one[i, c] - two[i, c]))
    return out
