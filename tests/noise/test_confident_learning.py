from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from cleanlab.rank import get_label_quality_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa.errors import OptionError, TableError
from labelqa.noise import class_health, confident_learning
from labelqa.noise._cleanlab import find_issues as cleanlab_issues
from labelqa.noise.labels._confident_learning import FILTERS, _prune_counts, confident_joint, find_issues

#: Flags of cleanlab 2.9 on the published cross-validated probabilities (github.com/cleanlab/label-errors).
PUBLISHED = {
    "mnist": dict.fromkeys(FILTERS, 15) | {"predicted_neq_given": 87},
    "cifar10": {
        "prune_by_noise_rate": 284,
        "prune_by_class": 284,
        "both": 226,
        "confident_learning": 244,
        "predicted_neq_given": 706,
        "low_normalized_margin": 244,
        "low_self_confidence": 244,
    },
}


@pytest.fixture(scope="module", params=["mnist", "cifar10"])
def published(request, real_data):
    folder = real_data / "label_errors"
    labels = np.load(folder / f"{request.param}_labels.npy")
    return request.param, labels, np.load(folder / f"{request.param}_pred_probs.npy")


@pytest.mark.parametrize("filter_by", FILTERS)
def test_flags_equal_cleanlab_on_real_data(published, filter_by):
    name, labels, probs = published
    ours = confident_learning(labels, pred_probs=probs, filter_by=filter_by)
    theirs = confident_learning(labels, pred_probs=probs, filter_by=filter_by, engine="cleanlab")
    assert ours.n_flagged == theirs.n_flagged == PUBLISHED[name][filter_by]
    pd.testing.assert_frame_equal(ours.table, theirs.table)


@pytest.mark.parametrize(("name", "n_reviewed", "n_errors"), [("mnist", 100, 15), ("cifar10", 275, 54)])
def test_the_reviewed_flags_hold_the_published_errors(real_data, name, n_reviewed, n_errors):
    # an error: fewer than 3 of 5 people confirmed the given label (Northcutt, Athalye and Mueller 2021, table 1)
    said = json.loads((real_data / "label_errors" / f"{name}_reviewed.json").read_text())
    assert len(said) == n_reviewed
    assert sum(one["mturk"]["given"] < 3 for one in said) == n_errors


@pytest.mark.parametrize("filter_by", FILTERS)
@pytest.mark.parametrize(("n", "n_classes"), [(40, 2), (300, 4), (500, 9)])
def test_flags_equal_cleanlab_on_random_data(probabilities, filter_by, n, n_classes):
    for seed in range(5):
        labels, probs = probabilities(n, n_classes, seed)
        # cleanlab refuses classes that nobody has
        labels[:n_classes] = np.arange(n_classes)
        labels = labels.astype(np.int32)
        np.testing.assert_array_equal(
            find_issues(labels, probs, filter_by), cleanlab_issues(labels, probs, filter_by), f"seed {seed}"
        )


# of equal scores cleanlab's ranking takes any
@pytest.mark.parametrize("filter_by", [name for name in FILTERS if not name.startswith("low_")])
def test_flags_equal_cleanlab_where_classes_are_next_to_equal(filter_by):
    # cleanlab takes a prediction that is a millionth more likely than the label for the label
    for seed in range(10):
        rng = np.random.default_rng(seed)
        probs = rng.dirichlet(np.ones(3), 60).round(1) + 0.1
        probs += rng.choice([0, 5e-7, 2e-6], probs.shape)
        probs /= probs.sum(axis=1, keepdims=True)
        labels = np.r_[np.arange(3), rng.integers(0, 3, 57)].astype(np.int32)
        np.testing.assert_array_equal(
            find_issues(labels, probs, filter_by), cleanlab_issues(labels, probs, filter_by), f"seed {seed}"
        )


def test_a_prediction_within_a_millionth_is_the_label():
    probs = np.array([[0.5 - off, 0.5 + off] for off in (0, 4e-7, 6e-7, 0.1)])
    assert find_issues(np.zeros(4, np.int32), probs, "predicted_neq_given").tolist() == [False, False, True, True]


def test_scores_equal_cleanlab(probabilities):
    labels, probs = probabilities(200, 5)
    table = confident_learning(labels, pred_probs=probs, classes=list(range(5))).table
    for method in ("self_confidence", "normalized_margin"):
        np.testing.assert_allclose(
            table[method], get_label_quality_scores(labels, probs, method=method, adjust_pred_probs=False), atol=1e-12
        )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(4)))
def test_order_of_rows_and_names_of_classes_change_nothing(seed, names):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(4) * 0.5, 80)
    labels = rng.integers(0, 4, 80)
    plain = confident_learning(labels, pred_probs=probs).table.set_index("item_id")["is_flagged"]
    order = rng.permutation(80)
    renamed = pd.DataFrame({"item_id": order, "label": [f"c{names[k]}" for k in labels[order]]})
    table = pd.DataFrame(probs, columns=[f"c{name}" for name in names]).iloc[rng.permutation(80)]
    # classes keep their places: as in cleanlab, equal remainders are rounded up in the order of the classes
    classes = [f"c{name}" for name in names]
    other = confident_learning(renamed, pred_probs=table, classes=classes).table.set_index("item_id")["is_flagged"]
    pd.testing.assert_series_equal(plain.sort_index(), other.sort_index())


def test_counts_of_the_joint_add_up_to_the_labels(probabilities):
    labels, probs = probabilities(400, 4)
    found = confident_learning(labels, pred_probs=probs)
    np.testing.assert_array_equal(found.joint.groupby("given")["n"].sum(), np.bincount(labels))


