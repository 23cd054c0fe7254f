"""YOLO: a text file per picture with shares of its size, classes by number, the annotator by folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelqa._foreign import yaml_of
from labelqa._pixels import size_of
from labelqa.errors import TableError, shown
from labelqa.readers import _shapes
from labelqa.readers._frames import PLACES, Frames, Reading, Rows, is_picture_name, nobody
from labelqa.readers._opened import Source
from labelqa.readers._record import record

_DATA = ("data.yaml", "data.yml", "dataset.yaml")
#: Text files that hold no boxes.
_OTHER = ("classes.txt", "train.txt", "val.txt", "valid.txt", "test.txt", "labelmap.txt", "readme.txt", "obj.names")


def is_yolo(folder: Path) -> bool:
    """Tell a folder by what names its classes, and text files beside it."""
    named = any((folder / name).is_file() for name in (*_DATA, "obj.data", "obj.names", "classes.txt"))
    return named and (
        any((folder / name).is_dir() for name in ("labels", "train", "obj_train_data")) or bool(_files(folder))
    )


def read_yolo(folder: Path, how: Reading) -> Frames:
    """Read the text files of one person: detection, oriented boxes and polygons.

    The size of each picture makes pixels of shares, so the pictures have to lie beside. An empty file is a picture on
    which nothing was drawn; a picture without a file was seen by nobody.

    Raises
    ------
    TableError
        For a line of another length, a number that names no class, a missing picture, or a missing annotator.
    """
    if how.annotator is None:
        raise nobody(folder)
    names = class_names(folder)
    below = sorted((path for path in folder.rglob("*") if is_picture_name(path.name)), key=_parts)
    pictures = {_item(folder, path): path for path in below}
    rows = Rows(folder, how)
    files = {_item(folder, path): path for path in _files(folder)}
    bare = [path.name for item, path in files.items() if item not in pictures]
    if bare:
        raise TableError(
            f"{folder} has {len(bare)} text files without a picture ({shown(bare)}); shares become pixels by the size "
            "of the picture: put the pictures into images/."
        )
    for item, path in files.items():
        with record(path):
            width, height = size_of(pictures[item])
            for nth, line in enumerate(Source(path).text.splitlines(), 1):
                words = line.split()
                if words:
                    with record(("line", nth)):
                        label, corners = _line(rows, words, names, width, height)
                    rows.boxes.append((item, how.annotator, label, *corners))
                    if how.with_places:
                        rows.mark("boxes", (folder, pictures[item], nth - 1), path)
        rows.view(item, how.annotator)
        rows.mark("views", (folder, pictures[item], None), path)
        rows.item(item, pictures[item].relative_to(folder).as_posix(), width, height)
        rows.mark(PLACES, (folder, pictures[item], None), path, how.annotator)
    unseen = [item for item in pictures if item not in files]
    rows.met["items", "picture without a label file", "no view"] += len(unseen)
    return rows.frames()


def _files(folder: Path) -> list[Path]:
    return sorted((path for path in folder.rglob("*.txt") if path.name.lower() not in _OTHER), key=_parts)


def _parts(path: Path) -> tuple[str, ...]:
    """Give what paths are ordered by; comparing the paths themselves makes it anew each time."""
    return path.parts


def _item(folder: Path, path: Path) -> str:
    """Name an item by its path without the folders that part pictures from labels, and without the suffix."""
    within = path.parts[len(folder.parts) : -1]
    parts = [part for part in within if part not in ("labels", "images", "obj_train_data")]
    return "/".join((*parts, path.name.removesuffix(path.suffix)))


def class_file(folder: Path) -> Path | None:
    """Find the file that names the classes."""
    named = [folder / name for name in (*_DATA, "obj.names", "classes.txt")]
    return next((path for path in (*named, *sorted(folder.glob("*.names"))) if path.is_file()), None)


def class_names(folder: Path) -> dict[int, str]:
    """Give the names of the classes by number; empty where no file names them."""
    path = class_file(folder)
    if path is None:
        return {}
    if path.suffix in (".yaml", ".yml"):
        return _of_yaml(path)
    return {nth: line.strip() for nth, line in enumerate(Source(path).text.split("\n")) if line.strip()}


def _of_yaml(path: Path) -> dict[int, str]:
    data: Any = yaml_of(Source(path).text, path)
    names = data.get("names") if isinstance(data, dict) else None
    if isinstance(names, dict):
        with record(path, "names"):
            return {int(number): str(name) for number, name in names.items()}
    if isinstance(names, list):
        return {number: str(name) for number, name in enumerate(names)}
    raise TableError(f"{path} has no names: as a list or an object; write them.")


def _line(rows: Rows, words: list[str], names: dict[int, str], width: int, height: int) -> tuple[str, _shapes.Corners]:
    """Read a line: 5 numbers are a box, 6 one with a confidence, 9 four corners, other odd ones a polygon."""
    try:
        number, values = int(words[0]), list(map(float, words[1:]))
    except ValueError:
        raise TableError(f"it holds what is no number ({shown(words)})") from None
    if names and number not in names:
        raise TableError(f"class {number} has no name (named are 0 to {max(names)})")
    label = names.get(number, str(number))
    if len(values) in (4, 5):
        if len(values) == 5:
            rows.met["boxes", "line with a confidence, as a model writes it", "kept"] += 1
        x, y, w, h = values[:4]
        return label, ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
    if len(values) < 6 or len(values) % 2:
        raise TableError(f"it has {len(words)} numbers; needed are 5, 6, 9, or an odd number of a polygon")
    kind = "oriented box" if len(values) == 8 else "polygon"
    rows.met["boxes", kind, "read as the box that encloses it"] += 1
    found = _shapes.of_points(list(zip(values[0::2], values[1::2], strict=True)))
    left, top, right, bottom = found or (0.0, 0.0, 0.0, 0.0)
    return label, (left * width, top * height, right * width, bottom * height)
