"""VIA, the VGG Image Annotator: projects and annotations of versions 1 to 3, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labelqa.errors import TableError
from labelqa.readers import _shapes
from labelqa.readers._frames import Frames, Reading, Rows, nobody
from labelqa.readers._opened import Source
from labelqa.readers._questions import json_cell, rows_of, the_one
from labelqa.readers._record import mapping, number, record

_HEADER = "# CSV_HEADER = "
_CELLS = {"region_shape_attributes", "region_attributes"}


@dataclass
class _Picture:
    """One picture: what is said of it, and its regions as (shape, what is said of it)."""

    name: str
    said: Mapping[str, Any] = field(default_factory=dict)
    regions: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = field(default_factory=list)


def is_via(source: Source) -> bool:
    """Tell a project by its parts, annotations by the regions of their pictures, a CSV by its header."""
    if source.suffix == ".json":
        data = source.json
        if not isinstance(data, dict):
            return False
        if "_via_img_metadata" in data or {"project", "attribute", "file", "view", "metadata"} <= set(data):
            return True
        return bool(data) and all(
            isinstance(one, dict) and {"filename", "size", "regions"} <= set(one) for one in data.values()
        )
    if not source.is_delimited:
        return False
    return _HEADER in source.text[:4096] or (
        set(source.text[:4096].partition("\n")[0].replace('"', "").strip().split(",")) >= _CELLS
    )


def read_via(source: Source, how: Reading) -> Frames:
    """Read the file of one person; a picture without regions was looked at, as far as the file tells.

    The one attribute of regions is their class and the one attribute of files that of the picture; of several `map`
    names one (``label``, or ``box_label`` for regions). Options that were ticked are a set. Circles, ellipses,
    polygons and lines become the box that encloses them.

    Raises
    ------
    TableError
        Where it is none, nobody is named, or there are several attributes of which none was chosen.
    """
    if not is_via(source):
        raise TableError(f"{source.path} is no file of VIA: it has no pictures with regions.")
    if how.annotator is None:
        raise nobody(source.path)
    rows, path = Rows(source.path, how), source.path
    with record(path):
        pictures = list(_pictures(source, rows))
    of_file = [name for one in pictures for name, value in one.said.items() if value not in ("", {}, None)]
    of_region = [name for one in pictures for _, said in one.regions for name in said]
    label = the_one(of_file, meaning="label", what="attributes of files", path=path, chosen=how.columns)
    kind = the_one(of_region, meaning="box_label", what="attributes of regions", path=path, chosen=how.columns)
    for one in pictures:
        with record(path, ("picture", one.name)):
            _add(rows, one, how.annotator, (label, kind))
    frames = rows.frames()
    said = {row[:2] for row in (*rows.labels, *rows.boxes)}
    if _is_of_csv3(source) and all(view[:2] in said for view in rows.views):
        # it lists only pictures of which something is said
        del frames.tables["views"]
    return frames


def _is_of_csv3(source: Source) -> bool:
    return source.suffix != ".json" and _HEADER in source.text[:4096]


def _add(rows: Rows, one: _Picture, person: str, chosen: tuple[str | None, str | None]) -> None:
    label, kind = chosen
    unread = False
    for asked, value in one.said.items():
        rows.met["labels", f"attribute {asked} of files", "left out: another counts"] += asked != label and bool(value)
    for asked in (asked for _, attributes in one.regions for asked in attributes if asked != kind):
        rows.met["boxes", f"attribute {asked} of regions", "left out: another counts"] += 1
    if label is not None and (answer := _value(one.said.get(label))):
        rows.labels.append((one.name, person, answer))
    for nth, (shape, attributes) in enumerate(one.regions):
        with record(("region", nth)):
            corners, form = _corners(shape)
            if form != "rectangle":
                action = "left out: no extent" if corners is None else "read as the box that encloses it"
                rows.met["boxes", form, action] += 1
            name = _value(attributes.get(kind)) if kind is not None else None
            rows.met["boxes", f"{form} without a class", "left out"] += corners is not None and not name
            rows.met["boxes", f"{form} with several classes", "read as a set"] += bool(name) and "|" in str(name)
            if corners is None or not name:
                unread = True
            else:
                rows.boxes.append((one.name, person, name, *corners))
    rows.view(one.name, person, unread=unread)
    rows.item(one.name, one.name, None, None)


def _value(said: Any) -> str | None:
    """Give a class; ticked options are a set."""
    if isinstance(said, dict):
        return "|".join(sorted(name for name, is_on in said.items() if is_on)) or None
    return str(said) if said not in (None, "") else None


def _pictures(source: Source, rows: Rows) -> Iterator[_Picture]:
    if source.suffix != ".json":
        return _of_csv3(source, rows) if _is_of_csv3(source) else _of_csv(source)
    data = source.json
    if "_via_img_metadata" in data:
        return _of_metadata(mapping(data["_via_img_metadata"], "_via_img_metadata"))
    return _of_project3(data) if {"attribute", "view"} <= set(data) else _of_metadata(data)


def _of_metadata(data: dict[str, Any]) -> Iterator[_Picture]:
    for key, given in data.items():
        with record(("picture", key)):
            one = mapping(given, "it")
            listed = one.get("regions") or []
            regions = list(listed.values()) if isinstance(listed, dict) else listed
            yield _Picture(
                str(one["filename"]),
                mapping(one.get("file_attributes") or {}, "file_attributes"),
                [(mapping(each.get("shape_attributes"), "shape_attributes"),
                  mapping(each.get("region_attributes") or {}, "region_attributes")) for each in regions],
            )  # fmt: skip


def _of_csv(source: Source) -> Iterator[_Picture]:
    pictures: dict[str, _Picture] = {}
    for nth, row in enumerate(rows_of(source.table), 1):
        with record(("row", nth)):
            name = row.get("filename", row.get("#filename"))
            if name is None:
                raise TableError("filename is blank")
            said = mapping(json_cell(row.get("file_attributes") or "{}", "file_attributes"), "file_attributes")
            one = pictures.setdefault(name, _Picture(name, said))
            shape, attributes = (
                mapping(json_cell(row.get(cell) or "{}", cell), cell)
                for cell in ("region_shape_attributes", "region_attributes")
            )
            if shape:
                one.regions.append((shape, attributes))
    yield from pictures.values()


def _of_project3(data: dict[str, Any]) -> Iterator[_Picture]:
    names = {key: str(mapping(one, "a file")["fname"]) for key, one in mapping(data["file"], "file").items()}
    views = {key: mapping(one, "a view")["fid_list"] for key, one in mapping(data["view"], "view").items()}
    asked = {key: mapping(one, "an attribute") for key, one in mapping(data["attribute"], "attribute").items()}
    pictures = {key: _Picture(names[str(files[0])]) for key, files in views.items() if files}
    for key, given in mapping(data["metadata"], "metadata").items():
        with record(("metadata", key)):
            one = mapping(given, "it")
            said = {}
            for number_of, value in mapping(one.get("av") or {}, "av").items():
                attribute = asked[number_of]
                options = attribute.get("options") or {}
                said[str(attribute["aname"])] = options.get(value, value) if isinstance(value, str) else value
            _take3(pictures[str(one["vid"])], one.get("xy") or [], said)
    yield from pictures.values()


def _of_csv3(source: Source, rows: Rows) -> Iterator[_Picture]:
    lines = source.text.splitlines(keepends=True)
    head = next(line for line in lines if line.startswith(_HEADER))
    columns = [name.strip() for name in head.removeprefix(_HEADER).split(",")]
    names = next((line.partition("=")[2] for line in lines if line.startswith("# ATTRIBUTES")), "{}")
    asked = mapping(json_cell(names, "ATTRIBUTES"), "ATTRIBUTES")
    pictures: dict[str, _Picture] = {}
    for given in csv.reader(io.StringIO("".join(line for line in lines if not line.startswith("#")))):
        row = dict(zip(columns, given, strict=True))
        with record(("metadata", row.get("metadata_id"))):
            name = str(json_cell(row["file_list"], "file_list")[0])
            said = mapping(json_cell(row["metadata"], "metadata"), "metadata")
            rows.met["boxes", "class that is the number of an option", "kept: the project holds its name"] += len(said)
            one = pictures.setdefault(name, _Picture(name))
            _take3(one, json_cell(row["spatial_coordinates"], "xy"), {str(asked.get(k, k)): v for k, v in said.items()})
    yield from pictures.values()


def _take3(picture: _Picture, xy: list[Any], said: Mapping[str, Any]) -> None:
    """Take one record of version 3: of the picture without coordinates, else of a region."""
    if xy:
        picture.regions.append((_shape3(xy), said))
    else:
        picture.said = {**picture.said, **said}


def _shape3(xy: list[Any]) -> dict[str, Any]:
    kind, *rest = xy
    if kind in (2, 8):
        return {"name": "rect", **dict(zip(("x", "y", "width", "height"), rest, strict=True))}
    if kind in (3, 9):
        return {"name": "circle", **dict(zip(("cx", "cy", "r"), rest, strict=True))}
    if kind == 4:
        return {"name": "ellipse", **dict(zip(("cx", "cy", "rx", "ry"), rest, strict=False))}
    name = {1: "point", 5: "line", 6: "polyline", 7: "polygon"}.get(kind, f"shape {kind}")
    return {"name": name, "all_points_x": rest[0::2], "all_points_y": rest[1::2]}


def _corners(shape: Mapping[str, Any]) -> tuple[_shapes.Corners | None, str]:
    name = str(shape.get("name"))
    if name == "rect":
        x, y, w, h = (number(shape.get(side), side) for side in ("x", "y", "width", "height"))
        return (x, y, x + w, y + h), "rectangle"
    if name in ("circle", "ellipse"):
        x, y = number(shape.get("cx"), "cx"), number(shape.get("cy"), "cy")
        if name == "circle":
            radius = number(shape.get("r"), "r")
            return _shapes.ellipse(x, y, radius, radius), name
        turn = math.degrees(number(shape.get("theta") or 0, "theta"))
        return _shapes.ellipse(x, y, number(shape.get("rx"), "rx"), number(shape.get("ry"), "ry"), turn), name
    if name == "point":
        return None, name
    points = zip(shape.get("all_points_x") or [], shape.get("all_points_y") or [], strict=True)
    return _shapes.of_points([list(pair) for pair in points]), name
