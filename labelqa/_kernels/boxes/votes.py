"""What the members of box clusters say about each other: peer overlap, held-out votes, residuals.

Clusters are given as `labelqa._kernels.boxes.clustering.members_of` lists them; every number here adds up over items.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from labelqa._kernels.arrays import Flags, Floats, Ints, Longs
from labelqa._kernels.boxes.matching import box_iou

#: An annotator's peer PQ is drawn towards the mean as if this many more boxes had been compared.
PQ_PRIOR = 20.0
#: Held-out votes are counted by support in steps of one part in this many.
STEPS = 1000


@njit(cache=True)
def peer_overlap(xyxy: Floats, offsets: Longs, members: Longs) -> Floats:
    """Sum, for each box, its IoU with the other boxes of its cluster.

    Parameters
    ----------
    xyxy
        float64 (B, 4).
    offsets, members
        int64 (n + 1,) and (m,).

    Returns
    -------
    array
        float64 (B,); 0 for boxes that are in no cluster or alone in theirs.
    """
    out = np.zeros(xyxy.shape[0])
    for k in range(offsets.shape[0] - 1):
        for i in range(offsets[k], offsets[k + 1]):
            for j in range(i + 1, offsets[k + 1]):
                iou = box_iou(xyxy[members[i]], xyxy[members[j]])
                out[members[i]] += iou
                out[members[j]] += iou
    return out


def peer_pq(
    overlap: Floats, view_offsets: Longs, item_offsets: Longs, view_item: Ints, view_annotator: Ints, n_annotators: int
) -> tuple[Floats, Floats]:
    """Panoptic quality of each annotator against all others of the same items.

    Parameters
    ----------
    overlap
        float64 (B,): sum, for each box, of its IoU with its partners.
    view_offsets, item_offsets, view_item, view_annotator
        As in `labelqa._codes.BoxCodes`.

    Returns
    -------
    quality, shrunk
        float64 (A,): nan where nobody can be compared with; drawn towards the mean, and never 0 for all.
    """
    n_boxes, n_views = np.diff(view_offsets), np.diff(item_offsets)[view_item]
    of_item = np.bincount(view_item, n_boxes, len(item_offsets) - 1)
    # each view is compared with every other of its item, both with all their boxes
    compared = np.where(n_views > 1, (n_views - 2) * n_boxes + of_item[view_item], 0)
    total = np.bincount(view_annotator, compared, n_annotators)
    shared = 2.0 * np.bincount(np.repeat(view_annotator, n_boxes), overlap, n_annotators)
    # where no two boxes overlap nobody is better than anybody
    mean = shared.sum() / total.sum() if shared.sum() > 0 else 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        quality = np.where(total > 0, shared / total, np.nan)
    return quality, (shared + PQ_PRIOR * mean) / (total + PQ_PRIOR)


@njit(cache=True)
def held_out_votes(
    cluster_item: Longs,
    offsets: Longs,
    members: Longs,
    box_view: Longs,
    view_weight: Floats,
    item_offsets: Longs,
) -> tuple[Longs, Longs]:
    """Count, by the support that the others give a cluster, how often a held-out view has a box in it.

    Parameters
    ----------
    cluster_item
        int64 (n,): the item of each cluster.
    offsets, members
        int64 (n + 1,) and (m,).
    box_view, view_weight
        int64 (B,) and float64 (V,), weights above 0.
    item_offsets
        int64 (I + 1,): the views of each item. Items with fewer than two views say nothing and are left out.

    Returns
    -------
    hits, trials
        int64 (STEPS + 1,): entry s counts the pairs of a cluster and a view whose other views support the cluster with
        a share of their weight in ``[s / STEPS, (s + 1) / STEPS)``.
    """
    hits, trials = np.zeros(STEPS + 1, np.int64), np.zeros(STEPS + 1, np.int64)
    has_box = np.zeros(view_weight.shape[0], np.bool_)
    for k in range(cluster_item.shape[0]):
        first, last = item_offsets[cluster_item[k]], item_offsets[cluster_item[k] + 1]
        if last - first < 2:
            continue
        votes, total = 0.0, view_weight[first:last].sum()
        for i in range(offsets[k], offsets[k + 1]):
            view = box_view[members[i]]
            has_box[view] = True
            votes += view_weight[view]
        for view in range(first, last):
            own = view_weight[view]
            share = (votes - own if has_box[view] else votes) / (total - own)
            # a share that should be a whole step may miss it by rounding
            step = min(STEPS, max(0, int(share * STEPS + 1e-6)))
            trials[step] += 1
            hits[step] += has_box[view]
        for i in range(offsets[k], offsets[k + 1]):
            has_box[box_view[members[i]]] = False
    return hits, trials


@njit(cache=True)
def residuals_by_view(
    xyxy: Floats,
    centre: Floats,
    offsets: Longs,
    members: Longs,
    is_used: Flags,
    box_view: Longs,
    view_effect: Floats,
    limit: float,
) -> tuple[Longs, Floats, Floats]:
    """Add up, for each view, how far its boxes lie from the centres of their clusters, in shares of the centre's size.

    Parameters
    ----------
    xyxy, centre
        float64 (B, 4) and (n, 4).
    offsets, members, is_used
        int64 (n + 1,) and (m,); bool (n,): clusters that count.
    box_view
        int64 (B,).
    view_effect
        float64 (V, 4): what each view's residuals are expected to be.
    limit
        Residuals are clipped to +- this.

    Returns
    -------
    n
        int64 (V,): boxes counted.
    total
        float64 (V, 4): sum of the residuals.
    deviation
        float64 (V,): sum, over boxes, of the mean absolute residual beyond the expected one.
    """
    n_views = view_effect.shape[0]
    n, total, deviation = np.zeros(n_views, np.int64), np.zeros((n_views, 4)), np.zeros(n_views)
    for k in range(offsets.shape[0] - 1):
        if not is_used[k]:
            continue
        for i in range(offsets[k], offsets[k + 1]):
            box = members[i]
            view = box_view[box]
            n[view] += 1
            for edge in range(4):
                size = centre[k, 2 + edge % 2] - centre[k, edge % 2]
                off = (xyxy[box, edge] - centre[k, edge]) / size if size > 0.0 else 0.0
                total[view, edge] += min(limit, max(-limit, off))
                deviation[view] += 0.25 * min(limit, abs(off - view_effect[view, edge]))
    return n, total, deviation


@njit(cache=True)
def without_effects(xyxy: Floats, centre: Floats, cluster: Longs, box_view: Longs, view_effect: Floats) -> Floats:
    """Move each edge back by its view's effect times the size of the cluster's centre: float64 (B, 4)."""
    out = xyxy.copy()
    for box in range(xyxy.shape[0]):
        k = cluster[box]
        if k < 0:
            continue
        for edge in range(4):
            size = centre[k, 2 + edge % 2] - centre[k, edge % 2]
            out[box, edge] -= view_effect[box_view[box], edge] * size
    return out


@njit(cache=True)
def spread_of(xyxy: Floats, centre: Floats, offsets: Longs, members: Longs) -> Floats:
    """Mean distance of the boxes of each cluster from its centre, per edge: float64 (n, 4), nan for a single box."""
    n_clusters = offsets.shape[0] - 1
    out = np.full((n_clusters, 4), np.nan)
    for k in range(n_clusters):
        n = offsets[k + 1] - offsets[k]
        if n > 1:
            for edge in range(4):
                total = 0.0
                for i in range(offsets[k], offsets[k + 1]):
                    total += abs(xyxy[members[i], edge] - centre[k, edge])
                out[k, edge] = total / n
    return out


@njit(cache=True)
def views_without(
    cluster_item: Longs, offsets: Longs, members: Longs, box_view: Longs, item_offsets: Longs
) -> tuple[Longs, Longs]:
    """List the views of each cluster's item that have no box in it.

    Returns
    -------
    starts, views
        int64 (n + 1,) and (m,): those of cluster k are ``views[starts[k] : starts[k + 1]]``.
    """
    n_clusters = cluster_item.shape[0]
    starts = np.zeros(n_clusters + 1, np.int64)
    for k in range(n_clusters):
        n_views = item_offsets[cluster_item[k] + 1] - item_offsets[cluster_item[k]]
        starts[k + 1] = starts[k] + n_views - (offsets[k + 1] - offsets[k])
    views = np.empty(starts[-1], np.int64)
    has_box = np.zeros(item_offsets[-1], np.bool_)
    for k in range(n_clusters):
        for i in range(offsets[k], offsets[k + 1]):
            has_box[box_view[members[i]]] = True
        place = starts[k]
        for view in range(item_offsets[cluster_item[k]], item_offsets[cluster_item[k] + 1]):
            if not has_box[view]:
                views[place] = view
                place += 1
            has_box[view] = False
    return starts, views


@njit(cache=True)
def overlap_with(xyxy: Floats, centre: Floats, cluster: Longs) -> Floats:
    """IoU of each box with the centre of its cluster: float64 (B,); 0 for cluster -1."""
    out = np.zeros(xyxy.shape[0])
    for box in range(xyxy.shape[0]):
        if cluster[box] >= 0:
            out[box] = box_iou(xyxy[box], centre[cluster[box]])
    return out
