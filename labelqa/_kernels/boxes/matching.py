"""Which boxes of two views show the same object: exact one-to-one matching by IoU, all images in one pass.

A view is one annotator's set of boxes on one item. Edges are pairs of boxes with IoU >= tau; the matching is the
one-to-one set of edges with the largest total IoU. Equal totals (IoUs are compared to 12 decimals) are settled by the
larger number of pairs with the same label, then by order: the first box of the first view gets its lowest possible
partner, then the second box, and so on, boxes standing in the order (x_min, y_min, x_max, y_max, label).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from labelqa._kernels.arrays import Floats, Ints, Longs
from labelqa._kernels.boxes.assignment import assign

#: Below this many boxes a linear scan finds the first candidate faster than bisection.
_SHORT = 16


class Matches(NamedTuple):
    """Matched boxes of many pairs of views.

    Attributes
    ----------
    item, view_a, view_b
        int64 (P,): the pairs of views, those without a match included.
    offsets
        int64 (P + 1,): the matches of pair p are ``[offsets[p], offsets[p + 1])``, in the order of `box_a`.
    pair
        int64 (M,): the pair of each match.
    box_a, box_b
        int64 (M,): rows of the box arrays.
    iou
        float64 (M,).
    sum_iou
        float64 (P,): total IoU of each pair.
    """

    item: Longs
    view_a: Longs
    view_b: Longs
    offsets: Longs
    pair: Longs
    box_a: Longs
    box_b: Longs
    iou: Floats
    sum_iou: Floats

    @property
    def n_matches(self) -> Longs:
        """Number of matches of each pair: shape (P,)."""
        return np.diff(self.offsets)


def match_views(
    xyxy_a: Floats,
    offsets_a: Longs,
    label_a: Ints,
    xyxy_b: Floats,
    offsets_b: Longs,
    label_b: Ints,
    tau: float = 0.5,
    aware: bool = False,
) -> tuple[Longs, Longs, Floats]:
    """Match view i of one set with view i of another, for every i: annotators against gold, or against a consensus.

    Parameters
    ----------
    xyxy_a, offsets_a, label_a
        Boxes (B, 4), where each view starts and ends (n + 1,), class codes (B,). Any order within a view.
    xyxy_b, offsets_b, label_b
        The same for the other set; as many views.
    tau
        Smallest IoU of a match, above 0.
    aware
        Whether only boxes of one class may match.

    Returns
    -------
    index_a, index_b, iou
        Shape (M,): rows of both sets, by view and then by the order of a's boxes.
    """
    order_a, order_b = box_order(xyxy_a, offsets_a, label_a), box_order(xyxy_b, offsets_b, label_b)
    every = np.arange(len(offsets_a) - 1)
    _, index_a, index_b, iou = match_pairs(
        np.ascontiguousarray(xyxy_a[order_a], dtype=np.float64), label_a[order_a], offsets_a,
        np.ascontiguousarray(xyxy_b[order_b], dtype=np.float64), label_b[order_b], offsets_b,
        every, every, tau, aware,
    )  # fmt: skip
    return order_a[index_a], order_b[index_b], iou


def match_within(
    item_offsets: Longs, view_offsets: Longs, xyxy: Floats, label: Ints, tau: float = 0.5, aware: bool = False
) -> Matches:
    """Match every two views of the same item.

    Parameters
    ----------
    item_offsets, view_offsets, xyxy, label
        Boxes within views within items, as in `labelqa._codes.BoxCodes`; the boxes of a view must be in box order.
    tau, aware
        As in `match_views`.
    """
    item, view_a, view_b = view_pairs(item_offsets)
    return match_listed(item, view_a, view_b, view_offsets, xyxy, label, tau, aware)


def match_listed(
    item: Longs,
    view_a: Longs,
    view_b: Longs,
    view_offsets: Longs,
    xyxy: Floats,
    label: Ints,
    tau: float = 0.5,
    aware: bool = False,
) -> Matches:
    """Match the listed pairs of views; `item` is only carried along."""
    offsets, box_a, box_b, iou = match_pairs(
        xyxy, label, view_offsets, xyxy, label, view_offsets, view_a, view_b, tau, aware
    )
    pair = np.repeat(np.arange(len(view_a)), np.diff(offsets))
    sum_iou = np.bincount(pair, weights=iou, minlength=len(view_a)).astype(np.float64)
    return Matches(item, view_a, view_b, offsets, pair, box_a, box_b, iou, sum_iou)


def box_order(xyxy: Floats, offsets: Longs, label: Ints) -> Longs:
    """Order of boxes within views by (x_min, y_min, x_max, y_max, label): shape (B,)."""
    view = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.lexsort((label, xyxy[:, 3], xyxy[:, 2], xyxy[:, 1], xyxy[:, 0], view))


@njit(cache=True)
def view_pairs(item_offsets: Longs) -> tuple[Longs, Longs, Longs]:
    """List every two views of one item: item, view_a, view_b, each of shape (P,), view_a < view_b."""
    n_pairs = 0
    for i in range(item_offsets.shape[0] - 1):
        n = item_offsets[i + 1] - item_offsets[i]
        n_pairs += n * (n - 1) // 2
    item, view_a, view_b = np.empty(n_pairs, np.int64), np.empty(n_pairs, np.int64), np.empty(n_pairs, np.int64)
    p = 0
    for i in range(item_offsets.shape[0] - 1):
        for a in range(item_offsets[i], item_offsets[i + 1]):
            for b in range(a + 1, item_offsets[i + 1]):
                item[p], view_a[p], view_b[p] = i, a, b
                p += 1
    return item, view_a, view_b


@njit(cache=True)
def box_iou(a: Floats, b: Floats) -> float:
    """IoU of two boxes of shape (4,); 0 where they have no area in common."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0.0 or height <= 0.0:
        return 0.0
    inter = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter
    # tiny boxes can have an area that rounds to 0
    return inter / union if union > 0.0 else 0.0


