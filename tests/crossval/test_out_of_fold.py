from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from labelqa import _crossval
from labelqa._crossval import PENALTIES, deal_folds, out_of_fold
from labelqa._kernels.linear import RidgeSums, fit_temperature, log_loss, ridge, sums_without
from labelqa._labels import align_labels
from labelqa.baseline import ModelRecipe
from labelqa.errors import OptionError, TableError


def blobs(n=120, n_classes=3, d=6, seed=0, apart=3.0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, n_classes, n)
    centre = rng.normal(size=(n_classes, d)) * apart
    ids = [f"i{k}" for k in range(n)]
    return pd.DataFrame(centre[label] + rng.normal(size=(n, d)), index=ids), pd.Series(label, index=ids)


@pytest.mark.parametrize("penalty", [0.003, 0.3])
def test_ridge_from_sums_is_sklearns_ridge_on_standardised_features(penalty):
    features, label = blobs(90)
    rows = features.to_numpy(np.float32)
    weights, intercept = ridge(RidgeSums.collect(rows, label.to_numpy(), 3), np.array([penalty]))[0]
    scaler = StandardScaler().fit(rows)
    peer = Ridge(alpha=penalty * 90, solver="cholesky").fit(scaler.transform(rows), np.eye(3)[label])
    assert np.allclose(rows @ weights + intercept, peer.predict(scaler.transform(rows)), atol=1e-5)


def test_sums_add_up():
    features, label = blobs(50)
    rows, code = features.to_numpy(np.float32), label.to_numpy()
    parts = [
        RidgeSums.collect(rows[run], code[run], 3) for run in (slice(20), slice(20, 20), slice(20, 35), slice(35, 50))
    ]
    whole = RidgeSums.collect(rows, code, 3)
    joined = parts[0] + parts[1] + parts[2] + parts[3]
    for name in ("n", "mean", "xx", "share", "xy"):
        assert np.allclose(getattr(joined, name), getattr(whole, name), rtol=1e-12, atol=1e-12), name
    without = sums_without(parts)[2]
    assert np.allclose(
        without.xx, RidgeSums.collect(rows[[*range(20), *range(35, 50)]], code[[*range(20), *range(35, 50)]], 3).xx
    )
    assert [one.n for one in sums_without(parts)] == [30, 50, 35, 35]


def reference(rows, label, n_classes, penalty):
    """Ridge regression in float64 on standardised rows, by least squares and without any sums."""
    rows = rows.astype(np.float64)
    varies = np.ptp(rows, axis=0) > 0
    mean, spread = rows.mean(axis=0)[varies], rows.std(axis=0)[varies]
    standard, target = (rows[:, varies] - mean) / spread, np.eye(n_classes)[label]
    wide = np.vstack([standard, np.sqrt(penalty * len(rows)) * np.eye(int(varies.sum()))])
    centred = np.vstack([target - target.mean(axis=0), np.zeros((int(varies.sum()), n_classes))])
    weights = np.linalg.lstsq(wide, centred, rcond=None)[0]
    return lambda new: (new.astype(np.float64)[:, varies] - mean) / spread @ weights + target.mean(axis=0)


def hard_rows(rng, n, d):
    """Rows as histograms of few pictures have them: mostly zeros, constants, outliers, large means."""
    rows = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-6, 7, d)
    rows[:, : d // 3] *= rng.random((n, d // 3)) < 2 / n
    rows[:, d // 3 : d // 2] += 10.0 ** rng.integers(0, 7, d // 2 - d // 3) * np.abs(rows[:, d // 3 : d // 2]).max(0)
    rows[:, -2] = 1 / 3
    return rows.astype(np.float32)


@pytest.mark.parametrize("seed", range(200))
def test_out_of_fold_scores_are_those_of_a_reference_that_sums_nothing(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 60))
    rows, code = hard_rows(rng, n, 30), rng.integers(0, 3, n)
    inside = [np.arange(n) % 4 == fold for fold in range(4)]
    parts = [RidgeSums.collect(rows[fold], code[fold], 3) for fold in inside]
    for fold, sums in zip(inside, sums_without(parts), strict=True):
        weights, intercept = ridge(sums, np.array([0.003]))[0]
        wanted = log_softmax(reference(rows[~fold], code[~fold], 3, 0.003)(rows[fold]), axis=1)
        assert np.allclose(np.exp(log_softmax(rows[fold] @ weights + intercept, axis=1)), np.exp(wanted), atol=1e-6)


def test_ten_thousand_classes_need_no_row_for_each():
    rng = np.random.default_rng(0)
    rows, code = rng.normal(size=(500, 4)).astype(np.float32), rng.integers(0, 10_000, 500)
    sums = RidgeSums.collect(rows, code, 10_000)
    target = np.eye(10_000)[code]
    assert np.allclose(sums.xy, (rows - rows.mean(axis=0)).T @ (target - target.mean(axis=0)), atol=1e-4)


def test_a_constant_feature_carries_nothing():
    features, label = blobs(60)
    rows = np.column_stack([features.to_numpy(), np.full(60, 7.0)]).astype(np.float32)
    weights, _ = ridge(RidgeSums.collect(rows, label.to_numpy(), 3), PENALTIES)[0]
    assert np.all(weights[-1] == 0)


def test_temperature_is_the_best_on_a_grid():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(500, 4)) * 3
    label = (scores / 2.5 + rng.gumbel(size=scores.shape)).argmax(axis=1)
    found = fit_temperature(scores, label)
    grid = np.geomspace(0.5, 10, 400)
    best = grid[np.argmin([log_loss(scores / t, label) for t in grid])]
    assert found == pytest.approx(best, rel=0.04)
    assert found == pytest.approx(2.5, rel=0.15)


