"""The assignment solver against enumeration and against scipy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from labelqa._kernels.boxes.assignment import assign


def sparse(weights):
    """Rows of edges from a dense table in which 0 is no edge."""
    rows, columns = np.nonzero(weights)
    start = np.concatenate(([0], np.cumsum((weights > 0).sum(axis=1)))).astype(np.int64)
    return start, columns.astype(np.int64), weights[rows, columns].astype(np.int64)


def naive(weights):
    """Of all assignments the heaviest, then the one that reads lowest, none standing after every column."""
    n_columns = weights.shape[1]
    choices = [[*np.flatnonzero(row), n_columns] for row in weights]
    best = None
    for picked in product(*choices):
        used = [j for j in picked if j < n_columns]
        if len(set(used)) == len(used):
            total = sum(weights[i, j] for i, j in enumerate(picked) if j < n_columns)
            key = (-total, picked)
            best = key if best is None or key < best else best
    return [-1 if j == n_columns else j for j in best[1]]


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4), st.randoms(use_true_random=False))
def test_equals_enumeration_ties_included(n_rows, n_columns, top, random):
    weights = np.array([[random.randint(0, top) for _ in range(n_columns)] for _ in range(n_rows)])
    assert assign(*sparse(weights), n_columns).tolist() == naive(weights)


@pytest.mark.parametrize("shape", [(60, 60), (40, 90), (90, 40)])
def test_equals_scipy_where_nothing_ties(shape):
    rng = np.random.default_rng(4)
    weights = rng.integers(1, 2**45, shape) * (rng.random(shape) < 0.3)
    rows, columns = linear_sum_assignment(weights, maximize=True)
    wanted = np.full(shape[0], -1)
    wanted[rows] = np.where(weights[rows, columns] > 0, columns, -1)
    assert assign(*sparse(weights), shape[1]).tolist() == wanted.tolist()


def test_all_equal_gives_the_diagonal():
    assert assign(*sparse(np.ones((7, 7), int)), 7).tolist() == list(range(7))


def test_no_edges():
    assert assign(*sparse(np.zeros((3, 2), int)), 2).tolist() == [-1, -1, -1]