@njit(cache=True)
def match_pairs(
    xyxy_a: Floats,
    label_a: Ints,
    offsets_a: Longs,
    xyxy_b: Floats,
    label_b: Ints,
    offsets_b: Longs,
    pair_a: Longs,
    pair_b: Longs,
    tau: float,
    aware: bool,
) -> tuple[Longs, Longs, Longs, Floats]:
    """Match view pair_a[p] of one set with view pair_b[p] of another, for every p; boxes must be in box order.

    Returns
    -------
    offsets
        Shape (P + 1,): the matches of pair p.
    box_a, box_b, iou
        Shape (M,).
    """
    n_most, most_a, most_b = 0, 1, 1
    for p in range(pair_a.shape[0]):
        n_a = offsets_a[pair_a[p] + 1] - offsets_a[pair_a[p]]
        n_b = offsets_b[pair_b[p] + 1] - offsets_b[pair_b[p]]
        n_most, most_a, most_b = n_most + min(n_a, n_b), max(most_a, n_a), max(most_b, n_b)
    offsets = np.zeros(pair_a.shape[0] + 1, np.int64)
    box_a, box_b = np.empty(n_most, np.int64), np.empty(n_most, np.int64)
    iou = np.empty(n_most)
    first, degree_b = np.empty(most_a + 1, np.int64), np.empty(most_b, np.int64)
    chosen = np.empty(most_a, np.int64)
    edge_b, edge_iou = np.empty(64, np.int64), np.empty(64)
    n = 0
    for p in range(pair_a.shape[0]):
        a0, a1 = offsets_a[pair_a[p]], offsets_a[pair_a[p] + 1]
        b0, b1 = offsets_b[pair_b[p]], offsets_b[pair_b[p] + 1]
        if a1 > a0 and b1 > b0:
            edge_b, edge_iou = _find_edges(
                xyxy_a, label_a, a0, a1, xyxy_b, label_b, b0, b1, tau, aware, first, degree_b, edge_b, edge_iou
            )
            if first[a1 - a0]:
                _choose(label_a[a0:a1], label_b[b0:b1], first, degree_b, edge_b, edge_iou, chosen)
                for a in range(a1 - a0):
                    if chosen[a] >= 0:
                        box_a[n], box_b[n], iou[n] = a0 + a, b0 + edge_b[chosen[a]], edge_iou[chosen[a]]
                        n += 1
        offsets[p + 1] = n
    return offsets, box_a[:n].copy(), box_b[:n].copy(), iou[:n].copy()


