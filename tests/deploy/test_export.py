from __future__ import annotations

import json

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from labelqa import baseline, deploy
from labelqa.errors import ModelError, OptionError, TableError
from labelqa.features import FeatureRecipe, fit_recipe


@pytest.fixture(scope="module")
def table():
    """Features of very different scales, three classes."""
    random = np.random.default_rng(0)
    features = pd.DataFrame(
        random.normal(size=(1000, 6)) * [1, 5, 20, 1, 1, 1] + 20, columns=[f"f{i}" for i in range(6)]
    )
    score = features["f0"] + features["f1"] / 5 + random.normal(size=1000) / 2
    labels = pd.Series(np.select([score > 25, score > 23], ["high", "middle"], "low"), index=features.index)
    return features, labels


def test_from_pixels(exported):
    done = exported.result
    assert (done.version, done.n_parity, done.n_label_changes) == (1, 500, 0)
    assert done.max_difference <= 1e-4
    assert done.n_bytes < 40_000
    assert done.accuracy > 0.8
    assert sorted(path.name for path in done.path.iterdir()) == [
        "MODEL_CARD.md", "manifest.json", "metadata.json", "model.onnx", "model.skops",
    ]  # fmt: skip
    again = baseline.load(done.path / "model.skops")
    some = dict(list(exported.pictures.items())[:5])
    pd.testing.assert_frame_equal(again.predict_proba(some), exported.model.predict_proba(some))


def test_graph_is_checked_and_pinned(exported):
    graph = onnx.load(exported.result.path / "model.onnx")
    onnx.checker.check_model(graph, full_check=True)
    assert graph.ir_version == 10
    assert {opset.domain: opset.version for opset in graph.opset_import} == {"": 21, "ai.onnx.ml": 1}
    assert [one.name for one in graph.graph.input] == ["image"]
    assert [one.name for one in graph.graph.output] == ["probabilities", "class_index"]


def test_metadata_and_card(exported):
    known = json.loads((exported.result.path / "metadata.json").read_text())
    assert known["classes"] == ["bar", "noise", "square"]
    assert known["parity"]["n_items"] == 500
    assert known["comparison"] == {"verdict": "helps"}
    assert known["training"]["labels_sha256"] == exported.model.metadata["labels_sha256"]
    assert known["metrics"]["accuracy_low"] < known["metrics"]["accuracy"] <= known["metrics"]["accuracy_high"]
    card = (exported.result.path / "MODEL_CARD.md").read_text()
    assert card.startswith("# parts, version 1\n")
    assert "no probability differs by more than" in card
    assert json.dumps(exported.result.to_dict())


@pytest.mark.parametrize(
    ("kinds", "size"), [(("hog",), 16), (("colour",), 32), (("detail",), 32), (("colour", "detail", "hog"), 40)]
)
def test_features_in_the_graph_are_the_features(kinds, size):
    import onnxruntime

    from labelqa.deploy import _graph
    from labelqa.features import squares

    recipe = FeatureRecipe(kinds=kinds, size=size)
    graph = _graph.Graph()
    graph.add("Identity", _graph.add_features(graph, recipe), name="out")
    tensor = onnx.TensorProto
    model = graph.model(
        {"image": (tensor.UINT8, ["n", "h", "w", 3])}, {"out": (tensor.FLOAT, ["n", len(recipe.names)])}
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    for shape in ((size, size), (90, 61), (13, 20), (8, 8), (333, 1001)):
        images = random.integers(0, 256, (3, *shape, 3), dtype=np.uint8)
        images[0, :, : shape[1] // 2] = 255  # a flat half and one vertical edge
        found = session.run(None, {"image": images})[0]
        assert np.abs(found - recipe.compute(squares(list(images), size))).max() < 3e-5


@pytest.mark.parametrize("model", ["logistic", "boosting"])
def test_from_features(table, tmp_path, model):
    features, labels = table
    fitted = baseline.fit(features[:400], labels[:400], classifier=model)
    done = deploy.export(fitted, tmp_path, name="rows", items=features[400:])
    assert done.max_difference <= 1e-5
    said = deploy.predict(done.path, features[400:410])
    wanted = fitted.predict_proba(features[400:410])
    assert said.item_ids == list(wanted.index)
    assert np.abs(said.probabilities - wanted.to_numpy()).max() <= 1e-5


def test_two_classes_and_a_plain_classifier(table, tmp_path):
    features, labels = table
    values = features.to_numpy(np.float32)
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(values[:400], labels[:400] == "low")
    done = deploy.export(fitted, tmp_path, name="rows", items=values[400:])
    assert done.metadata["classes"] == [False, True]
    assert done.reason == "Only models of labelqa.baseline are kept on the Python side."
    assert deploy.predict(done.path, values[:3]).labels == fitted.predict(values[:3]).tolist()


@pytest.mark.parametrize(
    "bad",
    [
        CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression())),
        CalibratedClassifierCV(LogisticRegression(max_iter=5000), method="isotonic"),
    ],
    ids=["calibrated pipeline", "isotonic"],
)
def test_gate_refuses_what_skl2onnx_gets_wrong(table, tmp_path, bad):
    """skl2onnx 1.20 converts both without an error and without a warning."""
    features, labels = table
    values = features.to_numpy(np.float32)
    fitted = bad.fit(values[:400], labels[:400])
    with pytest.raises(ModelError, match=r"does not answer as the model does: .* It is not written"):
        deploy.export(fitted, tmp_path, name="rows", items=values[400:])
    assert deploy.versions(tmp_path, name="rows") == []


