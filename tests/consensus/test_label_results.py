"""What holds for every method: shapes, invariances, degenerate input."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa import Annotations
from labelqa.consensus import consensus_labels, dawid_skene, glad, mace, majority_vote, one_coin
from labelqa.errors import OptionError, TableError

METHODS = [majority_vote, dawid_skene, one_coin, mace, glad, consensus_labels]
ITERATIVE = METHODS[1:]
COLUMNS = ["item_id", "annotator_id", "label"]

every = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
iterative = pytest.mark.parametrize("method", ITERATIVE, ids=lambda method: method.__name__)

crowds = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(0, 2)),
    min_size=2,
    max_size=50,
    unique_by=lambda r: r[:2],
).map(lambda rows: pd.DataFrame(rows, columns=COLUMNS))


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture(scope="module")
def said():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 40)
    rows = [
        (i, f"w{a}", int(truth[i]) if rng.random() < 0.5 + 0.1 * a else int(rng.integers(0, 3)))
        for i in range(40)
        for a in range(5)
        if rng.random() < 0.8
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


@every
@settings(max_examples=8, deadline=None)
@given(crowd=crowds)
def test_probabilities_are_distributions(method, crowd):
    found = method(crowd)
    total = found.probabilities.groupby("item_id")["probability"].sum()
    assert total.to_numpy() == pytest.approx(np.ones(len(total)))
    assert found.table["probability"].between(0, 1).all()
    assert found.table["label"].notna().all()
    assert (found.annotators["low"] <= found.annotators["quality"] + 1e-9).all()
    assert (found.annotators["quality"] <= found.annotators["high"] + 1e-9).all()
    shares = found.confusion.dropna().groupby(["annotator_id", "true_label"])["share"].sum()
    assert shares.to_numpy() == pytest.approx(np.ones(len(shares)))


@every
@settings(max_examples=15, deadline=None)
@given(crowd=crowds)
def test_shares_of_the_confusion_are_its_counts_and_lie_in_their_intervals(method, crowd):
    cells = method(crowd).confusion.dropna()
    met = cells.groupby(["annotator_id", "true_label"])["n_labels"].transform("sum")
    assert cells["share"].to_numpy() == pytest.approx((cells["n_labels"] / met).to_numpy())
    # to the last digit: a reader may put the three side by side
    assert (cells["low"] <= cells["share"]).all()
    assert (cells["share"] <= cells["high"]).all()
    assert cells[["low", "high", "rate"]].to_numpy() == pytest.approx(0.5, abs=0.5 + 1e-12)


def test_the_share_of_a_confusion_is_not_pulled_to_other_annotators(said):
    """Whoever swaps two classes half the time is reported so, whatever the model expects of them."""
    swapped = said[said["annotator_id"] == "w4"].assign(annotator_id="swap")
    swapped["label"] = [
        {0: 1, 1: 0, 2: 2}[label] if n % 2 else label for n, label in enumerate(swapped["label"].tolist())
    ]
    found = consensus_labels(pd.concat([said, swapped])).confusion
    row = found.query("annotator_id == 'swap' and true_label == 0 and label == 1").iloc[0]
    of_zero = found.query("annotator_id == 'swap' and true_label == 0")
    assert row["share"] == pytest.approx(row["n_labels"] / of_zero["n_labels"].sum())
    assert row["low"] <= row["share"] <= row["high"]
    assert row["rate"] < row["share"]


@every
@settings(max_examples=6, deadline=None)
@given(crowd=crowds, seed=st.integers(0, 100))
def test_order_of_rows_changes_nothing(method, crowd, seed):
    shuffled = crowd.sample(frac=1, random_state=seed).reset_index(drop=True)
    one, two = method(crowd), method(shuffled)
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.annotators, two.annotators)


@every
def test_names_of_labels_items_and_annotators_change_nothing(method, said):
    plain = method(said)
    names = {0: "item_id", 1: "nan", 2: "<b>"}
    renamed = method(
        said.assign(
            label=said["label"].map(names),
            item_id="i" + said["item_id"].astype(str).str.zfill(3),
            annotator_id=said["annotator_id"] + "x",
        ),
        classes=["item_id", "nan", "<b>"],
    )
    assert renamed.table["label"].tolist() == plain.table["label"].map(names).tolist()
    assert renamed.table["probability"].tolist() == pytest.approx(plain.table["probability"].tolist())
    assert "&lt;b&gt;" in renamed._repr_html_()


@every
def test_ids_as_numbers_or_text_are_the_same(method, said):
    text = said.assign(item_id=said["item_id"].astype(str))
    pd.testing.assert_frame_equal(method(said).table, method(text).table)


@every
def test_input_is_untouched_and_annotations_do_as_well(method, said):
    before = said.copy()
    found = method(said)
    pd.testing.assert_frame_equal(said, before)
    pd.testing.assert_frame_equal(found.table, method(Annotations.from_frames(labels=said)).table)


@every
def test_result_goes_into_json_and_a_chart(method, said):
    found = method(said)
    json.dumps(found.to_dict())
    assert found.method == method.__name__
    assert found.method in repr(found)
    assert found.wide().shape == (found.table.shape[0], 3)
    ax = found.plot()
    assert ax.get_xlabel().startswith("expected share")


class TestDegenerate:
    @every
    def test_no_rows(self, method):
        found = method(pd.DataFrame({column: [] for column in COLUMNS}))
        assert found.table.empty
        assert found.annotators.empty
        assert found.probabilities.empty
        assert found.confusion.empty
        assert found.reason == "There are no items."

    @every
    def test_no_labels(self, method):
        found = method(table((1, "a", None), (2, "a", None)))
        assert found.table["label"].isna().all()
        assert found.table["probability"].isna().all()
        assert found.annotators["quality"].isna().all()
        assert found.reason == "There are no labels."

    @every
    def test_one_label(self, method):
        found = method(table((1, "a", "x")))
        assert found.table["label"].tolist() == ["x"]
        assert found.table["n_labels"].tolist() == [1]
        assert "one annotator" in found.reason

    @every
    def test_one_class(self, method):
        found = method(table((1, "a", "x"), (1, "b", "x"), (2, "b", "x")))
        assert found.table["probability"].tolist() == pytest.approx([1, 1])
        assert found.annotators["quality"].tolist() == pytest.approx([1, 1])

    @every
    def test_all_ties(self, method):
        found = method(table(*[(i, who, who) for i in range(4) for who in ("x", "y")]))
        assert found.table["label"].isin(["x", "y"]).all()
        assert np.isfinite(found.table["probability"]).all()
        assert found.table["is_tied"].tolist() == pytest.approx(np.isclose(found.table["probability"], 0.5).tolist())

    @every
    def test_item_without_labels_among_others(self, method):
        found = method(table((1, "a", "x"), (1, "b", "x"), (2, "b", "y"), (2, "a", "y"), (3, "a", None)))
        last = found.table.iloc[2]
        assert last["n_labels"] == 0
        assert np.isnan(last["agreement"])
        assert pd.isna(last["label"])
        assert np.isnan(last["probability"])
        assert not last["is_tied"]

    @every
    def test_every_item_is_gold(self, method):
        crowd = table((1, "a", "x"), (1, "b", "y"), (2, "a", "x"), (2, "b", "y"))
        found = method(crowd, gold=pd.DataFrame({"item_id": [1, 2], "label": ["x", "z"]}))
        assert found.table["label"].tolist() == ["x", "z"]
        assert found.table["probability"].tolist() == [1.0, 1.0]
        assert found.table["is_gold"].all()
        assert found.annotators["quality"].tolist() == [0.5, 0.0]

    @every
    def test_unused_class(self, method):
        found = method(table((1, "a", "x"), (1, "b", "x"), (2, "a", "y"), (2, "b", "y")), classes=["y", "z", "x"])
        assert found.classes["label"].tolist() == ["y", "z", "x"]
        assert found.table["label"].tolist() == ["x", "y"]

    @every
    def test_repeats_count_each(self, method):
        found = method(table((1, "a", "x"), (1, "a", "x"), (1, "b", "y")))
        assert found.table["n_labels"].tolist() == [3]
        assert found.table["label"].tolist() == ["x"]


@every
def test_missing_column_is_refused(method):
    with pytest.raises(TableError, match="annotator_id"):
        method(pd.DataFrame({"item_id": [1], "label": [1]}))


@every
def test_labels_outside_the_classes_are_refused(method):
    with pytest.raises(TableError, match="classes="):
        method(table((1, "a", "x")), classes=["y"])


@iterative
@pytest.mark.parametrize("options", [{"n_iterations": 0}, {"tolerance": -1}, {"tolerance": float("nan")}])
def test_impossible_options_are_refused(method, said, options):
    with pytest.raises(OptionError, match=next(iter(options))):
        method(said, **options)


class TestPrior:
    @iterative
    def test_settles_a_tie_and_labels_the_unlabelled(self, method):
        crowd = table(*[(i, w, i % 2) for i in range(20) for w in "ab"], (20, "a", 0), (20, "b", 1), (21, "a", None))
        prior = pd.DataFrame({"item_id": [20, 21], 0: [0.2, 0.9], 1: [0.8, 0.1]})
        found = method(crowd, pred_probs=prior).table.set_index("item_id")
        assert found.loc["20", "label"] == 1
        assert found.loc["21", "label"] == 0
        assert found.loc["21", "probability"] == pytest.approx(0.9, abs=0.1)

    @iterative
    def test_ids_in_the_index_and_order_do_not_matter(self, method, said):
        rng = np.random.default_rng(0)
        prior = pd.DataFrame(rng.dirichlet(np.ones(3), 40), columns=[0, 1, 2]).assign(item_id=range(40))
        indexed = prior.set_index("item_id").sample(frac=1, random_state=1)[[2, 0, 1]]
        pd.testing.assert_frame_equal(method(said, pred_probs=prior).table, method(said, pred_probs=indexed).table)

    def test_a_class_may_be_called_item_id(self):
        crowd = table((1, "a", "item_id"), (1, "b", "x"))
        prior = pd.DataFrame({"item_id": [0.9], "x": [0.1]}, index=pd.Index([1], name="item_id"))
        assert dawid_skene(crowd, pred_probs=prior).table["label"].tolist() == ["item_id"]

    @pytest.mark.parametrize(
        ("prior", "message"),
        [
            (pd.DataFrame({"x": [1.0]}), "no item ids"),
            (pd.DataFrame({"item_id": [1, 1], "x": [1.0, 1.0]}), "more than once"),
            (pd.DataFrame({"item_id": [1], "x": [0.4], "y": [0.4]}), "sum to 1"),
            (pd.DataFrame({"item_id": [1], "x": [np.nan], "y": [1.0]}), "sum to 1"),
            (pd.DataFrame({"item_id": [1], "x": [1.0]}), r"no column for 1 classes that are among the labels \('y'"),
            (pd.DataFrame({"item_id": [1], "x": [1.0], "y": ["0"]}), r"hold no numbers \('y'\)"),
            (pd.DataFrame({"item_id": [9], "x": [1.0], "y": [0.0]}), r"names none of the 1 items \('1'; its rows are"),
            (np.array([[1.0, 0.0]]), "Found a ndarray as pred_probs"),
            ([[1.0, 0.0]], "Found a list as pred_probs"),
            (pd.DataFrame({"item_id": [1], "x": [-0.5], "y": [1.5]}), "sum to 1"),
        ],
    )
    def test_what_is_no_prior_is_refused(self, prior, message):
        with pytest.raises(TableError, match=message):
            consensus_labels(table((1, "a", "x"), (1, "b", "y")), pred_probs=prior)

    def test_classes_that_the_list_does_not_name_are_refused(self):
        prior = pd.DataFrame({"item_id": [1], "x": [0.5], "z": [0.5]})
        with pytest.raises(TableError, match="classes="):
            consensus_labels(table((1, "a", "x")), pred_probs=prior, classes=["x", "y"])
