"""alpha_kalos against its worked example and against what makes it mislead."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa.agreement import box_agreement
from labelqa.annotations import Annotations

EDGES = ["x_min", "y_min", "x_max", "y_max"]

# The worked example of Tschirschwitz et al. (GCPR 2022), fruit on a table by three people, rounded to whole pixels:
# x, y, width, height. Objects: banana x 3, orange x 3, apple apple banana, apple apple -, - - apple.
FRUIT = [
    ("1", "banana", 30, 300, 279, 151), ("1", "orange", 119, 220, 105, 100),
    ("1", "apple", 222, 126, 130, 134), ("1", "apple", 16, 23, 133, 127),
    ("2", "banana", 16, 292, 302, 168), ("2", "orange", 88, 201, 142, 132),
    ("2", "apple", 206, 119, 150, 175), ("2", "apple", 9, 14, 177, 167),
    ("3", "banana", 9, 250, 300, 205), ("3", "orange", 65, 200, 150, 131),
    ("3", "banana", 202, 120, 163, 154), ("3", "apple", 16, 4, 207, 67),
]  # fmt: skip


def test_worked_example():
    rows = [("smile", who, label, x, y, x + w, y + h) for who, label, x, y, w, h in FRUIT]
    found = box_agreement(pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", *EDGES]), n_resamples=0)
    assert found.alpha_kalos == pytest.approx(82 / 166)
    assert found.alpha_kalos_matched == pytest.approx(60 / 80)
    assert found.alpha_kalos_warning is None


@pytest.mark.parametrize(
    ("n_empty", "wanted", "words"),
    [(0, -0.05, "only one class"), (1000, 0.90, "only one class"), (1001, 0.90, "half of the images are empty")],
)
def test_one_class_and_empty_images_make_it_meaningless(n_empty, wanted, words):
    # of 1,000 objects 100 are missed by one of two people: F1 = 1800 / 1900
    boxes = pd.DataFrame(
        [(i, "a", 0, 0, 9, 9) for i in range(1000)] + [(i, "b", 0, 0, 9, 9) for i in range(100, 1000)],
        columns=["item_id", "annotator_id", *EDGES],
    )
    views = pd.DataFrame([(i, who) for i in range(1000 + n_empty) for who in "ab"], columns=["item_id", "annotator_id"])
    found = box_agreement(Annotations.from_frames(boxes=boxes, views=views), n_resamples=10, n_permutations=1)
    assert found.f1 == pytest.approx(0.947, abs=0.0005)
    assert found.alpha_kalos == pytest.approx(wanted, abs=0.005)
    assert words in found.alpha_kalos_warning
