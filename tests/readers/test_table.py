from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labelqa
from labelqa import TableError

LONG = "item_id,annotator_id,label\n1,ann,ok\n1,bob,dent\n2,ann,NA\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def findings(annotations: labelqa.Annotations) -> list[tuple[str, int, str]]:
    return list(annotations.checks[["finding", "n", "action"]].itertuples(index=False, name=None))


def test_csv_keeps_text_as_text(tmp_path):
    annotations = labelqa.read(write(tmp_path / "a.csv", "item_id,annotator_id,label\n007,nan,NA\n"))
    assert annotations.labels.values.tolist() == [["007", "nan", "NA"]]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl", ".json"])
def test_every_table_format_gives_the_same(tmp_path, suffix):
    table = pd.DataFrame({"item_id": ["1", "1", "2"], "annotator_id": ["a", "b", "a"], "label": ["x", "y", "x"]})
    path = tmp_path / f"labels{suffix}"
    if suffix in (".csv", ".tsv"):
        table.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    elif suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_json(path, orient="records", lines=suffix == ".jsonl")
    pd.testing.assert_frame_equal(labelqa.read(path).labels, table.astype("str"))


@pytest.mark.parametrize(
    ("header", "mapped"),
    [
        ("task,worker,label", {"task": "item_id", "worker": "annotator_id"}),
        ("Image ID,rad_id,class_name", {"Image ID": "item_id", "rad_id": "annotator_id", "class_name": "label"}),
        ("item_id,annotator,category", {"annotator": "annotator_id", "category": "label"}),
    ],
)
def test_aliases_are_mapped_and_reported(tmp_path, header, mapped):
    annotations = labelqa.read(write(tmp_path / "a.csv", f"{header}\n1,a,x\n2,a,y\n"))
    assert annotations.labels["item_id"].tolist() == ["1", "2"]
    assert findings(annotations) == [
        (f"column {old!r} in a.csv", 2, f"read as {new!r}")
        for old, new in sorted(mapped.items(), key=lambda pair: ["item_id", "annotator_id", "label"].index(pair[1]))
    ]


def test_an_exact_name_wins_over_an_alias(tmp_path):
    annotations = labelqa.read(write(tmp_path / "a.csv", "item_id,image,annotator_id,label\n1,a.jpg,ann,ok\n"))
    assert annotations.labels["item_id"].tolist() == ["1"]
    assert annotations.checks[["finding", "action", "examples"]].values.tolist() == [
        ["column in a.csv without a known meaning", "kept, not used", "'image'"]
    ]


def test_two_candidates_for_one_name_are_refused(tmp_path):
    path = write(tmp_path / "a.csv", "task,image,annotator_id,label\n1,a.jpg,ann,ok\n1,b.jpg,ann,ok\n")
    with pytest.raises(TableError, match=r"'image', 'task', and each could be item_id; they lead to different answers"):
        labelqa.read(path)
    assert labelqa.read(path, map={"item_id": "image"}).labels["item_id"].tolist() == ["a.jpg", "b.jpg"]
    same = write(tmp_path / "b.csv", "task,image,annotator_id,label\n1,a.jpg,ann,ok\n2,b.jpg,ann,ok\n")
    assert labelqa.read(same).labels["item_id"].tolist() == ["a.jpg", "b.jpg"]


def test_boxes_as_corner_and_size(tmp_path):
    path = write(tmp_path / "b.csv", "image_id,annotator,label,x,y,w,h\n1,ann,dent,10,20,5,6\n")
    boxes = labelqa.read(path).boxes
    assert boxes[["x_min", "y_min", "x_max", "y_max"]].values.tolist() == [[10, 20, 15, 26]]


def test_a_row_without_corners_is_a_view_with_nothing_drawn(tmp_path):
    path = write(
        tmp_path / "b.csv",
        "image_id,rad_id,class_name,x_min,y_min,x_max,y_max\n1,R1,No finding,,,,\n1,R2,nodule,1,1,5,5\n",
    )
    annotations = labelqa.read(path)
    assert annotations.views[["annotator_id", "status"]].values.tolist() == [["R1", "empty"], ["R2", "labelled"]]
    assert ("row without corners", 1, "read as a view with nothing drawn") in findings(annotations)


def test_a_folder_of_tables_leaves_gold_alone(tmp_path):
    write(tmp_path / "labels.csv", LONG)
    write(tmp_path / "gold.csv", "item_id,label\n1,ok\n")
    annotations = labelqa.read(tmp_path)
    assert annotations.annotators == ["ann", "bob"]
    assert findings(annotations)[0][0] == "gold.csv beside the tables"