def test_one_class_has_a_reason():
    found = confident_learning(["ok", "ok"], pred_probs=np.ones((2, 1)), classes=["ok"])
    assert found.n_flagged == 0
    assert found.reason == "There is only one class, so no label can be another."


def test_a_class_with_one_item_is_never_emptied():
    probs = np.array([[0.9, 0.1]] * 6 + [[0.8, 0.2]])
    found = confident_learning([0] * 6 + [1], pred_probs=probs)
    assert not found.table["is_flagged"].iloc[-1]


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10_000))
def test_what_is_pruned_equals_cleanlab_where_no_label_of_a_class_is_right(n_classes, seed):
    from cleanlab.filter import _keep_at_least_n_per_class

    rng = np.random.default_rng(seed)
    joint = rng.integers(0, 6, (n_classes, n_classes)) * rng.integers(0, 2, (n_classes, n_classes))
    np.fill_diagonal(joint, rng.integers(0, 3, n_classes))
    np.testing.assert_array_equal(_prune_counts(joint), _keep_at_least_n_per_class(joint.T, 1))


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_the_joint_equals_cleanlab_where_hardly_a_label_is_right(n_classes):
    from cleanlab.count import compute_confident_joint

    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = np.r_[np.arange(n_classes), rng.integers(0, n_classes, 12)]
        probs = rng.dirichlet(np.ones(n_classes) * 0.5, len(labels))
        theirs = compute_confident_joint(labels, probs)
        np.testing.assert_array_equal(confident_joint(labels.astype(np.int32), probs)[0], theirs, f"seed {seed}")


def test_a_class_without_a_confident_item_counts_as_having_one():
    # the thresholds are 0.1375 and 0.55, so that all eight that are called 0 are 1: with one more that is 0, eight
    # ninths of eight
    probs = np.array([[0.1, 0.9]] * 7 + [[0.4, 0.6], [0.45, 0.55]])
    joint, is_off, _ = confident_joint(np.array([0] * 8 + [1], np.int32), probs)
    assert joint.tolist() == [[1, 7], [0, 1]]
    assert is_off.tolist() == [True] * 8 + [False]


def test_one_item_of_each_class_stays():
    # 0 was given 5 times and never rightly: one of each kind of error is spared
    assert _prune_counts(np.array([[0, 3, 2], [1, 4, 0], [0, 0, 7]])).tolist() == [[1, 1, 0], [2, 4, 0], [1, 0, 7]]


def test_an_array_of_probabilities_needs_class_names_for_text_labels():
    with pytest.raises(TableError, match=r"2 columns without names; give classes="):
        confident_learning(["a", "b"], pred_probs=np.full((2, 2), 0.5))


def test_unknown_options_are_refused(probabilities):
    labels, probs = probabilities(20, 2)
    with pytest.raises(OptionError, match="filter_by='best' is not known"):
        confident_learning(labels, pred_probs=probs, filter_by="best")
    with pytest.raises(OptionError, match="engine='fast' is not known"):
        confident_learning(labels, pred_probs=probs, engine="fast")


def test_class_health_finds_the_pair_that_is_mixed_up():
    probs = np.repeat(np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]]), 60, axis=0)
    given_labels = np.repeat([0, 1, 2], 60)
    given_labels[:12] = 1
    given_labels[60:72] = 0
    found = class_health(confident_learning(given_labels, pred_probs=probs))
    assert found.n_wrong == 24
    assert found.pairs[["label_a", "label_b", "n_a_for_b", "n_b_for_a"]].to_numpy().tolist() == [[0, 1, 12, 12]]
    assert found.pairs["advice"].iloc[0] == "tell 0 and 1 apart in the guideline, or merge them"
    assert found.table["label"].iloc[-1] == 2
    assert found.table["share_wrong"].iloc[-1] == 0
    assert found.plot().get_xlabel() == "estimated true class"


def test_class_health_counts_what_was_taken_for_what():
    probs = np.repeat(np.eye(3) * 0.85 + 0.05, 40, axis=0)
    labels = np.repeat([0, 1, 2], 40)
    labels[:8] = 1  # truly 0
    labels[80:82] = 1  # truly 2
    labels[82:88] = 0
    found = class_health(confident_learning(labels, pred_probs=probs))
    table = found.table.set_index("label")
    assert table[["n", "n_wrong", "n_missed"]].to_numpy().tolist() == [[50, 10, 0], [38, 6, 8], [32, 0, 8]]
    assert table["share_wrong"].tolist() == pytest.approx([10 / 50, 6 / 38, 0])
    assert table["most_confused_with"].tolist() == [0, 2, None]
    noise = found.noise_matrix.set_index(["given", "true"])
    assert noise.loc[(1, 0), "n"] == 8
    assert noise.loc[(1, 0), "share"] == pytest.approx(8 / 50)
    assert noise.groupby("given")["share"].sum().tolist() == pytest.approx([1.0] * 3)


def test_class_health_says_which_way_labels_go():
    probs = np.repeat(np.array([[0.95, 0.05], [0.05, 0.95]]), 50, axis=0)
    given_labels = np.repeat([0, 1], 50)
    given_labels[:10] = 1
    found = class_health(confident_learning(given_labels, pred_probs=probs)).pairs.iloc[0]
    assert not found["is_mutual"]
    assert found["advice"] == "items that are 0 get 1: say in the guideline when 1 does not apply"


def test_class_health_needs_a_result():
    with pytest.raises(TableError, match="Found a list; needed is the result"):
        class_health([])
