"""Real boxes as the reference figures were computed on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from labelqa.annotations import Annotations

#: Largest pixel index of the images; unknown for crowdboxes.
LAST_PIXEL = {"pedestrians": (1279, 719), "crowdboxes": None}


@pytest.fixture(scope="session")
def real_boxes(real_data: Path) -> Callable[..., Annotations]:
    """Reads a set ("pedestrians", "crowdboxes") of the annotators or of the experts ("gold").

    Boxes are clipped to the pixels of the image; those without area stay.
    """

    @cache
    def read(name: str, who: str = "annotators") -> Annotations:
        names = {"image_id": "item_id", "annotator": "annotator_id"}
        boxes = pd.read_csv(real_data / name / f"boxes_{who}.csv").rename(columns=names)
        path = real_data / name / f"views_{who}.csv"
        seen = pd.read_csv(path).rename(columns=names) if path.exists() else boxes
        views = seen[["item_id", "annotator_id"]].drop_duplicates()
        items = pd.DataFrame({"item_id": views["item_id"].unique()})
        if LAST_PIXEL[name]:
            for axis, most in zip("xy", LAST_PIXEL[name], strict=True):
                edges = [f"{axis}_min", f"{axis}_max"]
                boxes[edges] = boxes[edges].clip(0, most)
            items = items.assign(width=1280, height=720)
        return Annotations.from_frames(boxes=boxes, views=views, items=items, faulty_boxes="keep")

    return read
