"""Files as people have them: each is read right, or refused with what is wrong and where."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labelqa
from labelqa import TableError
from labelqa.agreement import box_agreement, krippendorff_alpha

EDGES = ["x_min", "y_min", "x_max", "y_max"]


@pytest.fixture
def read(tmp_path):
    def of(content, name="input.csv", **how):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return labelqa.read(path, **how)

    return of


def found(annotations, text):
    checks = annotations.checks
    return checks.loc[checks["finding"].str.contains(text, regex=False), ["n", "action"]].to_numpy().tolist()


class TestTextFiles:
    def test_a_comma_without_quotes_is_refused_with_line_and_count(self, read):
        text = "item,annotator,label,comment\n1,ann,cat,ok, sure\n2,ann,dog,ok\n"
        with pytest.raises(TableError, match=r"input\.csv: line 2 has 5 fields, the header 4; put quotes round"):
            read(text)

    def test_a_row_that_is_too_short_is_refused(self, read):
        with pytest.raises(TableError, match="line 3 has 2 fields, the header 3"):
            read("item,annotator,label\n1,ann,cat\n1,bob\n")

    def test_the_line_is_that_of_the_file_behind_quoted_line_breaks(self, read):
        text = 'item,annotator,label\n1,ann,"two\nlines"\n2,ann\n'
        with pytest.raises(TableError, match="line 4 has 2 fields"):
            read(text)

    def test_a_delimiter_after_every_row_is_no_field(self, read):
        annotations = read("item,annotator,label\n1,ann,cat,\n1,bob,cat,\n2,ann,dog,\n2,bob,cat,\n")
        assert annotations.labels["label"].tolist() == ["cat", "cat", "dog", "cat"]
        assert found(annotations, "empty field after the last column") == [[1, "left out"]]

    @pytest.mark.parametrize("delimiter", [";", "\t", "|"], ids=["semicolon", "tab", "bar"])
    def test_other_delimiters_are_told(self, read, delimiter):
        text = "item,annotator,label\n1,ann,cat\n1,bob,dog\n".replace(",", delimiter)
        annotations = read(text)
        assert annotations.labels["label"].tolist() == ["cat", "dog"]
        assert found(annotations, "fields separated by") == [[1, "read so"]]

    def test_a_line_names_the_delimiter(self, read):
        assert read("sep=;\nitem;annotator;label\n1;ann;a,b\n").labels["label"].tolist() == ["a,b"]

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
    def test_encodings(self, read, encoding):
        assert read("item,annotator,label\n1,ann,Füße\n".encode(encoding)).labels["label"].tolist() == ["Füße"]

    def test_texts_stay_texts(self, read):
        annotations = read('item,annotator,label\n007,ann,NA\n008,ann,"a\nb"\n009,ann,nan\n')
        assert annotations.labels[["item_id", "label"]].to_numpy().tolist() == [
            ["007", "NA"],
            ["008", "a\nb"],
            ["009", "nan"],
        ]

    def test_packed_files(self, tmp_path):
        text = b"item,annotator,label\n1,ann,cat\n"
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
            packed.writestr("inner.csv", text)
        for name in ("a.csv.gz", "b.zip"):
            assert labelqa.read(tmp_path / name).labels["label"].tolist() == ["cat"]
        assert labelqa.read(tmp_path / "a.csv.gz", annotator_from="filename").annotators == ["a"]

    def test_a_bomb_is_refused(self, tmp_path):
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"0" * (8 << 20)))
        with pytest.raises(TableError, match="looks like a bomb"):
            labelqa.read(tmp_path / "a.csv.gz")

    def test_a_damaged_packed_file_is_refused(self, tmp_path):
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"item,annotator,label\n")[:-9])
        with pytest.raises(TableError, match="cannot be unpacked"):
            labelqa.read(tmp_path / "a.csv.gz")
        damaged = bytearray(gzip.compress(b"item,annotator,label\n" + b"1,ann,cat\n2,ann,dog\n" * 300))
        damaged[40] ^= 255
        (tmp_path / "b.csv.gz").write_bytes(damaged)
        with pytest.raises(TableError, match="cannot be unpacked"):
            labelqa.read(tmp_path / "b.csv.gz")


class TestColumns:
    def test_two_answers_are_refused_and_one_is_chosen(self, read):
        people = [(i, *one) for i, pair in enumerate(["ar", "rr", "aa"]) for one in zip("xy", pair, strict=True)]
        rows = [{"item_id": i, "annotator_id": who, "label": "set", "answer": said} for i, who, said in people]
        text = "\n".join(map(json.dumps, rows))
        with pytest.raises(
            TableError, match=r"'label', 'answer', and each could be label; .* map=\{'label': 'label'\}"
        ):
            read(text, "input.jsonl")
        said = read(text, "input.jsonl", map={"label": "answer"})
        assert krippendorff_alpha(said).value == pytest.approx(4 / 9)

    def test_a_class_by_number_and_by_name_is_one(self, read):
        annotations = read("item,annotator,class,class_name\n1,ann,0,cat\n2,ann,1,dog\n")
        assert annotations.labels["label"].tolist() == ["cat", "dog"]

    def test_columns_without_a_meaning_are_listed(self, read):
        annotations = read("item,annotator,label,mood\n1,ann,cat,good\n")
        assert found(annotations, "without a known meaning") == [[1, "kept, not used"]]
        assert annotations.labels["mood"].tolist() == ["good"]

    @pytest.mark.parametrize(
        ("header", "row"),
        [
            ("xmin,ymin,xmax,ymax", "10,20,40,60"),
            ("x1,y1,x2,y2", "10,20,40,60"),
            ("x0,y0,x1,y1", "10,20,40,60"),
            ("left,top,right,bottom", "10,20,40,60"),
            ("BoxXMin,BoxYMin,BoxXMax,BoxYMax", "10,20,40,60"),
            ("x,y,w,h", "10,20,30,40"),
            ("bbox_x,bbox_y,bbox_width,bbox_height", "10,20,30,40"),
            ("left,top,width,height", "10,20,30,40"),
            ("x_center,y_center,width,height", "25,40,30,40"),
            ("cx,cy,w,h", "25,40,30,40"),
            ("bbox", '"[10, 20, 5, 40]"'),
            ("bbox_xyxy", '"10, 20, 40, 60"'),
        ],
    )
    def test_boxes_in_many_forms(self, read, header, row):
        wanted = [10, 20, 15, 60] if header == "bbox" else [10, 20, 40, 60]
        annotations = read(f"image,annotator,class,{header}\na,ann,cat,{row}\n")
        assert annotations.boxes[EDGES].to_numpy().tolist() == [wanted]

    def test_a_box_in_one_cell_whose_form_is_open_is_refused(self, read):
        text = 'image,annotator,class,bbox\na,ann,cat,"[1, 2, 30, 40]"\n'
        with pytest.raises(TableError, match=r"could be \[x, y, width, height\] or two corners; .* map=\{'bbox_xywh'"):
            read(text)
        assert read(text, map={"bbox_xywh": "bbox"}).boxes[EDGES].to_numpy().tolist() == [[1, 2, 31, 42]]

    def test_corners_and_sizes_of_pictures(self, read):
        """As in the CSV of TensorFlow's object detection."""
        annotations = read("filename,annotator,width,height,class,xmin,ymin,xmax,ymax\na,ann,100,80,cat,1,2,30,40\n")
        assert annotations.items[["width", "height"]].to_numpy().tolist() == [[100, 80]]

    def test_parts_of_boxes_that_are_not_known_are_refused(self, read):
        with pytest.raises(TableError, match="'bbox_a', which look like parts of boxes"):
            read("image,annotator,class,bbox_a\na,ann,cat,1\n")

    def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(self, read):
        rows = 'a,ann,cat,"10,5","20,5","30,5","40,25"\n'
        annotations = read("image,annotator,label,x,y,w,h\n" + rows)
        assert annotations.boxes[EDGES].to_numpy().tolist() == [[10.5, 20.5, 41, 60.75]]
        for wrong in ("10px", '"1,234"', '"1,5.5"'):
            with pytest.raises(TableError, match="values that are no numbers"):
                read(f"image,annotator,label,x,y,w,h\na,ann,cat,{wrong},1,2,3\n")

    def test_an_annotation_id_that_boxes_share_is_no_id_of_theirs(self, read):
        rows = "a,ann,7,cat,1,1,5,5\na,ann,7,dog,20,20,60,60\na,bob,8,cat,1,1,5,5\n"
        annotations = read("image,annotator,annotation_id,class,xmin,ymin,xmax,ymax\n" + rows)
        assert annotations.boxes["box_id"].is_unique
        assert found(annotations, "box_id that several boxes share") == [[2, "not used: boxes are numbered anew"]]

    def test_items_by_id_and_file_name(self, tmp_path):
        (tmp_path / "items.csv").write_text("image_id,file_name,width,height\n1,a.jpg,10,10\n")
        (tmp_path / "labels.csv").write_text("item_id,annotator_id,label\n1,ann,cat\n1,bob,cat\n")
        annotations = labelqa.read(tmp_path)
        assert annotations.items[["item_id", "path", "width"]].to_numpy().tolist() == [["1", "a.jpg", 10]]

    def test_no_answer_names_what_is_there(self, read):
        with pytest.raises(TableError, match=r"no column that holds an answer: .*'mood'.*map=\{'label': NAME\}"):
            read("image,annotator,mood\na,ann,good\n")

    def test_objects_are_no_names(self, read):
        row = {"item_id": 1, "annotator_id": {"id": 1}, "label": "a"}
        with pytest.raises(TableError, match="annotator_id holds objects"):
            read(json.dumps(row), "input.jsonl")

    def test_an_unknown_column_is_refused(self, read):
        with pytest.raises(labelqa.OptionError, match="has no column 'colour'"):
            read("item,annotator,label\n1,ann,cat\n", map={"label": "colour"})
        with pytest.raises(labelqa.OptionError, match="choose one of 'item_id'"):
            read("item,annotator,label\n1,ann,cat\n", map={"lable": "label"})


