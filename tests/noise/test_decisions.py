from __future__ import annotations

import json

import pandas as pd
import pytest

from labelqa import Annotations
from labelqa.errors import TableError
from labelqa.noise import apply_decisions, read_decisions, write_decisions

LABELS = pd.DataFrame(
    [(1, "ann", "ok"), (1, "bob", "dent"), (2, "ann", "ok"), (3, "bob", "dent")],
    columns=["item_id", "annotator_id", "label"],
)
BOXES = pd.DataFrame(
    [
        ("b1", 1, "ann", "dent", 0, 0, 10, 10),
        ("b2", 1, "ann", "scratch", 20, 20, 30, 30),
        ("b3", 2, "bob", "dent", 5, 5, 9, 9),
    ],
    columns=["box_id", "item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"],
)  # fmt: skip


@pytest.fixture
def data():
    return Annotations.from_frames(labels=LABELS, boxes=BOXES)


def one(item, action, **more):
    return {"item_id": item, "action": action, **more}


def test_a_relabel_gives_the_item_the_reviewers_label(data):
    fixed, log = apply_decisions(data, [one(1, "relabel", label="scratch", reviewer="kim", at="2026-01-02T03:04:05")])
    assert fixed.labels.query("item_id == '1'")[["annotator_id", "label"]].to_numpy().tolist() == [["kim", "scratch"]]
    row = log.iloc[0]
    assert row[["item_id", "kind", "old", "new", "by", "at"]].tolist() == [
        "1", "relabel", "dent, ok", "scratch", "kim", "2026-01-02T03:04:05"
    ]  # fmt: skip
    assert len(fixed.boxes) == 3


def test_the_result_names_its_parts(data):
    done = apply_decisions(data, [one(1, "relabel", label="scratch")])
    fixed, log = done
    assert done.annotations is fixed is done[0]
    assert done.table is log is done[1]
    assert done.n_fixes == 1
    assert list(done.to_dict()) == ["n_fixes", "table"]


def test_what_was_given_stays_as_it_is(data):
    tables = {name: getattr(data, name).copy() for name in ("items", "views", "labels", "boxes")}
    decisions = [one(1, "drop"), one(2, "relabel", label="x"), one(2, "relabel", box_id="b3", box=[1, 1, 2, 2])]
    apply_decisions(data, decisions)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(getattr(data, name), table)


def test_keep_and_unsure_change_nothing(data):
    fixed, log = apply_decisions(data, [one(1, "keep"), one(2, "unsure")])
    assert log.empty
    for name in ("items", "views", "labels", "boxes"):
        pd.testing.assert_frame_equal(getattr(fixed, name), getattr(data, name))


def test_a_drop_takes_the_item_out_of_every_table(data):
    fixed, log = apply_decisions(data, [one(1, "drop")])
    for name in ("items", "views", "labels", "boxes"):
        assert "1" not in set(getattr(fixed, name)["item_id"])
    assert log["kind"].tolist() == ["drop"]


def test_boxes_are_dropped_relabelled_moved_and_added(data):
    fixed, log = apply_decisions(
        data,
        [
            one(1, "drop", box_id="b1"),
            one(1, "relabel", box_id="b2", label="dent", box=[21, 20, 30, 31]),
            one(2, "relabel", label="scratch", box=[1, 2, 3, 4], reviewer="kim"),
        ],
    )
    boxes = fixed.boxes.set_index("box_id")
    assert "b1" not in boxes.index
    assert boxes.loc["b2", ["label", "x_min", "y_min", "x_max", "y_max"]].tolist() == ["dent", 21, 20, 30, 31]
    assert boxes.loc["2/kim/added-1", ["annotator_id", "label", "x_max"]].tolist() == ["kim", "scratch", 3]
    assert log["kind"].tolist() == ["drop box", "relabel box", "move box", "add box"]
    pd.testing.assert_frame_equal(fixed.labels, data.labels)


def test_a_view_whose_boxes_are_gone_is_empty_not_lost():
    views = pd.DataFrame({"item_id": [2], "annotator_id": ["bob"], "status": ["labelled"]})
    data = Annotations.from_frames(boxes=BOXES, views=views)
    fixed, _ = apply_decisions(data, [one(2, "drop", box_id="b3")])
    assert fixed.views.set_index(["item_id", "annotator_id"]).loc[("2", "bob"), "status"] == "empty"


