"""Speed of matching and of agreement on boxes, against IoU matrices with an assignment solver image by image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import Case

SIZES = (1_000, 10_000, 100_000)
CROWDS = (30, 100, 400)
HERE = "benchmarks._boxes_agreement"


def cases() -> list[Case]:
    """Matching of all pairs of three annotators at three sizes and densities, then all of box_agreement."""
    peers = {"supervision IoU + scipy": f"{HERE}:by_supervision"}
    plain = [
        Case("match all pairs, 3 annotators, 7 boxes a view", f"{HERE}:by_labelqa", peers, [n, 7], 3 if n < 1e5 else 1)
        for n in SIZES
    ]
    crowded = [
        Case("match crowded images, boxes a view", f"{HERE}:by_labelqa", peers, [max(2, 2000 // n), n]) for n in CROWDS
    ]
    whole = [Case("box_agreement, 1,000 bootstraps", f"{HERE}:whole", {}, n, 1) for n in SIZES]
    return [*plain, *crowded, *whole]


def views(n_images: int, n_boxes: int, n_annotators: int = 3, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Views of the same objects by annotators who shift edges, miss one box in ten and add as many.

    Gives item_offsets, view_offsets, xyxy and label, boxes in box order.
    """
    rng = np.random.default_rng(seed)
    n_objects = rng.poisson(n_boxes, n_images) if n_boxes < 20 else np.full(n_images, n_boxes)
    image = np.repeat(np.arange(n_images), n_objects)
    centre, half = rng.random((len(image), 2)) * [1280, 720], rng.uniform(10, 60, (len(image), 2))
    boxes, of_view = [], []
    for annotator in range(n_annotators):
        drawn = np.hstack([centre - half, centre + half]) + rng.normal(0, 4, (len(image), 4))
        lost = rng.random(len(image)) < 0.1
        drawn[lost] += rng.uniform(-300, 300, (int(lost.sum()), 2))[:, [0, 1, 0, 1]]
        boxes.append(drawn)
        of_view.append(image * n_annotators + annotator)
    xyxy, view = np.vstack(boxes), np.concatenate(of_view)
    order = np.lexsort((*xyxy.T[::-1], view))
    view_offsets = np.concatenate([[0], np.cumsum(np.bincount(view, minlength=n_images * n_annotators))])
    item_offsets = np.arange(0, n_images * n_annotators + 1, n_annotators)
    return item_offsets, view_offsets, np.ascontiguousarray(xyxy[order]), np.zeros(len(order), np.int32)


def by_labelqa(size: list[int]) -> Callable[[], object]:
    from labelqa._kernels.matching import match_within

    item_offsets, view_offsets, xyxy, label = views(*size)
    return lambda: match_within(item_offsets, view_offsets, xyxy, label, 0.5)


def by_supervision(size: list[int]) -> Callable[[], object]:
    from scipy.optimize import linear_sum_assignment
    from supervision.detection.utils.iou_and_nms import box_iou_batch

    item_offsets, view_offsets, xyxy, _ = views(*size)

    def run() -> int:
        found = 0
        for first in item_offsets[:-1]:
            seen = [xyxy[view_offsets[v] : view_offsets[v + 1]] for v in range(first, first + 3)]
            for a, b in ((0, 1), (0, 2), (1, 2)):
                if len(seen[a]) and len(seen[b]):
                    iou = box_iou_batch(seen[a], seen[b])
                    iou[iou < 0.5] = 0
                    rows, columns = linear_sum_assignment(iou, maximize=True)
                    found += int((iou[rows, columns] > 0).sum())
        return found

    return run


def whole(n_images: int) -> Callable[[], object]:
    import pandas as pd

    from labelqa import Annotations
    from labelqa.agreement import box_agreement

    _, view_offsets, xyxy, _ = views(n_images, 7)
    view = np.repeat(np.arange(3 * n_images), np.diff(view_offsets))
    every = np.arange(3 * n_images)
    data = Annotations.from_frames(
        boxes=pd.DataFrame(xyxy, columns=["x_min", "y_min", "x_max", "y_max"]).assign(
            item_id=view // 3, annotator_id=view % 3, label="a"
        ),
        views=pd.DataFrame({"item_id": every // 3, "annotator_id": every % 3}),
        faulty_boxes="keep",
    )
    _ = data.box_codes
    return lambda: box_agreement(data)
