"""COCO JSON: boxes (and classes of whole images) with the annotator by file, by `rater_id` or by `rater_list`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa.errors import TableError, shown
from labelqa.readers import _shapes
from labelqa.readers._frames import PLACE, PLACES, Frames, Reading, existing_path, nobody
from labelqa.readers._opened import Source
from labelqa.readers._record import mapping, number, record

_KEYS = ["item_id", "annotator_id"]
_EDGES = ["x_min", "y_min", "x_max", "y_max"]


def is_coco(source: Source) -> bool:
    """Tell a COCO file by its two lists."""
    data = source.json
    return isinstance(data, dict) and isinstance(data.get("images"), list) and isinstance(data.get("annotations"), list)


def read_coco(source: Source, how: Reading) -> Frames:
    """Read one COCO file.

    `rater_id` on an annotation names its annotator, `rater_list` all who share it; `rater_list` on an image names all
    who looked, or, as an object, in which sessions they did: the first counts. Where the file holds no rater,
    `how.annotator` saw every listed image. Polygons and run-length masks without a box become the box that encloses
    them; `iscrowd` regions are read as boxes, unless they are to be left out, and counted.

    Raises
    ------
    TableError
        For ids that point nowhere or stand for two, a box that is not four numbers, or a missing annotator.
    """
    if not is_coco(source):
        raise TableError(
            f"{source.path} is no COCO file: it needs a JSON object with the lists 'images' and 'annotations'."
        )
    data, path = source.json, source.path
    images = _by_id(data["images"], "images", path)
    categories = _by_id(data.get("categories") or [], "categories", path)
    _refuse_repeated(images, path)
    rows = _Rows(path, how, images, _names(categories, path))
    rows.sessions = {number: _sessions(image, number, path) for number, image in images.items()}
    for name in ("annotations", "image_labels"):
        for nth, annotation in enumerate(data.get(name) or []):
            called = annotation.get("id", nth) if isinstance(annotation, dict) else nth
            with record(path, ("annotation", called)):
                rows.add(mapping(annotation, "it"), (name, nth))
    return rows.frames()


@dataclass
class _Rows:
    """The rows of all annotations so far, and what was met."""

    path: Path
    how: Reading
    images: dict[Any, dict[str, Any]]
    categories: dict[Any, str]
    sessions: dict[Any, dict[str, Any] | None] = field(default_factory=dict)
    labels: list[tuple[Any, ...]] = field(default_factory=list)
    boxes: list[tuple[Any, ...]] = field(default_factory=list)
    unread: set[tuple[str, str]] = field(default_factory=set)
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    is_rated: bool = False

    def add(self, annotation: dict[str, Any], where: tuple[str, int]) -> None:
        place, kind = annotation.get("image_id"), annotation.get("category_id")
        if not _is_listed(place, self.images):
            raise TableError(f"it is about image {place!r}, which the file does not list; add the image")
        if kind is not None and not _is_listed(kind, self.categories):
            raise TableError(f"its category_id {kind!r} is unknown; list the category")
        people = self._raters(annotation, place)
        if not people:
            self.met["annotation of a later session", "left out: the first session counts"] += 1
            return
        has_box, outline = bool(annotation.get("bbox")), annotation.get("segmentation")
        corners = self._corners(annotation)
        item = self.item(place)
        if annotation.get("iscrowd") and corners is not None:
            kept = self.how.keep_crowds
            self.met["crowd region (iscrowd)", "read as a box" if kept else "left out: the view stays labelled"] += 1
            if not kept:
                self.unread |= {(item, person) for person in people}
                return
        if annotation.get("score") is not None:
            self.met["annotation with a score, as a model writes it", "kept"] += 1
        if annotation.get("keypoints") and corners is None:
            self.met["keypoints without a box", "left out: no extent"] += 1
        label, place = self.categories.get(kind), (self.path, where)
        for person in people:
            if corners is not None:
                self.boxes.append((item, person, label, *corners, annotation.get("box_id"), place))
                if label is None:
                    self.unread.add((item, person))
            elif has_box or outline or annotation.get("keypoints"):
                self.unread.add((item, person))
            else:
                self.labels.append((item, person, label, place))

    def item(self, place: Any) -> str:
        """Give the id of an image's item, which our own files write where it is no whole number."""
        return str(self.images[place].get("item_id", place))

    def _raters(self, annotation: dict[str, Any], place: Any) -> list[str]:
        if annotation.get("rater_list"):
            self.is_rated = True
            return _people(annotation["rater_list"])
        person = annotation.get("rater_id")
        if person is None:
            person = self.how.annotator
        else:
            self.is_rated = True
        if person is None:
            raise nobody(self.path)
        sessions = self.sessions.get(place)
        if sessions and annotation.get("session_id") is not None:
            own = sessions.get(str(person)) or []
            if own and annotation["session_id"] != own[0]:
                return []
        return _people([person])

    def _corners(self, annotation: dict[str, Any]) -> _shapes.Corners | None:
        """Give the box; what has no extent is counted."""
        box, outline = annotation.get("bbox"), annotation.get("segmentation")
        if box:
            if not isinstance(box, list) or len(box) != 4:
                raise TableError(f"its bbox is not four numbers ({box!r}); write [x, y, width, height] in pixels")
            x, y, width, height = [number(side, "a side of its bbox, which is not four numbers,") for side in box]
            # CVAT writes the rectangle as it was before it was turned
            attributes = annotation.get("attributes")
            turn = attributes.get("rotation") if isinstance(attributes, dict) else None
            if not turn:
                return x, y, x + width, y + height
            self.met["rotated rectangle", "read as the box that encloses it"] += 1
            return _shapes.turned(x, y, width, height, number(turn, "rotation"), round_middle=True)
        if not outline:
            return None
        if isinstance(outline, dict):
            corners, kind = _shapes.of_coco_runs(outline["counts"], outline["size"]), "run-length mask without a box"
        else:
            corners, kind = _shapes.of_points(_points(outline)), "polygon without a box"
        self.met[kind, "left out: no extent" if corners is None else "read as the box that encloses it"] += 1
        return corners

    def frames(self) -> Frames:
        out = Frames()
        for (what, action), n in self.met.items():
            out.found.add("boxes", f"{what} in {self.path.name}", n, action)
        more = [PLACE] if self.how.with_places else []
        if self.labels:
            labels = pd.DataFrame(self.labels, columns=[*_KEYS, "label", PLACE])
            out.add("labels", labels if more else labels.drop(columns=PLACE))
        if self.boxes or not self.labels:
            boxes = pd.DataFrame(self.boxes, columns=[*_KEYS, "label", *_EDGES, "box_id", PLACE])
            numbered = bool(self.boxes) and all(isinstance(name, str) for name in boxes["box_id"])
            out.add("boxes", boxes[[*_KEYS, "label", *_EDGES, *(["box_id"] if numbered else []), *more]])
        views = self._views()
        if views:
            out.add("views", pd.DataFrame(views, columns=[*_KEYS, "status", "unread", *more]))
        out.add("items", pd.DataFrame([self._item(*one) for one in self.images.items()], columns=_ITEM))
        if more:
            person = None if self.is_rated or _is_listing(self.images) else self.how.annotator
            places = [(self.item(place), person, (self.path, nth)) for nth, place in enumerate(self.images)]
            out.add(PLACES, pd.DataFrame(places, columns=["item_id", "annotator_id", PLACE]))
        return out

    def _views(self) -> list[dict[str, Any]]:
        listed = _is_listing(self.images)
        views = []
        for nth, (place, image) in enumerate(self.images.items()):
            people = image.get("rater_list") or []
            if not listed:
                people = [] if self.is_rated or self.how.annotator is None else [self.how.annotator]
            for person in people if isinstance(people, dict) else _people(people):
                unread = (self.item(place), str(person)) in self.unread
                views.append({"item_id": self.item(place), "annotator_id": str(person), "unread": unread,
                              "status": "labelled" if unread else None, PLACE: (self.path, nth)})  # fmt: skip
        if not views and self.unread:
            # nobody is listed as having looked: derived views would lack those whose answer was not read
            seen = {row[:2] for row in (*self.labels, *self.boxes)}
            views = [{"item_id": item, "annotator_id": person, "unread": (item, person) in self.unread,
                      "status": "labelled"} for item, person in sorted(seen | self.unread)]  # fmt: skip
        return views

    def _item(self, place: Any, image: dict[str, Any]) -> list[Any]:
        name = image.get("file_name")
        name = name if isinstance(name, str) and name else None
        size = [number(image[side], side) if image.get(side) else None for side in ("width", "height")]
        return [self.item(place), existing_path(name, self.path.parent), name, *size]


