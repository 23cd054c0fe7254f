"""Label Studio JSON_MIN, CSV and TSV: one flat record per annotation, a field per control."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from labelqa.errors import TableError, shown
from labelqa.readers._frames import Frames, Reading, is_picture_name
from labelqa.readers._opened import Source
from labelqa.readers._record import record
from labelqa.readers.formats.label_studio import read_tasks

_SIGNS = {"annotator", "annotation_id", "lead_time", "id"}
_META = {*_SIGNS, "created_at", "updated_at", "agreement", "inner_id", "total_annotations", "predictions"}
_SUFFIXES = (".json", ".csv", ".tsv")


def is_label_studio_min(source: Source) -> bool:
    """Tell such a file by the fields that every record has."""
    if source.suffix not in _SUFFIXES:
        return False
    if source.suffix == ".json":
        data = source.json
        rows = data if isinstance(data, list) else []
        return bool(rows) and all(isinstance(row, dict) for row in rows) and set(rows[0]) >= _SIGNS
    return set(map(str, source.table.columns)) >= _SIGNS


def read_label_studio_min(source: Source, how: Reading) -> Frames:
    """Read flat records as the tasks that they were made from, see `read_tasks`.

    Raises
    ------
    TableError
        Where several fields could be the class of the whole picture, and for what `read_tasks` refuses.
    """
    if not is_label_studio_min(source):
        raise TableError(f"{source.path} is no flat Label Studio export: it lacks {shown(sorted(_SIGNS))}.")
    records = source.json if source.suffix == ".json" else _of_table(source.table)
    answers = _answers(records, source, how)
    tasks: dict[str, dict[str, Any]] = {}
    for nth, row in enumerate(records):
        with record(source.path, f"record {nth}"):
            said = {name: _unpacked(value) for name, value in row.items() if name not in _META and value is not None}
            task = tasks.setdefault(str(row["id"]), {"id": row["id"], "data": {}, "annotations": []})
            task["data"] |= {
                name: value for name, value in said.items() if name not in answers and isinstance(value, str)
            }
            task["annotations"].append(
                {
                    "id": row.get("annotation_id"), "completed_by": row.get("annotator"),
                    "created_at": row.get("created_at"), "lead_time": row.get("lead_time"),
                    "result": [one for name, value in said.items() for one in _results(name, value, name in answers)],
                }
            )  # fmt: skip
    return read_tasks(list(tasks.values()), source.path, how)


def _of_table(table: pd.DataFrame) -> list[dict[str, Any]]:
    return table.astype(object).where(table.notna(), None).to_dict("records")  # type: ignore[return-value]


def _unpacked(value: Any) -> Any:
    """Take JSON out of a cell of text."""
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _answers(records: list[dict[str, Any]], source: Source, how: Reading) -> set[str]:
    """Find the fields of plain text that are answers: those that differ between records of one task."""
    if "label" in how.columns:
        return {how.columns["label"]}
    plain = [name for name in records[0] if name not in _META and all(_is_plain(row.get(name)) for row in records)]
    plain = [name for name in plain if not any(_is_place(row.get(name)) for row in records)]
    filled = [name for name in plain if any(row.get(name) is not None for row in records)]
    if len(filled) < 2:
        return set(filled)
    first: dict[tuple[Any, str], Any] = {}
    varying = {
        name
        for row in records
        for name in filled
        if first.setdefault((row["id"], name), row.get(name)) != row.get(name)
    }
    if len(varying) != 1:
        raise TableError(
            f"{source.path} has the fields {shown(filled)}, and each could be the class of the picture; say which: "
            f"map={{'label': {filled[0]!r}}}."
        )
    return varying


def _is_plain(value: Any) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(_unpacked(value), list | dict))


def _is_place(value: Any) -> bool:
    return isinstance(value, str) and (is_picture_name(value.split("?")[0]) or "://" in value)


def _results(name: str, value: Any, is_answer: bool) -> list[dict[str, Any]]:
    if is_answer:
        return [{"type": "choices", "from_name": name, "value": {"choices": [str(value)]}}]
    if isinstance(value, dict) and isinstance(value.get("choices"), list):
        return [{"type": "choices", "from_name": name, "value": value}]
    if not isinstance(value, list):
        return []
    return [_region(name, one, nth) for nth, one in enumerate(value) if isinstance(one, dict)]


def _region(name: str, one: dict[str, Any], nth: int) -> dict[str, Any]:
    """Give a result its type back: the list of classes is called by it, or else its fields tell."""
    kind = next((key for key, value in one.items() if key.endswith("labels") and isinstance(value, list)), None)
    if kind is None:
        kind = (
            "polygon"
            if "points" in one
            else "ellipse"
            if "radiusX" in one
            else "brush"
            if "rle" in one
            else "rectangle"
        )
    keys = ("original_width", "original_height")
    return {"id": f"{name}-{nth}", "type": kind, "from_name": name, **{key: one.get(key) for key in keys},
            "value": {key: value for key, value in one.items() if key not in keys}}  # fmt: skip
