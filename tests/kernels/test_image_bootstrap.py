"""Sums over resampled images against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa._kernels.boxes.image_bootstrap import (
    draw_counts,
    merged_by_group,
    ratio_intervals,
    resampled_cells,
    resampled_totals,
)
from labelqa._kernels.intervals import ratio_percentiles


def counts(n_items=12, n_resamples=70):
    return draw_counts(n_items, n_resamples, np.random.default_rng(1))


def test_every_draw_has_as_many_images_as_there_are():
    assert (counts().sum(axis=0, dtype=int) == 12).all()
    assert (counts() == counts()).all()
    assert draw_counts(0, 5, np.random.default_rng(1)).shape == (0, 5)


def test_draws_are_multinomial():
    drawn = draw_counts(50, 4000, np.random.default_rng(0)).astype(float)
    assert drawn.mean() == pytest.approx(1)
    assert drawn.var() == pytest.approx(1 - 1 / 50, abs=0.02)


def test_totals_equal_a_matrix_product():
    rng = np.random.default_rng(2)
    item, values = rng.integers(0, 12, 40), rng.random((40, 3))
    assert resampled_totals(counts(), item, values) == pytest.approx((counts()[item].T @ values).T)
    column = rng.integers(0, 4, 40)
    cells = np.zeros((12, 4))
    np.add.at(cells, (item, column), values[:, 0])
    assert resampled_cells(counts(), item, column, values[:, 0], 4) == pytest.approx((counts().T @ cells).T)


def test_merging_adds_up_within_group_and_item():
    group, item = np.array([1, 0, 1, -1, 1, 0]), np.array([0, 0, 0, 1, 1, 2])
    offsets, items, values = merged_by_group(group, 3, item, np.arange(6.0)[:, None])
    assert offsets.tolist() == [0, 2, 4, 4]
    assert items.tolist() == [0, 2, 0, 1]
    assert values[:, 0].tolist() == [1, 5, 2, 4]


def test_intervals_equal_numpy_quantiles():
    rng = np.random.default_rng(3)
    item, values = np.arange(12), rng.random((12, 2)) + 0.5
    low, high = ratio_intervals(counts(), np.array([0, 12, 12]), item, values, np.array([0]), np.array([1]), 0.9)
    drawn = (values[:, 0] @ counts()) / (values[:, 1] @ counts())
    assert (low[0, 0], high[0, 0]) == pytest.approx(tuple(np.quantile(drawn, [0.05, 0.95])))
    assert np.isnan(low[1, 0])


def test_undefined_replicates_do_not_count():
    numerator, denominator = np.array([1.0, np.nan, 2.0, 5.0]), np.array([1.0, 1.0, 1.0, 0.0])
    assert ratio_percentiles(numerator, denominator, 0.5) == (1.25, 1.75)
    assert np.isnan(ratio_percentiles(np.empty(0), np.empty(0), 0.95)).all()
