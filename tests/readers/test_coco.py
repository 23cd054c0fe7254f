from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import labelqa
from labelqa import TableError

EDGES = ["x_min", "y_min", "x_max", "y_max"]


def coco(annotations: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 100, "height": 80},
            {"id": 2, "file_name": "b.jpg", "width": 100, "height": 80},
        ],
        "categories": [{"id": 7, "name": "dent"}, {"id": 8, "name": "crack"}],
        "annotations": annotations,
    } | more


def write(path: Path, data: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))
    return path


BOX = {"id": 1, "image_id": 1, "category_id": 7, "bbox": [10, 20, 30, 40]}


def test_a_named_annotator_saw_every_listed_image(tmp_path):
    annotations = labelqa.read(write(tmp_path / "x.json", coco([BOX])), annotator="ann")
    assert annotations.boxes[["item_id", "annotator_id", "label", *EDGES]].values.tolist() == [
        ["1", "ann", "dent", 10, 20, 40, 60]
    ]
    assert annotations.views["status"].tolist() == ["labelled", "empty"]
    assert annotations.items[["path", "width", "height"]].values.tolist() == [["a.jpg", 100, 80], ["b.jpg", 100, 80]]
    assert not annotations.views_derived


def test_rater_id_without_a_list_leaves_the_views_to_be_derived(tmp_path):
    annotations = labelqa.read(write(tmp_path / "x.json", coco([BOX | {"rater_id": 3}])))
    assert annotations.views_derived
    assert annotations.annotators == ["3"]


def test_rater_list_on_images_names_who_looked(tmp_path):
    data = coco([BOX | {"rater_id": "r1"}])
    data["images"][0]["rater_list"] = ["r1", "r2"]
    annotations = labelqa.read(write(tmp_path / "x.json", data))
    assert annotations.views[["item_id", "annotator_id", "status"]].values.tolist() == [
        ["1", "r1", "labelled"],
        ["1", "r2", "empty"],
    ]


def test_rater_list_on_an_annotation_names_all_who_share_it(tmp_path):
    annotations = labelqa.read(write(tmp_path / "x.json", coco([BOX | {"rater_list": ["r1", "r2"]}])))
    assert annotations.boxes["annotator_id"].tolist() == ["r1", "r2"]


def test_an_annotation_without_a_box_is_a_class_of_the_image(tmp_path):
    data = coco([{"id": 1, "image_id": 2, "category_id": 8, "rater_id": "r1"}])
    assert labelqa.read(write(tmp_path / "x.json", data)).labels.values.tolist() == [["2", "r1", "crack"]]


def test_an_outline_and_a_run_length_mask_give_the_box_that_encloses_them(tmp_path):
    outline = {"id": 1, "image_id": 1, "category_id": 7, "segmentation": [[5, 6, 15, 6, 15, 26]]}
    mask = {"id": 2, "image_id": 1, "category_id": 7, "segmentation": {"counts": [1610, 20, 6370], "size": [80, 100]}}
    annotations = labelqa.read(write(tmp_path / "x.json", coco([outline, mask])), annotator="ann")
    # 20 columns of 80 and 10 rows come first: 20 pixels down column 20
    assert annotations.boxes[EDGES].values.tolist() == [[5, 6, 15, 26], [20, 10, 21, 30]]
    assert annotations.checks[["n", "action"]].values.tolist() == [[1, "read as the box that encloses it"]] * 2


def test_one_file_per_annotator(tmp_path):
    write(tmp_path / "ann.json", coco([BOX]))
    write(tmp_path / "bob.json", coco([]))
    annotations = labelqa.read(tmp_path, annotator_from="filename")
    assert annotations.views.groupby("annotator_id")["status"].apply(list).to_dict() == {
        "ann": ["labelled", "empty"],
        "bob": ["empty", "empty"],
    }
    assert len(annotations.items) == 2


