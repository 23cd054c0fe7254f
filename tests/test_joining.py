"""Joining: by id, or of equal length and in order where neither has ids, or refused; the same everywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa import baseline, consensus, noise
from labelqa._crossval import out_of_fold
from labelqa._labels import annotations_of, check_order
from labelqa.annotations import Annotations
from labelqa.compare import compare_fixes
from labelqa.errors import TableError
from labelqa.images import as_source

N = 60
RNG = np.random.default_rng(0)
LABEL = RNG.integers(0, 2, N)
PROBS = np.where(LABEL[:, None] == [0, 1], 0.9, 0.1)
FEATURES = RNG.normal(size=(N, 4)) + 3.0 * LABEL[:, None]
#: An order in which joining by position would go wrong.
SHUFFLED = RNG.permutation(N)


def accuracy(features, labels):
    return out_of_fold(features, labels).accuracy


def doubts(features, labels):
    return noise.label_issues(labels, features=features).accuracy


def probabilities(features, labels):
    # the table of features stands for one of probabilities
    table = np.column_stack([1 - _first(features), _first(features)])
    if isinstance(features, pd.DataFrame):
        table = pd.DataFrame(table, index=features.index)
    elif isinstance(features, list):
        table = table.tolist()
    found = noise.confident_learning(labels, pred_probs=table).table
    return 1 - found["is_flagged"].mean()


def _first(features):
    return np.where(np.asarray(features)[:, 0] > 1.5, 0.9, 0.1)


JOINS = {
    "out_of_fold": accuracy,
    "cross_validate": lambda features, labels: baseline.cross_validate(features, labels).accuracy,
    "fit": lambda features, labels: baseline.fit(features, labels).metadata["held_out_accuracy"],
    "label_issues": doubts,
    "confident_learning": probabilities,
}
every = pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)


@every
@pytest.mark.parametrize("to_labels", [np.asarray, list, tuple, pd.Series, lambda y: pd.Series(y).rename("label")])
@pytest.mark.parametrize("to_features", [np.asarray, np.ndarray.tolist, pd.DataFrame])
def test_without_ids_equal_lengths_go_by_order(join, to_labels, to_features):
    assert join(to_features(FEATURES), to_labels(LABEL)) > 0.8


@every
@pytest.mark.parametrize("n", [N - 1, N + 1])
@pytest.mark.parametrize("to_labels", [np.asarray, list, tuple, pd.Series])
@pytest.mark.parametrize("to_features", [np.asarray, np.ndarray.tolist, pd.DataFrame])
def test_other_lengths_are_refused(join, n, to_labels, to_features):
    message = rf"has ({N} rows|{n} rows) and \w+ has ({N}|{n}), and without item ids they go by order"
    if (to_labels, to_features) == (pd.Series, pd.DataFrame):
        # both have ids: fewer labels are labels of fewer items
        n, message = N + 1, "has no row for 1 of 61 labelled items"
    with pytest.raises(TableError, match=message):
        join(to_features(FEATURES), to_labels(np.resize(LABEL, n)))


@every
@pytest.mark.parametrize("to_labels", [np.asarray, list, tuple])
def test_a_shuffled_table_does_not_go_with_a_list(join, to_labels):
    shuffled = pd.DataFrame(FEATURES).iloc[SHUFFLED]
    for labels in (LABEL, LABEL[SHUFFLED]):
        with pytest.raises(TableError, match=r"without item ids and .* has ids, and rows are never joined by position"):
            join(shuffled, to_labels(labels))


@every
def test_a_shuffled_series_does_not_go_with_an_array(join):
    with pytest.raises(TableError, match=r"without item ids and .* has ids"):
        join(FEATURES[SHUFFLED], pd.Series(LABEL).iloc[SHUFFLED])


@every
def test_what_has_ids_goes_by_id_in_any_order(join):
    named = pd.DataFrame(FEATURES, index=[f"i{k}" for k in range(N)])
    labels = pd.Series(LABEL, index=named.index)
    assert join(named, labels.iloc[SHUFFLED]) == join(named.iloc[SHUFFLED], labels) > 0.8
    # the default index of a Series is its ids: 0, 1, 2...
    assert join(pd.DataFrame(FEATURES).iloc[SHUFFLED], pd.Series(LABEL)) > 0.8
    with pytest.raises(TableError, match="has no row for 60 of 60 labelled items"):
        join(named, pd.Series(LABEL))


class TestCheckOrder:
    def test_nothing_without_ids_is_nothing_to_check(self):
        check_order(a=pd.Series([1], index=["x"]), b=pd.Series([1, 2]), c=None)

    @pytest.mark.parametrize(
        "numbered",
        [
            pd.Series([1, 2]), pd.Series([1, 2], index=["0", "1"]), pd.DataFrame({"item_id": [0, 1]}, index=[7, 8]),
            (1, 2), {0: 1, 1: 2}, as_source(np.zeros((2, 4, 4), np.uint8)),
        ],
    )  # fmt: skip
    def test_numbered_in_order(self, numbered):
        check_order(labels=[1, 2], other=numbered)
        with pytest.raises(TableError, match="labels has 3 rows and other has 2"):
            check_order(labels=[1, 2, 3], other=numbered)

    @pytest.mark.parametrize(
        "named",
        [
            pd.Series([1, 2], index=[1, 0]), pd.Series([1, 2], index=pd.RangeIndex(1, 3)), {"a": 1, "b": 2}, "folder",
            pd.Series([1, 2], index=pd.RangeIndex(0, 4, 2)), pd.DataFrame({"item_id": [1, 0]}),
            pd.DataFrame({"item_id": [0, 1], "annotator_id": "a", "label": "x"}),
        ],
    )  # fmt: skip
    def test_ids(self, named):
        with pytest.raises(TableError, match="labels is a list without item ids and other has ids"):
            check_order(labels=[1, 2], other=named)


class TestGroups:
    def test_without_ids_in_order(self):
        groups = np.repeat(np.arange(N // 2), 2)
        found = out_of_fold(FEATURES, LABEL, groups=list(groups)).table
        assert found.groupby(groups)["fold"].nunique().eq(1).all()
        named = pd.Series(groups, index=[str(k) for k in range(N)])
        assert (out_of_fold(FEATURES, LABEL, groups=named).table["fold"] == found["fold"]).all()
        with pytest.raises(TableError, match="features has 60 rows and groups has 59"):
            out_of_fold(FEATURES, LABEL, groups=list(groups)[:-1])

    @pytest.mark.parametrize(
        ("groups", "message"),
        [
            (pd.Series(["a", "b"], index=["x", "x"]), r"1 items have more than one group \('x'\)"),
            (pd.Series(["a"], index=["x"]), r"1 items have no group \('y'\)"),
            (pd.Series(["a", None], index=["x", "y"]), r"1 items have no group \('y'\)"),
            ({"x": 1, "y": 2}, "Found a dict as groups"),
        ],
    )
    def test_what_is_no_group_is_refused(self, groups, message):
        table = pd.DataFrame({"a": [0.0, 1.0]}, index=["x", "y"])
        with pytest.raises(TableError, match=message):
            out_of_fold(table, pd.Series(["u", "v"], index=["x", "y"]), groups=groups)


class TestPictures:
    IMAGES = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)

    def pictures(self):
        images = self.IMAGES.copy()
        images[3] = images[1]
        return images

    @pytest.mark.parametrize("form", [list, tuple, np.asarray, pd.Series])
    def test_labels_and_splits_of_an_array_go_by_order(self, form):
        found = noise.duplicates(self.pictures(), labels=form(["ok", "ok", "ok", "dent"]), split=form(list("aaab")))
        assert found.table[["item_id", "label", "split"]].to_numpy().tolist() == [["1", "ok", "a"], ["3", "dent", "b"]]
        assert (found.n_conflicts, found.n_leaks) == (1, 1)

    def test_other_lengths_are_refused(self):
        with pytest.raises(TableError, match="images has 4 rows and labels has 3"):
            noise.duplicates(self.pictures(), labels=["ok"] * 3)
        with pytest.raises(TableError, match="images has 4 rows and split has 5"):
            noise.duplicates(self.pictures(), split=["a"] * 5)

    def test_a_list_does_not_go_with_named_pictures(self):
        named = {f"x{k}": picture for k, picture in enumerate(self.pictures())}
        with pytest.raises(TableError, match="labels is a list without item ids and images has ids"):
            noise.duplicates(named, labels=["ok"] * 4)
        with pytest.raises(TableError, match="ids"):
            noise.duplicates(self.pictures(), items=["d", "c", "b", "a"], labels=["ok"] * 4)

    def test_labels_of_other_pictures_are_refused(self):
        named = {f"x{k}": picture for k, picture in enumerate(self.pictures())}
        with pytest.raises(TableError, match=r"None of the 4 items of labels .* is among the 4 pictures"):
            noise.duplicates(named, labels=pd.Series(["ok"] * 4))
        with pytest.raises(TableError, match="None of the 1 items of split"):
            noise.duplicates(named, split={"x9": "test"})
        assert noise.duplicates(named, labels=pd.Series({"x1": "ok", "x9": "ok"})).n_groups == 1

    def test_an_array_does_not_go_with_annotations_of_other_ids(self):
        said = Annotations.from_frames(
            labels=pd.DataFrame({"item_id": list("dcba"), "annotator_id": "ann", "label": "ok"})
        )
        with pytest.raises(TableError, match="Nothing says which picture of the array is which item"):
            noise.find_issues(said, images=self.pictures())


class TestFindIssues:
    def test_labels_without_ids_go_with_numbers_without_ids(self):
        wrong = LABEL.copy()
        wrong[7] = 1 - wrong[7]
        for labels in (wrong, list(wrong), pd.Series(wrong)):
            queue = noise.find_issues(labels, pred_probs=PROBS, features=FEATURES)
            assert queue.table["item_id"][0] == "7"

    @pytest.mark.parametrize("name", ["features", "pred_probs", "given"])
    def test_what_has_no_ids_is_refused_beside_ids(self, name):
        said = pd.DataFrame({"item_id": np.arange(N) + 1, "annotator_id": "ann", "label": LABEL})
        data = {"features": FEATURES, "pred_probs": PROBS, "given": LABEL}[name]
        with pytest.raises(TableError, match=f"{name} is a ndarray without item ids and annotations has ids"):
            noise.find_issues(said, **{name: data})


def test_other_things_without_ids_are_refused():
    said = pd.DataFrame({"item_id": np.arange(N), "annotator_id": "ann", "label": LABEL})
    gold = LABEL.tolist()
    with pytest.raises(TableError, match="Found a list as gold"):
        consensus.majority_vote(said, gold=gold)
    with pytest.raises(TableError, match="Found a ndarray; needed is labelqa"):
        baseline.human_baseline(LABEL)
    for labels in (LABEL, gold, tuple(gold)):
        with pytest.raises(TableError, match="as before; give a Series by item id"):
            compare_fixes(labels, pd.Series(LABEL), pd.Series(LABEL), features=pd.DataFrame(FEATURES))


def test_gold_is_a_table_or_a_series_by_item_id():
    said = pd.DataFrame({"item_id": ["a", "b"], "annotator_id": "ann", "label": ["x", "y"]})
    table = pd.DataFrame({"item_id": ["b"], "label": ["x"]})
    found = [consensus.majority_vote(said, gold=gold).table for gold in (table, table.set_index("item_id")["label"])]
    assert found[0].equals(found[1])
    assert found[0]["label"].tolist() == ["x", "x"]


class TestAnnotationsOf:
    TABLE = pd.DataFrame({"item_id": ["0", "1"], "label": ["a", "b"]})

    @pytest.mark.parametrize(
        "form",
        [TABLE, TABLE.set_index("item_id")["label"], np.array(["a", "b"]), ["a", "b"], ("a", "b")],
    )
    def test_one_label_each_is_by_nobody_in_particular(self, form):
        found = annotations_of(form)
        assert found.labels.to_numpy().tolist() == [["0", "given", "a"], ["1", "given", "b"]]
        assert annotations_of(found) is found

    def test_boxes_and_labels_by_people(self):
        assert annotations_of(self.TABLE.assign(annotator_id="ann")).annotators == ["ann"]
        corners = {"x_min": 0.0, "y_min": 0.0, "x_max": 2.0, "y_max": 2.0}
        assert len(annotations_of(self.TABLE.assign(annotator_id="ann", **corners)).boxes) == 2

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (5, "Found a int as annotations"),
            (TABLE.assign(item_id="0"), "more than one label and no annotator_id says whose"),
            (TABLE.drop(columns="label"), "annotations has no column 'label'"),
        ],
    )
    def test_what_are_no_labels(self, data, message):
        with pytest.raises(TableError, match=message):
            annotations_of(data)


class TestApplyDecisions:
    DECISIONS = (
        {"item_id": 1, "action": "relabel", "label": "dent", "reviewer": "bo"},
        {"item_id": 2, "action": "drop"},
    )
    TABLE = pd.DataFrame({"item_id": [0, 1, 2], "label": ["ok", "ok", "dent"]})

    @pytest.mark.parametrize(
        "form",
        [
            TABLE, TABLE.set_index("item_id")["label"], TABLE["label"].tolist(), TABLE["label"].to_numpy(),
            TABLE.assign(annotator_id="given"), annotations_of(TABLE),
        ],
        ids=["table", "Series", "list", "array", "people", "Annotations"],
    )  # fmt: skip
    def test_every_form_of_labels_gets_the_same_fixes(self, form):
        done = noise.apply_decisions(form, self.DECISIONS)
        assert done.annotations.labels.to_numpy().tolist() == [["0", "given", "ok"], ["1", "bo", "dent"]]
        assert done.table[["item_id", "kind", "old", "new"]].to_numpy().tolist() == [
            ["2", "drop", "dent", None],
            ["1", "relabel", "ok", "dent"],
        ]


@pytest.mark.parametrize("again", ["a", 7.0])
@pytest.mark.parametrize(
    "judge",
    [
        lambda said, p: noise.confident_learning(said, pred_probs=p),
        lambda said, p: noise.label_issues(said, pred_probs=p),
        lambda said, p: consensus.consensus_labels(said, pred_probs=p),
        lambda said, p: consensus.dawid_skene(said, pred_probs=p),
        consensus.crowdlab,
    ],
    ids=["confident_learning", "label_issues", "consensus_labels", "dawid_skene", "crowdlab"],
)
def test_a_class_has_one_column(judge, again):
    """7 and 7.0 are one class, as 7 and "7" are."""
    said = pd.DataFrame(
        [(f"i{k}", who, "a" if k % 2 else "7") for k in range(6) for who in ("ann", "bob")],
        columns=["item_id", "annotator_id", "label"],
    )
    p = pd.DataFrame(0.5, index=pd.Index([f"i{k}" for k in range(6)], name="item_id"), columns=["a", "7"])
    judge(said, p)
    with pytest.raises(TableError, match=r"pred_probs has 1 columns more than once \('.'\); keep one of each"):
        judge(said, pd.concat([p, pd.Series(0.0, index=p.index, name=again)], axis=1))
