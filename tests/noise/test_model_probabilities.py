from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import pandas as pd
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from labelqa import baseline, deploy
from labelqa.cli import main
from labelqa.errors import ImageError, ModelError, OptionError
from labelqa.noise import label_issues, model_probabilities
from labelqa.noise.labels._model_probabilities import _are_probabilities
from labelqa.noise.labels._onnx_classifier import _output

COLOURS = ["red", "green", "blue"]
FIRST, LAST = ["n", 3, "h", "w"], ["n", "h", "w", 3]


def save(path, *, shape=FIRST, kind=TensorProto.FLOAT, gain=1.0, end=None):
    """Write a model whose three outputs are the mean of each colour, times `gain`; `end` is one more operation."""
    gains = numpy_helper.from_array(np.float32(gain), "gain")
    last = len(shape) == 4 and shape[3] == 3
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "sides"], ["means"], keepdims=0),
        helper.make_node("Mul", ["means", "gain"], ["scores"]),
        helper.make_node(end or "Identity", ["scores"], ["said"], **({"keepdims": 0} if end == "ReduceSum" else {})),
    ]
    sides = numpy_helper.from_array(np.array([1, 2] if last else range(2, len(shape)), dtype=np.int64), "sides")
    graph = helper.make_graph(
        nodes, "colours",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("said", TensorProto.FLOAT, None)],
        [gains, sides],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    return path


@pytest.fixture
def pictures():
    """Seven pictures of two sizes, each with one strong colour, in no order of ids."""
    rng = np.random.default_rng(3)
    out = {}
    for k in (4, 10, 1, 0, 7, 2, 3):
        image = rng.integers(0, 60, ((12, 8) if k % 2 else (6, 6)) + (3,), dtype=np.uint8)
        image[..., k % 3] += 120
        out[f"p{k}"] = image
    return out


def softmax(scores):
    out = np.exp(scores - scores.max(axis=1, keepdims=True))
    return out / out.sum(axis=1, keepdims=True)


def means(pictures, ids):
    return np.array([pictures[item].reshape(-1, 3).mean(axis=0) for item in ids])


@pytest.mark.parametrize("shape", [FIRST, LAST])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.UINT8])
def test_every_layout_and_type(tmp_path, pictures, shape, kind):
    is_raw = kind == TensorProto.UINT8
    path = save(tmp_path / "m.onnx", shape=shape, kind=kind, gain=1 / 50 if is_raw else 5.0)
    found = model_probabilities(path, pictures, classes=COLOURS)
    assert found.index.tolist() == ["p0", "p1", "p10", "p2", "p3", "p4", "p7"]
    assert found.columns.tolist() == COLOURS
    wanted = softmax(means(pictures, found.index) / (50 if is_raw else 51))
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert found.attrs == {"softmax": True}
    pd.testing.assert_frame_equal(found, model_probabilities(path, pictures, classes=COLOURS), check_exact=True)


def test_probabilities_stay_as_they_are(tmp_path, pictures):
    path = save(tmp_path / "m.onnx", gain=5.0, end="Softmax")
    found = model_probabilities(path, pictures, classes=COLOURS)
    assert found.attrs == {"softmax": False}
    np.testing.assert_allclose(found, softmax(means(pictures, found.index) / 51), atol=1e-5)


def test_what_is_below_zero_or_does_not_sum_to_one_is_no_probability():
    fine = np.array([[0.3, 0.7], [1.0, 0.0]])
    assert _are_probabilities(fine)
    assert _are_probabilities(fine + [[0, 0.0009], [0, 0]])
    assert not _are_probabilities(fine + [[0, 0.0011], [0, 0]])
    # the rows sum to one
    assert not _are_probabilities(np.array([[-0.2, 1.2], [0.5, 0.5]]))


@pytest.mark.parametrize(
    ("outputs", "wanted"),
    [
        ([("label", "int64", 1), ("scores", "float", 2), ("probabilities", "float", 2)], "probabilities"),
        ([("features", "float", 4), ("scores", "float", 2), ("more", "float", 2)], "scores"),
        ([("codes", "int64", 2), ("scores", "float", 2)], "scores"),
        ([("features", "float", 4), ("unknown", "float", None)], "features"),
    ],
)
def test_the_output_with_a_row_for_each_picture_is_taken(outputs, wanted):
    given = [
        SimpleNamespace(name=name, type=f"tensor({kind})", shape=None if n is None else ["n"] * n)
        for name, kind, n in outputs
    ]
    assert _output(given) == wanted


