"""Interrupted audits, repeated audits, tables in memory, decisions, and what a notebook shows."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa.annotations import Annotations
from labelqa.audit import _run as run
from labelqa.audit import load_audit
from labelqa.audit._reading import read_material
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
    """Leave out the path of the folder, what has no fixed bytes, and the hashes of both; the manifest's names stay."""
    plain = {name: data.replace(out.encode(), b"OUT") for name, data in files.items() if not name.endswith(".skops")}
    manifest = json.loads(plain.pop("manifest.json"))
    return plain | {"manifest.json": json.dumps([manifest["key"], sorted(manifest["files"])]).encode()}


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


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    """Nine items by three people; eve says the same of all."""
    rows = [(i, who, 1 if i % 3 or who == "eve" else 2) for i in range(9) for who in ("ann", "bob", "eve")]
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])


class TestOptions:
    @pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
    def test_a_seed_is_checked_before_any_work(self, few, tmp_path, seed):
        told: list[str] = []
        with pytest.raises(OptionError, match=r"seed=.* (is out of range|is no whole number); give 0 or more"):
            run.run_audit(few, seed=seed, out=tmp_path / "out", on_step=lambda step, *_, **__: told.append(step))
        assert told == []
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("option", "value"), [("format", "coco"), ("annotator", "ann"), ("annotator_from", "filename")]
    )
    def test_how_to_read_a_file_is_refused_for_tables(self, few, tmp_path, option, value):
        with pytest.raises(OptionError, match=f"{option}='{value}' says how to read a file"):
            run.run_audit(few, out=tmp_path / "out", **{option: value})
        assert list(tmp_path.iterdir()) == []

    def test_repeats_of_a_table_are_treated_as_asked(self, audited, few, tmp_path):
        again = pd.concat([few.assign(created_at="2026-01-02"), few.head(1).assign(label=2, created_at="2026-01-01")])
        with pytest.raises(TableError, match="'0 by ann'"):
            run.run_audit(again, repeats="refuse", out=tmp_path / "refuse")
        for repeats, n in ((None, 27), ("latest", 27), ("keep", 28)):
            summary = audited(again, repeats=repeats, out=tmp_path / str(repeats)).summary
            assert summary["options"]["repeats"] == (repeats or "latest")
            assert summary["counts"]["labels"] == n

    @pytest.mark.parametrize("chosen", ["keep", "latest"])
    def test_annotations_were_checked_already(self, audited, few, tmp_path, chosen):
        again = Annotations.from_frames(pd.concat([few, few.head(1)]), repeats=chosen)
        for repeats in (None, chosen):
            options = audited(again, repeats=repeats, out=tmp_path / str(repeats)).summary["options"]
            assert options["repeats"] == chosen
        with pytest.raises(OptionError, match=rf"'refuse' cannot be used: these .* checked with repeats='{chosen}'"):
            run.run_audit(again, repeats="refuse", out=tmp_path / "refuse")

    def test_annotations_without_repeats_fit_any_choice(self, audited, few, tmp_path):
        audit = audited(Annotations.from_frames(few), repeats="refuse", out=tmp_path / "out")
        assert audit.summary["options"]["repeats"] == "refuse"


