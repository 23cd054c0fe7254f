from __future__ import annotations

import csv
import io
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from labelqa import baseline
from labelqa.cli import main


@pytest.fixture(scope="module")
def trained(exported, tmp_path_factory):
    """A trained model in a file and the held-out pictures in a folder."""
    folder = tmp_path_factory.mktemp("trained")
    baseline.save(exported.model, folder / "model.skops")
    (folder / "held_out").mkdir()
    for item, image in list(exported.pictures.items())[:40]:
        Image.fromarray(image).save(folder / "held_out" / f"{item}.png")
    return folder


def run(*arguments, code=0):
    ran = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert ran.exit_code == code, ran.output
    return ran


def test_from_training_to_rollback(exported, trained, tmp_path):
    models = tmp_path / "models"
    put = ["export", trained / "model.skops", "--items", trained / "held_out", "--name", "parts", "--root", models]
    assert "needs 500 held-out items and there are 40" in run(*put, code=3).stderr
    (tmp_path / "compare.json").write_text('{"verdict": "helps", "difference": 0.02, "low": 0.01, "high": 0.03}')
    exported.labels.rename("label").rename_axis("item_id").to_csv(tmp_path / "gold.csv")
    done = run(*put, "--n-parity", 40, "--comparison", tmp_path / "compare.json", "--gold", tmp_path / "gold.csv")
    assert json.loads((models / "parts" / "1" / "metadata.json").read_text())["metrics"]["n_labelled"] == 40
    assert done.stdout == f"{models / 'parts' / '1'}\n"
    assert "no label changes" in done.stderr
    assert json.loads(run(*put, "--n-parity", 40, "--json").stdout)["version"] == 2

    assert json.loads(run("promote", "--name", "parts", "--root", models, "--version", 1).stdout)["champion"] == 1
    assert "has no comparison" in run("promote", "--name", "parts", "--root", models, code=3).stderr
    promoted = json.loads(run("promote", "--name", "parts", "--root", models, "--reason", "drill").stdout)
    assert (promoted["champion"], promoted["history"][-1]["reason"]) == (2, "drill")
    assert json.loads(run("rollback", "--name", "parts", "--root", models).stdout)["champion"] == 1
    assert "no history to go back to" in run("rollback", "--name", "parts", "--root", models, code=3).stderr
    assert (
        "--alias boss is not known"
        in run("rollback", "--name", "parts", "--root", models, "--alias", "boss", code=2).stderr
    )

    said = run("predict", trained / "held_out", "--root", models, "--name", "parts")
    rows = list(csv.DictReader(io.StringIO(said.stdout)))
    assert len(rows) == 40
    assert set(rows[0]) == {"item_id", "label", "probability"}
    one = run("predict", trained / "held_out" / rows[0]["item_id"], "--model", models / "parts" / "1", "--json")
    found = json.loads(one.stdout)[0]
    assert found["label"] == rows[0]["label"]
    assert sum(found["probabilities"].values()) == pytest.approx(1)


def test_corrupted_model_is_one_sentence(exported, trained, tmp_path):
    shutil.copytree(exported.result.path, tmp_path / "1")
    with (tmp_path / "1" / "model.onnx").open("ab") as stream:
        stream.write(b"x")
    ran = run("predict", trained / "held_out", "--model", tmp_path / "1", code=3)
    assert ran.stderr.startswith("labelqa: ")
    assert "is not the file that was exported" in ran.stderr


def test_wrong_files(trained, tmp_path):
    put = ["export", trained / "model.skops", "--name", "parts", "--root", tmp_path]
    assert "with the suffix .csv or .parquet" in run(*put, "--items", tmp_path / "x.txt", code=3).stderr
    (tmp_path / "bad.json").write_text("[1]")
    wrong = run(*put, "--items", trained / "held_out", "--comparison", tmp_path / "bad.json", code=3)
    assert "holds a list" in wrong.stderr


