"""Prodigy JSONL: drawn spans, chosen options and answers to questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labelqa.errors import TableError, shown
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows, nobody
from labelqa.readers._opened import Source
from labelqa.readers._record import mapping, number, record


def is_prodigy(source: Source) -> bool:
    """Tell a file by the fields of its first record."""
    if source.suffix not in (".jsonl", ".ndjson"):
        return False
    first = next(iter(source.json_lines), None)
    return isinstance(first, dict) and "answer" in first and ("_task_hash" in first or "_input_hash" in first)


def read_prodigy(source: Source, how: Reading) -> Frames:
    """Read a database as `db-out` writes it; of several answers by one person the latest counts.

    With spans or options, `answer` says that the task was finished; without, it is what was said to the question in
    `label`, of which there may be one. "ignore" is a skipped view, and so is a task that was rejected as such.

    Raises
    ------
    TableError
        Where it is none, nobody is named, or the file has several questions.
    """
    if not is_prodigy(source):
        raise TableError(f"{source.path} is no Prodigy file: its records need answer and _task_hash or _input_hash.")
    rows = Rows(source.path, how)
    latest: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
    questions: set[str] = set()
    for nth, given in enumerate(source.json_lines, 1):
        with record(source.path, ("record", nth)):
            one = mapping(given, "it")
            if _is_question(one):
                questions.add(str(one["label"]))
            key, time = (_item(one), _person(one, how, source.path)), number(one.get("_timestamp") or 0, "_timestamp")
            rows.met["files", "earlier answer by the same person", "left out"] += key in latest
            if key not in latest or time >= latest[key][0]:
                latest[key] = time, one
    if len(questions) > 1:
        raise TableError(
            f"{source.path} asks {len(questions)} questions ({shown(sorted(questions))}), whose answers cannot be "
            "compared with each other; export one at a time."
        )
    for (item, person), (time, one) in latest.items():
        with record(source.path, ("item", item)):
            _add(rows, one, item, person, time)
    return rows.frames()


def _is_question(one: dict[str, Any]) -> bool:
    return "label" in one and not one.get("options") and "spans" not in one


def _item(one: dict[str, Any]) -> str:
    name = one.get("path") or one.get("image") or one.get("_input_hash")
    if isinstance(name, str) and name.startswith("data:"):
        name = one.get("_input_hash")
    if isinstance(name, str) and ("X-Amz-" in name or "Signature=" in name):
        name = one.get("_input_hash", name)  # a signed address changes with every export
    if name is None or isinstance(name, list | dict):
        raise TableError("it has neither path nor image nor _input_hash")
    return str(name)


def _person(one: dict[str, Any], how: Reading, path: Path) -> str:
    person = one.get("_annotator_id") or one.get("_session_id") or how.annotator
    if person is None:
        raise nobody(path)
    return str(person)


def _add(rows: Rows, one: dict[str, Any], item: str, person: str, time: float) -> None:
    answer, is_question = one.get("answer"), _is_question(one)
    skipped = answer == "ignore" or (answer == "reject" and not is_question)
    rows.met["views", "task that was rejected", "read as skipped"] += answer == "reject" and not is_question
    unread = False
    if is_question and not skipped:
        rows.met["columns", f"label, the question that was asked: {one['label']}", "not a label"] += 1
        rows.labels.append((item, person, str(answer)))
    elif not skipped:
        chosen = one.get("accept") or []
        if not isinstance(chosen, list):
            raise TableError("accept is no list")
        if chosen:
            rows.labels.append((item, person, "|".join(sorted(map(str, chosen)))))
        for label, corners in _spans(rows, one.get("spans") or []):
            unread |= corners is None
            if corners is not None:
                rows.boxes.append((item, person, label, *corners))
    status = "skipped" if skipped else "labelled" if unread else None
    rows.views.append((item, person, status, None, time or None, unread))
    if not rows.items or rows.items[-1][0] != item:
        size = [
            one.get(side) if one.get("spans") is not None or "width" in one else None for side in ("width", "height")
        ]
        rows.item(item, item if one.get("path") or one.get("image") else None, *size)


def _spans(rows: Rows, spans: Any) -> Iterator[tuple[str, _shapes.Corners | None]]:
    if not isinstance(spans, list):
        raise TableError("spans is no list")
    for nth, given in enumerate(spans):
        with record(("span", nth)):
            span = mapping(given, "it")
            label = span.get("label")
            kind = str(span.get("type", "rect"))
            if kind == "rect" and "x" in span:
                x, y, w, h = (number(span.get(side), side) for side in ("x", "y", "width", "height"))
                corners: _shapes.Corners | None = (x, y, x + w, y + h)
            else:
                corners = _shapes.of_points(span.get("points") or [])
                rows.met["boxes", kind, "left out" if corners is None else "read as the box that encloses it"] += 1
            if corners is not None and not isinstance(label, str):
                rows.met["boxes", f"{kind} without a class", "left out"] += 1
                corners = None
            yield str(label), corners
