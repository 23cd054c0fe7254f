"""The matching kernel against enumeration, and against an IoU matrix with scipy's solver image by image."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from labelqa._kernels.boxes.matching import box_order, match_views, match_within, view_pairs


def naive_iou(a, b):
    corner = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = np.clip(corner[1] - corner[0], 0, None).prod(axis=2)
    area_a, area_b = ((x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b))
    union = area_a[:, None] + area_b[None, :] - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)


def scipy_matches(a, label_a, b, label_b, tau, aware):
    iou = naive_iou(a, b)
    iou[iou < tau] = 0
    if aware:
        iou[label_a[:, None] != label_b[None, :]] = 0
    rows, columns = linear_sum_assignment(iou, maximize=True)
    return [(i, j) for i, j in zip(rows, columns, strict=True) if iou[i, j] > 0]


def naive_matches(a, label_a, b, label_b, tau, aware):
    """Enumerate boxes in box order: total IoU, then common labels, then the lowest partners from the first box on."""
    iou = naive_iou(a, b)
    n_b = len(b)
    slots = list(range(n_b)) + [n_b] * len(a)
    best = None
    for picked in set(permutations(slots, len(a))):
        pairs = [(i, j) for i, j in enumerate(picked) if j < n_b]
        if any(iou[p] < tau or (aware and label_a[p[0]] != label_b[p[1]]) for p in pairs):
            continue
        total = round(sum(iou[p] for p in pairs), 9)
        key = (-total, -sum(label_a[i] == label_b[j] for i, j in pairs), picked)
        best = key if best is None or key < best else best
    return [(i, j) for i, j in enumerate(best[2]) if j < n_b]


def one_view(boxes):
    return np.array([0, len(boxes)])


def in_order(boxes, labels):
    boxes, labels = np.asarray(boxes, float).reshape(-1, 4), np.asarray(labels, np.int32)
    order = box_order(boxes, one_view(boxes), labels)
    return boxes[order], labels[order]


def pairs_of(a, label_a, b, label_b, tau, aware=False):
    index_a, index_b, iou = match_views(a, one_view(a), label_a, b, one_view(b), label_b, tau, aware)
    assert iou == pytest.approx(naive_iou(a, b)[index_a, index_b])
    return list(zip(index_a.tolist(), index_b.tolist(), strict=True))


def crowd(rng, n, spread):
    centre = rng.random((n, 2)) * spread
    half = rng.uniform(2, 8, (n, 2))
    return np.hstack([centre - half, centre + half])


grid_box = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)).map(
    lambda c: (c[0], c[1], c[0] + c[2], c[1] + c[3])
)
views = st.lists(st.tuples(grid_box, st.integers(0, 1)), max_size=4)


@settings(max_examples=150, deadline=None)
@given(views, views, st.sampled_from([0.25, 0.5, 1.0]), st.booleans(), st.sampled_from([1.0, 2.0**-30, 2.0**30]))
def test_equals_enumeration_with_ties_duplicates_and_flat_boxes(first, second, tau, aware, scale):
    a, label_a = in_order([box for box, _ in first], [label for _, label in first])
    b, label_b = in_order([box for box, _ in second], [label for _, label in second])
    found = pairs_of(a * scale, label_a, b * scale, label_b, tau, aware)
    assert found == naive_matches(a, label_a, b, label_b, tau, aware)


@pytest.mark.parametrize("aware", [False, True])
@pytest.mark.parametrize(("n", "spread"), [(7, 40), (30, 40), (100, 60), (400, 90), (400, 30)])
def test_equals_scipy_on_crowded_views(n, spread, aware):
    rng = np.random.default_rng(n)
    a, b = crowd(rng, n, spread), crowd(rng, n + 5, spread)
    label_a, label_b = rng.integers(0, 2, n, dtype=np.int32), rng.integers(0, 2, n + 5, dtype=np.int32)
    for tau in (0.05, 0.5):
        found = pairs_of(a, label_a, b, label_b, tau, aware)
        assert sorted(found) == sorted(scipy_matches(a, label_a, b, label_b, tau, aware))


def test_order_of_rows_changes_nothing():
    rng = np.random.default_rng(0)
    boxes = np.repeat(rng.integers(0, 4, (20, 2)), 2, axis=1)[:, [0, 2, 1, 3]].astype(float)
    boxes[:, 2:] += 3
    label = rng.integers(0, 2, 20, dtype=np.int32)
    other = boxes + 1
    keyed = set()
    for _ in range(5):
        p, q = rng.permutation(20), rng.permutation(20)
        found = match_views(boxes[p], one_view(p), label[p], other[q], one_view(q), label[q], 0.2, False)
        keyed.add(
            tuple(
                sorted((*boxes[p][i], label[p][i], *other[q][j], label[q][j]) for i, j in zip(*found[:2], strict=True))
            )
        )
    assert len(keyed) == 1


def test_a_tie_goes_to_the_same_label_then_to_the_lowest_box():
    a = np.array([[0.0, 0, 10, 10]])
    twins = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10]])
    assert pairs_of(a, np.array([1], np.int32), twins, np.array([0, 1, 2], np.int32), 0.5) == [(0, 1)]
    assert pairs_of(a, np.array([3], np.int32), twins, np.array([0, 1, 2], np.int32), 0.5) == [(0, 0)]


def test_total_iou_beats_a_greedy_choice():
    # IoU .80 .56 / .80 .20: taking the first .80 would leave the others alone
    a = np.array([[0.0, 0, 100, 10], [0, 0, 64, 10]])
    b = np.array([[0.0, 0, 80, 10], [44, 0, 100, 10]])
    found = pairs_of(a, np.zeros(2, np.int32), b, np.zeros(2, np.int32), 0.5)
    assert sorted(found) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_identical_views_match_box_by_box(scale):
    boxes, label = in_order(crowd(np.random.default_rng(1), 50, 60) * scale, np.zeros(50))
    assert pairs_of(boxes, label, boxes, label, 0.5) == [(i, i) for i in range(50)]


def test_all_pairs_of_views_with_empty_ones():
    xyxy = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [50, 50, 60, 60], [0, 0, 10, 11]])
    item_offsets, view_offsets = np.array([0, 3, 3, 5]), np.array([0, 1, 1, 3, 3, 4])
    found = match_within(item_offsets, view_offsets, xyxy, np.zeros(4, np.int32), 0.5)
    assert found.item.tolist() == [0, 0, 0, 2]
    assert found.view_a.tolist() == [0, 0, 1, 3]
    assert found.view_b.tolist() == [1, 2, 2, 4]
    assert found.n_matches.tolist() == [0, 1, 0, 0]
    assert (found.box_a.tolist(), found.box_b.tolist()) == ([0], [1])
    assert found.sum_iou.tolist() == [0, 1, 0, 0]


def test_nothing_to_match():
    none, label = np.empty((0, 4)), np.empty(0, np.int32)
    assert pairs_of(none, label, none, label, 0.5) == []
    assert [len(part) for part in view_pairs(np.array([0]))] == [0, 0, 0]
