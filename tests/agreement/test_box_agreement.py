"""Agreement on boxes: published-size data, hand calculations, edge cases."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from labelqa.agreement import box_agreement
from labelqa.annotations import Annotations
from labelqa.errors import OptionError, TableError

EDGES = ["x_min", "y_min", "x_max", "y_max"]


def table(rows):
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", *EDGES])


@pytest.fixture(scope="module")
def pedestrians(real_boxes):
    return box_agreement(real_boxes("pedestrians"))


@pytest.fixture(scope="module")
def crowdboxes(real_boxes):
    return box_agreement(real_boxes("crowdboxes"))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("f1", 0.8584),
        ("mean_iou", 0.7547),
        ("pq", 0.6479),
        ("f1_image", 0.8643),
        ("f1_image_nonempty", 0.8431),
    ],
)
def test_pedestrians_to_four_digits(pedestrians, name, wanted):
    assert getattr(pedestrians, name) == pytest.approx(wanted, abs=0.00005)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("f1", 0.6113),
        ("mean_iou", 0.7545),
        ("pq", 0.4612),
        ("f1_image", 0.6469),
        ("f1_image_nonempty", 0.6469),
    ],
)
def test_crowdboxes_to_four_digits(crowdboxes, name, wanted):
    assert getattr(crowdboxes, name) == pytest.approx(wanted, abs=0.00005)


def test_counts_intervals_sweep_and_chance_of_pedestrians(pedestrians):
    assert (pedestrians.n_images, pedestrians.n_annotators) == (1448, 43)
    assert (pedestrians.n_pairs, pedestrians.n_matches) == (30408, 30298)
    assert (pedestrians.f1_low, pedestrians.f1_high) == pytest.approx((0.8478, 0.8680), abs=0.005)
    assert pedestrians.sweep["f1"].to_list() == pytest.approx([0.9353, 0.8584, 0.4745], abs=0.00005)
    assert pedestrians.alpha == pytest.approx(0.857, abs=0.0006)
    assert (pedestrians.alpha_low, pedestrians.alpha_high) == pytest.approx((0.847, 0.867), abs=0.005)
    assert pedestrians.alpha_pq == pytest.approx(0.701, abs=0.0006)


def test_counts_intervals_sweep_and_chance_of_crowdboxes(crowdboxes):
    assert (crowdboxes.n_images, crowdboxes.n_annotators) == (200, 196)
    assert (crowdboxes.n_pairs, crowdboxes.n_matches) == (6649, 17731)
    assert (crowdboxes.f1_low, crowdboxes.f1_high) == pytest.approx((0.5827, 0.6392), abs=0.005)
    assert crowdboxes.sweep["f1"].to_list() == pytest.approx([0.7197, 0.6113, 0.3262], abs=0.00005)
    assert crowdboxes.alpha == pytest.approx(0.632, abs=0.0006)
    assert (crowdboxes.alpha_low, crowdboxes.alpha_high) == pytest.approx((0.602, 0.661), abs=0.005)
    assert crowdboxes.alpha_pq == pytest.approx(0.488, abs=0.0006)


def test_hand_calculation():
    found = box_agreement(
        table(
            [
                ("1", "ann", "car", 0, 0, 10, 10),
                ("1", "bob", "car", 0, 0, 10, 8),
                ("1", "bob", "bus", 50, 50, 60, 60),
                ("2", "ann", "bus", 0, 0, 10, 10),
                ("2", "bob", "car", 0, 0, 10, 6),
            ]
        ),
        n_resamples=50,
    )
    assert (found.f1, found.mean_iou, found.pq) == pytest.approx((4 / 5, 0.7, 0.56))
    assert found.f1_image == pytest.approx((2 / 3 + 1) / 2)
    assert found.class_agreement == pytest.approx(0.5)
    assert found.class_confusion.values.tolist() == [["bus", "car", 1]]
    # labels car car, bus car: observed 1/2, expected 2 x 3 x 1 / (4 x 3)
    assert found.class_alpha == pytest.approx(0)
    assert found.per_item["item_id"].to_list() == ["1", "2"]
    assert found.per_class.set_index("label")["f1"].to_dict() == pytest.approx({"bus": 1 / 2, "car": 1.0})


def test_classes_count_only_where_asked():
    data = table([("2", "ann", "bus", 0, 0, 9, 9), ("2", "bob", "car", 0, 0, 9, 9)])
    aware = box_agreement(data, match="aware", n_resamples=10)
    assert (aware.f1, box_agreement(data, n_resamples=10).f1) == (0, 1)
    assert aware.class_agreement == 0
    assert "No two boxes overlap" not in str(box_agreement(data, n_resamples=10).reason)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_identical_boxes_agree_fully(n):
    rows = [("1", who, "a", 0, 0, 10, 10) for who in ("ann", "bob") for _ in range(n)]
    same = Annotations.from_frames(boxes=table(rows), faulty_boxes="keep")
    assert box_agreement(same, n_resamples=10).f1 == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "No image was viewed by two"),
        ([("1", "ann", "a", 0, 0, 9, 9)], "No image was viewed by two"),
        ([("1", "ann", "a", 0, 0, 9, 9), ("1", "bob", "a", 0, 0, 9, 9)], "Only one image"),
        ([(i, who, "a", 0, 0, 9, 9) for i in "12" for who in "ab"], "Views of different images are the same"),
    ],
)
def test_too_little_data_is_nan_with_a_reason(rows, words):
    found = box_agreement(table(rows), n_resamples=20)
    assert words in found.reason
    assert math.isnan(found.alpha)
    assert found.to_dict()["alpha"] is None


def test_empty_views_agree():
    views = pd.DataFrame([("1", "ann"), ("1", "bob"), ("2", "ann"), ("2", "bob")], columns=["item_id", "annotator_id"])
    found = box_agreement(Annotations.from_frames(views=views), n_resamples=20)
    assert found.f1_image == 1
    assert math.isnan(found.f1)
    assert math.isnan(found.f1_image_nonempty)
    assert "Nobody drew a box" in found.reason


def test_order_of_rows_does_not_matter(real_boxes):
    data = real_boxes("crowdboxes").select(items=range(100, 140))
    shuffled = Annotations.from_frames(
        boxes=data.boxes.drop(columns="box_id").sample(frac=1, random_state=1),
        views=data.views.sample(frac=1, random_state=2),
    )
    first, second = box_agreement(data, n_resamples=50), box_agreement(shuffled, n_resamples=50)
    assert first.to_dict() == second.to_dict()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_coordinates_that_are_no_numbers_are_refused_with_the_row(bad):
    with pytest.raises(TableError, match="rows 1"):
        box_agreement(table([("1", "ann", "a", 0, 0, 9, 9), ("1", "bob", "a", 0, bad, 9, 9)]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"match": "loose"}, "choose one of 'agnostic', 'aware'"),
        ({"iou_threshold": 0}, "above 0 and at most 1"),
        ({"iou_threshold": 1.5}, "at most 1"),
        ({"confidence": 1}, "between 0 and 1"),
        ({"n_resamples": -1}, "0 for none"),
        ({"n_permutations": 0}, "1 or more, or None"),
        ({"seed": 0.5}, "no whole number"),
    ],
)
def test_unknown_options_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        box_agreement(table([]), **options)
