"""Images in any of the forms people have them in: read one by one, by item id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import id_text, natural_order
from labelqa.annotations import Annotations
from labelqa.errors import TableError, shown

#: File name endings read from a folder.
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


class ImageSource:
    """Images by item id: arrays that are here, or files that are read when asked for.

    Parameters
    ----------
    entries
        Item id -> array (height, width[, 3]) of uint8, or path of a file.
    """

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self.entries = dict(entries)

    @property
    def ids(self) -> list[str]:
        """All item ids in natural order."""
        known = list(self.entries)
        return [known[position] for position in natural_order(known)]

    def file_name(self, item_id: str) -> str | None:
        """Give the name of the file an image came from."""
        entry = self.entries[item_id]
        return entry.name if isinstance(entry, Path) else None


def read_entry(item_id: str, entry: Any) -> NDArray[np.uint8]:
    """Read one image as uint8, (height, width) where it is grey, otherwise (height, width, 3).

    Raises
    ------
    TableError
        Where a file cannot be read, or an array is no image of uint8.
    """
    if not isinstance(entry, Path):
        return _checked_array(item_id, entry)
    from PIL import Image, ImageOps

    try:
        with Image.open(entry) as opened:
            image = ImageOps.exif_transpose(opened)
            return np.asarray(image if image.mode == "L" else image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise TableError(
            f"The image of item {item_id!r} cannot be read ({entry}: {error}); give the right folder with images=, or "
            "leave the item out."
        ) from error


def _checked_array(item_id: str, given: Any) -> NDArray[np.uint8]:
    array = np.asarray(given)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if (
        array.dtype != np.uint8
        or array.ndim not in (2, 3)
        or (array.ndim == 3 and array.shape[2] != 3)
        or not array.size
    ):
        raise TableError(
            f"The image of item {item_id!r} has shape {array.shape} and type {array.dtype}; needed is uint8 of shape "
            "(height, width) or (height, width, 3). Scale values to 0-255 and use .astype(numpy.uint8)."
        )
    return np.ascontiguousarray(array)


def as_source(images: Any, items: pd.DataFrame | None = None) -> ImageSource:
    """Take images as a folder, a mapping from item id, a sequence (ids are the positions), or `Annotations`.

    With a folder and an item table, the table's `path` is looked up in the folder; without, each file is an item named
    by its path within the folder, the ending left out.

    Raises
    ------
    TableError
        Where images are missing, or the form is unknown.
    """
    if isinstance(images, ImageSource):
        return images
    if isinstance(images, Annotations):
        return _of_table(images.items, Path())
    if isinstance(images, str | Path):
        return _of_folder(Path(images), items)
    if isinstance(images, Mapping):
        return ImageSource({id_text(key): _entry(value) for key, value in images.items()})
    if isinstance(images, np.ndarray) or (isinstance(images, Sequence) and not isinstance(images, bytes)):
        return ImageSource({str(position): _entry(value) for position, value in enumerate(images)})
    raise TableError(
        f"Found images as a {type(images).__name__}; give a folder, a dict from item id to array or path, a list of "
        "arrays, or labelqa.Annotations whose items have a path."
    )


def _entry(value: Any) -> Any:
    return Path(value) if isinstance(value, str | Path) else value


def _of_table(items: pd.DataFrame, folder: Path) -> ImageSource:
    lacking = items.loc[items["path"].isna(), "item_id"]
    if len(lacking):
        raise TableError(
            f"{len(lacking)} of {len(items)} items have no path ({shown(lacking)}); add a path column to items, or "
            "give images= as a dict from item id to array."
        )
    paths = {str(item): folder / str(path) for item, path in items[["item_id", "path"]].itertuples(index=False)}
    absent = [item for item, path in paths.items() if not path.is_file()]
    if absent:
        raise TableError(
            f"{len(absent)} of {len(paths)} images are not there (first: {paths[absent[0]]}); give the folder that the "
            "paths start from with images=."
        )
    return ImageSource(paths)


def _of_folder(folder: Path, items: pd.DataFrame | None) -> ImageSource:
    if not folder.is_dir():
        raise TableError(f"{str(folder)!r} is no folder; give the folder that holds the images.")
    if items is not None and len(items) and items["path"].notna().all():
        return _of_table(items, folder)
    files = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
    }
    if items is not None and len(items):
        absent = [item for item in items["item_id"] if item not in files]
        if absent:
            raise TableError(
                f"{len(absent)} of {len(items)} items have no image in {str(folder)!r} ({shown(absent)}); name the "
                "files after the items, or add a path column to items."
            )
        files = {item: files[item] for item in items["item_id"]}
    if not files:
        raise TableError(f"The folder {str(folder)!r} holds no image ({', '.join(SUFFIXES)}); check the path.")
    return ImageSource(files)
