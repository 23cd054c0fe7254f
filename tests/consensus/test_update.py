from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa.consensus import consensus_labels, dawid_skene, glad, mace, majority_vote, one_coin, update
from labelqa.errors import TableError

METHODS = [majority_vote, dawid_skene, one_coin, mace, glad, consensus_labels]
every = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


@pytest.fixture(scope="module")
def said(real_data):
    return pd.read_csv(real_data / "crowdlabels" / "music" / "labels.csv").sample(frac=1, random_state=0)


def assert_same(one, two):
    pd.testing.assert_frame_equal(one.table, two.table, atol=1e-6, rtol=0)
    pd.testing.assert_frame_equal(one.annotators, two.annotators, atol=1e-6, rtol=0)
    assert one.wide().to_numpy() == pytest.approx(two.wide().to_numpy(), abs=1e-6)


@every
def test_equals_a_fit_to_all_labels(method, said):
    in_three = update(update(method(said[:1000]), said[1000:2700]), said[2700:])
    assert_same(in_three, method(said))


@every
def test_new_items_annotators_and_classes(method):
    columns = ["item_id", "annotator_id", "label"]
    old = pd.DataFrame([(10, "b", "x"), (10, "c", "y"), (9, "c", "y"), (8, "c", None)], columns=columns)
    new = pd.DataFrame([(9, "a", "w"), (2, "a", "w"), (8, "d", "w")], columns=columns)
    assert_same(update(method(old), new), method(pd.concat([old, new])))


@every
def test_gold_and_prior_of_both(method):
    columns = ["item_id", "annotator_id", "label"]
    rng = np.random.default_rng(2)
    rows = [(i, f"w{a}", int(rng.random() < 0.3 + 0.4 * (i % 2))) for i in range(30) for a in range(4)]
    said = pd.DataFrame(rows, columns=columns)
    gold = pd.DataFrame({"item_id": range(6), "label": [i % 2 for i in range(6)]})
    options, new = {}, {}
    if method is not majority_vote:
        prior = pd.DataFrame(rng.dirichlet([1, 1], 30), columns=[0, 1]).assign(item_id=range(30))
        options, new = {"pred_probs": prior}, {"pred_probs": prior[20:]}
        first = method(said[:80], gold=gold[:3], pred_probs=prior[:20])
    else:
        first = method(said[:80], gold=gold[:3])
    assert_same(update(first, said[80:], gold=gold[2:], **new), method(said, gold=gold, **options))


def test_named_classes_stay_closed():
    columns = ["item_id", "annotator_id", "label"]
    first = majority_vote(pd.DataFrame([(1, "a", "x")], columns=columns), classes=["x", "y"])
    with pytest.raises(TableError, match="classes="):
        update(first, pd.DataFrame([(1, "b", "z")], columns=columns))


def test_contradicting_gold_is_refused():
    columns = ["item_id", "annotator_id", "label"]
    said = pd.DataFrame([(1, "a", "x"), (1, "b", "y")], columns=columns)
    first = majority_vote(said, gold=pd.DataFrame({"item_id": [1], "label": ["x"]}))
    with pytest.raises(TableError, match="contradicts"):
        update(first, said, gold=pd.DataFrame({"item_id": [1], "label": ["y"]}))


@pytest.mark.parametrize("method", [dawid_skene, one_coin], ids=lambda method: method.__name__)
def test_going_on_is_shorter(method, real_data):
    said = pd.read_csv(real_data / "crowdlabels" / "bluebird" / "labels.csv").sample(frac=1, random_state=0)
    first, whole = method(said[:4000]), method(said)
    warm = update(first, said[4000:], warm=True)
    assert warm.n_iterations < whole.n_iterations
    assert warm.table["probability"].tolist() == pytest.approx(whole.table["probability"].tolist(), abs=0.02)
