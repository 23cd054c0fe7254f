"""Boxes of a detector: read, joined by item id, and held against every view."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import BOX_EDGES, need_columns
from labelqa._codes import BoxCodes, encode_ids, id_text
from labelqa._foreign import json_of, utf8_of
from labelqa._kernels.arrays import Floats, Longs
from labelqa._kernels.boxes.matching import match_views
from labelqa._kernels.sorting import offsets_of
from labelqa.errors import TableError, shown
from labelqa.noise._cleanlab import objectlab_scores

#: A detection below this score is not taken for an object that a view lacks.
SURE = 0.5


@dataclass(frozen=True, eq=False)
class Detections:
    """Detector boxes, sorted by item.

    Attributes
    ----------
    xyxy, score, label
        float64 (D, 4), (D,), int64 (D,).
    offsets
        int64 (I + 1,): the detections of item i.
    classes
        Classes of the annotations, then those that only the detector knows.
    score_of_box
        float64 (B,): score of the detection that matches each box, 0 for none.
    is_seen
        For every view (V, in order) a bool array over the detections of its item: whether the view has a box there.
    """

    xyxy: Floats
    score: Floats
    label: Longs
    offsets: Longs
    classes: list[Any]
    score_of_box: Floats
    is_seen: list[NDArray[np.bool_]]

    def unseen(self, codes: BoxCodes) -> Iterator[tuple[int, int]]:
        """Give view and row of sure detections where the view has nothing, for views that nobody else can judge."""
        alone = np.diff(codes.item_offsets)[codes.view_item] < 2
        for view in np.flatnonzero(alone).tolist():
            first = int(self.offsets[codes.view_item[view]])
            for row in (first + np.flatnonzero(~self.is_seen[view])).tolist():
                if self.score[row] >= SURE:
                    yield view, row


def read_detections(
    given: Any, categories: Mapping[int, Hashable] | None, codes: BoxCodes, iou_threshold: float
) -> Detections:
    """Read a table or COCO results and match them with every view.

    Raises
    ------
    TableError
        For anything that cannot be read, numbers that are not finite, or no item in common.
    """
    table = given if isinstance(given, pd.DataFrame) else _from_coco(given, categories)
    need_columns(table, "detections", ["item_id", "label", *BOX_EDGES, "score"])
    values = table[[*BOX_EDGES, "score"]].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        raise TableError(
            f"{len(bad)} detections have a number that is missing (rows {shown(bad.tolist())}); leave them out."
        )
    ids, known = encode_ids(table["item_id"], "item_id")
    place = pd.Index(codes.items).get_indexer(pd.Index(known))
    item = place[ids] if len(ids) else np.empty(0, np.int64)
    if len(item) and (item < 0).all():
        raise TableError(
            f"No detection is of an item in the annotations (detections: {shown(known)}; annotations: "
            f"{shown(codes.items)}); give both the same ids."
        )
    kept = np.flatnonzero(item >= 0)
    kept = kept[np.lexsort((-values[kept, 4], item[kept]))]
    classes, label = _classes(table["label"], codes)
    offsets = np.asarray(offsets_of(item[kept].astype(np.int32), len(codes.items)))
    found = Detections(values[kept, :4], values[kept, 4], label[kept], offsets, classes, np.zeros(len(codes.xyxy)), [])
    return _matched(codes, found, iou_threshold)


def _from_coco(given: Any, categories: Mapping[int, Hashable] | None) -> pd.DataFrame:
    if isinstance(given, str | os.PathLike):
        given = json_of(utf8_of(Path(given).read_bytes(), given), given)
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise TableError(
            f"Detections are a {type(given).__name__}; needed is a table, or COCO results: a list of objects with "
            "image_id, category_id, bbox and score, or the path of a JSON file of it."
        )
    needed = ("image_id", "category_id", "bbox", "score")
    lacking = [k for k, one in enumerate(given) if any(name not in one for name in needed) or len(one["bbox"]) != 4]
    if lacking:
        raise TableError(
            f"{len(lacking)} COCO results lack one of {shown(needed)}, or their bbox is not four numbers (first: "
            f"{shown(lacking)}); write each as image_id, category_id, bbox [x, y, width, height] and score."
        )
    if categories is not None:
        unknown = sorted({str(one["category_id"]) for one in given if one["category_id"] not in categories})
        if unknown:
            raise TableError(f"categories= names no class for category_id {shown(unknown)}; add them.")
    corners = np.asarray([one["bbox"] for one in given], np.float64).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    names = [one["category_id"] if categories is None else categories[one["category_id"]] for one in given]
    return pd.DataFrame(
        {
            "item_id": [id_text(one["image_id"]) for one in given],
            "label": names,
            **dict(zip(BOX_EDGES, corners.T, strict=True)),
            "score": [one["score"] for one in given],
        }
    )


def _classes(labels: pd.Series, codes: BoxCodes) -> tuple[list[Any], Longs]:
    """Join classes by their text: those of the annotations first."""
    by_text = {id_text(value): k for k, value in enumerate(codes.classes)}
    classes = list(codes.classes)
    for value in labels.unique():
        if id_text(value) not in by_text:
            by_text[id_text(value)] = len(classes)
            classes.append(value)
    return classes, np.asarray([by_text[id_text(value)] for value in labels], np.int64)


def _matched(codes: BoxCodes, found: Detections, iou_threshold: float) -> Detections:
    """Match the detections of its item with every view; each view gets its own copy of them."""
    offsets = found.offsets
    n_of_view = np.diff(offsets)[codes.view_item]
    starts = np.concatenate([[0], np.cumsum(n_of_view)])
    row = np.arange(starts[-1]) + np.repeat(offsets[:-1][codes.view_item] - starts[:-1], n_of_view)
    own, theirs, _ = match_views(
        codes.xyxy,
        codes.view_offsets,
        codes.label,
        found.xyxy[row],
        starts,
        found.label[row].astype(np.int32),
        iou_threshold,
    )
    score_of_box, is_seen = np.zeros(len(codes.xyxy)), np.zeros(len(row), bool)
    score_of_box[own], is_seen[theirs] = found.score[row[theirs]], True
    seen = [is_seen[starts[view] : starts[view + 1]] for view in range(len(n_of_view))]
    return replace(found, score_of_box=score_of_box, is_seen=seen)


def detector_scores(codes: BoxCodes, detections: Detections) -> dict[str, Floats]:
    """Score every view by ObjectLab; nan for items that the detector has not seen."""
    n_classes = len(detections.classes)
    by_item: dict[int, list[Floats]] = {}
    for item in np.unique(codes.view_item).tolist():
        part = slice(detections.offsets[item], detections.offsets[item + 1])
        both = np.column_stack([detections.xyxy[part], detections.score[part]])
        by_item[item] = [both[detections.label[part] == k] for k in range(n_classes)]
    views = range(len(codes.view_item))
    boxes = [codes.xyxy[codes.view_offsets[v] : codes.view_offsets[v + 1]] for v in views]
    labels = [codes.label[codes.view_offsets[v] : codes.view_offsets[v + 1]].astype(np.int64) for v in views]
    predictions = [by_item[item] for item in codes.view_item.tolist()]
    scores = objectlab_scores(boxes, labels, predictions) if boxes else {}
    return {f"{name}_score": values for name, values in scores.items()}