def test_labels_that_are_numbers_stay_numbers():
    data = pd.DataFrame({"item_id": [1, 2], "annotator_id": "ann", "label": [3, 7]})
    fixed, _ = apply_decisions(data, [one(1, "relabel", label="7")])
    assert fixed.labels["label"].tolist() == [7, 7]


def test_the_later_decision_of_one_person_counts(data):
    early = one(2, "relabel", label="dent", reviewer="kim", at="2026-01-01T10:00:00+00:00")
    late = one(2, "keep", reviewer="kim", at="2026-01-01T12:00:00+00:00")
    for order in ([early, late], [late, early]):
        assert apply_decisions(data, order).table.empty


def test_people_who_decide_alike_agree(data):
    same = [one(2, "relabel", label="dent", reviewer=who) for who in ("kim", "lee")]
    assert len(apply_decisions(data, same).table) == 1


def test_contradicting_decisions_are_refused_with_the_list(data):
    decisions = [one(2, "relabel", label="dent", reviewer="kim"), one(2, "keep", reviewer="lee"), one(1, "keep")]
    listed = r"\('2: relabel dent by kim', '2: keep by lee'\)"
    with pytest.raises(TableError, match=f"1 items or boxes have decisions that contradict each other {listed}"):
        apply_decisions(data, decisions)


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (one(99, "keep"), r"1 decisions are about items that the annotations do not have \('99'\)"),
        (
            one(1, "drop", box_id="b3"),
            r"1 decisions are about boxes .* do not have \('b3 of item 1'\)",
        ),
        (one(1, "delete"), "item 1: the action 'delete' is none of keep, relabel, drop, unsure"),
        (one(1, "relabel"), "item 1: a relabel without a new label or box"),
        ({"action": "keep"}, "decision 1: no item_id"),
        (one(1, "relabel", box=[1, 2, 3]), r"a box that is not \[x_min, y_min, x_max, y_max\]"),
        (one(1, "relabel", box=[5, 5, 5, 9]), "a box without area"),
        (one(1, "relabel", box=[1, 1, 2, 2]), "The box added to item 1 has no label and there are 2 classes"),
    ],
)
def test_impossible_decisions_are_refused(data, decision, message):
    with pytest.raises(TableError, match=message):
        apply_decisions(data, [decision])


def test_a_file_is_read_and_written_line_by_line(tmp_path):
    path = tmp_path / "decisions.jsonl"
    rows = [
        one("7", "relabel", label="dent", reviewer="kim", at="2026-01-01T10:00:00", suggestion="dent"),
        one("8", "relabel", box_id="b1", box=[1.0, 2.0, 3.0, 4.5]),
        one("9", "keep"),
    ]
    write_decisions(rows, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows
    pd.testing.assert_frame_equal(read_decisions(path), read_decisions(write_decisions(read_decisions(path), path)))


def test_ids_are_text_and_empty_lines_do_not_count(tmp_path):
    path = tmp_path / "decisions.jsonl"
    path.write_text('{"item_id": 7, "action": "keep"}\n\n{"item_id": 8.0, "action": "drop"}\n', encoding="utf-8")
    assert read_decisions(path)["item_id"].tolist() == ["7", "8"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("{oops", "not valid JSON .* in line 1, column 2"), ("[1, 2]", "line 1 is not a decision; write")],
)
def test_broken_lines_are_refused(tmp_path, text, message):
    path = tmp_path / "decisions.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=message):
        read_decisions(path)


def test_no_decisions_change_nothing(data, tmp_path):
    (tmp_path / "none.jsonl").write_text("", encoding="utf-8")
    assert apply_decisions(data, tmp_path / "none.jsonl").table.empty
    with pytest.raises(TableError, match="Found a int as decisions"):
        apply_decisions(data, 3)


@pytest.mark.parametrize(("rows", "named"), [([True, False], "bool"), (["keep"], "str"), ([{"item_id": 1}, 3], "int")])
def test_a_list_holds_dicts(data, rows, named):
    with pytest.raises(TableError, match=f"Found a list of '{named}' as decisions; give a list of dicts, or a table"):
        apply_decisions(data, rows)
