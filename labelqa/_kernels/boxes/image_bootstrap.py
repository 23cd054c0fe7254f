"""Percentile intervals of ratios of sums, by resampling whole items: the same draws for every number of a result."""

from __future__ import annotations

import numpy as np
from numba import njit

from labelqa._kernels.arrays import Counts, Floats, Longs
from labelqa._kernels.intervals import ratio_percentiles

#: Replicates drawn at once; their counts stay in the processor's cache.
_BLOCK = 32


def draw_counts(n_items: int, n_resamples: int, generator: np.random.Generator) -> Counts:
    """How often each item is drawn in each replicate: uint8 (n_items, n_resamples), multinomial columns."""
    out = np.empty((n_items, n_resamples), np.uint8)
    for start in range(0, n_resamples, _BLOCK):
        stop = min(start + _BLOCK, n_resamples)
        picked = generator.integers(0, max(n_items, 1), (stop - start, n_items), dtype=np.int32)
        _count(picked, out[:, start:stop])
    return out


@njit(cache=True)
def _count(picked, out):  # type: ignore[no-untyped-def]
    n_replicates, n_items = picked.shape
    row = np.empty((n_items, n_replicates), np.uint8)
    row[:] = 0
    for r in range(n_replicates):
        for k in range(n_items):
            row[picked[r, k], r] += 1
    out[:] = row


@njit(cache=True)
def resampled_totals(counts: Counts, item: Longs, values: Floats) -> Floats:
    """Sum of each column of `values` in each replicate.

    Parameters
    ----------
    counts
        uint8 (I, R) of `draw_counts`.
    item, values
        int64 (E,) and float64 (E, K): what each entry adds, and the item it belongs to.

    Returns
    -------
    array of shape (K, R)
    """
    n_resamples = counts.shape[1]
    out = np.zeros((values.shape[1], n_resamples))
    for entry in range(item.shape[0]):
        for k in range(values.shape[1]):
            value = values[entry, k]
            if value != 0.0:
                for r in range(n_resamples):
                    out[k, r] += value * counts[item[entry], r]
    return out


@njit(cache=True)
def ratio_intervals(
    counts: Counts, offsets: Longs, item: Longs, values: Floats, upper: Longs, lower: Longs, confidence: float
) -> tuple[Floats, Floats]:
    """Percentile intervals of sum of one column / sum of another, for each group of entries.

    Parameters
    ----------
    counts, item, values
        As in `resampled_totals`.
    offsets
        int64 (G + 1,): the entries of group g are ``[offsets[g], offsets[g + 1])``.
    upper, lower
        int64 (Q,): the columns of numerator and denominator of each ratio.
    confidence
        Share of the replicates inside.

    Returns
    -------
    low, high
        Shape (G, Q); nan where a ratio is undefined in every replicate. Replicates without a denominator do not count.
    """
    n_groups, n_ratios = offsets.shape[0] - 1, upper.shape[0]
    low, high = np.full((n_groups, n_ratios), np.nan), np.full((n_groups, n_ratios), np.nan)
    for g in range(n_groups):
        totals = resampled_totals(counts, item[offsets[g] : offsets[g + 1]], values[offsets[g] : offsets[g + 1]])
        for q in range(n_ratios):
            low[g, q], high[g, q] = ratio_percentiles(totals[upper[q]], totals[lower[q]], confidence)
    return low, high


@njit(cache=True)
def merged_by_group(group: Longs, n_groups: int, item: Longs, values: Floats) -> tuple[Longs, Longs, Floats]:
    """Sort entries by group and add up neighbours of one group and item.

    Parameters
    ----------
    group, item, values
        (E,), (E,) and (E, K); with items in rising order, each (group, item) comes out once. Negative groups are left
        out.

    Returns
    -------
    offsets, item, values
        As `ratio_intervals` takes them.
    """
    position = np.zeros(n_groups + 1, np.int64)
    for g in group:
        if g >= 0:
            position[g + 1] += 1
    position = np.cumsum(position)
    order = np.empty(position[n_groups], np.int64)
    place = position[:-1].copy()
    for entry in range(group.shape[0]):
        if group[entry] >= 0:
            order[place[group[entry]]] = entry
            place[group[entry]] += 1
    out_item, out_values = np.empty(order.shape[0], np.int64), np.zeros((order.shape[0], values.shape[1]))
    offsets = np.zeros(n_groups + 1, np.int64)
    n = 0
    for g in range(n_groups):
        for k in range(position[g], position[g + 1]):
            if k == position[g] or item[order[k]] != out_item[n - 1]:
                out_item[n] = item[order[k]]
                n += 1
            out_values[n - 1] += values[order[k]]
        offsets[g + 1] = n
    return offsets, out_item[:n].copy(), out_values[:n].copy()


@njit(cache=True)
def resampled_cells(counts: Counts, item: Longs, column: Longs, value: Floats, n_columns: int) -> Floats:
    """Sum of each column in each replicate, from sparse entries (item, column, value): shape (n_columns, R)."""
    n_resamples = counts.shape[1]
    out = np.zeros((n_columns, n_resamples))
    for entry in range(item.shape[0]):
        for r in range(n_resamples):
            out[column[entry], r] += value[entry] * counts[item[entry], r]
    return out