def test_mean_std_and_scale(tmp_path, pictures):
    path = save(tmp_path / "m.onnx")
    mean, std = [0.5, 1.0, 2.0], [1.0, 2.0, 4.0]
    found = model_probabilities(path, pictures, classes=COLOURS, mean=mean, std=np.array(std), scale=0.1)
    wanted = softmax((means(pictures, found.index) * 0.1 - mean) / std)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("n", [1, 3, 7, 20])
def test_a_fixed_batch_and_size(tmp_path, pictures, n):
    path = save(tmp_path / "m.onnx", shape=[n, 3, 10, 4], gain=5.0)
    found = model_probabilities(path, pictures, classes=COLOURS)
    resized = {k: np.array(Image.fromarray(v).resize((4, 10), Image.Resampling.BILINEAR)) for k, v in pictures.items()}
    np.testing.assert_allclose(found, softmax(means(resized, found.index) / 51), atol=1e-5)
    free = save(tmp_path / "free.onnx", gain=5.0)
    np.testing.assert_allclose(found, model_probabilities(free, pictures, classes=COLOURS, size=(10, 4)), atol=1e-6)


def test_more_pictures_than_a_batch_keep_their_rows(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (75, 4, 4, 3), dtype=np.uint8)
    found = model_probabilities(save(tmp_path / "m.onnx"), images, classes=COLOURS)
    np.testing.assert_allclose(found, softmax(images.mean(axis=(1, 2)) / 255), atol=1e-5)


def test_no_pictures_no_rows(tmp_path):
    found = model_probabilities(save(tmp_path / "m.onnx"), {}, classes=COLOURS)
    assert found.shape == (0, 3)


