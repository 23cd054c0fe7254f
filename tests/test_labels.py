"""One door to the label of an item: votes, ties, alignment by id."""

import numpy as np
import pandas as pd
import pytest

from labelqa import Annotations, OptionError, TableError
from labelqa._labels import (
    align_labels,
    by_item_id,
    find_rows,
    has_annotators,
    id_texts,
    label_table,
    one_each,
    rows_of,
    trusted_codes,
    values_of,
    votes_of,
    winners,
)


def said(*rows):
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])


@pytest.fixture
def crowd():
    """Item 1 is clear, item 2 is tied, item 3 has no label, item 4 is tied among the rare and the frequent class."""
    return said(
        (1, "ann", "ok"), (1, "bob", "ok"), (1, "eve", "dent"), (2, "ann", "dent"), (2, "bob", "scratch"),
        (3, "ann", None), (4, "ann", "dent"), (4, "bob", "ok"), (5, "ann", "ok"),
    )  # fmt: skip


class TestTies:
    @pytest.mark.parametrize(
        ("ties", "expected"),
        [
            ("none", ["ok", None, None, None, "ok"]),
            ("frequent", ["ok", "dent", None, "ok", "ok"]),
        ],
    )
    def test_rules(self, crowd, ties, expected):
        votes = votes_of(crowd)
        found = votes.majority(ties)
        assert values_of(votes.codes.classes, found.code).astype(object).where(lambda s: s.notna(), None).tolist() == (
            expected
        )
        assert found.is_tied.tolist() == [False, True, False, True, False]
        assert votes.is_tied.tolist() == found.is_tied.tolist()

    def test_the_order_of_rows_changes_nothing(self, crowd):
        shuffled = crowd.sample(frac=1, random_state=3)
        for ties in ("none", "frequent"):
            assert (votes_of(crowd).majority(ties).code == votes_of(shuffled).majority(ties).code).all()

    def test_unknown_rule(self, crowd):
        with pytest.raises(OptionError, match="ties='random' is not known; choose one of 'none', 'frequent'"):
            votes_of(crowd).majority("random")

    def test_scores_within_a_distance_are_equal(self):
        scores = np.array([[0.5, 0.5 - 1e-12], [0.6, 0.4], [np.nan, np.nan]])
        found = winners(scores, ties="frequent", frequency=np.array([0.1, 0.9]), within=1e-9)
        assert found.code.tolist() == [1, 0, -1]
        assert found.is_tied.tolist() == [True, False, False]

    def test_no_classes(self):
        found = winners(np.empty((2, 0)), ties="none")
        assert found.code.tolist() == [-1, -1]
        assert not found.is_tied.any()


class TestVotes:
    def test_every_form_gives_the_same(self):
        table = pd.DataFrame({"item_id": ["0", "1"], "label": ["a", "b"]})
        forms = [
            table, table.set_index("item_id")["label"], np.array(["a", "b"]), ["a", "b"],
            table.assign(annotator_id="x"),
            Annotations.from_frames(labels=table.assign(annotator_id="x")),
        ]  # fmt: skip
        for form in forms:
            votes = votes_of(form)
            assert votes.items.tolist() == ["0", "1"]
            assert votes.counts.tolist() == [[1, 0], [0, 1]]

    def test_counts(self, crowd):
        votes = votes_of(crowd, classes=["ok", "dent", "scratch", "rust"])
        assert votes.counts.tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0]]
        assert votes.n_labels.tolist() == [3, 2, 0, 2, 1]

    def test_no_rows(self):
        votes = votes_of(pd.DataFrame({"item_id": [], "annotator_id": [], "label": []}))
        assert votes.counts.shape == (0, 0)
        assert votes.majority("frequent").code.tolist() == []

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (5, "Found a int as labels; give labelqa.Annotations"),
            (np.zeros((2, 2)), r"one label per item; found the shape \(2, 2\)"),
            (pd.DataFrame({"item": [1]}), "labels has no column 'item_id', 'label'"),
            (pd.DataFrame({"item_id": [1, 1], "label": ["a", "b"]}), r"no annotator_id says whose \('1'\)"),
        ],
    )
    def test_what_are_no_labels(self, labels, message):
        with pytest.raises(TableError, match=message):
            votes_of(labels)


