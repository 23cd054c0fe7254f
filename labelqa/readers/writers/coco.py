"""COCO JSON with raters, as labelqa reads it and pycocotools load it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._codes import id_text
from labelqa.annotations import Annotations
from labelqa.readers._changes import Change, Place
from labelqa.readers._edits import JsonText
from labelqa.readers._frames import Reading
from labelqa.readers.writers._files import Files, change_documents, moved_path


def write_coco(annotations: Annotations, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Compose one file for everybody: `rater_id` on annotations, `rater_list` on images where views are written."""
    classes = sorted({*annotations.labels["label"].map(str), *annotations.boxes["label"].map(str)})
    category = {name: number for number, name in enumerate(classes, 1)}
    numbers = _numbers(annotations.items["item_id"])
    labels = [_coco_row(row, category, numbers) for row in annotations.labels.to_dict("records")]
    boxes = _coco_boxes(annotations.boxes, category, numbers)
    return {
        "images": _coco_images(annotations, tables, numbers),
        "annotations": [{"id": number, **row} for number, row in enumerate(boxes, 1)],
        "categories": [{"id": number, "name": name} for name, number in category.items()],
        **({"image_labels": labels} if labels else {}),
    }


def _numbers(items: pd.Series) -> dict[str, int]:
    """Number the items: by their ids where all are whole numbers, else in their order."""
    if items.str.fullmatch(r"0|[1-9][0-9]{0,14}").all():
        return {item: int(item) for item in items}
    return {item: number for number, item in enumerate(items, 1)}


def _coco_images(
    annotations: Annotations, tables: Mapping[str, pd.DataFrame], numbers: Mapping[str, int]
) -> list[dict[str, Any]]:
    looked = annotations.views.loc[annotations.views["status"] != "skipped"]
    raters = {item: list(group) for item, group in looked.groupby("item_id")["annotator_id"]}
    return [
        {
            "id": numbers[row["item_id"]],
            **({} if str(numbers[row["item_id"]]) == row["item_id"] else {"item_id": row["item_id"]}),
            "file_name": row["path"] if isinstance(row["path"], str) else "",
            **({"width": row["width"], "height": row["height"]} if row["width"] == row["width"] else {}),
            **({"rater_list": raters.get(row["item_id"], [])} if "views" in tables else {}),
        }
        for row in tables["items"].to_dict("records")
    ]


