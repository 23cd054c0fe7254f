"""An item that nobody labelled gets no label from any method, and changes nothing about the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa.consensus import consensus_labels, crowdlab, dawid_skene, glad, mace, majority_vote, one_coin, update

COLUMNS = ["item_id", "annotator_id", "label"]
ROWS = [
    (k, who, ("a" if k % 3 else "b") if (k + ord(who)) % 7 else "b") for k in range(20) for who in "uvw"
]  # fmt: skip
NOBODY = [(k, "u", None) for k in range(100, 110)]


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def classifier(items):
    p = np.array([0.8 if k % 3 else 0.3 for k in items])
    return pd.DataFrame({"item_id": list(items), "a": p, "b": 1 - p})


def by_crowdlab(crowd, **options):
    return crowdlab(crowd, classifier(range(20)), **options)


ALONE = [majority_vote, dawid_skene, one_coin, mace, glad, consensus_labels]
every = pytest.mark.parametrize("method", [*ALONE, by_crowdlab], ids=lambda method: method.__name__)


@every
def test_no_label_from_any_method(method):
    found = method(table(*ROWS, *NOBODY)).table.set_index("item_id")
    nobody = found.loc[[str(k) for k in range(100, 110)]]
    assert nobody["label"].isna().all()
    assert nobody[["probability", "entropy", "agreement"]].isna().all(axis=None)
    assert not nobody["is_tied"].any()
    assert (nobody["n_labels"] == 0).all()
    assert found["label"].notna().sum() == 20


@every
def test_the_others_stay_as_they_are(method):
    with_them, without = method(table(*ROWS, *NOBODY)), method(table(*ROWS))
    kept = with_them.table.head(20)
    assert kept["label"].tolist() == without.table["label"].tolist()
    assert kept["probability"].to_numpy() == pytest.approx(without.table["probability"].to_numpy(), abs=1e-6)
    assert with_them.classes["n_items"].sum() == 20


@every
def test_their_probabilities_are_missing(method):
    found = method(table(*ROWS, *NOBODY))
    assert found.wide().tail(10).isna().all(axis=None)
    assert found.probabilities["probability"].isna().sum() == 20
    assert found.to_dict()["table"][-1]["label"] is None


@pytest.mark.parametrize("method", ALONE, ids=lambda method: method.__name__)
def test_gold_is_a_label(method):
    gold = pd.DataFrame({"item_id": [100], "label": ["b"]})
    found = method(table(*ROWS, *NOBODY), gold=gold).table.set_index("item_id")
    assert found.loc["100", ["label", "probability"]].tolist() == ["b", 1.0]
    assert found.loc["101":"109", "label"].isna().all()


@pytest.mark.parametrize("method", [*ALONE[1:], crowdlab], ids=lambda method: method.__name__)
def test_a_classifier_names_those_it_was_asked_about(method):
    said = classifier([*range(20), 100])
    found = method(table(*ROWS, *NOBODY), pred_probs=said).table.set_index("item_id")
    assert found.loc["100", "label"] == "a"
    assert found.loc["101":"109", "label"].isna().all()


@pytest.mark.parametrize("method", ALONE, ids=lambda method: method.__name__)
def test_a_label_that_comes_later_gives_one(method):
    first = method(table(*ROWS, *NOBODY))
    second = update(first, table((100, "v", "a"), (100, "w", "a")))
    found = second.table.set_index("item_id")
    assert found.loc["100", "label"] == "a"
    assert found.loc["101":"109", "label"].isna().all()
