"""`consensus_boxes`: the rules by hand, edge cases, and real boxes against experts' boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa import Annotations, OptionError, TableError
from labelqa._kernels.boxes.matching import match_views
from labelqa._kernels.boxes.votes import held_out_votes
from labelqa.consensus import BoxConsensus, consensus_boxes
from labelqa.consensus.boxes._fit import fit_boxes
from labelqa.consensus.boxes._placing import _possible, _shrunk_deviation, _shrunk_means
from labelqa.consensus.boxes._voting import Clusters, find_clusters, peer_quality

EDGES = ["x_min", "y_min", "x_max", "y_max"]
COLUMNS = ["item_id", "annotator_id", "label", *EDGES]


def table(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


THREE = table(
    ("i", "a", "cat", 0, 0, 10, 10),
    ("i", "b", "cat", 1, 0, 11, 10),
    ("i", "c", "dog", 3, 0, 14, 12),
    ("i", "c", "dog", 50, 50, 60, 60),
)


def test_median_support_spread_and_who_is_missing() -> None:
    found = consensus_boxes(THREE, quorum=0.5, weights="equal", remove_bias=False)
    row = found.table.iloc[0]
    assert row[EDGES].tolist() == [1, 0, 11, 10]
    assert (row["label"], row["support"], row["n_boxes"], row["n_views"], row["is_tied"]) == ("cat", 1.0, 3, 3, False)
    assert row["label_share"] == pytest.approx(2 / 3)
    # distances 1, 0 and 2 from x_min; 1, 0 and 3 from x_max; the box is 10 wide
    assert row[["spread_x_min", "spread_x_max"]].tolist() == pytest.approx([1.0, 4 / 3])
    assert row["spread_x_min_share"] == pytest.approx(0.1)
    alone = found.rejected.iloc[0]
    assert (alone["support"], alone["missing_from"]) == (pytest.approx(1 / 3), "a; b")
    assert np.isnan(alone["spread_x_min"])


def test_members_point_to_their_consensus_box() -> None:
    found = consensus_boxes(THREE, quorum=0.5, weights="equal", remove_bias=False)
    assert found.members["consensus_id"].tolist()[:3] == ["i/consensus/1"] * 3
    assert found.members["consensus_id"].isna().tolist() == [False, False, False, True]
    assert found.members["is_class_kept"].tolist() == [True, True, False, False]
    assert found.members["iou"].tolist() == pytest.approx([90 / 110, 1.0, 80 / (100 + 132 - 80), 0.0])


@pytest.mark.parametrize(
    ("others", "missing"), [("", ""), ("b", "b"), ("bc", "b; c"), ("bcd", "b; c; d"), ("bcde", "b; c; d; e")]
)
def test_all_who_drew_nothing_are_named(others: str, missing: str) -> None:
    views = pd.DataFrame({"item_id": "i", "annotator_id": ["a", *others]})
    data = Annotations.from_frames(boxes=table(("i", "a", "cat", 0, 0, 9, 9)), views=views)
    found = consensus_boxes(data, weights="equal")
    assert pd.concat([found.table, found.rejected])["missing_from"].tolist() == [missing]


def test_of_many_clusters_each_names_those_who_are_missing_there() -> None:
    drew = {"1": "ab", "2": "ac", "3": "a", "4": "abcd", "5": "e", "6": "bcde", "7": "c", "8": "abc", "9": "abcde"}
    boxes = table(*[(item, who, "cat", 0, 0, 9, 9) for item, names in drew.items() for who in names])
    views = pd.DataFrame([(item, who) for item in drew for who in "abcde"], columns=["item_id", "annotator_id"])
    found = consensus_boxes(Annotations.from_frames(boxes=boxes, views=views), weights="equal")
    said = pd.concat([found.table, found.rejected]).set_index("item_id")["missing_from"]
    assert said.to_dict() == {item: "; ".join(who for who in "abcde" if who not in drew[item]) for item in drew}


def test_recall_is_the_share_of_all_objects_of_the_items_seen() -> None:
    everywhere = [(str(item), who, "cat", 0, 0, 9, 9) for item in range(4) for who in "abc"]
    rows = [row for row in everywhere if row[:2] not in (("0", "c"), ("1", "c"), ("2", "c"))]
    views = pd.DataFrame([row[:2] for row in everywhere], columns=["item_id", "annotator_id"])
    found = consensus_boxes(Annotations.from_frames(boxes=table(*rows), views=views), quorum=0.5, weights="equal")
    assert found.annotators["recall"].tolist() == [1.0, 1.0, 0.25]


def test_a_box_without_consensus_is_a_member_of_none_of_several() -> None:
    both = [("i", who, "cat", x, 0, x + 10, 10) for who in "ab" for x in (0, 30)]
    found = consensus_boxes(table(*both, ("i", "b", "cat", 70, 0, 80, 10)), quorum=1.0, weights="equal")
    assert found.members["consensus_id"].isna().tolist() == [False] * 4 + [True]


def test_annotators_are_measured_against_consensus_and_peers() -> None:
    by = consensus_boxes(THREE, quorum=0.5, weights="equal", remove_bias=False).annotators.set_index("annotator_id")
    assert by["precision"].tolist() == [1.0, 1.0, 0.5]
    assert by["recall"].tolist() == [1.0, 1.0, 1.0]
    # a meets b in 90 of 110 and c in 70 of 162; PQ counts two boxes for each pair, three with c
    assert by.loc["a", "peer_pq"] == pytest.approx(2 * (90 / 110 + 70 / 162) / 5)


def test_equal_votes_for_two_classes_are_marked_and_go_to_the_first() -> None:
    found = consensus_boxes(table(("i", "a", "dog", 0, 0, 9, 9), ("i", "b", "cat", 0, 0, 9, 9)), weights="equal")
    assert found.table[["label", "is_tied", "label_share"]].iloc[0].tolist() == ["cat", True, 0.5]


def test_given_weights_decide_support_edges_and_class() -> None:
    found = consensus_boxes(THREE, weights={"a": 1, "b": 1, "c": 8}, quorum=0.5, remove_bias=False)
    assert found.table["label"].tolist() == ["dog", "dog"]
    assert found.table[EDGES].to_numpy().tolist() == [[3, 0, 14, 12], [50, 50, 60, 60]]
    assert found.table["support"].tolist() == pytest.approx([1.0, 0.8])


def test_looking_and_drawing_nothing_is_a_vote_against() -> None:
    views = pd.DataFrame({"item_id": "i", "annotator_id": list("abcdefgh")})
    data = Annotations.from_frames(boxes=THREE, views=views)
    found = consensus_boxes(data, quorum=0.5, weights="equal")
    assert found.table.empty
    assert found.rejected["support"].tolist() == pytest.approx([3 / 8, 1 / 8])
    skipped = Annotations.from_frames(boxes=THREE, views=views.assign(status="skipped"))
    assert consensus_boxes(skipped, quorum=0.5, weights="equal").table["support"].tolist() == [1.0]


def test_the_quorum_comes_from_views_held_out() -> None:
    # held out, each of a, b and c has the common box, which both others support: 3 hits in 3. c alone has the second
    # box: support 0 without c, and support 1/2 twice without a hit. Best is to ask for full support: F1 is
    # 2 * 3 / (3 + 4), and everybody has all that is kept, so that the quorum is half of 6/7
    found = consensus_boxes(THREE, weights="equal")
    assert found.quorum == pytest.approx(3 / 7)
    hits, trials = held_out_votes(
        np.array([0, 0]), np.array([0, 3, 4]), np.arange(4), np.array([0, 1, 2, 2]), np.ones(3), np.array([0, 3])
    )
    assert {int(k): (int(hits[k]), int(trials[k])) for k in np.flatnonzero(trials)} == {
        0: (1, 1),
        500: (0, 2),
        1000: (3, 3),
    }


def habits(n_items: int = 120, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Five annotators draw two objects per image; "wide" draws 20 % too far right, "shaky" is ten times coarser."""
    rng = np.random.default_rng(seed)
    true = rng.uniform(0, 100, (n_items, 2, 4)) + [[0, 0, 100, 100], [300, 0, 400, 100]]
    rows = []
    for annotator in ("a", "b", "c", "wide", "shaky"):
        drawn = true + rng.normal(0, 10.0 if annotator == "shaky" else 1.0, true.shape)
        if annotator == "wide":
            drawn[..., 2] += 0.2 * (true[..., 2] - true[..., 0])
        rows += [(str(i), annotator, "thing", *box) for i in range(n_items) for box in drawn[i]]
    return table(*rows), true.reshape(-1, 4)


