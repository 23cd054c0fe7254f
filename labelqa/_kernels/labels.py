"""Statistics of whole-item labels: distinct rows, agreement within rows, annotators, pairs of annotators.

Labels come sorted by item: those of item i are ``[offsets[i], offsets[i + 1])``. A *row* is the multiset of codes that
one item received; a *distinct row* stands for all items that received it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]


@njit(cache=True)
def salts(n_codes: int, stream: int) -> Words:
    """Give one fixed 64-bit word per code, shape (n_codes,): splitmix64 (Steele, Lea and Flood 2014)."""
    out = np.empty(n_codes, np.uint64)
    state = np.uint64(stream) * np.uint64(0xD1342543DE82EF95) + np.uint64(0x9E3779B97F4A7C15)
    for k in range(n_codes):
        state += np.uint64(0x9E3779B97F4A7C15)
        word = state
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        out[k] = word ^ (word >> np.uint64(31))
    return out


@njit(cache=True)
def distinct_rows(offsets: Longs, codes: Ints, salt_a: Words, salt_b: Words) -> tuple[Longs, Longs, Words, Ints]:
    """Find the distinct rows in one pass.

    A row is known by two independent 64-bit sums of its codes' salts, which no order of labels changes; the chance that
    any two of a billion different rows are taken for one is below 1e-20.

    Returns
    -------
    first (D,), times (D,), keys (D, 2), row_of_item (I,)
        An item that has the row, how many items have it, and the two sums, in order of first appearance; the row of
        each item, -1 for items without labels.
    """
    size = 1024
    table = np.full(size, -1, np.int64)
    first = np.empty(size // 2, np.int64)
    times = np.empty(size // 2, np.int64)
    keys = np.empty((size // 2, 2), np.uint64)
    row_of_item = np.full(offsets.shape[0] - 1, -1, np.int32)
    n_rows = 0
    for item in range(offsets.shape[0] - 1):
        start, end = offsets[item], offsets[item + 1]
        if start == end:
            continue
        a = np.uint64(0)
        b = np.uint64(0)
        for j in range(start, end):
            a += salt_a[codes[j]]
            b += salt_b[codes[j]]
        slot = np.int64(a & np.uint64(size - 1))
        while table[slot] >= 0 and (keys[table[slot], 0] != a or keys[table[slot], 1] != b):
            slot = (slot + 1) & (size - 1)
        row = table[slot]
        if row >= 0:
            times[row] += 1
            row_of_item[item] = row
            continue
        table[slot] = n_rows
        row_of_item[item] = n_rows
        first[n_rows] = item
        times[n_rows] = 1
        keys[n_rows, 0] = a
        keys[n_rows, 1] = b
        n_rows += 1
        if n_rows == first.shape[0]:
            size *= 2
            first = np.concatenate((first, np.empty(n_rows, np.int64)))
            times = np.concatenate((times, np.empty(n_rows, np.int64)))
            keys = np.concatenate((keys, np.empty((n_rows, 2), np.uint64)))
            table = np.full(size, -1, np.int64)
            for known in range(n_rows):
                slot = np.int64(keys[known, 0] & np.uint64(size - 1))
                while table[slot] >= 0:
                    slot = (slot + 1) & (size - 1)
                table[slot] = known
    return first[:n_rows].copy(), times[:n_rows].copy(), keys[:n_rows].copy(), row_of_item


@njit(cache=True)
def row_entries(offsets: Longs, codes: Ints, chosen: Longs) -> tuple[Longs, Ints, Longs]:
    """Give the rows of the chosen items as sorted (code, count) entries.

    Returns
    -------
    starts (D + 1,), code (E,), count (E,)
        The entries of row d are ``[starts[d], starts[d + 1])``.
    """
    total = 0
    for item in chosen:
        total += offsets[item + 1] - offsets[item]
    starts = np.zeros(chosen.shape[0] + 1, np.int64)
    code = np.empty(total, np.int32)
    count = np.empty(total, np.int64)
    end = 0
    for d in range(chosen.shape[0]):
        row = np.sort(codes[offsets[chosen[d]] : offsets[chosen[d] + 1]])
        for j in range(row.shape[0]):
            if j > 0 and row[j] == row[j - 1]:
                count[end - 1] += 1
            else:
                code[end] = row[j]
                count[end] = 1
                end += 1
        starts[d + 1] = end
    return starts, code[:end].copy(), count[:end].copy()


@njit(cache=True)
def row_agreement(starts: Longs, code: Ints, count: Longs, weights: Floats) -> Floats:
    """Sum the weights over all ordered pairs of labels within each row, shape (D,).

    `weights` has shape (K, K) with ones on the diagonal, or (0, 0) for "equal or not".
    """
    is_nominal = weights.shape[0] == 0
    out = np.zeros(starts.shape[0] - 1)
    for d in range(out.shape[0]):
        total = 0.0
        for i in range(starts[d], starts[d + 1]):
            if is_nominal:
                total += count[i] * (count[i] - 1)
                continue
            total -= count[i]
            for j in range(starts[d], starts[d + 1]):
                total += count[i] * count[j] * weights[code[i], code[j]]
        out[d] = total
    return out


@njit(cache=True)
def squared_disagreement(starts: Longs, code: Ints, count: Longs, times: Floats, positions: Floats) -> Floats:
    """Sum squared differences of class positions over all ordered pairs of labels, each row divided by n - 1.

    Parameters
    ----------
    starts (D + 1,), code (E,), count (E,)
        Rows as from `row_entries`.
    times (B, D)
        How often each row counts, in each of B weightings.
    positions (B, K)
        The position of each class on a line.

    Returns
    -------
    array of shape (B,)
    """
    n_weightings, n_rows = times.shape
    out = np.zeros(n_weightings)
    for b in range(n_weightings):
        for d in range(n_rows):
            if times[b, d] == 0:
                continue
            n = 0.0
            total = 0.0
            squares = 0.0
            for i in range(starts[d], starts[d + 1]):
                # centred on the row's first class, which keeps the difference of squares exact
                x = positions[b, code[i]] - positions[b, code[starts[d]]]
                n += count[i]
                total += count[i] * x
                squares += count[i] * x * x
            if n >= 2:
                out[b] += times[b, d] * 2.0 * (n * squares - total * total) / (n - 1)
    return out


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

    `weights` as in `row_agreement`.

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
def pair_tables(
    offsets: Longs,
    annotator: Ints,
    label: Ints,
    weights: Floats,
    slots: tuple[Longs, Longs],
    shape: tuple[int, int],
) -> tuple[Longs, Floats, Floats]:
    """Sum up every pair of annotators over the items they share.

    Parameters
    ----------
    offsets (I + 1,), annotator (n,), label (n,)
        Sorted by item, then annotator.
    weights
        As in `row_agreement`.
    slots
        From `pair_slots`.
    shape
        Numbers of annotators and classes.

    Returns
    -------
    n_items (P,), agreement (P,), shares (P, 2, K)
        Items shared, the sum of the weights of their labels, and how often each of the two gave each class; where one
        labelled an item more than once, its labels share one vote.
    """
    table, keys = slots
    n_annotators, n_classes = shape
    is_nominal = weights.shape[0] == 0
    n_items = np.zeros(keys.shape[0], np.int64)
    agreement = np.zeros(keys.shape[0])
    shares = np.zeros((keys.shape[0], 2, n_classes))
    for item in range(offsets.shape[0] - 1):
        end = offsets[item + 1]
        i = offsets[item]
        while i < end:
            i_end = i + 1
            while i_end < end and annotator[i_end] == annotator[i]:
                i_end += 1
            j = i_end
            while j < end:
                j_end = j + 1
                while j_end < end and annotator[j_end] == annotator[j]:
                    j_end += 1
                pair = table[_slot(table, keys, np.int64(annotator[i]) * n_annotators + annotator[j])]
                n_items[pair] += 1
                part = 1.0 / ((i_end - i) * (j_end - j))
                for a in range(i, i_end):
                    for b in range(j, j_end):
                        if is_nominal:
                            agreement[pair] += part if label[a] == label[b] else 0.0
                        else:
                            agreement[pair] += part * weights[label[a], label[b]]
                        shares[pair, 0, label[a]] += part
                        shares[pair, 1, label[b]] += part
                j = j_end
            i = i_end
    return n_items, agreement, shares


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
    weights
        As in `row_agreement`.
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
            i_end = i + 1
            while i_end < end and annotator[i_end] == annotator[i]:
                i_end += 1
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


@njit(cache=True)
def item_agreement(offsets: Longs, label: Ints, weights: Floats, n_classes: int) -> Floats:
    """Give each item's mean weight over pairs of labels, nan below two labels: shape (I,)."""
    is_nominal = weights.shape[0] == 0
    n_items = offsets.shape[0] - 1
    agreement = np.full(n_items, np.nan)
    tally = np.zeros(n_classes, np.int64)
    for item in range(n_items):
        start, end = offsets[item], offsets[item + 1]
        n = end - start
        if n < 2:
            continue
        total = 0.0
        for a in range(start, end):
            if is_nominal:
                # each label meets the equal ones before it, from both ends
                total += 2.0 * tally[label[a]]
                tally[label[a]] += 1
                continue
            for b in range(a + 1, end):
                total += 2.0 * weights[label[a], label[b]]
        for a in range(start, end):
            tally[label[a]] = 0
        agreement[item] = total / (n * (n - 1))
    return agreement


