"""One rule for ties: no majority; an answer is the more frequent class, then the first; trust leaves the item out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa import agreement, baseline, consensus, noise

COLUMNS = ["item_id", "annotator_id", "label"]
#: Item 1 is tied between a rare class that comes first and the frequent one, item 2 between two equally frequent ones;
#: over all labels: dent 2, ok 5, rust 1, scratch 1... in natural order.
CROWD = pd.DataFrame(
    [
        (1, "ann", "dent"), (1, "bob", "ok"), (2, "ann", "scratch"), (2, "bob", "rust"), (3, "ann", "ok"),
        (3, "bob", "ok"), (4, "ann", "dent"), (4, "bob", "dent"), (5, "ann", "ok"), (5, "bob", "ok"),
    ],
    columns=COLUMNS,
)  # fmt: skip
ANSWERS = {"1": "ok", "2": "rust", "3": "ok", "4": "dent", "5": "ok"}
TIED = {"1": True, "2": True, "3": False, "4": False, "5": False}


def majority_vote(crowd):
    return consensus.majority_vote(crowd).table


def per_item(crowd):
    return agreement.label_agreement(crowd, n_resamples=0).per_item


def label_issues(crowd):
    return noise.label_issues(crowd).table


ANSWERING = [majority_vote, per_item, label_issues]


@pytest.mark.parametrize("ask", ANSWERING)
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_who_must_answer_gives_the_frequent_one_and_marks_it(ask, seed):
    crowd = CROWD if seed is None else CROWD.sample(frac=1, random_state=seed)
    found = ask(crowd).set_index("item_id")
    assert found["label"].to_dict() == ANSWERS
    assert found["is_tied"].to_dict() == TIED


@pytest.mark.parametrize("ask", ANSWERING)
def test_three_classes_tied(ask):
    rows = [(1, "a", "x"), (1, "b", "y"), (1, "c", "z"), (2, "a", "z"), (2, "b", "z"), (3, "a", "y"), (3, "b", "y")]
    found = ask(pd.DataFrame(rows, columns=COLUMNS)).set_index("item_id")
    assert found.loc["1", ["label", "is_tied"]].tolist() == ["y", True]


def test_who_must_trust_leaves_them_out_and_counts_them():
    features = pd.DataFrame({"x": [0.0, 1.0, 0.1, 5.0, 0.2]}, index=[1, 2, 3, 4, 5])
    said = "2 items without a most frequent label are left out ('1', '2')."
    model = baseline.fit(features, CROWD)
    assert model.metadata["left_out"] == said
    assert model.metadata["class_counts"] == {"dent": 1, "ok": 2}
    found = baseline.cross_validate(features, CROWD)
    assert said in found.reason
    assert found.n_items == 3


def test_copies_of_a_picture_are_labelled_by_the_same_rule():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    found = noise.duplicates({1: image, 3: image}, labels=CROWD).table
    assert found["label"].tolist() == ["ok", "ok"]
    assert not found["is_conflict"].any()
