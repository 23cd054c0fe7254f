import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from labelqa import baseline
from labelqa.cli import main


@pytest.fixture
def workplace(tmp_path):
    """Forty pictures, half of them with a bright spot, labelled by two people."""
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    rows, numbers = [], []
    for k in range(40):
        pixels = rng.integers(90, 110, (40, 40, 3)).astype(np.uint8)
        if k % 2:
            pixels[10:16, k % 30 : k % 30 + 6] = 250
        Image.fromarray(pixels).save(tmp_path / "images" / f"p{k}.png")
        rows += [(f"p{k}", who, "spot" if k % 2 else "ok") for who in ("ann", "bob")]
        numbers.append((f"p{k}", float(k % 2), rng.random()))
    labels = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    labels.loc[0, "label"] = "spot"
    labels.to_csv(tmp_path / "labels.csv", index=False)
    pd.DataFrame(numbers, columns=["item_id", "a", "b"]).to_csv(tmp_path / "features.csv", index=False)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_it_keeps_a_model_that_predicts_pictures(workplace):
    out = workplace / "model.skops"
    done = run("train", workplace / "labels.csv", "--images", workplace / "images", "--out", out)
    assert (done.exit_code, done.stdout) == (0, f"{out}\n"), done.stderr
    assert "logistic: accuracy" in done.stderr
    assert "one person against the others" in done.stderr
    assert "1 items without a most frequent label are left out" in done.stderr
    model = baseline.load(out)
    pixels = np.full((50, 50, 3), 100, np.uint8)
    pixels[20:28, 20:28] = 255
    assert model.predict({"new": pixels}).tolist() == ["spot"]


def test_json_and_own_features(workplace):
    done = run("train", workplace / "labels.csv", "--features", workplace / "features.csv", "--out",
               workplace / "model.skops", "--json", "--n-folds", 3)  # fmt: skip
    found = json.loads(done.stdout)
    assert found["accuracy"] == 1.0
    assert found["n_folds"] == 3
    assert found["model"] == str(workplace / "model.skops")


def test_nothing_is_overwritten_unasked(workplace):
    out = workplace / "model.skops"
    out.write_text("precious")
    arguments = ["train", workplace / "labels.csv", "--features", workplace / "features.csv", "--out", out]
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert "exists; choose another --out, or add --overwrite" in refused.stderr
    assert out.read_text() == "precious"
    assert run(*arguments, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ([], 2, "Give --images FOLDER or --features FILE: the items name no picture that is there"),
        (["--images", "x", "--features", "y"], 2, "Give --images FOLDER or --features FILE, one of them"),
        (["--images", "nowhere"], 3, "There is no folder nowhere"),
        (["--features", "none.csv"], 3, "There is no file none.csv"),
        (["--features", "{}/labels.csv", "--groups", "line"], 3, "items table has no column 'line'"),
        (["--features", "{}/features.csv", "--classifier", "svm"], 2, "Invalid value for '--classifier'"),
    ],
)
def test_refusals(workplace, options, code, message):
    options = [option.format(workplace) for option in options]
    done = run("train", workplace / "labels.csv", "--out", workplace / "model.skops", *options)
    assert done.exit_code == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_picture_is_named(workplace):
    (workplace / "images" / "p3.png").unlink()
    done = run("train", workplace / "labels.csv", "--images", workplace / "images", "--out", workplace / "m.skops")
    assert done.exit_code == 3
    assert "1 items have no picture" in done.stderr
    assert "'p3'" in done.stderr


def test_pictures_that_the_items_name_are_used(sample, tmp_path):
    done = run("train", sample, "--out", tmp_path / "model.skops")
    assert done.exit_code == 0
    assert (tmp_path / "model.skops").exists()
