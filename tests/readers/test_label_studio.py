from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labelqa
from labelqa import TableError

EDGES = ["x_min", "y_min", "x_max", "y_max"]


def rectangle(**value: Any) -> dict[str, Any]:
    value = {"x": 10, "y": 20, "width": 30, "height": 40, "rectanglelabels": ["dent"]} | value
    return {"type": "rectanglelabels", "original_width": 200, "original_height": 100, "value": value}


def choice(*chosen: str, control: str = "class") -> dict[str, Any]:
    return {"type": "choices", "from_name": control, "value": {"choices": list(chosen)}}


def said(who: Any, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"completed_by": who, "result": list(results), "created_at": "2026-01-01T10:00:00Z", "lead_time": 4.5} | more


def task(number: int, *annotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": number, "data": {"image": f"{number}.jpg"}, "annotations": list(annotations)} | more


def read(tmp_path: Path, *tasks: dict[str, Any], **how: Any) -> labelqa.Annotations:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks))
    return labelqa.read(path, **how)


def test_percent_become_pixels(tmp_path):
    annotations = read(tmp_path, task(5, said(1, rectangle())))
    assert annotations.boxes[["item_id", "annotator_id", "label", *EDGES]].values.tolist() == [
        ["5", "1", "dent", 20, 20, 80, 60]
    ]
    assert annotations.items[["item_id", "path", "width", "height"]].values.tolist() == [["5", "5.jpg", 200, 100]]
    assert annotations.views[["seconds", "created_at"]].astype(str).values.tolist() == [
        ["4.5", "2026-01-01 10:00:00+00:00"]
    ]


@pytest.mark.parametrize(
    ("who", "expected"), [(7, "7"), ({"id": 7, "email": "a@b.c"}, "7"), ({"email": "a@b.c"}, "a@b.c")]
)
def test_who_completed_it(tmp_path, who, expected):
    assert read(tmp_path, task(1, said(who, rectangle()))).annotators == [expected]


def test_nobody_is_guessed(tmp_path):
    with pytest.raises(TableError, match=r"task 1: an annotation does not say who made it"):
        read(tmp_path, task(1, said(None, rectangle())))
    assert read(tmp_path, task(1, said(None, rectangle())), annotator="ann").annotators == ["ann"]


def test_cancelled_is_skipped_and_no_result_is_empty(tmp_path):
    cancelled = said(1, rectangle(), was_cancelled=True)
    annotations = read(tmp_path, task(1, cancelled, said(2)), task(2, said(2, rectangle())))
    assert annotations.views[["item_id", "annotator_id", "status"]].values.tolist() == [
        ["1", "1", "skipped"],
        ["1", "2", "empty"],
        ["2", "2", "labelled"],
    ]


def test_a_task_nobody_opened_is_an_item_without_views(tmp_path):
    annotations = read(tmp_path, task(1), task(2, said(1, rectangle())))
    assert annotations.items["item_id"].tolist() == ["1", "2"]
    assert annotations.views["item_id"].tolist() == ["2"]


def test_predictions_are_not_people(tmp_path):
    annotations = read(tmp_path, task(1, said(1, rectangle()), predictions=[{"result": [rectangle()]}]))
    assert len(annotations.boxes) == 1
    assert annotations.checks[["finding", "n", "action"]].values.tolist() == [
        ["prediction in export.json", 1, "left out: predictions='keep' takes it"]
    ]


def test_choices_are_labels_and_several_make_a_set(tmp_path):
    annotations = read(tmp_path, task(1, said(1, choice("ok")), said(2, choice("dent", "crack"))))
    assert annotations.labels["label"].tolist() == ["ok", "crack|dent"]


def test_two_controls_are_refused(tmp_path):
    with pytest.raises(TableError, match=r"2 controls .* \('class', 'quality'\)"):
        read(tmp_path, task(1, said(1, choice("ok"), choice("good", control="quality"))))


def test_a_rotated_rectangle_becomes_its_enclosing_box(tmp_path):
    annotations = read(tmp_path, task(1, said(1, rectangle(x=50, y=50, width=10, height=20, rotation=90))))
    # 20 x 20 pixels at (100, 50), turned clockwise by 90 degrees round the top left corner
    np.testing.assert_allclose(annotations.boxes[EDGES].to_numpy(), [[80, 50, 100, 70]], atol=1e-9)
    assert annotations.checks["finding"].tolist() == ["rotated rectangle in export.json"]
    tilted = read(tmp_path, task(1, said(1, rectangle(x=50, y=20, width=10, height=20, rotation=45))))
    half = 20 * math.sqrt(0.5)
    np.testing.assert_allclose(tilted.boxes[EDGES].to_numpy(), [[100 - half, 20, 100 + half, 20 + 2 * half]])


def test_of_several_annotations_by_one_person_the_latest_counts(tmp_path):
    late = said(1, choice("dent"), created_at="2026-01-02T10:00:00Z")
    annotations = read(tmp_path, task(1, late, said(1, choice("ok"))))
    assert annotations.labels["label"].tolist() == ["dent"]
    assert "earlier annotation by the same person in export.json" in annotations.checks["finding"].tolist()
    with pytest.raises(TableError, match="task 1: 1 annotated it 2 times and no time tells which is the latest"):
        read(tmp_path, task(1, said(1, choice("ok")), said(1, choice("dent"))))


def test_a_rectangle_without_the_size_is_refused(tmp_path):
    bare = rectangle() | {"original_width": None}
    with pytest.raises(TableError, match="has no original_width and original_height"):
        read(tmp_path, task(1, said(1, bare)))


def test_other_results_are_counted(tmp_path):
    annotations = read(tmp_path, task(1, said(1, {"type": "keypointlabels", "value": {"x": 1, "y": 1}}, rectangle())))
    assert annotations.checks[["finding", "n"]].values.tolist() == [
        ["result of type 'keypointlabels' in export.json", 1]
    ]


def test_tasks_of_several_files_are_not_joined_by_their_position(tmp_path):
    bare = {key: value for key, value in task(1, said("ann", choice("ok"))).items() if key != "id"}
    (tmp_path / "a.json").write_text(json.dumps([task(1, said("ann", choice("ok")))]))
    (tmp_path / "b.json").write_text(json.dumps([bare]))
    with pytest.raises(labelqa.TableError, match=r"'b\.json' have tasks without an id, .* export with task ids"):
        labelqa.read(tmp_path)
    assert labelqa.read(tmp_path / "b.json").items["item_id"].tolist() == ["0"]
