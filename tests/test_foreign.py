"""The door for foreign documents: what is refused, and that the sentence names the place."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelqa
from labelqa import _foreign
from labelqa._foreign import check_memory, free_memory, json_of, n_bytes_of, utf8_of, within_memory, yaml_of
from labelqa.errors import MAX_MESSAGE, OptionError, TableError, sentence, shown, value_shown, visible


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1', r"f is not valid JSON \(.* in line 1, column \d+\); export it again"),
        ("[1,\n2,\n}", "in line 3, column 1"),
        ("[" * 100_000, "nested too deep"),
        ("1" * 5000, "a number has thousands of digits"),
        (r'["\ud800"]', r"'\\ud800', half of a pair of surrogates"),
        (r'{"\udfff": 1}', r"'\\udfff', half of a pair"),
        ('{"a": {"id": 1, "id": 2}}', "the key 'id' stands twice"),
    ],
)
def test_json_that_is_refused(text, told):
    with pytest.raises(TableError, match=told):
        json_of(text, "f")


@pytest.mark.parametrize("value", ["\U0001f600", "\\ud800 as text", {"a": 1, "b": {"a": 2}}, 10**300, [[[]]], None])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_json_that_is_read_as_it_is(value, is_ascii):
    assert json_of(json.dumps(value, ensure_ascii=is_ascii), "f") == value


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 9))]
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LAUGHS, r"f: the aliases up to line \d stand for more than 10,000 values"),
        ("a: &t\n - b: *t", r"f: \*t in line 2 stands within itself"),
        ("[" * 3000, "nested more than 200 deep in line 1"),
        ("a: 1\nb: 2\na: 3", r"the key 'a' stands twice in one object \(line 3\)"),
        ("a: [1, 2", r"f is not valid YAML \(.* in line 1\)"),
        ("a: !!python/object:os.system {}", "f is not valid YAML"),
        ("a: \x07", "f is not valid YAML"),
        ("2024-99-99", "f is not valid YAML"),
    ],
)
def test_yaml_that_is_refused(text, told):
    with pytest.raises(TableError, match=told) as caught:
        yaml_of(text, "f")
    assert str(caught.value).count("f is not") <= 1


def test_yaml_within_the_limits():
    assert yaml_of("a: &x {p: 0.5}\nb: *x\nc: [*x, *x]\nd: {a: 1}", "f")["c"] == [{"p": 0.5}, {"p": 0.5}]
    # 200 levels are within, 201 are not
    deep = yaml_of("[" * 200 + "]" * 200, "f")
    assert isinstance(deep, list)
    with pytest.raises(TableError, match="nested"):
        yaml_of("[" * 201 + "]" * 201, "f")


def test_bytes_that_are_no_text():
    assert utf8_of("\ufeffé".encode(), "f") == "é"
    with pytest.raises(TableError, match=r"f is not UTF-8 .* at byte 2"):
        utf8_of(b"ab\xe9", "f")


@pytest.mark.parametrize(("size", "n"), [("4G", 4 << 30), ("1.5 kb", 1536), ("2MiB", 2 << 20), (77, 77), (None, None)])
def test_sizes(size, n):
    assert n_bytes_of(size) == n


@pytest.mark.parametrize("size", ["much", "-1G", "", 0, True, "4X"])
def test_what_is_no_size(size):
    with pytest.raises(OptionError, match="max_memory="):
        n_bytes_of(size)


def test_the_limit_of_memory(monkeypatch):
    monkeypatch.setattr(_foreign, "free_memory", lambda: 1000)
    check_memory(800, "f", "do.")
    with pytest.raises(TableError, match=r"f would take 801 bytes of memory, and 800 bytes may be used; do."):
        check_memory(801, "f", "do.")
    with within_memory("2K"):
        check_memory(2048, "f", "do.")
    with pytest.raises(TableError, match="800 bytes may be used"):
        check_memory(2048, "f", "do.")


def test_some_memory_is_free():
    assert 1 << 20 < free_memory() < 1 << 50


def test_a_parquet_file_that_unpacks_to_much_is_refused_from_its_metadata(tmp_path):
    path = tmp_path / "bomb.parquet"
    columns = {name: pa.array([name] * 200_000).dictionary_encode() for name in ("item_id", "annotator_id", "label")}
    table = pa.table(columns)
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(20):
            writer.write_table(table)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(TableError, match=r"bomb.parquet \(4,000,000 rows\) would take .* MB of memory, and 100 MB may"):
        labelqa.read(path, max_memory="100M")


def test_a_text_file_larger_than_the_limit_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    pd.DataFrame({"item_id": range(500), "annotator_id": "a", "label": "x"}).to_csv(path, index=False)
    assert len(labelqa.read(path).labels) == 500
    with pytest.raises(TableError, match="may be used"):
        labelqa.read(path, max_memory="1K")


@pytest.mark.parametrize("value", [[1], {"a": 1}, np.array([1])])
def test_ids_that_are_lists_are_refused(value):
    table = pd.DataFrame({"item_id": pd.Series([value, value]), "annotator_id": ["a", "b"], "label": ["x", "y"]})
    with pytest.raises(TableError, match=r"'item_id' holds a .* where a name is needed"):
        labelqa.Annotations.from_frames(labels=table)


def test_messages_are_one_visible_line_of_400_characters():
    odd = "a\x1b[31m\u202eb\u2028c\x00" + "x" * 5000
    for error in (TableError(f"{odd} do this."), OptionError(f"{odd} do this.")):
        text = str(error)
        assert len(text) == MAX_MESSAGE == 400
        assert text.isprintable()
        assert text.startswith(r"a\x1b[31m\u202eb\u2028c\x00")
        assert text.endswith("do this.")
    assert sentence("a\nb") == "a b"
    assert sentence("x" * 400) == "x" * 400


def test_values_in_messages_are_shortened():
    assert value_shown("x" * 1000) == "'" + "x" * 41 + "..." + "x" * 14 + "'"
    assert len(shown(["y" * 1000] * 9)) < 400
    assert value_shown("short") == "'short'"


def test_letters_of_all_scripts_stay_as_they_are():
    for text in ("naïve", "日本語", "עברית", "हिन्दी", "a\u200db"):
        assert visible(text) == text
    assert visible("a\nb\t", kept="\n\t") == "a\nb\t"


@pytest.mark.parametrize("edge", ["x_min", "y_min", "x_max", "y_max"])
def test_boxes_beyond_what_pictures_reach_are_refused(edge):
    box = {"item_id": "i", "annotator_id": "a", "label": "o", "x_min": 0.0, "y_min": 0.0, "x_max": 1e7, "y_max": 1e7}
    assert len(labelqa.Annotations.from_frames(boxes=pd.DataFrame([box])).boxes) == 1
    far = -1.1e7 if edge.endswith("min") else 1.1e7
    with pytest.raises(TableError, match=r"1 boxes have a corner beyond 10,000,000 pixels \(rows 0\)"):
        labelqa.Annotations.from_frames(boxes=pd.DataFrame([{**box, edge: far}]))


@pytest.mark.parametrize("side", [1e-160, 5e-324])
def test_boxes_whose_area_is_no_normal_number_are_refused(side):
    box = {"item_id": "i", "annotator_id": "a", "label": "o", "x_min": 0.0, "y_min": 0.0, "x_max": side, "y_max": side}
    with pytest.raises(TableError, match="1 boxes have an area too small for a number"):
        labelqa.Annotations.from_frames(boxes=pd.DataFrame([box]))


def test_a_size_beyond_what_pictures_have_is_refused():
    items = pd.DataFrame({"item_id": ["i"], "width": [1.1e7], "height": [5.0]})
    with pytest.raises(TableError, match="'width' of items has 1 values"):
        labelqa.Annotations.from_frames(items=items)
