from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa import Annotations
from labelqa.errors import OptionError, TableError
from labelqa.features import image_features
from labelqa.noise import (
    Finding,
    box_issues,
    duplicates,
    find_issues,
    image_issues,
    label_issues,
    neighbours,
    outliers,
    review_queue,
)
from labelqa.noise._judged_labels import judged_labels


def labelled(*rows, **tables):
    labels = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    return Annotations.from_frames(labels=labels, **tables)


@pytest.fixture
def drawn():
    rows = [("p1", who, "x", 10, 10, 50, 40) for who in ("ann", "bob", "cy")] + [("p1", "cy", "x", 80, 80, 99, 99)]
    columns = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def shop(scene):
    """A dozen pictures with one label each: one is dark, one is no picture, and the last copies the third."""
    pictures = {f"p{k}": scene(k, 64, 64) for k in range(12)}
    pictures |= {"dark": scene(20, 64, 64) // 8, "bad": b"no image", "copy": pictures["p3"]}
    return pictures, labelled(*[(item, "ann", "ab"[k % 2]) for k, item in enumerate(pictures)])


def test_the_queue_is_that_of_all_findings_together(shop):
    pictures, said = shop
    features = image_features(pictures, unreadable="leave_out")
    looked = image_issues(pictures)
    readable = said.select(items=features.index)
    by_hand = review_queue(
        label_issues(readable, features=features),
        looked,
        outliers(features),
        duplicates(pictures, labels=said, measured=looked),
    )
    queue = find_issues(said, images=pictures)
    pd.testing.assert_frame_equal(queue.table, by_hand.table)
    assert list(queue.findings) == ["image_issues", "duplicates", "outliers", "label_issues"]
    assert all(isinstance(found, Finding) for found in queue.findings.values())
    assert queue.cannot_say == ()
    assert "findings" not in queue.to_dict()


def test_flagged_is_what_is_more_likely_wrong_than_right_and_every_conflict(shop):
    pictures, said = shop
    queue = find_issues(said, images=pictures)
    table = queue.table
    is_conflict = table["kind"] == "duplicate"
    assert set(table.loc[is_conflict, "item_id"]) == {"p3", "copy"}
    assert table["is_flagged"].tolist() == ((table["p_wrong"] > 0.5) | is_conflict).tolist()
    assert table.set_index("item_id").loc[["dark", "bad"], "is_flagged"].all()
    assert queue.n_flagged == queue.kinds["n"].sum() == table["is_flagged"].sum()
    assert queue.kinds.set_index("kind").loc["duplicate", "n"] == 2


def test_items_that_nobody_labelled_are_not_judged():
    said = labelled(("a", "ann", "x"), ("c", "ann", "y"), ("c", "bob", "x"), ("d", "bob", "x"), ("d", "ann", "x"),
                    items=pd.DataFrame({"item_id": list("abcde")}))  # fmt: skip
    judged = judged_labels(said)
    assert judged.codes.items.tolist() == ["a", "c", "d"]
    assert judged.codes.offsets.tolist() == [0, 1, 3, 5]
    assert [judged.codes.classes[code] for code in judged.given] == ["x", "x", "x"]
    assert judged.counts.tolist() == [[1, 0], [1, 1], [2, 0]]
    assert judged.is_tied.tolist() == [False, True, False]
    assert judged.has_votes
    assert not judged_labels(said, given=pd.Series({"a": "x", "c": "y", "d": "y"})).is_tied.any()
    assert not judged_labels(labelled(("a", "ann", "x"), ("b", "bob", "x"))).has_votes
    table = label_issues(said, pred_probs=pd.DataFrame({"x": 0.5, "y": 0.5}, index=list("acd"))).table
    assert table["item_id"].tolist() == ["a", "c", "d"]


def test_rows_without_a_label_are_not_judged():
    rows = [("a", "ann", None), ("b", "ann", "x"), ("c", "bob", np.nan), ("d", "ann", "y"), ("d", "bob", None)]
    judged = judged_labels(pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]))
    assert judged.codes.items.tolist() == ["b", "d"]
    assert judged.codes.item.tolist() == [0, 1]
    assert judged.codes.item.dtype == np.int32
    assert judged.codes.row.tolist() == [1, 3]
    assert judged.codes.offsets.tolist() == [0, 1, 2]
    assert [judged.codes.annotators[code] for code in judged.codes.annotator] == ["ann", "ann"]
    assert [judged.codes.classes[code] for code in judged.given] == ["x", "y"]
    assert judged.counts.tolist() == [[1, 0], [0, 1]]
    one_each = pd.DataFrame({"item_id": list("abc"), "label": [None, "x", "y"]})
    assert label_issues(one_each, pred_probs=pd.DataFrame({"x": 0.5, "y": 0.5}, index=list("bc"))).n_items == 2