def _coco_boxes(boxes: pd.DataFrame, category: dict[str, int], numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    rows = []
    for row in boxes.to_dict("records"):
        width, height = row["x_max"] - row["x_min"], row["y_max"] - row["y_min"]
        corners = {"bbox": [row["x_min"], row["y_min"], width, height], "area": width * height, "iscrowd": 0}
        rows.append(_coco_row(row, category, numbers) | {"box_id": row["box_id"]} | corners)
    return rows


def _coco_row(row: Mapping[Hashable, Any], category: dict[str, int], numbers: Mapping[str, int]) -> dict[str, Any]:
    image, kind = numbers[row["item_id"]], category[str(row["label"])]
    return {"image_id": image, "category_id": kind, "rater_id": row["annotator_id"]}


def rewrite_coco(changes: Sequence[Change], files: Files, lost: Counter[str], how: Reading) -> None:
    """Change the annotations that were decided on; what is added has ids of its own."""
    change_documents(changes, lambda path: _Document(files.json(path), lost))


class _Document:
    """One file, and what is added to its lists."""

    def __init__(self, text: JsonText, lost: Counter[str]) -> None:
        self.text, self.lost = text, lost
        self.data: dict[str, Any] = text.value(())
        self._labels: list[dict[str, Any]] = []
        self._classes: list[dict[str, Any]] = []
        self._category = {str(one["name"]): one["id"] for one in self.data.get("categories") or []}
        #: Who looked at an image, and who share an annotation, where that changes.
        self._raters: dict[int, Any] = {}
        self._sharing: dict[tuple[str, int], list[Any]] = {}
        #: What one of those who share an annotation says otherwise.
        self._copies: dict[tuple[str, int, str], dict[str, Any]] = {}

    def change(self, change: Change, place: Any) -> None:
        """Make one change at one place."""
        if change.kind == "drop item":
            self._drop_image(place)
        elif change.kind == "add label":
            self._add(change, place, "image_labels", {})
        elif change.kind == "add box":
            self._add(change, place, "annotations", _shape(change.corners) | {"iscrowd": 0})
        elif change.kind == "drop view":
            self._drop_view(change, place)
        elif change.kind in ("drop box", "drop label"):
            self._alone(change, place, None)
        elif change.kind in ("relabel", "relabel box"):
            self._alone(change, place, {"category_id": self._number(change.new)})
        else:
            self._move(change, place)

    def finish(self) -> None:
        """Write what was gathered."""
        if self._classes:
            self.text.extend(("categories",), self._classes)
        if self._labels:
            self.text.extend(("image_labels",), self._labels)
        for (name, nth, _), new in self._copies.items():
            self.text.append((name,), {**self.data[name][nth], **self._new_id(name), **new})
        for nth, people in self._raters.items():
            self._set_key(("images", nth, "rater_list"), people)
        for place, people in self._sharing.items():
            if people:
                self.text.set((*place, "rater_list"), people)
            else:
                self.text.remove(place)

    def _drop_image(self, nth: int) -> None:
        number = self.data["images"][nth]["id"]
        self.text.remove(("images", nth))
        for name in ("annotations", "image_labels"):
            for at, one in enumerate(self.data.get(name) or []):
                if one.get("image_id") == number:
                    self.text.remove((name, at))

    def _people(self, nth: int) -> Any:
        return self._raters.get(nth, self.data["images"][nth].get("rater_list"))

    def _set_key(self, path: tuple[Any, ...], value: Any) -> None:
        (self.text.set if self.text.has(path) else self.text.add_key)(path, value)

    def _drop_view(self, change: Change, nth: int) -> None:
        people = self._people(nth)
        if isinstance(people, dict):
            self._raters[nth] = {who: said for who, said in people.items() if who != change.annotator}
        elif people is not None:
            self._raters[nth] = [who for who in people if str(who) != change.annotator]
        else:
            self.lost["views to drop where every listed picture counts as looked at"] += 1

    def _alone(self, change: Change, place: tuple[str, int], new: dict[str, Any] | None) -> None:
        """Change an annotation for one person; of one that several share, theirs alone."""
        name, nth = place
        one = self.data[name][nth]
        sharing = self._sharing.get(place, one.get("rater_list") or [])
        if len(one.get("rater_list") or []) > 1:
            self._sharing[place] = [who for who in sharing if str(who) != change.annotator]
            if new is not None:
                own = [who for who in one["rater_list"] if str(who) == change.annotator]
                copy = self._copies.setdefault((*place, str(change.annotator)), {"rater_list": own})
                copy |= new
        elif new is None:
            self.text.remove(place)
        else:
            for key, value in new.items():
                if key in one:
                    self._set((*place, key), one[key], value)
                elif key != "area":
                    self.text.add_key((*place, key), value)

    def _set(self, path: tuple[Any, ...], old: Any, new: Any) -> None:
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for nth, value in enumerate(new):
                if value != old[nth]:
                    self.text.set((*path, nth), value)
        else:
            self.text.set(path, new)

    def _move(self, change: Change, place: tuple[str, int]) -> None:
        one = self.data[place[0]][place[1]]
        turned = isinstance(one.get("attributes"), dict) and one["attributes"].get("rotation")
        if not one.get("bbox") or turned:
            self.lost["outline without a box, or turned rectangle, to move"] += 1
            return
        new = _shape(change.corners)
        outline = one.get("segmentation")
        if outline == [_ring(one["bbox"])]:
            new["segmentation"] = [_ring(new["bbox"])]
        elif outline:
            self.lost["outlines that a moved box no longer encloses"] += 1
        self._alone(change, place, new)

    def _number(self, label: Any) -> Any:
        """Give the number of a class, a new one at the end where it has none."""
        name = id_text(label)
        if name not in self._category:
            self._category[name] = max((n for n in self._category.values() if isinstance(n, int)), default=0) + 1
            self._classes.append({"id": self._category[name], "name": name})
        return self._category[name]

    def _new_id(self, name: str) -> dict[str, int]:
        numbers = [one["id"] for one in self.data["annotations"] if isinstance(one.get("id"), int)]
        number = max(numbers, default=0) + 1 + self.text.n_added(("annotations",))
        return {"id": number} if name == "annotations" else {}

    def _add(self, change: Change, nth: int, name: str, shape: dict[str, Any]) -> None:
        kind = self._number(change.new)
        row: dict[str, Any] = {"image_id": self.data["images"][nth]["id"], "category_id": kind}
        every = [*self.data["annotations"], *(self.data.get("image_labels") or [])]
        if any(one.get("rater_id") is not None or one.get("rater_list") for one in every) or self._is_listing():
            row["rater_id"] = self._rater(str(change.annotator), every)
            self._look(nth, row["rater_id"])
        if name == "image_labels":
            self._labels.append(row)
            return
        number = self._new_id(name)
        box_id = {"box_id": change.box_id}
        self.text.append((name,), {**number, **row, **shape, **(box_id if "box_id" in (every or [{}])[0] else {})})

    def _is_listing(self) -> bool:
        return any(image.get("rater_list") is not None for image in self.data["images"])

    def _rater(self, person: str, every: list[dict[str, Any]]) -> Any:
        """Give a rater as the file does: by number where it has numbers."""
        known = [one.get("rater_id") for one in every]
        known += [who for one in (*every, *self.data["images"]) for who in one.get("rater_list") or []]
        numbers = any(isinstance(who, int) for who in known)
        return int(person) if numbers and re.fullmatch(r"0|[1-9]\d{0,14}", person) else person

    def _look(self, nth: int, rater: Any) -> None:
        """List somebody new among those who looked, where images list them."""
        if not self._is_listing():
            return
        people = self._people(nth)
        if isinstance(people, dict):
            self._raters[nth] = people if str(rater) in people else {**people, str(rater): []}
        elif str(rater) not in [str(who) for who in people or []]:
            self._raters[nth] = [*(people or []), rater]


def _shape(corners: Sequence[float]) -> dict[str, Any]:
    left, top, right, bottom = corners
    width, height = right - left, bottom - top
    return {"bbox": [left, top, width, height], "area": width * height}


def _ring(box: Sequence[float]) -> list[float]:
    x, y, width, height = box
    return [x, y, x + width, y, x + width, y + height, x, y + height]


def strip_coco(places: Sequence[Place], files: Files, person: str) -> list[Path]:
    """Leave nothing but the images of some places."""
    for path in dict.fromkeys(path for path, _ in places):
        text = files.json(path)
        kept = {nth for own, nth in places if own == path}
        for name in ("images", "annotations", "image_labels"):
            for nth in range(len(text.value((name,))) if text.has((name,)) else 0):
                if name != "images" or nth not in kept:
                    text.remove((name, nth))
    return []


def repath_coco(paths: Sequence[Path], files: Files, there: Path) -> None:
    """Make the file names of images hold from another folder."""
    for path in paths:
        text = files.json(path)
        for nth, image in enumerate(text.value(("images",))):
            new = moved_path(image.get("file_name"), path.parent, there)
            if new is not None:
                text.set(("images", nth, "file_name"), new)