class TestOneEach:
    def test_tied_items_are_left_out_and_said(self, crowd):
        found = one_each(crowd)
        assert found.labels.to_dict() == {"1": "ok", "5": "ok"}
        assert found.n_tied == 2
        assert found.reason == "2 items without a most frequent label are left out ('2', '4')."

    def test_one_per_item_comes_back(self):
        labels = pd.Series(["a", None], index=[7, 8])
        assert one_each(labels).labels.equals(labels)
        for bare in (np.array(["a", "b"]), ["a", "b"], ("a", "b")):
            assert one_each(bare).labels is bare
            assert one_each(bare).reason is None

    def test_other_types(self):
        with pytest.raises(TableError, match="Found a dict as before; give a Series by item id"):
            one_each({"x": "a"}, "before")


class TestAlign:
    def test_codes_in_the_order_of_the_items(self):
        found = align_labels(pd.Series({3: "b", "1": "a"}), np.array(["1", "2", "3"], dtype=object))
        assert found.code.tolist() == [0, -1, 1]
        assert found.classes.tolist() == ["a", "b"]
        assert found.is_known.tolist() == [True, False, True]

    def test_given_classes_hold(self):
        found = align_labels(pd.Series({"1": "b"}), np.array(["1"], dtype=object), classes=["b", "a"])
        assert found.code.tolist() == [0]
        assert found.classes.tolist() == ["b", "a"]

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (pd.Series({"1": "a", "9": "b"}), r"features has no row for 1 of 2 items of test \('9'\), and 1 rows"),
            (pd.Series(["a", "b"], index=["1", "1"]), r"1 items have more than one label in test \('1'\)"),
            (np.array(["a"]), "test has 1 rows and features has 2"),
            ({"1": "a"}, "Found a dict as test"),
        ],
    )  # fmt: skip
    def test_what_does_not_match(self, labels, message):
        with pytest.raises(TableError, match=message):
            align_labels(labels, np.array(["1", "2"], dtype=object), name="test")


def test_trusted_labels(crowd):
    codes = votes_of(crowd).codes
    gold = pd.DataFrame({"item_id": [2, 2, 99, 3], "label": ["ok", "ok", "ok", None]})
    assert trusted_codes(gold, codes).tolist() == [-1, 1, -1, -1, -1]
    assert trusted_codes(None, codes).tolist() == [-1] * 5
    with pytest.raises(TableError, match=r"1 items two different labels \('2'\)"):
        trusted_codes(pd.DataFrame({"item_id": [2, 2], "label": ["ok", "dent"]}), codes)


class TestJoin:
    def test_ids_are_text(self):
        assert id_texts([7, 7.0, "7", np.int64(7)]).tolist() == ["7"] * 4
        assert find_rows([1, 2.0], ["2", "3"]).tolist() == [1, -1]
        assert rows_of(["b", "a"], ["a", "b", "a"], "table").tolist() == [1, 0, 1]

    @pytest.mark.parametrize(
        ("ids", "message"),
        [
            (["a", "a"], r"pred_probs has 1 item ids more than once \('a'\); keep one row per item"),
            (["a", "c"], r"pred_probs has no row for 1 of 2 labelled items \('b'\), and 1 rows for other items"),
        ],
    )  # fmt: skip
    def test_what_does_not_match(self, ids, message):
        with pytest.raises(TableError, match=message):
            rows_of(ids, np.array(["a", "b"], dtype=object), "pred_probs")

    def test_a_class_called_item_id(self):
        table = pd.DataFrame({"item_id": [0.9]}, index=pd.Index([1], name="item_id"))
        assert by_item_id(table) is table
        assert by_item_id(pd.DataFrame({"item_id": [5], "x": [1]})).index.tolist() == [5]


def test_ids_are_text_whatever_they_were():
    assert id_texts(["a", None, 7.0, 7]).tolist() == ["a", "None", "7", "7"]
    assert id_texts(["a", None]).tolist() == ["a", "None"]


def test_values_keep_their_type():
    assert values_of([1, 2], np.array([1, 0])).dtype == np.int64
    assert values_of(["a"], np.array([0, -1])).isna().tolist() == [False, True]


def test_forms_with_annotators(crowd):
    assert has_annotators(crowd)
    assert not has_annotators(crowd.drop(columns="annotator_id"))
    assert label_table(Annotations.from_frames(labels=crowd)).columns[0] == "item_id"
