"""CVAT XML 1.1, for images and for video: boxes, shapes and tags, with the assignee of the task as annotator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from labelqa.errors import TableError
from labelqa.readers import _shapes
from labelqa.readers._frames import PLACES, Frames, Reading, Rows, nobody
from labelqa.readers._opened import Source
from labelqa.readers._record import record, text_number

_RENAMED = re.compile(r"_\d+(\.[^.]+)$")
#: Shapes without an extent.
_POINTS = ("points", "skeleton")


def is_cvat(source: Source) -> bool:
    """Tell an export by its root and its meta data."""
    return source.suffix == ".xml" and source.xml.tag == "annotations" and source.xml.find("meta") is not None


def read_cvat(source: Source, how: Reading) -> Frames:
    """Read the export of a job, a task or a project.

    The assignee annotated; the owner and the assignee of a project did not. Every listed picture counts as looked at,
    for the file does not say which were opened. Shapes with an extent become the box that encloses them; several tags
    of a picture are a set. Of tracks, a box counts in every frame in which it is to be seen.

    Raises
    ------
    TableError
        Where it is none, a number is missing, or nobody is assigned and none was named.
    """
    if not is_cvat(source):
        raise TableError(f"{source.path} is no CVAT XML: it needs the root <annotations> with <meta>.")
    rows = Rows(source.path, how)
    root = source.xml
    places = {element: nth for nth, element in enumerate(root.iter())} if how.with_places else {}
    people = _assignees(root)
    in_project = root.find("meta/project") is not None
    for image in root.iter("image"):
        called = _name(image)
        with record(source.path, ("image", called)):
            subset = image.get("subset") if in_project else None
            item = f"{subset}/{called}" if subset else called
            person = people.get(image.get("task_id", ""), people[""]) or how.annotator
            _add_image(rows, image, item, _named(person, source), places)
    tracks = root.findall("track")
    if tracks:
        with record(source.path, "tracks"):
            _add_tracks(rows, root, tracks, _named(people[""] or how.annotator, source), places)
    return rows.frames()


def _assignees(root: Element) -> dict[str, str | None]:
    """Give who annotated: by the number of the task in a project, under "" where there is one for all."""
    out: dict[str, str | None] = {"": None}
    for kind in ("meta/job", "meta/task"):
        one = root.find(kind)
        if one is not None:
            out[""] = _text(one, "assignee/username") or _text(one, "assignee")
    for task in root.iterfind("meta/project/tasks/task"):
        out[_text(task, "id") or ""] = _text(task, "assignee/username") or _text(task, "assignee")
    return out


def _text(element: Element, path: str) -> str | None:
    found = element.findtext(path)
    return found.strip() or None if found else None


def _named(person: str | None, source: Source) -> str:
    if person is None:
        raise nobody(source.path)
    return person


def _name(image: Element) -> str:
    return image.get("name") or image.get("id") or ""


def _add_image(rows: Rows, image: Element, item: str, person: str, places: Mapping[Element, int]) -> None:
    unread, tags = False, []
    name = _name(image)
    for shape in image:
        if shape.tag == "tag":
            tags.append(_label(shape))
            continue
        unread |= not _add_shape(rows, shape, item, person, places)
    if tags:
        rows.labels.append((item, person, "|".join(sorted(tags))))
        rows.mark("labels", places.get(image))
    rows.view(item, person, unread=unread)
    rows.mark("views", places.get(image))
    rows.item(item, name, _number(image, "width"), _number(image, "height"))
    rows.mark(PLACES, places.get(image), person=person)
    if _RENAMED.search(name) and image.get("task_id"):
        rows.met["items", "picture that may be one of another task under a changed name", "kept apart"] += 1


def _add_shape(rows: Rows, shape: Element, item: str, person: str, places: Mapping[Element, int]) -> bool:
    """Add a shape; False where it has no extent."""
    corners = _corners(shape)
    if corners is None:
        rows.met["boxes", shape.tag, "left out: no extent"] += 1
        return False
    turned = shape.tag == "box" and shape.get("rotation") not in (None, "0", "0.00")
    if turned or shape.tag != "box":
        rows.met["boxes", "rotated rectangle" if turned else shape.tag, "read as the box that encloses it"] += 1
    rows.met["boxes", "box drawn by a model (source auto)", "kept"] += shape.get("source") == "auto"
    rows.met["boxes", "attribute of a box", "left out"] += len(shape.findall("attribute"))
    rows.boxes.append((item, person, _label(shape), *corners))
    rows.mark("boxes", places.get(shape))
    return True


def _label(shape: Element) -> str:
    label = shape.get("label")
    if not label:
        raise TableError(f"a {shape.tag} has no label")
    return label


def _number(shape: Element, name: str) -> float:
    return text_number(shape.get(name), f"{name} of a {shape.tag}")


def _points(shape: Element) -> list[list[float]]:
    try:
        return [[float(edge) for edge in pair.split(",")] for pair in shape.get("points", "").split(";") if pair]
    except ValueError:
        raise TableError(f"points of a {shape.tag} are no pairs of numbers") from None


def _corners(shape: Element) -> _shapes.Corners | None:
    kind = shape.tag
    if kind == "box":
        left, top, right, bottom = (_number(shape, edge) for edge in ("xtl", "ytl", "xbr", "ybr"))
        turn = _number(shape, "rotation") if shape.get("rotation") else 0.0
        if not turn:
            return left, top, right, bottom
        return _shapes.turned(left, top, right - left, bottom - top, turn, round_middle=True)
    if kind in ("polygon", "polyline"):
        return _shapes.of_points(_points(shape))
    if kind == "ellipse":
        turn = _number(shape, "rotation") if shape.get("rotation") else 0.0
        cx, cy, rx, ry = (_number(shape, name) for name in ("cx", "cy", "rx", "ry"))
        return _shapes.ellipse(cx, cy, rx, ry, turn)
    if kind == "cuboid":
        edges = [[_number(shape, f"{axis}{corner}{side}") for axis in "xy"]
                 for corner in ("tl", "bl", "tr", "br") for side in "12"]  # fmt: skip
        return _shapes.of_points(edges)
    if kind == "mask":
        return _of_mask(shape)
    if kind in _POINTS:
        return None
    raise TableError(f"a {kind} is a shape that is not known")


def _of_mask(shape: Element) -> _shapes.Corners | None:
    """Enclose a mask: run lengths go row by row within its rectangle and begin with the background."""
    left, top, width, height = (int(_number(shape, name)) for name in ("left", "top", "width", "height"))
    try:
        runs = [int(run) for run in shape.get("rle", "").split(",")]
    except ValueError:
        raise TableError("rle of a mask holds what is no whole number") from None
    # by rows within the rectangle: COCO's runs go by columns, so the sides change places
    found = _shapes.of_coco_runs(runs, (width, height))
    return found and (left + found[1], top + found[0], left + found[3], top + found[2])


def _add_tracks(rows: Rows, root: Element, tracks: list[Element], person: str, places: Mapping[Element, int]) -> None:
    size = root.find("meta/task/original_size")
    size = root.find("meta/job/original_size") if size is None else size
    width, height = (
        (None, None) if size is None else (float(size.findtext(side, "nan")) for side in ("width", "height"))
    )
    start, stop = (int(_text(root, f"meta/{kind}/{end}_frame") or _text(root, f"meta/task/{end}_frame") or -1)
                   for kind, end in (("task", "start"), ("task", "stop")))  # fmt: skip
    frames = set(range(max(start, 0), stop + 1)) if stop >= 0 else set()
    unread = set()
    for track in tracks:
        for shape in track:
            frame = int(_number(shape, "frame"))
            frames.add(frame)
            if shape.get("outside") == "1":
                rows.met["boxes", f"{shape.tag} of a track outside the frame", "left out"] += 1
                continue
            rows.met["boxes", f"interpolated {shape.tag} of a track", "kept"] += shape.get("keyframe") == "0"
            shape.set("label", track.get("label", ""))
            if not _add_shape(rows, shape, f"frame_{frame:06}", person, places):
                unread.add(frame)
    for frame in sorted(frames):
        item = f"frame_{frame:06}"
        rows.view(item, person, unread=frame in unread)
        rows.mark("views", None)
        rows.item(item, None, width, height)
        rows.mark(PLACES, None, person=person)
