"""`box_conventions`: habits that were planted are named, no others are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labelqa import Annotations, OptionError
from labelqa._kernels.boxes.edge_bias import contrast_totals, least_squares_effects
from labelqa._kernels.boxes.grouping import grouped_and_split, share_inside
from labelqa.agreement import BoxConventions, box_agreement, box_conventions
from labelqa.agreement.habits import _edges as edges
from labelqa.agreement.habits import _findings as findings
from labelqa.agreement.habits import _rates as rates
from labelqa.annotations import as_annotations

EDGES = ["x_min", "y_min", "x_max", "y_max"]
COLUMNS = ["item_id", "annotator_id", "label", *EDGES]


def named(found: BoxConventions) -> list[tuple[str, str, str]]:
    return list(found.findings[["annotator_id", "kind", "what"]].itertuples(index=False, name=None))


def scenes(habit: Any = None, *, n_items: int = 60, n_annotators: int = 4, seed: int = 0) -> pd.DataFrame:
    """Draw two neighbouring objects and a far small one per image; `habit(boxes, rng)` changes those of "odd"."""
    rng = np.random.default_rng(seed)
    rows = []
    for item in range(n_items):
        size = rng.uniform(30, 60, (2, 2))
        near = [(100, 100, 100 + size[0, 0], 100 + size[0, 1]), (165, 100, 165 + size[1, 0], 100 + size[1, 1])]
        true = [("dent", *near[0]), ("crack", *near[1]), ("dent", 300.0, 300.0, 312.0, 312.0)]
        for annotator in ["odd", *"abcdefgh"[: n_annotators - 1]]:
            drawn = [(label, np.array(box) + rng.normal(0, 0.7, 4)) for label, *box in true]
            if annotator == "odd" and habit is not None:
                drawn = habit(drawn, rng)
            rows += [(item, annotator, label, *box) for label, box in drawn]
    return pd.DataFrame(rows, columns=COLUMNS)


def longer(drawn: list[Any], rng: Any) -> list[Any]:
    return [(label, box + 0.1 * np.tile(box[2:] - box[:2], 2) * [-1, -1, 1, 1]) for label, box in drawn]


def wider(drawn: list[Any], rng: Any) -> list[Any]:
    return [(label, box + 0.1 * (box[2] - box[0]) * np.array([-1, 0, 1, 0])) for label, box in drawn]


def cut(drawn: list[Any], rng: Any) -> list[Any]:
    return [(label, box - 0.3 * (box[3] - box[1]) * np.array([0, 0, 0, 1])) for label, box in drawn]


def joined(drawn: list[Any], rng: Any) -> list[Any]:
    (label, one), (_, two), far = drawn
    return [(label, np.append(np.minimum(one, two)[:2], np.maximum(one, two)[2:])), far]


def parted(drawn: list[Any], rng: Any) -> list[Any]:
    (label, box), *rest = drawn
    middle = 0.5 * (box[0] + box[2])
    left, right = box.copy(), box.copy()
    left[2], right[0] = middle, middle
    return [(label, left), (label, right), *rest]


def blind(drawn: list[Any], rng: Any) -> list[Any]:
    return drawn[:2] if rng.random() < 0.7 else drawn


def swapped(drawn: list[Any], rng: Any) -> list[Any]:
    return [("dent" if label == "crack" and rng.random() < 0.5 else label, box) for label, box in drawn]


@pytest.mark.parametrize(
    ("habit", "kind", "what", "effect", "within"),
    [
        (longer, "size", "", 0.2, 0.015),
        (wider, "width", "", 0.2, 0.015),
        (cut, "edge", "y_max", -0.3 / 0.85, 0.015),  # of the mean of both boxes' height
        (joined, "group", "", 1.0, 0.001),
        (parted, "split", "", 1.0, 0.001),
        (blind, "small", None, 0.7, 0.15),
        (swapped, "class", "crack -> dent", 0.5, 0.15),
    ],
)
def test_a_planted_habit_is_named_and_nothing_else(
    habit: Any, kind: str, what: str | None, effect: float, within: float
) -> None:
    found = box_conventions(scenes(habit), n_resamples=60)
    assert [row[:2] for row in named(found)] == [("odd", kind)]
    row = found.findings.iloc[0]
    assert row["effect"] == pytest.approx(effect, abs=within)
    assert row["low"] <= row["effect"] <= row["high"]
    assert what is None or row["what"] == what
    assert row["sentence"].startswith("odd ")
    assert "settle in the guideline" in row["sentence"]
    assert set(row["item_ids"].split("; ")) <= {str(item) for item in range(60)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_is_named_where_nobody_has_a_habit(seed: int) -> None:
    found = box_conventions(scenes(seed=seed), n_resamples=60)
    assert found.findings.empty
    assert found.explained.empty
    assert found.variance_explained == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(
    ("habit", "column"), [(longer, "mean_iou"), (joined, "f1"), (blind, "f1"), (swapped, "class_agreement")]
)
def test_settling_a_habit_gives_the_agreement_of_people_without_habits(habit: Any, column: str) -> None:
    explained = box_conventions(scenes(habit), n_resamples=20).explained
    without = box_agreement(scenes())
    value = 1.0 if column == "class_agreement" else getattr(without, column)
    assert explained["annotator_id"].tolist() == ["odd", "all"]
    assert (explained[f"{column}_settled"] > explained[column] + 0.02).all()
    assert explained[f"{column}_settled"].iloc[-1] == pytest.approx(value, abs=0.01)


def test_shared_share_of_variance() -> None:
    # three of four draw alike, one 20 % longer: nearly all that differs is the annotator
    assert box_conventions(scenes(longer), n_resamples=20).variance_explained > 0.85


def test_order_of_rows_changes_nothing() -> None:
    drawn = scenes(longer, n_items=20)
    one, other = (box_conventions(data, n_resamples=30) for data in (drawn, drawn.sample(frac=1.0, random_state=5)))
    pd.testing.assert_frame_equal(one.findings, other.findings)
    pd.testing.assert_frame_equal(one.edges, other.edges)
    pd.testing.assert_frame_equal(one.rates, other.rates)


def test_names_change_nothing_but_names() -> None:
    drawn = scenes(cut, n_items=30)
    other = box_conventions(drawn.assign(annotator_id=drawn["annotator_id"].replace({"odd": "<b>", "a": "nan"})))
    assert named(other) == [("<b>", "edge", "y_max")]
    assert "&lt;b&gt; draws" in other._repr_html_()


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (scenes(n_items=0), "Nobody drew"),
        (scenes(n_items=5, n_annotators=1), "No item has two views"),
        (scenes(n_items=5, n_annotators=2), "No item has three views"),
    ],
)
def test_too_little_gives_no_finding_and_a_reason(drawn: pd.DataFrame, reason: str) -> None:
    found = box_conventions(drawn, n_resamples=20)
    assert found.findings.empty
    assert found.reason is not None
    assert found.reason.startswith(reason)
    found.plot()
    found.to_dict()


def test_identical_boxes_leave_nothing_to_explain() -> None:
    drawn = pd.DataFrame([(i, a, "x", 0, 0, 9, 9) for i in range(8) for a in "abc"], columns=COLUMNS)
    found = box_conventions(drawn, n_resamples=20)
    assert np.isnan(found.variance_explained)
    assert found.findings.empty


@pytest.mark.parametrize(
    "options", [{"min_effect": 1.0}, {"n_resamples": 3}, {"confidence": 1.0}, {"iou_threshold": 0.0}]
)
def test_options_outside_their_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="is out of range; give"):
        box_conventions(scenes(n_items=2), **options)


def test_least_squares_by_hand() -> None:
    # a - b = 1 (twice), b - c = 2: effects 4/3, 1/3, -5/3 around 0; each against the mean of the two others
    sums = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0]])
    totals = contrast_totals(np.ones(2), np.array([0, 1, 0]), np.array([0, 0, 1]), sums, 2)
    assert totals.tolist() == [[2.0, 2.0], [1.0, 2.0]]
    effects = least_squares_effects(totals, np.array([0, 1]), np.array([1, 2]), 4)
    assert effects[:3, 0] == pytest.approx(np.array([4, 1, -5]) / 3 * 1.5)
    assert np.isnan(effects[3, 0])


def test_group_boxes_by_hand() -> None:
    one, left, right = (0.0, 0.0, 20.0, 10.0), (0.0, 0.0, 9.0, 10.0), (11.0, 0.0, 20.0, 10.0)
    # view 0 draws one box, views 1 and 2 draw two: two votes against one
    xyxy = np.array([one, left, right, left, right])
    is_group, is_part = grouped_and_split(xyxy, np.array([0, 1, 3, 5]), np.array([0, 3]), 0.7, 0.3, 0.5)
    assert is_group.tolist() == [True, False, False, False, False]
    assert not is_part.any()
    # two views draw one box, one draws two
    xyxy = np.array([one, one, left, right])
    is_group, is_part = grouped_and_split(xyxy, np.array([0, 1, 2, 4]), np.array([0, 3]), 0.7, 0.3, 0.5)
    assert not is_group.any()
    assert is_part.tolist() == [False, False, True, True]
    assert share_inside(np.array(left), np.array(one)) == pytest.approx(0.45)


@pytest.mark.parametrize(("n_matches", "n_items", "is_enough"), [(20, 5, True), (19, 5, False), (20, 4, False)])
def test_enough_is_twenty_matches_on_five_items_of_one_annotator(n_matches: int, n_items: int, is_enough: bool) -> None:
    habits = edges.edge_habits(
        as_annotations(scenes(n_items=0)).box_codes, np.ones((0, 20), np.int64), np.zeros(0, bool)
    )
    of_one = replace(habits, n_matches=np.array([n_matches]), n_items=np.array([n_items]))
    assert findings.has_enough(of_one).tolist() == [is_enough]


def test_one_side_is_chosen_from_the_documented_effect_on() -> None:
    least = np.log1p(0.1)
    assert findings._described_by(np.array([least / 2, least, 0, 0, 0, 0, 0]), 0.1) == [1]
    assert findings._described_by(np.array([least / 2, 0, -least, 0, 0, 0, 0]), 0.1) == [2]
    assert findings._described_by(np.array([least / 2, 0.999 * least, 0, 0, 0, 0, 0]), 0.1) == []


def test_a_side_is_about_both_of_its_edges() -> None:
    """Size, width, height, then each edge."""
    about = [[EDGES[edge] for edge in findings._EDGES_OF[column]] for column in range(7)]
    assert about == [EDGES, ["x_min", "x_max"], ["y_min", "y_max"], *([edge] for edge in EDGES)]


def test_against_the_median_by_hand() -> None:
    # against the mean of the two others: 4, 1 and -5 thirds of 1.5, centred 4/3, 1/3 and -5/3, median 1/3
    assert findings._against_median(np.array([[2.0], [0.5], [-2.5]]))[:, 0] == pytest.approx([1, 0, -2])
    # who has no match has no effect, and changes nobody else's
    found = findings._against_median(np.array([[2.0], [0.5], [-2.5], [np.nan]]))[:, 0]
    assert found == pytest.approx([1, 0, -2, np.nan], nan_ok=True)
    # nothing is known of one column: nothing is said
    assert np.isnan(findings._against_median(np.array([[1.0, np.nan], [-1.0, np.nan]]))).all()


@pytest.mark.parametrize(
    ("column", "ends", "expected"),
    [
        (0, (0.2, 0.1, 0.3), ("size", "", "20 % [10, 30] longer per side")),
        (1, (-0.2, -0.3, -0.1), ("width", "", "20 % [10, 30] narrower than")),
        (2, (0.2, 0.1, 0.3), ("height", "", "20 % [10, 30] taller than")),
    ],
)
def test_sides_in_words(column: int, ends: tuple[float, float, float], expected: tuple[str, str, str]) -> None:
    low, middle, high = (float(np.log1p(ends[k])) for k in (1, 0, 2))
    kind, edge, shown, text = findings._side_words("ann", column, (middle, low, high))
    assert (kind, edge) == expected[:2]
    assert shown == pytest.approx(ends)
    assert expected[2] in text


@pytest.mark.parametrize(
    ("column", "ends", "words"),
    [
        (3, (0.2, 0.1, 0.3), "draws the left edge 20 % [10, 30] of the width farther out"),
        (4, (-0.2, -0.3, -0.1), "draws the top edge 20 % [10, 30] of the height farther in"),
        (5, (-0.2, -0.3, -0.1), "draws the right edge 20 % [10, 30] of the width farther in"),
        (6, (0.2, 0.1, 0.3), "draws the bottom edge 20 % [10, 30] of the height farther out"),
    ],
)
def test_edges_in_words(column: int, ends: tuple[float, float, float], words: str) -> None:
    kind, edge, shown, text = findings._side_words("ann", column, ends)
    assert (kind, edge, shown) == ("edge", ["x_min", "y_min", "x_max", "y_max"][column - 3], ends)
    assert words in text


def with_counts(n: list[int], total: list[int]) -> rates.Rates:
    none = np.full(len(n), np.nan)
    events = rates.Events(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    counts = np.array(n, float), np.array(total, float)
    return rates.Rates("small", "", *counts, rate=none, low=none, high=none, others=none, p=none, events=events)


@pytest.mark.parametrize(
    ("n", "total", "statistic", "free"),
    [
        # 6 and 2 of 10 each, 4 expected, variance 2.4: (4 + 4) / 2.4
        ([6, 2], [10, 10], 8 / 2.4, 1),
        # who had no opportunity is not one to differ; (4 + 4 + 0) / 2.4 over two degrees of freedom
        ([6, 2, 4, 0], [10, 10, 10, 0], 8 / 2.4, 2),
    ],
)
def test_overdispersion_by_hand(n: list[int], total: list[int], statistic: float, free: int) -> None:
    ratio, degrees, p = rates.overdispersion(with_counts(n, total))
    assert (ratio, degrees) == (pytest.approx(statistic / free), free)
    assert p == pytest.approx(stats.chi2.sf(statistic, free))


@pytest.mark.parametrize(("n", "total"), [([3], [10]), ([0, 0], [10, 10]), ([10, 10], [10, 10]), ([], [])])
def test_no_overdispersion_of_one_annotator_or_without_a_difference(n: list[int], total: list[int]) -> None:
    ratio, _, p = rates.overdispersion(with_counts(n, total))
    assert np.isnan([ratio, p]).all()


def test_the_chance_of_so_many_events_by_hand() -> None:
    # one of two annotators has all 3 events of 10 opportunities each: (1/2)^3; the other at least none: surely
    both = rates.Events(np.arange(20) % 10, np.repeat([0, 1], 10), np.arange(20) < 3, np.ones(20))
    events = replace(both, n=both.n * 1.0)
    for is_within_item in (False, True):
        found = rates._conditional_p(events, 2, is_within_item=is_within_item)
        assert found.tolist() == pytest.approx([1 / 8, 1])
    # who had no opportunity gets no probability
    assert np.isnan(rates._conditional_p(events, 3, is_within_item=False)[2])
    # 6 events that come in pairs count as 3
    pairs = rates._conditional_p(replace(events, n=2 * events.n), 2, is_within_item=False)
    assert pairs[0] == pytest.approx(1 / 8)


def test_ends_of_rates_where_all_draws_are_alike_are_wilsons() -> None:
    drawn = np.array([np.nan, np.nan, 0.2]), np.array([np.nan, np.nan, 0.5])
    low, high = rates._ends(np.array([1.0, 0.0, 0.3]), drawn, np.full(3, 10.0), 0.95)
    # Wilson: 10 of 10 is at least 10 / (10 + 1.96^2)
    assert low.tolist() == pytest.approx([10 / (10 + 1.959964**2), 0, 0.2])
    assert high.tolist() == pytest.approx([1, 1.959964**2 / (10 + 1.959964**2), 0.5])


def test_the_sample_names_every_documented_habit_and_no_other(sample: Path) -> None:
    tables = {name: pd.read_csv(sample / f"{name}.csv") for name in ("boxes", "views", "items")}
    found = box_conventions(Annotations.from_frames(**tables))
    assert [row[:2] for row in named(found)] == [
        ("ben", "size"), ("cho", "group"), ("dee", "small"), ("eli", "class"), ("eli", "class"),
    ]  # fmt: skip
    by_kind = found.findings.set_index("kind")
    # sample_data/inspection/README.md: both sides 25 % longer (some reach the frame), 80 % of the small ones, 45 %
    assert by_kind.loc["size", "effect"] == pytest.approx(0.25, abs=0.02)
    assert by_kind.loc["small", "low"] < 0.8 < by_kind.loc["small", "high"]
    assert by_kind.loc["class", "effect"].to_numpy() == pytest.approx([0.45, 0.45], abs=0.08)
    assert by_kind.loc["class", "what"].tolist() == ["crack -> scratch", "scratch -> crack"]


def crowd(real_data: Path, name: str) -> Annotations:
    names = {"image_id": "item_id", "annotator": "annotator_id"}
    files = (real_data / name / f"{part}_annotators.csv" for part in ("boxes", "views"))
    boxes, views = (pd.read_csv(file).rename(columns=names) for file in files)
    items = views[["item_id"]].drop_duplicates()
    if name == "pedestrians":
        items = items.assign(width=1280, height=720)
    return Annotations.from_frames(boxes=boxes, views=views, items=items)


def test_street_images_have_one_annotator_with_long_and_group_boxes(real_data: Path) -> None:
    found = box_conventions(crowd(real_data, "pedestrians"), n_resamples=100)
    assert found.variance_explained == pytest.approx(0.30, abs=0.01)
    longest = found.findings.loc[found.findings["kind"] == "size"].nlargest(1, "effect").iloc[0]
    assert longest["effect"] == pytest.approx(0.41, abs=0.015)
    assert (longest["low"], longest["high"]) == (pytest.approx(0.37, abs=0.02), pytest.approx(0.47, abs=0.02))
    grouping = found.findings.loc[found.findings["kind"] == "group"]
    assert grouping["annotator_id"].tolist() == [longest["annotator_id"]]
    assert (grouping["effect"] > 16 * grouping["others"]).all()


def test_photos_have_two_annotators_who_cut_the_bottom_edge(real_data: Path) -> None:
    found = box_conventions(crowd(real_data, "crowdboxes"), n_resamples=100)
    assert found.variance_explained == pytest.approx(0.35, abs=0.02)
    bottom = found.findings.loc[found.findings["what"] == "y_max"]
    assert len(bottom) == 2
    assert bottom["effect"].between(-0.4, -0.35).all()
