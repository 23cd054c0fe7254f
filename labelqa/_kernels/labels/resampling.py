"""Resampling: the item bootstrap drawn over distinct rows, and labels shuffled within annotators."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba import njit
from numpy.typing import NDArray

from labelqa._kernels.labels.rows import STEP, mixed

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Numbers held at once; larger resamplings are drawn in blocks.
BLOCK = 4_000_000


def resampled_times(
    times: Longs, n_resamples: int, rng: np.random.Generator, width: int = 0
) -> Iterator[NDArray[np.float64]]:
    """Draw how often each distinct row occurs in each resample of all items.

    Parameters
    ----------
    times (D,)
        How many items have each row.
    n_resamples
        Number of resamples, each of ``times.sum()`` items with replacement.
    rng
        Source of randomness.
    width
        Numbers the caller will hold per resample beside the D drawn here.

    Yields
    ------
    array of shape (b, D)
        Blocks of resamples, `n_resamples` in all.
    """
    n_items, n_rows = int(times.sum()), len(times)
    size = max(1, BLOCK // max(n_rows, width, 1))
    row_of_item = None if n_rows * 10 <= n_items or n_rows < 1000 else np.repeat(np.arange(n_rows), times)
    for start in range(0, n_resamples, size):
        n = min(size, n_resamples - start)
        if row_of_item is None:
            yield rng.multinomial(n_items, times / n_items, size=n).astype(np.float64)
            continue
        # where most rows are distinct, drawing items costs less than a binomial number per row
        out = np.empty((n, n_rows))
        for b in range(n):
            drawn = row_of_item[rng.integers(0, n_items, n_items)]
            out[b] = np.bincount(drawn, minlength=n_rows)
        yield out


@njit(cache=True)
def resampled_counts(starts: Longs, code: Ints, count: Longs, times: Floats, n_codes: int) -> Floats:
    """Add up the (code, count) entries of rows, each row counted `times` (b, D): shape (b, n_codes)."""
    out = np.zeros((times.shape[0], n_codes))
    for b in range(times.shape[0]):
        for d in range(times.shape[1]):
            if times[b, d] != 0:
                for entry in range(starts[d], starts[d + 1]):
                    out[b, code[entry]] += times[b, d] * count[entry]
    return out


@njit(cache=True)
def permuted_agreement(
    offsets: Longs, annotator: Ints, label: Ints, weights: Floats, n_classes: int, n_permutations: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Shuffle each annotator's labels over the items they labelled, and sum up agreement anew.

    Parameters
    ----------
    offsets (I + 1,), annotator (n,), label (n,)
        Sorted by item; every item has two labels or more.
    weights
        (K, K) with ones on the diagonal, or (0, 0) for "equal or not".
    n_classes, n_permutations, seed
        How many, and where the stream of random words starts.

    Returns
    -------
    agreement (B,), coincidences (B,), shares (B, K)
        Sums over items of the mean weight over pairs, of (weights of ordered pairs) / (n - 1), and of class shares.
    """
    is_nominal = weights.shape[0] == 0
    n_items = offsets.shape[0] - 1
    # entries in the order of annotators: shuffling within runs
    order = np.argsort(annotator, kind="mergesort")
    shuffled = label.copy()
    agreement = np.zeros(n_permutations)
    coincidences = np.zeros(n_permutations)
    shares = np.zeros((n_permutations, n_classes))
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0xD1342543DE82EF95)
    for b in range(n_permutations):
        first = 0
        for j in range(order.shape[0]):
            if annotator[order[j]] != annotator[order[first]]:
                first = j
            # Fisher and Yates from the inside out
            state += STEP
            k = first + np.int64(mixed(state) % np.uint64(j - first + 1))
            shuffled[order[j]], shuffled[order[k]] = shuffled[order[k]], shuffled[order[j]]
        for item in range(n_items):
            start, end = offsets[item], offsets[item + 1]
            n = end - start
            total = 0.0
            for i in range(start, end):
                shares[b, shuffled[i]] += 1.0 / n
                for j in range(i + 1, end):
                    if is_nominal:
                        total += 2.0 if shuffled[i] == shuffled[j] else 0.0
                    else:
                        total += 2.0 * weights[shuffled[i], shuffled[j]]
            agreement[b] += total / (n * (n - 1))
            coincidences[b] += total / (n - 1)
    return agreement, coincidences, shares
