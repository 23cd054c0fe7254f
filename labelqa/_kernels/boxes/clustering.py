"""Boxes of several annotators that mean one object: greedy clusters, and one box out of each cluster.

All arrays are those of `labelqa._codes.BoxCodes`: boxes within views within items, so that the boxes of item i are
``[view_offsets[item_offsets[i]], view_offsets[item_offsets[i + 1]])``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from labelqa._kernels.arrays import Flags, Floats, Ints, Longs, Words
from labelqa._kernels.boxes.matching import box_iou


@njit(cache=True)
def _comes_before(xyxy: Floats, label: Ints, a: int, b: int) -> bool:
    for edge in range(4):
        if xyxy[a, edge] != xyxy[b, edge]:
            return bool(xyxy[a, edge] < xyxy[b, edge])
    return bool(label[a] < label[b])


@njit(cache=True)
def _by_place(xyxy: Floats, label: Ints, first: int, last: int) -> Longs:
    """Order the boxes [first, last) by (x_min, y_min, x_max, y_max, label), which no annotator id enters."""
    order = first + np.argsort(xyxy[first:last, 0], kind="mergesort")
    for k in range(1, order.shape[0]):
        box = order[k]
        place = k
        while place > 0 and _comes_before(xyxy, label, box, order[place - 1]):
            order[place] = order[place - 1]
            place -= 1
        order[place] = box
    return order


@njit(cache=True)
def _edges(xyxy: Floats, label: Ints, view: Longs, order: Longs, iou_threshold: float) -> tuple[Longs, Longs]:
    """Pairs of positions in `order` that overlap enough and come from two views, by falling IoU.

    Equal IoU: the same label first, then the place of the first and of the second box.
    """
    n = order.shape[0]
    size = 4 * n + 4
    left, right, rank = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.float64)
    same = np.empty(size, np.bool_)
    count = 0
    for i in range(n):
        a = order[i]
        for j in range(i + 1, n):
            b = order[j]
            if xyxy[b, 0] >= xyxy[a, 2]:
                break
            if view[a] == view[b]:
                continue
            iou = box_iou(xyxy[a], xyxy[b])
            if iou < iou_threshold or iou == 0.0:
                continue
            if count == left.shape[0]:
                left, right = np.concatenate((left, left)), np.concatenate((right, right))
                rank, same = np.concatenate((rank, rank)), np.concatenate((same, same))
            left[count], right[count], rank[count], same[count] = i, j, -iou, label[a] == label[b]
            count += 1
    falling = np.argsort(rank[:count], kind="mergesort")
    start = 0
    while start < count:
        stop = start + 1
        while stop < count and rank[falling[stop]] == rank[falling[start]]:
            stop += 1
        if stop - start > 1:
            run = falling[start:stop].copy()
            agree = same[run]
            falling[start:stop] = np.concatenate((run[agree], run[~agree]))
        start = stop
    return left[falling], right[falling]


@njit(cache=True)
def _root(parent: Longs, k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@njit(cache=True)
def _share_a_view(seen: Words, other: Words) -> bool:
    for w in range(seen.shape[0]):  # noqa: SIM110 - compiled: a generator is slower
        if seen[w] & other[w]:
            return True
    return False


@njit(cache=True)
def _join(left: Longs, right: Longs, seat: Longs, n_views: int, out: int) -> Longs:
    """Union along the edges unless two boxes of one view would meet; boxes of view `out` stay alone.

    What two clusters may not do depends on what was joined before: connected components of the edges would not do.
    `seat` gives the view of each position, counted within the item. Returns the cluster of each position, numbered by
    first member, and -1 for the boxes of view `out`.
    """
    n = seat.shape[0]
    words = (n_views + 63) // 64
    parent = np.arange(n)
    seen = np.zeros((n, words), np.uint64)
    for k in range(n):
        seen[k, seat[k] // 64] = np.uint64(1) << np.uint64(seat[k] % 64)
    for e in range(left.shape[0]):
        if seat[left[e]] == out or seat[right[e]] == out:
            continue
        a, b = _root(parent, left[e]), _root(parent, right[e])
        if a == b:
            continue
        if _share_a_view(seen[a], seen[b]):
            continue
        a, b = min(a, b), max(a, b)
        parent[b] = a
        for w in range(words):
            seen[a, w] |= seen[b, w]
    number = np.full(n, -1, np.int64)
    cluster = np.full(n, -1, np.int64)
    count = 0
    for k in range(n):
        if seat[k] == out:
            continue
        root = _root(parent, k)
        if number[root] < 0:
            number[root] = count
            count += 1
        cluster[k] = number[root]
    return cluster


@njit(cache=True)
def views_of_boxes(view_offsets: Longs) -> Longs:
    """View of each box: shape (B,)."""
    out = np.empty(view_offsets[-1], np.int64)
    for v in range(view_offsets.shape[0] - 1):
        out[view_offsets[v] : view_offsets[v + 1]] = v
    return out


@njit(cache=True)
def greedy_clusters(
    xyxy: Floats, label: Ints, view_offsets: Longs, item_offsets: Longs, iou_threshold: float
) -> tuple[Longs, Longs]:
    """Put boxes of different views that overlap into clusters, the best overlaps first.

    Pairs with IoU >= `iou_threshold` are taken by falling IoU and their clusters joined, unless two boxes of one view
    would meet. Equal IoU: same label first, then the lowest box by (x_min, y_min, x_max, y_max, label).

    Parameters
    ----------
    xyxy, label
        float64 (B, 4) and int32 (B,).
    view_offsets, item_offsets
        int64 (V + 1,) and (I + 1,), see the module.

    Returns
    -------
    cluster
        int64 (B,): clusters are numbered by item, then by their lowest box.
    cluster_offsets
        int64 (I + 1,): the clusters of item i are ``[cluster_offsets[i], cluster_offsets[i + 1])``.
    """
    n_items = item_offsets.shape[0] - 1
    view = views_of_boxes(view_offsets)
    cluster = np.empty(view.shape[0], np.int64)
    cluster_offsets = np.zeros(n_items + 1, np.int64)
    for item in range(n_items):
        first_view, last_view = item_offsets[item], item_offsets[item + 1]
        first, last = view_offsets[first_view], view_offsets[last_view]
        count = 0
        if last > first:
            order = _by_place(xyxy, label, first, last)
            left, right = _edges(xyxy, label, view, order, iou_threshold)
            seat = view[order] - first_view
            found = _join(left, right, seat, last_view - first_view, -1)
            cluster[order] = cluster_offsets[item] + found
            count = found.max() + 1
        cluster_offsets[item + 1] = cluster_offsets[item] + count
    return cluster, cluster_offsets


@njit(cache=True)
def members_of(cluster: Longs, n_clusters: int) -> tuple[Longs, Longs]:
    """List the boxes of each cluster; boxes of cluster -1 are left out.

    Returns
    -------
    offsets, members
        int64 (n_clusters + 1,) and (n,): the boxes of cluster k are ``members[offsets[k] : offsets[k + 1]]``, rising.
    """
    offsets = np.zeros(n_clusters + 1, np.int64)
    for code in cluster:
        if code >= 0:
            offsets[code + 1] += 1
    for k in range(n_clusters):
        offsets[k + 1] += offsets[k]
    position = offsets[:-1].copy()
    members = np.empty(offsets[-1], np.int64)
    for box in range(cluster.shape[0]):
        if cluster[box] >= 0:
            members[position[cluster[box]]] = box
            position[cluster[box]] += 1
    return offsets, members


@njit(cache=True)
def weighted_median(values: Floats, weights: Floats, n: int) -> float:
    """Middle of the first n values by weight; halfway between two values where they split the weight evenly.

    Both arrays are put in order of value.
    """
    if n > 32:
        order = np.argsort(values[:n], kind="mergesort")
        values[:n], weights[:n] = values[order], weights[order]
    total = 0.0
    for k in range(n):
        value, weight, place = values[k], weights[k], k
        total += weight
        while place > 0 and values[place - 1] > value:
            values[place], weights[place] = values[place - 1], weights[place - 1]
            place -= 1
        values[place], weights[place] = value, weight
    # weights that should split evenly may miss it by rounding
    slack = 1e-12 * total
    below = 0.0
    for k in range(n):
        below += weights[k]
        if 2.0 * below > total + slack:
            return float(values[k])
        if 2.0 * below >= total - slack:
            for j in range(k + 1, n):
                if weights[j] > 0.0:
                    return float(0.5 * values[k] + 0.5 * values[j])
    return float(values[n - 1]) if n else np.nan


@njit(cache=True)
def median_boxes(xyxy: Floats, weights: Floats, offsets: Longs, members: Longs) -> Floats:
    """Weighted median per edge of the boxes of each cluster.

    Parameters
    ----------
    xyxy, weights
        float64 (B, 4) and (B,).
    offsets, members
        The boxes of each cluster, as `members_of` gives them.

    Returns
    -------
    array
        float64 (n_clusters, 4); nan for a cluster without boxes.
    """
    n_clusters = offsets.shape[0] - 1
    most = 0
    for k in range(n_clusters):
        most = max(most, offsets[k + 1] - offsets[k])
    value, weight = np.empty(most), np.empty(most)
    out = np.empty((n_clusters, 4))
    for k in range(n_clusters):
        start, n = offsets[k], offsets[k + 1] - offsets[k]
        for edge in range(4):
            if n == 1:
                out[k, edge] = xyxy[members[start], edge]
                continue
            for j in range(n):
                box = members[start + j]
                value[j], weight[j] = xyxy[box, edge], weights[box]
            out[k, edge] = weighted_median(value, weight, n)
    return out


@njit(cache=True)
def class_votes(label: Ints, weights: Floats, offsets: Longs, members: Longs) -> tuple[Ints, Floats, Flags]:
    """Choose the class of each cluster by weighted votes, the lowest code where several have equally many.

    Parameters
    ----------
    label, weights
        int32 and float64 (B,).
    offsets, members
        The boxes of each cluster, as `members_of` gives them.

    Returns
    -------
    winner, share, is_tied
        int32 (n,): -1 for a cluster without boxes; float64 (n,): the winner's share of the votes; bool (n,): whether
        another class has as many.
    """
    n_clusters = offsets.shape[0] - 1
    winner, share = np.full(n_clusters, -1, np.int32), np.full(n_clusters, np.nan)
    is_tied = np.zeros(n_clusters, np.bool_)
    for k in range(n_clusters):
        most, total = -1.0, 0.0
        for i in range(offsets[k], offsets[k + 1]):
            code, votes = label[members[i]], 0.0
            total += weights[members[i]]
            for j in range(offsets[k], offsets[k + 1]):
                if label[members[j]] == code:
                    votes += weights[members[j]]
            slack = 1e-12 * max(votes, most)
            if votes > most + slack:
                winner[k], most, is_tied[k] = code, votes, False
            elif votes >= most - slack and code != winner[k]:
                winner[k], is_tied[k] = min(code, winner[k]), True
        if total > 0.0:
            share[k] = most / total
    return winner, share, is_tied


@njit(cache=True)
def leave_one_out_boxes(
    xyxy: Floats,
    label: Ints,
    weights: Floats,
    view_offsets: Longs,
    item_offsets: Longs,
    iou_threshold: float,
) -> tuple[Longs, Floats, Ints, Floats]:
    """Cluster the boxes of all other views of the item, for each view in turn.

    Parameters
    ----------
    xyxy, label, view_offsets, item_offsets, iou_threshold
        As in `greedy_clusters`.
    weights
        float64 (B,): how much each box counts in the median.

    Returns
    -------
    offsets
        int64 (V + 1,): the boxes against which view v is held are ``[offsets[v], offsets[v + 1])``.
    boxes
        float64 (N, 4): weighted median of each cluster.
    labels
        int32 (N,): the label of most members, the lowest where several have equally many.
    share
        float64 (N,): members over the number of other views.
    """
    view = views_of_boxes(view_offsets)
    even = np.ones(view.shape[0])
    n_views = view_offsets.shape[0] - 1
    offsets = np.zeros(n_views + 1, np.int64)
    boxes, labels = np.empty((view.shape[0] + 1, 4)), np.empty(view.shape[0] + 1, np.int32)
    share = np.empty(view.shape[0] + 1)
    total = 0
    for item in range(item_offsets.shape[0] - 1):
        first_view, last_view = item_offsets[item], item_offsets[item + 1]
        first, last = view_offsets[first_view], view_offsets[last_view]
        order = _by_place(xyxy, label, first, last)
        left, right = _edges(xyxy, label, view, order, iou_threshold)
        seat = view[order] - first_view
        for out in range(last_view - first_view):
            found = _join(left, right, seat, last_view - first_view, out)
            count = found.max() + 1 if last > first else 0
            if total + count > boxes.shape[0]:
                boxes = np.concatenate((boxes, np.empty((boxes.shape[0] + count, 4))))
                labels = np.concatenate((labels, np.empty(labels.shape[0] + count, np.int32)))
                share = np.concatenate((share, np.empty(share.shape[0] + count)))
            start, inside_order = members_of(found, count)
            members = order[inside_order]
            boxes[total : total + count] = median_boxes(xyxy, weights, start, members)
            labels[total : total + count] = class_votes(label, even, start, members)[0]
            for k in range(count):
                share[total + k] = (start[k + 1] - start[k]) / (last_view - first_view - 1)
            total += count
            offsets[first_view + out + 1] = total
    return offsets, boxes[:total], labels[:total], share[:total]


@njit(cache=True)
def own_partners(xyxy: Floats, view_offsets: Longs, iou_threshold: float) -> tuple[Longs, Floats]:
    """Find, for each box, the box of the same view that overlaps it most, where IoU >= `iou_threshold`.

    Returns
    -------
    partner, iou
        int64 (B,), -1 for none; float64 (B,).
    """
    partner, best = np.full(xyxy.shape[0], -1, np.int64), np.zeros(xyxy.shape[0])
    for view in range(view_offsets.shape[0] - 1):
        for a in range(view_offsets[view], view_offsets[view + 1]):
            for b in range(a + 1, view_offsets[view + 1]):
                # boxes of a view are in the order of x_min
                if xyxy[b, 0] >= xyxy[a, 2]:
                    break
                iou = box_iou(xyxy[a], xyxy[b])
                if iou < iou_threshold or iou == 0.0:
                    continue
                if iou > best[a]:
                    partner[a], best[a] = b, iou
                if iou > best[b]:
                    partner[b], best[b] = a, iou
    return partner, best
