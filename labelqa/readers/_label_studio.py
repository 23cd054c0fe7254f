"""Label Studio JSON exports: rectangles and choices, with who drew them, when, and how long it took."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa.errors import TableError, shown
from labelqa.readers._frames import Frames, existing_path

_VIEW = ["item_id", "annotator_id", "status", "seconds", "created_at"]
_BOX = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]


def is_label_studio(data: Any) -> bool:
    """Tell a Label Studio export: a list of tasks with data and annotations."""
    return (
        isinstance(data, list)
        and bool(data)
        and all(isinstance(task, dict) and isinstance(task.get("annotations"), list) for task in data)
    )


def read_label_studio(data: list[dict[str, Any]], path: Path, annotator: str | None) -> Frames:
    """Read one export.

    A cancelled annotation is a skipped view, one without results an empty view; predictions are not people. Percent
    become pixels; a rotated rectangle becomes the box that encloses it. Of several annotations by one person on one
    task the latest counts.

    Raises
    ------
    TableError
        For an annotation without a person, a rectangle without the picture's size, two controls that both give a class
        for the whole picture, or repeated annotations whose order no time tells.
    """
    rows: dict[str, list[dict[str, Any]]] = {"views": [], "labels": [], "boxes": [], "items": []}
    controls: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for position, task in enumerate(data):
        _add_task(rows, task, str(task.get("id", position)), annotator, path, controls=controls, kinds=kinds)
    if len(controls) > 1:
        raise TableError(
            f"{path} has {len(controls)} controls that give a class for the whole picture ({shown(sorted(controls))}); "
            "labelqa reads one class per picture: export them one at a time."
        )
    out = Frames()
    for kind, n in kinds.items():
        action = "read as the box that encloses it" if kind == "rotated rectangle" else "left out"
        out.found.add("boxes" if "rectangle" in kind else "files", f"{kind} in {path.name}", n, action)
    out.add("views", pd.DataFrame(rows["views"], columns=_VIEW))
    out.add("items", pd.DataFrame(rows["items"], columns=["item_id", "path", "width", "height"]))
    if rows["boxes"] or not rows["labels"]:
        out.add("boxes", pd.DataFrame(rows["boxes"], columns=_BOX))
    if rows["labels"]:
        out.add("labels", pd.DataFrame(rows["labels"], columns=_BOX[:3]))
    return out


def _add_task(
    rows: dict[str, list[dict[str, Any]]],
    task: dict[str, Any],
    item: str,
    annotator: str | None,
    path: Path,
    *,
    controls: Counter[str],
    kinds: Counter[str],
) -> None:
    """Add the rows of one task, counting the controls met and what is read otherwise or left out."""
    latest, n_earlier = _latest(task["annotations"], item, annotator, path)
    kinds["earlier annotation by the same person"] += n_earlier
    kinds["prediction"] += len(task.get("predictions") or [])
    size: tuple[float, float] | None = None
    for person, annotation in latest.items():
        key = {"item_id": item, "annotator_id": person}
        skipped = bool(annotation.get("was_cancelled"))
        told = {"seconds": annotation.get("lead_time"), "created_at": _time(annotation)}
        rows["views"].append({**key, "status": "skipped" if skipped else None, **told})
        results = [] if skipped else annotation.get("result") or []
        size = next((found for one in results if (found := _size(one))), size)
        rows["boxes"] += [{**key, **box} for one in results for box in _boxes(one, item, path, kinds)]
        rows["labels"] += [{**key, "label": label} for one in results for label in _choice(one, controls)]
    width, height = size or (math.nan, math.nan)
    rows["items"].append({"item_id": item, "path": _picture(task, path), "width": width, "height": height})


def _latest(
    annotations: list[dict[str, Any]], item: str, annotator: str | None, path: Path
) -> tuple[dict[str, dict[str, Any]], int]:
    """One annotation per person: the latest by time."""
    by_person: dict[str, list[dict[str, Any]]] = {}
    for annotation in annotations:
        by_person.setdefault(_person(annotation, item, annotator, path), []).append(annotation)
    out = {}
    for person, several in by_person.items():
        times = [_time(one) for one in several]
        if len(several) > 1 and (None in times or len(set(times)) < len(times)):
            raise TableError(
                f"{path}: {person} annotated task {item} {len(several)} times and no time tells which is the latest; "
                "remove the others in Label Studio, or export with created_at."
            )
        out[person] = max(several, key=lambda one: str(_time(one)))
    return out, len(annotations) - len(by_person)


def _time(annotation: dict[str, Any]) -> str | None:
    value = annotation.get("created_at")
    return None if value is None else str(value)


def _person(annotation: dict[str, Any], item: str, annotator: str | None, path: Path) -> str:
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        who = who.get("id", who.get("email"))
    who = annotator if who is None else who
    if who is None:
        raise TableError(
            f"{path}: an annotation of task {item} does not say who made it (completed_by); name the person with "
            "annotator='NAME'."
        )
    return str(who)


def _picture(task: dict[str, Any], path: Path) -> Any:
    data = task.get("data") or {}
    return existing_path(data.get("image", data.get("img")), path.parent)


def _size(result: dict[str, Any]) -> tuple[float, float] | None:
    width, height = result.get("original_width"), result.get("original_height")
    return (float(width), float(height)) if width and height else None


def _choice(result: dict[str, Any], controls: Counter[str]) -> list[str]:
    if result.get("type") != "choices":
        return []
    controls[str(result.get("from_name"))] += 1
    chosen = [str(choice) for choice in result["value"]["choices"]]
    return ["|".join(sorted(chosen))] if chosen else []


def _boxes(result: dict[str, Any], item: str, path: Path, kinds: Counter[str]) -> list[dict[str, Any]]:
    if result.get("type") == "choices":
        return []
    if result.get("type") not in ("rectanglelabels", "rectangle"):
        kinds[f"result of type {result.get('type')!r}"] += 1
        return []
    size = _size(result)
    if size is None:
        raise TableError(
            f"{path}: a rectangle of task {item} has no original_width and original_height, without which percent "
            "cannot become pixels; export it again with a current Label Studio."
        )
    value = result["value"]
    corners = _enclosing(value, *size)
    kinds["rotated rectangle"] += bool(value.get("rotation"))
    labels = value.get("rectanglelabels") or [None]
    kinds["further class of a rectangle that has several"] += len(labels) - 1
    return [{"label": labels[0], **dict(zip(_BOX[3:], corners, strict=True))}]


def _enclosing(value: dict[str, Any], width: float, height: float) -> tuple[float, float, float, float]:
    """Corners in pixels; Label Studio turns a rectangle clockwise round its top left corner."""
    x, y = value["x"] * width / 100, value["y"] * height / 100
    w, h = value["width"] * width / 100, value["height"] * height / 100
    angle = math.radians(value.get("rotation") or 0.0)
    across = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)]
    xs = [x + dx * math.cos(angle) - dy * math.sin(angle) for dx, dy in across]
    ys = [y + dx * math.sin(angle) + dy * math.cos(angle) for dx, dy in across]
    return min(xs), min(ys), max(xs), max(ys)
