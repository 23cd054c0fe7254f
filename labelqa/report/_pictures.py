"""Small pictures of items: a WebP thumbnail that fits a budget, and everybody's boxes as vectors on top."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import id_text
from labelqa._plot import COLOURS, DASHES
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import ImageError, OptionError, shown

if TYPE_CHECKING:
    from labelqa.images import ImageSource

Floats = NDArray[np.float64]
_EDGES = ["x_min", "y_min", "x_max", "y_max"]
#: Colour and dash of an annotator, by number: first each colour with its own dash, then the other combinations.
STYLES = tuple(
    {"colour": COLOURS[nth % len(COLOURS)], "dash": DASHES[(nth + nth // len(COLOURS)) % len(DASHES)]}
    for nth in range(len(COLOURS) * len(DASHES))
)
#: Longer side in pixels and WebP quality, tried in turn until a thumbnail fits its share of the page.
_SIZES = ((320, 62), (260, 55), (220, 45), (180, 40), (140, 35), (110, 28))
#: A picture of at most so many pixels a side is shown whole where no box is in question.
_SMALL = 480
#: Nor is anything cut away where little would go.
_MOST_OF_IT = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnPicture:
    """One item as a page shows it.

    Attributes
    ----------
    drawing
        What the template draws: `item_id`, `view` (x, y, width, height of the part that is shown), `layers` (boxes of
        one annotator, with their style), `alt` (the same in words).
    thumbnail
        WebP bytes of that part; None without an image.
    """

    drawing: dict[str, Any]
    thumbnail: bytes | None


def picture(
    annotations: Annotations,
    item_id: str,
    *,
    images: ImageSource | None = None,
    focus: str | None = None,
    annotator: str | None = None,
    annotators: Sequence[str] = (),
    n_bytes: int = 12_000,
) -> DrawnPicture | None:
    """Show one item: its image as a small thumbnail, everybody's boxes as vectors on top.

    Parameters
    ----------
    annotations
        Items and boxes.
    item_id
        Whose picture.
    images
        Where the image is; without it boxes are drawn on an empty frame.
    focus
        A `box_id` that is drawn thick, and round which a large picture is cut out.
    annotator
        Somebody whose boxes are all treated so.
    annotators
        In the order of their colours; by default those of this picture.
    n_bytes
        What the thumbnail may take; it gets smaller until it fits.

    Returns
    -------
    DrawnPicture or None
        None where there is nothing to show: neither image nor box.

    Raises
    ------
    OptionError
        Where `annotators` leaves out somebody who drew on the item.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa import Annotations
    >>> from labelqa.report import picture
    >>> boxes = pd.DataFrame(
    ...     [("p1", "ann", 10, 10, 50, 40)], columns=["item_id", "annotator_id", "x_min", "y_min", "x_max", "y_max"]
    ... )
    >>> picture(Annotations.from_frames(boxes=boxes), "p1").drawing["alt"]
    'Part of item p1 (no image, frame only). ann: 1 box'
    """
    item_id = id_text(item_id)
    annotations = as_annotations(annotations)
    boxes = annotations.boxes.loc[annotations.boxes["item_id"] == item_id]
    unknown = sorted(set(boxes["annotator_id"]) - set(annotators)) if len(annotators) else []
    if unknown:
        raise OptionError(f"annotators= leaves out {shown(unknown)}, who drew on item {item_id}; name all annotators.")
    pixels = _pixels(images, item_id)
    if pixels is None and boxes.empty:
        return None
    width, height = _frame(annotations.items, item_id, boxes, pixels)
    boxes = boxes.assign(is_focus=(boxes["box_id"] == focus) | (boxes["annotator_id"] == annotator))
    chosen = boxes.loc[boxes["is_focus"]]
    cut = _cut_out(chosen[_EDGES].to_numpy(np.float64), boxes[_EDGES].to_numpy(np.float64), width, height)
    x, y, w, h = (round(value) for value in cut)
    inside = boxes.loc[
        (boxes["x_min"] < x + w) & (boxes["x_max"] > x) & (boxes["y_min"] < y + h) & (boxes["y_max"] > y)
    ]
    drawing = {
        "item_id": item_id,
        "view": [x, y, max(w, 1), max(h, 1)],
        "layers": _layers(inside, list(annotators or sorted(set(boxes["annotator_id"])))),
        "alt": _alt(item_id, inside, pixels is not None, is_cut=w < width or h < height),
    }
    return DrawnPicture(
        drawing=drawing, thumbnail=None if pixels is None else _thumbnail(pixels, (x, y, w, h), n_bytes)
    )


def _pixels(images: ImageSource | None, item_id: str) -> NDArray[np.uint8] | None:
    if images is None or item_id not in images:
        return None
    try:
        return images.open(item_id)
    except ImageError:
        # what cannot be read has boxes on an empty frame
        return None


def _frame(
    items: pd.DataFrame, item_id: str, boxes: pd.DataFrame, pixels: NDArray[np.uint8] | None
) -> tuple[float, float]:
    if pixels is not None:
        return float(pixels.shape[1]), float(pixels.shape[0])
    size = items.loc[items["item_id"] == item_id, ["width", "height"]].to_numpy(np.float64)
    if len(size) and np.isfinite(size).all():
        return float(size[0, 0]), float(size[0, 1])
    return np.inf, np.inf


def _cut_out(focus: Floats, boxes: Floats, width: float, height: float) -> tuple[float, float, float, float]:
    """Give x, y, width, height of what is shown: all of a small picture, the surroundings in a large one."""
    around = focus if len(focus) else boxes
    if not len(around) or (not len(focus) and max(width, height) <= _SMALL):
        return 0.0, 0.0, width, height
    x0, y0 = around[:, :2].min(axis=0)
    x1, y1 = around[:, 2:].max(axis=0)
    margin = 1.0 if len(focus) else 0.15
    w = max((x1 - x0) * (1 + 2 * margin), 100.0)
    h = max((y1 - y0) * (1 + 2 * margin), 75.0)
    w, h = max(w, h * 4 / 3), max(h, w * 3 / 4)
    if w * h > _MOST_OF_IT * width * height:
        return 0.0, 0.0, width, height
    w, h = min(w, width), min(h, height)
    x = float(np.clip((x0 + x1 - w) / 2, 0, width - w))
    y = float(np.clip((y0 + y1 - h) / 2, 0, height - h))
    return x, y, float(w), float(h)


def _layers(boxes: pd.DataFrame, order: Sequence[str]) -> list[dict[str, Any]]:
    """Give the boxes of each annotator, and on top of all of them those in question."""
    return [
        {
            "annotator_id": str(annotator),
            "style": order.index(str(annotator)) % len(STYLES),
            "is_focus": bool(is_focus),
            "boxes": some[_EDGES].round(1).to_numpy().tolist(),
        }
        for (is_focus, annotator), some in boxes.groupby(["is_focus", "annotator_id"], sort=True)
    ]


def _alt(item_id: str, boxes: pd.DataFrame, has_image: bool, *, is_cut: bool) -> str:
    what = ("Part of item" if is_cut else "Item") + f" {item_id}" + ("" if has_image else " (no image, frame only)")
    counts = boxes.groupby("annotator_id", sort=True).size()
    drawn = "; ".join(f"{who}: {n} box{'es' if n > 1 else ''}" for who, n in counts.items())
    return f"{what}. {drawn}" if drawn else what


def _thumbnail(pixels: NDArray[np.uint8], view: Iterable[int], n_bytes: int) -> bytes:
    from PIL import Image

    x, y, w, h = view
    whole = Image.fromarray(pixels[y : y + h, x : x + w])
    data = b""
    for side, quality in _SIZES:
        small = whole.copy()
        small.thumbnail((side, side))
        stream = io.BytesIO()
        small.save(stream, "WEBP", quality=quality, method=4)
        data = stream.getvalue()
        if len(data) <= n_bytes:
            break
    return data
