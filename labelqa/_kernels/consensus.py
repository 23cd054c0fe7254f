"""The Dawid-Skene family over labels sorted by item: collect statistics from a run of items, finish them into rates.

Rates and counts have the shape (A, K said, K true), so that everything one label adds lies side by side in memory. The
statistics of two runs of items add up, and memory is O(labels + A * K * K) as long as posteriors are not asked for.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Below this the product of an item's rates is taken again in logarithms.
_TINY = 1e-200


@njit(cache=True)
def vote_counts(offsets: Longs, label: Ints, n_classes: int) -> Longs:
    """Count the labels of each item: offsets (I + 1,), label (n,) -> (I, K)."""
    out = np.zeros((offsets.shape[0] - 1, n_classes), np.int64)
    for i in range(out.shape[0]):
        for j in range(offsets[i], offsets[i + 1]):
            out[i, label[j]] += 1
    return out


@njit(cache=True)
def collect_votes(
    offsets: Longs, annotator: Ints, label: Ints, gold: Ints, prior: Floats, counts: Floats, class_sums: Floats
) -> None:
    """Add up counts as if each item's truth were spread like its votes; this is where the iterations start.

    gold (I,) holds a class or -1; prior (I, K), or (0, K) for none, multiplies the votes (a first entry below 0: none
    for this item); counts (A, K, K) and class_sums (K,) are added to.
    """
    n_classes = class_sums.shape[0]
    p = np.empty(n_classes)
    for i in range(offsets.shape[0] - 1):
        start, end = offsets[i], offsets[i + 1]
        if start == end:
            continue
        p[:] = 0.0
        for j in range(start, end):
            p[label[j]] += 1.0 / (end - start)
        if gold[i] >= 0:
            p[:] = 0.0
            p[gold[i]] = 1.0
        elif prior.shape[0] > 0 and prior[i, 0] >= 0.0:
            for t in range(n_classes):
                p[t] = 0.5 * (p[t] + prior[i, t])
        _add(p, start, end, annotator, label, counts, class_sums)


@njit(cache=True)
def collect(
    offsets: Longs,
    annotator: Ints,
    label: Ints,
    gold: Ints,
    prior: Floats,
    shares: Floats,
    rates: Floats,
    counts: Floats,
    class_sums: Floats,
    posteriors: Floats,
) -> float:
    """Take one step over a run of items; add expected counts and class sums, give the log-likelihood of the labels.

    shares (K,) are the class shares, used where `prior` has no row for an item; rates (A, K, K). posteriors (I, K) is
    filled, or (0, K) where nobody asks. Items without labels get their prior and count for nothing else.
    """
    n_classes = shares.shape[0]
    p = np.empty(n_classes)
    likelihood = 0.0
    for i in range(offsets.shape[0] - 1):
        start, end = offsets[i], offsets[i + 1]
        has_prior = prior.shape[0] > 0 and prior[i, 0] >= 0.0
        for t in range(n_classes):
            p[t] = prior[i, t] if has_prior else shares[t]
        if gold[i] >= 0:
            kept = p[gold[i]]
            p[:] = 0.0
            p[gold[i]] = kept if kept > 0.0 else _TINY
        for j in range(start, end):
            row = rates[annotator[j], label[j]]
            for t in range(n_classes):
                p[t] *= row[t]
        total = p.sum()
        if total > _TINY:
            for t in range(n_classes):
                p[t] /= total
            log_total = np.log(total)
        else:
            log_total = _in_logs(p, start, end, annotator, label, gold[i], prior[i] if has_prior else shares, rates)
        if start < end:
            likelihood += log_total
            _add(p, start, end, annotator, label, counts, class_sums)
        if posteriors.shape[0] > 0:
            posteriors[i] = p
    return likelihood


@njit(cache=True)
def _add(p: Floats, start: int, end: int, annotator: Ints, label: Ints, counts: Floats, class_sums: Floats) -> None:
    n_classes = p.shape[0]
    for t in range(n_classes):
        class_sums[t] += p[t]
    for j in range(start, end):
        row = counts[annotator[j], label[j]]
        for t in range(n_classes):
            row[t] += p[t]


@njit(cache=True)
def _in_logs(
    p: Floats, start: int, end: int, annotator: Ints, label: Ints, gold: int, prior: Floats, rates: Floats
) -> float:
    """Take one item's product in logarithms into p (K,); rates of 0 count as 1e-300."""
    n_classes = p.shape[0]
    top = -np.inf
    for t in range(n_classes):
        p[t] = np.log(max(prior[t], 1e-300))
        for j in range(start, end):
            p[t] += np.log(max(rates[annotator[j], label[j], t], 1e-300))
        if gold >= 0 and t != gold:
            p[t] = -np.inf
        top = max(top, p[t])
    total = 0.0
    for t in range(n_classes):
        p[t] = np.exp(p[t] - top)
        total += p[t]
    for t in range(n_classes):
        p[t] /= total
    return float(top + np.log(total))


