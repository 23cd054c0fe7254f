"""What goes into an exported model is joined by name or refused, and so is what no model can answer."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from labelqa import baseline, deploy
from labelqa.deploy import _parity
from labelqa.errors import ImageError, ModelError, OptionError, TableError
from labelqa.images import ImageSource


@dataclass
class Rows:
    """A model of feature rows, and rows it has not seen."""

    root: Any
    fitted: Any
    model: Any
    new: pd.DataFrame
    gold: pd.Series


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> Rows:
    random = np.random.default_rng(0)
    features = pd.DataFrame(random.normal(size=(400, 4)), columns=[f"f{i}" for i in range(4)])
    labels = pd.Series(np.select([features["f0"] > 0.5, features["f0"] < -0.5], ["high", "low"], "middle"))
    fitted = baseline.fit(features[:200], labels[:200])
    root = tmp_path_factory.mktemp("rows")
    done = deploy.export(fitted, root, name="rows", items=features[200:], gold=labels[200:], n_parity=200)
    return Rows(root, fitted, deploy.load(done.path), features[200:], labels[200:])


def answers(rows, given):
    return deploy.predict(rows.model, given).probabilities


@pytest.mark.parametrize(
    "turn",
    [
        lambda t: t[["f2", "f0", "f3", "f1"]],
        lambda t: t.iloc[:, ::-1],
        lambda t: t.rename_axis("item_id").reset_index(),
        lambda t: t.to_numpy(),
        lambda t: t.to_numpy(np.float32).tolist(),
        lambda t: tuple(t.to_numpy()),
        lambda t: {item: row.to_numpy() for item, row in t.iterrows()},
    ],
)
def test_columns_are_joined_by_name_and_rows_without_names_by_position(rows, turn):
    assert np.array_equal(answers(rows, turn(rows.new)), answers(rows, rows.new))


def test_ids_are_text_as_in_python(rows):
    turned = rows.new.set_axis(rows.new.index.astype(float))
    assert deploy.predict(rows.model, turned).item_ids == list(rows.fitted.predict_proba(turned).index)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns="f1"), r"not the 4 of training: 1 are missing \('f1'\); give each of them once"),
        (lambda t: t.assign(extra=1.0), r"1 are unknown \('extra'\); give .* no others"),
        (lambda t: t.rename(columns={"f1": "g"}), r"1 are missing \('f1'\), 1 are unknown \('g'\)"),
        (lambda t: pd.concat([t, t["f0"]], axis=1), r"1 are there twice \('f0'\)"),
        (lambda t: t.assign(f0="x"), "no table of numbers"),
        (lambda t: t.to_numpy()[:, :3], r"shape \(200, 3\); give \(n, 4\), in the order of training"),
        (lambda t: t.to_numpy()[0], r"shape \(4,\)"),
        (lambda t: ["a.png"], "does not know how to make them from images"),
        (lambda _: "a.png", "does not know how to make them from images"),
    ],
)
def test_other_columns_are_refused(rows, spoil, message):
    with pytest.raises(TableError, match=message):
        answers(rows, spoil(rows.new))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_what_is_not_finite_is_refused_as_in_python(rows, value):
    spoiled = rows.new.copy()
    spoiled.iloc[3, 1] = value
    for given in (spoiled, spoiled.to_numpy()):
        with pytest.raises(TableError, match=r"1 items have features that are missing or infinite \('(203|3)'\)"):
            answers(rows, given)
    with pytest.raises(TableError, match="1 items have features that are missing or infinite"):
        rows.model.run(np.array([[0, 0, 0, value if np.abs(value) < 1e38 else np.inf]], np.float32))


def test_no_rows_are_no_answers(rows):
    assert answers(rows, rows.new[:0]).shape == (0, 3)
    assert answers(rows, []).shape == (0, 3)


def test_batches_of_another_kind_are_refused(rows, exported):
    with pytest.raises(TableError, match=r"shape \(2, 4\) of float64; this model needs \(n, 4\) of float32"):
        rows.model.run(np.zeros((2, 4)))
    model = deploy.load(exported.result.path)
    with pytest.raises(TableError, match=r"image input has shape \(1, 8, 8, 3\) of float32; .* of uint8"):
        model.run(np.zeros((1, 8, 8, 3), np.float32))


def test_pictures_that_hold_nan_are_refused(exported):
    with pytest.raises(ImageError, match="The image of item '0' holds float64 values from nan"):
        deploy.predict(exported.result.path, np.full((1, 8, 8, 3), np.nan))


def test_probabilities_that_are_not_finite_are_refused(rows, monkeypatch):
    model = deploy.load(rows.model.folder)
    said = np.array([[0.5, 0.5, 0], [np.nan, 0, 0]], np.float32)
    monkeypatch.setattr(model, "run", lambda batch: said)
    with pytest.raises(ModelError, match=r"no finite probabilities for 1 of 2 items \('201'\)"):
        model.predict(rows.new[:2])


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        lambda files: [str(file) for file in files],
        lambda files: np.array([str(file) for file in files]),
        lambda files: [file.read_bytes() for file in files],
        lambda files: {file.name: file for file in files},
        lambda files: pd.Series(files, index=[file.name for file in files]),
        lambda files: pd.DataFrame({"item_id": [file.name for file in files], "image": files}),
        lambda files: ImageSource.from_folder(files[0].parent),
    ],
)
def test_pictures_in_every_form_get_the_same_answers(exported, photos, form):
    model = deploy.load(str(exported.result.path))
    files = sorted(photos.iterdir())
    assert np.abs(deploy.predict(model, form(files)).probabilities - model.predict(photos).probabilities).max() < 1e-6


def test_bytes_are_one_picture_and_one_array_is_not_many(exported, photos):
    model = deploy.load(exported.result.path)
    file = min(photos.iterdir())
    assert np.array_equal(model.predict(file.read_bytes()).probabilities, model.predict(file).probabilities)
    with pytest.raises(TableError, match=r"which is one picture; .* array\[None\]"):
        model.predict(np.zeros((8, 9, 3), np.uint8))
    with pytest.raises(TableError, match="listed twice"):
        model.predict({7: file, "7": file})


def test_a_folder_holds_every_picture_that_pillow_reads(exported, tmp_path):
    image = next(iter(exported.pictures.values()))
    Image.fromarray(image).save(tmp_path / "a.jfif", "JPEG")
    Image.fromarray(image).save(tmp_path / "b.TGA", "TGA")
    (tmp_path / "c.pdf").write_bytes(b"no picture")
    assert deploy.predict(exported.result.path, tmp_path).item_ids == ["a.jfif", "b.TGA"]


def put(rows, tmp_path, **how):
    return deploy.export(rows.fitted, tmp_path, name="rows", **{"items": rows.new, "n_parity": 100, **how})


@pytest.mark.parametrize(
    ("items", "gold"),
    [
        (lambda t: t[["f3", "f1", "f0", "f2"]], lambda g: g.iloc[::-1]),
        (lambda t: t.iloc[::-1], dict),
        (lambda t: t.to_numpy(), list),
        (lambda t: t.to_numpy().tolist(), lambda g: g.to_numpy()),
        (lambda t: t.rename_axis("item_id").reset_index(), lambda g: pd.DataFrame({"item_id": g.index, "label": g})),
    ],
)  # fmt: skip
def test_held_out_items_and_gold_are_joined(rows, tmp_path, items, gold):
    wanted = (rows.fitted.predict(rows.new).set_axis(rows.gold.index) == rows.gold).mean()
    assert put(rows, tmp_path, items=items(rows.new), gold=gold(rows.gold)).accuracy == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda r: {"gold": list(r.gold)}, "Found a list of 200 labels as gold and a DataFrame as items; give gold by"),
        (lambda r: {"gold": list(r.gold)[:9], "items": r.new.to_numpy()}, "list of 9 labels .* a list of 200 as items"),
        (lambda r: {"gold": pd.concat([r.gold, r.gold[:2]])}, "2 items have more than one label in gold"),
        (lambda r: {"items": r.new.to_numpy()[:, :3]}, r"shape \(200, 3\); give \(n, 4\)"),
        (lambda r: {"items": r.new.assign(f0=np.nan)}, "missing or infinite"),
    ],
)
def test_held_out_items_that_do_not_fit_are_refused(rows, tmp_path, how, message):
    with pytest.raises(TableError, match=message):
        put(rows, tmp_path, **how(rows))


def test_a_label_that_fits_two_files_is_refused(exported, tmp_path):
    some = dict(list(exported.pictures.items())[:4])
    items = {f"{folder}/{item}.png": image for folder in ("a", "b") for item, image in some.items()}
    gold = exported.labels[list(some)]
    with pytest.raises(TableError, match="4 labels of gold fit more than one held-out item"):
        deploy.export(exported.model, tmp_path, name="x", items=items, gold=gold, n_parity=8)


def parity(**facts):
    return _parity.Parity(
        **{
            "n_items": 1,
            "max_difference": 0.0,
            "limit": 1e-4,
            "n_label_changes": 0,
            "python_ms": 1,
            "graph_ms": 1,
            **facts,
        }
    )


def test_parity_is_passed_up_to_the_limit():
    assert (_parity.LIMIT_FEATURES, _parity.LIMIT_PIXELS) == (1e-5, 1e-4)
    assert parity(max_difference=1e-4).is_passed
    assert not parity(max_difference=np.nextafter(1e-4, 1)).is_passed
    assert not parity(max_difference=np.inf).is_passed
    assert not parity(n_label_changes=1).is_passed


@pytest.mark.parametrize(
    ("from_features", "off", "is_passed"),
    [(True, 0.9e-5, True), (True, 1.1e-5, False), (False, 0.9e-4, True), (False, 1.1e-4, False), (True, np.nan, False)],
)
def test_gate_opens_and_shuts_at_the_documented_limit(
    rows, exported, tmp_path, monkeypatch, from_features, off, is_passed
):
    """The graph is made to answer as the model does but for one probability of one item."""
    model = rows.fitted if from_features else exported.model
    items = rows.new[:6] if from_features else dict(list(exported.pictures.items())[:6])

    def answer(_, held_out):
        if from_features:
            said = model.predict_proba(rows.new[:6]).to_numpy(copy=True)
        else:
            said = model.predict_proba(dict(items)).to_numpy(copy=True)
        assert len(said) == len(held_out.ids)
        said[2, said[2].argmin()] += off
        return said

    monkeypatch.setattr(_parity, "_graph_answer", answer)
    if is_passed:
        assert deploy.export(model, tmp_path, name="x", items=items, n_parity=6).max_difference == pytest.approx(
            off, rel=1e-3
        )
        return
    with pytest.raises(ModelError, match="It is not written"):
        deploy.export(model, tmp_path, name="x", items=items, n_parity=6)
    assert not (tmp_path / "x").exists()


def test_a_label_that_changes_counts_where_the_two_best_are_apart(monkeypatch):
    """Apart by more than the limit; at the limit itself either label will do."""
    from labelqa.deploy._classifier import HeldOut

    monkeypatch.setattr(_parity, "open_model", lambda *_, **__: None)
    monkeypatch.setattr(_parity, "_timing", lambda *_: {"python_ms": 0.0, "graph_ms": 0.0})
    held_out = HeldOut(["0"], np.zeros((1, 2), np.float32), None)

    class Graph:
        def SerializeToString(self):
            return b""

    def changes(gap):
        monkeypatch.setattr(_parity, "_rows_answer", lambda *_: lambda _: np.array([[0.5 + gap, 0.5]]))
        monkeypatch.setattr(_parity, "_graph_answer", lambda *_: np.array([[0.5, 0.5 + gap]]))
        return _parity.compare_answers(None, Graph(), held_out, 1)[0].n_label_changes

    assert [changes(gap) for gap in (0.9e-5, 1.1e-5, 0.1)] == [0, 1, 1]
    monkeypatch.setattr(_parity, "_rows_answer", lambda *_: lambda _: np.array([[0.7, 0.3]]))
    monkeypatch.setattr(_parity, "_graph_answer", lambda *_: np.array([[np.nan, 0.3]]))
    found = _parity.compare_answers(None, Graph(), held_out, 1)[0]
    assert (found.max_difference, found.n_label_changes, found.is_passed) == (np.inf, 0, False)


def test_number_of_parity_items_is_exact(rows, tmp_path):
    assert put(rows, tmp_path, n_parity=200).n_parity == 200
    with pytest.raises(ModelError, match="needs 201 held-out items and there are 200"):
        put(rows, tmp_path, n_parity=201)


@pytest.fixture
def registry(tmp_path, exported):
    """Three versions that help."""
    for version in (1, 2, 3):
        folder = tmp_path / "parts" / str(version)
        shutil.copytree(exported.result.path, folder)
        known = json.loads((folder / "metadata.json").read_text())
        (folder / "metadata.json").write_text(json.dumps(known | {"version": version}))
    return tmp_path


def again(exported, registry):
    items = dict(list(exported.pictures.items())[:5])
    return deploy.export(exported.model, registry, name="parts", items=items, n_parity=5).version


def test_a_number_that_was_promoted_is_never_given_again(exported, registry):
    deploy.promote(registry, name="parts", version=3)
    shutil.rmtree(registry / "parts" / "3")
    assert again(exported, registry) == 4
    with pytest.raises(ModelError, match=r"no version 3 .*found: 1, 2, 4"):
        deploy.load(registry, name="parts")


def test_a_number_of_the_past_is_not_given_again_either(exported, registry):
    for version in (3, 1):
        deploy.promote(registry, name="parts", version=version)
    shutil.rmtree(registry / "parts" / "3")
    shutil.rmtree(registry / "parts" / "2")
    assert again(exported, registry) == 4


def test_rollback_to_a_deleted_version_names_the_older_ones(registry):
    for version in (1, 2, 3):
        deploy.promote(registry, name="parts", version=version)
    before = (registry / "parts" / "aliases.json").read_text()
    shutil.rmtree(registry / "parts" / "2")
    with pytest.raises(
        ModelError, match=r"Version 2, which 'champion' of 'parts' had before, .* latest first: 1\. Prom"
    ):
        deploy.rollback(registry, name="parts")
    shutil.rmtree(registry / "parts" / "1")
    with pytest.raises(ModelError, match=r"none that it had earlier exists\. .*versions: 3"):
        deploy.rollback(registry, name="parts")
    assert (registry / "parts" / "aliases.json").read_text() == before


@pytest.mark.parametrize("share", [0, 1, 0.05, np.float32(0.5)])
def test_canary_shares_from_0_to_1(registry, share):
    found = deploy.promote(registry, name="parts", version=2, alias="challenger", canary_share=share)
    assert found.canary_share == float(share)
    assert deploy.promote(registry, name="parts", version=3, alias="shadow").canary_share == float(share)
    assert deploy.promote(registry, name="parts", version=3, alias="challenger").canary_share == float(share)
    assert deploy.promote(registry, name="parts", version=1).canary_share == 0


@pytest.mark.parametrize("share", [-1e-9, 1 + 1e-9, 5, np.nan, "0.1", True])
def test_other_canary_shares_are_refused(registry, share):
    with pytest.raises(OptionError, match="canary_share="):
        deploy.promote(registry, name="parts", alias="challenger", canary_share=share)
    assert not (registry / "parts" / "aliases.json").exists()


def test_a_champion_keeps_the_share_it_is_given(registry):
    assert deploy.promote(registry, name="parts", version=1, canary_share=0.25).canary_share == 0.25


@pytest.mark.parametrize("alias", ["champion", "challenger", "shadow"])
def test_rollback_sends_no_requests_to_the_challenger(registry, alias):
    for version in (1, 2):
        deploy.promote(registry, name="parts", version=version, alias=alias)
    deploy.promote(registry, name="parts", version=3, alias="challenger", canary_share=0.25)
    after = deploy.rollback(registry, name="parts", alias=alias)
    assert after.canary_share == 0
    assert getattr(after, alias) == (2 if alias == "challenger" else 1)
    assert deploy.aliases(registry, name="parts").canary_share == 0


@pytest.mark.parametrize("version", [np.int64(2), 2.0])
def test_whole_numbers_of_any_kind_name_a_version(registry, version):
    assert deploy.promote(str(registry), name="parts", version=version).champion == 2
    assert deploy.load(registry, name="parts", version=version).metadata["version"] == 2
    assert json.loads((registry / "parts" / "aliases.json").read_text())["champion"] == 2


@pytest.mark.parametrize("version", ["2", 1.5, True, 0])
def test_what_is_no_version_is_refused(registry, version):
    for call in (deploy.promote, deploy.load):
        with pytest.raises(OptionError, match="version="):
            call(registry, name="parts", version=version)


def test_a_plain_classifier_of_named_columns_is_joined_by_name(rows, tmp_path):
    fitted = LogisticRegression().fit(rows.new, rows.gold == "low")
    done = deploy.export(fitted, tmp_path, name="x", items=rows.new.iloc[:, ::-1], n_parity=200)
    assert deploy.predict(done.path, rows.new.iloc[:, ::-1]).labels == fitted.predict(rows.new).tolist()
