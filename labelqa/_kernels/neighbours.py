"""Exact nearest neighbours: distances by matrix products of blocks, the nearest kept while scanning.

It is here because scikit-learn's brute search takes longer for the same neighbours of tens of thousands of items (the
neighbours in benchmarks/speed_noise.py), and leaves open which of equally near ones come first.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

#: Rows per block: a block of distances stays within some tens of megabytes at 50,000 points.
_BLOCK = 256


@njit(cache=True, nogil=True)
def _keep_nearest(products: Floats32, squares: Floats32, start: int, out: Ints, near: Floats32) -> None:
    """Scan a block: products (b, n) of rows start.. with all points; fill out and near (n, k), nearest first.

    A point is not its own neighbour; among equal distances the lower row comes first.
    """
    n, k = products.shape[1], out.shape[1]
    for r in range(products.shape[0]):
        row = start + r
        near[row] = np.inf
        limit = near[row, k - 1]
        for j in range(n):
            # |a - b|^2 without |a|^2, which is the same for all of this row
            d = squares[j] - 2.0 * products[r, j]
            if d < limit and j != row:
                place = k - 1
                while place > 0 and near[row, place - 1] > d:
                    near[row, place] = near[row, place - 1]
                    out[row, place] = out[row, place - 1]
                    place -= 1
                near[row, place] = d
                out[row, place] = j
                limit = near[row, k - 1]


@njit(cache=True, nogil=True)
def _exact(points: Floats32, found: Ints) -> tuple[Ints, Floats]:
    """Compute distances (n, k) of neighbours in double precision, and put them in order again."""
    n, k = found.shape
    distances = np.empty((n, k))
    ordered = np.empty((n, k), np.int32)
    for i in range(n):
        for place in range(k):
            total = 0.0
            for c in range(points.shape[1]):
                difference = np.float64(points[i, c]) - np.float64(points[found[i, place], c])
                total += difference * difference
            at = place
            root, j = np.sqrt(total), found[i, place]
            while at > 0 and (distances[i, at - 1] > root or (distances[i, at - 1] == root and ordered[i, at - 1] > j)):
                distances[i, at] = distances[i, at - 1]
                ordered[i, at] = ordered[i, at - 1]
                at -= 1
            distances[i, at] = root
            ordered[i, at] = j
    return ordered, distances


def nearest(points: Floats32, k: int) -> tuple[Ints, Floats]:
    """Find the k nearest other points of each point, Euclidean.

    Parameters
    ----------
    points
        float32 (n, d), n > k. Centred points lose the least precision.
    k
        Neighbours per point.

    Returns
    -------
    int32 (n, k), float64 (n, k)
        Rows of the neighbours, nearest first, and their distances.
    """
    points = np.ascontiguousarray(points, dtype=np.float32)
    squares = np.einsum("ij,ij->i", points, points)
    out = np.zeros((len(points), k), np.int32)
    near = np.empty((len(points), k), np.float32)
    for start in range(0, len(points), _BLOCK):
        _keep_nearest(points[start : start + _BLOCK] @ points.T, squares, start, out, near)
    ordered, distances = _exact(points, out)
    return ordered, distances


@njit(cache=True, nogil=True)
def votes(neighbours: Ints, given: Ints, n_classes: int) -> Floats:
    """Count the labels among neighbours: neighbours (n, k), given (n,), -1 counts for nothing -> (n, K)."""
    out = np.zeros((neighbours.shape[0], n_classes))
    for i in range(neighbours.shape[0]):
        for j in neighbours[i]:
            if given[j] >= 0:
                out[i, given[j]] += 1.0
    return out