def test_former_spellings(exported, trained, tmp_path):
    shutil.copytree(exported.result.path, tmp_path / "parts" / "1")
    done = run("promote", "parts", "--models", tmp_path, "--alias", "challenger", "--canary-percent", 5)
    assert json.loads(done.stdout)["canary_share"] == 0.05
    for told in ("parts is written --name parts", "--models is written --root", "--canary-share=0.05"):
        assert told in done.stderr
    run("promote", "--name", "parts", "--root", tmp_path)
    said = run("predict", trained / "held_out", "--model", tmp_path, "--name", "parts")
    assert len(said.stdout.splitlines()) == 41
    assert "with --name is written --root" in said.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("promote",), "Missing option '--name'"),
        (("promote", "--name", "parts", "--canary-percent", "much"), "'much' is no number"),
        (("predict", "x.png"), "Give --name, one of the models in --root, or --model, an exported file."),
    ],
)
def test_wrong_usage(words, message):
    assert message in run(*words, code=2).stderr


@pytest.fixture(scope="module")
def of_features(tmp_path_factory):
    """A trained model of three columns, and files of the same items with columns in several ways."""
    folder = tmp_path_factory.mktemp("of_features")
    random = np.random.default_rng(0)
    label = np.arange(60) % 2
    rows = pd.DataFrame(
        random.normal(size=(60, 3)) + 3 * label[:, None] * [1, -1, 0], columns=["width", "depth", "red"]
    )
    rows.index = pd.Index([f"{k:03d}" for k in range(60)], name="item_id")
    baseline.save(baseline.fit(rows, pd.Series(label, index=rows.index)), folder / "model.skops")
    files = {
        "same": rows,
        "turned": rows[["red", "width", "depth"]],
        "further": rows.assign(blue=1.0),
        "lacking": rows[["red", "width"]],
    }
    for name, table in files.items():
        table.to_csv(folder / f"{name}.csv")
    run("export", folder / "model.skops", "--items", folder / "turned.csv", "--name", "parts",
        "--root", folder / "models", "--n-parity", 60)  # fmt: skip
    return folder


def test_columns_of_files_are_joined_by_name(of_features):
    said = [
        run("predict", "--features", of_features / f"{name}.csv", "--model", of_features / "models" / "parts" / "1")
        for name in ("same", "turned")
    ]
    assert said[0].stdout == said[1].stdout
    rows = list(csv.DictReader(io.StringIO(said[0].stdout)))
    assert [row["item_id"] for row in rows[:2]] == ["000", "001"]
    assert np.mean([row["label"] == str(k % 2) for k, row in enumerate(rows)]) > 0.95


@pytest.mark.parametrize(
    ("name", "message"), [("further", "1 are unknown ('blue')"), ("lacking", "1 are missing ('depth')")]
)
def test_files_with_other_columns_are_refused(of_features, name, message, tmp_path):
    file = of_features / f"{name}.csv"
    put = ("--name", "x", "--root", tmp_path, "--n-parity", 60)
    assert message in run("export", of_features / "model.skops", "--items", file, *put, code=3).stderr
    said = run("predict", "--features", file, "--model", of_features / "models" / "parts" / "1", code=3)
    assert message in said.stderr


def test_a_file_with_a_column_twice_is_refused(of_features, tmp_path):
    """pandas reads the second `red` as `red.1`, a column that nobody made."""
    file = tmp_path / "twice.csv"
    text = (of_features / "same.csv").read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([f"{text[0]},red", *(f"{line},0" for line in text[1:])]), encoding="utf-8")
    said = run("predict", "--features", file, "--model", of_features / "models" / "parts" / "1", code=3)
    assert "1 columns more than once ('red'); keep one of each" in said.stderr
    file.write_text("", encoding="utf-8")
    said = run("predict", "--features", file, "--model", of_features / "models" / "parts" / "1", code=3)
    assert "is empty; give a table with item_id" in said.stderr


def test_pictures_or_features(of_features):
    model = ("--model", of_features / "models" / "parts" / "1")
    for given in ((), (of_features, "--features", of_features / "same.csv")):
        assert "Give IMAGES, files or one folder, or --features" in run("predict", *given, *model, code=2).stderr