def test_the_wrong_label_is_found(tmp_path, pictures):
    probs = model_probabilities(save(tmp_path / "m.onnx", gain=20.0), pictures, classes=COLOURS)
    labels = probs.idxmax(axis=1).rename("label").reset_index()
    labels.loc[labels["item_id"] == "p7", "label"] = "blue"
    first = label_issues(labels, pred_probs=probs).table.sort_values("rank").iloc[0]
    assert first[["item_id", "label", "proposal"]].tolist() == ["p7", "blue", "green"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model of two classes, dark and bright, exported from pixels on."""
    rng = np.random.default_rng(1)
    pictures = {f"q{k}": rng.integers(0, 100, (16, 16, 3), dtype=np.uint8) + 120 * (k % 2) for k in range(30)}
    pictures = {item: image.astype(np.uint8) for item, image in pictures.items()}
    labels = pd.Series({item: ["dark", "bright"][k % 2] for k, item in enumerate(pictures)})
    model = baseline.fit(pictures, labels)
    done = deploy.export(model, tmp_path_factory.mktemp("models"), name="light", items=pictures, n_parity=30)
    return done.path, pictures


@pytest.mark.parametrize("file", ["", "model.onnx"])
def test_an_exported_model_says_what_deploy_says(exported, file):
    path, pictures = exported
    found = model_probabilities(path / file, pictures)
    said = deploy.predict(path, pictures)
    assert found.columns.tolist() == said.classes == ["bright", "dark"]
    assert found.attrs == {"softmax": False}
    np.testing.assert_allclose(found.loc[said.item_ids], said.probabilities, atol=1e-6)


def test_an_exported_model_that_was_changed_is_refused(exported, tmp_path):
    path, pictures = exported
    for file in ("model.onnx", "metadata.json"):
        (tmp_path / file).write_bytes((path / file).read_bytes() + b" ")
    with pytest.raises(ModelError, match="is not the file that was exported"):
        model_probabilities(tmp_path, pictures)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"classes": None}, OptionError, "Nothing says what the outputs of .* mean .*give classes="),
        ({"classes": ["a", "b"]}, ModelError, "gives 3 numbers for each picture and there are 2 classes"),
        ({"classes": ["a", "b", "a"]}, OptionError, "names one twice"),
        ({"classes": "red"}, OptionError, "is one class"),
        ({"items": ["p1", "p99"]}, ImageError, r"1 items have no picture \('p99'\)"),
        ({"size": 0}, OptionError, "size=0 is no size"),
        ({"size": (1, 2, 3)}, OptionError, "is no size"),
        ({"mean": [1, 2]}, OptionError, r"mean=\[1, 2\] is not usable"),
        ({"std": 0}, OptionError, "std=0 is not usable; .* above 0"),
        ({"scale": [1, 1, 1]}, OptionError, "scale=.* give a number, above 0"),
    ],
)
def test_refused_options(tmp_path, pictures, options, error, message):
    path = save(tmp_path / "m.onnx")
    with pytest.raises(error, match=message):
        model_probabilities(path, pictures, **({"classes": COLOURS} | options))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (["n", 12], "takes image: tensor.float. .*an image classifier is needed"),
        (["n", 1, 8, 8], "three colours are needed"),
        (["n", "c", "h", "w"], "three colours are needed"),
    ],
)
def test_graphs_that_take_no_pictures(tmp_path, pictures, shape, message):
    with pytest.raises(ModelError, match=message):
        model_probabilities(save(tmp_path / "m.onnx", shape=shape), pictures, classes=COLOURS)


def test_options_that_do_not_fit_the_graph(tmp_path, pictures):
    fixed = save(tmp_path / "fixed.onnx", shape=["n", 3, 8, 8])
    with pytest.raises(OptionError, match=r"size=9 does not fit .*, which takes 8 x 8 pixels"):
        model_probabilities(fixed, pictures, classes=COLOURS, size=9)
    half = save(tmp_path / "half.onnx", shape=["n", 3, 8, "w"])
    with pytest.raises(OptionError, match="fixes one side"):
        model_probabilities(half, pictures, classes=COLOURS)
    assert len(model_probabilities(half, pictures, classes=COLOURS, size=(8, 5))) == 7
    raw = save(tmp_path / "raw.onnx", kind=TensorProto.UINT8)
    with pytest.raises(OptionError, match="takes raw pixels"):
        model_probabilities(raw, pictures, classes=COLOURS, mean=[0.5, 0.5, 0.5])


def test_outputs_that_are_no_scores(tmp_path, pictures):
    with pytest.raises(ModelError, match=r"gives nan or infinity for 7 items \('p0'"):
        model_probabilities(save(tmp_path / "m.onnx", gain=np.nan), pictures, classes=COLOURS)
    with pytest.raises(ModelError, match=r"has shape \(\) for \d pictures; a classifier gives"):
        model_probabilities(save(tmp_path / "m.onnx", end="ReduceSum"), pictures, classes=COLOURS)


def test_another_programs_metadata_say_nothing(tmp_path, pictures):
    save(tmp_path / "model.onnx")
    (tmp_path / "metadata.json").write_text('{"author": "kim"}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"was not written by labelqa; .* give classes="):
        model_probabilities(tmp_path, pictures)
    assert len(model_probabilities(tmp_path, pictures, classes=COLOURS, size=np.int64(4))) == 7


def test_missing_and_damaged_files(tmp_path, pictures):
    with pytest.raises(ModelError, match=r"There is no model .*absent\.onnx; give an ONNX file"):
        model_probabilities(tmp_path / "absent.onnx", pictures, classes=COLOURS)
    with pytest.raises(ModelError, match=r"There is no model .*model\.onnx"):
        model_probabilities(tmp_path, pictures)
    (tmp_path / "bad.onnx").write_bytes(b"no graph at all")
    with pytest.raises(ModelError, match=r"bad\.onnx cannot be loaded by onnxruntime .*; give a whole ONNX file"):
        model_probabilities(tmp_path / "bad.onnx", pictures, classes=COLOURS)


def test_a_broken_picture_is_named(tmp_path):
    with pytest.raises(ImageError, match="The picture of item 'b' is not an image"):
        model_probabilities(save(tmp_path / "m.onnx"), {"b": b"no picture"}, classes=COLOURS)


def test_the_command(tmp_path, pictures):
    folder = tmp_path / "images"
    folder.mkdir()
    for item, image in pictures.items():
        Image.fromarray(image).save(folder / f"{item}.png")
    rows = [f"{item},ann,{COLOURS[image.mean(axis=(0, 1)).argmax()]}" for item, image in pictures.items()]
    rows[0] = "p4,ann,blue"
    (tmp_path / "labels.csv").write_text("item_id,annotator_id,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    model = save(tmp_path / "m.onnx", gain=20.0)
    words = ["flag", tmp_path / "labels.csv", "--images", folder, "--model", model, "--method", "self_confidence"]
    done = CliRunner().invoke(main, [str(word) for word in [*words, "--classes", "red,green, blue"]])
    assert done.exit_code == 0
    assert "m.onnx: probabilities of 7 items, softmax of its outputs" in done.stderr
    assert any(",p4," in line and ",blue,green," in line for line in done.stdout.splitlines())
    done = CliRunner().invoke(main, [str(word) for word in [*words, "--pred-probs", "probs.csv"]])
    assert done.exit_code == 2
    assert "Give --model or --pred-probs, one of them" in done.stderr
    done = CliRunner().invoke(main, ["flag", str(tmp_path / "labels.csv"), "--classes", "red,green"])
    assert (done.exit_code, "give --model too" in done.stderr) == (2, True)
