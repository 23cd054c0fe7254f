"""The pool of `consensus_labels` against its recipe, written down once more, plainly and with the recipe's constants.

Every constant that decides (labels added, weights of the vote, strengths, draws, rounds) stands here as a number: what
changes in the code changes what is compared.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from labelqa._labels import count_votes
from labelqa.consensus import consensus_labels
from labelqa.consensus.labels import _anchored, _weights
from labelqa.consensus.labels._crowd import StoppingRule, make_crowd

UNTIL = StoppingRule(n_iterations=50, tolerance=1e-3)
#: Types of items, weight of the vote shares, labels as expected that are added (None: no confusions of their own).
MODELS = {"same": (1, 0.0, None), "coin": (1, 0.25, None), "full": (1, 0.1, 2.5), "types": (2, 0.0, 5.0)}


@pytest.fixture(scope="module")
def crowd():
    random = np.random.default_rng(3)
    rows = []
    for item in range(90):
        truth = random.choice(3, p=[0.6, 0.3, 0.1])
        for who in random.choice(9, random.integers(1, 6), replace=False):
            is_right = random.random() < 0.45 + 0.06 * who
            rows.append((item, f"w{who}", "abc"[truth if is_right else random.integers(3)]))
    said = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    return make_crowd(said, classes=None, gold=None, prior=None)


def shares(crowd):
    n = count_votes(crowd.codes)
    return (n + 1 / n.shape[1]) / (n.sum(axis=1, keepdims=True) + 1)


def rates_of(n, name):
    """Rates from counts (A, said, class, type)."""
    _, _, strength = MODELS[name]
    n_classes = n.shape[1]
    right, total = np.einsum("assm->a", n), n.sum(axis=(1, 2, 3))
    average = right.sum() / total.sum()
    accuracy = np.full(len(n), average) if name == "same" else (right + 4 * average) / (total + 4)
    accuracy = np.clip(accuracy, 0.001, 0.999)
    wrong = n.sum(axis=(0, 3)) + 1 / (n_classes - 1)
    np.fill_diagonal(wrong, 0)
    off = wrong / wrong.sum(axis=0)
    mean = (1 - accuracy)[:, None, None] * off
    mean[:, range(n_classes), range(n_classes)] = accuracy[:, None]
    mean = np.repeat(mean[..., None], n.shape[3], axis=3)
    return mean if strength is None else (n + strength * mean) / (n.sum(axis=1, keepdims=True) + strength)


def fitted(crowd, name):
    """Posteriors (I, class x type) and rates after the steps of the recipe."""
    codes, (n_types, of_votes, _) = crowd.codes, MODELS[name]
    n = count_votes(codes)
    z = n / n.sum(axis=1, keepdims=True)
    p = z[..., None] if n_types == 1 else np.stack([z**2, z * (1 - z)], axis=-1)
    for done in range(50):
        q = (1 - of_votes) * p + of_votes * shares(crowd)[..., None]
        counts = np.zeros((codes.n_annotators, codes.n_classes, codes.n_classes, n_types))
        np.add.at(counts, (codes.annotator, codes.label), q[codes.item])
        rates = rates_of(counts, name)
        of_type = q.sum(axis=0)
        of_class = of_type.sum(axis=1) + 0.5
        within = (of_type + 0.1 / n_types) / (of_type + 0.1 / n_types).sum(axis=1, keepdims=True)
        logs = np.broadcast_to(np.log((of_class / of_class.sum())[:, None] * within), q.shape).copy()
        np.add.at(logs, codes.item, np.log(rates[codes.annotator, codes.label]))
        before, p = p, softmax(logs, axis=(1, 2))
        if done and np.abs(p - before).max() <= 1e-3:
            break
    return p.reshape(len(p), -1), rates.reshape(*rates.shape[:2], -1)


@pytest.mark.parametrize("name", MODELS)
def test_each_model_is_that_of_the_recipe(crowd, name):
    run = _anchored.fit_anchored(crowd, getattr(_anchored, name.upper()), UNTIL)
    posteriors, rates = fitted(crowd, name)
    np.testing.assert_allclose(run.posteriors, posteriors, atol=1e-10)
    np.testing.assert_allclose(run.rates, rates, atol=1e-10)


def of_classes(crowd, name):
    posteriors, _ = fitted(crowd, name)
    return posteriors.reshape(len(posteriors), crowd.codes.n_classes, -1).sum(axis=2)


def agreement(posteriors):
    weights = np.full(3, 1 / 3)
    for _ in range(20):
        wrong = []
        for k in range(3):
            others = [j for j in range(3) if j != k]
            mixed = sum(weights[j] * posteriors[j] for j in others) / weights[others].sum()
            wrong.append(1 - (posteriors[k] * mixed).sum(axis=1).mean())
        trust = np.power(wrong, -2.0)
        weights = (weights + trust / trust.sum()) / 2
    return weights


def test_the_pool_is_that_of_the_recipe(crowd):
    n = count_votes(crowd.codes)
    said = {name: of_classes(crowd, name) for name in MODELS}
    by_agreement = agreement([said[name] for name in ("coin", "full", "types")])
    same, full, types = _weights.weights_by_prediction(
        crowd, (_anchored.SAME, _anchored.FULL, _anchored.TYPES), UNTIL, seed=0
    )
    accuracy = fitted(crowd, "same")[1][0, 0, 0]
    sharpened = softmax(n * np.log(accuracy * (n.shape[1] - 1) / (1 - accuracy)), axis=1)
    mixed = sum(weight * said[name] for weight, name in zip(by_agreement, ("coin", "full", "types"), strict=True))
    by_prediction = same * sharpened + full * said["full"] + types * said["types"]
    models = (by_prediction + same * sharpened + (1 - same) * mixed) / 2
    wanted = np.where(n.sum(axis=1, keepdims=True) == 1, shares(crowd), (shares(crowd) + models) / 2)
    codes = crowd.codes
    table = pd.DataFrame(
        {
            "item_id": codes.items[codes.item],
            "annotator_id": codes.annotators[codes.annotator],
            "label": codes.classes[codes.label],
        }
    )
    np.testing.assert_allclose(consensus_labels(table).wide().to_numpy(), wanted, atol=1e-10)


def test_predictions_are_weighed_over_400_draws_and_one_more_for_each_model():
    gains = np.random.default_rng(1).normal(size=(3, 40))
    random, won = np.random.default_rng(7), np.ones(3)
    for _ in range(400):
        weights = random.standard_exponential(40)
        won += softmax(gains @ (40 * weights / weights.sum()))
    np.testing.assert_allclose(_weights.pseudo_bma(gains, np.random.default_rng(7)), won / 403, atol=1e-12)


@pytest.mark.parametrize(("n_labels", "is_judged"), [(1, False), (2, True)])
def test_two_labels_of_an_item_are_enough_to_judge_predictions(n_labels, is_judged):
    rows = [(k, f"w{(k + j) % 5}", "ab"[(k + (j and k % 7 == 0)) % 2]) for k in range(60) for j in range(n_labels)]
    said = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    small = make_crowd(said, classes=None, gold=None, prior=None)
    weights = _weights.weights_by_prediction(small, (_anchored.SAME, _anchored.FULL, _anchored.TYPES), UNTIL, seed=0)
    assert (weights[0] < 1) == is_judged
    assert weights.sum() == pytest.approx(1)
