"""Every fixture of a format that is read gives the tables that a right reader gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import labelqa

FOLDER = Path(__file__).parent / "formats"
READ = (
    "argilla",
    "class_folders",
    "coco",
    "cvat",
    "imagefolder",
    "label_studio",
    "labelbox",
    "labelme",
    "long_table",
    "mturk",
    "prodigy",
    "toloka",
    "via",
    "voc",
    "wide_table",
    "yolo",
    "zooniverse",
)
VARIANTS = sorted(path for form in READ for path in FOLDER.glob(f"{form}/*.expected.json"))
EDGES = ["x_min", "y_min", "x_max", "y_max"]


def read(path, expected):
    how = {name: value for name, value in expected["read"].items() if name in ("format", "annotator", "annotator_from")}
    how |= {name: value for name, value in expected["read"].get("options", {}).items() if name == "map"}
    if "annotators" in expected["read"].get("options", {}):
        how["map"] = {"annotators": ",".join(expected["read"]["options"]["annotators"])}
    if how.get("format") == "long_table":
        how["format"] = "table"
    place = path.with_name(path.name.removesuffix(".expected.json")) / expected["read"]["path"]
    return labelqa.read(place, faulty_boxes="keep", **how)


def rows(table, columns):
    found = table[columns].astype(object).where(table[columns].notna(), None).to_numpy().tolist()
    return sorted(([str(cell) if isinstance(cell, str) else cell for cell in row] for row in found), key=str)


def in_order(listed):
    return [row[3:] for row in sorted(listed, key=lambda row: (row[:3], [round(edge, 2) for edge in row[3:]]))]


@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: f"{path.parent.name}-{path.name.split('.')[0]}")
def test_a_fixture_gives_the_right_tables(path):
    expected = json.loads(path.read_text(encoding="utf-8"))
    if "refused" in expected:
        with pytest.raises(labelqa.TableError):
            read(path, expected)
        return
    found = read(path, expected)
    assert rows(found.items, ["item_id", "width", "height"]) == sorted(expected["items"], key=str)
    assert rows(found.views, ["item_id", "annotator_id", "status"]) == sorted(expected["views"], key=str)
    assert rows(found.labels, ["item_id", "annotator_id", "label"]) == sorted(expected["labels"], key=str)
    boxes = rows(found.boxes, ["item_id", "annotator_id", "label", *EDGES])
    wanted = sorted(expected["boxes"], key=str)
    assert sorted(row[:3] for row in boxes) == sorted(row[:3] for row in wanted)
    for one, other in zip(in_order(boxes), in_order(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=0.002)
    assert found.views_derived == expected["views_derived"]
