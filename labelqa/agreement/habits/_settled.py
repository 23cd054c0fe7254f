"""What agreement would be if a habit were settled: the annotator's boxes redrawn as the others draw there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Flags, Floats, Longs
from labelqa._kernels.boxes.clustering import views_of_boxes
from labelqa._kernels.boxes.grouping import share_inside
from labelqa._kernels.boxes.matching import match_within
from labelqa._kernels.sorting import offsets_of
from labelqa.agreement.habits._edges import EdgeHabits, shift_of
from labelqa.agreement.habits._findings import Habit
from labelqa.agreement.habits._rates import INSIDE, Objects, SettledClasses


@dataclass(frozen=True, eq=False)
class HabitEvidence:
    """What habits rest on.

    Attributes
    ----------
    edges, objects
        Effects on edges, and what the others of every view drew.
    is_group
        bool (B,): group boxes.
    classes
        Boxes whose class most of the others agree on.
    """

    edges: EdgeHabits
    objects: Objects
    is_group: Flags
    classes: SettledClasses


@dataclass(frozen=True, eq=False)
class Drawing:
    """All boxes and the view of each."""

    xyxy: Floats
    label: NDArray[np.int32]
    view: Longs


def drawing_of(codes: BoxCodes) -> Drawing:
    """Give the boxes as they were drawn."""
    return Drawing(codes.xyxy, codes.label, views_of_boxes(codes.view_offsets))


def settled(drawing: Drawing, codes: BoxCodes, habits: list[Habit], evidence: HabitEvidence) -> Drawing:
    """Redraw what the habits are about; `drawing` holds the boxes of `codes`, in their order.

    Sides and edges are moved back by the annotator's effect or offset; a group box is replaced by what the others drew
    in it; small objects that were missed are added; swapped classes become those of the others. Objects split in parts
    are left as they are.
    """
    objects = evidence.objects
    xyxy, label, keep = drawing.xyxy.copy(), drawing.label.copy(), np.ones(len(drawing.view), bool)
    added: list[Longs] = []
    annotator = codes.view_annotator[drawing.view]
    for found in habits:
        mine = annotator == found.annotator
        if found.kind in ("size", "width", "height", "edge"):
            size = np.tile(drawing.xyxy[mine, 2:] - drawing.xyxy[mine, :2], 2)
            moved = drawing.xyxy[mine] - _share_of_shift(found, shift_of(evidence.edges, found.annotator)) * size
            valid = (moved[:, 2:] > moved[:, :2]).all(axis=1, keepdims=True)
            xyxy[mine] = np.where(valid, moved, drawing.xyxy[mine])
        elif found.kind == "offset":
            xyxy[mine] = drawing.xyxy[mine] - np.asarray(found.pixels)
        elif found.kind == "group":
            gone = mine & evidence.is_group
            keep &= ~gone
            added.append(_inside(drawing, gone, objects))
        elif found.kind == "small":
            own = objects.annotator == found.annotator
            added.append(np.flatnonzero(own & objects.is_missed & (objects.size < found.limit)))
        elif found.kind == "class":
            box, theirs = evidence.classes.box, evidence.classes.theirs
            here = mine[box] & (theirs == found.classes[0]) & (drawing.label[box] == found.classes[1])
            label[box[here]] = theirs[here].astype(np.int32)
    more = np.unique(np.concatenate(added)) if added else np.empty(0, np.int64)
    return Drawing(
        np.concatenate([xyxy[keep], objects.xyxy[more]]),
        np.concatenate([label[keep], objects.label[more]]),
        np.concatenate([drawing.view[keep], objects.view[more]]),
    )


def _share_of_shift(found: Habit, shift: Floats) -> Floats:
    """Give of an annotator's shift what a habit is about."""
    on = {
        "size": [1, 1, 1, 1],
        "width": [1, 0, 1, 0],
        "height": [0, 1, 0, 1],
        "edge": [float(found.what == edge) for edge in ("x_min", "y_min", "x_max", "y_max")],
    }[found.kind]
    return shift * np.asarray(on, np.float64)


def _inside(drawing: Drawing, gone: Flags, objects: Objects) -> Longs:
    """Rows of `objects` that lie in the boxes that go."""
    rows = [
        row
        for box in np.flatnonzero(gone).tolist()
        for row in np.flatnonzero(objects.view == drawing.view[box]).tolist()
        if share_inside(drawing.xyxy[box], objects.xyxy[row]) >= INSIDE
    ]
    return np.asarray(rows, np.int64)


def scores(drawing: Drawing, codes: BoxCodes, iou_threshold: float) -> dict[str, float]:
    """Micro F1, mean IoU and PQ of all pairs of views, and the share of matched pairs of one class."""
    order = np.lexsort((drawing.label, *drawing.xyxy.T[::-1], drawing.view))
    offsets = np.asarray(offsets_of(drawing.view[order].astype(np.int32), len(codes.view_item)))
    label = drawing.label[order]
    found = match_within(codes.item_offsets, offsets, np.ascontiguousarray(drawing.xyxy[order]), label, iou_threshold)
    n_boxes = np.diff(offsets)
    total = float((n_boxes[found.view_a] + n_boxes[found.view_b]).sum())
    n, overlap = len(found.iou), float(found.iou.sum())
    same = float((label[found.box_a] == label[found.box_b]).sum())
    undefined = float("nan")
    return {
        "f1": 2.0 * n / total if total else undefined,
        "mean_iou": overlap / n if n else undefined,
        "pq": 2.0 * overlap / total if total else undefined,
        "class_agreement": same / n if n else undefined,
    }