def test_a_label_to_judge_is_one_for_each_item():
    said = labelled(("a", "ann", "x"), ("b", "bob", "y"))
    with pytest.raises(TableError, match="given= has more than one label for some items"):
        judged_labels(said, given=labelled(("a", "ann", "x"), ("a", "bob", "y"), ("b", "ann", "y")))


def test_labels_without_a_readable_picture_are_not_judged(shop):
    pictures, said = shop
    rows = find_issues(said, images=pictures).table.set_index("item_id")
    assert rows.loc["bad", "label"] is None
    assert rows.loc["bad", "kind"] == "image"
    assert rows.loc["p0", "label"] == "a"


def test_given_labels_are_the_ones_that_are_judged(shop):
    pictures, said = shop
    given = said.labels.set_index("item_id")["label"].where(lambda label: label.index != "p0", "b")
    queue = find_issues(said, images=pictures, given=given.drop("p7"))
    labels = queue.table.set_index("item_id")["label"]
    assert labels[["p0", "p2"]].tolist() == ["b", "a"]
    # without a label nobody judges it
    assert labels["p7"] is None
    assert queue.findings["duplicates"].n_conflicts == 1


def test_votes_alone_are_evidence_and_their_limit_is_told():
    rows = [(k, who, "ok") for k in range(6) for who in ("ann", "bob", "cy")] + [(9, "ann", "ok"), (9, "bob", "dent")]
    queue = find_issues(labelled(*rows))
    pd.testing.assert_frame_equal(queue.table, review_queue(label_issues(labelled(*rows))).table)
    assert queue.cannot_say == (
        "There are no pictures, so labels are judged by the other annotators alone: an item on which all err alike is "
        "not found.",
    )
    assert queue.reason.startswith("Uncalibrated")


def test_a_split_without_pictures_is_told():
    rows = [(k, who, "ok") for k in range(6) for who in ("ann", "bob", "cy")]
    queue = find_issues(labelled(*rows), split="part")
    said = "Copies on both sides of split= were not looked for: give the pictures, images=."
    assert queue.cannot_say[0] == said
    assert said not in find_issues(labelled(*rows)).cannot_say


def test_your_own_features_and_probabilities_need_no_pictures(blobs):
    features, labels, is_wrong = blobs
    said = Annotations.from_frames(labels=labels.assign(annotator_id="ann"))
    queue = find_issues(said, features=features)
    assert list(queue.findings) == ["outliers", "label_issues"]
    assert is_wrong[queue.table["item_id"].head(20)].all()
    assert queue.cannot_say == ()
    names = ["cat", "dog", "owl"]
    probs = pd.DataFrame(1 / 3, index=features.index, columns=names)
    assert list(find_issues(said, pred_probs=probs).findings) == ["label_issues"]
    with pytest.raises(TableError, match="features has no row for 300 of 300 labelled items"):
        find_issues(said, features=features.set_axis([f"other{k}" for k in range(300)]))


def test_boxes_are_judged_where_two_people_looked(drawn):
    queue = find_issues(drawn)
    assert list(queue.findings) == ["box_issues"]
    assert queue.table.loc[0, ["annotator_id", "kind", "is_flagged"]].tolist() == ["cy", "wrong", True]
    assert queue.kinds.to_numpy().tolist() == [["box: wrong", 1]]
    pd.testing.assert_frame_equal(queue.table, review_queue(box_issues(drawn)).table)


def test_a_detector_judges_boxes_nobody_else_drew(drawn):
    alone = drawn.loc[drawn["annotator_id"] == "cy"]
    seen = alone.head(1).drop(columns="annotator_id").assign(score=0.9)
    queue = find_issues(alone, detections=seen)
    assert queue.cannot_say == ()
    assert queue.table.loc[0, "reasons"] == "The detector does not see it."


def test_nothing_to_judge_by_is_a_reason_and_no_error(drawn):
    queue = find_issues(labelled((1, "ann", "ok"), (2, "ann", "dent")))
    assert len(queue.table) == queue.n_rows == queue.n_flagged == 0
    assert queue.findings == {}
    assert queue.reason == "Without pictures, and with one label per item, nothing speaks for or against a label."
    alone = find_issues(drawn.loc[drawn["annotator_id"] == "ann"])
    assert alone.reason == "No item has boxes by two people, so boxes cannot be judged by one another."
    assert alone.kinds.empty
    full = find_issues(drawn)
    assert list(queue.table.columns) == list(full.table.columns)


