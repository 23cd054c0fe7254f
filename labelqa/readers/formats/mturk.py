"""Amazon Mechanical Turk: the results of a batch, an assignment a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from labelqa.errors import TableError
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows
from labelqa.readers._opened import Source
from labelqa.readers._questions import is_delimited, json_cell, rows_of, the_one
from labelqa.readers._record import mapping, number, record, text_number

_SIGNS = {"HITId", "AssignmentId", "WorkerId", "AssignmentStatus"}
_TICKED = re.compile(r"^Answer\.(.+)\.on$")
_BOXES = re.compile(r"^Answer\.(.+)\.boundingBoxes$")
_SIDE = re.compile(r"^Answer\.(.+)\.inputImageProperties\.(width|height)$")
_WHOLE = "Answer.taskAnswers"


def is_mturk(source: Source) -> bool:
    """Tell the results of a batch by their columns."""
    return is_delimited(source.suffix) and set(map(str, source.table.columns)) >= _SIGNS


def read_mturk(source: Source, how: Reading) -> Frames:
    """Read the results of a batch.

    The one ``Input.`` column is the item and the one ``Answer.`` column its class; of several, `map` names one
    (``item_id``, ``label``). Boxes of the Crowd HTML Elements are pixels of the picture. Choices that were ticked are
    one class, which may be a set. Rejected assignments are nobody's answer.

    Raises
    ------
    TableError
        Where it is none, or has several columns of which none was chosen.
    """
    if not is_mturk(source):
        raise TableError(f"{source.path} is no batch of Mechanical Turk: it lacks {', '.join(sorted(_SIGNS))}.")
    rows, path = Rows(source.path, how), source.path
    columns = list(map(str, source.table.columns))
    inputs = [name for name in columns if name.startswith("Input.")]
    item = the_one(inputs, meaning="item_id", what="columns of inputs", path=path, chosen=how.columns)
    if item is None:
        raise TableError(f"{path} has no Input column, so nothing says what was shown; download the whole batch.")
    parts = (_TICKED, _BOXES, _SIDE)
    plain = [name for name in columns if name.startswith("Answer.") and name != _WHOLE
             and not any(part.match(name) for part in parts)]  # fmt: skip
    answer = the_one(plain, meaning="label", what="columns of answers", path=path, chosen=how.columns)
    unused = [name for name in (*inputs, *plain) if name not in (item, answer)]
    seen: set[str] = set()
    for nth, row in enumerate(rows_of(source.table), 1):
        with record(path, ("row", nth)):
            _add(rows, row, item, answer, seen)
    for name in unused:
        rows.met["columns", f"column {name}", "not used"] += sum(row[name] is not None for row in rows_of(source.table))
    return rows.frames()


def _add(rows: Rows, row: dict[str, Any], item: str, answer: str | None, seen: set[str]) -> None:
    if row["AssignmentStatus"] == "Rejected":
        rows.met["views", "rejected assignment", "left out"] += 1
        return
    name, person = row[item], row["WorkerId"]
    if name is None or person is None:
        raise TableError(f"{item if name is None else 'WorkerId'} is blank")
    said, boxes, sizes = _elements(row)
    ticked = sorted(found[1] for key, value in row.items() if value == "true" and (found := _TICKED.match(key)))
    labels = [row[answer]] if answer is not None else ["|".join(ticked)] if ticked else said
    for label in labels:
        if label is None:
            rows.met["labels", "answer without a label", "read as a view with nothing said"] += 1
        else:
            rows.labels.append((name, person, label))
    unread = False
    for one in boxes:
        corners = _corners(rows, one)
        if corners is None or one.get("label") is None:
            unread = True
        else:
            rows.boxes.append((name, person, str(one["label"]), *corners))
    rows.views.append((name, person, "labelled" if unread else None, row.get("WorkTimeInSeconds"),
                       row.get("SubmitTime"), unread))  # fmt: skip
    if name not in seen:
        seen.add(name)
        rows.item(name, name, sizes.get("width"), sizes.get("height"))


def _elements(row: Mapping[str, Any]) -> tuple[list[str], list[dict[str, Any]], dict[str, float]]:
    """Give the classes, the shapes and the size of the picture that Crowd HTML Elements say."""
    labels: list[str] = []
    boxes: list[dict[str, Any]] = []
    sizes: dict[str, float] = {}
    for key, value in row.items():
        if value is None:
            continue
        if _BOXES.match(key):
            boxes += [mapping(one, "a box") for one in json_cell(value, key)]
        elif found := _SIDE.match(key):
            sizes[found[2]] = text_number(value, key)
        elif key == _WHOLE:
            for given in json_cell(value, key):
                for name, one in mapping(given, key).items():
                    _take(name, one, labels, boxes, sizes)
    return labels, boxes, sizes


def _take(name: str, one: Any, labels: list[str], boxes: list[dict[str, Any]], sizes: dict[str, float]) -> None:
    if not isinstance(one, dict):
        labels.append(str(one))
        return
    for key in ("boundingBoxes", "polygons", "polylines", "keypoints"):
        boxes += [mapping(each, "a shape") for each in one.get(key) or []]
    size = mapping(one.get("inputImageProperties") or {}, "inputImageProperties")
    sizes |= {side: number(size[side], side) for side in ("width", "height") if side in size}
    label = one.get("label", one.get("labels"))
    if label is not None and "boundingBoxes" not in one:
        labels.append("|".join(sorted(map(str, label))) if isinstance(label, list) else str(label))
    elif one and all(isinstance(value, bool) for value in one.values()):
        labels.append("|".join(sorted(key for key, is_on in one.items() if is_on)))


def _corners(rows: Rows, one: dict[str, Any]) -> _shapes.Corners | None:
    if "left" in one and "width" in one:
        x, y, w, h = (number(one.get(side), side) for side in ("left", "top", "width", "height"))
        return x, y, x + w, y + h
    points = [[mapping(each, "a point").get(axis) for axis in ("x", "y")] for each in one.get("vertices") or []]
    found = _shapes.of_points(points)
    kind = "polygon" if points else "point"
    rows.met["boxes", kind, "left out: no extent" if found is None else "read as the box that encloses it"] += 1
    return found
