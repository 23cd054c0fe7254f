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
        (("--fail-under", 0.9), 1, "alpha of labels is below 0.9"),
        (("--fail-under", 0.4), 0, "alpha 0.444"),
        (("--fail-under", 4 / 9), 0, "alpha 0.444"),
        (("--fail-under", 0.4445), 1, "alpha of labels is below 0.4445"),
        (("--level", "ordinal"), 3, "--level ordinal needs classes in order; found texts ('a', 'b')"),
        (("--table", "sweep"), 2, "--table sweep is not known; choose one of 'coefficients'"),
        (("--boxes",), 3, "SOURCE has no boxes; leave out --boxes"),
        (("--classes", "a"), 3, "labels that --classes does not list ('b')"),
        (("--level", "interval"), 3, "needs labels that are numbers; found 'a', 'b'"),
        (("--n-resamples", -1), 2, "--n-resamples -1 is out of range; give 0 for none"),
        (("--confidence", 2), 2, "--confidence 2.0 is out of range; give a share between 0 and 1"),
    ],
)
def test_codes_and_messages(labels, words, code, message):
    got, _, err = run(labels, *words)
    assert got == code
    assert message in err


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("1,ann,a\n2,ann,b\n", "There is only one annotator; agreement needs two."),
        ("1,ann,a\n1,bob,a\n", "All labels are of one class"),
    ],
)
def test_undefined_is_not_below_a_limit(tmp_path, rows, reason):
    path = tmp_path / "labels.csv"
    path.write_text(f"item_id,annotator_id,label\n{rows}", encoding="utf-8")
    code, _, err = run(path, "--fail-under", 0.1)
    assert code == 5
    assert f"labels: alpha is undefined. {reason}" in err
    assert "alpha of labels is undefined, so that it cannot be held against 0.1" in err
    assert "below" not in err
    assert run(path)[0] == 0


def test_agreement_without_interval_is_compared_all_the_same(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("item_id,annotator_id,label\n1,ann,a\n1,bob,a\n2,ann,b\n2,bob,b\n", encoding="utf-8")
    code, _, err = run(path, "--fail-under", 0.9)
    assert code == 0
    assert "labels: alpha 1.000 without interval. All 2 items with two labels agree alike" in err


def test_one_low_and_one_undefined_is_low():
    from labelqa.cli.agree import _compare_with

    for alphas, code in (
        ({"labels": 0.1, "boxes": float("nan")}, 1),
        ({"labels": 0.9, "boxes": float("nan")}, 5),
        ({"labels": 0.5, "boxes": 0.4}, 1),
    ):
        with pytest.raises(SystemExit) as left:
            _compare_with(alphas, 0.5)
        assert left.value.code == code
    _compare_with({"labels": 0.5, "boxes": 0.5}, 0.5)


def test_the_order_of_classes_is_an_option(tmp_path):
    path = tmp_path / "labels.csv"
    grades = {"1": "low", "2": "mid", "3": "high"}
    rows = [(1, "1", "2"), (2, "3", "3"), (3, "1", "1"), (4, "2", "3"), (5, "2", "2")]
    found = []
    for names in (grades, {key: key for key in grades}):
        lines = [f"{i},{who},{names[label]}" for i, *both in rows for who, label in zip("ab", both, strict=True)]
        path.write_text("\n".join(["item_id,annotator_id,label", *lines]), encoding="utf-8")
        words = ("--classes", "low, mid,high") if names is grades else ()
        code, out, _ = run(path, "--level", "ordinal", *words)
        assert code == 0
        found.append(pd.read_csv(io.StringIO(out)).set_index("coefficient")["value"])
    pd.testing.assert_series_equal(*found)
