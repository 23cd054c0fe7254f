from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa.errors import OptionError, TableError
from labelqa.noise import neighbours, outliers
from labelqa.noise._neighbours import whitened


def test_distances_equal_a_naive_version(blobs):
    features, _, _ = blobs
    graph = neighbours(features, n_neighbours=7)
    points = whitened(features.loc[graph.item_ids].to_numpy()).astype(np.float64)
    every = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(every, np.inf)
    np.testing.assert_allclose(graph.distances, np.sort(every, axis=1)[:, :7], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(every, graph.indices, axis=1), graph.distances, atol=1e-5)


def test_whitened_numbers_have_no_direction_that_dominates(blobs):
    features, _, _ = blobs
    values = features.to_numpy() * np.array([1000, 1, 1, 1, 1, 1, 1, 0.001])
    np.testing.assert_allclose(np.linalg.norm(whitened(values), axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.abs(whitened(values)), np.abs(whitened(features.to_numpy())), atol=1e-3)


def test_the_order_of_rows_changes_nothing(blobs):
    features, _, _ = blobs
    mixed = neighbours(features.sample(frac=1, random_state=0), n_neighbours=3)
    pd.testing.assert_frame_equal(neighbours(features, n_neighbours=3).table, mixed.table, rtol=1e-6)


def test_there_are_no_more_neighbours_than_other_items():
    graph = neighbours(pd.DataFrame({"x": [1.0, 2.0, 4.0]}), n_neighbours=60)
    assert graph.n_neighbours == 2
    assert neighbours(pd.DataFrame({"x": [1.0]})).n_neighbours == 0


def test_equal_items_and_constant_columns_are_no_problem():
    graph = neighbours(pd.DataFrame({"x": [1.0] * 5, "y": [3.0] * 5}), n_neighbours=2)
    assert (graph.distances == 0).all()


def test_items_can_be_chosen(blobs):
    features, _, _ = blobs
    assert neighbours(features, items=["i3", "i1"], n_neighbours=1).item_ids.tolist() == ["i1", "i3"]
    with pytest.raises(TableError, match=r"features has no row for 1 of 1 labelled items \('zzz'\)"):
        neighbours(features, items=["zzz"])


def test_impossible_input_is_refused():
    with pytest.raises(TableError, match="nothing to compare items by; give features= or images="):
        neighbours()
    with pytest.raises(OptionError, match="n_neighbours=0"):
        neighbours(pd.DataFrame({"x": [1.0]}), n_neighbours=0)
    with pytest.raises(TableError, match="Found a Series as features"):
        neighbours(pd.Series([1, 2]))


def test_an_item_far_from_all_others_is_flagged(blobs):
    features, _, _ = blobs
    wide = features.copy()
    # its own direction: off-topic, not merely extreme
    wide["other"] = 0.001 * np.random.default_rng(0).normal(size=300)
    wide.loc["i17", :] = [0.0] * 8 + [50.0]
    found = outliers(wide)
    assert found.table.loc[found.table["is_flagged"], "item_id"].tolist() == ["i17"]
    assert found.table["nearest_id"].notna().all()
    assert "deviations" in found.plot().get_xlabel()


def test_outliers_take_a_graph(blobs):
    features, _, _ = blobs
    graph = neighbours(features)
    pd.testing.assert_frame_equal(outliers(neighbours=graph).table, outliers(features).table, rtol=1e-6)


def test_few_items_have_no_outliers():
    found = outliers(pd.DataFrame({"x": [1.0, 2.0, 900.0]}))
    assert found.reason == "3 items are too few to say what is usual."
    assert found.n_flagged == 0
    with pytest.raises(OptionError, match="n_neighbours=0"):
        outliers(pd.DataFrame({"x": [1.0]}), n_neighbours=0)
