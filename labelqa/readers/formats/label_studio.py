"""Label Studio JSON exports: regions and choices, with who made them, when, and how long it took."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from labelqa.errors import TableError, shown
from labelqa.readers import _shapes
from labelqa.readers._frames import PLACES, Frames, Reading, Rows, is_picture_name
from labelqa.readers._opened import Source
from labelqa.readers._record import mapping, number, record

#: Results that lie on a picture: rectangles, and shapes that are read as the box that encloses them.
_RECTANGLES = ("rectanglelabels", "rectangle")
_SHAPES = ("polygonlabels", "polygon", "ellipselabels", "ellipse", "brushlabels", "brush")
_DRAWN = frozenset((*_RECTANGLES, *_SHAPES))


def is_label_studio(source: Source) -> bool:
    """Tell an export: a list of tasks with annotations, and data or results."""
    data = source.json
    return isinstance(data, list) and bool(data) and all(map(_is_task, data))


def _is_task(task: Any) -> bool:
    if not isinstance(task, dict) or not isinstance(task.get("annotations"), list):
        return False
    said = [one for one in task["annotations"] if isinstance(one, dict)]
    return isinstance(task.get("data"), dict) or any("result" in one or "completed_by" in one for one in said)


def read_label_studio(source: Source, how: Reading) -> Frames:
    """Read one export, see `read_tasks`.

    Raises
    ------
    TableError
        Where it is none.
    """
    if not is_label_studio(source):
        raise TableError(f"{source.path} is no Label Studio export: it needs a JSON list of tasks with 'annotations'.")
    return read_tasks(source.json, source.path, how)


def read_tasks(tasks: list[dict[str, Any]], path: Path, how: Reading) -> Frames:
    """Read the tasks of an export.

    A cancelled annotation is a skipped view, one without results an empty view; drafts are no answers; predictions, and
    answers marked as ground truth, are nobody's view unless they are to be kept. Percent become pixels; a turned
    rectangle, a polygon, an ellipse and a painted mask become the box that encloses them. Results that share an id are
    one region. A task with several pictures is several items, called task/number. Of several annotations by one person
    on one task the latest counts.

    Raises
    ------
    TableError
        For an annotation without a person, a rectangle without the picture's size or with corners that are no numbers,
        two controls that both give a class for the whole picture, or repeated annotations whose order no time tells.
    """
    rows = _Rows(path=path, how=how)
    for position, task in enumerate(tasks):
        item = str(task.get("id", position)) if isinstance(task, dict) else str(position)
        with record(path, ("task", item)):
            _add_task(rows, mapping(task, "the task"), item, position)
    if len(rows.controls) > 1:
        raise TableError(
            f"{path} has {len(rows.controls)} controls that give a class for the whole picture "
            f"({shown(sorted(rows.controls))}); labelqa reads one class per picture: export them one at a time."
        )
    return rows.frames()


@dataclass
class _Rows(Rows):
    """The rows of all tasks so far, and the controls that gave a class for the whole picture."""

    controls: Counter[str] = field(default_factory=Counter)


class _Region(NamedTuple):
    """All results with one id, which are about one place of one picture; and the number of the one with the shape."""

    nth: int
    shape: dict[str, Any]
    classes: list[str]


def _add_task(rows: _Rows, task: dict[str, Any], item: str, position: int) -> None:
    said = [mapping(one, "an annotation") for one in task["annotations"]]
    said += _of_models(rows, task)
    rows.met["files", "draft", "left out"] += len(task.get("drafts") or [])
    if not rows.how.keep_gold:
        gold = [one for one in said if one.get("ground_truth")]
        rows.met["views", "ground truth, which is nobody's view", "left out: ground_truth='keep' takes it"] += len(gold)
        said = [one for one in said if not one.get("ground_truth")]
    place = _Place(item, _pictures(task, said))
    latest, n_earlier = _latest(said, item, rows)
    rows.met["files", "earlier annotation by the same person", "left out"] += n_earlier
    for person, annotation in latest.items():
        # a prediction has no place: it is never written back
        nth = _place_in(task["annotations"], annotation) if rows.how.with_places else 0
        _add_annotation(rows, annotation, person, place, (position, nth))
    for key, name in place.names.items():
        width, height = place.sizes.get(key, (math.nan, math.nan))
        rows.item(name, place.pictures[key], width, height)
        rows.mark(PLACES, (position, key))


def _place_in(listed: list[Any], wanted: Any) -> int:
    return next(nth for nth, one in enumerate(listed) if one is wanted)


def _of_models(rows: _Rows, task: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the predictions as annotations by the models, called by their versions; none where they are left out."""
    made = task.get("predictions") or []
    if not rows.how.keep_predictions:
        rows.met["files", "prediction", "left out: predictions='keep' takes it"] += len(made)
        return []
    rows.met["views", "prediction", "read as the view of its model"] += len(made)
    every = [mapping(one, "a prediction") for one in made]
    return [one | {"completed_by": f"model {one.get('model_version') or ''}".strip()} for one in every]


