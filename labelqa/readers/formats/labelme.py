"""labelme JSON: a file per picture, shapes of many kinds, the annotator by folder."""

from __future__ import annotations

import base64
import binascii
import io
import math
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from labelqa._pixels import open_image
from labelqa.errors import ImageError, TableError
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows, existing_path, nobody
from labelqa.readers._opened import Source
from labelqa.readers._record import mapping, record

_ENCLOSED = {
    "polygon": "polygon", "oriented_rectangle": "rotated rectangle", "linestrip": "polyline", "line": "polyline",
    "circle": "circle", "mask": "mask",
}  # fmt: skip


def is_labelme(folder: Path) -> bool:
    """Tell a folder by the first JSON file that lies in it."""
    first = next(iter(sorted(folder.glob("*.json"))), None)
    return first is not None and _is_one(Source(first).json)


def _is_one(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("shapes"), list) and "imagePath" in data


def read_labelme(folder: Path, how: Reading) -> Frames:
    """Read the files of one person; flags of a picture that are true are its classes.

    Raises
    ------
    TableError
        For a file of another kind, points that are no numbers, or a missing annotator.
    """
    if how.annotator is None:
        raise nobody(folder)
    rows = Rows(folder, how)
    items: set[str] = set()
    for path in sorted(folder.rglob("*.json")):
        with record(path):
            data = Source(path).json
            if not _is_one(data):
                raise TableError("it is no labelme file, unlike others in its folder")
            _add_picture(rows, data, path, how.annotator, items)
    return rows.frames()


def _add_picture(rows: Rows, data: dict[str, Any], path: Path, person: str, items: set[str]) -> None:
    name = PureWindowsPath(str(data["imagePath"])).name
    if not name:
        raise TableError("imagePath is empty")
    if name in items:
        raise TableError(f"it is about {name}, as another file of the same person is; remove one of them")
    items.add(name)
    unread = False
    for nth, shape in enumerate(data["shapes"]):
        with record(("shape", nth)):
            unread |= not _add_shape(rows, mapping(shape, "it"), name, person)
    flags = mapping(data.get("flags") or {}, "flags")
    chosen = sorted(flag for flag, is_on in flags.items() if is_on)
    if chosen:
        rows.labels.append((name, person, "|".join(chosen)))
    rows.view(name, person, unread=unread)
    width, height = (data.get(side) or None for side in ("imageWidth", "imageHeight"))
    there = existing_path(str(data["imagePath"]).replace("\\", "/"), path.parent)
    rows.items.append((name, there, None, width, height))


def _add_shape(rows: Rows, shape: dict[str, Any], item: str, person: str) -> bool:
    """Add a shape; False where it has no extent or no class."""
    kind = str(shape.get("shape_type") or "polygon")
    corners = _corners(shape, kind)
    label = shape.get("label")
    if corners is None or not isinstance(label, str) or not label:
        rows.met["boxes", kind if corners is None else f"{kind} without a class", "left out"] += 1
        return False
    if kind in _ENCLOSED:
        rows.met["boxes", _ENCLOSED[kind], "read as the box that encloses it"] += 1
    rows.boxes.append((item, person, label, *corners))
    return True


def _corners(shape: dict[str, Any], kind: str) -> _shapes.Corners | None:
    points = shape.get("points")
    if kind in ("point", "points"):
        return None
    found = _shapes.of_points(points)
    if found is None or kind in ("rectangle", "polygon", "oriented_rectangle", "linestrip", "line"):
        return found
    if kind == "circle":
        (cx, cy), (x, y) = np.asarray(points, np.float64)[:2]
        radius = math.hypot(x - cx, y - cy)
        return cx - radius, cy - radius, cx + radius, cy + radius
    if kind == "mask":
        return _of_mask(shape.get("mask"), found)
    raise TableError(f"shape_type {kind!r} is not known")


def _of_mask(packed: Any, found: _shapes.Corners) -> _shapes.Corners | None:
    """Enclose the pixels of a mask, a PNG as text whose first pixel is the first point; both points are inside."""
    if not isinstance(packed, str):
        return found[0], found[1], found[2] + 1, found[3] + 1
    try:
        pixels = open_image(io.BytesIO(base64.b64decode(packed, validate=True)).getvalue(), mode="L", name="its mask")
    except (binascii.Error, ImageError) as error:
        raise TableError(f"its mask is no picture ({error})") from error
    inside = _shapes.of_pixels(pixels > 0)
    return inside and (found[0] + inside[0], found[1] + inside[1], found[0] + inside[2], found[1] + inside[3])
