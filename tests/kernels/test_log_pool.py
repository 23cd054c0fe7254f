"""Weights of sources against a general optimiser, and what they must do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from labelqa._kernels.labels.evidence import log_pool


def sources(n, n_classes, sharpness, seed=0):
    """Labels (n,) and a source of log-probabilities per sharpness: 0 knows nothing."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, n_classes, n)
    scores = np.stack([s * np.eye(n_classes)[label] + rng.normal(size=(n, n_classes)) for s in sharpness])
    return scores - np.logaddexp.reduce(scores, axis=2, keepdims=True), label


@pytest.mark.parametrize(("n", "n_classes"), [(1, 2), (40, 3), (500, 10)])
def test_the_pool_is_the_likeliest(n, n_classes):
    logs, label = sources(n, n_classes, (1.0, 2.0))
    strength = 5.0

    def loss(at):
        mixed = at[0] * logs[0] + at[1] * logs[1] + at[2:]
        log_p = mixed - np.logaddexp.reduce(mixed, axis=1, keepdims=True)
        away = at - np.r_[0.5, 0.5, np.zeros(n_classes)]
        return -log_p[np.arange(n), label].sum() + strength / 2 * (away**2).sum()

    best = minimize(loss, np.zeros(2 + n_classes), options={"gtol": 1e-6})
    found = np.concatenate(log_pool(logs, label, strength))
    np.testing.assert_allclose(found, best.x, atol=1e-4)
    assert loss(found) <= best.fun + 1e-9


def test_a_source_that_knows_nothing_weighs_nothing():
    logs, label = sources(5000, 4, (0.0, 2.0))
    weights, offsets = log_pool(logs, label, 1.0)
    assert abs(weights[0]) < 0.1
    # scores with noise of variance one are log-probabilities once multiplied by their own sharpness
    assert weights[1] == pytest.approx(2.0, abs=0.15)
    assert np.abs(offsets).max() < 0.15


def test_a_class_said_too_often_is_said_less():
    logs, label = sources(5000, 3, (1.0, 1.0))
    logs[:, :, 2] += 1.0
    _, offsets = log_pool(logs, label, 1.0)
    assert offsets[2] < offsets[:2].min() - 1.0


def test_no_labels_change_nothing():
    weights, offsets = log_pool(np.zeros((2, 0, 3)), np.zeros(0, np.int64), 1.0)
    assert weights.tolist() == [0.5, 0.5]
    assert offsets.tolist() == [0.0, 0.0, 0.0]


def test_certain_sources_stay_finite():
    logs = np.log(np.maximum(np.eye(3)[[0, 1, 2, 0, 1]], 1e-12))
    weights, offsets = log_pool(np.stack([logs, logs]), np.array([0, 1, 2, 1, 1]), 11.0)
    assert np.isfinite([*weights, *offsets]).all()
    assert weights[0] == pytest.approx(weights[1])
