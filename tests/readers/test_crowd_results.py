"""Results of crowds and of VIA: what is not read is counted, and sizes come from wherever they are told."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import labelqa
from labelqa.images import size_of


def counted(annotations, finding):
    checks = annotations.checks
    return int(checks.loc[checks["finding"].str.startswith(finding), "n"].sum())


class TestMturk:
    @staticmethod
    def batch(folder, answers, **more):
        rows = pd.DataFrame(
            {
                "HITId": "h", "AssignmentId": [f"s{n}" for n in range(len(answers))],
                "WorkerId": [f"w{n}" for n in range(len(answers))], "AssignmentStatus": "Approved",
                "Input.image_url": "a.png", "Answer.taskAnswers": [json.dumps([one]) for one in answers], **more,
            }
        )  # fmt: skip
        rows.to_csv(folder / "batch.csv", index=False)
        return folder / "batch.csv"

    BOX = {"left": 1, "top": 2, "width": 3, "height": 4}  # noqa: RUF012

    def test_two_questions_are_refused_until_one_is_named(self, tmp_path):
        path = self.batch(tmp_path, [{"kind": {"label": "dent"}, "quality": {"good": True, "bad": False}}] * 2)
        with pytest.raises(labelqa.TableError, match=r"2 questions .*say which counts"):
            labelqa.read(path)
        found = labelqa.read(path, map={"label": "quality"})
        assert found.labels["label"].tolist() == ["good", "good"]
        assert counted(found, "answer to kind") == 2

    def test_shapes_without_a_class_are_counted_and_the_size_may_come_later(self, tmp_path):
        size = {"width": 100, "height": 80}
        answers = [
            {"boxes": {"boundingBoxes": [self.BOX]}},
            {"boxes": {"boundingBoxes": [self.BOX | {"label": "dent"}], "inputImageProperties": size}},
        ]
        found = labelqa.read(self.batch(tmp_path, answers))
        assert counted(found, "shape without a class") == 1
        assert found.views["status"].tolist() == ["labelled", "labelled"]
        assert found.items[["width", "height"]].to_numpy().tolist() == [[100, 80]]


class TestToloka:
    def test_other_outputs_are_counted_and_the_size_may_come_later(self, tmp_path):
        from PIL import Image

        Image.new("L", (64, 48)).save(tmp_path / "a.png")
        box = {"left": 0.5, "top": 0.5, "width": 0.25, "height": 0.25}
        shapes = json.dumps([{"shape": "rectangle", "label": "x", **box}])
        rows = pd.DataFrame(
            {"INPUT:image": "a.png", "OUTPUT:result": ["", shapes], "OUTPUT:note": ["dark", ""],
             "ASSIGNMENT:worker_id": ["w1", "w2"], "ASSIGNMENT:status": "APPROVED"}
        )  # fmt: skip
        rows.to_csv(tmp_path / "pool.tsv", sep="\t", index=False)
        found = labelqa.read(tmp_path / "pool.tsv", map={"label": "OUTPUT:result"})
        assert counted(found, "column OUTPUT:note") == 1
        assert found.items[["width", "height"]].to_numpy().tolist() == [[64, 48]]
        assert size_of(tmp_path / "a.png") == (64, 48)
        edges = found.boxes[["x_min", "y_min", "x_max", "y_max"]].to_numpy().tolist()
        assert edges == [[32.0, 24.0, 48.0, 36.0]]


def test_attributes_of_via_that_do_not_count_are_counted(tmp_path):
    region = {
        "shape_attributes": {"name": "rect", "x": 1, "y": 2, "width": 3, "height": 4},
        "region_attributes": {"class": "dent", "deep": "yes"},
    }
    picture = {"filename": "a.png", "size": 9, "regions": [region], "file_attributes": {"good": "no", "place": "hall"}}
    (tmp_path / "via.json").write_text(json.dumps({"a.png9": picture}), encoding="utf-8")
    found = labelqa.read(tmp_path / "via.json", annotator="ann", map={"label": "good", "box_label": "class"})
    assert (found.labels["label"].tolist(), found.boxes["label"].tolist()) == (["no"], ["dent"])
    assert counted(found, "attribute place of files") == counted(found, "attribute deep of regions") == 1
