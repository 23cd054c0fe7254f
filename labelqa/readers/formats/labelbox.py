"""Labelbox NDJSON: a data row a line, its labels by project."""

from __future__ import annotations

from typing import Any

from labelqa.errors import TableError
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows, nobody
from labelqa.readers._opened import Source
from labelqa.readers._questions import the_one
from labelqa.readers._record import mapping, number, record


def is_labelbox(source: Source) -> bool:
    """Tell a file by the fields of its first record."""
    if source.suffix not in (".jsonl", ".ndjson"):
        return False
    first = next(iter(source.json_lines), None)
    return isinstance(first, dict) and isinstance(first.get("data_row"), dict) and "projects" in first


def read_labelbox(source: Source, how: Reading) -> Frames:
    """Read an export of one project; of several labels of a data row by one person the latest counts.

    Raises
    ------
    TableError
        Where it is none, nobody is named, or several projects or questions could be meant.
    """
    if not is_labelbox(source):
        raise TableError(f"{source.path} is no Labelbox export: its records need data_row and projects.")
    rows = Rows(source.path, how)
    records: list[dict[str, Any]] = [mapping(one, f"record {nth}") for nth, one in enumerate(source.json_lines, 1)]
    has_keys = all(isinstance(one.get("data_row"), dict) and one["data_row"].get("global_key") for one in records)
    known: set[str] = set()
    labels = []
    for nth, one in enumerate(records, 1):
        with record(source.path, ("record", nth)):
            item = _add_item(rows, one, known, has_keys=has_keys)
            labels += [(nth, item, project, label) for project, label in _labels(rows, one)]
    every = sorted({project for _, _, project, _ in labels})
    project = the_one(every, meaning="project", what="projects", path=source.path, chosen=how.columns)
    kept = [(nth, item, label) for nth, item, name, label in labels if name == project]
    rows.met["files", "label of another project", "left out"] += len(labels) - len(kept)
    latest = _latest(rows, kept)
    asked = sorted({name for *_, label in latest for name in _questions(label)})
    question = the_one(asked, meaning="label", what="questions", path=source.path, chosen=how.columns)
    for nth, item, person, label in latest:
        with record(source.path, ("record", nth), ("label", label.get("id"))):
            _add_label(rows, label, item, person, question)
    return rows.frames()


def _add_item(rows: Rows, one: dict[str, Any], known: set[str], *, has_keys: bool) -> str:
    data_row = mapping(one.get("data_row"), "data_row")
    item = data_row.get("global_key" if has_keys else "id")
    if not isinstance(item, str) or not item:
        raise TableError("data_row.id is missing")
    if item in known:
        raise TableError(f"data row {item} is there twice")
    known.add(item)
    media: dict[str, Any] = mapping(one.get("media_attributes") or {}, "media_attributes")
    if str(media.get("exif_rotation") or 1) != "1":
        rows.met["items", "picture that is shown turned (exif_rotation)", "frame as the file says"] += 1
    name = data_row.get("external_id") or data_row.get("global_key")
    rows.item(item, name if isinstance(name, str) else None, media.get("width") or None, media.get("height") or None)
    return item


