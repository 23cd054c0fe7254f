"""Toloka: the results of a pool, a task of an assignment a row."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from labelqa._pixels import size_of
from labelqa.errors import TableError, shown
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows
from labelqa.readers._opened import Source
from labelqa.readers._questions import json_cell, rows_of, the_one
from labelqa.readers._record import mapping, number, record

_PERSON, _STATUS = "ASSIGNMENT:worker_id", "ASSIGNMENT:status"
#: What is no answer, or not one yet.
_LEFT_OUT = ("REJECTED", "EXPIRED", "ACTIVE")


def is_toloka(source: Source) -> bool:
    """Tell the results of a pool by the beginnings of their columns."""
    if not source.is_delimited:
        return False
    columns = list(map(str, source.table.columns))
    return _PERSON in columns and any(name.startswith("INPUT:") for name in columns)


def read_toloka(source: Source, how: Reading) -> Frames:
    """Read the results of a pool.

    The one ``INPUT:`` column is the item and the one ``OUTPUT:`` column what was said of it: a class, or shapes as
    JSON, in shares of the picture, which has to lie below the folder of the file. ``GOLDEN:`` is the right answer of a
    control task, and nobody's. Times are those of a whole task suite, so seconds are not known.

    Raises
    ------
    TableError
        Where it is none, has several columns of which none was chosen, or shapes without their pictures.
    """
    if not is_toloka(source):
        raise TableError(f"{source.path} is no pool of Toloka: it needs columns INPUT:..., OUTPUT:... and {_PERSON}.")
    rows, path = Rows(source.path, how), source.path
    columns = list(map(str, source.table.columns))
    item, answer = (
        the_one([name for name in columns if name.startswith(start)], meaning=meaning, what=f"columns {start}...",
                path=path, chosen=how.columns)
        for start, meaning in (("INPUT:", "item_id"), ("OUTPUT:", "label"))
    )  # fmt: skip
    if item is None or answer is None:
        raise TableError(f"{path} has no {'INPUT' if item is None else 'OUTPUT'} column; download the whole results.")
    golden = [name for name in columns if name.startswith("GOLDEN:")]
    unused = [name for name in columns if name.startswith(("INPUT:", "OUTPUT:")) and name not in (item, answer)]
    sizes: dict[str, tuple[int | None, int | None]] = {}
    size = cache(lambda name: size_of(_picture(path.parent, name)))
    for nth, row in enumerate(rows_of(source.table), 1):
        with record(path, ("row", nth)):
            rows.met["views", "row of a control task (GOLDEN)", "its answer counts, the right one is nobody's"] += any(
                row[name] is not None for name in golden
            )
            for name in unused:
                rows.met["columns", f"column {name}", "not used"] += row[name] is not None
            _add(rows, row, (item, answer), size)
            known = sizes.get(row[item], (None, None))
            sizes[row[item]] = size(row[item]) if _is_shapes(row[answer]) else known
    for name, sides in sizes.items():
        rows.item(name, name, *sides)
    return rows.frames()


def _is_shapes(said: str | None) -> bool:
    return said is not None and said.lstrip().startswith("[")


def _add(rows: Rows, row: dict[str, Any], columns: tuple[str, str], size: Callable[[str], tuple[int, int]]) -> None:
    name, person, said, status = row[columns[0]], row[_PERSON], row[columns[1]], row.get(_STATUS)
    if name is None or person is None:
        raise TableError(f"{columns[0] if name is None else _PERSON} is blank")
    if status in _LEFT_OUT:
        rows.met["views", f"{str(status).lower()} assignment", "left out"] += 1
        return
    unread, skipped = False, status == "SKIPPED"
    if said is None and not skipped:
        rows.met["labels", "answer without a label", "read as a view with nothing said"] += 1
    elif _is_shapes(said) and not skipped:
        across, down = size(name)
        for given in json_cell(said, columns[1]):
            one = mapping(given, "a shape")
            corners = _corners(rows, one)
            if corners is None or one.get("label") is None:
                rows.met["boxes", "shape without a class", "left out: the view stays labelled"] += corners is not None
                unread = True
                continue
            left, top, right, bottom = corners
            rows.boxes.append((name, person, str(one["label"]), left * across, top * down, right * across,
                               bottom * down))  # fmt: skip
    elif said is not None and not skipped:
        rows.labels.append((name, person, said))
    state = "skipped" if skipped else "labelled" if unread else None
    rows.views.append((name, person, state, None, row.get("ASSIGNMENT:submitted"), unread))


def _corners(rows: Rows, one: dict[str, Any]) -> _shapes.Corners | None:
    kind = str(one.get("shape"))
    if kind == "rectangle":
        x, y, w, h = (number(one.get(side), side) for side in ("left", "top", "width", "height"))
        return x, y, x + w, y + h
    points = [[mapping(each, "a point").get(side) for side in ("left", "top")] for each in one.get("points") or []]
    found = _shapes.of_points(points)
    rows.met["boxes", kind, "left out: no extent" if found is None else "read as the box that encloses it"] += 1
    return found


def _picture(folder: Path, name: str) -> Path:
    """Find the one picture of that name below a folder."""
    plain = name.split("?", maxsplit=1)[0].replace("\\", "/").rsplit("/", 1)[-1]
    found = sorted(path for path in folder.rglob("*") if path.name == plain and path.is_file())
    if len(found) != 1:
        raise TableError(
            f"shapes are shares of the picture {name!r}, of which there are {len(found)} below {folder} "
            f"({shown(found)}); put it there, so that shares become pixels"
        )
    return found[0]