_ITEM = ["item_id", "path", "picture", "width", "height"]


def _by_id(listed: list[Any], what: str, path: Path) -> dict[Any, dict[str, Any]]:
    """Give what is listed by its id; refuse an id that stands for two, or none."""
    out: dict[Any, dict[str, Any]] = {}
    if not isinstance(listed, list):
        raise TableError(f"{path}: {what} is a {type(listed).__name__} where a list is needed.")
    for nth, one in enumerate(listed):
        with record(path, (what, nth)):
            place = mapping(one, "it").get("id")
            name = one.get("file_name", one.get("name"))
            if place is None or isinstance(place, list | dict):
                raise TableError(f"it has no id (file_name or name: {name!r}); give it one")
            if place in out:
                before = out[place].get("file_name", out[place].get("name"))
                raise TableError(f"its id {place!r} is that of another ({before!r} and {name!r}); give each its own")
            out[place] = one
    return out


def _refuse_repeated(images: dict[Any, dict[str, Any]], path: Path) -> None:
    """Refuse a picture under several ids: nothing says which views are of one picture."""
    ids: dict[str, list[Any]] = {}
    for place, image in images.items():
        if isinstance(image.get("file_name"), str) and image["file_name"]:
            ids.setdefault(image["file_name"], []).append(place)
    twice = {name: places for name, places in ids.items() if len(places) > 1}
    if twice:
        name, places = next(iter(twice.items()))
        raise TableError(
            f"{path} lists {len(twice)} pictures under several image ids ({name!r}: {shown(places)}); give each "
            "picture one id. From Label Studio, export JSON, which says who annotated."
        )


