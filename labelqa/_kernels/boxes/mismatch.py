"""Why a box has no partner in the other annotator's view."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from labelqa._kernels.arrays import Flags, Floats, Ints, Longs
from labelqa._kernels.boxes.matching import box_iou

Kinds = NDArray[np.int8]

MATCHED, ALONE, OTHER_CLASS, DUPLICATE, SPLIT, LOOSE = -1, 0, 1, 2, 3, 4
#: A box lies inside another if at least this share of its area does.
_INSIDE = 0.5
#: Boxes that overlap this much, but less than tau, mean the same object (Bolya et al., TIDE, ECCV 2020).
_LOOSE = 0.1


@njit(cache=True)
def kinds_of_sides(
    view_a: Longs,
    view_b: Longs,
    view_offsets: Longs,
    xyxy: Floats,
    label: Ints,
    is_matched: Flags,
    tau: float,
    aware: bool,
) -> Kinds:
    """Sort the boxes of every pair of views by why they have no partner.

    The first that applies: where classes matter, the box overlaps one of another class that has no partner either (one
    to one, the best overlaps first); it overlaps a box that has a partner already; it is part of a split, that is, it
    holds at least two boxes of the other view, or lies in one that holds at least two boxes of its own view; it
    overlaps, but too little for a match, a box that would stand alone as well; it stands alone.

    Parameters
    ----------
    view_a, view_b
        int64 (P,): pairs of views.
    view_offsets, xyxy, label
        Boxes within views, in box order.
    is_matched
        bool (S,): for pair after pair, the boxes of view_a, then those of view_b.
    tau
        Smallest IoU of a match.
    aware
        Whether only boxes of one class may match.

    Returns
    -------
    array
        int8 (S,): one of the constants of this module.
    """
    kinds = np.full(is_matched.shape[0], MATCHED, np.int8)
    base = 0
    for p in range(view_a.shape[0]):
        a0, a1 = view_offsets[view_a[p]], view_offsets[view_a[p] + 1]
        b0, b1 = view_offsets[view_b[p]], view_offsets[view_b[p] + 1]
        middle, end = base + a1 - a0, base + a1 - a0 + b1 - b0
        if not is_matched[base:end].all():
            _sort_pair(
                xyxy[a0:a1], label[a0:a1], is_matched[base:middle], kinds[base:middle],
                xyxy[b0:b1], label[b0:b1], is_matched[middle:end], kinds[middle:end], tau, aware,
            )  # fmt: skip
        base = end
    return kinds


@njit(cache=True)
def _sort_pair(a, label_a, matched_a, kind_a, b, label_b, matched_b, kind_b, tau, aware):  # type: ignore[no-untyped-def]
    """Write the kinds of both views of one pair."""
    for i in range(a.shape[0]):
        if not matched_a[i]:
            kind_a[i] = ALONE
    for j in range(b.shape[0]):
        if not matched_b[j]:
            kind_b[j] = ALONE
    holds_a, holds_b = _holds(a, b)
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            if b[j, 0] >= a[i, 2]:
                break
            shared = _shared(a[i], b[j])
            if shared <= 0:
                continue
            overlaps = box_iou(a[i], b[j]) >= tau
            kind_a[i] = _revised(
                kind_a[i], overlaps and matched_b[j],
                holds_a[i] >= 2 or (holds_b[j] >= 2 and shared >= _INSIDE * _area(a[i])),
            )  # fmt: skip
            kind_b[j] = _revised(
                kind_b[j], overlaps and matched_a[i],
                holds_b[j] >= 2 or (holds_a[i] >= 2 and shared >= _INSIDE * _area(b[j])),
            )  # fmt: skip
    if aware:
        _pair_up(a, label_a, kind_a, b, label_b, kind_b, tau, 0, OTHER_CLASS)
    _pair_up(a, label_a, kind_a, b, label_b, kind_b, min(_LOOSE, tau), 1 if aware else 2, LOOSE)


@njit(cache=True)
def _holds(a, b):  # type: ignore[no-untyped-def]
    """How many boxes of the other view lie in each box, by at least half of their area: (n_a,), (n_b,)."""
    holds_a, holds_b = np.zeros(a.shape[0], np.int64), np.zeros(b.shape[0], np.int64)
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            if b[j, 0] >= a[i, 2]:
                break
            shared = _shared(a[i], b[j])
            if shared > 0:
                holds_b[j] += shared >= _INSIDE * _area(a[i])
                holds_a[i] += shared >= _INSIDE * _area(b[j])
    return holds_a, holds_b


@njit(cache=True)
def _revised(kind, is_duplicate, is_split):  # type: ignore[no-untyped-def]
    """Kind of a box after one more box of the other view was looked at; a duplicate stays one."""
    if kind in (MATCHED, DUPLICATE):
        return kind
    if is_duplicate:
        return DUPLICATE
    return SPLIT if is_split else kind


@njit(cache=True)
def _pair_up(a, label_a, kind_a, b, label_b, kind_b, lowest, same_label, kind):  # type: ignore[no-untyped-def]
    """Pair boxes with IoU >= lowest one to one, the best overlaps first, and give both the kind.

    `same_label` is 0 for different labels, 1 for equal ones, 2 where labels do not matter. For OTHER_CLASS all boxes
    without partner take part, otherwise only those that stand alone.
    """
    size = 16
    row, column, iou = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    n = 0
    for i in range(a.shape[0]):
        if kind_a[i] == MATCHED or (kind != OTHER_CLASS and kind_a[i] != ALONE):
            continue
        for j in range(b.shape[0]):
            if b[j, 0] >= a[i, 2]:
                break
            if kind_b[j] == MATCHED or (kind != OTHER_CLASS and kind_b[j] != ALONE):
                continue
            if same_label < 2 and (label_a[i] == label_b[j]) != (same_label == 1):
                continue
            overlap = box_iou(a[i], b[j])
            if overlap >= lowest:
                if n == row.shape[0]:
                    row, column = np.concatenate((row, row)), np.concatenate((column, column))
                    iou = np.concatenate((iou, iou))
                row[n], column[n], iou[n] = i, j, overlap
                n += 1
    for edge in np.argsort(-iou[:n], kind="mergesort"):
        if kind_a[row[edge]] != kind and kind_b[column[edge]] != kind:
            kind_a[row[edge]], kind_b[column[edge]] = kind, kind


@njit(cache=True)
def _shared(a, b):  # type: ignore[no-untyped-def]
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0


@njit(cache=True)
def _area(box):  # type: ignore[no-untyped-def]
    return (box[2] - box[0]) * (box[3] - box[1])
