from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from click.testing import CliRunner

from labelqa.cli import main

LABELS = "item_id,annotator_id,label\n1,ann,a\n1,bob,a\n2,ann,b\n2,bob,b\n3,ann,a\n3,bob,b\n"


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["agree", *[str(word) for word in words]])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(LABELS, encoding="utf-8")
    return path


def test_the_coefficients_go_to_stdout_and_alpha_to_stderr(labels):
    code, out, err = run(labels)
    table = pd.read_csv(io.StringIO(out)).set_index("coefficient")
    assert code == 0
    assert table.loc["krippendorff_alpha", "value"] == pytest.approx(4 / 9)
    assert table.loc["cohen_kappa", "value"] == pytest.approx(0.4)
    assert "labels: alpha 0.444 [" in err


def test_another_table(labels):
    _, out, _ = run(labels, "--table", "class_pairs")
    assert out.splitlines() == ["label_a,label_b,n_pairs,share,expected_share", "a,b,1,1.0,1.0"]


def test_json_holds_labels_and_boxes(sample):
    code, out, err = run(sample, "--json", "--n-resamples", 20)
    found = json.loads(out)
    assert code == 0
    assert set(found) == {"labels", "boxes"}
    assert len(found["labels"]["per_annotator"]) == 5
    assert err.count("alpha") == 2


def test_boxes_only(sample):
    _, out, err = run(sample, "--boxes", "--n-resamples", 20)
    assert out.startswith("iou_threshold,")
    assert "labels: alpha" not in err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--fail-under", 0.9), 1, "alpha is below 0.9"),
        (("--fail-under", 0.4), 0, "alpha 0.444"),
        (("--table", "sweep"), 2, "--table='sweep' is not known; choose one of 'coefficients'"),
        (("--boxes",), 3, "SOURCE has no boxes; leave out --boxes"),
        (("--classes", "a"), 3, "labels that classes= does not list ('b')"),
        (("--level", "interval"), 3, "needs labels that are numbers; found 'a', 'b'"),
        (("--n-resamples", -1), 2, "n_resamples=-1 is out of range; give 0 for none"),
        (("--confidence", 2), 2, "confidence=2.0 is out of range; give a share between 0 and 1"),
    ],
)
def test_codes_and_messages(labels, words, code, message):
    got, _, err = run(labels, *words)
    assert got == code
    assert message in err


def test_undefined_agreement_fails_a_limit(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("item_id,annotator_id,label\n1,ann,a\n2,ann,b\n", encoding="utf-8")
    code, _, err = run(path, "--fail-under", 0.1)
    assert code == 1
    assert "There is only one annotator; agreement needs two." in err