def test_habits_are_found_and_taken_out() -> None:
    drawn, true = habits()
    found = consensus_boxes(drawn)
    by = found.annotators.set_index("annotator_id")
    assert by.loc["wide", "bias_x_max"] == pytest.approx(0.2, abs=0.015)
    assert by.drop(index="wide").filter(like="bias").abs().max().max() < 1.5
    assert by["deviation"].idxmax() == "shaky"
    assert by["weight"].idxmin() in ("wide", "shaky")
    plain = consensus_boxes(drawn, weights="equal", remove_bias=False)
    error, plain_error = (np.abs(_by_place(each.table) - true).mean(axis=0) for each in (found, plain))
    assert error.max() < 0.6
    assert error[2] < 0.9 * plain_error[2]


def test_boxes_stay_within_the_frame_when_habits_are_taken_out() -> None:
    drawn, _ = habits(40)
    wide = drawn["annotator_id"] == "wide"
    drawn.loc[wide, "x_max"] -= 0.3 * (drawn.loc[wide, "x_max"] - drawn.loc[wide, "x_min"])
    # this annotator stops short; alone at the right end of a picture, that would be put beyond the end
    drawn = pd.concat([drawn, table(("end", "wide", "thing", 900, 50, 1000, 150))])
    items = pd.DataFrame({"item_id": drawn["item_id"].unique(), "width": 1000, "height": 1000})
    inside = consensus_boxes(Annotations.from_frames(boxes=drawn, items=items)).table.set_index("item_id")
    assert inside.loc["end", "x_max"] == 1000.0
    assert consensus_boxes(drawn).table.set_index("item_id").loc["end", "x_max"] > 1005.0