def _labels(rows: Rows, one: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Give the labels of a data row that count, with their project."""
    found = []
    for project, inner in mapping(one.get("projects"), "projects").items():
        given = _list(mapping(inner, f"project {project}"), "labels")
        found += [(project, mapping(label, "label")) for label in given]
    rows.met["views", "data row without a label", "no view"] += not found
    kept = []
    for project, label in found:
        performance = mapping(label.get("performance_details") or {}, "performance_details")
        is_gold = label.get("id") is not None and performance.get("benchmark_reference_label") == label["id"]
        is_video = "frames" in mapping(label.get("annotations") or {}, "annotations")
        if is_gold and not rows.how.keep_gold:
            rows.met["views", "benchmark label", "left out: the trusted answer is nobody's view"] += 1
        elif is_video:
            rows.met["views", "label of a video", "left out"] += 1
        else:
            kept.append((project, label))
    return kept


def _latest(rows: Rows, labels: list[tuple[int, str, dict[str, Any]]]) -> list[tuple[int, str, str, dict[str, Any]]]:
    latest: dict[tuple[str, str], tuple[int, str, str, dict[str, Any]]] = {}
    for nth, item, label in labels:
        with record(rows.path, ("record", nth), ("label", label.get("id"))):
            person = mapping(label.get("label_details") or {}, "label_details").get("created_by") or rows.how.annotator
            if person is None:
                raise nobody(rows.path)
            key = item, str(person)
            rows.met["files", "earlier label by the same person", "left out"] += key in latest
            if key not in latest or _time(label) >= _time(latest[key][3]):
                latest[key] = nth, *key, label
    return list(latest.values())


def _time(label: dict[str, Any]) -> str:
    return str((label.get("label_details") or {}).get("created_at") or "")


def _questions(label: dict[str, Any]) -> list[str]:
    answers = (label.get("annotations") or {}).get("classifications") or []
    return [str(one.get("name")) for one in answers if isinstance(one, dict) and _chosen(one) is not None]


def _chosen(answer: dict[str, Any]) -> list[Any] | None:
    """Give the options chosen; None for an answer in words."""
    if isinstance(answer.get("radio_answer"), dict):
        return [answer["radio_answer"]]
    several = answer.get("checklist_answers")
    return several if isinstance(several, list) else None


def _list(where: dict[str, Any], name: str) -> list[Any]:
    value = where.get(name) or []
    if not isinstance(value, list):
        raise TableError(f"{name} is no list")
    return value


def _add_label(rows: Rows, label: dict[str, Any], item: str, person: str, question: str | None) -> None:
    performance = mapping(label.get("performance_details") or {}, "performance_details")
    annotations = mapping(label.get("annotations") or {}, "annotations")
    objects, answers = _list(annotations, "objects"), _list(annotations, "classifications")
    rows.met["boxes", "relation of objects", "left out"] += len(_list(annotations, "relationships"))
    seconds, time = performance.get("seconds_to_create"), _time(label) or None
    if performance.get("skipped"):
        rows.met["views", "object or answer of a skipped label", "left out"] += len(objects) + len(answers)
        rows.views.append((item, person, "skipped", seconds, time, False))
        return
    unread = False
    for nth, one in enumerate(objects):
        with record(("object", nth)):
            unread |= not _add_object(rows, mapping(one, "it"), item, person)
    chosen: set[str] = set()
    for nth, one in enumerate(answers):
        with record(("classification", nth)):
            unread |= not _add_answer(rows, mapping(one, "it"), question, chosen)
    if chosen:
        rows.labels.append((item, person, "|".join(sorted(chosen))))
    rows.views.append((item, person, "labelled" if unread else None, seconds, time, unread))


def _add_answer(rows: Rows, one: dict[str, Any], question: str | None, chosen: set[str]) -> bool:
    """Collect the options of an answer; False where it is not read."""
    options = _chosen(one)
    if options is None:
        rows.met["labels", "text answer", "left out"] += 1
        return False
    if str(one.get("name")) != question:
        rows.met["labels", f"answer to another question: {one.get('name')}", "left out"] += 1
        return False
    for option in options:
        given = mapping(option, "an answer")
        name = given.get("name")
        if not isinstance(name, str):
            raise TableError("name of an answer is missing")
        chosen.add(name)
        rows.met["labels", "answer within an answer", "left out"] += len(_list(given, "classifications"))
    return True


def _add_object(rows: Rows, one: dict[str, Any], item: str, person: str) -> bool:
    """Add an object; False where it has no extent or no class."""
    rows.met["labels", "classification of an object", "left out"] += len(_list(one, "classifications"))
    kind, corners = _corners(one)
    label = one.get("name")
    if corners is None or not isinstance(label, str) or not label:
        rows.met["boxes", kind if corners is None else f"{kind} without a class", "left out"] += 1
        return False
    if kind != "rectangle":
        rows.met["boxes", kind, "read as the box that encloses it"] += 1
    rows.boxes.append((item, person, label, *corners))
    return True


def _corners(one: dict[str, Any]) -> tuple[str, _shapes.Corners | None]:
    if "bounding_box" in one:
        box = mapping(one["bounding_box"], "bounding_box")
        x, y, w, h = (number(box.get(side), side) for side in ("left", "top", "width", "height"))
        return "rectangle", (x, y, x + w, y + h)
    for kind, name in (("polygon", "polygon"), ("line", "polyline")):
        if kind in one:
            points = [mapping(point, "a point") for point in _list(one, kind)]
            return name, _shapes.of_points([[point.get("x"), point.get("y")] for point in points])
    if "mask" in one:
        return "mask that lies elsewhere", None
    return "point" if "point" in one else f"object of kind {one.get('annotation_kind')}", None
