"""Constant offsets in pixels: found whatever the size of boxes, and never where people draw by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa import Annotations
from labelqa.agreement import BoxConventions, box_conventions
from labelqa.agreement.habits import _offsets as offsets

EDGES = ["x_min", "y_min", "x_max", "y_max"]
COLUMNS = ["item_id", "annotator_id", "label", *EDGES]


def copied(
    shift: Any, *, side: float = 800, n_items: int = 30, others: str = "ab", noise: float = 0.0, seed: int = 0
) -> pd.DataFrame:
    """Draw one box per image; all have the same, but what "odd" has is moved by `shift` (4 coordinates)."""
    rng = np.random.default_rng(seed)
    rows = []
    for item in range(n_items):
        corner, size = rng.integers(5, 99, 2), side * rng.uniform(0.8, 1.2, 2).round(2)
        box = np.append(corner, corner + size)
        for who in ["odd", *others]:
            drawn = box + rng.normal(0, noise, 4) + (np.asarray(shift) if who == "odd" else 0.0)
            rows.append((item, who, "car", *drawn))
    return pd.DataFrame(rows, columns=COLUMNS)


def offset_rows(found: BoxConventions) -> pd.DataFrame:
    return found.findings.loc[found.findings["kind"] == "offset"]


@pytest.mark.parametrize("side", [12, 40, 800, 4000])
def test_one_pixel_is_found_on_boxes_of_every_size(side: float) -> None:
    found = box_conventions(copied([0, 0, -1, -1], side=side), n_resamples=40)
    assert found.findings[["annotator_id", "kind", "what"]].to_numpy().tolist() == [["odd", "offset", "x_max, y_max"]]
    row = found.findings.iloc[0]
    assert [row["effect"], row["low"], row["high"]] == pytest.approx([-1, -1, -1], abs=1e-9)
    assert row["sentence"] == (
        "The boxes of odd have x_max, y_max 1 pixel smaller than the others', whatever their size (100 % of 60 "
        "matches), as where one file counts the last pixel as part of the box and the other does not: correct how the "
        "file or the tool that wrote it counts pixels, this is no habit of the person."
    )
    table = found.edges.set_index(["annotator_id", "edge"]).loc[("odd", "x_max")]
    assert table[["pixels", "pixels_low", "pixels_high"]].tolist() == pytest.approx([-1, -1, -1])


@pytest.mark.parametrize(
    ("shift", "what", "words", "cause"),
    [
        ([0, 0, 1, 1], "x_max, y_max", "x_max, y_max 1 pixel larger", "counts the last pixel as part of the box"),
        ([1, 1, 1, 1], "x_min, y_min, x_max, y_max", "y_max 1 pixel larger than", "from 1 and the other from 0"),
        ([0.5, 0.5, 0.5, 0.5], "x_min, y_min, x_max, y_max", "0.5 pixels larger", "centre of a pixel"),
        ([-0.5, -0.5, 0.5, 0.5], "x_min, y_min, x_max, y_max", "0.5 pixels smaller and x_max", "centre of a pixel"),
        ([0, 3, 0, 0], "y_min", "y_min 3 pixels larger", "counts or rounds pixels in another way"),
    ],
)
def test_the_sentence_says_what_is_moved_and_how_files_come_to_differ(
    shift: list[float], what: str, words: str, cause: str
) -> None:
    row = offset_rows(box_conventions(copied(shift), n_resamples=20)).iloc[0]
    assert (row["annotator_id"], row["what"]) == ("odd", what)
    assert words in row["sentence"]
    assert cause in row["sentence"]
    assert "no habit of the person" in row["sentence"]


def test_of_two_files_each_is_the_other_ones_exception() -> None:
    found = offset_rows(box_conventions(copied([0, 0, -1, -1], others="a"), n_resamples=20))
    assert found[["annotator_id", "effect"]].to_numpy().tolist() == [["a", 1.0], ["odd", -1.0]]


def test_settling_an_offset_gives_full_agreement() -> None:
    explained = box_conventions(copied([0, 0, -1, -1], side=20), n_resamples=20).explained
    assert (explained["mean_iou"] < 0.97).all()
    assert explained["mean_iou_settled"].tolist() == pytest.approx([1, 1])
    # all that is missing from full agreement
    assert explained["pq_share"].tolist() == pytest.approx([1, 1])


def test_some_corrected_boxes_do_not_hide_it() -> None:
    drawn = copied([0, 0, -1, -1], n_items=40)
    rng = np.random.default_rng(1)
    chosen = (drawn["annotator_id"] == "odd") & (drawn["item_id"] < 8)
    drawn.loc[chosen, EDGES] += rng.normal(0, 4, (chosen.sum(), 4))
    assert offset_rows(box_conventions(drawn, n_resamples=20))["what"].tolist() == ["x_max, y_max"]


@pytest.mark.parametrize("n_alike", [149, 150, 151])
def test_three_of_four_matches_must_be_alike(n_alike: int) -> None:
    drawn = copied([0, 0, -1, 0], n_items=200, others="a")
    away = (drawn["annotator_id"] == "odd") & (drawn["item_id"] >= n_alike)
    drawn.loc[away, "x_max"] += np.linspace(5, 9, away.sum())
    assert (len(offset_rows(box_conventions(drawn, n_resamples=20))) > 0) == (n_alike >= 150)


@pytest.mark.parametrize(("size", "is_found"), [(0.2, False), (0.249, False), (0.25, True), (0.5, True)])
def test_a_quarter_pixel_is_the_least(size: float, is_found: bool) -> None:
    assert (len(offset_rows(box_conventions(copied([0, 0, size, 0]), n_resamples=20))) > 0) == is_found


@pytest.mark.parametrize(("spread", "is_found"), [(0.049, True), (0.051, False)])
def test_alike_is_to_a_twentieth_of_a_pixel(spread: float, is_found: bool) -> None:
    drawn = copied([0, 0, -1, 0], n_items=41, others="a")
    mine = drawn["annotator_id"] == "odd"
    # the middle one is in the middle, all others stand this far away from it
    drawn.loc[mine, "x_max"] += np.where(np.arange(41) == 20, 0.0, np.where(np.arange(41) < 20, -spread, spread))
    assert (len(offset_rows(box_conventions(drawn, n_resamples=20))) > 0) == is_found


@pytest.mark.parametrize(
    ("n_items", "others", "n_found"), [(19, "a", 0), (20, "a", 2), (4, "abcdef", 0), (5, "abcde", 1)]
)
def test_twenty_matches_on_five_items_are_the_least(n_items: int, others: str, n_found: int) -> None:
    found = box_conventions(copied([0, 0, -1, -1], n_items=n_items, others=others), n_resamples=20)
    assert len(offset_rows(found)) == n_found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("is_whole", [False, True])
def test_hands_are_never_constant(seed: int, is_whole: bool) -> None:
    """Nor is a hand that is one pixel short on average."""
    for noise in (0.4, 1.0, 3.0):
        drawn = copied([0, 0, -1, -1], noise=noise, side=60, others="abc", seed=seed)
        if is_whole:
            drawn[EDGES] = drawn[EDGES].round()
        assert offset_rows(box_conventions(drawn, n_resamples=20)).empty


def test_equal_files_have_no_offset() -> None:
    assert box_conventions(copied([0, 0, 0, 0]), n_resamples=20).findings.empty


def test_no_false_one_in_the_sample(sample: Path) -> None:
    tables = {name: pd.read_csv(sample / f"{name}.csv") for name in ("boxes", "views", "items")}
    assert offset_rows(box_conventions(Annotations.from_frames(**tables), n_resamples=20)).empty


@pytest.mark.parametrize("name", ["pedestrians", "crowdboxes"])
def test_no_false_one_in_real_data_but_a_planted_one(real_boxes: Any, name: str) -> None:
    data = real_boxes(name)
    assert offset_rows(box_conventions(data, n_resamples=20)).empty
    # a second file of the same boxes, exported with the last pixel left out
    who = data.boxes["annotator_id"].value_counts().index[0]
    own = data.boxes.loc[data.boxes["annotator_id"] == who].drop(columns="box_id")
    other = own.assign(annotator_id="export", x_max=own["x_max"] - 1, y_max=own["y_max"] - 1)
    found = offset_rows(box_conventions(pd.concat([own, other]), n_resamples=20))
    assert sorted(found["annotator_id"]) == sorted([who, "export"])
    assert set(found["what"]) == {"x_max, y_max"}


def test_constants() -> None:
    assert (offsets.MIN_OFFSET, offsets.MIN_SHARE, offsets.TOLERANCE, offsets.BY_HAND) == (0.25, 0.75, 0.05, 0.5)