def _by_place(boxes: pd.DataFrame) -> np.ndarray:
    numbered = boxes.assign(number=boxes["item_id"].astype(int))
    return numbered.sort_values(["number", "x_min"])[EDGES].to_numpy()


def test_row_order_and_names_change_nothing() -> None:
    drawn, _ = habits(30)
    base = consensus_boxes(drawn)
    shuffled = consensus_boxes(drawn.sample(frac=1.0, random_state=1))
    pd.testing.assert_frame_equal(base.table, shuffled.table)
    pd.testing.assert_frame_equal(base.annotators, shuffled.annotators)
    names = {"a": "z", "b": "nan", "c": "item_id", "wide": "<b>", "shaky": "0"}
    renamed = consensus_boxes(drawn.assign(annotator_id=drawn["annotator_id"].map(names)))
    pd.testing.assert_frame_equal(
        base.table.drop(columns="missing_from"), renamed.table.drop(columns="missing_from"), rtol=1e-9
    )


item, annotator, label, small = st.sampled_from("ij"), st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 8)
rows = st.lists(st.tuples(item, annotator, label, small, small, small, small), max_size=14)


@settings(max_examples=30, deadline=None)
@given(rows, st.sampled_from([1e-6, 1.0, 1e3]))
def test_every_box_is_in_one_cluster_and_bounds_hold(drawn: list[Any], scale: float) -> None:
    boxes = table(*[(i, a, c, x, y, x + w + 1, y + h + 1) for i, a, c, x, y, w, h in drawn])
    boxes[EDGES] = boxes[EDGES].astype(float) * scale
    data = Annotations.from_frames(boxes=boxes)
    found = consensus_boxes(data)
    both = pd.concat([found.table, found.rejected])
    assert both["n_boxes"].sum() == len(found.members) == len(data.boxes)
    assert both["support"].between(0, 1 + 1e-9).all()
    assert found.members["iou"].between(0, 1).all()
    assert (found.table["support"] >= found.quorum - 1e-9).all()
    assert (found.rejected["support"] < found.quorum).all()
    assert both["box_id"].is_unique


