"""Where the edges of a cluster's box lie, once every annotator's habit is taken out: arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelqa._kernels.arrays import Flags, Floats, Ints, Longs
from labelqa._kernels.boxes.clustering import median_boxes
from labelqa._kernels.boxes.votes import residuals_by_view, without_effects
from labelqa.consensus.boxes._voting import Clusters

#: Residuals beyond this share of a box's side are mistakes, not habits.
LIMIT = 0.3
#: An annotator's mean deviation is drawn towards that of all as if this many more boxes had been drawn.
DEVIATION_PRIOR = 10.0
#: Rounds of estimating habits and centres in turn; further rounds move edges by less than a pixel.
N_ROUNDS = 2


@dataclass(frozen=True, eq=False)
class PlacedBoxes:
    """One box for each cluster, and what the annotators' boxes are like beside them.

    Attributes
    ----------
    xyxy
        float64 (n, 4).
    bias
        float64 (A, 4): the habits that were found, as shares of width (x) and height (y); 0 where none was looked for.
    deviation
        float64 (A,): mean absolute residual beyond the habit, as a share, drawn towards that of all.
    """

    xyxy: Floats
    bias: Floats
    deviation: Floats


def place(clusters: Clusters, weight: Floats, is_used: Flags, *, remove_bias: bool, weigh_edges: bool) -> PlacedBoxes:
    """Place the edges of every cluster: weighted medians, habits taken out, steady annotators counting more.

    Habits (the mean residual per edge, in shares of the box's side) are drawn towards 0 by empirical Bayes; the weight
    of an annotator's edges is one over the squared mean deviation that is left.
    """
    codes = clusters.codes
    annotator, n_annotators = codes.view_annotator, len(codes.annotators)
    box_annotator = annotator[clusters.box_view]
    bias, xyxy = np.zeros((n_annotators, 4)), codes.xyxy
    for last in [False] * (N_ROUNDS if remove_bias else 0) + [True]:
        centre = median_boxes(xyxy, weight[box_annotator], clusters.offsets, clusters.members)
        n, total, spread = residuals_by_view(
            codes.xyxy,
            centre,
            clusters.offsets,
            clusters.members,
            is_used,
            clusters.box_view,
            bias[annotator],
            LIMIT,
        )
        if not last:
            bias = _shrunk_means(n, total, annotator, n_annotators)
            xyxy = without_effects(codes.xyxy, centre, clusters.cluster, clusters.box_view, bias[annotator])
    deviation = _shrunk_deviation(n, spread, annotator, n_annotators)
    # once only: an annotator who gets more weight draws the centre nearer, and would get more weight again
    if weigh_edges:
        centre = median_boxes(xyxy, deviation[box_annotator] ** -2.0, clusters.offsets, clusters.members)
    return PlacedBoxes(_possible(centre, clusters), bias, deviation)


def _possible(boxes: Floats, clusters: Clusters) -> Floats:
    """Keep boxes that moved by a habit from turning inside out, and within the frame where its size is known."""
    codes = clusters.codes
    turned = np.any(boxes[:, 2:] < boxes[:, :2], axis=1, keepdims=True)
    if turned.any():
        even = np.ones(len(codes.xyxy))
        boxes = np.where(turned, median_boxes(codes.xyxy, even, clusters.offsets, clusters.members), boxes)
    frame = np.tile(codes.sizes[clusters.item], 2)
    leaving = np.flatnonzero(np.any((boxes > frame) | (boxes < 0.0), axis=1))
    boxes = boxes.copy()
    for k in leaving.tolist():
        # where a member leaves the frame, and was kept, the box may as well
        drawn = codes.xyxy[clusters.members[clusters.offsets[k] : clusters.offsets[k + 1]]]
        known = ~np.isnan(frame[k])
        end = np.maximum(drawn.max(axis=0), frame[k])
        boxes[k, known] = np.clip(boxes[k], np.minimum(drawn.min(axis=0), 0.0), end)[known]
    return boxes


def _shrunk_deviation(n: Longs, spread: Floats, annotator: Ints, n_annotators: int) -> Floats:
    count = np.bincount(annotator, n, n_annotators)
    total = np.bincount(annotator, spread, n_annotators)
    mean = max(total.sum() / max(count.sum(), 1.0), 1e-6)
    # no annotator is so steady that the others stop counting
    shrunk = (total + DEVIATION_PRIOR * mean) / (count + DEVIATION_PRIOR)
    return np.asarray(np.maximum(shrunk, 0.1 * mean))


def _shrunk_means(n: Longs, total: Floats, annotator: Ints, n_annotators: int) -> Floats:
    """Give the mean residual of each annotator and edge (A, 4), drawn towards 0 by as much as chance would explain.

    0 is the median annotator: habits are known only against each other, and one annotator with many boxes must not set
    the convention for all. Chance is judged by how an annotator's views differ; the variance between annotators follows
    DerSimonian and Laird (1986).
    """
    count = np.bincount(annotator, n, n_annotators)
    n_views = np.bincount(annotator[n > 0], minlength=n_annotators)
    out = np.zeros((n_annotators, 4))
    known = count > 0
    free = (count * np.maximum(n_views - 1, 0) / np.maximum(n_views, 1)).sum()
    if known.sum() < 2 or not free:
        return out
    for edge in range(4):
        mean = np.bincount(annotator, total[:, edge], n_annotators) / np.maximum(count, 1)
        within = np.square(total[:, edge] - n * mean[annotator]).sum() / free
        if within <= 0:
            out[known, edge] = mean[known] - np.median(mean[known])
            continue
        precision = count[known] / within
        centre = np.average(mean[known], weights=precision)
        excess = (precision * np.square(mean[known] - centre)).sum() - (known.sum() - 1)
        between = max(0.0, excess / (precision.sum() - np.square(precision).sum() / precision.sum()))
        out[known, edge] = (mean[known] - np.median(mean[known])) * between / (between + 1.0 / precision)
    return out