class TestTimes:
    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ("1704456000", "2024-01-05 12:00:00"),
            ("1704456000123", "2024-01-05 12:00:00.123"),
            ("2024-01-05 12:00:00 UTC", "2024-01-05 12:00:00"),
            ("2024-01-05T14:00:00+02:00", "2024-01-05 12:00:00"),
            ("21.01.2024 16:08", "2024-01-21 16:08:00"),
            ("01/21/2024 16:08", "2024-01-21 16:08:00"),
            ("Fri Jan 05 04:00:00 PST 2024", "2024-01-05 12:00:00"),
            ("20240105", "2024-01-05 00:00:00"),
            ("2024-01-05 14:00:00 GMT+2", "2024-01-05 12:00:00"),
            ("2024-01-05 06:30:00 UTC-05:30", "2024-01-05 12:00:00"),
        ],
    )
    def test_forms(self, read, given, wanted):
        views = read(f"item,annotator,label,created_at\n1,ann,cat,{given}\n").views
        assert views["created_at"].tolist() == [pd.Timestamp(wanted, tz="UTC")]

    def test_typed_unix_times(self, read):
        rows = [{"item_id": 1, "annotator_id": who, "label": "a", "timestamp": 1704456000 + n}
                for n, who in enumerate(("ann", "bob"))]  # fmt: skip
        times = read("\n".join(map(json.dumps, rows)), "input.jsonl").views["created_at"]
        assert times.dt.strftime("%Y-%m-%d %H:%M:%S").tolist() == ["2024-01-05 12:00:00", "2024-01-05 12:00:01"]

    @pytest.mark.parametrize("given", ["5", "2024", "99999999", "2024-01-05 12:00:00 IST", "noon"])
    def test_what_is_no_time_costs_the_cell(self, read, given):
        annotations = read(f"item,annotator,label,created_at\n1,ann,cat,{given}\n")
        assert annotations.views["created_at"].isna().all()
        assert found(annotations, "created_at that is no time") == [[1, "left empty"]]

    def test_what_could_be_a_day_or_a_month_is_not_guessed(self, read):
        annotations = read("item,annotator,label,created_at\n1,ann,cat,01/02/2024\n")
        assert annotations.views["created_at"].isna().all()
        assert found(annotations, "created_at that is no time") == [[1, "left empty"]]

    def test_clock_and_seconds(self, read):
        views = read(
            "item,annotator,label,seconds\n1,ann,cat,01:02:03\n2,ann,cat,2:30\n3,ann,cat,4.5\n4,ann,cat,long\n"
        ).views
        assert views["seconds"].tolist()[:3] == [3723, 150, 4.5]
        assert np.isnan(views["seconds"].iloc[3])


