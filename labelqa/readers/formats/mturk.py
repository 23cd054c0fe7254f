"""Amazon Mechanical Turk: the results of a batch, an assignment a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelqa.errors import TableError
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows
from labelqa.readers._opened import Source
from labelqa.readers._questions import json_cell, rows_of, the_one
from labelqa.readers._record import mapping, number, record, text_number

_SIGNS = {"HITId", "AssignmentId", "WorkerId", "AssignmentStatus"}
_TICKED = re.compile(r"^Answer\.(.+)\.on$")
_BOXES = re.compile(r"^Answer\.(.+)\.boundingBoxes$")
_SIDE = re.compile(r"^Answer\.(.+)\.inputImageProperties\.(width|height)$")
_WHOLE = "Answer.taskAnswers"
_SHAPES = ("boundingBoxes", "polygons", "polylines", "keypoints")


def is_mturk(source: Source) -> bool:
    """Tell the results of a batch by their columns."""
    return source.is_delimited and set(map(str, source.table.columns)) >= _SIGNS


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
    said = []
    for nth, row in enumerate(rows_of(source.table), 1):
        if row["AssignmentStatus"] == "Rejected":
            rows.met["views", "rejected assignment", "left out"] += 1
            continue
        with record(path, ("row", nth)):
            said.append((nth, row, _Said.of(row, plain)))
    asked = [name for *_, one in said for name in one.labels]
    question = the_one([*plain, *asked], meaning="label", what="questions", path=path, chosen=how.columns)
    sizes: dict[str, tuple[float | None, float | None]] = {}
    for nth, row, one in said:
        with record(path, ("row", nth)):
            _add(rows, row, item, one, question)
            sizes[row[item]] = one.size if all(one.size) else sizes.get(row[item], one.size)
            for name in inputs:
                rows.met["columns", f"column {name}", "not used"] += name != item and row[name] is not None
    for name, size in sizes.items():
        rows.item(name, name, *size)
    return rows.frames()


@dataclass
class _Said:
    """What one assignment says: an answer to each question, shapes, and the size of the picture."""

    labels: dict[str, str | None] = field(default_factory=dict)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    size: tuple[float | None, float | None] = (None, None)

    @classmethod
    def of(cls, row: Mapping[str, Any], plain: Sequence[str]) -> _Said:
        """Read the answers of a row."""
        out = cls({name: row[name] for name in plain})
        sides: dict[str, float] = {}
        ticks = {found[1]: value == "true" for key, value in row.items() if value and (found := _TICKED.match(key))}
        if ticks:
            out.labels["on"] = _set(name for name, is_on in ticks.items() if is_on)
        for key, value in row.items():
            if value is None:
                continue
            if _BOXES.match(key):
                out.shapes += [mapping(one, "a box") for one in json_cell(value, key)]
            elif found := _SIDE.match(key):
                sides[found[2]] = text_number(value, key)
            elif key == _WHOLE:
                for given in json_cell(value, key):
                    for name, one in mapping(given, key).items():
                        out._take(name, one, sides)
        out.size = (sides.get("width"), sides.get("height"))
        return out

    def _take(self, name: str, one: Any, sides: dict[str, float]) -> None:
        """Take what a Crowd HTML Element says."""
        if not isinstance(one, dict):
            self.labels[name] = str(one)
            return
        shapes = [each for key in _SHAPES for each in one.get(key) or []]
        self.shapes += [mapping(each, "a shape") for each in shapes]
        size = mapping(one.get("inputImageProperties") or {}, "inputImageProperties")
        sides |= {side: number(size[side], side) for side in ("width", "height") if side in size}
        label = one.get("label", one.get("labels"))
        if label is not None and not any(key in one for key in _SHAPES):
            self.labels[name] = _set(map(str, label)) if isinstance(label, list) else str(label)
        elif one and all(isinstance(value, bool) for value in one.values()):
            self.labels[name] = _set(key for key, is_on in one.items() if is_on)


def _set(names: Iterable[str]) -> str | None:
    return "|".join(sorted(names)) or None


def _add(rows: Rows, row: dict[str, Any], item: str, said: _Said, question: str | None) -> None:
    name, person = row[item], row["WorkerId"]
    if name is None or person is None:
        raise TableError(f"{item if name is None else 'WorkerId'} is blank")
    for asked, label in said.labels.items():
        if asked != question:
            rows.met["labels", f"answer to {asked}", "left out: another question counts"] += label is not None
        elif label is None:
            rows.met["labels", "answer without a label", "read as a view with nothing said"] += 1
        else:
            rows.labels.append((name, person, label))
    unread = False
    for one in said.shapes:
        corners = _corners(rows, one)
        if corners is None or one.get("label") is None:
            rows.met["boxes", "shape without a class", "left out: the view stays labelled"] += corners is not None
            unread = True
        else:
            rows.boxes.append((name, person, str(one["label"]), *corners))
    rows.views.append((name, person, "labelled" if unread else None, row.get("WorkTimeInSeconds"),
                       row.get("SubmitTime"), unread))  # fmt: skip


def _corners(rows: Rows, one: dict[str, Any]) -> _shapes.Corners | None:
    if "left" in one and "width" in one:
        x, y, w, h = (number(one.get(side), side) for side in ("left", "top", "width", "height"))
        return x, y, x + w, y + h
    points = [[mapping(each, "a point").get(axis) for axis in ("x", "y")] for each in one.get("vertices") or []]
    found = _shapes.of_points(points)
    kind = "polygon" if points else "point"
    rows.met["boxes", kind, "left out: no extent" if found is None else "read as the box that encloses it"] += 1
    return found