def test_one_annotator_keeps_all_boxes_and_says_that_quality_is_unknown() -> None:
    found = consensus_boxes(THREE.loc[THREE["annotator_id"] == "c"])
    assert found.table[EDGES].to_numpy().tolist() == [[3, 0, 14, 12], [50, 50, 60, 60]]
    assert found.reason is not None
    assert "two views" in found.reason
    assert np.isnan(found.annotators["peer_pq"]).all()


@pytest.mark.parametrize("views", [None, pd.DataFrame({"item_id": ["i", "i"], "annotator_id": ["a", "b"]})])
def test_no_boxes_give_empty_tables_with_a_reason(views: pd.DataFrame | None) -> None:
    found = consensus_boxes(Annotations.from_frames(boxes=table(), views=views))
    assert found.table.empty
    assert list(found.table.columns) == list(consensus_boxes(THREE).table.columns)
    assert found.reason is not None
    assert found.to_dict()["table"] == []
    found.plot()


def test_the_same_box_by_everybody() -> None:
    drawn = table(*[(i, a, "x", 5, 5, 9, 9) for i in range(5) for a in "abcd"])
    found = consensus_boxes(drawn)
    assert found.table[EDGES].drop_duplicates().to_numpy().tolist() == [[5, 5, 9, 9]]
    assert found.table["support"].tolist() == pytest.approx([1.0] * 5)
    assert found.annotators["peer_pq"].tolist() == [1.0] * 4


@pytest.mark.parametrize(
    "options", [{"quorum": 0.0}, {"quorum": 1.2}, {"iou_threshold": 0}, {"iou_threshold": float("nan")}]
)
def test_shares_outside_their_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=r"give a (number|share) above 0 and at most 1"):
        consensus_boxes(THREE, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("best", "weights='best' is not known"),
        ({"a": 1.0}, r"no weight for 2 annotators \('b', 'c'\)"),
        ({"a": 1.0, "b": 0.0, "c": 1.0}, "not above 0"),
    ],
)
def test_wrong_weights_are_refused(weights: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        consensus_boxes(THREE, weights=weights)


def test_something_else_is_refused() -> None:
    with pytest.raises(TableError, match=r"needed is labelqa\.Annotations"):
        consensus_boxes([1, 2])  # type: ignore[arg-type]


def test_plot_of_an_unknown_item_lists_known_ones() -> None:
    with pytest.raises(OptionError, match="'nowhere' has no boxes"):
        consensus_boxes(THREE).plot(item_id="nowhere")


def placed_clusters(sizes: dict[str, list[Any]]) -> Clusters:
    drawn = table(("i", "a", "x", 10, 10, 20, 20), ("i", "b", "x", 12, 10, 22, 20), ("i", "c", "x", 14, 10, 24, 20))
    items = pd.DataFrame({"item_id": ["i"], **sizes})
    return find_clusters(Annotations.from_frames(boxes=drawn, items=items).box_codes, 0.5)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ([-5.0, 0.5, 105.0, 100.0], [0.0, 0.5, 100.0, 100.0]),
        ([5.0, -0.1, 20.0, 120.0], [5.0, 0.0, 20.0, 100.0]),
        ([20.0, 10.0, 12.0, 20.0], [12.0, 10.0, 22.0, 20.0]),  # inside out: the median of what was drawn
        ([15.0, 10.0, 15.0, 20.0], [15.0, 10.0, 15.0, 20.0]),
    ],
)
def test_a_moved_box_is_kept_within_the_frame_and_from_turning_over(moved: list[float], expected: list[float]) -> None:
    clusters = placed_clusters({"width": [100], "height": [100]})
    assert _possible(np.array([moved]), clusters).tolist() == [expected]


def test_a_box_may_leave_the_frame_as_far_as_a_member_that_was_kept() -> None:
    boxes = table(*[("i", who, "x", 10, 10, right, 20) for who, right in (("a", 20), ("b", 22), ("c", 24))])
    items = pd.DataFrame({"item_id": ["i"], "width": [21], "height": [30]})
    codes = Annotations.from_frames(boxes=boxes, items=items, faulty_boxes="keep").box_codes
    moved = np.array([[10.0, 10.0, 26.0, 40.0]])
    assert _possible(moved, find_clusters(codes, 0.5)).tolist() == [[10.0, 10.0, 24.0, 30.0]]


