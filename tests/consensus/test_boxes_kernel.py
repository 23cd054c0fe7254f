"""Greedy clusters against a naive version that follows the rule word by word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa._kernels.boxes.clustering import (
    greedy_clusters,
    leave_one_out_boxes,
    median_boxes,
    members_of,
    weighted_median,
)


def iou(a: Any, b: Any) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union


def naive(views: list[list[tuple[float, ...]]], tau: float) -> set[frozenset[tuple[int, int]]]:
    """Views hold boxes (x_min, y_min, x_max, y_max, label)."""
    boxes = sorted((box, v, k) for v, view in enumerate(views) for k, box in enumerate(view))
    edges = [
        (-iou(a[0], b[0]), a[0][4] != b[0][4], i, j)
        for i, a in enumerate(boxes)
        for j, b in enumerate(boxes)
        if i < j and a[1] != b[1] and iou(a[0], b[0]) >= tau
    ]
    cluster = [{i} for i in range(len(boxes))]
    for _, _, i, j in sorted(edges):
        joined = cluster[i] | cluster[j]
        if len({boxes[k][1] for k in joined}) == len(joined):
            for k in joined:
                cluster[k] = joined
    return {frozenset((boxes[k][1], boxes[k][2]) for k in members) for members in cluster}


def arrays(items: list[list[list[tuple[float, ...]]]]) -> tuple[Any, ...]:
    """Boxes within views within items, as the kernels take them."""
    views = [sorted(view) for item in items for view in item]
    boxes = [box for view in views for box in view]
    xyxy = np.array([box[:4] for box in boxes], np.float64).reshape(-1, 4)
    label = np.array([box[4] for box in boxes], np.int32)
    view_offsets = np.cumsum([0] + [len(view) for view in views])
    return xyxy, label, view_offsets, np.cumsum([0] + [len(item) for item in items])


small = st.integers(0, 6)
a_box = st.tuples(small, small, st.integers(1, 5), st.integers(1, 5), st.integers(0, 1)).map(
    lambda b: (float(b[0]), float(b[1]), float(b[0] + b[2]), float(b[1] + b[3]), b[4])
)
# distinct boxes within a view: which of two equal boxes is meant cannot be told
an_item = st.lists(st.lists(a_box, max_size=6, unique=True), min_size=1, max_size=4)


def found_clusters(items: list[list[list[tuple[float, ...]]]], tau: float) -> list[set[frozenset[tuple[int, int]]]]:
    xyxy, label, view_offsets, item_offsets = arrays(items)
    cluster, offsets = greedy_clusters(xyxy, label, view_offsets, item_offsets, tau)
    out = []
    for i in range(len(items)):
        members: dict[int, set[tuple[int, int]]] = {}
        for v in range(item_offsets[i], item_offsets[i + 1]):
            for k, box in enumerate(range(view_offsets[v], view_offsets[v + 1])):
                assert offsets[i] <= cluster[box] < offsets[i + 1]
                members.setdefault(int(cluster[box]), set()).add((int(v - item_offsets[i]), k))
        assert len(members) == offsets[i + 1] - offsets[i]
        out.append({frozenset(pairs) for pairs in members.values()})
    return out


@settings(max_examples=60, deadline=None)
@given(st.lists(an_item, min_size=1, max_size=3), st.sampled_from([0.2, 0.5, 0.75]))
def test_greedy_clusters_follow_the_rule(items: list[Any], tau: float) -> None:
    items = [[sorted(view) for view in item] for item in items]
    # equal boxes of two views can stand for each other: compare the boxes, not who drew them
    for item, found in zip(items, found_clusters(items, tau), strict=True):
        as_boxes = [
            sorted(sorted(item[v][k] for v, k in cluster) for cluster in clusters)
            for clusters in (found, naive(item, tau))
        ]
        assert as_boxes[0] == as_boxes[1]


def test_more_than_64_views_never_meet_in_one_cluster_twice() -> None:
    rng = np.random.default_rng(0)
    item = [
        [(float(x), 0.0, float(x) + 10, 10.0, 0) for x in np.cumsum(rng.integers(1, 9, 3)).tolist()] for _ in range(70)
    ]
    for clusters in found_clusters([item], 0.5):
        for members in clusters:
            assert len({view for view, _ in members}) == len(members)
    assert found_clusters([item], 0.5)[0] == naive([sorted(view) for view in item], 0.5)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_clusters_do_not_depend_on_the_unit(scale: float) -> None:
    one, other = (0.0, 0.0, 4 * scale, 4 * scale, 0), (0.0, 0.0, 4 * scale, 5 * scale, 0)
    far = (9 * scale, 0.0, 10 * scale, scale, 0)
    item = [[one], [other], [], [far]]
    assert found_clusters([item], 0.5)[0] == {frozenset({(0, 0), (1, 0)}), frozenset({(3, 0)})}


def test_empty_tables_give_no_clusters() -> None:
    cluster, offsets = greedy_clusters(
        np.empty((0, 4)), np.empty(0, np.int32), np.zeros(3, np.int64), np.array([0, 1, 2, 2]), 0.5
    )
    assert len(cluster) == 0
    assert offsets.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [
        ([3.0, 1.0, 2.0], [1.0, 1.0, 1.0], 2.0),
        ([1.0, 2.0], [1.0, 1.0], 1.5),
        ([1.0, 2.0], [1.0, 1.1], 2.0),
        ([1.0, 2.0, 9.0], [0.1, 0.2, 0.3], 5.5),  # .1 + .2 is half of the weight, up to rounding
        ([1.0, 2.0, 9.0], [1.0, 0.0, 1.0], 5.0),
        ([7.0], [0.0], 7.0),
    ],
)
def test_weighted_median(values: list[float], weights: list[float], expected: float) -> None:
    assert weighted_median(np.array(values), np.array(weights), len(values)) == pytest.approx(expected)


@settings(max_examples=20, deadline=None)
@given(st.lists(an_item, min_size=1, max_size=2))
def test_leaving_a_view_out_is_clustering_without_it(items: list[Any]) -> None:
    xyxy, label, view_offsets, item_offsets = arrays(items)
    offsets, boxes, labels, share = leave_one_out_boxes(
        xyxy, label, np.ones(len(xyxy)), view_offsets, item_offsets, 0.5
    )
    for i, item in enumerate(items):
        for v in range(len(item)):
            others = item[:v] + item[v + 1 :]
            x, lab, views, within = arrays([others])
            cluster, n = greedy_clusters(x, lab, views, within, 0.5)
            of_view = slice(offsets[item_offsets[i] + v], offsets[item_offsets[i] + v + 1])
            expected = median_boxes(x, np.ones(len(x)), *members_of(cluster, int(n[-1])))
            assert np.array_equal(boxes[of_view], expected)
            votes = [np.bincount(lab[cluster == k]) for k in range(int(n[-1]))]
            assert labels[of_view].tolist() == [int(v.argmax()) for v in votes]
            assert share[of_view] == pytest.approx([v.sum() / max(len(others), 1) for v in votes])
