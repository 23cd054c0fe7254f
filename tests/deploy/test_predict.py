from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from labelqa import deploy
from labelqa.errors import ImageError, ModelError, TableError
from labelqa.images import ImageSource


def test_files_get_what_the_python_pipeline_says(exported, photos):
    said = deploy.predict(exported.result.path, photos)
    source = ImageSource.from_folder(photos)
    wanted = exported.model.predict_proba(source)
    assert sorted(said.item_ids) == sorted(wanted.index)
    assert np.abs(said.probabilities - wanted.loc[said.item_ids].to_numpy()).max() <= 1e-4
    assert said.labels == wanted.loc[said.item_ids].idxmax(axis=1).tolist()
    assert said.table["probability"].between(1 / 3, 1).all()


@pytest.mark.parametrize("form", ["file", "list", "mapping", "array", "model"])
def test_every_form_of_input(exported, photos, form):
    model = deploy.load(exported.result.path)
    files = sorted(photos.iterdir())
    whole = dict(zip(deploy.predict(model, photos).item_ids, deploy.predict(model, photos).probabilities, strict=True))
    if form == "file":
        found = deploy.predict(model, files[0])
        assert found.item_ids == [files[0].name]
    elif form == "list":
        found = deploy.predict(model, [str(file) for file in files[:1]])
    elif form == "mapping":
        found = deploy.predict(model, {"a": files[0]})
        assert found.item_ids == ["a"]
    elif form == "array":
        found = deploy.predict(model, next(iter(exported.pictures.values()))[None])
        assert found.item_ids == ["0"]
    else:
        found = deploy.predict(exported.result.path / "model.onnx", files[0])
    assert np.abs(found.probabilities[0] - whole[files[0].name]).max() < 1e-6


def test_nothing_in_nothing_out(exported, tmp_path):
    said = deploy.predict(exported.result.path, tmp_path)
    assert (said.item_ids, said.labels, said.probabilities.shape) == ([], [], (0, 3))
    assert said.table.columns.tolist() == ["item_id", "label", "probability"]


def test_broken_pictures_and_wrong_input(exported, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        deploy.predict(exported.result.path, tmp_path)
    with pytest.raises(ImageError, match="no image file"):
        deploy.predict(exported.result.path, tmp_path / "absent.png")
    with pytest.raises(TableError, match="Found a int"):
        deploy.predict(exported.result.path, 7)
    with pytest.raises(TableError, match="listed twice"):
        deploy.predict(exported.result.path, ["a.png", "a.png"])


def test_needs_only_onnxruntime_numpy_and_pillow(exported, photos):
    """Whatever else is installed: nothing but these, and what they bring, is loaded."""
    code = f"""
import sys
from labelqa import deploy
print(deploy.predict({str(exported.result.path)!r}, {str(photos)!r}).rows()[0]["item_id"])
heavy = {{"pandas", "sklearn", "scipy", "numba", "matplotlib", "albumentations", "cv2", "onnx", "skl2onnx", "pyarrow"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1] == "[]"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("classes", ["noise", "bar", "square"]),
        ("classes", ["bar", "noise"]),
        ("classes", "bar"),
        ("classes", None),
        ("classes", [1, 2, 3]),
        ("input", None),
        ("input", {"name": "image"}),
        ("model", []),
    ],
)
def test_metadata_that_says_something_else_than_the_graph_is_refused(exported, tmp_path, field, value):
    folder = tmp_path / "1"
    shutil.copytree(exported.result.path, folder)
    assert deploy.load(folder).classes == ["bar", "noise", "square"]
    told = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    (folder / "metadata.json").write_text(json.dumps({**told, field: value}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"names other classes than|does not say what the model takes"):
        deploy.load(folder)
