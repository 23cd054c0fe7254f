"""Units are found from the boxes themselves; rates over scenes and real annotators: docs/studies/units.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labelqa
from benchmarks.study_units import UNITS, put, real, scene
from labelqa import Annotations

EDGES = ["x_min", "y_min", "x_max", "y_max"]
WIDTH, HEIGHT = 1280, 720


@pytest.fixture
def drawn():
    rng = np.random.default_rng(3)
    boxes, items = scene(rng, spread=1)
    assert items["width"].eq(items["width"][0]).all()
    scale = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT]) / items[["width", "height", "width", "height"]].to_numpy()[0]
    return boxes.assign(**boxes[EDGES] * scale), items.assign(width=WIDTH, height=HEIGHT)


def units(boxes, items=None, **options):
    checks = Annotations.from_frames(boxes=boxes, items=items, **options).checks
    return {
        row.finding: (row.n, row.examples) for row in checks.itertuples() if any(word in row.finding for word in UNITS)
    }


def test_nothing_is_said_of_boxes_in_order(drawn):
    assert units(*drawn) == {}


@pytest.mark.parametrize(
    ("unit", "finding"),
    [
        ("x and y exchanged", "boxes with x and y exchanged"),
        ("per cent", "boxes in per cent of the picture, beside pixels"),
        ("a hundred times too large", "boxes that are 100 times too large"),
        ("picture turned by 90 degrees", "boxes of a picture turned by 90 degrees"),
        ("all edges by +1", "boxes beside those of the others by a pixel (all edges +1)"),
        ("right and lower edge by -1", "boxes beside those of the others by a pixel (right and lower edge -1)"),
    ],
)
def test_one_annotator_in_another_unit_is_named_with_the_count_of_boxes(drawn, unit, finding):
    boxes, items = drawn
    n = int((boxes["annotator_id"] == "a1").sum())
    assert units(put(boxes, items, "a1", unit), items) == {finding: (n, f"'a1: {n}'")}


def test_without_sizes_the_others_tell(drawn):
    boxes, items = drawn
    assert list(units(put(boxes, items, "a1", "x and y exchanged"))) == ["boxes with x and y exchanged"]


@pytest.mark.parametrize("unit", ["x and y exchanged", "a hundred times too large"])
def test_what_is_in_another_unit_is_not_cut_to_the_frame(drawn, unit):
    boxes, items = drawn
    given = put(boxes, items, "a1", unit)
    kept = Annotations.from_frames(boxes=given, items=items).boxes
    np.testing.assert_array_equal(
        np.sort(kept.loc[kept["annotator_id"] == "a1", EDGES].to_numpy(), axis=0),
        np.sort(given.loc[given["annotator_id"] == "a1", EDGES].to_numpy(), axis=0),
    )


def test_a_file_that_contradicts_its_frames_is_not_cut(drawn):
    boxes, items = drawn
    alone = boxes[boxes["annotator_id"] == "a1"]
    given = alone.assign(**alone[EDGES] * 100)
    annotations = Annotations.from_frames(boxes=given, items=items)
    assert annotations.boxes[EDGES].to_numpy().max() == given[EDGES].to_numpy().max()
    assert len(annotations.boxes) == len(given)
    assert annotations.checks["finding"].tolist() == [
        "size of the picture that most boxes leave, and fits when they are divided by 100"
    ]


def test_one_annotator_of_a_file_alone_is_told_by_the_frame(drawn):
    boxes, items = drawn
    alone = boxes[boxes["annotator_id"] == "a1"]
    assert list(units(put(alone, items, "a1", "per cent"), items)) == [
        "boxes in per cent of the picture, beside pixels"
    ]


def test_pictures_whose_width_and_height_changed_places_are_told_apart_from_the_rest(drawn):
    boxes, items = drawn
    turned = items["item_id"].isin(["i0", "i1", "i2", "i3", "i4"])
    wrong = items.assign(width=items["width"].where(~turned, HEIGHT), height=items["height"].where(~turned, WIDTH))
    annotations = Annotations.from_frames(boxes=boxes, items=wrong)
    told = annotations.checks.set_index("finding")["n"]
    n = told["size of the picture that most boxes leave, and fits when width and height change places"]
    assert 2 <= n <= 5
    unknown = annotations.items.loc[annotations.items["width"].isna(), "item_id"]
    assert len(unknown) == n
    assert set(unknown) <= {"i0", "i1", "i2", "i3", "i4"}


def test_one_box_outside_is_still_cut():
    items = pd.DataFrame({"item_id": ["1", "2"], "width": 100, "height": 80})
    boxes = pd.DataFrame(
        [("1", "ann", 10, 10, 130, 70), ("1", "bob", 10, 10, 90, 70), ("2", "ann", 5, 5, 50, 50)],
        columns=["item_id", "annotator_id", *EDGES],
    )
    kept = Annotations.from_frames(boxes=boxes, items=items).boxes
    assert kept["x_max"].tolist() == [100, 90, 50]


def test_a_logo_in_the_same_corner_is_no_per_cent():
    rng = np.random.default_rng(0)
    corners = np.array([10, 12, 96, 60]) + rng.normal(0, 2, (40, 4))
    boxes = pd.DataFrame(corners, columns=EDGES).assign(
        item_id=[str(n) for n in range(40)], annotator_id="ann", label="logo"
    )
    items = pd.DataFrame({"item_id": boxes["item_id"], "width": 1920, "height": 1080})
    assert units(boxes, items) == {}


def test_the_order_of_rows_changes_nothing(drawn):
    boxes, items = drawn
    given = put(boxes, items, "a1", "picture turned by 90 degrees")
    assert units(given.sample(frac=1, random_state=0), items.sample(frac=1, random_state=1)) == units(given, items)


def test_two_annotators_who_differ_are_told_apart_by_the_frame(drawn):
    boxes, items = drawn
    two = boxes[boxes["annotator_id"] != "a2"]
    n = int((two["annotator_id"] == "a1").sum())
    assert units(put(two, items, "a1", "x and y exchanged"), items) == {
        "boxes with x and y exchanged": (n, f"'a1: {n}'")
    }
    both = units(put(two, items, "a1", "x and y exchanged"))  # without sizes nobody knows which of them is right
    assert both["boxes with x and y exchanged"][0] == len(two)


@pytest.mark.parametrize("name", ["pedestrians", "crowdboxes"])
def test_no_false_alarm_on_real_annotators(name):
    try:
        boxes, items = real(name)
    except FileNotFoundError:
        pytest.skip("the real sets are not here")
    assert units(boxes, items) == {}
    assert units(boxes) == {}


def test_no_false_alarm_on_the_sample():
    checks = labelqa.read(Path(__file__).parents[2] / "sample_data" / "inspection").checks
    assert not [text for text in checks["finding"] if any(word in text for word in UNITS)]