class TestSuspects:
    def test_spellings_are_told_and_joined_on_request(self, read):
        text = "item,annotator,label\n" + "".join(
            f"{item},{who},{label}\n"
            for item, pair in enumerate(
                [("cat", "Cat"), ("dog", "dog "), ("1", "1.0"), ("café", "cafe\u0301"), ("None", "cow")]
            )
            for who, label in zip(("ann", "bob"), pair, strict=True)
        )
        annotations = read(text)
        assert found(annotations, "classes that differ only by")[0][0] == 8
        assert found(annotations, "looks like a missing one") == [[1, "kept as a class"]]
        joined = read(text, normalise="case,space,unicode,number")
        assert joined.labels["label"].nunique() == 6
        assert krippendorff_alpha(joined).observed == 0.8
        with pytest.raises(labelqa.OptionError, match="normalise='colour' is not known"):
            read(text, normalise=["colour"])

    def test_annotators_in_two_spellings(self, read):
        text = "item,annotator,label\n1,Ann,cat\n2,ann,cat\n2,bob,cat\n"
        assert found(read(text), "annotators that differ only by")[0][0] == 2
        assert read(text, normalise=("case",)).annotators == ["Ann", "bob"]

    @pytest.mark.parametrize(
        ("first", "second"),
        [("1.0", "1"), ("001", "1"), ("A.JPG", "a.jpg"), ("images/a.jpg", "a.jpg"), ("C:\\x\\a.jpg", "/home/a.jpg"),
         ("a%20b.jpg", "a b.jpg"), ("0f3d2a1b-a.jpg", "a.jpg"), ("a.jpg?d=1", "a.jpg")],
    )  # fmt: skip
    def test_ids_that_nearly_match(self, tmp_path, first, second):
        (tmp_path / "ann.csv").write_text(f"image,label\n{first},cat\n")
        (tmp_path / "bob.csv").write_text(f"image,label\n{second},cat\n")
        apart = labelqa.read(tmp_path, annotator_from="filename")
        assert found(apart, "ids that nearly match") == [[1, "kept apart: normalise='ids' joins them"]]
        assert len(labelqa.read(tmp_path, annotator_from="filename", normalise="ids").items) == 1

    def test_ids_that_one_person_labelled_are_two(self, read):
        annotations = read("image,annotator,label\na/1.jpg,ann,cat\nb/1.jpg,ann,dog\n")
        assert found(annotations, "ids that nearly match") == []

    def test_placeholders_are_views_with_nothing_drawn(self, read):
        rows = [f"{i},R{who},No finding,0,0,1,1" for i in range(6) for who in (1, 2)]
        rows += ["7,R1,Nodule,100,100,200,200", "7,R2,Nodule,400,400,500,500", "8,R1,Nodule,100,100,200,200",
                 "8,R2,No finding,0,0,1,1"]  # fmt: skip
        annotations = read("image_id,rad_id,class_name,x_min,y_min,x_max,y_max\n" + "\n".join(rows))
        assert found(annotations, "all 0, 0, 1, 1: a placeholder") == [[13, "read as views with nothing drawn"]]
        assert box_agreement(annotations, n_resamples=0).f1 == 0

    def test_placeholders_stay_where_no_box_is_to_be_changed(self):
        boxes = pd.DataFrame({"item_id": [1, 2], "annotator_id": "ann", "label": "No finding"})
        boxes = boxes.assign(x_min=0, y_min=0, x_max=1, y_max=1)
        kept = labelqa.Annotations.from_frames(boxes=boxes, faulty_boxes="keep")
        assert len(kept.boxes) == 2
        assert found(kept, "a placeholder") == [[2, "kept: leave them out if they are"]]

    def test_placeholders_of_another_class_are_told_and_kept(self, read):
        rows = "".join(f"{i},ann,cyst,-1,-1,-1,-1\n{i},bob,cyst,5,5,20,{20 + i}\n" for i in range(3))
        annotations = read("image,annotator,label,xmin,ymin,xmax,ymax\n" + rows.replace("bob,cyst", "bob,spot"))
        assert found(annotations, "a placeholder") == [[3, "kept: leave them out if they are"]]

    def test_shares_beside_pixels_are_told(self, read):
        rows = "".join(f"{i},ann,cat,10,10,{50 + i},60\n{i},bob,cat,0.1,0.1,0.5,0.{6 + i}\n" for i in range(3))
        annotations = read("image,annotator,label,xmin,ymin,xmax,ymax\n" + rows)
        assert found(annotations, "coordinates from 0 to 1, beside pixels")[0][0] == 3

    def test_nothing_is_cut_to_a_frame_that_most_boxes_leave(self):
        boxes = pd.DataFrame(
            [(i, who, "a", 40 + n, 150, 120, 250) for i in (1, 2) for n, who in enumerate(("ann", "bob"))],
            columns=["item_id", "annotator_id", "label", *EDGES],
        )
        items = pd.DataFrame({"item_id": [1, 2], "width": 400, "height": 200})
        annotations = labelqa.Annotations.from_frames(boxes=boxes, items=items)
        assert annotations.boxes["y_max"].tolist() == [250] * 4
        assert annotations.items["height"].isna().all()
        assert found(annotations, "most boxes leave, and fits when width and height change places")[0][0] == 2
        right = items.assign(width=200, height=400)
        assert labelqa.Annotations.from_frames(boxes=boxes, items=right).items["height"].tolist() == [400, 400]