def test_a_frame_of_unknown_size_limits_nothing() -> None:
    moved = [[-5.0, 10.0, 105.0, 20.0]]
    assert _possible(np.array(moved), placed_clusters({})).tolist() == moved


def test_habits_by_hand() -> None:
    """Two annotators with two boxes, one with four in two views, one who drew nothing; one view of "a" is empty."""
    n, annotator = np.array([1, 1, 0, 1, 1, 2, 2, 0]), np.array([0, 0, 0, 1, 1, 2, 2, 3])
    chance = np.array([-1, 1, 0, -1, 1, -1, 1, 0])
    means = np.array([[0, 0, 0, 0], [4, 4, 0.5, -2], [10, 10, 0, -5], [0, 0, 0, 0]])
    total = n[:, None] * means[annotator] + chance[:, None] * [1, 0, 1, 0.5]
    found = _shrunk_means(n, total, annotator, 4)
    assert found.shape == (4, 4)
    # within is 6 / 4, precisions 4/3, 4/3 and 8/3 around 6: Q = 96, between = (96 - 2) / (16/3 - 2) = 28.2
    first, third = -4 * 28.2 / (28.2 + 0.75), 6 * 28.2 / (28.2 + 0.375)
    assert found[:, 0] == pytest.approx([first, 0, third, 0])
    assert found[:, 3] == pytest.approx([-first / 2, 0, -third / 2, 0])
    # no chance: nothing is drawn towards 0; differences that chance explains: all is
    assert found[:, 1] == pytest.approx([-4, 0, 6, 0])
    assert found[:, 2].tolist() == [0] * 4


def test_habits_of_two_annotators_by_hand() -> None:
    total = np.repeat([[-1.0], [1.0], [9.0], [11.0]], 4, axis=1)
    two = np.array([0, 0, 1, 1])
    # within 4 / 2, Q = 50, between = (50 - 1) / (2 - 1), the middle 5
    assert _shrunk_means(np.ones(4, int), total, two, 2)[:, 0] == pytest.approx([-4.9, 4.9])
    # of one box nothing can be said about chance: within 2 / 1, precisions 1 and 1/2, Q = 300/9, between 48.5
    few = _shrunk_means(np.ones(3, int), total[[0, 1, 2]] + [[0], [0], [1]], two[:3], 2)
    assert few[:, 0] == pytest.approx([-5 * 48.5 / 49.5, 5 * 48.5 / 50.5])
    # one view each, or one annotator: no habit can be told
    assert not _shrunk_means(np.ones(2, int), total[[0, 2]], two[[0, 2]], 2).any()
    assert not _shrunk_means(np.ones(2, int), total[2:], two[:2], 1).any()


@pytest.mark.parametrize(
    ("n", "spread", "expected"),
    [
        ([10, 30], [1.0, 9.0], [0.175, 0.2875]),  # 10 more boxes of the mean, 1/4
        ([1000, 10], [0.0, 1010.0], [0.1, 51.0]),  # nobody is ten times steadier than the mean
        ([0, 0], [0.0, 0.0], [1e-6, 1e-6]),
        ([0, 1], [0.0, 2.0], [2.0, 2.0]),
    ],
)
def test_deviations_by_hand(n: list[int], spread: list[float], expected: list[float]) -> None:
    found = _shrunk_deviation(np.array(n), np.array(spread), np.array([0, 1]), 2)
    assert found.tolist() == pytest.approx(expected)


@pytest.mark.parametrize(("annotators", "bias"), [("ab", 0.2), ("a", 0.0)])
def test_a_habit_takes_three_boxes_of_one_object(annotators: str, bias: float) -> None:
    drawn = [(str(i), who, "x", 0, 0, 100, 50) for i in range(6) for who in annotators]
    found = consensus_boxes(table(*drawn, *[(str(i), "wide", "x", 0, 0, 120, 50) for i in range(6)]))
    by = found.annotators.set_index("annotator_id")
    assert by.loc["wide", ["bias_x_min", "bias_x_max"]].tolist() == pytest.approx([0.0, bias])