class TestInAnyForm:
    @pytest.mark.parametrize(
        "form",
        [
            lambda labels: labels.astype(float),
            lambda labels: labels.astype("Int64"),
            lambda labels: labels.astype("category"),
            lambda labels: labels.map({1: "1", 2: "2"}),
            lambda labels: labels.map(Decimal),
            lambda labels: labels.map({1: 1, 2: "2"}).astype(object),
        ],
        ids=["float", "Int64", "category", "text", "Decimal", "mixed"],
    )
    def test_labels_give_the_same_numbers(self, audited, few, tmp_path, form):
        gold = few.drop_duplicates("item_id").astype({"label": str})[["item_id", "label"]]
        gold.to_csv(tmp_path / "gold.csv", index=False)
        whole = audited(few, gold=tmp_path / "gold.csv", out=tmp_path / "whole")
        other = audited(few.assign(label=form(few["label"])), gold=tmp_path / "gold.csv", out=tmp_path / "other")
        assert (
            other.summary["results"]["label_agreement"]["alpha"] == whole.summary["results"]["label_agreement"]["alpha"]
        )
        for audit in (whole, other):
            against = pd.read_parquet(audit.folder / "consensus" / "labels_against_gold.parquet")
            assert against["n_right"].tolist() == [9, 9, 6]
            assert audit.queue["item_id"].tolist() == whole.queue["item_id"].tolist()

    @pytest.mark.parametrize(
        ("form", "kind"),
        [(pd.Timestamp, "Timestamp"), (lambda value: frozenset([value, 7]), "frozenset")],
        ids=["times", "sets"],
    )
    def test_labels_that_json_does_not_know_are_read_as_text(self, audited, few, tmp_path, form, kind):
        odd = few.assign(label=pd.Series([form(value) for value in few["label"]], dtype=object))
        audit = audited(odd, gold=odd.drop_duplicates("item_id"), out=tmp_path / "out")
        assert audit.summary["results"]["label_consensus"]["accuracy"] == 1.0
        assert f"labels of type {kind}" in audit.report.read_text()

    @pytest.mark.parametrize(
        "form",
        [
            lambda gold: gold,
            lambda gold: (gold,),
            lambda gold: [gold.head(4), gold.tail(5)],
            lambda gold: gold.set_index("item_id")["label"],
            lambda gold: Annotations.from_frames(gold.assign(annotator_id="boss")),
        ],
        ids=["table", "tuple", "list", "series", "annotations"],
    )
    def test_gold_in_memory(self, audited, few, tmp_path, form):
        gold = few.drop_duplicates("item_id")[["item_id", "label"]]
        result = audited(few, gold=form(gold), out=tmp_path / "out").summary
        assert result["results"]["label_consensus"]["n_gold"] == 9
        assert {"gold"} <= {one["what"] for one in result["inputs"]}

    @pytest.mark.parametrize("kind", [str, Path])
    def test_paths(self, audited, few, tmp_path, kind):
        few.to_csv(tmp_path / "labels.csv", index=False)
        few.drop_duplicates("item_id")[["item_id", "label"]].to_csv(tmp_path / "gold.csv", index=False)
        gold = kind(tmp_path / "gold.csv")
        for n, golds in enumerate((gold, [gold], (gold,), np.array([gold]))):
            audit = audited(kind(tmp_path / "labels.csv"), gold=golds, out=kind(tmp_path / f"out{n}"))
            assert audit.summary["results"]["label_consensus"]["n_gold"] == 9
            assert load_audit(kind(audit.folder)).queue.equals(audit.queue)

    def test_other_gold_is_refused(self, few, tmp_path):
        with pytest.raises(TableError, match="Found a int as gold; give a file, a table"):
            run.run_audit(few, gold=7, out=tmp_path / "out")


def test_steps_made_with_other_gold_are_not_used(audited, few, tmp_path, monkeypatch):
    def stop(case: Any, found: Any) -> Any:
        raise KeyboardInterrupt

    gold = few.drop_duplicates("item_id")[["item_id", "label"]]
    with monkeypatch.context() as broken:
        broken.setitem(run.STEPS, "flags", stop)
        with pytest.raises(KeyboardInterrupt):
            audited(few, gold=gold.assign(label=1), out=tmp_path / "out")
    audit = audited(few, gold=gold, out=tmp_path / "out")
    assert audit.summary["results"]["label_consensus"]["accuracy"] == 1.0


def test_an_item_without_labels_and_an_annotator_without_items(audited, few, tmp_path):
    views = pd.DataFrame({"item_id": [0], "annotator_id": ["zoe"], "status": ["skipped"]})
    items = pd.DataFrame({"item_id": range(11)})
    audit = audited(Annotations.from_frames(labels=few, views=views, items=items), out=tmp_path / "out")
    assert audit.summary["counts"]["items"] == 11
    assert audit.summary["counts"]["annotators"] == 4
    with pytest.raises(TableError, match="holds neither labels nor boxes; an audit needs rows"):
        run.run_audit(few.head(0), out=tmp_path / "other")


def test_sizes_come_from_the_pictures_and_those_that_differ_are_told(tmp_path):
    from PIL import Image

    for name, size in (("1.png", (200, 400)), ("2.png", (300, 100)), ("3.png", (50, 60))):
        Image.new("RGB", size).save(tmp_path / name)
    edges = ["x_min", "y_min", "x_max", "y_max"]
    rows = [(i, who, "cat", 10, 10, 30 + n, 40) for i in (1, 2, 3) for n, who in enumerate(("ann", "bob"))]
    boxes = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", *edges])
    items = pd.DataFrame({"item_id": [1, 2, 3], "width": [400, 310, None], "height": [200, 100, None]})
    annotations = Annotations.from_frames(boxes=boxes, items=items)
    found = read_material(
        annotations, images=tmp_path, gold=[], decisions=None, reading={"repeats": "latest"}
    ).annotations
    assert found.items[["width", "height"]].iloc[2].tolist() == [50, 60]
    told = found.checks.set_index("finding")["examples"]
    assert "1: 200 x 400, not 400 x 200" in told["picture that is turned against the size in the file"]
    assert "2: 300 x 100, not 310 x 100" in told["picture of another size than the file says"]
