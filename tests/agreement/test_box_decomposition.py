"""The parts of disagreement: each kind by construction, and the sum on real and random data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa.agreement import box_agreement
from labelqa.annotations import Annotations

EDGES = ["x_min", "y_min", "x_max", "y_max"]


def parts_of(a, b, match="agnostic"):
    """Parts of two views of one image, given as (label, x_min, y_min, x_max, y_max); each in boxes of both views."""
    rows = [("1", "a", *box) for box in a] + [("1", "b", *box) for box in b]
    data = Annotations.from_frames(
        boxes=pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", *EDGES]), faulty_boxes="keep"
    )
    found = box_agreement(data, match=match, n_resamples=0)
    table = found.decomposition
    shares = table.loc[table["scope"] == "all"].set_index("part")["share"]
    assert shares.sum() == pytest.approx(1 - found.pq)
    return {part: round(share * (len(a) + len(b)), 6) for part, share in shares.items() if share}


BOX, FAR = ("x", 0, 0, 10, 10), ("x", 100, 0, 110, 10)


@pytest.mark.parametrize(
    ("a", "b", "match", "wanted"),
    [
        ([BOX], [BOX], "agnostic", {}),
        ([BOX, FAR], [BOX], "agnostic", {"missed_extra": 1}),
        ([BOX], [("x", 0, 0, 10, 8)], "agnostic", {"location": 0.4}),
        ([BOX], [("x", 0, 0, 10, 4)], "agnostic", {"location": 2}),
        ([BOX], [("x", 9.9, 0, 20, 10)], "agnostic", {"missed_extra": 2}),
        ([BOX], [("y", 0, 0, 10, 10)], "agnostic", {}),
        ([BOX], [("y", 0, 0, 10, 10)], "aware", {"class": 2}),
        ([BOX], [("y", 0, 0, 10, 4)], "aware", {"missed_extra": 2}),
        ([BOX, BOX], [BOX], "agnostic", {"duplicate": 1}),
        ([BOX, ("x", 30, 0, 40, 10)], [("x", 0, 0, 40, 10)], "agnostic", {"split_merge": 3}),
        # the group box matches one of three and holds the others
        (
            [("x", 0, 0, 30, 10), ("x", 31, 0, 40, 10)],
            [("x", 0, 0, 40, 10)],
            "agnostic",
            {"location": 0.5, "split_merge": 1},
        ),
    ],
)
def test_each_kind(a, b, match, wanted):
    assert parts_of(a, b, match) == pytest.approx(wanted)
    assert parts_of(b, a, match) == pytest.approx(wanted)


@pytest.mark.parametrize("match", ["agnostic", "aware"])
def test_parts_add_up_in_every_scope(match):
    rng = np.random.default_rng(5)
    corner = rng.integers(0, 12, (400, 2))
    side = rng.integers(1, 9, (400, 2))
    boxes = pd.DataFrame(np.hstack([corner, corner + side]), columns=EDGES).assign(
        item_id=rng.integers(0, 20, 400), annotator_id=rng.choice(list("abcd"), 400), label=rng.choice(["x", "y"], 400)
    )
    found = box_agreement(boxes, match=match, n_resamples=20)
    table = found.decomposition
    assert table.loc[table["scope"] == "all", "share"].sum() == pytest.approx(1 - found.pq)
    for scope, scores in (
        ("annotator", found.per_annotator.set_index("annotator_id")["pq"]),
        ("class", found.per_class.set_index("label")["pq"]),
    ):
        sums = table.loc[table["scope"] == scope].groupby("id")["share"].sum()
        assert sums.to_dict() == pytest.approx((1 - scores).to_dict())
    known = table.loc[table["share_low"].notna()]
    assert known["share"].between(known["share_low"], known["share_high"]).all()
    # a part that no image has is no part of other images for sure
    assert (table.loc[table["share_low"].isna(), "share"] == 0).all()


def test_missed_and_extra_are_two_sides_of_one_box():
    boxes = pd.DataFrame(
        [("1", "a", *BOX), ("1", "a", *FAR), ("1", "b", *BOX)], columns=["item_id", "annotator_id", "label", *EDGES]
    )
    table = (
        box_agreement(boxes, n_resamples=0)
        .decomposition.query("scope == 'annotator'")
        .set_index(["id", "part"])["share"]
    )
    assert table["a", "extra"] == table["b", "missed"] == pytest.approx(1 / 3)
    assert table["a", "missed"] == table["b", "extra"] == 0