class TestSizesOfPictures:
    def test_unknown_sizes_give_about_the_same_chance(self):
        rng = np.random.default_rng(0)
        rows = []
        for item in range(60):
            x, y = rng.uniform(300, 900, 2)
            dx, dy = (5, 5) if item % 3 else rng.uniform(-400, 400, 2)
            rows += [
                (item, "ann", "c", x, y, x + 90, y + 90),
                (item, "bob", "c", x + dx, y + dy, x + dx + 90, y + dy + 90),
            ]
        boxes = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", *EDGES])
        items = pd.DataFrame({"item_id": range(60), "width": 1000.0, "height": 1000.0})
        guessed = box_agreement(labelqa.Annotations.from_frames(boxes=boxes), n_resamples=0)
        known = box_agreement(
            labelqa.Annotations.from_frames(boxes=boxes, items=items, faulty_boxes="keep"), n_resamples=0
        )
        assert guessed.alpha == pytest.approx(known.alpha, abs=0.02)
        assert any("size of some images is unknown" in note for note in guessed.notes)
        assert not any("size of some images" in note for note in known.notes)


class TestWriting:
    def test_paths_hold_from_where_the_output_lies(self, tmp_path, monkeypatch):
        (tmp_path / "in" / "pics").mkdir(parents=True)
        (tmp_path / "in" / "pics" / "a.jpg").write_text("a picture")
        (tmp_path / "in" / "items.csv").write_text("item_id,path\n1,pics/a.jpg\n")
        (tmp_path / "in" / "labels.csv").write_text("item_id,annotator_id,label\n1,ann,cat\n")
        monkeypatch.chdir(tmp_path)
        labelqa.convert("in", "far/out", to="csv")
        assert pd.read_csv("far/out/items.csv")["path"].tolist() == ["../../in/pics/a.jpg"]
        monkeypatch.chdir("/")
        path = labelqa.read(tmp_path / "far" / "out").items["path"].iloc[0]
        assert Path(path).read_text() == "a picture"

    def test_a_view_that_no_answer_proves_is_written(self, read, tmp_path):
        before = read("item,annotator,label\n1,ann,cat\n1,bob,\n2,ann,dog\n2,bob,\n")
        labelqa.write(before, tmp_path / "out", to="csv")
        after = labelqa.read(tmp_path / "out")
        assert after.annotators == ["ann", "bob"]
        assert after.views["status"].tolist() == before.views["status"].tolist()

    def test_coco_that_coco_programs_read(self, read, tmp_path):
        before = read("image,annotator,class,xmin,ymin,xmax,ymax\nb.jpg,ann,cat,1,2,30,40\nb.jpg,bob,dog,1,2,30,42\n")
        labelqa.write(before, tmp_path / "out.json")
        data = json.loads((tmp_path / "out.json").read_text())
        assert [image["id"] for image in data["images"]] == [1]
        assert all(
            {"id", "image_id", "category_id", "bbox", "area", "iscrowd"} <= set(one) for one in data["annotations"]
        )
        pd.testing.assert_frame_equal(labelqa.read(tmp_path / "out.json").boxes, before.boxes)

    def test_labels_of_pictures_stand_beside_the_boxes(self, read, tmp_path):
        before = read("item,annotator,label\n1,ann,cat\n1,bob,cat\n")
        labelqa.write(before, tmp_path / "out.json")
        data = json.loads((tmp_path / "out.json").read_text())
        assert (data["annotations"], len(data["image_labels"])) == ([], 2)
        pd.testing.assert_frame_equal(labelqa.read(tmp_path / "out.json").labels, before.labels)

    def test_labels_of_several_types_are_written_as_text(self, read, tmp_path):
        rows = [{"item_id": 1, "annotator_id": who, "label": label} for who, label in (("ann", 1), ("bob", "1"))]
        before = read("\n".join(map(json.dumps, rows)), "input.jsonl")
        labelqa.write(before, tmp_path / "out")
        assert labelqa.read(tmp_path / "out").labels["label"].tolist() == ["1", "1"]


