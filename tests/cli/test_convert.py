from __future__ import annotations

import pytest
from click.testing import CliRunner

import labelqa
from labelqa.cli import main


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


def test_convert_writes_what_it_read_and_prints_where(sample, tmp_path):
    code, out, err = run("convert", sample, tmp_path / "out.json")
    assert (code, out) == (3, "")
    assert "coco has no place for: skipped views (3)" in err
    assert "go on with --allow-loss." in err
    code, out, err = run("convert", sample, tmp_path / "out.json", "--allow-loss")
    assert (code, out) == (0, f"{tmp_path / 'out.json'}\n")
    assert "Annotations(300 items, 5 annotators" in err
    assert "gold.csv beside the tables, 1: not read" in err
    assert len(labelqa.read(tmp_path / "out.json").boxes) == len(labelqa.read(sample).boxes)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ("convert", "nowhere", "out"),
            3,
            "labelqa: There is nothing at nowhere; give the path of a file or a folder.",
        ),
        (("convert", "a", "b", "--to", "xml"), 2, "Invalid value for '--to'"),
        (("convert", "a"), 2, "Missing argument 'OUT'"),
        (("polish",), 2, "No such command 'polish'"),
    ],
)
def test_mistakes_get_one_sentence_and_a_code(words, code, message):
    got, out, err = run(*words)
    assert (got, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_both_ways_of_naming_the_annotator_are_wrong_usage(sample, tmp_path):
    code, _, err = run("convert", sample, tmp_path / "x", "--annotator", "a", "--annotator-from", "parent")
    assert code == 2
    assert "both name the annotator" in err


def test_an_existing_path_is_not_overwritten(sample, tmp_path):
    code, _, err = run("convert", sample, tmp_path)
    assert code == 3
    assert "exists and is not overwritten" in err


def test_the_formats_are_listed():
    code, out, _ = run("convert", "--list")
    assert code == 0
    for each in labelqa.readers.FORMATS:
        assert f"--format {each.name}" in out
        assert each.keeps in out
    assert "--to parquet or csv" in out
