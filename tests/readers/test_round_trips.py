"""What is written comes back: all that a format holds, and it refuses the rest by name unless loss is allowed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import labelqa
from labelqa.readers._write import WRITE_FORMATS

EDGES = ["x_min", "y_min", "x_max", "y_max"]
KEYS = ["item_id", "annotator_id"]
#: Format -> what of the scene it holds, and how it is read again.
HOLDS = {
    "parquet": ({"labels", "boxes", "views", "skipped", "times", "paths"}, {}),
    "csv": ({"labels", "boxes", "views", "skipped", "times", "paths"}, {}),
    "coco": ({"labels", "boxes", "views", "paths"}, {}),
    "label_studio": ({"labels", "boxes", "views", "skipped", "times", "paths"}, {}),
    "cvat": ({"labels", "boxes", "views"}, {}),
    "voc": ({"boxes", "views"}, {"annotator_from": "folder"}),
    "yolo": ({"boxes", "views", "paths"}, {"annotator_from": "folder"}),
    "wide_table": ({"labels", "paths"}, {"format": "wide_table"}),
    "class_folders": ({"labels", "paths"}, {"format": "class_folders", "annotator_from": "folder"}),
}
ENDING = {"coco": ".json", "label_studio": ".json", "wide_table": ".csv"}
#: Text as people write it, with what XML, CSV and JSON have to escape; no spaces at its ends.
TEXT = st.text(st.sampled_from("ab7é猫&<>\"';,=| .-"), min_size=1, max_size=6).map(str.strip).filter(bool)
NAME = st.text(st.sampled_from("ab7é猫&-_="), min_size=1, max_size=5)


@st.composite
def scenes(draw, holds, form):
    """Annotations of a few pictures, all of them with a size, of just what a format holds."""
    names = st.from_regex(r"[a-c][0-9a-c]{0,3}", fullmatch=True) if form in ("yolo", "class_folders") else NAME
    items = draw(st.lists(names, min_size=1, max_size=4, unique_by=str.casefold))
    if form == "class_folders":
        items = [f"{item}.png" for item in items]
    people = draw(st.lists(NAME, min_size=1, max_size=3, unique_by=str.casefold))
    classes = draw(st.lists(NAME if form == "class_folders" else TEXT, min_size=1, max_size=3, unique_by=str.casefold))
    views, labels, boxes = [], [], []
    for item in items:
        for person in people:
            status = draw(st.sampled_from(["absent", "looked", "empty", "skipped"]))
            if status == "absent" or (status == "skipped" and "skipped" not in holds):
                continue
            seconds = draw(st.sampled_from([np.nan, 1.5])) if "times" in holds else np.nan
            views.append((item, person, "skipped" if status == "skipped" else None, seconds))
            if status == "looked" and "labels" in holds:
                labels.append((item, person, draw(st.sampled_from(classes))))
            for _ in range(draw(st.integers(0, 2)) if status == "looked" and "boxes" in holds else 0):
                x, y = draw(st.floats(0, 50, width=32)), draw(st.integers(0, 30))
                side = draw(st.floats(1, 9, width=32))
                boxes.append((item, person, draw(st.sampled_from(classes)), x, y, x + side, y + 2.5))
    table = pd.DataFrame({"item_id": items, "width": 64.0, "height": 48.0})
    return (
        table,
        pd.DataFrame(views, columns=[*KEYS, "status", "seconds"]),
        pd.DataFrame(labels, columns=[*KEYS, "label"]),
        pd.DataFrame(boxes, columns=[*KEYS, "label", *EDGES]),
    )


def annotations_of(scene, folder, holds):
    items, views, labels, boxes = scene
    paths = []
    for nth in range(len(items)):
        path = folder / f"{nth}.png"
        Image.new("L", (64, 48)).save(path)
        paths.append(str(path))
    return labelqa.Annotations.from_frames(
        items=items.assign(path=paths) if "paths" in holds else items,
        views=views if "views" in holds else None,
        labels=labels,
        boxes=boxes if len(boxes) else None,
    )


def listed(table, columns):
    return sorted(table[columns].astype(object).where(table[columns].notna(), None).itertuples(index=False, name=None))


def boxes_of(annotations):
    rows = annotations.boxes.assign(**{edge: annotations.boxes[edge].round(3) + 0.0 for edge in EDGES})
    return listed(rows, [*KEYS, "label", *EDGES])


@pytest.mark.parametrize("form", HOLDS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_format_holds_comes_back(form, data):
    holds, how = HOLDS[form]
    scene = data.draw(scenes(holds, form))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = annotations_of(scene, folder, holds)
        target = folder / f"out{ENDING.get(form, '')}"
        try:
            labelqa.write(given, target, to=form)
        except labelqa.TableError as error:
            # what a scene may be without, and not every format can say
            assert any(part in str(error) for part in ("nobody looked at", "sizes of items", "no label to write"))
            assert not target.exists()
            return
        again = labelqa.read(target, **how)
        assert boxes_of(again) == boxes_of(given)
        assert listed(again.labels, [*KEYS, "label"]) == listed(given.labels, [*KEYS, "label"])
        facts = ["item_id", "width", "height"]
        assert listed(again.items, facts) == listed(given.items, facts)
        if "views" in holds:
            columns = [*KEYS, "status", *(["seconds"] if "times" in holds else [])]
            assert listed(again.views, columns) == listed(given.views, columns)
        if form not in ("yolo", "class_folders") and "paths" in holds:
            assert again.items["path"].map(Path).tolist() == given.items["path"].map(Path).tolist()


def test_every_written_format_is_tried():
    assert set(HOLDS) == set(WRITE_FORMATS)
