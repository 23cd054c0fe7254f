"""Labelbox NDJSON: a data row a line, with the labels of every project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labelqa.errors import TableError
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows, nobody
from labelqa.readers._questions import the_one
from labelqa.readers._record import mapping, number, record
from labelqa.readers._source import Source


def is_labelbox(source: Source) -> bool:
    """Tell an export by the fields of its first record."""
    if source.suffix not in (".ndjson", ".jsonl"):
        return False
    first = next(iter(source.json_lines), None)
    return isinstance(first, dict) and isinstance(first.get("data_row"), dict) and "projects" in first


def read_labelbox(source: Source, how: Reading) -> Frames:
    """Read an export; who made a label annotated, who uploaded the picture did not.

    Items are called by their global key where every data row has one, else by the id of the data row. A label that is
    its own benchmark is the trusted answer and nobody's view. Masks are addresses and are not fetched.

    Raises
    ------
    TableError
        Where it is none, for several projects or several questions of which none was chosen, for video, and where
        nobody is named.
    """
    if not is_labelbox(source):
        raise TableError(f"{source.path} is no Labelbox export: its records need data_row and projects.")
    rows = Rows(source.path, how)
    path, given = source.path, [mapping(one, f"record {nth}") for nth, one in enumerate(source.json_lines, 1)]
    projects = [key for one in given for key in mapping(one.get("projects"), "projects")]
    project = the_one(projects, meaning="project", what="projects", path=path, chosen=how.columns)
    is_keyed = all(mapping(one.get("data_row"), "data_row").get("global_key") for one in given)
    said = []
    for nth, one in enumerate(given, 1):
        with record(path, ("record", nth)):
            item = _item(rows, one, is_keyed=is_keyed)
            labels = list(_labels(rows, one, project))
            rows.met["items", "data row without a label", "no view"] += not labels
            said += [(nth, item, label) for label in labels]
    asked = [name for _, _, label in said for name, _ in _answers(label)]
    question = the_one(asked, meaning="label", what="questions about the picture", path=path, chosen=how.columns)
    for nth, item, label in said:
        with record(path, ("record", nth), ("label", label.get("id"))):
            _add(rows, item, label, question)
    return rows.frames()


def _item(rows: Rows, one: dict[str, Any], *, is_keyed: bool) -> str:
    row, media = mapping(one["data_row"], "data_row"), mapping(one.get("media_attributes") or {}, "media_attributes")
    item = row.get("global_key") if is_keyed else row.get("id")
    if item is None:
        raise TableError("its data row has no id")
    size = [number(media[side], side) if media.get(side) else None for side in ("width", "height")]
    rows.item(str(item), str(row["external_id"]) if row.get("external_id") else None, *size)
    return str(item)


def _labels(rows: Rows, one: dict[str, Any], project: str | None) -> Iterator[dict[str, Any]]:
    for label in mapping(one["projects"].get(project) or {}, "the project").get("labels") or []:
        inner = mapping(mapping(label, "a label").get("annotations") or {}, "annotations")
        if "frames" in inner or "segments" in inner:
            raise TableError("it is about a video, which is not read")
        done = mapping(label.get("performance_details") or {}, "performance_details")
        if done.get("benchmark_reference_label") not in (None, "") and (
            done["benchmark_reference_label"] == label.get("id")
        ):
            rows.met["views", "benchmark label, which is nobody's view", "left out"] += 1
            continue
        yield label


def _answers(label: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Give each question about the whole picture with its answer, which may be a set."""
    for one in mapping(label.get("annotations") or {}, "annotations").get("classifications") or []:
        asked = mapping(one, "a classification")
        if "radio_answer" in asked or "checklist_answers" in asked:
            given = (
                asked.get("checklist_answers") or [asked["radio_answer"]]
                if asked.get("radio_answer")
                else (asked.get("checklist_answers") or [])
            )
            names = sorted(str(mapping(each, "an answer").get("name")) for each in given)
            yield str(asked.get("name")), "|".join(names) or None


def _add(rows: Rows, item: str, label: dict[str, Any], question: str | None) -> None:
    inner = mapping(label.get("annotations") or {}, "annotations")
    details = mapping(label.get("label_details") or {}, "label_details")
    done = mapping(label.get("performance_details") or {}, "performance_details")
    person = details.get("created_by") or rows.how.annotator
    if person is None:
        raise nobody(rows.path)
    unread, skipped = False, bool(done.get("skipped"))
    for given in inner.get("objects") or [] if not skipped else ():
        one = mapping(given, "an object")
        corners = _corners(rows, one)
        rows.met["boxes", "classification of an object", "left out"] += len(one.get("classifications") or [])
        if corners is None:
            unread = True
        else:
            rows.boxes.append((item, str(person), str(one.get("name")), *corners))
    for name, answer in _answers(label) if not skipped else ():
        if name == question and answer is not None:
            rows.labels.append((item, str(person), answer))
        rows.met["labels", f"answer to {name}", "left out: another question counts"] += name != question
    n_texts = sum("text_answer" in one for one in inner.get("classifications") or [] if isinstance(one, dict))
    rows.met["labels", "text answer", "left out: the view stays labelled"] += n_texts
    unread |= n_texts > 0
    status = "skipped" if skipped else "labelled" if unread else None
    rows.views.append((item, str(person), status, done.get("seconds_to_create"), details.get("created_at"), unread))


def _corners(rows: Rows, one: dict[str, Any]) -> _shapes.Corners | None:
    if one.get("bounding_box") is not None:
        box = mapping(one["bounding_box"], "bounding_box")
        x, y, w, h = (number(box.get(side), side) for side in ("left", "top", "width", "height"))
        return x, y, x + w, y + h
    for kind in ("polygon", "line"):
        if one.get(kind) is not None:
            points = [[mapping(each, "a point").get(axis) for axis in ("x", "y")] for each in one[kind]]
            found = _shapes.of_points(points)
            name = "polyline" if kind == "line" else kind
            rows.met["boxes", name, "left out" if found is None else "read as the box that encloses it"] += 1
            return found
    kind = next((kind for kind in ("mask", "point") if kind in one), str(one.get("annotation_kind")))
    rows.met["boxes", kind, "left out: the view stays labelled"] += 1
    return None