def test_gate_refuses_any_graph_that_differs(table, tmp_path, monkeypatch):
    from labelqa.deploy import _graph

    original = _graph.linear_parts

    def shifted(estimator):
        parts = original(estimator)
        return {**parts, "intercept": parts["intercept"] + [1e-3, 0, 0]}

    monkeypatch.setattr(_graph, "linear_parts", shifted)
    features, labels = table
    with pytest.raises(ModelError, match="does not answer"):
        deploy.export(baseline.fit(features[:400], labels[:400]), tmp_path, name="rows", items=features[400:])


def test_too_few_items_unless_the_number_is_stated(table, tmp_path):
    features, labels = table
    fitted = baseline.fit(features[:400], labels[:400])
    with pytest.raises(ModelError, match="needs 500 held-out items and there are 300"):
        deploy.export(fitted, tmp_path, name="rows", items=features[:300])
    done = deploy.export(fitted, tmp_path, name="rows", items=features[:300], n_parity=300)
    assert done.metadata["parity"]["n_items"] == 300


def test_class_missing_from_training(table, tmp_path):
    features, labels = table
    fitted = baseline.fit(features[:400], labels[:400])
    strange = labels[400:].where(labels[400:] != "low", "broken")
    with pytest.raises(ModelError, match="1 classes of the held-out labels are missing from training \\('broken'"):
        deploy.export(fitted, tmp_path, name="rows", items=features[400:], gold=strange)
    object.__setattr__(fitted, "classes", np.array([*fitted.classes, "never"], dtype=object))
    with pytest.raises(ModelError, match="not trained on 1 of its 4 classes \\('never'\\)"):
        deploy.export(fitted, tmp_path, name="rows", items=features[400:])


def test_refused(table, tmp_path, exported):
    features, labels = table
    fitted = baseline.fit(features[:400], labels[:400])
    put = {"root": tmp_path, "name": "rows", "items": features}
    with pytest.raises(ModelError, match="LinearSVC without predict_proba"):
        deploy.export(LinearSVC(), **put)
    with pytest.raises(OptionError, match="n_parity=0"):
        deploy.export(fitted, **put, n_parity=0)
    with pytest.raises(OptionError, match="cannot name a folder"):
        deploy.export(fitted, **{**put, "name": "../x"})
    with pytest.raises(OptionError, match="comparison has the verdict 'good'"):
        deploy.export(fitted, **put, comparison={"verdict": "good"})
    with pytest.raises(TableError, match=r"1 are missing \('f0'\)"):
        deploy.export(fitted, **{**put, "items": features.drop(columns="f0")})
    with pytest.raises(TableError, match="the ids must match"):
        deploy.export(fitted, **put, gold=pd.Series(["low"], index=["x"]))
    with pytest.raises(TableError, match="starts from pixels"):
        deploy.export(exported.model, **put)
    patches = fit_recipe(exported.pictures, kinds=["patches"], n_centres=8, stride=4)
    learned = baseline.fit(exported.pictures, exported.labels[list(exported.pictures)], recipe=patches)
    with pytest.raises(ModelError, match="cannot be computed inside the graph"):
        deploy.export(learned, tmp_path, name="x", items=exported.pictures)


def test_data_and_fixes_are_hashed(table, tmp_path):
    features, labels = table
    fitted = baseline.fit(features[:400], labels[:400])
    decisions = tmp_path / "decisions.jsonl"
    decisions.write_text('{"item_id": "1", "action": "keep"}\n\n{"item_id": "2", "action": "drop"}\n')
    put = {"root": tmp_path / "models", "name": "rows", "items": features[400:]}
    done = deploy.export(fitted, **put, annotations=tmp_path, decisions=decisions, metrics={"cost": 3})
    assert done.metadata["fixes"]["n_decisions"] == 2
    assert len(done.metadata["data"]["sha256"]) == 64
    assert done.metadata["metrics"] == {"cost": 3}
    with pytest.raises(TableError, match="no file or folder"):
        deploy.export(fitted, **put, annotations=tmp_path / "nowhere")
    with pytest.raises(TableError, match="file of decisions"):
        deploy.export(fitted, **put, decisions=tmp_path / "nowhere")
