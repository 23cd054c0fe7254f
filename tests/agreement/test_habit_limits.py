"""What counts as another mistake than a habit, and what holds an object: at their limits."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from labelqa.agreement import box_conventions
from labelqa.agreement.habits import _rates as rates
from labelqa.annotations import Annotations

COLUMNS = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]


@pytest.mark.parametrize(
    ("times", "longer"),
    # of sides that differ more than e^0.7, which is 2.01 times, the rest is another mistake
    [(1.5, 0.5), (2.0, 1.0), (2.1, math.exp(0.7) - 1), (2.5, math.exp(0.7) - 1)],
)
def test_a_side_counts_as_at_most_twice_as_long(times: float, longer: float) -> None:
    rows = [
        (k, who, "x", 0, 0, 100 * (times if who == "odd" else 1), 60) for k in range(6) for who in ("a", "b", "odd")
    ]
    sides = box_conventions(pd.DataFrame(rows, columns=COLUMNS), n_resamples=20).sides
    row = sides.loc[(sides["annotator_id"] == "odd") & (sides["side"] == "width")]
    assert row["effect"].tolist() == [pytest.approx(longer)]


@pytest.mark.parametrize(("right", "is_missed"), [(7.0, False), (6.9, True)])
def test_a_large_box_holds_an_object_of_which_seven_tenths_lie_within(right: float, is_missed: bool) -> None:
    # 0 to 10 is what two others drew; the third box is far too large to overlap with it
    rows = [(1, "a", "x", 0, 0, 10, 10), (1, "b", "x", 0, 0, 10, 10), (1, "odd", "x", -200, 0, right, 10)]
    boxes = pd.DataFrame(rows, columns=COLUMNS)
    codes = Annotations.from_frames(boxes=boxes, faulty_boxes="keep").box_codes
    found = rates.objects_of_others(codes)
    assert found.is_missed[found.annotator == list(codes.annotators).index("odd")].tolist() == [is_missed]


@pytest.mark.parametrize(("right", "is_group"), [(37.0, True), (36.9, False)])
def test_a_box_is_a_group_where_it_holds_seven_tenths_of_two_objects(right: float, is_group: bool) -> None:
    one, two = ("x", 0, 0, 10, 10), ("x", 30, 0, 40, 10)
    rows = [(1, who, *box) for who in ("a", "b") for box in (one, two)]
    boxes = pd.DataFrame([*rows, (1, "odd", "x", 0, 0, right, 10)], columns=COLUMNS)
    found = rates.groups_and_splits(Annotations.from_frames(boxes=boxes).box_codes)
    assert found.is_group.tolist() == [False] * 4 + [is_group]