@pytest.mark.parametrize("n", [10, 100])
def test_temperature_never_makes_certain(n):
    label = np.arange(n) % 2
    p = np.exp(log_softmax(np.eye(2)[label] / fit_temperature(np.eye(2)[label], label), axis=1))
    # one label in n + 2 counts as drawn from both classes alike
    assert p[0, 0] == pytest.approx(1 - 0.5 / (n + 2), rel=1e-3)


def test_separable_classes_are_found_and_probabilities_sum_to_one():
    features, label = blobs(apart=6.0)
    found = out_of_fold(features, label)
    assert found.accuracy > 0.97
    assert np.allclose(found.probabilities.sum(axis=1), 1)
    assert list(found.probabilities.columns) == [0, 1, 2]
    assert found.majority_accuracy == pytest.approx(label.value_counts().max() / len(label))
    assert found.reason is None


def test_the_loss_is_that_of_the_probabilities_it_gives():
    features, label = blobs(60, apart=1.0)
    label[["i3", "i4", "i5"]] = np.nan
    found = out_of_fold(features, label)
    known = found.table.loc[found.table["label"].notna()]
    assert found.log_loss == pytest.approx(-np.log(known["p_label"]).mean(), rel=1e-12)
    assert found.majority_accuracy == pytest.approx(label.value_counts().max() / 57)
    # the scores of ridge regression are shares, far too flat: items without a label do not keep them so
    assert found.temperature < 0.8


@pytest.mark.parametrize("penalties", [(1e-6, 10.0), (10.0, 1e-6)])
def test_the_penalty_with_the_least_loss_is_taken(penalties, monkeypatch):
    rng = np.random.default_rng(0)
    label = pd.Series(rng.integers(0, 2, 60))
    features = pd.DataFrame(np.column_stack([label + rng.normal(0, 0.7, 60), rng.normal(size=(60, 45))]))
    found = {}
    for name, tried in (("weak", (1e-6,)), ("strong", (10.0,)), ("both", penalties)):
        monkeypatch.setattr(_crossval, "PENALTIES", tried)
        found[name] = out_of_fold(features, label)
    assert found["strong"].log_loss < found["weak"].log_loss
    pd.testing.assert_frame_equal(found["both"].probabilities, found["strong"].probabilities)


def test_labels_without_a_pattern_reach_chance_only():
    features, label = blobs(600, apart=0.0)
    assert out_of_fold(features, label).accuracy < 0.42


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 99))
def test_order_of_rows_changes_nothing(seed):
    features, label = blobs(60)
    order = np.random.default_rng(seed).permutation(60)
    one, two = out_of_fold(features, label), out_of_fold(features.iloc[order], label.iloc[order[::-1]])
    pd.testing.assert_frame_equal(one.probabilities, two.probabilities)
    pd.testing.assert_frame_equal(one.table, two.table)


@pytest.mark.parametrize("model", [None, ModelRecipe()])
def test_an_items_own_label_does_not_reach_its_scores(model, monkeypatch):
    # which penalty is chosen depends on all labels; how an item is scored under it must not depend on its own
    monkeypatch.setattr(_crossval, "PENALTIES", np.array([0.03]))
    features, label = blobs(80)
    rows, ids = _crossval.check_features(features)
    labels = align_labels(label, ids)
    fold = np.arange(80) % 5

    def scores(code):
        task = _crossval._Task(replace(labels, code=code), _crossval.Folds(fold, 5, None))
        return _crossval._ridge_scores(rows, task) if model is None else _crossval._model_scores(model, rows, task)

    changed = labels.code.copy()
    changed[fold == 2] = (changed[fold == 2] + 1) % 3
    before, after = scores(labels.code), scores(changed)
    assert np.allclose(before[fold == 2], after[fold == 2], atol=1e-5)
    assert not np.allclose(before[fold != 2], after[fold != 2], atol=1e-2)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(10, 80), n_folds=st.integers(2, 6), seed=st.integers(0, 9))