@dataclass
class _Place:
    """The pictures of one task by what tells them apart, what their items are called, and the sizes seen so far."""

    item: str
    pictures: dict[str | None, str | None]
    sizes: dict[str | None, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = {key: self.item if key is None else f"{self.item}/{key}" for key in self.pictures}


def _add_annotation(
    rows: _Rows, annotation: dict[str, Any], person: str, place: _Place, where: tuple[int, int]
) -> None:
    skipped = bool(annotation.get("was_cancelled"))
    unread: Counter[str | None] = Counter()
    for key, region in () if skipped else _regions(annotation, place.pictures, rows, unread):
        shape = region.shape
        with record(rows.path, ("task", place.item), ("result", shape.get("id"))):
            size = _size(shape) or place.sizes.get(key)
            if size:
                place.sizes.setdefault(key, size)
            corners = _corners(shape, size, rows)
        if corners is None or not region.classes:
            rows.met["boxes", f"{shape['type']} without a class", "left out"] += corners is not None
            unread[key] += 1
            continue
        is_each = rows.how.is_each_class
        if len(region.classes) > 1:
            action = "read as a box of each" if is_each else "read as a set: several_classes='each' tells them apart"
            rows.met["boxes", "rectangle with several classes", action] += 1
        for name in region.classes if is_each else ["|".join(region.classes)]:
            rows.boxes.append((place.names[key], person, name, *corners))
            rows.mark("boxes", (*where, region.nth))
    for key, label, nth in () if skipped else _choices(annotation, place.pictures, rows):
        rows.labels.append((place.names[key], person, label))
        rows.mark("labels", (*where, nth))
    seconds, time = annotation.get("lead_time"), _time(annotation)
    for key, name in place.names.items():
        status = "skipped" if skipped else "labelled" if unread[key] else None
        rows.views.append((name, person, status, seconds, time, unread[key] > 0))
        rows.mark("views", (*where, key))


def _pictures(task: dict[str, Any], said: list[dict[str, Any]]) -> dict[str | None, str | None]:
    """Give the pictures of a task by what tells them apart: None for the only one, else a number or a name."""
    given = task.get("data")
    data: dict[str, Any] = given if isinstance(given, dict) else {}
    lists = [
        value for value in data.values() if isinstance(value, list) and len(value) > 0 and all(map(_is_path, value))
    ]
    results = [one for annotation in said for one in annotation.get("result") or [] if isinstance(one, dict)]
    indices = [one["item_index"] for one in results if isinstance(one.get("item_index"), int)]
    if lists or indices:
        paths = lists[0] if lists else []
        n = max(len(paths), max(indices, default=-1) + 1)
        if n > 1:
            return {str(nth): paths[nth] if nth < len(paths) else None for nth in range(n)}
        return {None: paths[0]}
    names = {str(key): value for key, value in data.items() if _is_path(value)}
    if len(names) > 1:
        met = sorted({str(one["to_name"]) for one in results if one.get("to_name") is not None})
        if len(met) > 1:
            return {name: names.get(name) for name in met}
    plain = data.get("image", data.get("img"))
    path = plain if isinstance(plain, str) else next(iter(names.values()), None)
    return {None: path}


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and is_picture_name(value.split("?")[0])


def _of_picture(result: dict[str, Any], pictures: dict[str | None, str | None]) -> str | None:
    if None in pictures:
        return None
    index = result.get("item_index")
    key = str(index if isinstance(index, int) else result.get("to_name"))
    if key not in pictures:
        key = "0" if "0" in pictures else next(iter(pictures))  # type: ignore[assignment]
    return key


def _latest(said: list[dict[str, Any]], item: str, rows: _Rows) -> tuple[dict[str, dict[str, Any]], int]:
    """One annotation per person: the latest by time."""
    by_person: dict[str, list[dict[str, Any]]] = {}
    for annotation in said:
        by_person.setdefault(_person(annotation, item, rows.how.annotator, rows.path), []).append(annotation)
    out = {}
    for person, several in by_person.items():
        times = [_time(one) for one in several]
        if len(several) > 1 and (None in times or len(set(times)) < len(times)):
            raise TableError(
                f"{person} annotated it {len(several)} times and no time tells which is the latest; remove the others "
                "in Label Studio, or export with created_at."
            )
        out[person] = max(several, key=lambda one: str(_time(one)))
    return out, len(said) - len(by_person)


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
            f"{path}, task {item}: an annotation does not say who made it (completed_by); name the person with "
            "annotator='NAME'."
        )
    if isinstance(who, dict | list):
        raise TableError(f"{path}, task {item}: completed_by is no name and no number; export it again.")
    return str(who)