@njit(cache=True)
def _find_edges(  # type: ignore[no-untyped-def]
    xyxy_a, label_a, a0, a1, xyxy_b, label_b, b0, b1, tau, aware, first, degree_b, edge_b, edge_iou
):
    """List the edges of one pair of views by rows of a; fills `first` and `degree_b`, may enlarge the edge arrays.

    IoU >= tau bounds where the left edge of a partner can lie, so that its candidates are one run of sorted boxes.
    """
    degree_b[: b1 - b0] = 0
    n = 0
    for a in range(a0, a1):
        first[a - a0] = n
        x, y, right, bottom = xyxy_a[a, 0], xyxy_a[a, 1], xyxy_a[a, 2], xyxy_a[a, 3]
        width, area = right - x, (right - x) * (bottom - y)
        slack = 1e-9 * (abs(x) + width)
        lowest, highest = x - (1.0 - tau) / tau * width - slack, x + (1.0 - tau) * width + slack
        start = b0
        if b1 - b0 > _SHORT:
            start += np.searchsorted(xyxy_b[b0:b1, 0], lowest)
        for b in range(start, b1):
            if xyxy_b[b, 0] > highest:
                break
            across = min(right, xyxy_b[b, 2]) - max(x, xyxy_b[b, 0])
            down = min(bottom, xyxy_b[b, 3]) - max(y, xyxy_b[b, 1])
            if across <= 0.0 or down <= 0.0 or (aware and label_a[a] != label_b[b]):
                continue
            inter = across * down
            union = area + (xyxy_b[b, 2] - xyxy_b[b, 0]) * (xyxy_b[b, 3] - xyxy_b[b, 1]) - inter
            # tiny boxes can have an area that rounds to 0
            if union <= 0.0 or not inter / union >= tau:
                continue
            if n == edge_b.shape[0]:
                edge_b = np.concatenate((edge_b, np.empty_like(edge_b)))
                edge_iou = np.concatenate((edge_iou, np.empty_like(edge_iou)))
            edge_b[n], edge_iou[n] = b - b0, inter / union
            degree_b[b - b0] += 1
            n += 1
    first[a1 - a0] = n
    return edge_b, edge_iou


@njit(cache=True)
def _choose(label_a, label_b, first, degree_b, edge_b, edge_iou, chosen):  # type: ignore[no-untyped-def]
    """Write the chosen edge of each row, or -1: single edges at once, stars their best edge, the rest is assigned."""
    n_a = label_a.shape[0]
    n_left = 0
    for a in range(n_a):
        degree = first[a + 1] - first[a]
        chosen[a] = -1 if degree == 0 else -2
        if degree >= 1 and _ends_here(first[a], first[a + 1], edge_b, degree_b):
            chosen[a] = _best(first[a], first[a + 1], label_a[a], label_b, edge_b, edge_iou)
        n_left += chosen[a] == -2
    if n_left == 0:
        return
    rows_of_b, row_start = _transpose(n_a, first, degree_b[: label_b.shape[0]], edge_b)
    rows, columns = np.empty(n_a, np.int64), np.empty(label_b.shape[0], np.int64)
    is_seen = np.zeros(label_b.shape[0], np.bool_)
    for a in range(n_a):
        if chosen[a] == -2:
            n_rows, n_columns = _component(a, first, edge_b, rows_of_b, row_start, rows, columns, is_seen, chosen)
            _assign_component(
                np.sort(rows[:n_rows]), np.sort(columns[:n_columns]), label_a, label_b, first, edge_b, edge_iou, chosen
            )