class TestOtherJson:
    def test_createml_is_named(self, read):
        data = [
            {
                "image": "a.jpg",
                "annotations": [{"label": "cat", "coordinates": {"x": 1, "y": 1, "width": 5, "height": 5}}],
            }
        ]
        with pytest.raises(TableError, match="is CreateML JSON, which is not read"):
            read(data, "input.json", annotator="ann")

    def test_doccano_is_named(self, read):
        data = [{"text": "a", "annotations": [{"label": 1, "start_offset": 0}]}]
        with pytest.raises(TableError, match="is doccano JSON, which is not read"):
            read(data, "input.json")


BOX = {
    "id": "a", "type": "rectanglelabels", "original_width": 100, "original_height": 100,
    "value": {"x": 10, "y": 10, "width": 20, "height": 20, "rotation": 0, "rectanglelabels": ["cat"]},
}  # fmt: skip
POINT = {"id": "b", "type": "keypointlabels", "value": {"x": 1, "y": 1, "keypointlabels": ["cat"]}}


class TestUnreadAnswers:
    @staticmethod
    def task(*people):
        made = [
            {"completed_by": person, "created_at": "2026-01-01T00:00:00Z", "was_cancelled": False, "result": result}
            for person, result in people
        ]
        return [{"id": item, "data": {"image": f"{item}.jpg"}, "annotations": made} for item in (1, 2)]

    def test_who_drew_what_is_not_read_did_not_draw_nothing(self, read):
        annotations = read(self.task((1, [BOX]), (2, [POINT])), "input.json")
        assert annotations.views["status"].tolist() == ["labelled"] * 4
        assert found(annotations, "view whose answer is not read") == [[2, "labelled, and not compared"]]
        assert box_agreement(annotations, n_resamples=0).n_images == 0

    def test_who_drew_nothing_did(self, read):
        annotations = read(self.task((1, [BOX]), (2, [])), "input.json")
        assert annotations.views["status"].tolist() == ["labelled", "empty"] * 2
        assert box_agreement(annotations, n_resamples=0).f1 == 0

    def test_a_box_beside_what_is_not_read_counts(self, read):
        annotations = read(self.task((1, [BOX]), (2, [BOX, POINT])), "input.json")
        assert box_agreement(annotations, n_resamples=0).f1 == 1

    def test_unread_views_are_kept_when_written(self, read, tmp_path):
        before = read(self.task((1, [BOX]), (2, [POINT])), "input.json")
        labelqa.write(before, tmp_path / "out", to="csv")
        assert box_agreement(labelqa.read(tmp_path / "out"), n_resamples=0).n_images == 0

    def test_ground_truth_is_nobodys_view_unless_it_is_kept(self, read):
        tasks = self.task((1, [BOX]), (2, [BOX]))
        for task in tasks:
            task["annotations"][1]["ground_truth"] = True
        assert read(tasks, "input.json").annotators == ["1"]
        assert read(tasks, "input.json", ground_truth="keep").annotators == ["1", "2"]