def _regions(
    annotation: dict[str, Any], pictures: dict[str | None, str | None], rows: _Rows, unread: Counter[str | None]
) -> Iterator[tuple[str | None, _Region]]:
    """Join the results that share an id; what has no extent is counted in `unread`."""
    results = [mapping(one, "a result") for one in annotation.get("result") or []]
    kinds = [str(one.get("type")) for one in results]
    shapes = {one.get("id"): one for one, kind in zip(results, kinds, strict=True) if kind in _DRAWN}
    mates: dict[Any, list[dict[str, Any]]] = {}
    for one in results:
        mates.setdefault(one.get("id"), []).append(one)
    for nth, (one, kind) in enumerate(zip(results, kinds, strict=True)):
        if kind in _DRAWN:
            place = one.get("id")
            if shapes[place] is one or place is None:
                own = [one] if place is None else mates[place]
                key = _of_picture(one, pictures)
                yield key, _Region(nth, one, sorted({name for each in own for name in _classes(each)}))
        elif kind == "choices":
            rows.met["boxes", "choice of a region", "left out"] += _is_of_region(one, shapes)
        elif not (kind == "labels" and one.get("id") in shapes):
            rows.met["files", f"result of type {kind!r}", "left out: the view stays labelled"] += 1
            if one.get("id") not in shapes and kind != "relation":
                unread[_of_picture(one, pictures)] += 1


def _classes(result: dict[str, Any]) -> list[str]:
    """The classes of a region: those of its own control, or of a labels tag with the same id."""
    kind = str(result.get("type"))
    if not kind.endswith("labels"):
        return []
    names = mapping(result.get("value"), "value").get(kind) or []
    if not isinstance(names, list):
        raise TableError(f"{kind} is no list")
    return [str(name) for name in names]


def _is_of_region(result: dict[str, Any], shapes: dict[Any, Any]) -> bool:
    value = result.get("value")
    return result.get("id") in shapes or (isinstance(value, dict) and "x" in value and "width" in value)


def _choices(
    annotation: dict[str, Any], pictures: dict[str | None, str | None], rows: _Rows
) -> Iterator[tuple[str | None, str, int]]:
    results = annotation.get("result") or []
    asked = [(nth, one) for nth, one in enumerate(results) if one.get("type") == "choices"]
    shapes = {one.get("id"): one for one in results if str(one.get("type")) in _DRAWN} if asked else {}
    for nth, one in asked:
        if _is_of_region(one, shapes):
            continue
        rows.controls[str(one.get("from_name"))] += 1
        chosen = mapping(one.get("value"), "value").get("choices") or []
        if not isinstance(chosen, list):
            raise TableError("choices is no list")
        names = sorted("/".join(map(str, name)) if isinstance(name, list) else str(name) for name in chosen)
        if names:
            yield _of_picture(one, pictures), "|".join(names), nth


def _size(result: dict[str, Any]) -> tuple[float, float] | None:
    width, height = result.get("original_width"), result.get("original_height")
    return (number(width, "original_width"), number(height, "original_height")) if width and height else None


def _corners(result: dict[str, Any], size: tuple[float, float] | None, rows: _Rows) -> _shapes.Corners | None:
    """The corners in pixels; None for what has no extent, which is counted."""
    kind, value = str(result["type"]), mapping(result.get("value"), "value")
    if size is None:
        raise TableError(
            "it has no original_width and original_height, without which percent cannot become pixels; export it again "
            "with a current Label Studio"
        )
    name = kind.removesuffix("labels") or kind
    if name == "rectangle":
        if "x" not in value:
            rows.met["boxes", "rectangle without x, y, width, height", "left out"] += 1
            return None
        get = value.get
        x, y, w, h = (
            number(get("x"), "x"),
            number(get("y"), "y"),
            number(get("width"), "width"),
            number(get("height"), "height"),
        )
        turn = number(value.get("rotation") or 0, "rotation")
        across, down = size[0] / 100, size[1] / 100
        if not turn:
            return x * across, y * down, (x + w) * across, (y + h) * down
        rows.met["boxes", "rotated rectangle", "read as the box that encloses it"] += 1
        return _shapes.turned(x * across, y * down, w * across, h * down, turn, round_middle=False)
    found = _enclosed(name, value, size)
    action = "left out: no extent" if found is None else "read as the box that encloses it"
    rows.met["boxes", name, action] += 1
    return found


def _enclosed(name: str, value: dict[str, Any], size: tuple[float, float]) -> _shapes.Corners | None:
    across, down = size[0] / 100, size[1] / 100
    if name == "polygon":
        points = value.get("points") or []
        if not isinstance(points, list):
            raise TableError("points is no list")
        corners = _shapes.of_points(points)
        return corners and (corners[0] * across, corners[1] * down, corners[2] * across, corners[3] * down)
    if name == "ellipse":
        cx, cy, rx, ry = (number(value.get(side), side) for side in ("x", "y", "radiusX", "radiusY"))
        turn = number(value.get("rotation") or 0, "rotation")
        return _shapes.ellipse(cx * across, cy * down, rx * across, ry * down, turn)
    runs = value.get("rle")
    if not isinstance(runs, list) or not runs:
        return None
    return _shapes.of_brush(runs, int(size[0]), int(size[1]))
