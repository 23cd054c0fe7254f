"""Statistics of annotators of whole-item labels: with the others, in pairs, left out.

Labels come sorted by item, then annotator: those of item i are ``[offsets[i], offsets[i + 1])``. `weights` has shape
(K, K) with ones on the diagonal, or (0, 0) for "equal or not".
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@njit(cache=True)
def annotator_class_counts(annotator: Ints, label: Ints, n_annotators: int, n_classes: int) -> Longs:
    """Count how often each annotator gave each class: shape (A, K)."""
    out = np.zeros((n_annotators, n_classes), np.int64)
    for j in range(label.shape[0]):
        out[annotator[j], label[j]] += 1
    return out


@njit(cache=True)
def agreement_with_others(offsets: Longs, annotator: Ints, label: Ints, weights: Floats) -> tuple[Floats, Longs]:
    """Compare each label with the other annotators' labels of its item.

    Returns
    -------
    share (n,), n_others (n,)
        The mean weight over the labels by others (nan where there is none), and their number.
    """
    is_nominal = weights.shape[0] == 0
    share = np.full(label.shape[0], np.nan)
    n_others = np.zeros(label.shape[0], np.int64)
    for item in range(offsets.shape[0] - 1):
        start, end = offsets[item], offsets[item + 1]
        for i in range(start, end):
            total = 0.0
            for j in range(start, end):
                if annotator[i] == annotator[j]:
                    continue
                n_others[i] += 1
                if is_nominal:
                    total += 1.0 if label[i] == label[j] else 0.0
                else:
                    total += weights[label[i], label[j]]
            if n_others[i] > 0:
                share[i] = total / n_others[i]
    return share, n_others


@njit(cache=True)
def expected_class_counts(
    offsets: Longs, annotator: Ints, label: Ints, n_annotators: int, n_classes: int
) -> tuple[Floats, Floats]:
    """Count what each annotator said, and what the others said of the same items, one vote per label.

    Returns
    -------
    said (A, K), expected (A, K)
        Over labels that others can be compared with; each label adds 1 to `said` and, in parts, 1 to `expected`.
    """
    said = np.zeros((n_annotators, n_classes))
    expected = np.zeros((n_annotators, n_classes))
    for item in range(offsets.shape[0] - 1):
        start, end = offsets[item], offsets[item + 1]
        for i in range(start, end):
            n_others = 0
            for j in range(start, end):
                if annotator[i] != annotator[j]:
                    n_others += 1
            if n_others == 0:
                continue
            said[annotator[i], label[i]] += 1.0
            for j in range(start, end):
                if annotator[i] != annotator[j]:
                    expected[annotator[i], label[j]] += 1.0 / n_others
    return said, expected


@njit(cache=True)
def pair_slots(offsets: Longs, annotator: Ints, n_annotators: int) -> tuple[Longs, Longs]:
    """Give each pair of annotators that share an item a slot.

    Returns
    -------
    table (2 ** m,), keys (P,)
        An open-addressing table of slots (-1 is free), and each slot's ``low * n_annotators + high``.
    """
    size = 1024
    table = np.full(size, -1, np.int64)
    keys = np.empty(size // 2, np.int64)
    n_pairs = 0
    for item in range(offsets.shape[0] - 1):
        for i in range(offsets[item], offsets[item + 1]):
            for j in range(i + 1, offsets[item + 1]):
                if annotator[i] == annotator[j]:
                    continue
                key = np.int64(annotator[i]) * n_annotators + annotator[j]
                slot = _slot(table, keys, key)
                if table[slot] >= 0:
                    continue
                table[slot] = n_pairs
                keys[n_pairs] = key
                n_pairs += 1
                if n_pairs == keys.shape[0]:
                    size *= 2
                    keys = np.concatenate((keys, np.empty(n_pairs, np.int64)))
                    table = np.full(size, -1, np.int64)
                    for known in range(n_pairs):
                        table[_slot(table, keys, keys[known])] = known
    return table, keys[:n_pairs].copy()


@njit(cache=True)
def _slot(table: Longs, keys: Longs, key: int | np.int64) -> np.int64:
    mask = table.shape[0] - 1
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    slot = np.int64((mixed >> np.uint64(32)) & np.uint64(mask))
    while table[slot] >= 0 and keys[table[slot]] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True)
def _run_end(annotator: Ints, start: int, end: int) -> int:
    """Give where the labels of one annotator on one item end."""
    stop = start + 1
    while stop < end and annotator[stop] == annotator[start]:
        stop += 1
    return stop


@njit(cache=True)
def pair_tables(
    offsets: Longs,
    annotator: Ints,
    label: Ints,
    weights: Floats,
    slots: tuple[Longs, Longs],
    chosen: tuple[int, int],
    shape: tuple[int, int],
) -> tuple[Longs, Floats, Floats]:
    """Sum up every pair of annotators over the items they share.

    Parameters
    ----------
    offsets (I + 1,), annotator (n,), label (n,)
        Sorted by item, then annotator.
    slots
        From `pair_slots`.
    chosen
        First slot to sum up and the one to stop before: P is their difference.
    shape
        Numbers of annotators and classes.

    Returns
    -------
    n_items (P,), agreement (P,), shares (P, 2, K)
        Items shared, the sum of the weights of their labels, and how often each of the two gave each class; where one
        labelled an item more than once, its labels share one vote.
    """
    is_nominal = weights.shape[0] == 0
    table, keys = slots
    low, high = chosen
    n_items = np.zeros(high - low, np.int64)
    agreement = np.zeros(high - low)
    shares = np.zeros((high - low, 2, shape[1]))
    for item in range(offsets.shape[0] - 1):
        end = offsets[item + 1]
        i = offsets[item]
        while i < end:
            i_end = j = _run_end(annotator, i, end)
            while j < end:
                j_end = _run_end(annotator, j, end)
                pair = table[_slot(table, keys, np.int64(annotator[i]) * shape[0] + annotator[j])] - low
                if 0 <= pair < high - low:
                    n_items[pair] += 1
                    part = 1.0 / ((i_end - i) * (j_end - j))
                    for a in range(i, i_end):
                        for b in range(j, j_end):
                            agreement[pair] += part * _weight(label[a], label[b], weights, is_nominal)
                            shares[pair, 0, label[a]] += part
                            shares[pair, 1, label[b]] += part
                j = j_end
            i = i_end
    return n_items, agreement, shares


@njit(cache=True)
def pair_squares(
    offsets: Longs,
    annotator: Ints,
    label: Ints,
    weights: Floats,
    slots: tuple[Longs, Longs],
    chosen: tuple[int, int],
    shape: tuple[int, int],
    chance: Floats,
    centre: Floats,
) -> Floats:
    """Sum up, over the items of each pair, the square of an item's agreement less its labels' chance and the mean.

    Parameters
    ----------
    offsets (I + 1,), annotator (n,), label (n,), slots, chosen, shape
        As in `pair_tables`.
    chance (P, 2, K)
        What a label of the one and of the other takes off.
    centre (P,)
        The mean over the pair's items of what is left.

    Returns
    -------
    array of shape (P,)
    """
    is_nominal = weights.shape[0] == 0
    table, keys = slots
    low, high = chosen
    out = np.zeros(high - low)
    for item in range(offsets.shape[0] - 1):
        end = offsets[item + 1]
        i = offsets[item]
        while i < end:
            i_end = j = _run_end(annotator, i, end)
            while j < end:
                j_end = _run_end(annotator, j, end)
                pair = table[_slot(table, keys, np.int64(annotator[i]) * shape[0] + annotator[j])] - low
                if 0 <= pair < high - low:
                    left = 0.0
                    for a in range(i, i_end):
                        for b in range(j, j_end):
                            left += _weight(label[a], label[b], weights, is_nominal)
                            left -= chance[pair, 0, label[a]] + chance[pair, 1, label[b]]
                    out[pair] += (left / ((i_end - i) * (j_end - j)) - centre[pair]) ** 2
                j = j_end
            i = i_end
    return out


@njit(cache=True)
def drop_one(
    offsets: Longs, annotator: Ints, label: Ints, weights: Floats, shape: tuple[int, int]
) -> tuple[Floats, Longs]:
    """Give what each annotator's labels add to the coincidences.

    Subtracted from the totals of all annotators it gives the statistics of the data without this one.

    Parameters
    ----------
    offsets (I + 1,), annotator (n,), label (n,)
        Sorted by item, then annotator.
    shape
        Numbers of annotators and classes.

    Returns
    -------
    agreement (A,), counts (A, K)
        The change of the sum over items of (weights of ordered pairs) / (n - 1), and of the class counts of items with
        two labels or more.
    """
    n_annotators, n_classes = shape
    is_nominal = weights.shape[0] == 0
    agreement = np.zeros(n_annotators)
    counts = np.zeros((n_annotators, n_classes), np.int64)
    for item in range(offsets.shape[0] - 1):
        start, end = offsets[item], offsets[item + 1]
        n = end - start
        if n < 2:
            continue
        total = 0.0
        for a in range(start, end):
            total += _sum_of_others(label[start:end], a - start, weights, is_nominal)
        i = start
        while i < end:
            i_end = _run_end(annotator, i, end)
            g = annotator[i]
            left = n - (i_end - i)
            if left < 2:
                agreement[g] += total / (n - 1)
                for a in range(start, end):
                    counts[g, label[a]] += 1
            else:
                rest = total
                for a in range(i, i_end):
                    counts[g, label[a]] += 1
                    for b in range(start, end):
                        if a != b:
                            # pairs within the annotator's own labels are met from both ends here
                            twice = 1.0 if i <= b < i_end else 2.0
                            rest -= twice * _weight(label[a], label[b], weights, is_nominal)
                agreement[g] += total / (n - 1) - rest / (left - 1)
            i = i_end
    return agreement, counts


@njit(cache=True)
def _sum_of_others(label: Ints, a: int, weights: Floats, is_nominal: bool) -> float:
    total = 0.0
    for b in range(label.shape[0]):
        if a != b:
            total += _weight(label[a], label[b], weights, is_nominal)
    return total


@njit(cache=True)
def _weight(a: int, b: int, weights: Floats, is_nominal: bool) -> float:
    if is_nominal:
        return 1.0 if a == b else 0.0
    return float(weights[a, b])


@njit(cache=True)
def conger_expected(
    offsets: Longs, annotator: Ints, label: Ints, scores: Floats, level: Floats, scale: Floats
) -> Floats:
    """Sum per item what its labels add to Conger's chance agreement.

    Parameters
    ----------
    offsets (I + 1,), annotator (n,), label (n,)
        Sorted by item.
    scores (A, K), level (A,), scale (A,)
        Each label of annotator g and class k adds ``scale[g] * (scores[g, k] - level[g])``.

    Returns
    -------
    array of shape (I,)
    """
    out = np.zeros(offsets.shape[0] - 1)
    for item in range(out.shape[0]):
        for j in range(offsets[item], offsets[item + 1]):
            g = annotator[j]
            out[item] += scale[g] * (scores[g, label[j]] - level[g])
    return out
