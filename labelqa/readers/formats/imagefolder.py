"""Hugging Face imagefolder: pictures beside `metadata.csv`, `.jsonl` or `.parquet`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labelqa._foreign import yaml_of
from labelqa._pixels import size_of
from labelqa.errors import TableError
from labelqa.readers._frames import Frames, Reading, Rows, nobody
from labelqa.readers._headings import ALIASES, plain
from labelqa.readers._opened import Source
from labelqa.readers._questions import the_one
from labelqa.readers._record import mapping, number, record

_NAMES = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
#: What is known of a row apart from its answers.
_OF_PICTURE = {"file_name", "width", "height", "objects", "image_id"}


def is_imagefolder(folder: Path) -> bool:
    """Tell a folder by a metadata file in it, or in a folder below, that names files."""
    path = next(iter(_files(folder)), None)
    return path is not None and "file_name" in _columns(Source(path))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("metadata.*") if path.name in _NAMES)


def _columns(source: Source) -> set[str]:
    if source.suffix == ".jsonl":
        first = next(iter(source.json_lines), None)
        return set(first) if isinstance(first, dict) else set()
    return set(map(str, source.table.columns))


def read_imagefolder(folder: Path, how: Reading) -> Frames:
    """Read a folder; an item is a picture by its path, and several rows of one picture are several views.

    Classes that are numbers get their names from the card (`README.md`, ``class_label``), where it has them. Empty
    lists of objects say that somebody looked and drew nothing; without any nobody knows.

    Raises
    ------
    TableError
        Where it is none, a row names no picture, boxes and classes do not match, or nobody is named.
    """
    if not is_imagefolder(folder):
        raise TableError(f"{folder} is no imagefolder: it needs {', '.join(_NAMES)} with the column file_name.")
    rows = Rows(folder, how)
    names = _class_names(folder)
    seen: set[str] = set()
    for path in _files(folder):
        given = list(_records(Source(path)))
        columns = {key for row in given for key in row}
        people = ("annotator_id", *ALIASES["annotator_id"])
        person = next((name for name in sorted(columns) if plain(name) in people), None)
        if person is None and how.annotator is None:
            raise nobody(path)
        aliases = ("label", *ALIASES["label"])
        able = [name for name in sorted(columns) if plain(name) in aliases]
        label = the_one(able, meaning="label", what="columns of classes", path=path, chosen=how.columns)
        for nth, row in enumerate(given, 1):
            with record(path, ("row", nth)):
                who = row.get(person) if person is not None else how.annotator
                if who is None:
                    raise TableError(f"{person} is blank")
                _add(rows, row, (path.parent, str(who), label), names, seen)
        for name in sorted(columns - _OF_PICTURE - {person, label}):
            rows.met["columns", f"column {name}", "not used"] += len(given)
    return rows.frames()


def _records(source: Source) -> Iterator[dict[str, Any]]:
    if source.suffix == ".jsonl":
        for nth, one in enumerate(source.json_lines, 1):
            with record(source.path, ("row", nth)):
                yield mapping(one, "it")
        return
    for row in source.table.to_dict("records"):
        yield {str(name): None if _is_missing(value) else value for name, value in row.items()}


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _add(
    rows: Rows, row: dict[str, Any], where: tuple[Path, str, str | None], names: dict[int, str], seen: set[str]
) -> None:
    folder, person, label = where
    name = row.get("file_name")
    if not isinstance(name, str):
        raise TableError("file_name is no text")
    path = folder / name
    item = path.relative_to(rows.path).as_posix()
    if item not in seen:
        seen.add(item)
        size: Sequence[float | None] = [number(row[side], side) if isinstance(row.get(side), int | float) else None
                                        for side in ("width", "height")]  # fmt: skip
        if None in size and path.is_file():
            size = size_of(path)
        rows.item(item, item, *size)
    objects = row.get("objects")
    if objects is None and label is None:
        rows.met["views", "picture without objects", "no view"] += 1
        return
    for kind, box in _objects(mapping(objects, "objects")) if objects is not None else ():
        x, y, w, h = (number(side, "a side of bbox") for side in box)
        rows.boxes.append((item, person, _named(rows, kind, names, "boxes"), x, y, x + w, y + h))
    said = row.get(label) if label is not None else None
    if said is not None:
        rows.labels.append((item, person, _named(rows, said, names, "labels")))
    elif label is not None and objects is None:
        rows.met["labels", "row without a label", "read as a view"] += 1
    rows.view(item, person)


def _objects(objects: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    boxes = list(objects["bbox"]) if objects.get("bbox") is not None else []
    kinds = next((objects[key] for key in ("categories", "category", "label", "labels") if key in objects), None)
    kinds = list(kinds) if kinds is not None else ["object"] * len(boxes)
    if len(kinds) != len(boxes):
        raise TableError(f"its objects have {len(boxes)} boxes and {len(kinds)} classes")
    yield from zip(kinds, (list(box) for box in boxes), strict=True)


def _named(rows: Rows, kind: Any, names: dict[int, str], table: str) -> str:
    """Give the name of a class; a number without one stays a number."""
    if isinstance(kind, np.generic):
        kind = kind.item()
    text = str(kind)
    value = float(text) if text.replace(".", "", 1).isdigit() else None
    if value is None or not value.is_integer():
        return text
    rows.met[table, "class that is a number without a name", "kept"] += int(value) not in names
    return names.get(int(value), str(int(value)))


def _class_names(folder: Path) -> dict[int, str]:
    """Give the names that the card of the data set gives to numbers; none where it has no card, or several lists."""
    card = folder / "README.md"
    if not card.is_file():
        return {}
    parts = Source(card).text.split("---", 2)
    if len(parts) < 3 or parts[0].strip():
        return {}
    front = yaml_of(parts[1], card)
    found = list(_lists(front))
    if len(found) != 1:
        return {}
    names = found[0]
    with record(card):
        pairs = names.items() if isinstance(names, dict) else enumerate(names)
        return {int(key): str(value) for key, value in pairs}


def _lists(value: Any) -> Iterator[Any]:
    """Find every ``class_label: names:`` in the front of a card."""
    if isinstance(value, dict):
        label = value.get("class_label")
        if isinstance(label, dict) and isinstance(label.get("names"), dict | list):
            yield label["names"]
        for inner in value.values():
            yield from _lists(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _lists(inner)
