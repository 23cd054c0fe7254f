"""Matching of boxes and agreement on them: speed against an assignment solver image by image, and two real sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import _boxes_data
from benchmarks.harness import Case
from labelqa import Annotations

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
    from labelqa._kernels.boxes.matching import match_within

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


def made(n_images: int) -> Annotations:
    """The same views as tables."""
    _, view_offsets, xyxy, _ = views(n_images, 7)
    view = np.repeat(np.arange(3 * n_images), np.diff(view_offsets))
    every = np.arange(3 * n_images)
    return Annotations.from_frames(
        boxes=pd.DataFrame(xyxy, columns=["x_min", "y_min", "x_max", "y_max"]).assign(
            item_id=view // 3, annotator_id=view % 3, label="a"
        ),
        views=pd.DataFrame({"item_id": every // 3, "annotator_id": every % 3}),
        faulty_boxes="keep",
    )


def whole(n_images: int) -> Callable[[], object]:
    from labelqa.agreement import box_agreement

    data = made(n_images)
    _ = data.box_codes
    return lambda: box_agreement(data)


def section() -> str:
    """Agreement on the two real sets, as Markdown."""
    from labelqa.agreement import box_agreement, detector_ceiling

    parts = []
    for name in _boxes_data.LAST_PIXEL:
        data = _boxes_data.annotators(name)
        found, ceiling = box_agreement(data), detector_ceiling(data)
        parts += [f"### Agreement: {name}", _scores(found, ceiling), _lost(found), _ranks(name, data, found)]
    return "\n\n".join(parts)


def _scores(found: Any, ceiling: Any) -> str:
    lines = [
        f"{found.n_images:,} images, {found.n_annotators} annotators, {found.n_pairs:,} pairs of views, "
        f"{found.n_matches:,} matched boxes at IoU 0.5.",
        "",
        "| number | value | 95 % interval over images |",
        "|---|---|---|",
    ]
    named = {
        "f1": "micro F1", "mean_iou": "mean IoU of matches", "pq": "PQ", "f1_image": "F1 per image, all",
        "f1_image_nonempty": "F1 per image, not empty", "alpha": "alpha, distance 1 - F1",
        "alpha_pq": "alpha, distance 1 - PQ at IoU 0.1", "alpha_kalos": "alpha as KALOS computes it",
    }  # fmt: skip
    for result, names in (
        (found, named),
        (ceiling, {"map": "ceiling mAP", "ap50": "ceiling AP50", "ap75": "ceiling AP75"}),
    ):
        for name, words in names.items():
            value, low, high = (getattr(result, name + end) for end in ("", "_low", "_high"))
            lines.append(f"| {words} | {value:.4f} | {low:.4f} to {high:.4f} |")
    sweep = ", ".join(f"{row.f1:.4f} at {row.iou_threshold}" for row in found.sweep.itertuples())
    warning = f"\n\n{found.alpha_kalos_warning}" if found.alpha_kalos_warning else ""
    return "\n".join(lines) + f"\n\nF1 by IoU threshold: {sweep}.{warning}"


def _lost(found: Any) -> str:
    rows = found.decomposition.query("scope == 'all'")
    parts = ", ".join(f"{row.part} {row.share:.4f}" for row in rows.itertuples())
    return f"What is missing to 1: {parts}; sum {rows['share'].sum():.4f} = 1 - PQ {1 - found.pq:.4f}."


def _ranks(name: str, data: Any, found: Any) -> str:
    """Rank correlation of F1 with peers and F1 with experts, over annotators with at least 20 views of either."""
    from scipy.stats import spearmanr

    from labelqa.agreement import box_agreement

    experts = _boxes_data.gold(name)
    shared = sorted(set(experts.items["item_id"]) & set(data.items["item_id"]))
    peers = box_agreement(data.select(items=shared), n_resamples=0, n_permutations=1).per_annotator
    scores = f1_with_gold(data, experts)
    both = peers.merge(scores, on="annotator_id")
    both = both.loc[both["n_views"] >= 20]
    spearman = spearmanr(both["f1"], both["gold_f1"])[0]
    return (
        f"F1 with peers ranks annotators like F1 with experts: Spearman {spearman:.2f} "
        f"({len(both)} annotators with at least 20 views of the {len(shared)} images that experts saw)."
    )


def f1_with_gold(data: Any, experts: Any) -> Any:
    """Micro F1 of each annotator with the experts' boxes: annotator_id, n_views, gold_f1."""
    from labelqa._kernels.boxes.matching import match_views

    codes, gold = data.box_codes, experts.box_codes
    place = pd.Index(gold.items).get_indexer(pd.Index(codes.items))[codes.view_item]
    views = np.flatnonzero(place >= 0)
    lengths, gold_lengths = np.diff(codes.view_offsets)[views], np.diff(gold.view_offsets)
    own = np.isin(np.repeat(np.arange(len(place)), np.diff(codes.view_offsets)), views)
    # one expert view per image
    starts = gold.view_offsets[gold.item_offsets[place[views]]]
    n_gold = gold_lengths[gold.item_offsets[place[views]]]
    theirs = np.concatenate([np.arange(start, start + n) for start, n in zip(starts, n_gold, strict=True)])
    offsets, gold_offsets = (np.concatenate([[0], np.cumsum(n)]) for n in (lengths, n_gold))
    index, _, _ = match_views(
        codes.xyxy[own], offsets, codes.label[own], gold.xyxy[theirs], gold_offsets, gold.label[theirs]
    )
    matched = np.bincount(np.searchsorted(offsets, index, side="right") - 1, minlength=len(views))
    who = codes.view_annotator[views]
    table = pd.DataFrame({"annotator_id": codes.annotators[who].astype(str), "matched": matched, "n": lengths + n_gold})
    sums = table.groupby("annotator_id").agg(n_views=("n", "size"), matched=("matched", "sum"), n=("n", "sum"))
    return sums.assign(gold_f1=2 * sums["matched"] / sums["n"]).dropna().reset_index()