class TestFolders:
    VOC = (
        "<annotation><filename>a.png</filename><object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin>"
        "<xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
    )

    def test_a_folder_that_is_unlike_the_others_is_not_passed_over(self, tmp_path):
        for person in ("ann", "bob"):
            (tmp_path / person).mkdir()
            (tmp_path / person / "a.xml").write_text(self.VOC)
        assert labelqa.read(tmp_path, annotator_from="parent").annotators == ["ann", "bob"]
        (tmp_path / "bob" / "a.xml").rename(tmp_path / "bob" / "a.txt")
        with pytest.raises(TableError, match=r"unlike the others \('bob'\)"):
            labelqa.read(tmp_path, annotator_from="parent")

    def test_what_lies_beside_tables_is_not_asked_what_it_is(self, tmp_path):
        (tmp_path / "labels.csv").write_text("item_id,annotator_id,label\n1,ann,cat\n")
        (tmp_path / "notes.json").write_text("{")
        assert labelqa.read(tmp_path).labels["label"].tolist() == ["cat"]


def test_an_excel_sheet(tmp_path):
    table = pd.DataFrame({"Item": ["001", "002"], "Annotator": "ann", "Label": ["Füße", "cat"]})
    table.to_excel(tmp_path / "said.xlsx", index=False)
    annotations = labelqa.read(tmp_path / "said.xlsx")
    assert annotations.labels[["item_id", "label"]].to_numpy().tolist() == [["001", "Füße"], ["002", "cat"]]


def test_entities_in_xml_are_refused(read):
    text = '<!DOCTYPE a [<!ENTITY b "c">]><annotations><meta/><image name="&b;"/></annotations>'
    with pytest.raises(TableError, match="declares entities, which are not read"):
        read(text, "input.xml")
