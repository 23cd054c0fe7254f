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
@given(rows, st.sampled_from([1e-6, 1.0, 1e9]))
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
