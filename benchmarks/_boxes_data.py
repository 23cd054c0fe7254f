"""The two real sets of boxes by many annotators, with experts' boxes."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from labelqa import Annotations

#: Largest pixel index of the images; unknown for crowdboxes.
LAST_PIXEL = {"pedestrians": (1279, 719), "crowdboxes": None}
_NAMES = {"image_id": "item_id", "annotator": "annotator_id"}


def folder(name: str) -> Path:
    """Where a set lies: $LABELQA_REAL_DATA, or ../shared/data beside the repository."""
    root = os.environ.get("LABELQA_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(root) / name


def annotators(name: str) -> Annotations:
    """All views, boxes clipped to the image; boxes without area stay, as annotators were asked to find objects."""
    return _read(name, "annotators")


def gold(name: str) -> Annotations:
    """The experts' boxes on the images they saw."""
    return _read(name, "gold")


def _read(name: str, who: str) -> Annotations:
    boxes = pd.read_csv(folder(name) / f"boxes_{who}.csv").rename(columns=_NAMES)
    path = folder(name) / f"views_{who}.csv"
    views = (
        pd.read_csv(path).rename(columns=_NAMES) if path.exists() else boxes[list(_NAMES.values())].drop_duplicates()
    )
    items = pd.DataFrame({"item_id": views["item_id"].unique()})
    frame = LAST_PIXEL[name]
    if frame:
        for axis, most in zip("xy", frame, strict=True):
            boxes[[f"{axis}_min", f"{axis}_max"]] = boxes[[f"{axis}_min", f"{axis}_max"]].clip(0, most)
        items = items.assign(width=frame[0] + 1, height=frame[1] + 1)
    return Annotations.from_frames(boxes=boxes, views=views, items=items, faulty_boxes="keep")
