"""Average precision with weights on images: what a bootstrap needs and no evaluator offers.

Matching and interpolation are those of COCO: per image and class, detections by falling score take the free box they
overlap most, if at least the threshold; precision is made monotone and read at 101 recalls.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from labelqa._kernels.arrays import Counts, Flags, Floats, Ints, Longs
from labelqa._kernels.boxes.matching import box_iou


class ScoredBoxes(NamedTuple):
    """Boxes by view: xyxy (B, 4), label int32 (B,), offsets int64 (V + 1,), score (B,), 1 for what is to be found."""

    xyxy: Floats
    label: Ints
    offsets: Longs
    score: Floats


def average_precision(
    found: ScoredBoxes, truth: ScoredBoxes, item: Longs, thresholds: Floats, counts: Counts
) -> Floats:
    """Average precision at each threshold in each replicate, mean over the classes that the replicate has.

    Parameters
    ----------
    found, truth
        Detections, and what they are held against, of the same V views.
    item
        int64 (V,): the item of each view.
    thresholds
        Shape (T,).
    counts
        uint8 (I, R): how often each item counts; a column of ones gives the value itself.

    Returns
    -------
    array
        float64 (T, R); nan where there is nothing to find.
    """
    hits = hits_of_detections(*found, *truth[:3], thresholds)
    of_found, of_truth = (np.repeat(item, np.diff(boxes.offsets)) for boxes in (found, truth))
    falling = np.argsort(-found.score, kind="stable")
    total, n_classes = np.zeros((len(thresholds), counts.shape[1])), np.zeros(counts.shape[1], np.int64)
    for code in np.unique(truth.label):
        order = falling[found.label[falling] == code]
        wanted = np.bincount(of_truth[truth.label == code], minlength=len(counts)).astype(np.float64)
        of_class = weighted_precision(np.ascontiguousarray(hits[:, order]), of_found[order], wanted, counts)
        is_present = ~np.isnan(of_class[0])
        total += np.where(is_present, of_class, 0.0)
        n_classes += is_present
    with np.errstate(invalid="ignore"):
        return np.asarray(total / n_classes)


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
    boxes: Floats, labels: Ints, offsets: Longs, score: Floats,
    xyxy: Floats, label: Ints, view_offsets: Longs, thresholds: Floats,
) -> Flags:  # fmt: skip
    """Whether each detection finds a box at each threshold.

    Parameters
    ----------
    boxes, labels, offsets, score
        Detections: (N, 4), (N,), (V + 1,) by view, and (N,).
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
        # the steps as COCO's evaluators round them
        while k < recall.shape[0] and recall[k] < step * 0.01:
            k += 1
        if k == recall.shape[0]:
            break
        total += precision[k]
    return total / 101.0
