"""Confident learning (Northcutt, Jiang and Chuang, JAIR 2021): which labels do not fit the model's probabilities."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: A class counts as confident this far below its threshold, and a prediction within it counts as the given label.
TOLERANCE = 1e-6
#: Threshold of a class that no item has: no probability reaches it.
_NEVER = 2.0


@njit(cache=True, nogil=True)
def thresholds(given: Ints, probs: Floats) -> Floats:
    """Average the probability of each class over the items given that class: given (n,), probs (n, K) -> (K,)."""
    n_classes = probs.shape[1]
    sums, counts = np.zeros(n_classes), np.zeros(n_classes)
    for i in range(given.shape[0]):
        sums[given[i]] += probs[i, given[i]]
        counts[given[i]] += 1.0
    out = np.empty(n_classes)
    for k in range(n_classes):
        out[k] = max(sums[k] / counts[k], 2 * TOLERANCE) if counts[k] > 0 else _NEVER
    return out


@njit(cache=True, nogil=True)
def confident_counts(given: Ints, probs: Floats, limits: Floats) -> tuple[Longs, Bools, Bools]:
    """Count items by given class and confident class.

    given (n,), probs (n, K), limits (K,) -> counts (K given, K confident); whether the confident class is another than
    the given one (n,); whether the most probable class is the given one, or as good as (n,).
    """
    n, n_classes = probs.shape
    counts = np.zeros((n_classes, n_classes), np.int64)
    is_off = np.zeros(n, np.bool_)
    is_predicted = np.zeros(n, np.bool_)
    for i in range(n):
        best, best_p = 0, probs[i, 0]
        first, n_confident = -1, 0
        y = given[i]
        rival = -1.0
        for k in range(n_classes):
            p = probs[i, k]
            if p > best_p:
                best, best_p = k, p
            if p >= limits[k] - TOLERANCE:
                n_confident += 1
                if first < 0:
                    first = k
            # among equals the lowest class is the prediction
            if k != y and (p > rival or (p == rival and k < y)):
                rival = p
        own = probs[i, y] + TOLERANCE
        is_predicted[i] = own > rival or (own == rival and _first_of(probs, i, y, own))
        if n_confident > 0:
            guess = best if n_confident > 1 else first
            counts[y, guess] += 1
            is_off[i] = guess != y
    return counts, is_off, is_predicted


@njit(cache=True, nogil=True)
def _first_of(probs: Floats, i: int, given: int, value: float) -> bool:
    for k in range(given):  # noqa: SIM110 - numba compiles no generators
        if probs[i, k] == value:
            return False
    return True


@njit(cache=True, nogil=True)
def margins(given: Ints, probs: Floats) -> tuple[Floats, Ints]:
    """Subtract the best other class from the given one: given (n,), probs (n, K) -> margin (n,), best other (n,).

    Among equals the lowest class wins; with one class the margin is the probability itself and there is no other (-1).
    """
    n, n_classes = probs.shape
    margin = np.empty(n)
    other = np.full(n, -1, np.int32)
    for i in range(n):
        top = 0.0
        for k in range(n_classes):
            if k != given[i] and (other[i] < 0 or probs[i, k] > top):
                top, other[i] = probs[i, k], k
        margin[i] = probs[i, given[i]] - top
    return margin, other


@njit(cache=True, nogil=True)
def _mark_largest(values: Floats, count: int, mark: Bools) -> None:
    """Mark the `count` largest of values (m,) in mark (m,); among equals the first rows."""
    m = values.shape[0]
    if count <= 0:
        return
    if count >= m:
        mark[:] = True
        return
    limit = np.partition(values, m - count)[m - count]
    left = count
    for i in range(m):
        if values[i] > limit:
            mark[i] = True
            left -= 1
    for i in range(m):
        if left == 0:
            break
        if values[i] == limit:
            mark[i] = True
            left -= 1


@njit(cache=True, nogil=True)
def prune_by_noise_rate(order: Longs, offsets: Longs, probs: Floats, prune: Longs) -> Bools:
    """Mark, per given class k and other class j, the prune[j, k] items with the largest p(j) - p(k).

    order (n,) lists the items by class, class k in ``[offsets[k], offsets[k + 1])``; probs (n, K); prune (K, K)
    -> mask (n,). Classes with a single item are left alone.
    """
    n_classes = probs.shape[1]
    out = np.zeros(probs.shape[0], np.bool_)
    for k in range(n_classes):
        rows = order[offsets[k] : offsets[k + 1]]
        m = rows.shape[0]
        if m <= 1:
            continue
        own = np.empty((n_classes, m))
        for i in range(m):
            for j in range(n_classes):
                own[j, i] = probs[rows[i], j] - probs[rows[i], k]
        mark = np.zeros(m, np.bool_)
        for j in range(n_classes):
            if j != k:
                _mark_largest(own[j], prune[j, k], mark)
        for i in range(m):
            out[rows[i]] = mark[i]
    return out


@njit(cache=True, nogil=True)
def prune_by_class(order: Longs, offsets: Longs, probs: Floats, prune: Longs) -> Bools:
    """Mark, per given class k, the items with the lowest p(k), all but prune[k, k] of them; arrays as above."""
    n_classes = probs.shape[1]
    out = np.zeros(probs.shape[0], np.bool_)
    for k in range(n_classes):
        rows = order[offsets[k] : offsets[k + 1]]
        m = rows.shape[0]
        if m <= 1:
            continue
        own = np.empty(m)
        for i in range(m):
            own[i] = -probs[rows[i], k]
        mark = np.zeros(m, np.bool_)
        _mark_largest(own, m - prune[k, k], mark)
        for i in range(m):
            out[rows[i]] = mark[i]
    return out