def test_votes_count_with_the_square_of_the_peer_quality() -> None:
    drawn, _ = habits(20)
    codes = Annotations.from_frames(boxes=drawn).box_codes
    fit = fit_boxes(codes, 0.5, quorum=None, weights=None, remove_bias=True)
    shrunk = peer_quality(fit.clusters).shrunk
    assert fit.vote == pytest.approx(shrunk * shrunk)
    # shown so that an annotator of average weight has 1
    weight = consensus_boxes(drawn).annotators["weight"]
    assert weight.mean() == pytest.approx(1.0)
    assert weight[0] / weight[1] == pytest.approx((shrunk[0] / shrunk[1]) ** 2)


@pytest.mark.parametrize("box", [(5, 0, 5, 9), (0, 5, 9, 5)])
def test_a_line_is_no_object(box: tuple[int, ...]) -> None:
    drawn = Annotations.from_frames(boxes=table(("i", "a", "x", *box)), faulty_boxes="keep")
    assert consensus_boxes(drawn).table.empty


def real(real_data: Path, name: str, narrow: float) -> tuple[Annotations, pd.DataFrame, set[str]]:
    """Boxes of annotators and experts, clipped to the last pixel; those narrower than `narrow` left out of both."""
    names = {"image_id": "item_id", "annotator": "annotator_id"}
    boxes, views, gold = (
        pd.read_csv(real_data / name / file).rename(columns=names)
        for file in ("boxes_annotators.csv", "views_annotators.csv", "boxes_gold.csv")
    )
    seen = views["item_id"]
    if name == "pedestrians":
        seen = pd.read_csv(real_data / name / "views_gold.csv")["image_id"]
        for table_ in (boxes, gold):
            table_[["x_min", "x_max"]] = table_[["x_min", "x_max"]].clip(0, 1279)
            table_[["y_min", "y_max"]] = table_[["y_min", "y_max"]].clip(0, 719)
    boxes, gold = (each.loc[each["x_max"] - each["x_min"] >= narrow] for each in (boxes, gold))
    data = Annotations.from_frames(boxes=boxes, views=views, faulty_boxes="keep")
    return data, gold.assign(item_id=gold["item_id"].astype(str)), set(seen.astype(str))


def f1_against(found: BoxConsensus, gold: pd.DataFrame, seen: set[str], tau: float) -> float:
    order = sorted(seen)
    sides = []
    for given_boxes in (found.table, gold):
        side = given_boxes.loc[given_boxes["item_id"].isin(seen)]
        code = pd.Index(order).get_indexer(side["item_id"])
        by_item = np.argsort(code, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=len(order)))])
        sides += [side[EDGES].to_numpy(np.float64)[by_item], offsets, np.zeros(len(side), np.int32)]
    return 2 * len(match_views(*sides, tau)[0]) / (len(sides[0]) + len(sides[3]))


# F1 at IoU .5, .75, .9, measured with another program
@pytest.mark.parametrize(
    ("name", "narrow", "expected"),
    [("pedestrians", 30, (0.9788, 0.8543, 0.2894)), ("crowdboxes", 0, (0.7264, 0.5548, 0.2229))],
)
def test_plain_medians_reproduce_known_figures(
    real_data: Path, name: str, narrow: float, expected: tuple[float, ...]
) -> None:
    data, gold, seen = real(real_data, name, narrow)
    found = consensus_boxes(data, quorum=0.5, weights="equal", remove_bias=False)
    assert [f1_against(found, gold, seen, tau) for tau in (0.5, 0.75, 0.9)] == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "narrow", "best"),
    [("pedestrians", 30, (0.9788, 0.8701, 0.3042)), ("crowdboxes", 0, (0.7785, 0.5837, 0.2260))],
)
def test_the_default_reaches_the_best_of_each_column(
    real_data: Path, name: str, narrow: float, best: tuple[float, ...]
) -> None:
    data, gold, seen = real(real_data, name, narrow)
    found = consensus_boxes(data)
    for tau, value in zip((0.5, 0.75, 0.9), best, strict=True):
        assert f1_against(found, gold, seen, tau) >= value