def _names(categories: dict[Any, dict[str, Any]], path: Path) -> dict[Any, str]:
    names = {place: one.get("name") for place, one in categories.items()}
    nameless = [place for place, name in names.items() if not isinstance(name, str | int)]
    if nameless:
        raise TableError(f"{path} has categories without a name (id {shown(nameless)}); name them.")
    return {place: str(name) for place, name in names.items()}


def _is_listing(images: dict[Any, dict[str, Any]]) -> bool:
    """Tell whether images say who looked."""
    return any(image.get("rater_list") is not None for image in images.values())


def _is_listed(place: Any, known: dict[Any, Any]) -> bool:
    return not isinstance(place, list | dict) and place in known


def _sessions(image: dict[str, Any], place: Any, path: Path) -> dict[str, Any] | None:
    """Give the sessions of each rater of an image, where the list says them."""
    people = image.get("rater_list")
    if isinstance(people, dict):
        return {str(person): sessions for person, sessions in people.items()}
    with record(path, f"image {place}"):
        _people(people or [])
    return None


def _people(listed: Any) -> list[str]:
    if not isinstance(listed, list):
        raise TableError(f"its rater_list is {listed!r}; give a list of raters")
    if any(isinstance(person, dict | list) or person is None for person in listed):
        raise TableError(f"its raters are no names ({listed!r}); give texts or numbers")
    return [str(person) for person in listed]


def _points(outline: Any) -> list[list[Any]]:
    """Give the points of rings of x, y, x, y...; of one such ring; or of rings of pairs."""
    if not isinstance(outline, list):
        raise TableError(f"its segmentation is a {type(outline).__name__}; needed are rings of x, y, x, y...")
    rings = outline if any(isinstance(ring, list) for ring in outline) else [outline]
    points: list[list[Any]] = []
    for ring in rings:
        if not isinstance(ring, list):
            raise TableError("its segmentation mixes numbers and rings")
        if ring and all(isinstance(pair, list) for pair in ring):
            points += ring
        elif len(ring) % 2:
            raise TableError(f"a ring of its segmentation has {len(ring)} numbers; needed are pairs x, y")
        else:
            points += [list(pair) for pair in zip(ring[0::2], ring[1::2], strict=True)]
    return points
