"""Documented limits of consensus on labels, at their boundary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from labelqa._labels import winners
from labelqa.consensus import consensus_labels, crowdlab, dawid_skene, expected_accuracy, majority_vote
from labelqa.consensus.labels._crowd import make_crowd
from labelqa.consensus.labels._result import TIE
from labelqa.consensus.labels._temper import best_power, temper
from labelqa.consensus.labels._weights import _scrambled
from labelqa.errors import TableError

COLUMNS = ["item_id", "annotator_id", "label"]


class TestTemper:
    LOGS = np.log(np.random.default_rng(0).dirichlet(np.ones(3), 500))

    @pytest.mark.parametrize("power", [0.2, 0.5, 0.9])
    def test_too_sure_is_tamed_by_the_power_that_fits(self, power):
        assert best_power(self.LOGS, softmax(power * self.LOGS, axis=1), 1.0) == pytest.approx(power, abs=1e-3)

    @pytest.mark.parametrize("power", [1.0, 1.5, 4.0])
    def test_too_unsure_is_never_sharpened(self, power):
        assert best_power(self.LOGS, softmax(power * self.LOGS, axis=1), 0.7) == pytest.approx(1.0, abs=1e-3)
        assert best_power(self.LOGS, softmax(power * self.LOGS, axis=1), 0.7) <= 1.0

    def test_what_is_worse_than_nothing_counts_nothing(self):
        assert best_power(self.LOGS, softmax(-self.LOGS, axis=1), 1.0) == 0.0

    def test_fits_end_when_the_power_stands_still(self):
        said = pd.DataFrame([(k, "a", k % 2) for k in range(20)], columns=COLUMNS)
        prior = pd.DataFrame({"item_id": range(20), 0: [0.8, 0.2] * 10, 1: [0.2, 0.8] * 10})
        crowd = make_crowd(said, classes=None, gold=None, prior=prior)
        fits = []

        def fit(tempered):
            fits.append(tempered)
            return softmax(0.5 * np.log(crowd.prior), axis=1)

        _, power = temper(crowd, fit)
        assert power == pytest.approx(0.5, abs=1e-4)
        # from 1 to 0.5, and once more without a move
        assert len(fits) == 2

    @pytest.mark.parametrize("sureness", [0.5, 1.0, 3.0])
    def test_of_the_default(self, sureness):
        rng = np.random.default_rng(0)
        truth = rng.integers(0, 2, 200)
        logits = sureness * np.where(truth[:, None] == [0, 1], 1.0, -1.0) + rng.normal(0, 1.0, (200, 2))
        p = softmax(logits, axis=1)
        said = [(k, f"a{a}", truth[k] if rng.random() < 0.8 else 1 - truth[k]) for k in range(200) for a in range(3)]
        found = consensus_labels(
            pd.DataFrame(said, columns=COLUMNS),
            pred_probs=pd.DataFrame({"item_id": range(200), 0: p[:, 0], 1: p[:, 1]}),
        )
        assert 0.0 <= found.prior_power <= 1.0


def test_probabilities_closer_than_a_billionth_are_tied():
    assert TIE == 1e-9
    scores = np.array([[0.5, 0.5 + 0.5e-9], [0.5, 0.5 + 2e-9], [0.5 + 0.5e-9, 0.5]])
    found = winners(scores, ties="frequent", frequency=np.array([2.0, 1.0]), within=TIE)
    assert found.is_tied.tolist() == [True, False, True]
    assert found.code.tolist() == [0, 1, 0]
    assert winners(scores, ties="none", within=TIE).code.tolist() == [-1, 1, -1]


@pytest.mark.parametrize(("total", "is_fine"), [(1.0099, True), (0.9901, True), (1.0101, False), (0.9899, False)])
def test_probabilities_of_a_classifier_may_be_off_by_a_hundredth(total, is_fine):
    crowd = pd.DataFrame([(1, "a", "x"), (1, "b", "y")], columns=COLUMNS)
    prior = pd.DataFrame({"item_id": [1], "x": [0.5], "y": [total - 0.5]})
    if is_fine:
        assert dawid_skene(crowd, pred_probs=prior).table["label"].notna().all()
        return
    with pytest.raises(TableError, match="no probability distribution"):
        dawid_skene(crowd, pred_probs=prior)


def test_agreement_and_entropy():
    rows = [
        (1, "a", "x"),
        (1, "b", "x"),
        (1, "c", "y"),
        (1, "d", "y"),
        (2, "a", "x"),
        (3, "a", "x"),
        (3, "b", "x"),
        (3, "c", "y"),
    ]
    table = majority_vote(pd.DataFrame(rows, columns=COLUMNS)).table
    assert table["agreement"].tolist() == pytest.approx([0.5, 1.0, 2 / 3])
    share = np.array([2 / 3, 1 / 3])
    assert table["entropy"].tolist() == pytest.approx([1.0, 0.0, -(share * np.log2(share)).sum()])
    assert table["n_labels"].tolist() == [4, 1, 3]


def test_where_nobody_labelled_no_gold_item_is_right():
    nothing = majority_vote(pd.DataFrame([(1, "a", None), (2, "b", None)], columns=COLUMNS))
    assert expected_accuracy(nothing, pd.DataFrame({"item_id": [1, 2], "label": ["x", "y"]})) == 0.0


@pytest.mark.parametrize("first", [0.0, 0.1, 0.9])
def test_crowdlab_leaves_items_without_labels_to_the_classifier(first):
    rows = [(k, who, "xy"[k % 2]) for k in range(8) for who in "ab"]
    said = pd.DataFrame([*rows, (8, "a", None)], columns=COLUMNS)
    prior = pd.DataFrame({"item_id": range(9), "x": [0.8, 0.2] * 4 + [first]})
    found = crowdlab(said, prior.assign(y=1 - prior["x"]))
    assert found.table.set_index("item_id").loc["8", "label"] == ("x" if first > 0.5 else "y")


def test_numbers_are_scrambled_as_splitmix64_does():
    """The first two numbers of SplitMix64 from the seed 0, as published with its reference code (Vigna, 2015)."""
    step = 0x9E3779B97F4A7C15
    states = np.array([step, 2 * step % 2**64], np.uint64)
    assert _scrambled(states).tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]
