"""Exact nearest neighbours and weighted votes against plain versions."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa._kernels.labels.evidence import weighted_votes
from labelqa._kernels.neighbours import nearest


@pytest.mark.parametrize(("n", "d", "k"), [(2, 1, 1), (50, 3, 7), (700, 16, 60)])
def test_neighbours_are_exact(n, d, k):
    points = np.random.default_rng(n).normal(size=(n, d)).astype(np.float32)
    indices, distances = nearest(points, k)
    every = np.linalg.norm(points[:, None].astype(float) - points[None], axis=2)
    np.fill_diagonal(every, np.inf)
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :k], rtol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(every, indices, axis=1), distances, rtol=1e-6)


def test_equal_distances_are_settled_by_row():
    indices, distances = nearest(np.zeros((5, 2), np.float32), 3)
    assert indices.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert (distances == 0).all()


def test_votes_weigh_by_distance():
    neighbours = np.array([[1, 2], [0, -1], [-1, -1]], dtype=np.int32)
    distances = np.array([[0.5, 1.0], [0.5, 0.7], [0.1, 0.2]])
    said = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    votes, effective = weighted_votes(neighbours, distances, said, 0.4)
    far = np.exp(-0.5 * (1.0 - 0.25) / 0.16)
    expected = (1 + far) ** 2 / (1 + far**2)
    np.testing.assert_allclose(effective, [expected, 1, 0])
    np.testing.assert_allclose(votes[0], np.array([far, 1]) / (1 + far) * expected)
    np.testing.assert_allclose(votes[1:], [[1, 0], [0, 0]])
