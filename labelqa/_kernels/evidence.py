"""What neighbours and several annotators say of each item, as probabilities of its classes."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from labelqa._kernels import consensus

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def weighted_votes(neighbours: Ints, distances: Floats, said: Floats, bandwidth: float) -> tuple[Floats, Floats]:
    """Add up what neighbours say, near ones counting more.

    neighbours (n, k), -1 for none; distances (n, k); said (n, K), rows sum to one; a neighbour at distance d weighs
    exp(-(d / bandwidth)^2 / 2) -> votes (n, K), scaled so that a row adds up to the number of equally weighted
    neighbours that would be as certain, and these numbers (n,).
    """
    n, k = neighbours.shape
    out = np.zeros((n, said.shape[1]))
    effective = np.zeros(n)
    for i in range(n):
        total, squares = 0.0, 0.0
        # relative to the nearest, so that far-off items have neighbours too
        nearest = np.inf
        for place in range(k):
            if neighbours[i, place] >= 0:
                nearest = min(nearest, distances[i, place])
        for place in range(k):
            j = neighbours[i, place]
            if j < 0:
                continue
            weight = np.exp(-0.5 * (distances[i, place] ** 2 - nearest**2) / bandwidth**2)
            total += weight
            squares += weight * weight
            for c in range(said.shape[1]):
                out[i, c] += weight * said[j, c]
        if total > 0.0:
            effective[i] = total * total / squares
            out[i] *= effective[i] / total
    return out, effective


def voted_posterior(
    offsets: Longs, annotator: Ints, label: Ints, prior: Floats, n_annotators: int, strength: float, n_iterations: int
) -> Floats:
    """Weigh each item's labels by how reliable their annotators are, starting from what the picture says.

    Expectation maximisation of Dawid and Skene's model with `prior` (I, K) as each item's own class shares; annotators'
    confusions are shrunk by `strength` pseudo-labels. offsets (I + 1,), annotator (n,), label (n,) -> (I, K).
    """
    n_items, n_classes = prior.shape
    nobody = np.full(n_items, -1, np.int32)
    counts = np.zeros((n_annotators, n_classes, n_classes))
    sums = np.zeros(n_classes)
    consensus.collect_votes(offsets, annotator, label, nobody, prior, counts, sums)
    posterior = prior.copy()
    for _ in range(n_iterations):
        rates = consensus.normalise(counts + consensus.shrinkage_counts(counts, strength), 0.01)
        counts = np.zeros_like(counts)
        previous = posterior.copy()
        consensus.collect(
            offsets,
            annotator,
            label,
            nobody,
            prior,
            np.full(n_classes, 1.0 / n_classes),
            rates,
            counts,
            sums,
            posterior,
        )
        if np.abs(posterior - previous).max() < 1e-6:
            break
    return posterior
