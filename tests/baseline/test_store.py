import io
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin

from labelqa import baseline
from labelqa._foreign import within_memory
from labelqa.errors import MissingExtra, TableError
from labelqa.features import fit_recipe


class Constant(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.mark.parametrize("model", ["logistic", "boosting"])
def test_it_predicts_the_same_after_a_round_trip(blobs, tmp_path, model):
    features, labels = blobs
    fitted = baseline.fit(features, labels.map({"dent": 1, "ok": 2, "scratch": 3}), classifier=model)
    again = baseline.load(baseline.save(fitted, tmp_path / "model.skops"))
    pd.testing.assert_frame_equal(fitted.predict_proba(features), again.predict_proba(features))
    assert again.metadata == fitted.metadata
    assert again.classes.tolist() == [1, 2, 3]


@pytest.mark.parametrize("kinds", [("hog", "colour", "detail"), ("patches",)])
def test_the_recipe_comes_along(tmp_path, kinds):
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3)).astype(np.uint8)
    recipe = fit_recipe(images, kinds=kinds, n_centres=4)
    fitted = baseline.fit(images, pd.Series([0, 1] * 10), recipe=recipe)
    again = baseline.load(baseline.save(fitted, tmp_path / "model.skops"))
    assert again.recipe.digest == recipe.digest
    pd.testing.assert_frame_equal(fitted.predict_proba(images), again.predict_proba(images))


def test_types_outside_the_list_are_refused_both_ways(blobs, tmp_path):
    fitted = baseline.fit(*blobs, classifier=Constant())
    with pytest.raises(TableError, match=r"types that are not on the list .*Constant"):
        baseline.save(fitted, tmp_path / "model.skops")
    (tmp_path / "foreign.skops").write_bytes(skops.io.dumps({"format": "labelqa baseline 1", "estimator": Constant()}))
    with pytest.raises(TableError, match=r"holds types that are not trusted .*Constant"):
        baseline.load(tmp_path / "foreign.skops")


def empty_archive():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme", "nothing")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is damaged or no baseline"),
        (b"hello", "is damaged or no baseline"),
        (empty_archive(), "is damaged or no baseline"),
        (skops.io.dumps({"format": "another"}), "is no baseline of this version"),
        (skops.io.dumps([1, 2]), "is no baseline of this version"),
    ],
    ids=["empty", "text", "archive", "mapping", "list"],
)
def test_what_is_no_baseline(tmp_path, data, message):
    (tmp_path / "model.skops").write_bytes(data)
    with pytest.raises(TableError, match=message):
        baseline.load(tmp_path / "model.skops")


def test_a_cut_file_is_damaged(blobs, tmp_path):
    path = baseline.save(baseline.fit(*blobs), tmp_path / "model.skops")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TableError, match="is damaged"):
        baseline.load(path)


def test_no_file_and_no_skops(blobs, tmp_path, monkeypatch):
    with pytest.raises(TableError, match="There is no file"):
        baseline.load(tmp_path / "none.skops")
    monkeypatch.setitem(__import__("sys").modules, "skops.io", None)
    with pytest.raises(MissingExtra, match=r"pip install 'labelqa\[skops\]'"):
        baseline.save(baseline.fit(*blobs), tmp_path / "model.skops")


def archive(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("_", "."), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (archive(schema_json="null"), "damaged or no baseline"),
        (archive(schema_json="[]"), "damaged or no baseline"),
        (archive(schema_json='{"__loader__": "NoSuchNode", "__class__": "a", "__module__": "b"}'), "no baseline"),
        (archive(schema_json="[" * 100_000), "damaged or no baseline"),
        (archive(schema_json=b"0" * (8 << 20)), "looks like a bomb"),
    ],
)
def test_a_hostile_archive_is_one_sentence(tmp_path, data, message):
    (tmp_path / "m.skops").write_bytes(data)
    with pytest.raises(TableError, match=message):
        baseline.load(tmp_path / "m.skops")


def test_what_would_not_fit_is_refused_from_the_directory(tmp_path):
    (tmp_path / "m.skops").write_bytes(archive(schema_json=bytes(range(256)) * 4096))
    with within_memory("500K"), pytest.raises(TableError, match=r"would take 1 MB of memory, and 500 KB may be used"):
        baseline.load(tmp_path / "m.skops")
