"""The Dawid-Skene family over labels sorted by item: collect statistics from a run of items, finish them into rates.

An item is of one of C components: its true class, and where a model divides classes into types, its type; component c
belongs to the true class ``c // (C // K)``. Rates and counts have a row (R, C) for each pair of an annotator and a
label, all A * K of them (an array (A, K said, C) seen flat) or only those that occur; `row` (n,) says which is a
label's, so that everything one label adds lies side by side in memory. The statistics of two runs of items add up, and
memory is O(labels + R * C) as long as posteriors are not asked for.
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
def collect_votes(
    offsets: Longs,
    row: Longs,
    label: Ints,
    gold: Ints,
    prior: Floats,
    n_classes: int,
    counts: Floats,
    class_sums: Floats,
) -> None:
    """Add up counts as if each item's truth were spread like its votes; this is where the iterations start.

    gold (I,) holds a class or -1; prior (I, K), or (0, K) for none, is averaged with the votes (a first entry below 0:
    none for this item); counts (R, C) and class_sums (C,) are added to. Where classes have two types, the votes for
    a class are split by how far the item agrees: all alike are of the first type, contested ones lean to the second.
    """
    n_components = class_sums.shape[0]
    n_types = n_components // n_classes
    votes = np.empty(n_classes)
    p = np.empty(n_components)
    for i in range(offsets.shape[0] - 1):
        start, end = offsets[i], offsets[i + 1]
        if start == end:
            continue
        votes[:] = 0.0
        for j in range(start, end):
            votes[label[j]] += 1.0 / (end - start)
        p[:] = 0.0
        for t in range(n_classes):
            share = votes[t]
            if gold[i] >= 0:
                share = 1.0 if t == gold[i] else 0.0
            elif prior.shape[0] > 0 and prior[i, 0] >= 0.0:
                share = 0.5 * (share + prior[i, t])
            p[t * n_types] = share if n_types == 1 else share * votes[t]
            for m in range(1, n_types):
                p[t * n_types + m] = share * (1.0 - votes[t]) / (n_types - 1)
        _add(p, row[start:end], counts, class_sums)


@njit(cache=True)
def collect(
    offsets: Longs,
    row: Longs,
    gold: Ints,
    prior: Floats,
    shares: Floats,
    rates: Floats,
    counts: Floats,
    class_sums: Floats,
    posteriors: Floats,
) -> float:
    """Take one step over a run of items; add expected counts and class sums, give the log-likelihood of the labels.

    shares (C,) are the shares of the components; where `prior` (I, K) has a row for an item, it replaces the shares of
    the classes. rates (R, C). posteriors (I, C) is filled, or (0, C) where nobody asks. Items without labels get
    their prior and count for nothing else.
    """
    n_components = shares.shape[0]
    within = _within_class(shares, n_components // prior.shape[1])
    before = np.empty(n_components)
    p = np.empty(n_components)
    likelihood = 0.0
    for i in range(offsets.shape[0] - 1):
        start, end = offsets[i], offsets[i + 1]
        _fill_prior(before, i, gold, prior, shares, within)
        for t in range(n_components):
            p[t] = before[t]
        for j in range(start, end):
            r = row[j]
            for t in range(n_components):
                p[t] *= rates[r, t]
        total = p.sum()
        if total > _TINY:
            scale = 1.0 / total
            for t in range(n_components):
                p[t] *= scale
            log_total = np.log(total)
        else:
            log_total = _in_logs(p, before, row[start:end], rates)
        if start < end:
            likelihood += log_total
            _add(p, row[start:end], counts, class_sums)
        if posteriors.shape[0] > 0:
            for t in range(n_components):
                posteriors[i, t] = p[t]
    return likelihood


@njit(cache=True)
def _fill_prior(out: Floats, i: int, gold: Ints, prior: Floats, shares: Floats, within: Floats) -> None:
    """Fill (C,) with what is known of item i before its labels: the prior or the shares, and gold."""
    n_types = out.shape[0] // prior.shape[1]
    for c in range(out.shape[0]):
        out[c] = shares[c]
    if prior.shape[0] > 0 and prior[i, 0] >= 0.0:
        for t in range(prior.shape[1]):
            for c in range(t * n_types, (t + 1) * n_types):
                out[c] = prior[i, t] * within[c]
    if gold[i] >= 0:
        for c in range(out.shape[0]):
            # a gold label that the prior calls impossible is still the truth
            out[c] = max(out[c], _TINY) if gold[i] * n_types <= c < (gold[i] + 1) * n_types else 0.0


@njit(cache=True)
def _within_class(shares: Floats, n_types: int) -> Floats:
    """Give each component's share of its class (C,)."""
    out = np.ones(shares.shape[0])
    for t in range(0, shares.shape[0], n_types):
        total = shares[t : t + n_types].sum()
        for m in range(n_types):
            out[t + m] = shares[t + m] / total if total > 0.0 else 1.0 / n_types
    return out


