"""What people differ about is an option, with a count: predictions, crowds, several classes of one rectangle."""

from __future__ import annotations

import json

import pytest

import labelqa
from labelqa import OptionError, TableError
from labelqa.agreement import box_agreement

BOX = {
    "id": "a", "type": "rectanglelabels", "original_width": 100, "original_height": 100,
    "value": {"x": 10, "y": 10, "width": 20, "height": 20, "rotation": 0, "rectanglelabels": ["cat"]},
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def of(content, name, **how):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
        return labelqa.read(tmp_path / name, **how)

    return of


def found(annotations, text):
    checks = annotations.checks
    return checks.loc[checks["finding"].str.contains(text, regex=False), ["n", "action"]].to_numpy().tolist()


def task(*people):
    made = [{"completed_by": person, "created_at": "2026-01-01T00:00:00Z", "result": said} for person, said in people]
    return [{"id": item, "data": {"image": f"{item}.jpg"}, "annotations": made} for item in (1, 2)]


def test_predictions_are_nobodys_view_unless_they_are_kept(read):
    tasks = task((1, [BOX]))
    for one in tasks:
        one["predictions"] = [{"model_version": "v2", "result": [BOX], "score": 0.9}]
    left_out = read(tasks, "input.json")
    assert left_out.annotators == ["1"]
    assert found(left_out, "prediction") == [[2, "left out: predictions='keep' takes it"]]
    kept = read(tasks, "input.json", predictions="keep")
    assert kept.annotators == ["1", "model v2"]
    assert found(kept, "prediction") == [[2, "read as the view of its model"]]
    assert box_agreement(kept, n_resamples=0).f1 == 1


def test_several_predictions_of_one_model_have_to_say_which_is_the_latest(read):
    tasks = task((1, [BOX]))
    tasks[0]["predictions"] = [{"model_version": "v2", "result": []}] * 2
    with pytest.raises(TableError, match="model v2 annotated it 2 times and no time tells which is the latest"):
        read(tasks, "input.json", predictions="keep")


def test_a_rectangle_of_several_classes_is_a_set_or_a_box_of_each(read):
    both = BOX | {"value": BOX["value"] | {"rectanglelabels": ["red", "car"]}}
    tasks = task((1, [both]))
    as_set = read(tasks, "input.json")
    assert as_set.boxes["label"].tolist() == ["car|red"] * 2
    what = "read as a set: several_classes='each' tells them apart"
    assert found(as_set, "rectangle with several classes") == [[2, what]]
    each = read(tasks, "input.json", several_classes="each")
    assert each.boxes["label"].tolist() == ["car", "red"] * 2
    assert found(each, "rectangle with several classes") == [[2, "read as a box of each"]]


def test_crowds_of_coco_are_boxes_unless_they_are_left_out(read):
    shape = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}
    data = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}],
        "categories": [{"id": 1, "name": "car"}],
        "annotations": [shape | {"id": 1, "iscrowd": 1}],
    }
    kept = read(data, "coco.json", annotator="ann")
    assert len(kept.boxes) == 1
    assert found(kept, "crowd region") == [[1, "read as a box"]]
    left_out = read(data, "coco.json", annotator="ann", crowds="leave_out")
    assert len(left_out.boxes) == 0
    assert left_out.views["status"].tolist() == ["labelled"]
    assert found(left_out, "crowd region") == [[1, "left out: the view stays labelled"]]


@pytest.mark.parametrize("option", ["ground_truth", "predictions", "crowds", "several_classes"])
def test_unknown_choices_are_refused(read, option):
    with pytest.raises(OptionError, match=f"{option}='perhaps'"):
        read(task((1, [BOX])), "input.json", **{option: "perhaps"})