def test_folds_are_stratified(n, n_folds, seed):
    label = np.random.default_rng(seed).integers(0, 3, n)
    folds = deal_folds(label, None, n_folds, seed)
    fold, used = folds.fold, folds.n_folds
    for value in range(3):
        counts = np.bincount(fold[label == value], minlength=used)
        assert counts.max() - counts.min() <= 1
    sizes = np.bincount(fold, minlength=used)
    assert sizes.max() - sizes.min() <= 1


@settings(max_examples=20, deadline=None)
@given(n_groups=st.integers(5, 40), seed=st.integers(0, 9))
def test_groups_are_not_split_and_spread(n_groups, seed):
    rng = np.random.default_rng(seed)
    groups = np.r_[np.arange(n_groups), rng.integers(0, n_groups, 200)]
    label = rng.integers(0, 2, len(groups))
    folds = deal_folds(label, groups, 5, seed)
    fold = folds.fold
    assert folds.n_folds == 5
    assert folds.reason is None
    assert pd.Series(fold).groupby(groups).nunique().max() == 1
    assert set(fold) == set(range(5))


def test_groups_reach_the_table():
    features, label = blobs(40)
    groups = pd.Series(np.arange(40) // 4, index=features.index)
    table = out_of_fold(features, label, groups=groups).table
    assert table["fold"].groupby(table["item_id"].map(groups)).nunique().max() == 1


def test_items_without_a_label_are_predicted_but_teach_nothing():
    features, label = blobs(60)
    found = out_of_fold(features, label.drop(label.index[:5]))
    assert found.n_items == 55
    assert len(found.probabilities) == 60
    assert found.table["p_label"].isna().sum() == 5


@pytest.mark.parametrize(
    ("labels", "reason"),
    [([], "no labels"), (["a", "a", "a"], "of one class"), (["a", "b", None], "only 3 folds.*fewer than 3 items")],
)
def test_too_little_to_learn_from_has_a_reason(labels, reason):
    features = pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=[1, 2, 3])
    found = out_of_fold(features, pd.Series(labels, index=[1, 2, 3][: len(labels)], dtype=object))
    assert pd.Series([found.reason]).str.contains(reason, regex=True).all()


def test_one_item_alone():
    found = out_of_fold(pd.DataFrame({"x": [1.0]}, index=["a"]), pd.Series(["cat"], index=["a"]))
    assert np.isnan(found.accuracy)
    assert found.reason == "All labels are of one class, so there is nothing to tell apart."


def test_labels_may_be_called_anything():
    features, label = blobs(60)
    names = label.map({0: "item_id", 1: "nan", 2: "<b>"})
    found = out_of_fold(features, names)
    assert list(found.probabilities.columns) == ["<b>", "item_id", "nan"]


def test_ids_are_joined_as_text():
    features, label = blobs(60)
    features.index, label.index = range(60), [str(k) for k in range(60)]
    assert out_of_fold(features, label).n_items == 60


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f, y: (f, y.rename({"i0": "other"})), "features has no row for 1 of 20 labelled items"),
        (lambda f, y: (f, pd.concat([y, y.iloc[:1]])), "more than one label"),
        (lambda f, y: (pd.concat([f, f.iloc[:1]]), y), "occur twice"),
        (lambda f, y: (f.assign(bad=np.nan), y), "missing or infinite"),
        (lambda f, y: (f.to_numpy().tolist(), y), "features is a list without item ids and labels has ids"),
        (lambda f, y: (f, list(y)), "labels is a list without item ids and features has ids"),
        (lambda f, y: (f.to_numpy(), list(y)[:-1]), "features has 20 rows and labels has 19"),
        (lambda f, y: (f, pd.DataFrame({"item_id": y.index})), "no column 'label'"),
    ],
)
def test_what_cannot_be_joined_is_refused(change, message):
    with pytest.raises(TableError, match=message):
        out_of_fold(*change(*blobs(20)))


def test_impossible_options():
    features, label = blobs(20)
    with pytest.raises(OptionError, match="n_folds=1"):
        out_of_fold(features, label, n_folds=1)
    with pytest.raises(TableError, match="20 items have no group"):
        out_of_fold(features, label, groups=pd.Series(["a"], index=["zz"]))
