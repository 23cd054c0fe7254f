"""Near pairs of hashes against trying all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa._kernels.pictures.hamming import joined, near_pairs


def naive(words, radius):
    distance = np.bitwise_count(words[:, None] ^ words[None])
    i, j = np.nonzero(np.triu(distance <= radius, 1))
    return np.column_stack([i, j, distance[i, j]]).astype(np.int64)


@pytest.mark.parametrize("radius", range(12))
def test_all_pairs_within_any_radius_are_found_once(radius):
    rng = np.random.default_rng(radius)
    centres = rng.integers(0, 2**63, 40, dtype=np.uint64) * np.uint64(2)
    flips = np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, (400, radius + 2), dtype=np.uint64), axis=1)
    words = np.concatenate([centres, centres[:5], centres[:5] ^ np.uint64(6), rng.choice(centres, 400) ^ flips])
    found = near_pairs(words, radius)
    np.testing.assert_array_equal(found, naive(words, radius))
    assert len(found) > 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.integers(0, 11))
def test_any_hashes(values, radius):
    words = np.array(values, dtype=np.uint64)
    np.testing.assert_array_equal(near_pairs(words, radius), naive(words, radius))


def test_more_pairs_than_hashes():
    words = np.zeros(100, np.uint64)
    assert len(near_pairs(words, 3)) == 4950


def test_joined_rows_have_the_lowest_row_of_their_group():
    pairs = np.array([[5, 7], [1, 2], [7, 1], [8, 9]], dtype=np.int64)
    assert joined(10, pairs).tolist() == [0, 1, 1, 3, 4, 1, 6, 1, 8, 8]
    assert joined(3, np.empty((0, 2), np.int64)).tolist() == [0, 1, 2]
