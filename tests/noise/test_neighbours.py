from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa.errors import OptionError, TableError
from labelqa.noise import neighbours, outliers
from labelqa.noise._joining import join_features
from labelqa.noise._neighbours import as_features, whitened


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


def test_columns_without_negative_values_are_square_rooted():
    # 0, 1, 4, 9 are 0 to 3 once rooted: mean 1.5, variance 1.25
    rooted = (np.arange(4) - 1.5) / np.sqrt(1.25)
    assert whitened(np.array([[0.0], [1.0], [4.0], [9.0]]))[:, 0].tolist() == pytest.approx(rooted.tolist())
    plain = np.array([-0.5, 0.5, 3.5, 8.5])
    wanted = (plain - plain.mean()) / plain.std()
    assert whitened(plain[:, None])[:, 0].tolist() == pytest.approx(wanted.tolist())


def test_the_direction_of_an_axis_is_that_of_its_strongest_column():
    for seed in range(6):
        values = np.random.default_rng(seed).normal(size=(40, 5))
        # a single component is not brought to the length one
        points = whitened(values, 1)[:, 0]
        assert points.std() == pytest.approx(1.0, abs=1e-5)
        along = [np.corrcoef(points, column)[0, 1] for column in values.T]
        assert along[np.abs(along).argmax()] > 0
        np.testing.assert_allclose(whitened(-values, 1)[:, 0], -points, atol=1e-5)


def test_no_items_have_no_numbers():
    assert whitened(np.empty((0, 5)), 3).shape == (0, 3)
    assert whitened(np.empty((0, 2)), 3).shape == (0, 2)
    graph = neighbours(pd.DataFrame({"x": [], "y": []}))
    assert (graph.n_items, graph.n_neighbours) == (0, 0)
    assert graph.table.empty


def test_by_default_sixty_neighbours_by_128_components():
    values = np.random.default_rng(0).normal(size=(200, 150))
    graph = neighbours(values)
    assert (graph.n_items, graph.n_neighbours, graph.n_components) == (200, 60, 128)
    assert neighbours(values, n_components=1, n_neighbours=1).n_components == 1
    with pytest.raises(OptionError, match="n_components=0"):
        neighbours(values, n_components=0)


def test_the_table_lists_the_nearest_first():
    table = neighbours(pd.DataFrame({"x": [-1.0, 0.0, 2.0]}, index=["a", "b", "c"]), n_neighbours=2).table
    assert table["item_id"].tolist() == list("aabbcc")
    assert table["neighbour_id"].tolist() == ["b", "c", "a", "c", "b", "a"]
    assert table["place"].tolist() == [1, 2] * 3
    assert table.groupby("item_id")["distance"].is_monotonic_increasing.all()


@pytest.mark.parametrize(("n", "has_patches"), [(999, False), (1000, True)])
def test_patches_are_learned_from_a_thousand_pictures_on(monkeypatch, n, has_patches):
    asked = {}
    monkeypatch.setattr("labelqa.features.image_features", lambda source, **options: asked.update(options))
    as_features(None, np.zeros((n, 1, 1), np.uint8), seed=7)
    assert ("patches" in asked["kinds"]) == has_patches
    assert {"hog", "colour", "detail"} <= set(asked["kinds"])
    assert asked["seed"] == 7
    assert asked["unreadable"] == "leave_out"


def test_arrays_of_more_axes_are_numbers_in_a_row():
    table = as_features(np.arange(24).reshape(2, 3, 4), None, seed=0)
    assert table.to_numpy().tolist() == np.arange(24).reshape(2, 12).tolist()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_missing_is_refused(value):
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, value, 3.0]}, index=["a", "b", "c"])
    with pytest.raises(TableError, match=r"missing or infinite values for 1 items \('b'\)"):
        join_features(table, np.array(["a", "b", "c"], dtype=object))
    assert join_features(table, np.array(["c", "a"], dtype=object)).tolist() == [[3.0, 3.0], [1.0, 1.0]]


def test_columns_of_words_are_refused():
    with pytest.raises(TableError, match=r"features has columns that hold no numbers \('name'\)"):
        neighbours(pd.DataFrame({"x": [1.0, 2.0], "name": ["a", "b"]}))


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


def test_a_column_that_varies_by_rounding_alone_does_not_count():
    values = np.random.default_rng(0).normal(size=(7, 2))
    constant = np.full((7, 1), -0.1)
    # the mean of seven equal numbers is off by the last digit
    assert 0 < constant.std() < 1e-15
    np.testing.assert_allclose(whitened(np.hstack([values, constant])), whitened(values), atol=1e-6)


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
