"""Interrupted audits, repeated audits, tables in memory, decisions, and what a notebook shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa.audit import _run as run
from labelqa.audit import load_audit
from labelqa.errors import OptionError, TableError

CLASSES = ("ok", "dent")


@pytest.fixture(scope="module")
def said() -> pd.DataFrame:
    """Forty items by three people; eve errs on every fifth."""
    rows = [
        (f"p{item:02d}", who, CLASSES[item % 2 if who != "eve" or item % 5 else 1 - item % 2])
        for item in range(80)
        for who in ("ann", "bob", "eve")
    ]
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])


@pytest.fixture(scope="module")
def pixels() -> dict[str, np.ndarray]:
    """Pictures in which the class is plain to see: dents are darker at the top."""
    rng = np.random.default_rng(0)
    out = {}
    for item in range(80):
        picture = rng.normal(150, 25, (24, 24, 3))
        picture[: 12 if item % 2 else 0] -= 60
        out[f"p{item:02d}"] = picture.clip(0, 255).astype(np.uint8)
    return out


@pytest.fixture(scope="module")
def gold() -> pd.DataFrame:
    return pd.DataFrame(
        {"item_id": [f"p{item:02d}" for item in range(80)], "label": [CLASSES[item % 2] for item in range(80)]}
    )


def all_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_paths(files: dict[str, bytes], out: str) -> dict[str, bytes]:
    return {name: data.replace(out.encode(), b"OUT") for name, data in files.items() if not name.endswith(".skops")}


@pytest.mark.parametrize("stopped", ["flags", "model"])
def test_interrupted_audit_goes_on_and_gives_the_same(audited, said, pixels, gold, tmp_path, monkeypatch, stopped):
    how = {} if stopped == "flags" else {"images": pixels, "gold": gold}
    whole = audited(said, out=tmp_path / "whole", **how)

    def stop(case: Any, found: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setitem(run.STEPS, stopped, stop)
        with pytest.raises(KeyboardInterrupt):
            audited(said, out=tmp_path / "again", **how)
    assert not (tmp_path / "again").exists()
    kept: list[str] = []

    def note(step: str, seconds: float | None, *, is_kept: bool = False) -> None:
        if is_kept:
            kept.append(step)

    again = audited(said, out=tmp_path / "again", on_step=note, **how)
    steps = list(run.STEPS)
    assert kept == steps[: steps.index(stopped)]
    a, b = (without_paths(all_files(audit.folder), audit.folder.as_posix()) for audit in (whole, again))
    assert a == b
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_steps_of_other_options_are_not_used(audited, said, tmp_path, monkeypatch):
    def stop(case: Any, found: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setitem(run.STEPS, "flags", stop)
        with pytest.raises(KeyboardInterrupt):
            audited(said, out=tmp_path / "out")
    kept: list[bool] = []
    audited(said, out=tmp_path / "out", seed=1, on_step=lambda step, seconds, *, is_kept=False: kept.append(is_kept))
    assert not any(kept)


def test_order_of_rows_changes_nothing_but_the_fingerprint(audited, said, tmp_path):
    first = audited(said, out=tmp_path / "first")
    second = audited(said.sample(frac=1, random_state=0), out=tmp_path / "second")
    assert first.summary["results"] == second.summary["results"]
    assert first.queue.equals(second.queue)


def test_pictures_gold_and_model(audited, said, pixels, gold, tmp_path):
    audit = audited(said, images=pixels, gold=gold, out=tmp_path / "audit")
    result = audit.summary["results"]
    assert result["label_consensus"]["accuracy"] == 1.0
    assert result["retrain"]["comparison"]["n_test"] == 40
    assert result["retrain"]["n_train"] == 40
    assert result["retrain"]["comparison"]["accuracy_after"] > 0.9
    metadata = json.loads((audit.folder / "model" / "metadata.json").read_text())
    assert metadata["labels"] == "the fixed labels, without the test items"
    fixes = pd.read_csv(audit.folder / "fixes.csv")
    assert len(fixes) >= 4
    assert set(fixes["by"]) == {"gold"}


def test_decisions_are_the_fixes_and_all_other_gold_is_the_test(audited, said, pixels, gold, tmp_path):
    decided = [f"p{item:02d}" for item in range(0, 20, 4)]
    path = tmp_path / "decisions.jsonl"
    lines = [{"item_id": item, "action": "relabel", "label": "dent", "reviewer": "kim"} for item in decided]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    audit = audited(said, images=pixels, gold=gold.iloc[30:], decisions=path, out=tmp_path / "audit")
    result = audit.summary["results"]["retrain"]
    assert result["source"] == "the reviewer's decisions"
    assert result["comparison"]["n_test"] == 50
    assert result["n_train"] == 30
    assert result["comparison"]["n_fixes"] == 5
    fixes = pd.read_csv(audit.folder / "fixes.csv")
    assert fixes["item_id"].tolist() == decided
    assert set(fixes["by"]) == {"kim"}
    assert set(fixes["after"]) == {"dent"}


def test_without_trusted_labels_the_page_says_what_it_cannot_say(audited, said, pixels, tmp_path):
    audit = audited(said, images=pixels, out=tmp_path / "audit")
    assert audit.summary["results"]["retrain"]["reason"].startswith("There are no trusted labels")
    text = audit.report.read_text()
    assert "This audit cannot say what fixing the labels is worth: there are no trusted labels" in text


@pytest.mark.parametrize(
    "rows",
    [
        [("1", "ann", "x"), ("2", "ann", "y")],
        [("1", "ann", "x"), ("1", "bob", "x")],
        [("1", "ann", "x"), ("1", "bob", "y"), ("2", "ann", "y"), ("2", "bob", "x")],
        [("1", "ann", 1), ("1", "bob", "one"), ("2", "ann", 1), ("2", "bob", 1)],
        [("item_id", "<b>", "nan"), ("item_id", "&", "item_id"), ("2", "<b>", "<i>"), ("2", "&", "nan")],
        [(7, 1, True), (7.0, 2, False), ("8", 1, True)],
    ],
    ids=["one annotator", "one class", "all ties", "mixed labels", "odd names", "numbers"],
)  # fmt: skip
def test_small_and_odd_tables(audited, rows, tmp_path):
    table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"], dtype=object)
    audit = audited(table, out=tmp_path / "audit")
    text = audit.report.read_text()
    assert "<i>" not in text
    assert "Traceback" not in text
    assert not audit.is_partial


def test_notebook_shows_the_three_sentences(audited, said, tmp_path):
    audit = audited(said, out=tmp_path / "a<b")
    shown = audit._repr_html_()
    assert shown.count("<b>How") == 2
    assert "a&lt;b" in shown
    assert "flagged" in repr(audit)
    assert load_audit(audit.folder).to_dict() == audit.to_dict()


def test_gold_in_memory_and_unknown_items(audited, said, gold, tmp_path):
    more = pd.concat([gold, pd.DataFrame({"item_id": ["x1"], "label": ["ok"]})])
    audit = audited(said, gold=more, out=tmp_path / "audit")
    assert audit.problems == ["1 items with trusted labels are not in the data ('x1'); left out."]
    with pytest.raises(TableError, match="None of the 1 items with trusted labels is in the data"):
        audited(said, gold=gold.assign(item_id="x").head(1), out=tmp_path / "other")


def test_taken_places_are_refused(audited, said, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OptionError, match="exists and is no audit"):
        audited(said, out=tmp_path, overwrite=True)
    with pytest.raises(OptionError, match="repeats='first' is not known"):
        audited(said, out=tmp_path / "audit", repeats="first")
    with pytest.raises(FileNotFoundError, match="holds no finished audit"):
        load_audit(tmp_path)
