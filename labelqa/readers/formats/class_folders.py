"""Class folders: pictures sorted into a folder for each class, the annotator by the folder above."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd

from labelqa._pixels import size_of
from labelqa.errors import TableError
from labelqa.readers._frames import BOX, ITEM, Frames, Reading, is_picture_name, nobody
from labelqa.readers._record import record


def is_class_folders(folder: Path) -> bool:
    """Tell none: levels of folders cannot be told apart by themselves, so that the format has to be named."""
    return False


def read_class_folders(folder: Path, how: Reading) -> Frames:
    """Read the pictures that one person sorted; who did not sort a picture has no view of it.

    Raises
    ------
    TableError
        For the same picture in two class folders, or a missing annotator.
    """
    if how.annotator is None:
        raise nobody(folder)
    out = Frames()
    labels: dict[str, str] = {}
    items, n_other = [], 0
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        label = unicodedata.normalize("NFC", kind.name)
        for path in sorted(path for path in kind.rglob("*") if path.is_file()):
            if not is_picture_name(path.name):
                n_other += 1
                continue
            item = path.relative_to(kind).as_posix()
            if item in labels:
                raise TableError(
                    f"{folder} has {item} in {labels[item]} and in {label}: one picture of two classes, or two; "
                    "give each picture a name of its own."
                )
            labels[item] = label
            with record(path):
                items.append((item, path.as_posix(), None, *size_of(path)))
    loose = [path for path in folder.iterdir() if path.is_file() and is_picture_name(path.name)]
    out.found.add("files", f"picture in no class folder of {folder.name}", len(loose), "left out", loose)
    out.found.add("files", f"file in {folder.name} that is no picture", n_other, "left out")
    rows = [(item, how.annotator, label) for item, label in labels.items()]
    out.add("labels", pd.DataFrame(rows, columns=BOX[:3]))
    out.add("items", pd.DataFrame(items, columns=ITEM))
    return out