def test_leaks_are_found_by_a_column_of_the_items(shop):
    pictures, said = shop
    items = pd.DataFrame({"item_id": list(pictures), "split": ["train"] * 13 + ["test", "test"]})
    same = said.labels.assign(label="a")
    data = Annotations.from_frames(labels=same, items=items)
    queue = find_issues(data, images=pictures, split="split")
    assert queue.findings["duplicates"].n_leaks == 1
    assert queue.table.set_index("item_id").loc["copy", "reasons"].endswith("same picture as p3 across test, train")


def test_a_seed_that_is_none_is_refused(drawn):
    with pytest.raises(OptionError, match="seed="):
        find_issues(drawn, seed=-1)


# the protocol


def test_your_own_table_stands_among_the_findings():
    own = pd.DataFrame(
        {
            "item_id": [1, 0, 1],
            "box_id": [None, None, "b7"],
            "kind": ["metadata", "metadata", "tiny"],
            "doubt": [2.0, np.nan, 1.0],
            "p_fault": [np.nan, 0.9, np.nan],
            "reason": ["taken before the camera was set up", "no exposure time", "3 pixels wide"],
        }
    )
    items = label_issues([0, 1], pred_probs=np.array([[0.9, 0.1], [0.1, 0.9]]))
    table = review_queue(items, own).table
    assert table[["item_id", "kind"]].to_numpy().tolist() == [["0", "metadata"], ["1", "metadata"], ["1", "tiny"]]
    assert table["reasons"].tolist() == own["reason"].tolist()[1::-1] + ["3 pixels wide"]
    # the label's own odds and the fault together; the largest doubt counts
    p = 1 - 0.9 * 0.1
    assert table["p_wrong"].tolist() == pytest.approx([p, 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-1))], abs=1e-6)
    assert table["label"].tolist() == [0, 1, None]


def test_the_order_of_findings_changes_nothing(shop):
    pictures, said = shop
    looked = image_issues(pictures)
    parts = [label_issues(said, images=pictures), looked, outliers(neighbours=neighbours(images=pictures, seed=0))]
    parts.append(duplicates(pictures, labels=said, measured=looked))
    pd.testing.assert_frame_equal(review_queue(*parts).table, review_queue(*parts[::-1]).table)


def test_groups_of_two_findings_stay_apart():
    one = pd.DataFrame({"item_id": ["a", "b"], "kind": "duplicate", "label": ["x", "y"], "group": 1})
    other = one.assign(item_id=["c", "d"])
    queue = review_queue(one, other)
    assert queue.n_conflicts == 4
    assert queue.table["proposal"].tolist() == ["y", "x", "y", "x"]
    assert queue.table["p_wrong"].tolist() == pytest.approx([2 / 3] * 4)


def test_an_outlier_is_called_so_where_its_label_is_hardly_in_doubt():
    doubt = label_issues([0, 0], pred_probs=np.array([[0.45, 0.55], [0.25, 0.75]]))
    far = pd.DataFrame({"item_id": [0, 1], "kind": "outlier", "p_fault": 0.4, "reason": "unlike all others"})
    kinds = review_queue(doubt, far).table.set_index("item_id")["kind"]
    assert kinds.to_dict() == {"0": "outlier", "1": "label"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"item_id": ["a"], "doubt": [1.0]}, r"A table of findings has no column 'kind' \(found: 'item_id', 'doubt'\)"),
        ({"item_id": ["a"], "kind": ["x"], "doubt": ["much"]}, "doubt, p_fault and group of a finding are numbers"),
        ({"item_id": ["a"], "kind": ["x"], "doubt": [np.inf]}, "1 rows of a finding cannot be ranked"),
        ({"item_id": ["a"], "kind": ["x"], "p_fault": [1.0]}, "a p_fault from 0 to below 1"),
        ({"item_id": [None], "kind": ["x"]}, "needed are an item_id"),
    ],
)
def test_rows_that_cannot_be_ranked_are_refused(table, message):
    with pytest.raises(TableError, match=message):
        review_queue(pd.DataFrame(table))


def test_labels_without_ids_meet_pictures_without_ids_only(scene):
    pictures = [scene(k, 64, 64) for k in range(4)]
    pictures[3] = pictures[1]
    said = ["ok", "ok", "ok", "dent"]
    found = find_issues(said, images=pictures).findings["duplicates"].table
    assert found[["item_id", "label"]].to_numpy().tolist() == [["1", "ok"], ["3", "dent"]]
    with pytest.raises(TableError, match="annotations is a list without item ids and images has ids"):
        find_issues(said, images=dict(zip(["10", "9", "2", "1"], pictures, strict=True)))
    with pytest.raises(TableError, match="There are 3 pictures and 4 item ids"):
        find_issues(said, images=pictures[:3])
