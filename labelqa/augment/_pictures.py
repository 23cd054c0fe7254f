"""Pictures for augmentation: as `labelqa.images` reads them, but grey ones stay grey."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from labelqa._labels import id_texts
from labelqa.annotations import Annotations
from labelqa.errors import TableError, shown
from labelqa.images import ImageSource, Picture, Pixels, as_source, open_image


def source_of(images: Any, items: Annotations | None) -> ImageSource:
    """Take images in any form; every item must have one.

    From a folder only the images of `items` are taken; images that were handed over one by one are all used.

    Raises
    ------
    TableError
        Where an item has no image.
    """
    source = as_source(images, items) if isinstance(images, str | os.PathLike) else as_source(images)
    wanted: list[str] = [] if items is None else items.items["item_id"].tolist()
    missing = [item for item in wanted if item not in source]
    if missing:
        raise TableError(
            f"{len(missing)} of {len(wanted)} items have no image ({shown(missing)}); give images=, correct the path "
            "column of items, or leave these items out."
        )
    return source


def ids_of(items: Iterable[Any], name: str) -> set[str]:
    """Give listed ids as text.

    Raises
    ------
    TableError
        For one text, whose letters are no ids.
    """
    if isinstance(items, str | bytes) or not isinstance(items, Iterable):
        raise TableError(f"Found a {type(items).__name__} as {name}; give a list of item ids.")
    return set(id_texts(items))


def read_picture(item_id: str, picture: Picture) -> Pixels:
    """Read one picture as uint8, (height, width) where it is grey, otherwise (height, width, 3)."""
    mode = "L" if _is_grey(picture) else "RGB"
    return np.ascontiguousarray(open_image(picture, mode=mode, name=f"The image of item {item_id!r}"))


def _is_grey(picture: Picture) -> bool:
    if isinstance(picture, np.ndarray):
        return picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 1)
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture) as opened:
            return opened.mode in ("1", "L", "F") or opened.mode.startswith("I")
    except (OSError, UnidentifiedImageError):
        return False  # open_image says what is wrong