@njit(cache=True)
def _add(p: Floats, rows: Longs, counts: Floats, class_sums: Floats) -> None:
    for t in range(p.shape[0]):
        class_sums[t] += p[t]
    for r in rows:
        for t in range(p.shape[0]):
            counts[r, t] += p[t]


@njit(cache=True)
def _in_logs(p: Floats, before: Floats, rows: Longs, rates: Floats) -> float:
    """Take one item's product in logarithms into p (C,); rates of 0 count as 1e-300."""
    top = -np.inf
    for t in range(p.shape[0]):
        p[t] = np.log(before[t]) if before[t] > 0.0 else -np.inf
        for r in rows:
            p[t] += np.log(max(rates[r, t], 1e-300))
        top = max(top, p[t])
    total = 0.0
    for t in range(p.shape[0]):
        p[t] = np.exp(p[t] - top)
        total += p[t]
    for t in range(p.shape[0]):
        p[t] /= total
    return float(top + np.log(total))


@njit(cache=True)
def normalise(counts: Floats, smoothing: float) -> Floats:
    """Turn counts (A, K said, C) into rates that sum to 1 over said, after adding `smoothing` to each count.

    A component that an annotator never met tells nothing: its rates are equal.
    """
    n_annotators, n_classes, n_components = counts.shape
    out = np.empty_like(counts)
    total = np.empty(n_components)
    for a in range(n_annotators):
        total[:] = smoothing * n_classes
        for s in range(n_classes):
            for t in range(n_components):
                total[t] += counts[a, s, t]
        for s in range(n_classes):
            for t in range(n_components):
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


@njit(cache=True)
def split_known(counts: Floats, known: Floats, guessed: Floats) -> tuple[Floats, Floats]:
    """Divide counts (A, K said, K true) into labels that were known and labels that were guessed.

    A right label was known with weight known[a] (A,) against guessed[a, said] (A, K); a wrong one was guessed. Gives
    (A,) and (A, K).
    """
    n_annotators, n_classes = guessed.shape
    n_known = np.zeros(n_annotators)
    n_guessed = np.zeros((n_annotators, n_classes))
    for a in range(n_annotators):
        for s in range(n_classes):
            sure = counts[a, s, s] * known[a] / max(known[a] + guessed[a, s], 1e-300)
            n_known[a] += sure
            n_guessed[a, s] = max(counts[a, s].sum() - sure, 0.0)
    return n_known, n_guessed


@njit(cache=True)
def knowing_rates(known: Floats, guessed: Floats) -> Floats:
    """Give rates (A, K, K): guessed[a, said], and known[a] more where the label is right."""
    n_annotators, n_classes = guessed.shape
    out = np.empty((n_annotators, n_classes, n_classes))
    for a in range(n_annotators):
        for s in range(n_classes):
            out[a, s] = guessed[a, s]
            out[a, s, s] += known[a]
    return out
