"""Zooniverse: the classification export, a row for each classification, with JSON in its cells."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.errors import TableError, shown
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows
from labelqa.readers._opened import Source
from labelqa.readers._questions import json_cell, rows_of, the_one
from labelqa.readers._record import mapping, number, record

_SIGNS = {"classification_id", "annotations", "metadata", "subject_ids"}


def is_zooniverse(source: Source) -> bool:
    """Tell an export by its columns."""
    return source.is_delimited and set(map(str, source.table.columns)) >= _SIGNS


def read_zooniverse(source: Source, how: Reading) -> Frames:
    """Read an export; the first classification by one person of one subject counts.

    The item is the subject, or each frame of it where it has several. Of several questions `map` names one (``label``,
    the number of its task). Who was not logged in is called by a mark of the address, which several people may share.

    Raises
    ------
    TableError
        Where it is none, holds several workflows, or several questions of which none was chosen.
    """
    if not is_zooniverse(source):
        raise TableError(f"{source.path} is no export of Zooniverse: it lacks {', '.join(sorted(_SIGNS))}.")
    rows, path = Rows(source.path, how), source.path
    given = rows_of(source.table)
    _refuse_several_workflows(given, path)
    said: dict[tuple[str, str], tuple[int, dict[str, Any], list[Any], dict[str, Any]]] = {}
    for nth, row in enumerate(given, 1):
        with record(path, ("classification", row["classification_id"])):
            meta = mapping(json_cell(row["metadata"], "metadata"), "metadata")
            tasks = json_cell(row["annotations"], "annotations")
            if not isinstance(tasks, list):
                raise TableError("annotations is no list")
            if str(row.get("gold_standard") or "").lower() in ("true", "t", "1"):
                rows.met["views", "gold standard, which is nobody's view", "left out"] += 1
                continue
            key = (_needed(row, "subject_ids"), _needed(row, "user_name"))
            state = mapping(meta.get("subject_selection_state") or {}, "subject_selection_state")
            if key in said or state.get("already_seen"):
                rows.met["views", "later classification of a subject already seen", "left out"] += 1
                continue
            rows.met["annotators", "classification by somebody not logged in", "called by a mark of the address"] += (
                key[1].startswith("not-logged-in")
            )
            said[key] = nth, row, [mapping(task, "a task") for task in tasks], meta
    asked = [str(task.get("task")) for _, _, tasks, _ in said.values() for task in tasks if _is_question(task)]
    question = the_one(asked, meaning="label", what="questions", path=path, chosen=how.columns)
    seen: dict[str, None] = {}
    for (subject, person), (_, row, tasks, meta) in said.items():
        with record(path, ("classification", row["classification_id"])):
            _add(rows, (subject, person), (row, tasks, meta), question, seen)
    return rows.frames()


def _refuse_several_workflows(given: list[dict[str, Any]], path: Any) -> None:
    flows = sorted(
        {(row.get("workflow_id"), str(row.get("workflow_version")).partition(".")[0]) for row in given}, key=str
    )
    if len(flows) > 1:
        told = [f"{number}, version {version}" for number, version in flows]
        raise TableError(
            f"{path} holds {len(flows)} workflows ({shown(told)}), whose tasks differ; keep the rows of one."
        )


def _needed(row: dict[str, Any], name: str) -> str:
    if row.get(name) is None:
        raise TableError(f"{name} is blank")
    return str(row[name])


def _is_drawing(task: dict[str, Any]) -> bool:
    value = task.get("value")
    named = task.get("taskType") == "drawing"
    return named or (isinstance(value, list) and all(isinstance(one, dict) and "tool" in one for one in value))


def _is_question(task: dict[str, Any]) -> bool:
    value = task.get("value")
    is_answer = isinstance(value, str | int) or value is None or (isinstance(value, list) and bool(value))
    return "markIndex" not in task and not _is_drawing(task) and is_answer


def _add(
    rows: Rows, who: tuple[str, str], what: tuple[dict[str, Any], list[Any], dict[str, Any]], question: str | None,
    seen: dict[str, None],
) -> None:  # fmt: skip
    (subject, person), (row, tasks, meta) = who, what
    frames = [one for one in meta.get("subject_dimensions") or [] if isinstance(one, dict)]
    names = [subject] if len(frames) < 2 else [f"{subject}/{nth}" for nth in range(len(frames))]
    unread: set[int] = set()
    for task in tasks:
        if "markIndex" in task:
            rows.met["boxes", "answer about a mark", "left out"] += 1
        elif _is_drawing(task):
            for nth, given in enumerate(task["value"]):
                with record(("mark", nth)):
                    _add_mark(rows, mapping(given, "it"), (names, person), unread)
        elif str(task.get("task")) == question:
            value = task.get("value")
            label = "|".join(sorted(map(str, value))) if isinstance(value, list) else value
            if label is not None:
                rows.labels.append((names[0], person, str(label)))
        else:
            rows.met["labels", f"answer to {task.get('task')}", "left out: another question counts"] += 1
    rows.met["items", "subject with several frames", "an item for each"] += len(names) > 1 and names[0] not in seen
    seconds = _seconds(meta)
    for nth, name in enumerate(names):
        rows.views.append((name, person, "labelled" if nth in unread else None, seconds, row.get("created_at"),
                           nth in unread))  # fmt: skip
        if name not in seen:
            seen[name] = None
            size = [frames[nth].get(side) if frames else None for side in ("naturalWidth", "naturalHeight")]
            rows.item(name, None, *(number(side, "a side of the picture") if side else None for side in size))


def _seconds(meta: dict[str, Any]) -> float | None:
    texts = pd.Series([str(meta.get(name)) for name in ("started_at", "finished_at")])
    took = float(pd.to_datetime(texts, errors="coerce", utc=True).diff().dt.total_seconds().iloc[1])
    return took if took >= 0 else None


def _add_mark(rows: Rows, mark: dict[str, Any], who: tuple[list[str], str], unread: set[int]) -> None:
    names, person = who
    frame = int(number(mark.get("frame") or 0, "frame"))
    if frame >= len(names):
        raise TableError(f"it is on frame {frame} of a subject that has {len(names)}")
    rows.met["boxes", "answer about a mark", "left out"] += sum(
        isinstance(one, dict) and one.get("value") not in (None, "", []) for one in mark.get("details") or []
    )
    corners = _corners(rows, mark)
    label = mark.get("tool_label")
    if label is None:
        label = mark.get("toolIndex", mark.get("tool"))
        rows.met["boxes", "class that is the number of a tool", "kept"] += corners is not None and label is not None
    if corners is None or label is None:
        rows.met["boxes", "mark without a class", "left out: the view stays labelled"] += corners is not None
        unread.add(frame)
    else:
        rows.boxes.append((names[frame], person, str(label), *corners))


def _corners(rows: Rows, mark: dict[str, Any]) -> _shapes.Corners | None:
    def get(*names: str) -> list[float]:
        return [number(mark.get(name), name) for name in names]

    middle = ("x_center", "y_center") if "x_center" in mark else ("x", "y")
    turn = number(mark.get("angle", mark.get("rotation")) or 0, "angle")
    if "width" in mark:
        x, y, w, h = get(*middle, "width", "height")
        left, top = (x - w / 2, y - h / 2) if "x_center" in mark else (x, y)
        if not turn:
            return left, top, left + w, top + h
        kind, found = "rotated rectangle", _shapes.turned(left, top, w, h, turn, round_middle=True)
    elif "rx" in mark:
        x, y, rx, ry = get(*middle, "rx", "ry")
        # the angle runs against the clock
        kind, found = "ellipse", _shapes.ellipse(x, y, rx, ry, -turn)
    elif "r" in mark:
        x, y, radius = get(*middle, "r")
        kind, found = "circle", _shapes.ellipse(x, y, radius, radius)
    else:
        kind, outline = _outline(mark)
        enclosed = _shapes.of_points(outline)
        if enclosed is None:
            rows.met["boxes", kind, "left out: no extent"] += 1
            return None
        found = enclosed
    rows.met["boxes", kind, "read as the box that encloses it"] += 1
    return found


def _outline(mark: dict[str, Any]) -> tuple[str, list[list[Any]]]:
    if "x1" in mark:
        return "line", [[mark.get("x1"), mark.get("y1")], [mark.get("x2"), mark.get("y2")]]
    if "pathX" in mark:
        return "freehand line", [list(pair) for pair in zip(mark["pathX"], mark["pathY"], strict=True)]
    if "points" in mark:
        return "polygon", [[mapping(one, "a point").get(axis) for axis in ("x", "y")] for one in mark["points"]]
    return "point", []