def test_paths_of_items_are_found_beside_the_table(tmp_path):
    write(tmp_path / "labels.csv", LONG)
    write(tmp_path / "items.csv", "item_id,path\n1,images/1.jpg\n2,images/2.jpg\n")
    write(tmp_path / "images" / "1.jpg", "not really a picture")
    assert labelqa.read(tmp_path).items["path"].tolist() == [(tmp_path / "images/1.jpg").as_posix(), "images/2.jpg"]


def test_items_listed_twice_need_no_sizes(tmp_path):
    write(tmp_path / "labels.csv", LONG)
    write(tmp_path / "items.csv", "item_id,path\n1,\n1,images/1.jpg\n2,images/2.jpg\n")
    assert labelqa.read(tmp_path).items["path"].tolist() == ["images/1.jpg", "images/2.jpg"]


def test_a_views_file_beside_a_box_file_is_pointed_out(tmp_path):
    write(tmp_path / "boxes_a.csv", "item_id,annotator_id,x_min,y_min,x_max,y_max\n1,ann,0,0,1,1\n")
    write(tmp_path / "views_a.csv", "item_id,annotator_id\n1,ann\n")
    annotations = labelqa.read(tmp_path / "boxes_a.csv")
    assert annotations.views_derived
    assert ("views_a.csv lies beside it", 1, "not read: give the folder to read both") in findings(annotations)


def test_one_file_per_annotator(tmp_path):
    write(tmp_path / "ann.csv", "item_id,label\n1,ok\n2,dent\n")
    write(tmp_path / "bob.csv", "item_id,label\n1,dent\n")
    annotations = labelqa.read(tmp_path, annotator_from="filename")
    assert annotations.labels["annotator_id"].value_counts().to_dict() == {"ann": 2, "bob": 1}
    write(tmp_path / "deep" / "cho" / "labels.csv", "item_id,label\n1,ok\n")
    assert labelqa.read(tmp_path / "deep", annotator_from="parent").annotators == ["cho"]


def test_annotator_by_name(tmp_path):
    path = write(tmp_path / "gold.csv", "item_id,label\n1,ok\n")
    assert labelqa.read(path, annotator="gold").annotators == ["gold"]
    with pytest.raises(TableError, match=r"does not say who annotated; name the person with annotator='NAME'"):
        labelqa.read(path)
    with pytest.raises(labelqa.OptionError, match="both name the annotator; give only one"):
        labelqa.read(path, annotator="gold", annotator_from="filename")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "is empty: it has no header"),
        ("a.csv", "a,b\n1,2\n", r"neither a label nor box corners \(columns found: 'a', 'b'\)"),
        ("a.csv", 'item_id,label\n"1,ok\n', "line 2 has 1 fields, the header 2"),
        ("a.parquet", "no parquet", r"cannot be read as \.parquet"),
        ("a.jsonl", '{"item_id": 1}\n\n{]', r"not valid JSON \(.* in line 3, column 2\)"),
        ("a.json", "{", r"not valid JSON \(.* in line 1, column 2\); export it again"),
        ("a.json", '{"shapes": []}', r"JSON of no known kind \(found: 'shapes'\)"),
        ("a.json", "[1, 2]", "a list of int, which is no known format"),
        ("a.psd", "x", r"suffix '\.psd', which labelqa does not read"),
        ("a.xml", "<a/>", r"XML of no known kind \(root 'a'\); needed is CVAT XML"),
    ],
)
def test_unreadable_files_say_why(tmp_path, name, text, message):
    with pytest.raises(TableError, match=message):
        labelqa.read(write(tmp_path / name, text), annotator="ann")


def test_text_that_is_not_utf8_is_read_as_windows_1252_and_said(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"item_id,annotator_id,label\n1,ann,F\xfc\xdfe\n")
    (tmp_path / "a.json").write_bytes(b'[{"item_id": 1, "annotator_id": "ann", "label": "F\xfc\xdfe"}]')
    for name in ("a.csv", "a.json"):
        annotations = labelqa.read(tmp_path / name)
        assert annotations.labels["label"].tolist() == ["Füße"]
        assert annotations.checks[["finding", "action"]].values.tolist() == [
            [f"text that is not UTF-8 in {name}", "read as Windows-1252"]
        ]
    (tmp_path / "b.csv").write_bytes(b"item_id,annotator_id,label\n1,ann,\x00\xff\n")
    with pytest.raises(TableError, match="is no text"):
        labelqa.read(tmp_path / "b.csv")


