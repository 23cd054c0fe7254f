"""Consensus boxes: speed against weighted boxes fusion, and F1 with experts' boxes on two real sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import _boxes_data
from benchmarks._boxes_agreement import made, views
from benchmarks.harness import Case
from labelqa import Annotations

HERE = "benchmarks._boxes_consensus"
EDGES = ["x_min", "y_min", "x_max", "y_max"]
TAUS = (0.5, 0.75, 0.9)
#: Narrower boxes are left out on both sides, as in the studies of the street images.
NARROW = {"pedestrians": 30.0, "crowdboxes": 0.0}


def cases() -> list[Case]:
    """Consensus of three annotators with about 7 boxes a view: boxes alone against fusion, then with all tables."""
    peers = {"ensemble-boxes WBF": f"{HERE}:by_fusion"}
    words = "3 annotators, 7 boxes a view"
    alone = [Case(f"consensus boxes, {words}", f"{HERE}:by_labelqa", peers, n, 1) for n in (1_000, 10_000)]
    whole = [Case("consensus_boxes with all tables", f"{HERE}:whole", {}, n, 1) for n in (1_000, 10_000, 100_000)]
    return [*alone, Case(f"consensus boxes, {words}", f"{HERE}:by_labelqa", {}, 100_000, 1), *whole]


def by_labelqa(n_images: int) -> Callable[[], object]:
    """Weights, quorum, habits and boxes, arrays in and out as for fusion."""
    from labelqa.consensus.boxes._fit import fit_boxes

    codes = made(n_images).box_codes

    def run() -> object:
        fit = fit_boxes(codes, 0.5, quorum=None, weights=None, remove_bias=True)
        return fit.placed.xyxy[fit.is_kept]

    return run


def whole(n_images: int) -> Callable[[], object]:
    from labelqa.consensus import consensus_boxes

    data = made(n_images)
    _ = data.box_codes
    return lambda: consensus_boxes(data)


def by_fusion(n_images: int) -> Callable[[], object]:
    from ensemble_boxes import weighted_boxes_fusion

    _, view_offsets, xyxy, _ = views(n_images, 7)
    # fusion wants boxes within the unit square
    shares = (xyxy - xyxy.min()) / (xyxy.max() - xyxy.min())
    boxes = [shares[view_offsets[v] : view_offsets[v + 1]].tolist() for v in range(3 * n_images)]
    ones = [[1.0] * len(each) for each in boxes]

    def run() -> None:
        for first in range(0, 3 * n_images, 3):
            three = slice(first, first + 3)
            weighted_boxes_fusion(boxes[three], ones[three], ones[three], iou_thr=0.5)

    return run


def section() -> str:
    """F1 of each method with the experts' boxes, and what the conventions are, as Markdown."""
    return "\n\n".join(_consensus(name) + "\n\n" + _conventions(name) for name in _boxes_data.LAST_PIXEL)


def _consensus(name: str) -> str:
    data, gold = _read(name)
    lines = [
        f"### Consensus: {name}",
        "",
        f"F1 with {len(gold.boxes):,} boxes of experts on {len(gold.items):,} images"
        + (f"; boxes narrower than {NARROW[name]:.0f} pixels are left out on both sides." if NARROW[name] else "."),
        "",
        "| method | IoU 0.5 | 0.75 | 0.9 |",
        "|---|---|---|---|",
    ]
    for words, boxes in _methods(data):
        scores = " | ".join(f"{_f1(boxes, gold, tau):.4f}" for tau in TAUS)
        lines.append(f"| {words} | {scores} |")
    return "\n".join(lines)


def _methods(data: Annotations) -> Iterator[tuple[str, pd.DataFrame]]:
    from labelqa.consensus import consensus_boxes

    for iou, quorum in ((0.5, 0.5), (0.3, 1 / 3)):
        yield f"weighted boxes fusion (ensemble-boxes), IoU {iou}, quorum {quorum:.2g}", _fused(data, iou, quorum)
    plain: dict[str, Any] = {"weights": "equal", "remove_bias": False}
    for quorum in (1 / 2, 1 / 3):
        found = consensus_boxes(data, quorum=quorum, **plain)
        yield f"greedy clusters, quorum {quorum:.2g}, mean box", _mean_boxes(found)
        yield f"greedy clusters, quorum {quorum:.2g}, median box", found.table
    for quorum in (1 / 2, 1 / 3):
        found = consensus_boxes(data, quorum=quorum, remove_bias=False)
        yield f"votes and edges weighted, quorum {quorum:.2g}", found.table
    found = consensus_boxes(data)
    yield f"default: weighted, habits taken out, quorum from the data ({found.quorum:.2f})", found.table


