"""`labelqa audit` and `labelqa report`: what they print, their exit codes, and a plain sentence for bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from labelqa.cli import main


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small table of labels in the current folder."""
    monkeypatch.chdir(tmp_path)
    rows = [
        (f"p{item:02d}", who, "ok" if (item * 7 + shift) % 5 else "dent")
        for item in range(20)
        for shift, who in enumerate(("ann", "bob", "eve"))
    ]
    path = tmp_path / "said.csv"
    pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]).to_csv(path, index=False)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_stdout_is_the_path_and_stderr_the_talk(said):
    done = run("audit", "said.csv", "--out", "made")
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == "made/report.html"
    assert "label agreement" in done.stderr
    assert "\r" not in done.stderr
    assert (said.parent / "made" / "report.html").is_file()


def test_json_is_the_summary(said):
    done = run("audit", "said.csv", "--out", "made", "--json")
    summary = json.loads(done.stdout)
    assert summary["command"] == "labelqa audit said.csv --seed 0 --out made"
    assert summary == json.loads((said.parent / "made" / "summary.json").read_text())


def test_finished_audit_is_left_alone(said):
    assert run("audit", "said.csv").exit_code == 0
    again = run("audit", "said.csv")
    assert again.exit_code == 2
    assert "labelqa-out holds a finished audit" in again.stderr
    assert run("audit", "said.csv", "--overwrite").exit_code == 0


def test_other_folders_are_left_alone_even_with_overwrite(said):
    (said.parent / "mine").mkdir()
    (said.parent / "mine" / "thesis.txt").write_text("years of work")
    done = run("audit", "said.csv", "--out", "mine", "--overwrite")
    assert done.exit_code == 2
    assert "mine exists and is no audit" in done.stderr
    assert (said.parent / "mine" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("text", "arguments", "code", "message"),
    [
        (None, ["nothing.csv"], 3, "There is nothing at nothing.csv"),
        ("item_id,label\n1,ok\n", ["bad.csv"], 3, "does not say who annotated; name the person with"),
        ("a,b\n1,2\n", ["bad.csv"], 3, "has no column that holds an answer"),
        ("item_id,annotator_id,label\n", ["bad.csv"], 3, "holds neither labels nor boxes"),
        ("item_id,annotator_id,label\n1,a,x\n1,a,y\n", ["bad.csv"], 3, "1 times an annotator labelled an item more"),
        ("item_id,label\n1,ok\n", ["bad.csv", "--annotator", "a", "--annotator-from", "parent"], 2, "give only one"),
        ("item_id,label\n1,ok\n", ["bad.csv", "--format", "excel"], 2, "'excel' is not one of"),
        ("item_id,annotator_id,label\n1,a,x\n", ["bad.csv", "--seed", "-1"], 2, "-1 is not in the range"),
        ("item_id,annotator_id,label\n1,a,x\n", ["bad.csv", "--gold", "none.csv"], 3, "There is nothing at none.csv"),
        ("item_id,annotator_id,label\n1,a,x\n", ["bad.csv", "--images", "none"], 3, "There is no folder none"),
        ("item_id,annotator_id,label\n1,a,x\n", ["bad.csv", "--decisions", "no.jsonl"], 3, "There is no file no.jsonl"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_plain_sentence(said, text, arguments, code, message):
    if text is not None:
        (said.parent / "bad.csv").write_text(text)
    done = run("audit", *arguments)
    assert done.exit_code == code, done.output
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (said.parent / "labelqa-out").exists()


def test_gold_of_another_set_is_refused(said):
    (said.parent / "gold.csv").write_text("item_id,label\nx1,ok\n")
    done = run("audit", "said.csv", "--gold", "gold.csv")
    assert done.exit_code == 3
    assert "None of the 1 items with trusted labels is in the data" in done.stderr


def test_what_could_not_be_used_is_listed(said):
    folder = said.parent / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for item in range(19):
        Image.fromarray(rng.integers(0, 255, (32, 40, 3), dtype=np.uint8)).save(folder / f"p{item:02d}.png")
    (folder / "p03.png").write_bytes((folder / "p03.png").read_bytes()[:200])
    (said.parent / "gold.csv").write_text("item_id,label\np01,ok\nx1,ok\n")
    done = run("audit", "said.csv", "--gold", "gold.csv", "--json")
    assert done.exit_code == 4, done.output
    told = " ".join(json.loads(done.stdout)["problems"])
    for message in ("1 items have no picture ('p19')", "1 pictures cannot be read ('p03')", "('x1'); left out"):
        assert message in told
        assert message in done.stderr
        assert message.replace("'", "&#39;") in (said.parent / "labelqa-out" / "report.html").read_text()


def test_report_is_made_anew(said):
    run("audit", "said.csv", "--out", "made")
    page = said.parent / "made" / "report.html"
    before = page.read_text()
    page.unlink()
    assert run("report", "made").stdout.strip() == "made/report.html"
    assert page.read_text() == before
    assert run("report", "made", "--out", "other.html").exit_code == 0
    assert run("report", "made", "--out", "other.html").exit_code == 2
    assert run("report", "made", "--out", "other.html", "--overwrite").exit_code == 0


def test_report_needs_an_audit(said):
    done = run("report", ".")
    assert done.exit_code == 3
    assert "holds no finished audit" in done.stderr


@pytest.mark.parametrize("verb", [[], ["audit"], ["report"]])
def test_help_says_what_it_does(verb):
    done = run(*verb, "--help")
    assert done.exit_code == 0
    assert "Usage:" in done.stdout


def test_unknown_verb():
    done = run("audti")
    assert done.exit_code == 2
    assert "No such command 'audti'" in done.stderr
