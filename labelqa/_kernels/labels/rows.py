"""Statistics of whole-item labels: distinct rows, agreement within rows and items, pairs of classes.

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


#: What a stream of random words moves by from one word to the next.
STEP = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True)
def mixed(state: np.uint64) -> np.uint64:
    """Give the random word at a place of the stream: splitmix64 (Steele, Lea and Flood 2014)."""
    word = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit(cache=True)
def salts(n_codes: int, stream: int) -> Words:
    """Give one fixed 64-bit word per code, shape (n_codes,)."""
    out = np.empty(n_codes, np.uint64)
    state = np.uint64(stream) * np.uint64(0xD1342543DE82EF95) + np.uint64(0x9E3779B97F4A7C15)
    for k in range(n_codes):
        state += STEP
        out[k] = mixed(state)
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
        The class (-1 without labels), on a tie the one more frequent over all labels, of equals the first in class
        order; how many labels it has; whether another class has as many.
    """
    n_items = offsets.shape[0] - 1
    total = np.zeros(n_classes, np.int64)
    for j in range(label.shape[0]):
        total[label[j]] += 1
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
                other = top[item]
                if total[k] > total[other] or (total[k] == total[other] and k < other):
                    top[item] = k
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