def test_files_that_number_pictures_differently_are_joined_by_file_name(tmp_path):
    other = coco([BOX | {"image_id": 2}])
    other["images"][0]["file_name"], other["images"][1]["file_name"] = "b.jpg", "a.jpg"
    write(tmp_path / "ann.json", coco([BOX]))
    write(tmp_path / "bob.json", other)
    annotations = labelqa.read(tmp_path, annotator_from="filename")
    assert annotations.boxes["item_id"].tolist() == ["a.jpg", "a.jpg"]
    assert "file names used as item_id" in annotations.checks["action"].tolist()


def test_the_same_picture_under_two_ids_is_one_item(tmp_path):
    first, second = coco([BOX]), coco([BOX | {"image_id": 11}])
    for image in second["images"]:
        image["id"] += 10
    write(tmp_path / "ann.json", first)
    write(tmp_path / "bob.json", second)
    annotations = labelqa.read(tmp_path, annotator_from="filename")
    assert annotations.boxes[["item_id", "annotator_id"]].values.tolist() == [["a.jpg", "ann"], ["a.jpg", "bob"]]
    assert annotations.items["item_id"].tolist() == ["a.jpg", "b.jpg"]


def test_pictures_that_only_a_name_could_join_need_one_each(tmp_path):
    first, second = coco([BOX]), coco([BOX])
    second["images"][0]["file_name"] = "b.jpg"
    write(tmp_path / "ann.json", first)
    write(tmp_path / "bob.json", second)
    with pytest.raises(TableError, match=r"bob\.json lists 1 pictures under several image ids \('b\.jpg': 1, 2\)"):
        labelqa.read(tmp_path, annotator_from="filename")


@pytest.mark.parametrize("what", ["images", "categories"])
def test_an_id_that_stands_for_two_is_refused(tmp_path, what):
    data = coco([BOX])
    data[what][1]["id"] = data[what][0]["id"]
    with pytest.raises(TableError, match=rf"{what} 1: its id .* is that of another .*; give each its own"):
        labelqa.read(write(tmp_path / "x.json", data), annotator="ann")


def test_an_image_without_id_is_refused(tmp_path):
    data = coco([BOX])
    del data["images"][1]["id"]
    with pytest.raises(TableError, match=r"images 1: it has no id \(file_name or name: 'b\.jpg'\)"):
        labelqa.read(write(tmp_path / "x.json", data), annotator="ann")


def test_sizes_that_differ_between_files_are_refused(tmp_path):
    other = coco([])
    other["images"][0]["width"] = 200
    write(tmp_path / "ann.json", coco([BOX]))
    write(tmp_path / "bob.json", other)
    with pytest.raises(TableError, match=r"1 items have different sizes in different files \('1'\)"):
        labelqa.read(tmp_path, annotator_from="filename")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (coco([BOX]), "does not say who annotated"),
        (
            coco([BOX | {"image_id": 9, "rater_id": "r"}]),
            "annotation 1: it is about image 9, which the file",
        ),
        (coco([BOX | {"category_id": 9, "rater_id": "r"}]), r"annotation 1: its category_id 9 is unknown"),
        (
            coco([BOX | {"bbox": [1, 2, 3], "rater_id": "r"}]),
            r"1: its bbox is not four numbers \(\[1, 2, 3\]\)",
        ),
        (
            coco([BOX | {"bbox": [1, 2, float("nan"), 3], "rater_id": "r"}]),
            "is nan, not a number",
        ),
    ],
)
def test_faulty_files_say_why(tmp_path, data, message):
    with pytest.raises(TableError, match=message):
        labelqa.read(write(tmp_path / "x.json", data))


def test_a_forced_format_that_does_not_fit_is_refused(tmp_path):
    path = write(tmp_path / "x.json", [{"item_id": 1}])
    with pytest.raises(TableError, match="is no COCO file"):
        labelqa.read(path, format="coco")
    with pytest.raises(TableError, match="is no Label Studio export"):
        labelqa.read(path, format="label_studio")