def test_missing_and_unsuitable_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is nothing at .*nowhere; give the path"):
        labelqa.read(tmp_path / "nowhere")
    with pytest.raises(TableError, match="holds no file that labelqa reads"):
        labelqa.read(tmp_path)
    write(tmp_path / "some.csv", LONG)
    with pytest.raises(TableError, match=r"holds 'some.csv', none called labels, boxes, views or items"):
        labelqa.read(tmp_path)
    write(tmp_path / "labels.csv", LONG)
    write(tmp_path / "labels.tsv", LONG)
    with pytest.raises(TableError, match=r"labels\.csv and labels\.tsv, both with the labels; remove one"):
        labelqa.read(tmp_path)


@pytest.mark.parametrize(("option", "value"), [("format", "pdf"), ("annotator_from", "column")])
def test_unknown_options_list_the_choices(tmp_path, option, value):
    with pytest.raises(labelqa.OptionError, match=f"{option}='{value}' is not known; choose one of"):
        labelqa.read(write(tmp_path / "a.csv", LONG), **{option: value})


def test_repeats_reach_the_checks(tmp_path):
    path = write(tmp_path / "a.csv", "item_id,annotator_id,label\n1,ann,ok\n1,ann,dent\n")
    with pytest.raises(TableError, match="'1 by ann'"):
        labelqa.read(path)
    assert len(labelqa.read(path, repeats="keep").labels) == 2


def test_real_boxes_are_read_whole(real_data):
    annotations = labelqa.read(real_data / "pedestrians")
    assert (len(annotations.items), len(annotations.annotators), len(annotations.views)) == (1448, 43, 10136)
    # as many as rows in the file; 31 of them have no area
    assert len(annotations.boxes) == 11765
    assert not annotations.views_derived


def test_real_labels_are_read_whole(real_data):
    annotations = labelqa.read(real_data / "crowdlabels" / "web")
    assert (len(annotations.items), len(annotations.labels)) == (2665, 15567)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_written_tables_come_back(sample, tmp_path, form):
    before = labelqa.read(sample)
    labelqa.write(before, tmp_path / "out", to=form)
    after = labelqa.read(tmp_path / "out")
    for name in ("items", "labels", "boxes"):
        pd.testing.assert_frame_equal(getattr(after, name), getattr(before, name), check_dtype=False)
    pd.testing.assert_frame_equal(after.views, before.views)
    with pytest.raises(FileExistsError, match="exists and is not overwritten"):
        labelqa.write(before, tmp_path / "out", to=form)


def test_written_coco_comes_back(sample, tmp_path):
    before = labelqa.read(sample)
    with pytest.raises(TableError, match=r"coco has no place for: skipped views \(3\); times .* allow_loss=True"):
        labelqa.write(before, tmp_path / "out.json")
    labelqa.write(before, tmp_path / "out.json", allow_loss=True)
    after = labelqa.read(tmp_path / "out.json")
    edges = ["x_min", "y_min", "x_max", "y_max"]
    np.testing.assert_allclose(after.boxes[edges], before.boxes[edges], atol=1e-9)
    pd.testing.assert_frame_equal(after.labels, before.labels)
    looked = before.views.loc[before.views["status"] != "skipped", ["item_id", "annotator_id", "status"]]
    pd.testing.assert_frame_equal(after.views[["item_id", "annotator_id", "status"]], looked.reset_index(drop=True))
    assert json.loads((tmp_path / "out.json").read_text())["categories"][0] == {"id": 1, "name": "crack"}


def said(*values: object) -> labelqa.Annotations:
    table = pd.DataFrame(
        {"item_id": range(len(values)), "annotator_id": "ann", "label": pd.Series(values, dtype=object)}
    )
    return labelqa.Annotations.from_frames(labels=table)


