"""What neighbours and several annotators say of each item, as probabilities of its classes."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

_NEWTON_STEPS, _STILL = 50, 1e-9


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


def log_pool(logs: Floats, label: Longs, strength: float) -> tuple[Floats, Floats]:
    """Find how much to believe each source, and what it says too often: the likeliest weights and class offsets.

    A logarithmic opinion pool (Heskes, "Selecting weighting factors in logarithmic opinion pools", NIPS 1998): class c
    of item i has a probability proportional to exp(sum_s weight[s] logs[s, i, c] + offset[c]). The label's likelihood
    is made as large as can be by Newton's method, a Gaussian of precision `strength` pulling the weights to their mean
    1 / S and the offsets to 0, so that few items change little.

    logs (S, n, K), label (n,) -> weights (S,), offsets (K,).
    """
    n_sources, n, n_classes = logs.shape
    start = np.r_[np.full(n_sources, 1.0 / n_sources), np.zeros(n_classes)]
    # shifts by row change nothing, and keep the numbers below small
    logs = logs - logs.max(axis=2, keepdims=True)
    rows = np.arange(n)
    said = np.r_[logs[:, rows, label].sum(axis=1), np.bincount(label, minlength=n_classes)]

    def log_posterior(at: Floats) -> tuple[float, Floats]:
        mixed = np.tensordot(at[:n_sources], logs, 1) + at[n_sources:]
        mixed -= mixed.max(axis=1, keepdims=True)
        p = np.exp(mixed)
        total = p.sum(axis=1, keepdims=True)
        value = mixed[rows, label].sum() - np.log(total).sum() - 0.5 * strength * np.square(at - start).sum()
        return float(value), p / total

    at = start
    value, p = log_posterior(at)
    for _ in range(_NEWTON_STEPS):
        mean = np.einsum("snk,nk->sn", logs, p)
        gradient = said - np.r_[mean.sum(axis=1), p.sum(axis=0)] - strength * (at - start)
        curve = strength * np.eye(len(at))
        weighted = logs * p
        curve[:n_sources, :n_sources] += np.einsum("snk,tnk->st", weighted, logs) - mean @ mean.T
        curve[:n_sources, n_sources:] += weighted.sum(axis=1) - mean @ p
        curve[n_sources:, :n_sources] = curve[:n_sources, n_sources:].T
        curve[n_sources:, n_sources:] += np.diag(p.sum(axis=0)) - p.T @ p
        step = np.linalg.solve(curve, gradient)
        # the summit may lie nearer than a parabola says
        while (found := log_posterior(at + step))[0] < value and np.abs(step).max() > _STILL:
            step = step / 2
        if found[0] < value:
            break
        at, (value, p) = at + step, found
        if np.abs(step).max() < _STILL:
            break
    return at[:n_sources], at[n_sources:]


@njit(cache=True)
def _weigh(
    offsets: Longs, annotator: Ints, label: Ints, prior: Floats, log_rates: Floats, counts: Floats, posterior: Floats
) -> None:
    """Multiply each item's prior by what its annotators' labels say; add up who said what of which class.

    prior (I, K); log_rates (A, K true, K said); counts (A, K true, K said) is filled anew; posterior (I, K) is filled.
    """
    counts[:] = 0.0
    n_classes = prior.shape[1]
    for i in range(prior.shape[0]):
        top = -np.inf
        for t in range(n_classes):
            logs = np.log(prior[i, t])
            for j in range(offsets[i], offsets[i + 1]):
                logs += log_rates[annotator[j], t, label[j]]
            posterior[i, t] = logs
            top = max(top, logs)
        total = 0.0
        for t in range(n_classes):
            posterior[i, t] = np.exp(posterior[i, t] - top)
            total += posterior[i, t]
        for t in range(n_classes):
            posterior[i, t] /= total
            for j in range(offsets[i], offsets[i + 1]):
                counts[annotator[j], t, label[j]] += posterior[i, t]


def _rates(counts: Floats, strength: float) -> Floats:
    """Turn counts (A, K true, K said) into rates, each annotator pulled to his own accuracy and everybody's mistakes.

    Per annotator and true class `strength` labels are added: the annotator's accuracy of them right, the rest wrong in
    the way of all annotators together. Whoever has few labels is believed to be like the others.
    """
    n_classes = counts.shape[1]
    right, total = np.einsum("akk->a", counts), counts.sum(axis=(1, 2))
    typical = (right.sum() + 1.0) / (total.sum() + 2.0)
    accuracy = (right + strength * typical) / (total + strength)
    mistakes = counts.sum(axis=0) + 1.0
    np.fill_diagonal(mistakes, 0.0)
    mistakes /= np.maximum(mistakes.sum(axis=1, keepdims=True), 1e-300)
    added = (1.0 - accuracy)[:, None, None] * mistakes + accuracy[:, None, None] * np.eye(n_classes)
    pulled = counts + strength * added
    return np.asarray(pulled / pulled.sum(axis=2, keepdims=True))


def voted_posterior(
    offsets: Longs, annotator: Ints, label: Ints, prior: Floats, n_annotators: int, strength: float, n_iterations: int
) -> Floats:
    """Weigh each item's labels by how reliable their annotators are, starting from what the picture says.

    Expectation maximisation of Dawid and Skene's model with `prior` (I, K), above 0, as each item's own class shares.
    offsets (I + 1,), annotator (n,), label (n,) -> (I, K).
    """
    n_classes = prior.shape[1]
    counts = np.zeros((n_annotators, n_classes, n_classes))
    # at first labels are believed: four of five are right
    np.einsum("akk->ak", counts)[:] = 4.0
    counts += 1.0 / max(n_classes - 1, 1)
    posterior = prior.copy()
    for _ in range(n_iterations):
        previous = posterior.copy()
        rates = np.maximum(_rates(counts, strength), 1e-12)
        _weigh(offsets, annotator, label, prior, np.log(rates), counts, posterior)
        if np.abs(posterior - previous).max(initial=0.0) < 1e-6:
            break
    return posterior
