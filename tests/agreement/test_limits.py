"""Every documented threshold, order and direction of agreement, at its boundary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa._kernels.intervals import holm, percentiles, wilson
from labelqa.agreement import (
    benchmark_scale,
    box_agreement,
    box_conventions,
    compare_agreement,
    detector_ceiling,
    from_contingency,
    from_counts,
    items_needed,
    items_to_relabel,
    krippendorff_alpha,
    label_agreement,
    permutation_test,
)
from labelqa.agreement.boxes import _ceiling as ceiling
from labelqa.agreement.boxes import _plots as box_plots
from labelqa.agreement.boxes import _tables as box_tables
from labelqa.agreement.boxes._agreement import PQ_THRESHOLD, SWEEP
from labelqa.agreement.boxes._chance import default_permutations
from labelqa.agreement.boxes._decomposition import PARTS
from labelqa.agreement.boxes._kalos import kalos_warning
from labelqa.agreement.boxes._sums import pair_sums
from labelqa.agreement.habits import _edges as edges
from labelqa.agreement.habits import _findings as findings
from labelqa.agreement.habits import _rates as rates
from labelqa.agreement.habits._findings import Habit, HabitTests
from labelqa.agreement.labels import _agreement as label_room
from labelqa.agreement.labels import _plots as label_plots
from labelqa.annotations import Annotations, as_annotations

COLUMNS = ["item_id", "annotator_id", "label"]
EDGES = ["x_min", "y_min", "x_max", "y_max"]


def labels(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def boxes(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*COLUMNS, *EDGES])


FOUND = krippendorff_alpha(from_contingency([[40, 5], [6, 49]]))


# --- words for a coefficient ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "bands"),
    [
        ("landis_koch", [(0.8, "almost perfect"), (0.6, "substantial"), (0.4, "moderate"), (0.2, "fair"),
                         (0.0, "slight"), (-1.0, "poor")]),
        ("altman", [(0.8, "very good"), (0.6, "good"), (0.4, "moderate"), (0.2, "fair"), (-1.0, "poor")]),
        ("fleiss", [(0.75, "excellent"), (0.4, "intermediate to good"), (-1.0, "poor")]),
    ],
)  # fmt: skip
def test_a_band_begins_at_its_lower_bound(scale: str, bands: list[tuple[float, str]]) -> None:
    below = [word for _, word in bands[1:]] + ["poor"]
    for (bound, word), lower in zip(bands, below, strict=True):
        assert benchmark_scale(replace(FOUND, value=bound, se=0.0), scale=scale).verdict == word
        if bound > -1:
            assert benchmark_scale(replace(FOUND, value=bound - 1e-9, se=0.0), scale=scale).verdict == lower


def test_a_verdict_needs_its_confidence() -> None:
    # .8 is the middle of the normal: almost perfect with probability one half, cut at 1 a little less
    table = benchmark_scale(replace(FOUND, value=0.8, se=0.01)).table
    half = table["probability"].iloc[0]
    assert half == pytest.approx(0.5, abs=1e-9)
    for confidence, verdict in ((half - 1e-6, "almost perfect"), (half + 1e-6, "substantial")):
        assert benchmark_scale(replace(FOUND, value=0.8, se=0.01), confidence=confidence).verdict == verdict
    assert table["word"].tolist()[0] == "almost perfect"
    assert table["cumulative"].is_monotonic_increasing


def test_the_bands_of_the_chart_are_those_of_landis_and_koch() -> None:
    from labelqa.agreement.labels._benchmark_scale import SCALES

    assert sorted(label_plots.BANDS) == sorted((low, word) for word, low in SCALES["landis_koch"] if low >= 0)


def test_the_p_value_is_two_sided() -> None:
    from scipy.stats import t

    rows = [(i, who, "xy"[(i + (who == "b") * (i % 3 == 0)) % 2]) for i in range(20) for who in "ab"]
    found = krippendorff_alpha(labels(rows))
    assert found.p_value == pytest.approx(2 * t.sf(found.value / found.se, 19))
    assert 0.01 < found.p_value < 0.9


# --- tables on labels ----------------------------------------------------------------------------------------------


def test_of_equal_agreement_the_item_with_more_labels_comes_first_and_unpaired_ones_last() -> None:
    rows = [(1, "a", "x"), (2, "a", "x"), (2, "b", "y"), (3, "a", "x"), (3, "b", "x"), (4, "a", "x"), (4, "b", "x")]
    rows += [(4, "c", "x"), (5, "a", "x"), (5, "b", "y"), (5, "c", "z")]
    assert label_agreement(labels(rows), n_resamples=0).per_item["item_id"].tolist() == ["5", "2", "4", "3", "1"]


def test_tables_stand_in_natural_order() -> None:
    rng = np.random.default_rng(0)
    rows = [(i, who, int(rng.choice([2, 10, 1]))) for i in range(30) for who in (10, 9, 1)]
    found = label_agreement(labels(rows), n_resamples=0)
    assert found.per_class["label"].tolist() == [1, 2, 10]
    assert found.per_annotator["annotator_id"].tolist() == ["1", "9", "10"]
    pairs = found.per_pair[["annotator_a", "annotator_b"]].to_numpy().tolist()
    assert pairs == [["1", "9"], ["1", "10"], ["9", "10"]]
    assert found.class_pairs["share"].is_monotonic_decreasing
    bias = found.annotator_bias
    assert bias["annotator_id"].tolist() == ["1"] * 3 + ["9"] * 3 + ["10"] * 3
    assert (bias["bias"] == bias["share"] - bias["share_of_others"]).all()


def test_who_lowers_agreement_has_a_change_above_0() -> None:
    rows = [(i, who, "xy"[i % 2]) for i in range(20) for who in "ab"] + [(i, "c", "xy"[i // 2 % 2]) for i in range(20)]
    change = label_agreement(labels(rows), n_resamples=0).per_annotator.set_index("annotator_id")["alpha_change"]
    assert change["c"] > 0 > change["a"]


@pytest.mark.parametrize("n_items", [1, 2])
def test_a_class_has_an_interval_from_two_items_on(n_items: int) -> None:
    rows = [(i, who, "xy"[(i + (who == "b") * (i % 4 == 0)) % 2]) for i in range(20) for who in "ab"]
    rows += [(100 + i, who, label) for i in range(n_items) for who, label in zip("ab", ("rare", "x"), strict=True)]
    found = label_agreement(labels(rows), n_resamples=200).per_class.set_index("label").loc["rare"]
    assert np.isfinite(found["alpha"])
    assert found[["alpha_low", "alpha_high"]].notna().all() == (n_items == 2)


@pytest.mark.parametrize(("limit", "interval"), [(599, "t"), (600, "bootstrap")])
def test_conger_is_resampled_up_to_so_many_labels(limit: int, interval: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert label_room.MOST_LABELS_DRAWN == 100_000_000
    monkeypatch.setattr(label_room, "MOST_LABELS_DRAWN", limit)
    rows = [(i, who, "xy"[(i + n // 2 * (i % 3 == 0)) % 2]) for i in range(10) for n, who in enumerate("abc")]
    table = label_agreement(labels(rows), n_resamples=20).coefficients.set_index("coefficient")
    assert table.loc["conger_kappa", "interval"] == interval
    assert table.loc["fleiss_kappa", "interval"] == "bootstrap"


# --- tests and plans -----------------------------------------------------------------------------------------------


def test_a_shuffle_that_agrees_as_much_counts_against() -> None:
    """Two items, labels x and y: a shuffle of two gives the same agreement in half of the cases."""
    found = permutation_test(labels([(1, "a", "x"), (1, "b", "x"), (2, "a", "y"), (2, "b", "y")]), n_permutations=4000)
    as_high = int((found.table["value"] >= found.value - 1e-9).sum())
    assert found.p_value == (1 + as_high) / 4001
    assert found.p_value == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.001, 0.5, "higher"), (-0.5, -0.001, "lower"), (0.0, 0.5, "undecided"), (-0.5, 0.0, "undecided")],
)
def test_a_difference_is_one_where_the_interval_leaves_out_0(
    low: float, high: float, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labelqa.agreement.labels import _compare

    ends = _compare._Uncertainty(low=low, high=high)
    monkeypatch.setattr(_compare, "_uncertainty", lambda *_: ends)
    rows = labels([(i, who, "xy"[i % 2]) for i in range(4) for who in "ab"])
    assert compare_agreement(rows, rows).verdict == verdict


def test_items_needed_is_the_least_that_is_enough() -> None:
    pilot = from_contingency([[20, 5], [5, 20]])
    for width in (0.05, 0.2, 0.37, 1.5):
        found = items_needed(pilot, width=width)
        spread = found.width_now / items_needed(pilot, width=0.1).table.set_index("n_items")["width"].iloc[0]
        assert spread > 0
        from labelqa.agreement.labels._planning import _width

        scale = found.width_now / _width(1.0, np.array([found.n_pilot]), 0.95)[0]
        assert _width(scale, np.array([found.n_items]), 0.95)[0] <= width
        assert found.n_items == 2 or _width(scale, np.array([found.n_items - 1]), 0.95)[0] > width
        assert found.n_more == max(found.n_items - 50, 0)
        assert found.n_labels == 2 * found.n_items
    assert items_needed(pilot, width=found.width_now).n_items == pytest.approx(50, abs=1)


def test_the_most_useful_item_comes_first() -> None:
    rows = [(i, who, "xy"[i % 2]) for i in range(10) for who in "abc"]
    rows += [(20, "a", "x"), (20, "b", "y"), (21, "a", "x"), (22, "a", "x"), (22, "b", "x")]
    table = items_to_relabel(labels(rows))
    assert table["item_id"].iloc[0] == "20"
    assert table["gain"].round(12).is_monotonic_decreasing
    ties = table.groupby(table["gain"].round(12), sort=False)["p_wrong"]
    assert ties.apply(lambda part: part.is_monotonic_decreasing).all()


# --- boxes ---------------------------------------------------------------------------------------------------------


def test_constants_of_boxes_are_the_documented_ones() -> None:
    assert (SWEEP, PQ_THRESHOLD) == ((0.25, 0.5, 0.75), 0.1)
    assert ceiling.THRESHOLDS.tolist() == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    assert PARTS == ("missed_extra", "location", "class", "duplicate", "split_merge")
    assert box_plots.MOST == 25
    assert [default_permutations(n) for n in (0, 1, 40, 41, 2000, 2001, 4000, 9999)] == [100, 100, 100, 98, 2, 2, 1, 1]


@pytest.mark.parametrize(("threshold", "f1"), [(0.5, 1.0), (0.500001, 0.0)])
def test_boxes_match_from_the_threshold_on(threshold: float, f1: float) -> None:
    half = boxes([(i, "a", "x", 0, 0, 10, 10) for i in range(2)] + [(i, "b", "x", 0, 0, 10, 5) for i in range(2)])
    found = box_agreement(half, iou_threshold=threshold, n_resamples=0)
    assert found.f1 == f1
    assert found.sweep.set_index("iou_threshold")["f1"].to_dict() == {0.25: 1.0, 0.5: 1.0, 0.75: 0.0}
    # IoU .1 is the least for alpha_pq
    tenth = boxes([(i, "a", "x", 9 * i, 0, 9 * i + 10, 10) for i in range(2)]
                  + [(i, "b", "x", 9 * i, 0, 9 * i + 10, 1) for i in range(2)])  # fmt: skip
    assert len(pair_sums(as_annotations(tenth).box_codes, PQ_THRESHOLD, aware=False).matches.iou) == 2


@pytest.mark.parametrize(
    ("side", "size"), [(31.999, "small"), (32, "medium"), (95.999, "medium"), (96, "large"), (9999, "large")]
)
def test_sizes_begin_at_their_limits(side: float, size: str) -> None:
    table = boxes([(i, who, "x", 0, 0, side, side) for i in range(2) for who in "ab"])
    found = box_agreement(table, n_resamples=0).per_size.set_index("size")["n_boxes"]
    assert found[size] == found.sum() == 4
    assert list(found.index) == list(box_tables.SIZES) == ["small", "medium", "large"]


@pytest.mark.parametrize(("days", "unit"), [(0, "day"), (31, "day"), (32, "week"), (217, "week"), (218, "month")])
def test_units_of_time_change_at_about_thirty_periods(days: int, unit: str) -> None:
    start = pd.Timestamp("2026-01-01", tz="UTC")
    table = boxes([(i, who, "x", 0, 0, 9, 9 + i) for i in range(2) for who in "ab"])
    views = table[["item_id", "annotator_id"]].assign(
        created_at=[start, start, start + pd.Timedelta(days=days), start + pd.Timedelta(days=days)]
    )
    found = box_agreement(Annotations.from_frames(boxes=table, views=views), n_resamples=0)
    assert set(found.over_time["unit"]) == {unit}


def test_orders_of_box_tables() -> None:
    rows = []
    for i, height in enumerate((10, 6, 9)):
        rows += [
            (i, "a", "x", 0, 0, 10, 10),
            (i, "b", "x" if i else "y", 0, 0, 10, height),
            (i, "c", "z", 0, 0, 10, 10),
        ]
    rows += [(3, "a", "x", 0, 0, 10, 10), (3, "b", "x", 50, 0, 60, 10)]
    found = box_agreement(boxes(rows), n_resamples=20)
    items = found.per_item
    assert items["item_id"].tolist() == ["3", "1", "2", "0"]
    assert items["f1"].is_monotonic_increasing
    ranking = found.annotator_ranking
    assert ranking["f1"].is_monotonic_decreasing
    assert ranking[["rank", "annotator_id", "is_tied"]].to_numpy().tolist() == [
        [1, "c", False], [2, "a", True], [2, "b", True],
    ]  # fmt: skip
    confusion = found.class_confusion
    assert confusion["n_matches"].is_monotonic_decreasing
    assert confusion[["label_a", "label_b"]].iloc[0].tolist() == ["x", "z"]


@pytest.mark.parametrize(("n_empty", "is_said"), [(2, False), (3, True)])
def test_kalos_misleads_where_more_than_half_of_the_images_are_empty(n_empty: int, is_said: bool) -> None:
    table = boxes([(i, who, label, 0, 0, 9, 9) for i in range(2) for who in "ab" for label in ("x", "y")])
    views = pd.DataFrame([(i, who) for i in range(2 + n_empty) for who in "ab"], columns=COLUMNS[:2])
    codes = Annotations.from_frames(boxes=table, views=views).box_codes
    warning = kalos_warning(pair_sums(codes, 0.5, aware=False))
    assert (warning is not None) == is_said
    assert warning is None or "more than half of the images are empty" in warning


def test_the_ceiling_at_three_quarters_is_that_of_its_row() -> None:
    rng = np.random.default_rng(0)
    rows = [(i, who, "x", 0, 0, *(20 + rng.integers(-3, 4, 2))) for i in range(12) for who in "abc"]
    found = detector_ceiling(boxes(rows), n_resamples=10)
    ap = found.table.set_index("iou_threshold")["ap"]
    assert (found.ap50, found.ap75) == (ap[0.5], ap[0.75])
    assert found.map == pytest.approx(ap.mean())
    assert ap[0.5] > ap[0.75] > ap[0.95]


# --- habits --------------------------------------------------------------------------------------------------------


def test_constants_of_habits_are_the_documented_ones() -> None:
    assert (edges.OVERLAP, edges.LIMIT, edges.MIN_ITEMS) == (0.3, 0.7, 5)
    assert (findings.MIN_MATCHES, findings.MIN_EVENTS, findings.MIN_EXCESS, findings.MIN_RATIO) == (20, 5, 0.1, 2.0)
    assert (rates.INSIDE, rates.ELSEWHERE, rates.SAME) == (0.7, 0.3, 0.5)
    assert rates.CUTS == (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
    assert findings.N_EXAMPLES == 3


def habit(p: float, annotator: int = 0, **other: Any) -> Habit:
    facts = {"effect": 0.5, "low": 0.4, "high": 0.6, "others": 0.0, "n": 99, "sentence": "", "items": np.arange(1)}
    return Habit(annotator=annotator, **{"kind": "group", "what": "", **facts, **other}, p=p)


def test_what_is_significant_alone_is_not_among_many_tests() -> None:
    alone = HabitTests(p=[0.04], candidates=[habit(0.04)])
    assert len(alone.significant(0.05)) == 1
    among = HabitTests(p=[0.04, *np.linspace(0.2, 0.9, 9)], candidates=[habit(0.04)])
    assert among.significant(0.05) == []
    strong = HabitTests(p=[0.005, *np.linspace(0.2, 0.9, 9)], candidates=[habit(0.005)])
    assert len(strong.significant(0.05)) == 1


def test_the_correction_is_holms() -> None:
    # ten tests: .005 x 10, then .0055 x 9 = .0495 is below .05 and .0056 x 9 = .0504 is not
    for second, n_found in ((0.0055, 2), (0.0056, 1)):
        rest = np.linspace(0.2, 0.9, 8)
        tests = HabitTests(p=[0.005, second, *rest, np.nan], candidates=[habit(0.005), habit(second)])
        assert len(tests.significant(0.05)) == n_found
    assert holm(np.array([0.01, 0.04, np.nan, 0.03])).tolist() == pytest.approx([0.03, 0.06, np.nan, 0.06], nan_ok=True)


def test_an_edge_moved_by_a_file_is_no_habit_of_the_same_person() -> None:
    by_file = habit(0.0, kind="offset", edges=(2, 3))
    edge, other = habit(0.0, kind="edge", edges=(2,)), habit(0.0, kind="edge", edges=(0,))
    someone = habit(0.0, annotator=1, kind="size", edges=(0, 1, 2, 3))
    tests = HabitTests(p=[0.0] * 4, candidates=[by_file, edge, other, someone])
    assert tests.significant(0.05) == [by_file, other, someone]
    weak = replace(by_file, p=0.9)
    assert HabitTests(p=[0.0, 0.9], candidates=[weak, edge]).significant(0.05) == [edge]


def some_rates(n: float, total: float, others: float) -> rates.Rates:
    one = {name: np.array([np.nan]) for name in ("low", "high", "p")}
    events = rates.Events(*(np.zeros(0, np.int64) for _ in range(2)), *(np.zeros(0) for _ in range(2)))
    return rates.Rates(
        kind="small", what="", n=np.array([n]), n_opportunities=np.array([total]), rate=np.array([n / total]),
        others=np.array([others]), events=events, **one,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("n", "total", "others", "is_large"),
    [
        (5, 25, 0.05, True), (4, 20, 0.05, False),  # five events at least
        (25, 100, 0.149, False), (26, 100, 0.155, False),  # not twice as often
        (32, 100, 0.159, True), (32, 100, 0.161, False),  # twice as often
        (12, 100, 0.019, True), (12, 100, 0.021, False),  # ten points more
    ],
)  # fmt: skip
def test_a_rate_is_large_at_its_limits(n: int, total: int, others: float, is_large: bool) -> None:
    assert findings._stands_out(some_rates(n, total, others)).tolist() == [is_large]


@pytest.mark.parametrize(("n", "others", "is_large"), [(9, 0.044, True), (9, 0.046, False)])
def test_groups_and_splits_need_no_ten_points(n: int, others: float, is_large: bool) -> None:
    assert findings._stands_out(some_rates(n, 100, others), min_excess=0.0).tolist() == [is_large]


@pytest.mark.parametrize(
    ("effect", "chosen"),
    [
        # size, width, height, x_min, y_min, x_max, y_max
        ([0, 0, 0, 0, 0, 0.1, 0], [5]),
        ([0, 0, 0, 0, 0, 0.0999, 0], []),
        ([0, 0, 0, 0, 0, -0.1, 0], [5]),
        ([0, 0, 0, 0, 0.049, 0.1, 0], [5]),  # the others less than half of it
        ([0.15, 0.2, 0.1, 0.049, 0, 0.1, 0], [5]),
        ([0.15, 0.2, 0.1, 0.05, 0, 0.1, 0], [0]),
        ([np.log1p(0.1), np.log1p(0.1), np.log1p(0.1), 0, 0, 0, 0], [0]),
        ([np.log1p(0.0999), np.log1p(0.0999), np.log1p(0.0999), 0, 0, 0, 0], []),
        ([0.15, 0.2, 0.1, 0, 0, 0, 0], [0]),  # one side at least half of the other: both
        ([0.145, 0.2, 0.099, 0, 0, 0, 0], [1]),
        ([0.1, 0.05, 0.2, 0, 0, 0, 0], [2]),
        ([0, 0, 0, 0.2, 0.2, 0, 0], [3, 4]),
    ],
)
def test_the_simplest_description_is_chosen(effect: list[float], chosen: list[int]) -> None:
    assert findings._described_by(np.array(effect, float), 0.1) == chosen


def scenes(n_items: int, n_boxes: int, share: float, others: str = "abc") -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for item in range(n_items):
        for k in range(n_boxes):
            side = rng.uniform(60, 90, 2)
            for who in ["odd", *others]:
                box = np.array([200.0 * k, 0, 200 * k + side[0], side[1]]) + rng.normal(0, 0.8, 4)
                if who == "odd":
                    box[3] += share * side[1]
                rows.append((item, who, "x", *box))
    return boxes(rows)


@pytest.mark.parametrize(
    ("n_items", "n_boxes", "others", "is_found"),
    [(5, 2, "ab", True), (4, 3, "ab", False), (9, 1, "ab", False), (10, 1, "ab", True)],
)
def test_a_habit_needs_twenty_matches_on_five_items(n_items: int, n_boxes: int, others: str, is_found: bool) -> None:
    found = box_conventions(scenes(n_items, n_boxes, 0.5, others), n_resamples=60).findings
    assert ("odd" in set(found["annotator_id"])) == is_found


def test_min_effect_is_the_least_effect() -> None:
    drawn = scenes(30, 1, 0.3)
    size = float(
        box_conventions(drawn, n_resamples=20)
        .edges.query("annotator_id == 'odd' and edge == 'y_max'")["effect"]
        .iloc[0]
    )
    for limit, kinds in ((size - 0.01, ["edge"]), (size + 0.01, [])):
        found = box_conventions(drawn, n_resamples=60, min_effect=limit).findings
        assert found.loc[found["what"] == "y_max", "kind"].tolist() == kinds


@pytest.mark.parametrize(("others", "n_opportunities"), [("a", 0), ("ab", 6)])
def test_who_groups_is_said_from_three_views_on(others: str, n_opportunities: int) -> None:
    found = box_conventions(scenes(6, 2, 0.0, others), n_resamples=20).rates
    assert set(found.loc[found["kind"] == "group", "n_opportunities"]) == {n_opportunities}


@pytest.mark.parametrize(("n_views", "n_objects"), [(5, 3), (6, 0)])
def test_an_object_is_what_half_of_the_others_drew(n_views: int, n_objects: int) -> None:
    """Two draw it: to each of those who did not they are 2 of 4, or 2 of 5."""
    views = pd.DataFrame([(1, who) for who in "abcdef"[:n_views]], columns=COLUMNS[:2])
    data = Annotations.from_frames(boxes=boxes([(1, who, "x", 0, 0, 9, 9) for who in "ab"]), views=views)
    found = rates.objects_of_others(data.box_codes)
    assert int(found.is_missed.sum()) == n_objects


@pytest.mark.parametrize(("said", "settled"), [("xyx", [("y", "x")]), ("xyz", []), ("xy", []), ("xxyy", [])])
def test_a_class_is_settled_by_more_than_half_of_two_others(said: str, settled: list[tuple[str, str]]) -> None:
    data = boxes([(1, who, label, 0, 0, 9, 9) for who, label in zip("abcd", said, strict=False)])
    found = rates.settled_classes(as_annotations(data).box_codes)
    names = "xyz"
    pairs = [(names[own], names[theirs]) for own, theirs in zip(found.own, found.theirs, strict=True)]
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    assert sorted(differing) == sorted(settled if said != "xxyy" else [("x", "y")] * 2 + [("y", "x")] * 2)


def test_bounds_need_half_of_the_replicates() -> None:
    replicates = np.full((10, 2), np.nan)
    replicates[:5, 0], replicates[:4, 1] = np.arange(5), np.arange(4)
    low, high = edges.bounds(replicates, 0.5)
    assert [low[0], high[0]] == [1.0, 3.0]
    assert np.isnan([low[1], high[1]]).all()


def test_findings_stand_by_annotator_and_examples_are_the_three_clearest() -> None:
    drawn = scenes(30, 1, 0.5)
    mine = (drawn["annotator_id"] == "odd") & drawn["item_id"].isin([7, 11, 20])
    drawn.loc[mine, "y_max"] += 15
    found = box_conventions(drawn, n_resamples=60).findings
    assert found["annotator_id"].is_monotonic_increasing
    row = found.loc[found["what"] == "y_max"].iloc[0]
    assert set(row["item_ids"].split("; ")) == {"7", "11", "20"}
    assert (row["effect"] > 0, "farther out" in row["sentence"]) == (True, True)


# --- intervals -----------------------------------------------------------------------------------------------------


def test_intervals_by_hand() -> None:
    assert percentiles(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))
    assert percentiles(np.array([1.0, np.nan, 3.0]), 0.5) == (1.5, 2.5)
    # Wilson's interval of 81 of 263 (Newcombe, 1998)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert from_counts([[1, 1]]).n_paired == 1