@njit(cache=True)
def normalise(counts: Floats, smoothing: float) -> Floats:
    """Turn counts (A, K said, K true) into rates that sum to 1 over said, after adding `smoothing` to each count.

    A true class that an annotator never met tells nothing: its rates are equal.
    """
    n_annotators, n_classes = counts.shape[0], counts.shape[1]
    out = np.empty_like(counts)
    total = np.empty(n_classes)
    for a in range(n_annotators):
        total[:] = smoothing * n_classes
        for s in range(n_classes):
            for t in range(n_classes):
                total[t] += counts[a, s, t]
        for s in range(n_classes):
            for t in range(n_classes):
                out[a, s, t] = (counts[a, s, t] + smoothing) / total[t] if total[t] > 0.0 else 1.0 / n_classes
    return out


@njit(cache=True)
def accuracies(counts: Floats, prior_right: float, prior_wrong: float) -> Floats:
    """Give the expected share of right labels per annotator (A,), with a few labels added; no label at all: pooled."""
    n_annotators, n_classes = counts.shape[0], counts.shape[1]
    out = np.empty(n_annotators)
    for a in range(n_annotators):
        right, total = prior_right, prior_right + prior_wrong
        for s in range(n_classes):
            right += counts[a, s, s]
            for t in range(n_classes):
                total += counts[a, s, t]
        out[a] = right / total if total > 0.0 else 1.0 / n_classes
    return out


@njit(cache=True)
def one_coin_rates(accuracy: Floats, n_classes: int) -> Floats:
    """Give rates (A, K, K): right with the annotator's accuracy (A,), otherwise any other class alike."""
    out = np.empty((accuracy.shape[0], n_classes, n_classes))
    for a in range(accuracy.shape[0]):
        wrong = (1.0 - accuracy[a]) / max(n_classes - 1, 1)
        for s in range(n_classes):
            for t in range(n_classes):
                out[a, s, t] = accuracy[a] if s == t else wrong
    return out


@njit(cache=True)
def shrinkage_counts(counts: Floats, strength: float) -> Floats:
    """Give the pseudo-labels (A, K said, K true) that pull an annotator's rates to what is known of all.

    Per annotator and true class `strength` labels: the annotator's own accuracy of them on the diagonal, the rest
    spread like the wrong labels of all annotators together.
    """
    n_classes = counts.shape[1]
    pooled = counts.sum(axis=0)
    for t in range(n_classes):
        wrong = pooled[:, t].sum() - pooled[t, t]
        for s in range(n_classes):
            if s != t:
                pooled[s, t] = pooled[s, t] / wrong if wrong > 0.0 else 1.0 / max(n_classes - 1, 1)
    accuracy = accuracies(counts, 0.0, 0.0)
    out = np.empty_like(counts)
    for a in range(counts.shape[0]):
        for s in range(n_classes):
            for t in range(n_classes):
                out[a, s, t] = strength * (accuracy[a] if s == t else (1.0 - accuracy[a]) * pooled[s, t])
    return out
