"""Habits of drawing, from pairs of boxes of the same object: annotator effects by least squares."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse.csgraph import connected_components

from labelqa._kernels.arrays import Floats, Longs


@njit(cache=True)
def contrast_totals(weight: Floats, item: Longs, pair: Longs, sums: Floats, n_pairs: int) -> Floats:
    """Add up differences between two annotators over items.

    Parameters
    ----------
    weight
        float64 (I,): how often each item counts.
    item, pair
        int64 (E,): the item and the pair of annotators of each entry.
    sums
        float64 (E, 1 + K): number of matches, and the sums of what the first annotator's boxes have more than the
        second's.
    n_pairs
        Number of pairs of annotators, P.

    Returns
    -------
    array
        float64 (P, 1 + K).
    """
    out = np.zeros((n_pairs, sums.shape[1]))
    for entry in range(item.shape[0]):
        times = weight[item[entry]]
        if times != 0.0:
            for k in range(sums.shape[1]):
                out[pair[entry], k] += times * sums[entry, k]
    return out


def least_squares_effects(totals: Floats, first: Longs, second: Longs, n_annotators: int) -> Floats:
    """Solve "first minus second" for one effect per annotator, against the mean of all others who can be compared.

    Parameters
    ----------
    totals
        float64 (P, 1 + K), as `contrast_totals` gives them.
    first, second
        int64 (P,): the annotators of each pair.
    n_annotators
        A.

    Returns
    -------
    array
        float64 (A, K); nan for annotators without a match. Annotators who are not connected with each other by common
        matches are compared within their own group only.
    """
    count, sums = totals[:, 0], totals[:, 1:]
    system = np.zeros((n_annotators, n_annotators))
    np.add.at(system, (first, second), -count)
    np.add.at(system, (second, first), -count)
    np.fill_diagonal(system, -system.sum(axis=1))
    right = np.zeros((n_annotators, sums.shape[1]))
    np.add.at(right, first, sums)
    np.add.at(right, second, -sums)
    _, group = connected_components(system, directed=False)
    # adding each group's "effects sum to 0" makes the system regular and leaves its solution as it is
    same = (group[:, None] == group[None, :]).astype(np.float64)
    effects = np.linalg.solve(system + same, right)
    size = same.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size > 1, effects * size / (size - 1), np.nan)