@njit(cache=True)
def _ends_here(start, stop, edge_b, degree_b):  # type: ignore[no-untyped-def]
    """Whether no other row reaches the columns of these edges."""
    for edge in range(start, stop):  # noqa: SIM110 - compiled: a generator is slower
        if degree_b[edge_b[edge]] > 1:
            return False
    return True


@njit(cache=True)
def _whole(iou, bits):  # type: ignore[no-untyped-def]
    """IoU as a whole number above 0."""
    return max(np.int64(1), np.int64(np.floor(iou * 2.0**bits + 0.5)))


@njit(cache=True)
def _best(start, stop, label, label_b, edge_b, edge_iou):  # type: ignore[no-untyped-def]
    """Give the edge of a star that the tie rule takes."""
    best, best_weight = start, np.int64(-1)
    for edge in range(start, stop):
        weight = 2 * _whole(edge_iou[edge], 40) + (label_b[edge_b[edge]] == label)
        if weight > best_weight:
            best, best_weight = edge, weight
    return best


@njit(cache=True)
def _transpose(n_a, first, degree_b, edge_b):  # type: ignore[no-untyped-def]
    """List the rows of each column: rows (E,) and where each column starts (n_b + 1,)."""
    start = np.zeros(degree_b.shape[0] + 1, np.int64)
    start[1:] = np.cumsum(degree_b)
    place = start[:-1].copy()
    rows = np.empty(first[n_a], np.int64)
    for a in range(n_a):
        for edge in range(first[a], first[a + 1]):
            b = edge_b[edge]
            rows[place[b]] = a
            place[b] += 1
    return rows, start


@njit(cache=True)
def _component(a, first, edge_b, rows_of_b, row_start, rows, columns, is_seen, chosen):  # type: ignore[no-untyped-def]
    """Gather the rows and columns connected with row `a`; rows that were met get -1 in `chosen`."""
    rows[0], n_rows, n_columns, head = a, 1, 0, 0
    chosen[a] = -1
    while head < n_rows:
        for edge in range(first[rows[head]], first[rows[head] + 1]):
            b = edge_b[edge]
            if is_seen[b]:
                continue
            is_seen[b] = True
            columns[n_columns] = b
            n_columns += 1
            for place in range(row_start[b], row_start[b + 1]):
                other = rows_of_b[place]
                if chosen[other] == -2:
                    chosen[other] = -1
                    rows[n_rows] = other
                    n_rows += 1
        head += 1
    return n_rows, n_columns


@njit(cache=True)
def _assign_component(rows, columns, label_a, label_b, first, edge_b, edge_iou, chosen):  # type: ignore[no-untyped-def]
    """Write the best edges of one component into `chosen`."""
    n = rows.shape[0]
    n_edges = 0
    for a in rows:
        n_edges += first[a + 1] - first[a]
    start = np.zeros(n + 1, np.int64)
    column, weight, source = np.empty(n_edges, np.int64), np.empty(n_edges, np.int64), np.empty(n_edges, np.int64)
    # whole weights: IoU first, then one for a common label; sums over n rows stay below 2**60
    bits = min(40.0, np.floor(59.0 - 2.0 * np.log2(n + 1.0)))
    place = np.empty(label_b.shape[0], np.int64)
    place[columns] = np.arange(columns.shape[0])
    k = 0
    for i in range(n):
        for edge in range(first[rows[i]], first[rows[i] + 1]):
            column[k] = place[edge_b[edge]]
            weight[k] = _whole(edge_iou[edge], bits) * (n + 1) + (label_a[rows[i]] == label_b[edge_b[edge]])
            source[k] = edge
            k += 1
        start[i + 1] = k
    partner = assign(start, column, weight, columns.shape[0])
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            if column[k] == partner[i]:
                chosen[rows[i]] = source[k]