def _mean_boxes(found: Any) -> pd.DataFrame:
    inside = found.members.dropna(subset="consensus_id")
    return inside.groupby(["item_id", "consensus_id"])[EDGES].mean().reset_index()


def _fused(data: Annotations, iou_threshold: float, quorum: float) -> pd.DataFrame:
    from ensemble_boxes import weighted_boxes_fusion

    codes, rows = data.box_codes, []
    for item, (first, last) in enumerate(zip(codes.item_offsets[:-1], codes.item_offsets[1:], strict=True)):
        xyxy = codes.xyxy[codes.view_offsets[first] : codes.view_offsets[last]]
        if not len(xyxy):
            continue
        low, size = xyxy.min(axis=0)[:2], (xyxy[:, 2:].max(axis=0) - xyxy[:, :2].min(axis=0))
        by_view = [
            (
                (codes.xyxy[codes.view_offsets[v] : codes.view_offsets[v + 1]] - np.tile(low, 2)) / np.tile(size, 2)
            ).tolist()
            for v in range(first, last)
        ]
        ones = [[1.0] * len(each) for each in by_view]
        boxes, scores, _ = weighted_boxes_fusion(by_view, ones, ones, iou_thr=iou_threshold)
        kept = boxes[scores >= quorum - 1e-6] * np.tile(size, 2) + np.tile(low, 2)
        rows += [(codes.items[item], *box) for box in kept]
    return pd.DataFrame(rows, columns=["item_id", *EDGES])


def _read(name: str) -> tuple[Annotations, Annotations]:
    """Annotators and experts without narrow boxes; the views stay."""
    sets = []
    for data in (_boxes_data.annotators(name), _boxes_data.gold(name)):
        wide = data.boxes.loc[data.boxes["x_max"] - data.boxes["x_min"] >= NARROW[name]]
        sets.append(Annotations.from_frames(boxes=wide, views=data.views, items=data.items, faulty_boxes="keep"))
    return sets[0], sets[1]


def _f1(boxes: pd.DataFrame, gold: Annotations, tau: float) -> float:
    """Micro F1 on the items that experts saw."""
    from labelqa._kernels.boxes.matching import match_views

    order = pd.Index(gold.items["item_id"])
    sides: list[Any] = []
    for table in (boxes, gold.boxes):
        code = order.get_indexer(table["item_id"])
        kept = np.flatnonzero(code >= 0)
        kept = kept[np.argsort(code[kept], kind="stable")]
        offsets = np.concatenate([[0], np.cumsum(np.bincount(code[kept], minlength=len(order)))])
        sides += [table[EDGES].to_numpy(np.float64)[kept], offsets, np.zeros(len(kept), np.int32)]
    return 2 * len(match_views(*sides, tau)[0]) / (len(sides[0]) + len(sides[3]))


def _conventions(name: str) -> str:
    from labelqa.agreement import box_conventions

    found = box_conventions(_boxes_data.annotators(name))
    every = found.explained.iloc[-1]
    lines = [
        f"### Conventions: {name}",
        "",
        f"The annotator explains {100 * found.variance_explained:.0f} % of the variance of box size. "
        f"{found.n_findings} habits are beyond chance and large; settling all of them would lift F1 from "
        f"{every['f1']:.3f} to {every['f1_settled']:.3f} and PQ from {every['pq']:.3f} to {every['pq_settled']:.3f}. "
        "The largest:",
        "",
    ]
    largest = found.findings.assign(size=found.findings["effect"].abs()).nlargest(6, "size")
    return "\n".join([*lines, *[f"- {sentence}" for sentence in largest["sentence"]]])