@njit(cache=True)
def item_modes(offsets: Longs, label: Ints, n_classes: int) -> tuple[Ints, Longs, NDArray[np.bool_]]:
    """Find each item's most frequent class.

    Returns
    -------
    top (I,), n_top (I,), is_tied (I,)
        The class, the first in class order on a tie (-1 without labels); how many labels it has; whether another class
        has as many.
    """
    n_items = offsets.shape[0] - 1
    top = np.full(n_items, -1, np.int32)
    n_top = np.zeros(n_items, np.int64)
    is_tied = np.zeros(n_items, np.bool_)
    tally = np.zeros(n_classes, np.int64)
    for item in range(n_items):
        start, end = offsets[item], offsets[item + 1]
        for j in range(start, end):
            tally[label[j]] += 1
        for j in range(start, end):
            k = label[j]
            if tally[k] > n_top[item]:
                n_top[item], top[item], is_tied[item] = tally[k], k, False
            elif tally[k] == n_top[item] and k != top[item]:
                is_tied[item] = True
                top[item] = min(top[item], k)
        for j in range(start, end):
            tally[label[j]] = 0
    return top, n_top, is_tied


@njit(cache=True)
def class_pair_entries(
    starts: Longs, code: Ints, count: Longs, times: Longs, n_classes: int
) -> tuple[Longs, Longs, Floats]:
    """List the pairs of different classes within each distinct row of at least two labels.

    Returns
    -------
    key (M,), n_pairs (M,), coincidences (M,)
        ``low * n_classes + high``, pairs of labels, and their coincidences, counted over all items that have the row.
    """
    total = 0
    for d in range(times.shape[0]):
        size = starts[d + 1] - starts[d]
        total += size * (size - 1) // 2
    key = np.empty(total, np.int64)
    n_pairs = np.empty(total, np.int64)
    coincidences = np.empty(total)
    m = 0
    for d in range(times.shape[0]):
        n = count[starts[d] : starts[d + 1]].sum()
        for i in range(starts[d], starts[d + 1]):
            for j in range(i + 1, starts[d + 1]):
                key[m] = np.int64(code[i]) * n_classes + code[j]
                n_pairs[m] = times[d] * count[i] * count[j]
                coincidences[m] = 2.0 * n_pairs[m] / (n - 1)
                m += 1
    return key, n_pairs, coincidences
