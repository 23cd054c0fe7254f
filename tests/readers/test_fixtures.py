"""The fixtures of the formats are sound themselves: tables that fit together, files that parse, pictures as made."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

FORMATS = Path(__file__).parent / "formats"
VARIANTS = sorted(
    path.with_name(path.name.removesuffix(".expected.json")) for path in FORMATS.glob("*/*.expected.json")
)
IDS = [path.relative_to(FORMATS).as_posix() for path in VARIANTS]
READ = {"path", "format", "annotator", "annotator_from", "images", "options"}
TABLES = {"items": 3, "views": 3, "labels": 3, "boxes": 7}
EVERY_FORMAT = {
    "argilla", "class_folders", "coco", "cvat", "imagefolder", "label_studio", "labelbox", "labelme", "long_table",
    "mturk", "prodigy", "toloka", "via", "voc", "wide_table", "yolo", "zooniverse",
}  # fmt: skip


def load(variant: Path) -> dict[str, Any]:
    return json.loads(variant.with_name(f"{variant.name}.expected.json").read_text(encoding="utf-8"))


def files(variant: Path) -> list[Path]:
    return sorted(path for path in variant.rglob("*") if path.is_file())


def test_every_format_has_a_usual_and_an_unusual_variant():
    assert {path.parent.name for path in VARIANTS} == EVERY_FORMAT
    assert {
        name for name in EVERY_FORMAT for kind in ("usual", "unusual") if not (FORMATS / name / kind).is_dir()
    } == set()
    assert [
        path
        for path in FORMATS.glob("*/*/")
        if path.is_dir() and path not in VARIANTS and path.parent.name in EVERY_FORMAT
    ] == []


@pytest.mark.parametrize("variant", VARIANTS, ids=IDS)
def test_expected_tables_fit_together(variant):
    expected = load(variant)
    assert set(expected["read"]) <= READ
    assert (variant / expected["read"]["path"]).exists()
    if "refused" in expected:
        assert set(expected) == {"read", "refused", "notes"}
        return
    assert set(expected) == {"read", *TABLES, "views_derived", "counts", "notes"}
    for name, width in TABLES.items():
        assert [row for row in expected[name] if len(row) != width] == []
    items = [row[0] for row in expected["items"]]
    views = {(item, person): status for item, person, status in expected["views"]}
    answers = {(row[0], row[1]) for name in ("labels", "boxes") for row in expected[name]}
    assert len(set(items)) == len(items)
    assert len(views) == len(expected["views"])
    assert {item for item, _ in views} <= set(items)
    assert set(views.values()) <= {"labelled", "empty", "skipped"}
    assert {key for key in answers if views.get(key) != "labelled"} == set()
    assert len({(row[0], row[1]) for row in expected["labels"]}) == len(expected["labels"])
    assert [row for row in expected["boxes"] if not (row[3] < row[5] and row[4] < row[6])] == []
    assert [n for n in expected["counts"].values() if not (isinstance(n, int) and n > 0)] == []
    assert not expected["views_derived"] or set(views) == answers


@pytest.mark.parametrize("variant", VARIANTS, ids=IDS)
def test_boxes_lie_within_their_picture(variant):
    expected = load(variant)
    sizes = {item: (width, height) for item, width, height in expected.get("items", ()) if width is not None}
    outside = [
        row
        for row in expected.get("boxes", ())
        if row[0] in sizes
        and not (row[3] >= 0 and row[4] >= 0 and row[5] <= sizes[row[0]][0] and row[6] <= sizes[row[0]][1])
    ]
    assert outside == []


@pytest.mark.parametrize("variant", VARIANTS, ids=IDS)
def test_three_annotators_or_one_that_is_named(variant):
    expected = load(variant)
    people = {row[1] for row in expected.get("views", ())}
    assert len(people) == 3 or expected["read"].get("annotator") or people == {"ann"}


@pytest.mark.parametrize("name", sorted(EVERY_FORMAT))
def test_the_usual_variant_has_a_unicode_class_and_a_view_with_nothing_drawn(name):
    expected = load(FORMATS / name / "usual")
    labels = {row[2] for table in ("labels", "boxes") for row in expected[table]}
    assert [label for label in labels if not label.isascii()]
    assert expected["views_derived"] or "empty" in {row[2] for row in expected["views"]}


@pytest.mark.parametrize("variant", VARIANTS, ids=IDS)
def test_files_parse_with_the_standard_library(variant):
    held = files(variant)
    assert held
    for path in held:
        data = path.read_bytes()
        if path.suffix == ".png":
            assert data.startswith(b"\x89PNG\r\n\x1a\n")
            assert len(data) < 300
            continue
        assert len(data) < 20_000, path
        text = data.decode("utf-8-sig")
        if path.suffix == ".json":
            json.loads(text)
        elif path.suffix in (".jsonl", ".ndjson"):
            assert [type(json.loads(line)) for line in text.splitlines()] == [dict] * len(text.splitlines())
        elif path.suffix == ".xml":
            ElementTree.fromstring(data)
        elif path.suffix in (".csv", ".tsv"):
            assert ragged(path, text) == []


def ragged(path: Path, text: str) -> list[list[str]]:
    """Rows whose number of fields is not that of the header; blank lines part the task suites of Toloka."""
    text = "\n".join(line for line in text.split("\n") if not line.startswith("# "))
    head, _, rest = text.partition("\r\n")
    text, delimiter = (rest, head[-1]) if head.startswith("sep=") else (text, "\t" if path.suffix == ".tsv" else ",")
    header, *rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    return [row for row in rows if row and len(row) != len(header)]


def test_pictures_are_those_of_the_script():
    spec = importlib.util.spec_from_file_location("make_pictures", FORMATS / "make_pictures.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    made = {path: script.png(*script.SCENE[name]) for path, name in script.PICTURES.items()}
    assert {path.relative_to(FORMATS).as_posix(): path.read_bytes() for path in FORMATS.rglob("*.png")} == made
