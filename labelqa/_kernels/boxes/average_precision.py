"""Average precision with weights on images: what a bootstrap needs and no evaluator offers.

Matching and interpolation are those of COCO: per image and class, detections by falling score take the free box they
overlap most, if at least the threshold; precision is made monotone and read at 101 recalls.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from labelqa._kernels.boxes.matching import box_iou

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.uint8]


@njit(cache=True)
def fit_of_detections(
    boxes: Floats, offsets: Longs, xyxy: Floats, view_offsets: Longs, item_offsets: Longs, view_item: Ints, tau: float
) -> Floats:
    """Mean overlap of each detection with the best box of the other views of its item, where that reaches tau: (N,)."""
    out = np.zeros(boxes.shape[0])
    for view in range(view_item.shape[0]):
        item = view_item[view]
        for k in range(offsets[view], offsets[view + 1]):
            total, n = 0.0, 0
            for other in range(item_offsets[item], item_offsets[item + 1]):
                best = 0.0
                if other != view:
                    for b in range(view_offsets[other], view_offsets[other + 1]):
                        best = max(best, box_iou(boxes[k], xyxy[b]))
                if best >= tau:
                    total, n = total + best, n + 1
            out[k] = total / n if n else 0.0
    return out


@njit(cache=True)
def hits_of_detections(
    boxes: Floats, labels: Ints, score: Floats, offsets: Longs,
    xyxy: Floats, label: Ints, view_offsets: Longs, thresholds: Floats,
) -> Flags:  # fmt: skip
    """Whether each detection finds a box at each threshold.

    Parameters
    ----------
    boxes, labels, score, offsets
        Detections: (N, 4), (N,), (N,), and (V + 1,) by view.
    xyxy, label, view_offsets
        The boxes they are held against: (B, 4), (B,), (V + 1,).
    thresholds
        Shape (T,).

    Returns
    -------
    array
        bool (T, N).
    """
    hits = np.zeros((thresholds.shape[0], boxes.shape[0]), np.bool_)
    for view in range(offsets.shape[0] - 1):
        first, last = view_offsets[view], view_offsets[view + 1]
        falling = offsets[view] + np.argsort(-score[offsets[view] : offsets[view + 1]], kind="mergesort")
        for t in range(thresholds.shape[0]):
            is_free = np.ones(last - first, np.bool_)
            for k in falling:
                best, found = min(thresholds[t], 1 - 1e-10), -1
                for b in range(first, last):
                    if is_free[b - first] and label[b] == labels[k]:
                        iou = box_iou(boxes[k], xyxy[b])
                        if iou >= best:
                            best, found = iou, b - first
                if found >= 0:
                    is_free[found] = False
                    hits[t, k] = True
    return hits


@njit(cache=True)
def weighted_precision(hits: Flags, item: Longs, n_boxes: Floats, counts: Counts) -> Floats:
    """Average precision of one class at each threshold in each replicate.

    Parameters
    ----------
    hits
        bool (T, N): detections of the class by falling score.
    item
        int64 (N,): the item of each detection.
    n_boxes
        float64 (I,): boxes of the class to be found on each item.
    counts
        uint8 (I, R): how often each item counts.

    Returns
    -------
    array
        float64 (T, R); nan where there is nothing to find.
    """
    n_thresholds, n = hits.shape
    out = np.full((n_thresholds, counts.shape[1]), np.nan)
    recall, precision = np.empty(n), np.empty(n)
    for r in range(counts.shape[1]):
        total = 0.0
        for i in range(n_boxes.shape[0]):
            total += n_boxes[i] * counts[i, r]
        if total == 0:
            continue
        for t in range(n_thresholds):
            found, shown = 0.0, 0.0
            for k in range(n):
                weight = counts[item[k], r]
                shown += weight
                found += weight * hits[t, k]
                recall[k] = found / total
                precision[k] = found / shown if shown > 0 else 0.0
            for k in range(n - 2, -1, -1):
                precision[k] = max(precision[k], precision[k + 1])
            out[t, r] = _mean_at_recalls(recall, precision)
    return out


@njit(cache=True)
def _mean_at_recalls(recall: Floats, precision: Floats) -> float:
    total, k = 0.0, 0
    for step in range(101):
        while k < recall.shape[0] and recall[k] < step / 100.0:
            k += 1
        if k == recall.shape[0]:
            break
        total += precision[k]
    return total / 101.0
