"""COCO JSON: boxes (and classes of whole images) with the annotator by file, by `rater_id` or by `rater_list`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa.errors import TableError, shown
from labelqa.readers._frames import Frames, existing_path


def is_coco(data: Any) -> bool:
    """Tell a COCO file by its two lists."""
    return isinstance(data, dict) and isinstance(data.get("images"), list) and isinstance(data.get("annotations"), list)


def read_coco(data: dict[str, Any], path: Path, annotator: str | None, *, by_file_name: bool = False) -> Frames:
    """Read one COCO file.

    `rater_id` on an annotation names its annotator, `rater_list` all who share it; `rater_list` on an image names all
    who looked. Where the file holds no rater, `annotator` saw every listed image.

    Raises
    ------
    TableError
        For ids that point nowhere, a box that is not four numbers, or a missing annotator.
    """
    names = _by_id([(one.get("id"), _item_name(one, by_file_name, path)) for one in data["images"]], "images", path)
    if by_file_name and len(set(names.values())) < len(names):
        twice = sorted(name for name, n in Counter(names.values()).items() if n > 1)
        raise TableError(
            f"{path} has {len(twice)} file names of several images ({shown(twice)}), and the files number their images "
            "differently, so only names can join them; give each picture its own file_name."
        )
    categories = _by_id([(one["id"], one["name"]) for one in data.get("categories", [])], "categories", path)
    _check_ids(data["annotations"], names, categories, path)
    out = Frames()
    labels: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []
    left_out: list[Any] = []
    for annotation in data["annotations"]:
        row = {"item_id": names[annotation["image_id"]], "label": categories.get(annotation.get("category_id"))}
        corners = _corners(annotation, path)
        if corners is None and annotation.get("segmentation"):
            left_out.append(annotation.get("id"))
            continue
        for person in _raters(annotation, annotator, path):
            (labels if corners is None else boxes).append({**row, "annotator_id": person, **(corners or {})})
    listed = any("rater_list" in image for image in data["images"])
    rated = any("rater_id" in one or "rater_list" in one for one in data["annotations"])
    for image in data["images"]:
        people = image.get("rater_list", []) if listed else ([] if rated or annotator is None else [annotator])
        views += [{"item_id": names[image["id"]], "annotator_id": person} for person in people]
    out.found.add("boxes", f"run-length mask without a box in {path.name}", len(left_out), "left out", left_out)
    _fill(out, labels, boxes, views)
    sizes = [
        {
            "item_id": names[image["id"]],
            "path": existing_path(image.get("file_name"), path.parent),
            "width": image.get("width"),
            "height": image.get("height"),
        }
        for image in data["images"]
    ]
    out.add("items", pd.DataFrame(sizes, columns=["item_id", "path", "width", "height"]))
    return out


def names_disagree(files: list[dict[str, Any]]) -> bool:
    """Tell whether files number the same pictures differently, so that only file names can join them."""
    name_of: dict[Any, Any] = {}
    id_of: dict[Any, Any] = {}
    for data in files:
        pairs = [(image.get("id"), image.get("file_name")) for image in data["images"]]
        if any(name_of.get(number, name) != name for number, name in pairs):
            return True
        if any(name and id_of.get(name, number) != number for number, name in pairs):
            return True
        name_of |= dict(pairs)
        id_of |= {name: number for number, name in pairs if name}
    return False


def _by_id(pairs: list[tuple[Any, str]], what: str, path: Path) -> dict[Any, str]:
    """Give names by id; refuse an id that stands for two."""
    twice = sorted({str(number) for number, n in Counter(number for number, _ in pairs).items() if n > 1})
    if twice:
        raise TableError(f"{path} lists {what} with the same id ({shown(twice)}); give each its own.")
    return dict(pairs)


def _item_name(image: dict[str, Any], by_file_name: bool, path: Path) -> str:
    if image.get("id") is None:
        raise TableError(f"{path} has an image without id (file_name {image.get('file_name')!r}); give it one.")
    name = image.get("file_name") if by_file_name else image["id"]
    if name is None:
        raise TableError(f"{path} has an image without file_name (id {image['id']!r}); files can only be joined by it.")
    return str(name)


def _check_ids(
    annotations: list[dict[str, Any]], names: dict[Any, str], categories: dict[Any, str], path: Path
) -> None:
    images = [one.get("image_id") for one in annotations if one.get("image_id") not in names]
    if images:
        raise TableError(
            f"{path} has {len(images)} annotations of images it does not list ({shown(images)}); add them."
        )
    unknown = [one["category_id"] for one in annotations if one.get("category_id") not in (None, *categories)]
    if unknown:
        raise TableError(f"{path} has {len(unknown)} annotations of unknown category_id ({shown(unknown)}); list them.")


def _raters(annotation: dict[str, Any], annotator: str | None, path: Path) -> list[str]:
    if annotation.get("rater_list"):
        return [str(person) for person in annotation["rater_list"]]
    person = annotation.get("rater_id", annotator)
    if person is None:
        raise TableError(
            f"{path} does not say who annotated; name the person with annotator='NAME', or take it "
            "from the file with annotator_from='filename' or annotator_from='parent'."
        )
    return [str(person)]


def _corners(annotation: dict[str, Any], path: Path) -> dict[str, float] | None:
    box, outline = annotation.get("bbox"), annotation.get("segmentation")
    if not box and isinstance(outline, list) and outline:
        xs = [float(x) for ring in outline for x in ring[0::2]]
        ys = [float(y) for ring in outline for y in ring[1::2]]
        return {"x_min": min(xs), "y_min": min(ys), "x_max": max(xs), "y_max": max(ys)}
    if not box:
        return None
    if len(box) != 4 or not all(isinstance(edge, int | float) for edge in box):
        raise TableError(
            f"{path} has a bbox that is not four numbers ({box!r}); write [x, y, width, height] in pixels."
        )
    x, y, width, height = map(float, box)
    return {"x_min": x, "y_min": y, "x_max": x + width, "y_max": y + height}


def _fill(out: Frames, labels: list[dict[str, Any]], boxes: list[dict[str, Any]], views: list[dict[str, Any]]) -> None:
    """Add the rows; a table is there where the file can hold it, even if it is empty."""
    keys = ["item_id", "annotator_id"]
    if labels:
        out.add("labels", pd.DataFrame(labels))
    if boxes or not labels:
        out.add("boxes", pd.DataFrame(boxes, columns=[*keys, "label", "x_min", "y_min", "x_max", "y_max"]))
    if views:
        out.add("views", pd.DataFrame(views, columns=keys))
