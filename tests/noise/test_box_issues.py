"""`box_issues`: planted faults are named with their evidence; real faults rank as high as published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa import Annotations, OptionError, TableError
from labelqa._kernels.boxes.clustering import views_of_boxes
from labelqa._kernels.boxes.matching import match_views
from labelqa.noise import BoxIssues, box_issues, review_queue

EDGES = ["x_min", "y_min", "x_max", "y_max"]
COLUMNS = ["item_id", "annotator_id", "label", *EDGES]


def table(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def agreed(*extra: tuple[Any, ...], people: str = "abcd", without: str = "") -> pd.DataFrame:
    """One dent per image that everybody boxes alike, but for `without`, and some further boxes."""
    return table(*[("i", who, "dent", 10, 10, 50, 40) for who in people if who not in without], *extra)


def only(found: BoxIssues) -> pd.Series:
    assert len(found.table) == 1
    return found.table.iloc[0]


def test_a_box_that_nobody_else_has_is_wrong() -> None:
    row = only(box_issues(agreed(("i", "b", "dent", 80, 80, 99, 99))))
    assert (row["annotator_id"], row["kind"], row["doubt"], row["proposal"]) == ("b", "wrong", 1.0, "drop")
    assert row["reason"] == "None of 3 others has this box."
    assert row[EDGES].isna().all()


def test_a_box_that_most_others_have_is_missing() -> None:
    views = pd.DataFrame({"item_id": "i", "annotator_id": list("abcd")})
    row = only(box_issues(Annotations.from_frames(boxes=agreed(without="c"), views=views), min_doubt=0.5))
    assert (row["annotator_id"], row["kind"], row["proposal"], row["proposed_label"]) == ("c", "missing", "add", "dent")
    assert row["reason"] == "3 of 3 others drew 'dent' here."
    assert row[EDGES].tolist() == [10, 10, 50, 40]
    assert pd.isna(row["box_id"])


def test_a_loose_box_says_which_edge() -> None:
    row = only(box_issues(agreed(("i", "d", "dent", 10, 10, 90, 40), without="d"), min_doubt=0.3))
    assert (row["annotator_id"], row["kind"], row["proposal"]) == ("d", "loose", "move")
    assert (
        row["reason"] == "Right edge 40 pixels (100 % of the width) farther out than the others' median box, IoU 0.50."
    )
    assert row[EDGES].tolist() == [10, 10, 50, 40]
    assert row["doubt"] == pytest.approx(0.7 * 0.5)


def test_a_box_drawn_twice_is_a_duplicate() -> None:
    row = only(box_issues(agreed(("i", "a", "dent", 10, 10, 46, 40)), min_doubt=0.5))
    assert (row["annotator_id"], row["kind"], row["proposal"]) == ("a", "duplicate", "drop")
    assert row["reason"].startswith("Drawn on top of i/a/2 by the same annotator; none of 3 others")


def test_a_class_that_the_others_call_otherwise() -> None:
    row = only(box_issues(agreed(("i", "d", "crack", 10, 10, 50, 41), without="d")))
    assert (row["kind"], row["proposal"], row["proposed_label"]) == ("wrong_class", "relabel", "dent")
    assert row["reason"] == "3 of 3 others call it 'dent'."
    assert row["doubt"] == pytest.approx(1.0)


def test_one_against_two_is_the_one() -> None:
    drawn = table(
        *[("i", who, label, 10, 10, 50, 40) for who, label in zip("abc", ["dent", "dent", "crack"], strict=True)]
    )
    row = only(box_issues(drawn))
    assert (row["annotator_id"], row["kind"], row["reason"]) == ("c", "wrong_class", "2 of 2 others call it 'dent'.")


def test_scores_of_boxes_and_views() -> None:
    found = box_issues(agreed(("i", "b", "dent", 80, 80, 99, 99)))
    assert found.boxes["box_score"].tolist() == [1.0, 1.0, 0.0, 1.0, 1.0]
    assert found.boxes["support"].tolist() == [1.0, 1.0, 0.0, 1.0, 1.0]
    # the others lack what one of their three others has
    assert found.views["view_score"].tolist() == pytest.approx([2 / 3, 0.0, 2 / 3, 2 / 3])
    assert found.views["n_issues"].tolist() == [0, 1, 0, 0]


def test_support_is_a_share_and_the_score_counts_overlap() -> None:
    # in each of four images two people in turn draw one box, half as wide, and two another: all count alike
    rows = [
        (k, who, "dent", *((10, 10, (50, 30)[j], 40) if j < 2 else (200, 10, (240, 220)[j - 2], 40)))
        for k in range(4)
        for j, who in enumerate("abcdabc"[k : k + 4])
    ]
    found = box_issues(table(*rows))
    assert found.boxes["support"].tolist() == pytest.approx([1 / 3] * 16)
    assert found.boxes["box_score"].tolist() == pytest.approx([0.5 / 3] * 16)
    assert found.views["n_issues"].sum() == found.n_issues == len(found.table)
    assert found.boxes.columns.tolist() == [
        "box_id", "item_id", "annotator_id", "box_score", "support", "doubt", "kind"
    ]  # fmt: skip


def test_others_count_by_the_square_of_their_agreement() -> None:
    found = box_issues(agreed(("i", "d", "dent", 80, 80, 99, 99), without="d"))
    # by hand: each view is compared with three others, 6 boxes; a, b, c share 4 of them, d none, on average half. With
    # 20 boxes of the average: (4 + 10) / 26 and 10 / 26, squared 196 and 100 parts
    assert found.boxes["support"].tolist() == pytest.approx([392 / 492] * 3 + [0.0])
    assert found.boxes["doubt"].tolist() == pytest.approx([0.0] * 3 + [1.0])


def test_of_two_alike_that_nobody_else_has_the_second_is_the_copy() -> None:
    found = box_issues(
        table(*[("i", "a", "dent", 10, 10, x, 40) for x in (50, 46)], ("i", "b", "dent", 80, 80, 99, 99))
    )
    assert found.boxes["kind"].tolist() == ["wrong", "duplicate", "wrong"]
    reasons = found.table.set_index("box_id")["reason"]
    assert reasons["i/a/1"] == "None of 1 others has this box."
    assert reasons["i/a/2"] == "Drawn on top of i/a/1 by the same annotator; none of 1 others has this box."


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 10, 50, 40), "Left edge 10 pixels (25 % of the width) farther out"),
        ((20, 10, 50, 40), "Left edge 10 pixels (25 % of the width) farther in"),
        ((10, 1, 50, 40), "Top edge 9 pixels (30 % of the height) farther out"),
        ((10, 10, 58, 40), "Right edge 8 pixels (20 % of the width) farther out"),
        ((10, 10, 50, 28), "Bottom edge 12 pixels (40 % of the height) farther in"),
        # as far in pixels, but the height is smaller
        ((10, 10, 60, 50), "Bottom edge 10 pixels (33 % of the height) farther out"),
        ((0, 0, 50, 40), "Top edge 10 pixels (33 % of the height) farther out"),
    ],
)
def test_the_edge_that_is_farthest_off_for_its_side_is_named(box: tuple[int, ...], words: str) -> None:
    found = box_issues(agreed(("i", "d", "dent", *box), without="d"), min_doubt=0.01).table
    reason = found.loc[(found["kind"] == "loose") & (found["annotator_id"] == "d"), "reason"].item()
    assert reason.startswith(f"{words} than the others' median box, IoU 0.")


def test_the_queue_takes_the_rows() -> None:
    drawn = agreed(("i", "b", "dent", 80, 80, 99, 99), ("i", "d", "crack", 10, 10, 50, 41), without="d")
    found = box_issues(drawn)
    queue = review_queue(found).table
    assert len(queue) == found.n_issues
    assert set(queue["kind"]) == set(found.table["kind"])
    rows = found.to_queue().set_index("kind")
    assert rows.loc["wrong", "proposal"] == "drop"
    assert rows.loc["wrong_class", "proposal"] == "dent"
    assert rows["doubt"].is_monotonic_decreasing


def test_row_order_and_names_change_nothing() -> None:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 40, (80, 4))
    drawn = table(
        *[(k % 6, "abcd"[k % 4], "xy"[k % 2], x, y, x + w + 5, y + h + 5) for k, (x, y, w, h) in enumerate(corners)]
    )
    found, shuffled = box_issues(drawn), box_issues(drawn.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(found.table, shuffled.table)
    names = {"a": "z", "b": "nan", "c": "7", "d": "<b>"}
    renamed = box_issues(drawn.assign(annotator_id=drawn["annotator_id"].map(names)))
    assert sorted(found.boxes["doubt"]) == pytest.approx(sorted(renamed.boxes["doubt"]))
    assert found.boxes["doubt"].between(0, 1).all()


def test_one_person_without_a_detector_is_unknown() -> None:
    found = box_issues(agreed(people="a"))
    assert found.table.empty
    assert np.isnan(found.boxes["box_score"]).all()
    assert np.isnan(found.views["view_score"]).all()
    assert found.reason is not None
    assert "No item has two views" in found.reason


@pytest.mark.parametrize("views", [None, pd.DataFrame({"item_id": ["i", "i"], "annotator_id": ["a", "b"]})])
def test_no_boxes_give_empty_tables(views: pd.DataFrame | None) -> None:
    found = box_issues(Annotations.from_frames(boxes=table(), views=views))
    assert found.n_issues == 0
    assert len(found.views) == (0 if views is None else 2)
    found.plot()
    assert found.to_queue().empty


def test_the_same_box_by_everybody_is_no_fault() -> None:
    found = box_issues(table(*[(i, a, "x", 5, 5, 9, 9) for i in range(3) for a in "abc"]))
    assert found.n_issues == 0
    assert found.views["view_score"].tolist() == [1.0] * 9


PREDICTED = [
    {"image_id": 1, "category_id": 3, "bbox": [10, 10, 40, 30], "score": 0.99},
    {"image_id": 1, "category_id": 3, "bbox": [100, 100, 30, 30], "score": 0.97},
    {"image_id": 99, "category_id": 3, "bbox": [100, 100, 30, 30], "score": 0.97},
]
BY_ONE = table((1, "a", "dent", 10, 10, 50, 40), (1, "a", "dent", 200, 10, 240, 40), (2, "a", "dent", 0, 0, 9, 9))


def test_a_detector_stands_for_the_others() -> None:
    found = box_issues(BY_ONE, detections=PREDICTED, categories={3: "dent"})
    by_kind = found.table.loc[found.table["item_id"] == "1"].set_index("kind")
    assert by_kind.loc["wrong", "reason"] == "The detector does not see it."
    assert by_kind.loc["missing", "reason"] == "The detector sees it with score 0.97."
    assert by_kind.loc["missing", EDGES].tolist() == [100, 100, 130, 130]
    assert found.boxes["detector_score"].tolist() == [0.99, 0.0, 0.0]
    assert found.views["overlooked_score"].iloc[0] < 0.1
    assert found.views["objectlab_score"].between(0, 1).all()


def seen_by(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item_id", "label", *EDGES, "score"])


def test_every_item_has_its_own_detections() -> None:
    spots = [(10 * k, 10, 10 * k + 8, 20) for k in range(6)]
    # item 0 has three detections and two views, item 1 none, item 2 one and three views
    drawn = table(
        *[(0, who, "x", *spots[k]) for who in "ab" for k in (0, 2)],
        (1, "a", "x", *spots[1]),
        *[(2, who, "x", *spots[5]) for who in "abc"],
        (3, "b", "x", *spots[3]),
        (3, "b", "x", *spots[4]),
    )
    scores = [(0, 0, 0.9), (0, 1, 0.8), (0, 2, 0.7), (2, 5, 0.6), (3, 4, 0.55), (3, 3, 0.45)]
    found = box_issues(drawn, detections=seen_by(*[(item, "x", *spots[k], score) for item, k, score in scores]))
    assert found.boxes["detector_score"].tolist() == [0.9, 0.7, 0.9, 0.7, 0.0, 0.6, 0.6, 0.6, 0.45, 0.55]
    # where only one person looked, the detector alone speaks: 1 - score
    assert found.boxes["doubt"].tolist() == pytest.approx([0.0] * 4 + [1.0] + [0.0] * 3 + [0.55, 0.45])
    assert found.views["n_issues"].tolist() == [0, 0, 1, 0, 0, 0, 2]
    assert found.views["view_score"].tolist() == pytest.approx([1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.45])


def test_what_only_the_detector_sees_is_missing_where_nobody_else_could_tell() -> None:
    unseen = ("dent", 100, 100, 130, 130)
    alone, both = (table(*[("i", who, "dent", 10, 10, 50, 40) for who in people]) for people in ("a", "ab"))

    def missing(drawn: pd.DataFrame, score: float, **options: Any) -> int:
        detections = seen_by(("i", *unseen, score), ("i", "dent", 10, 10, 50, 40, 0.99))
        found = box_issues(drawn, detections=detections, **options)
        assert (found.table["kind"] == "missing").all()
        return found.n_issues

    assert [missing(alone, score) for score in (0.49, 0.5, 0.9)] == [0, 1, 1]
    assert [missing(alone, 0.75, min_doubt=doubt) for doubt in (0.75, 0.76)] == [1, 0]
    # two people can tell: what both lack is not there
    assert missing(both, 0.9) == 0


def test_detections_from_a_table_and_a_file_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(PREDICTED))
    rows = [
        (one["image_id"], "dent", *one["bbox"][:2], *np.add(one["bbox"][:2], one["bbox"][2:]), one["score"])
        for one in PREDICTED
    ]
    frame = pd.DataFrame(rows, columns=["item_id", "label", *EDGES, "score"])
    from_file = box_issues(BY_ONE, detections=path, categories={3: "dent"})
    pd.testing.assert_frame_equal(from_file.table, box_issues(BY_ONE, detections=frame).table)
    pd.testing.assert_frame_equal(from_file.views, box_issues(BY_ONE, detections=frame).views)


@pytest.mark.parametrize(
    ("detections", "options", "message"),
    [
        (7, {}, "Detections are a int; needed is a table, or COCO results"),
        ([{"image_id": 1}], {}, "1 COCO results lack one of"),
        (PREDICTED, {"categories": {4: "dent"}}, r"names no class for category_id '3'"),
        (PREDICTED[2:], {}, "No detection is of an item in the annotations"),
        (pd.DataFrame({"item_id": [1]}), {}, "The detections table has no column 'label'"),
        ([PREDICTED[0] | {"score": None}], {}, r"1 detections have a number that is missing \(rows 0\)"),
    ],
)
def test_detections_that_cannot_be_read_are_refused(detections: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(TableError, match=message):
        box_issues(BY_ONE, detections=detections, **options)


@pytest.mark.parametrize(
    ("old", "new"), [({"predictions": PREDICTED[:2]}, "detections"), ({"min_suspicion": 0.5}, "min_doubt")]
)
def test_old_names_of_options_are_taken_with_a_word(old: dict[str, Any], new: str) -> None:
    with pytest.warns(FutureWarning, match=f"is called {new}= now"):
        found = box_issues(BY_ONE, categories={3: "dent"}, **old)
    expected = box_issues(BY_ONE, categories={3: "dent"}, **{new: next(iter(old.values()))})  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(found.table, expected.table)


@pytest.mark.parametrize("options", [{"iou_threshold": 0}, {"min_doubt": 1.5}])
def test_options_outside_their_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"is out of range; give a (number|share) above 0 and at most 1"):
        box_issues(BY_ONE, **options)


def crowd(real_data: Path, name: str, narrow: float) -> tuple[Annotations, np.ndarray, np.ndarray, np.ndarray]:
    """Annotations, which boxes match no expert box, which views have any fault, and which views experts looked at.

    Boxes are clipped to the frame; those narrower than `narrow` are left out on both sides.
    """
    names = {"image_id": "item_id", "annotator": "annotator_id"}
    boxes, views, gold = (
        pd.read_csv(real_data / name / file).rename(columns=names)
        for file in ("boxes_annotators.csv", "views_annotators.csv", "boxes_gold.csv")
    )
    items = views[["item_id"]].drop_duplicates()
    if name == "pedestrians":
        items = items.assign(width=1280, height=720)
    drawn, experts = (Annotations.from_frames(boxes=each, items=items).boxes for each in (boxes, gold))
    drawn, experts = (each.loc[each["x_max"] - each["x_min"] >= narrow] for each in (drawn, experts))
    data = Annotations.from_frames(boxes=drawn, views=views, items=items)
    codes = data.box_codes
    by_item = dict(tuple(experts.groupby("item_id")[EDGES]))
    none = np.empty((0, 4))
    true = [by_item[item].to_numpy() if item in by_item else none for item in codes.items[codes.view_item]]
    offsets = np.cumsum([0] + [len(each) for each in true])
    flat = np.vstack([none, *true])
    no_class = np.zeros(len(flat), np.int32)
    own, theirs, _ = match_views(codes.xyxy, codes.view_offsets, codes.label * 0, flat, offsets, no_class, 0.5)
    is_wrong, is_missed = np.ones(len(codes.xyxy), bool), np.ones(len(flat), bool)
    is_wrong[own], is_missed[theirs] = False, False
    n_views = len(codes.view_item)
    is_bad = np.bincount(views_of_boxes(codes.view_offsets), is_wrong, n_views) > 0
    is_bad |= np.bincount(views_of_boxes(offsets), is_missed, n_views) > 0
    by_row = np.empty(len(is_wrong), bool)
    by_row[codes.row] = is_wrong
    seen = items["item_id"] if name != "pedestrians" else pd.read_csv(real_data / name / "views_gold.csv")["image_id"]
    return data, by_row, is_bad, np.isin(codes.items[codes.view_item].astype(str), seen.astype(str))


@pytest.mark.parametrize(
    ("name", "narrow", "wrong", "bad"),
    [
        ("pedestrians", 30, (0.965, 0.825), (0.950, 0.795)),
        ("crowdboxes", 0, (0.908, 0.742), (0.892, 0.954)),
    ],
)
def test_real_faults_are_ranked_as_well_as_published(
    real_data: Path, name: str, narrow: float, wrong: tuple[float, float], bad: tuple[float, float]
) -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    data, is_wrong, is_bad, has_gold = crowd(real_data, name, narrow)
    found = box_issues(data)
    judged = found.boxes["item_id"].isin(found.views.loc[has_gold, "item_id"]).to_numpy()
    doubt = -found.boxes["box_score"].to_numpy()[judged]
    assert roc_auc_score(is_wrong[judged], doubt) >= wrong[0]
    assert average_precision_score(is_wrong[judged], doubt) >= wrong[1]
    doubt = -found.views["view_score"].to_numpy()[has_gold]
    assert roc_auc_score(is_bad[has_gold], doubt) >= bad[0]
    assert average_precision_score(is_bad[has_gold], doubt) >= bad[1]
