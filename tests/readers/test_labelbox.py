"""Labelbox exports: which label, which project, which question."""

from __future__ import annotations

import json

import pytest

import labelqa


def row(labels, project="p", **fields):
    return {
        "data_row": {"id": "r1", "global_key": "a.png", "details": {"created_by": "lead"}},
        "media_attributes": {"width": 100, "height": 80},
        "projects": {project: {"labels": labels}},
    } | fields


def label(person, *objects, time="2026-01-05T12:00:00.000+00:00", answers=(), **performance):
    return {
        "id": f"{person}-{time}",
        "label_details": {"created_by": person, "created_at": time} if person else {},
        "performance_details": performance,
        "annotations": {"objects": list(objects), "classifications": list(answers)},
    }


def box(left, name="dent"):
    return {"name": name, "bounding_box": {"left": left, "top": 1, "width": 5, "height": 6}}


def answer(question, option):
    return {"name": question, "radio_answer": {"name": option}}


def read(folder, *rows, **how):
    path = folder / "export.ndjson"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return labelqa.read(path, **how)


def met(found):
    return dict(zip(found.checks["finding"], found.checks["n"], strict=True))


def test_the_latest_label_of_a_person_counts(tmp_path):
    later, earlier = label("ann", box(7), time="2026-01-06"), label("ann", box(3), time="2026-01-05")
    found = read(tmp_path, row([later, earlier]))
    assert found.boxes["x_min"].tolist() == [7]
    assert met(found)["earlier label by the same person in export.ndjson"] == 1


def test_who_uploaded_the_picture_is_no_annotator(tmp_path):
    with pytest.raises(labelqa.TableError, match="does not say who annotated"):
        read(tmp_path, row([label(None, box(3))]))
    assert read(tmp_path, row([label(None, box(3))]), annotator="ann").annotators == ["ann"]


def test_labels_of_two_projects_are_not_mixed(tmp_path):
    projects = {"p": {"labels": [label("ann", box(3))]}, "q": {"labels": [label("bob", box(7))]}}
    with pytest.raises(labelqa.TableError, match="2 projects"):
        read(tmp_path, row([], projects=projects))
    found = read(tmp_path, row([], projects=projects), map={"project": "q"})
    assert found.boxes["x_min"].tolist() == [7]
    assert met(found)["label of another project in export.ndjson"] == 1


def test_answers_to_two_questions_are_not_mixed(tmp_path):
    labels = [label("ann", answers=[answer("Quality", "Good"), answer("Colour", "Red")])]
    with pytest.raises(labelqa.TableError, match="2 questions"):
        read(tmp_path, row(labels))
    assert read(tmp_path, row(labels), map={"label": "Colour"}).labels["label"].tolist() == ["Red"]


def test_a_place_is_named_where_a_number_is_missing(tmp_path):
    broken = box(3)
    broken["bounding_box"]["left"] = None
    with pytest.raises(labelqa.TableError, match=r"export.ndjson, record 1, label ann-.*: object 0: left is null"):
        read(tmp_path, row([label("ann", broken)]))


def test_a_table_with_one_of_its_columns_is_a_table(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_text(
        json.dumps({"item_id": "a", "annotator": "ann", "label": "x", "data_row": "r1", "projects": "p"}),
        encoding="utf-8",
    )
    assert labelqa.read(path).labels["label"].tolist() == ["x"]