@pytest.mark.parametrize("form", ["parquet", "csv", "coco"])
@pytest.mark.parametrize(
    "values",
    [(1, "one"), (True, "yes", None), (1, True, 2.5), (1, "1"), ("a\rb", 'c"d', "e\nf", " g ", "NA")],
    ids=["number and text", "truth and text", "numbers and truth", "equal texts", "odd texts"],
)
def test_odd_labels_are_written_and_come_back(tmp_path, form, values):
    before = said(*values)
    path = tmp_path / ("out.json" if form == "coco" else "out")
    labelqa.write(before, path, to=form)
    after = labelqa.read(path)
    pd.testing.assert_frame_equal(after.labels, before.labels, check_dtype=False)
    assert after.items["item_id"].tolist() == before.items["item_id"].tolist()


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2]),
        pd.Series([1, 2], dtype="Int64"),
        pd.Series([True, False]),
        pd.Series([1.5, 2.0]),
        pd.Series(["b", "a"], dtype=pd.CategoricalDtype(["b", "a"], ordered=True)),
        pd.Series(pd.to_datetime(["2026-01-02", "2026-01-01"])),
        pd.Series([Decimal("1.50"), Decimal(2)], dtype=object),
        pd.Series([np.datetime64("2026-01-02", "ns"), np.datetime64("2026-01-01", "ns")], dtype=object),
    ],
    ids=lambda column: str(column.dtype),
)
def test_parquet_keeps_values_and_order(tmp_path, column):
    before = labelqa.Annotations.from_frames(pd.DataFrame({"item_id": [1, 2], "annotator_id": "ann", "label": column}))
    labelqa.write(before, tmp_path / "out")
    after = labelqa.read(tmp_path / "out").labels["label"]
    assert after.tolist() == before.labels["label"].tolist()
    if column.dtype != object:
        assert after.dtype == column.dtype


@pytest.mark.parametrize(
    ("form", "tables", "message"),
    [
        (
            "parquet",
            {"label": [frozenset("ab")]},
            r"1 labels of labels are of type frozenset .* turn them into text first",
        ),
        ("csv", {"label": [frozenset("ab")]}, r"1 labels of labels are of type frozenset"),
        ("coco", {"label": [b"ab"]}, r"1 labels of labels are of type bytes"),
        (
            "csv",
            {"label": [""]},
            r"Column 'label' of labels has 1 empty texts, .* name them, or write to='parquet'",
        ),
        ("csv", {"item_id": [""]}, r"Column 'item_id' of items has 1 empty texts"),
        (
            "parquet",
            {"note": [object()]},
            r"Column 'note' of labels holds values that Parquet cannot .* \.astype\(str\)",
        ),
    ],
)
def test_what_would_not_come_back_is_refused_before_anything_is_written(tmp_path, form, tables, message):
    table = pd.DataFrame({"item_id": ["1"], "annotator_id": ["ann"], "label": ["ok"], **tables})
    annotations = labelqa.Annotations.from_frames(labels=table)
    with pytest.raises(TableError, match=message):
        labelqa.write(annotations, tmp_path / "deep" / "out", to=form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["parquet", "csv", "coco"])
def test_tables_without_rows_are_written_and_come_back(tmp_path, form):
    before = labelqa.Annotations.from_frames(views=pd.DataFrame({"item_id": [], "annotator_id": []}))
    path = tmp_path / ("out.json" if form == "coco" else "out")
    labelqa.write(before, path, to=form)
    after = labelqa.read(path, annotator="ann")
    assert [len(getattr(after, name)) for name in ("items", "views", "labels", "boxes")] == [0, 0, 0, 0]


def test_ids_of_items_join_as_numbers_and_as_text(tmp_path):
    # one item is listed twice, and where a size is missing the ids of a JSON table become 1.0, 2.0
    items = [{"item_id": 1.0, "width": 10, "height": 5}, {"item_id": 1, "width": 10, "height": 5}, {"item_id": 2.0}]
    (tmp_path / "items.json").write_text(json.dumps(items))
    write(tmp_path / "labels.csv", LONG)
    assert labelqa.read(tmp_path).items[["item_id", "width"]].fillna(0).values.tolist() == [["1", 10], ["2", 0]]


def test_items_listed_twice_without_sizes(tmp_path):
    write(tmp_path / "items.csv", "item_id\n1\n1\n2\n")
    write(tmp_path / "labels.csv", LONG)
    assert labelqa.read(tmp_path).items["item_id"].tolist() == ["1", "2"]


@pytest.mark.parametrize("kind", [str, Path])
def test_paths_of_either_kind(sample, tmp_path, kind):
    labelqa.write(labelqa.read(kind(sample)), kind(tmp_path / "out"))
    labelqa.convert(kind(tmp_path / "out"), kind(tmp_path / "out.json"), allow_loss=True)
    assert len(labelqa.read(kind(tmp_path / "out.json")).items) == 300


def test_a_failed_write_leaves_nothing(sample, tmp_path, monkeypatch):
    annotations = labelqa.read(sample)

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full_disk)
    with pytest.raises(OSError, match="No space left"):
        labelqa.write(annotations, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
