from __future__ import annotations

import pandas as pd
import pytest

from labelqa.consensus import expected_accuracy, majority_vote
from labelqa.errors import TableError

COLUMNS = ["item_id", "annotator_id", "label"]

# expected accuracy of the plain vote, counted by an independent script
EXPECTED = {
    "cf": 0.882,
    "sp_amt": 0.943,
    "zencrowd_us": 0.861,
    "product": 0.897,
    "bluebird": 0.759,
    "rte": 0.897,
    "web": 0.731,
    "adult": 0.760,
    "music": 0.704,
}


@pytest.mark.parametrize(("name", "accuracy"), EXPECTED.items())
def test_expected_accuracy_on_crowd_sets(real_data, name, accuracy):
    folder = real_data / "crowdlabels" / name
    found = majority_vote(pd.read_csv(folder / "labels.csv"))
    assert expected_accuracy(found, pd.read_csv(folder / "gold.csv")) == pytest.approx(accuracy, abs=0.0006)


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def test_tie_goes_to_the_more_frequent_class_and_is_marked():
    said = table((1, "a", "x"), (1, "b", "y"), (2, "a", "y"), (2, "b", "y"))
    found = majority_vote(said).table
    assert found["label"].tolist() == ["y", "y"]
    assert found["is_tied"].tolist() == [True, False]
    assert found["probability"].tolist() == [0.5, 1.0]


def test_tie_between_equally_frequent_classes_goes_to_the_first_in_natural_order():
    said = table((1, "a", 10), (1, "b", 9))
    assert majority_vote(said).table["label"].tolist() == [9]


def test_table_columns():
    said = table((1, "a", "x"), (1, "b", "x"), (1, "c", "y"), (2, "a", "y"), (2, "b", "y"))
    found = majority_vote(said).table
    assert list(found.columns) == [
        "item_id", "label", "probability", "is_tied", "n_labels", "agreement", "entropy", "is_gold",
    ]  # fmt: skip
    assert found["n_labels"].tolist() == [3, 2]
    assert found["agreement"].tolist() == pytest.approx([2 / 3, 1.0])
    # entropy of (2/3, 1/3) in bits
    assert found["entropy"].tolist() == pytest.approx([0.9182958340544896, 0.0])


def test_gold_is_the_label_and_teaches_who_is_right():
    said = table((1, "a", "x"), (1, "b", "x"), (1, "c", "y"))
    found = majority_vote(said, gold=pd.DataFrame({"item_id": [1], "label": ["y"]}))
    assert found.table[["label", "probability", "is_gold"]].to_numpy().tolist() == [["y", 1.0, True]]
    assert found.annotators["quality"].tolist() == [0.0, 0.0, 1.0]


def test_gold_of_unknown_items_is_left_out():
    found = majority_vote(table((1, "a", "x")), gold=pd.DataFrame({"item_id": [7], "label": ["y"]}))
    assert found.table["item_id"].tolist() == ["1"]
    assert not found.table["is_gold"].any()


def test_contradicting_gold_is_refused():
    gold = pd.DataFrame({"item_id": [1, 1], "label": ["x", "y"]})
    with pytest.raises(TableError, match="two different labels"):
        majority_vote(table((1, "a", "x")), gold=gold)


@pytest.mark.parametrize(
    ("gold", "accuracy"),
    [
        ({"item_id": [1, 2], "label": ["x", "y"]}, 0.75),
        ({"item_id": [1], "label": ["x"]}, 0.5),
        ({"item_id": [2], "label": ["unheard of"]}, 0.0),
        ({"item_id": [9], "label": ["x"]}, float("nan")),
    ],
)
def test_expected_accuracy_counts_a_tie_as_a_fair_draw(gold, accuracy):
    found = majority_vote(table((1, "a", "x"), (1, "b", "y"), (2, "a", "y")))
    assert expected_accuracy(found, pd.DataFrame(gold)) == pytest.approx(accuracy, nan_ok=True)


def test_items_without_labels_count_as_wrong():
    found = majority_vote(table((1, "a", "x"), (2, "a", None)))
    gold = pd.DataFrame({"item_id": [1, 2], "label": ["x", "x"]})
    assert expected_accuracy(found, gold) == 0.5
