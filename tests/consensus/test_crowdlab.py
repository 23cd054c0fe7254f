from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa.consensus import crowdlab, expected_accuracy
from labelqa.errors import TableError

COLUMNS = ["item_id", "annotator_id", "label"]


@pytest.fixture(scope="module")
def crowd():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 60)
    classes = np.array(["cat", "dog", "<b>"])
    rows = [
        (i, f"w{a}", classes[truth[i] if rng.random() < 0.8 else rng.integers(0, 3)])
        for i in range(60)
        for a in range(3)
        if a < 2 or rng.random() < 0.5
    ]
    said = pd.DataFrame(rows, columns=COLUMNS)
    model = 0.5 * np.eye(3)[truth] + 0.5 * rng.dirichlet(np.ones(3), 60)
    return said, pd.DataFrame(model, columns=classes).assign(item_id=range(60)), truth


def test_equals_cleanlab(crowd):
    import warnings

    from cleanlab.multiannotator import get_label_quality_multiannotator

    said, model, _ = crowd
    found = crowdlab(said, model, classes=["cat", "dog", "<b>"])
    wide = said.assign(label=said["label"].map({"cat": 0, "dog": 1, "<b>": 2})).pivot_table(
        index="item_id", columns="annotator_id", values="label"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = get_label_quality_multiannotator(wide, model[["cat", "dog", "<b>"]].to_numpy(), verbose=False)
    quality = theirs["label_quality"]
    assert found.table["probability"].tolist() == pytest.approx(quality["consensus_quality_score"].tolist())
    assert found.table["label"].map({"cat": 0, "dog": 1, "<b>": 2}).tolist() == quality["consensus_label"].tolist()
    expected = theirs["annotator_stats"].sort_index()["annotator_quality"]
    assert found.annotators["crowdlab_quality"].tolist() == pytest.approx(expected.tolist())


def test_is_right_mostly(crowd):
    said, model, truth = crowd
    gold = pd.DataFrame({"item_id": range(60), "label": np.array(["cat", "dog", "<b>"])[truth]})
    assert expected_accuracy(crowdlab(said, model), gold) > 0.9


def test_items_without_labels_keep_the_classifier(crowd):
    said, model, _ = crowd
    more = pd.concat([said, pd.DataFrame([(60, "w0", None)], columns=COLUMNS)])
    with_more = pd.concat([model, pd.DataFrame({"item_id": [60], "cat": [0.1], "dog": [0.7], "<b>": [0.2]})])
    last = crowdlab(more, with_more).table.set_index("item_id").loc["60"]
    assert (last["label"], last["probability"]) == ("dog", 0.7)


def test_no_rows_give_an_empty_result(crowd):
    said, model, _ = crowd
    assert crowdlab(said.head(0), model.head(0)).table.empty


def test_what_it_needs(crowd):
    said, model, _ = crowd
    with pytest.raises(TableError, match="does not name 1 items"):
        crowdlab(said, model.head(59))
    with pytest.raises(TableError, match="repeat one"):
        crowdlab(pd.concat([said, said.head(2)]), model)
    with pytest.raises(TableError, match="at least two"):
        crowdlab(said.assign(label="a"), model.assign(a=1.0)[["item_id", "a"]])


def test_every_label_has_a_column(crowd):
    said, model, _ = crowd
    more = pd.concat([said.iloc[1:], said.head(1).assign(label="bird")])
    with pytest.raises(TableError, match=r"no column for 1 classes that are among the labels \('bird'; found"):
        crowdlab(more, model)
    assert crowdlab(more, model.assign(bird=0.0)).table["label"].isin(["cat", "dog", "<b>"]).all()


def test_annotators_without_overlap_are_refused(crowd):
    said, model, _ = crowd
    with pytest.raises(TableError, match=r"No item of 60 has labels by two annotators; .* use consensus_labels"):
        crowdlab(said.drop_duplicates("item_id").assign(annotator_id=["a", "b"] * 30), model)
