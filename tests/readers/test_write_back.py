"""A source is written back with only the decided nodes changed."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

import labelqa
from labelqa.cli import main
from labelqa.noise import apply_decisions
from labelqa.readers import FORMATS, write_back

FOLDER = Path(__file__).parent / "formats"
HOW = ("format", "annotator", "annotator_from")
EDGES = ["x_min", "y_min", "x_max", "y_max"]
WRITTEN_BACK = {each.name for each in FORMATS if each.rewrite is not None}


def variants():
    """Give the fixtures of formats that are written back: (path of the expectation, path to read, options)."""
    for path in sorted(FOLDER.glob("*/*.expected.json")):
        expected = json.loads(path.read_text(encoding="utf-8"))
        form = {"long_table": "table"}.get(path.parent.name, path.parent.name)
        is_flat = path.parent.name == "label_studio" and path.name.split(".")[0] in ("csv", "tsv", "json_min")
        if form in WRITTEN_BACK and "refused" not in expected and not is_flat:
            how = {name: expected["read"][name] for name in HOW if name in expected["read"]}
            yield pytest.param(
                path.with_name(path.name.removesuffix(".expected.json")) / expected["read"]["path"],
                {name: "table" if value == "long_table" else value for name, value in how.items()},
                id=f"{path.parent.name}-{path.name.split('.')[0]}",
            )


VARIANTS = list(variants())


def contents(path):
    if path.is_file():
        return path.read_bytes()
    return {each.relative_to(path): each.read_bytes() for each in path.rglob("*") if each.is_file()}


def beside(source, folder):
    """Copy a fixture, so that what is written can lie beside it."""
    copy = folder / "given" / source.name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, copy if source.is_dir() else folder / source.name)
    return copy if source.is_dir() else folder / source.name


@pytest.mark.parametrize(("source", "how"), VARIANTS)
def test_without_decisions_it_is_the_same_to_the_byte(source, how, tmp_path):
    copy = beside(source, tmp_path)
    before = contents(copy)
    target = copy.with_name(f"again{copy.suffix}")
    changes = write_back(labelqa.read(copy, **how), copy, target, **how)
    assert len(changes) == 0
    assert contents(target) == before == contents(copy)


def decisions_of(annotations, rng):
    """Decide at random about one to four items or boxes, each once."""
    classes = [*sorted({*annotations.labels["label"], *annotations.boxes["label"]}), 'new "<class>" & more']
    decided, told = [], set()
    for _ in range(rng.randint(1, 4)):
        kind = rng.choice(["relabel box", "move", "drop box", "add box", "drop", "relabel"])
        of_box = kind in ("relabel box", "move", "drop box")
        if of_box and not len(annotations.boxes):
            continue
        row = annotations.boxes.iloc[rng.randrange(len(annotations.boxes))] if of_box else None
        item = row["item_id"] if of_box else rng.choice(annotations.items["item_id"].tolist())
        key = row["box_id"] if of_box else item
        if key in told:
            continue
        told.add(key)
        one = {"item_id": item, "action": "drop" if "drop" in kind else "relabel", "reviewer": rng.choice(["bo", "7"])}
        one |= {"box_id": key} if of_box else {}
        one |= {"label": rng.choice(classes)} if kind in ("relabel", "relabel box", "add box") else {}
        if kind == "move":
            one["box"] = [row["x_min"] + 1, row["y_min"] + 0.5, row["x_max"] + 0.25, row["y_max"] + 2]
        if kind == "add box":
            one["box"] = [1, 2.5, 7, 9]
        decided.append(one)
    return decided


def said(annotations):
    """Give what annotations say, to a thousandth of a pixel."""
    boxes = annotations.boxes.assign(**{edge: annotations.boxes[edge].round(3) + 0.0 for edge in EDGES})
    return (
        set(annotations.items["item_id"]),
        sorted(annotations.views[["item_id", "annotator_id", "status"]].itertuples(index=False, name=None)),
        sorted(annotations.labels[["item_id", "annotator_id", "label"]].itertuples(index=False, name=None)),
        sorted(boxes[["item_id", "annotator_id", "label", *EDGES]].itertuples(index=False, name=None)),
    )


#: What stands in the sentence of a refusal, for each reason there is.
REFUSED = ("cannot be made to say", "No item is left", "could be [x, y, width, height] or two corners")


@pytest.mark.parametrize(("source", "how"), VARIANTS)
def test_decisions_come_back_or_are_refused_by_name(source, how, tmp_path):
    copy = beside(source, tmp_path)
    given = labelqa.read(copy, **how)
    n_written = 0
    for seed in range(12):
        decided = decisions_of(given, random.Random(seed))
        if not decided:
            continue
        target = tmp_path / f"fixed{seed}{copy.suffix}"
        try:
            fixed = apply_decisions(given, decided).annotations
            write_back(fixed, copy, target, **how)
        except labelqa.TableError as error:
            assert any(part in str(error) for part in (*REFUSED, "has no label and there are")), error
            assert not target.exists()
            continue
        n_written += 1
        assert said(labelqa.read(target, **how)) == said(fixed)
    assert n_written > 0
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def coco(folder, **image):
    data = {
        "info": {"by": "us", "année": 2024},
        "images": [{"id": 1, "file_name": "a.jpg", **image}],
        "annotations": [
            {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "area": 1200, "note": {"blur": 0.50}},
            {"id": 9, "image_id": 1, "category_id": 2, "bbox": [5.25, 2.0, 3.0, 4.0], "area": 12.0},
        ],
        "categories": [{"id": 1, "name": "dent"}, {"id": 2, "name": "crack"}],
    }
    path = folder / "ann.json"
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False).replace("0.5}", "0.50}"), encoding="utf-8")
    return path


def decide(path, target, *decided, how=None, **options):
    how = how or {"annotator": "ann"}
    fixed = apply_decisions(labelqa.read(path, **how), list(decided)).annotations
    return write_back(fixed, path, target, **how, **options)


def changed_lines(path, target):
    before, after = path.read_text(encoding="utf-8").split("\n"), target.read_text(encoding="utf-8").split("\n")
    assert len(before) == len(after)
    return [(old.strip(), new.strip()) for old, new in zip(before, after, strict=True) if old != new]


class TestCoco:
    def test_a_moved_box_changes_its_numbers_and_its_area_in_their_style(self, tmp_path):
        path, target = coco(tmp_path), tmp_path / "fixed.json"
        changes = decide(path, target, {"item_id": 1, "box_id": "1/ann/1", "action": "relabel", "box": [1, 2, 36, 42]})
        assert changes[["change", "old", "new"]].values.tolist() == [
            ["move box", [1.0, 2.0, 31.0, 42.0], [1.0, 2.0, 36.0, 42.0]]
        ]
        assert changed_lines(path, target) == [("30,", "35,"), ('"area": 1200,', '"area": 1400,')]

    def test_a_new_class_has_a_number_of_its_own(self, tmp_path):
        path, target = coco(tmp_path), tmp_path / "fixed.json"
        decide(path, target, {"item_id": 1, "box_id": "1/ann/2", "action": "relabel", "label": "scratch"})
        after = json.loads(target.read_text(encoding="utf-8"))
        assert after["categories"][2:] == [{"id": 3, "name": "scratch"}]
        assert [one["category_id"] for one in after["annotations"]] == [1, 3]

    def test_an_added_box_loads_in_coco_tools(self, tmp_path):
        from faster_coco_eval import COCO

        path, target = coco(tmp_path, rater_list=["ann"]), tmp_path / "fixed.json"
        box = {"item_id": 1, "action": "relabel", "label": "dent", "box": [3, 4, 8, 10], "reviewer": "bo"}
        decide(path, target, box)
        after = json.loads(target.read_text(encoding="utf-8"))
        new = after["annotations"][-1]
        assert new == {"id": 10, "image_id": 1, "category_id": 1, "rater_id": "bo", "bbox": [3.0, 4.0, 5.0, 6.0],
                       "area": 30.0, "iscrowd": 0}  # fmt: skip
        assert after["images"][0]["rater_list"] == ["ann", "bo"]
        assert len(COCO(after).getAnnIds(imgIds=[1])) == 3

    def test_one_of_several_raters_of_an_annotation_is_fixed_alone(self, tmp_path):
        path, target = coco(tmp_path), tmp_path / "fixed.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        data["annotations"][0]["rater_list"] = data["annotations"][1]["rater_list"] = ["ann", "eva"]
        path.write_text(json.dumps(data), encoding="utf-8")
        how = {"format": "coco"}
        decide(path, target, {"item_id": 1, "box_id": "1/eva/1", "action": "relabel", "label": "crack"}, how=how)
        after = json.loads(target.read_text(encoding="utf-8"))["annotations"]
        assert [one.get("rater_list") for one in after] == [["ann"], ["ann", "eva"], ["eva"]]
        assert after[2] == {**data["annotations"][0], "id": 10, "rater_list": ["eva"], "category_id": 2}

    def test_two_fixes_of_a_shared_annotation_are_one_copy(self, tmp_path):
        path, target = coco(tmp_path), tmp_path / "fixed.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        data["annotations"] = [{**data["annotations"][0], "rater_list": [3, 5]}]
        path.write_text(json.dumps(data), encoding="utf-8")
        fix = {"item_id": 1, "box_id": "1/5/1", "action": "relabel", "label": "crack", "box": [1, 2, 21, 12]}
        decide(path, target, fix, how={"format": "coco"})
        kept, copy = json.loads(target.read_text(encoding="utf-8"))["annotations"]
        assert kept["rater_list"] == [3]
        assert (copy["rater_list"], copy["category_id"], copy["bbox"]) == ([5], 2, [1.0, 2.0, 20.0, 10.0])

    @pytest.mark.parametrize("absent", [None, []])
    def test_lists_that_are_null_or_empty_are_made(self, absent, tmp_path):
        path, target = coco(tmp_path, rater_list=["ann"]), tmp_path / "fixed.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        data |= {"annotations": [], "categories": absent, "image_labels": absent}
        path.write_text(json.dumps(data), encoding="utf-8")
        decide(
            path, target, {"item_id": 1, "action": "relabel", "label": "ok", "reviewer": "bo"}, how={"format": "coco"}
        )
        after = json.loads(target.read_text(encoding="utf-8"))
        assert after["categories"] == [{"id": 1, "name": "ok"}]
        assert after["image_labels"] == [{"image_id": 1, "category_id": 1, "rater_id": "bo"}]

    def test_an_outline_that_would_contradict_a_moved_box_is_told(self, tmp_path):
        path = coco(tmp_path)
        data = json.loads(path.read_text(encoding="utf-8"))
        data["annotations"][0]["segmentation"] = [[1, 2, 31, 2, 31, 42]]
        path.write_text(json.dumps(data), encoding="utf-8")
        move = {"item_id": 1, "box_id": "1/ann/1", "action": "relabel", "box": [1, 2, 36, 42]}
        with pytest.raises(labelqa.TableError, match=r"outlines that a moved box no longer encloses \(1\)"):
            decide(path, tmp_path / "fixed.json", move)
        assert not (tmp_path / "fixed.json").exists()

    def test_file_names_hold_from_where_the_output_lies(self, tmp_path):
        path = coco(tmp_path)
        (tmp_path / "a.jpg").write_bytes(b"")
        drop = {"item_id": 1, "box_id": "1/ann/2", "action": "drop"}
        decide(path, tmp_path / "deep" / "fixed.json", drop)
        after = json.loads((tmp_path / "deep" / "fixed.json").read_text(encoding="utf-8"))
        assert after["images"][0]["file_name"] == "../a.jpg"


class TestLabelStudio:
    SOURCE = FOLDER / "label_studio" / "usual" / "export.json"

    def test_a_relabelled_box_changes_one_line(self, tmp_path):
        given = labelqa.read(self.SOURCE)
        box = given.boxes.loc[given.boxes["label"] == "dent"].iloc[0]
        target = tmp_path / "fixed.json"
        one = {"item_id": box["item_id"], "box_id": box["box_id"], "action": "relabel", "label": "scratch"}
        decide(self.SOURCE, target, one, how={"format": "label_studio"})
        before = json.loads(self.SOURCE.read_text(encoding="utf-8"))
        after = json.loads(target.read_text(encoding="utf-8"))
        found = list(unlike(before, after))
        assert [(path[-2:], old, new) for path, old, new in found] == [(("rectanglelabels", 0), "dent", "scratch")]

    def test_what_a_reviewer_adds_is_an_annotation_by_them_that_can_be_imported(self, tmp_path):
        given = labelqa.read(self.SOURCE)
        item, target = given.boxes["item_id"].iloc[0], tmp_path / "fixed.json"
        one = {
            "item_id": item,
            "action": "relabel",
            "label": "dent",
            "box": [1, 2, 11, 22],
            "reviewer": "bo@example.org",
        }
        decide(self.SOURCE, target, one, how={"format": "label_studio"})
        before = json.loads(self.SOURCE.read_text(encoding="utf-8"))
        after = json.loads(target.read_text(encoding="utf-8"))
        position = next(nth for nth, task in enumerate(before) if str(task["id"]) == item)
        *old, new = after[position]["annotations"]
        assert old == before[position]["annotations"]
        assert new["completed_by"] == {"email": "bo@example.org"}
        numbers = [one["id"] for task in before for one in task["annotations"]]
        assert new["id"] == max(numbers) + 1
        (result,) = new["result"]
        template = next(one for said in old for one in said["result"] if one["type"] == "rectanglelabels")
        for name in ("type", "from_name", "to_name", "original_width", "original_height"):
            assert result[name] == template[name]
        across, down = 100 / result["original_width"], 100 / result["original_height"]
        assert result["value"] == {"x": 1 * across, "y": 2 * down, "width": 10 * across, "height": 20 * down,
                                   "rotation": 0, "rectanglelabels": ["dent"]}  # fmt: skip

    @pytest.mark.parametrize("results", [None, []])
    def test_trusted_answers_of_a_reviewer_are_left_alone(self, results, tmp_path):
        path, target = tmp_path / "export.json", tmp_path / "fixed.json"
        rectangle = {
            "id": "r", "type": "rectanglelabels", "from_name": "l", "to_name": "i", "original_width": 100,
            "original_height": 50, "value": {"x": 1, "y": 2, "width": 3, "height": 4, "rectanglelabels": ["dent"]},
        }  # fmt: skip
        said = [
            {"id": 1, "completed_by": 7, "ground_truth": True, "result": [rectangle]},
            {"id": 2, "completed_by": 8, "result": results},
            {"id": 3, "completed_by": 9, "result": [rectangle]},
        ]
        path.write_text(json.dumps([{"id": 1, "data": {"image": "a.jpg"}, "annotations": said}]), encoding="utf-8")
        box = {"item_id": 1, "action": "relabel", "label": "dent", "box": [1, 2, 11, 22]}
        decide(
            path, target, box | {"reviewer": "7"}, box | {"box": [3, 2, 11, 22], "reviewer": "8"}, how={"format": None}
        )
        trusted, own, _, new = json.loads(target.read_text(encoding="utf-8"))[0]["annotations"]
        assert trusted == said[0]
        assert (own["id"], len(own["result"])) == (2, 1)
        assert (new["completed_by"], len(new["result"])) == (7, 1)


def unlike(one, other, path=()):
    """Give where two JSON values differ."""
    if type(one) is type(other) is dict and one.keys() == other.keys():
        for key, value in one.items():
            yield from unlike(value, other[key], (*path, key))
    elif type(one) is type(other) is list and len(one) == len(other):
        for nth, value in enumerate(one):
            yield from unlike(value, other[nth], (*path, nth))
    elif one != other:
        yield path, one, other


class TestCvat:
    def test_attributes_and_source_stay(self, tmp_path):
        path, target = tmp_path / "annotations.xml", tmp_path / "fixed.xml"
        path.write_text(
            "<?xml version='1.0' encoding='utf-8'?>\n<annotations>\n"
            "  <meta><task><assignee>ann</assignee></task></meta>"
            '\n  <image id="0" name="a.png" width="100" height="80">\n'
            '    <box label="dent" source="semi-auto" xtl="10.00" ytl="20.00" xbr="40.00" ybr="60.00" z_order="3">\n'
            '      <attribute name="deep">yes</attribute>\n    </box>\n  </image>\n</annotations>\n',
            encoding="utf-8",
        )
        move = {
            "item_id": "a.png",
            "box_id": "a.png/ann/1",
            "action": "relabel",
            "label": "a & b",
            "box": [10, 21.125, 40, 61],
        }
        decide(path, target, move, how={"format": "cvat"})
        ((old, new),) = changed_lines(path, target)
        assert new == (
            '<box label="a &amp; b" source="semi-auto" xtl="10.00" ytl="21.125" xbr="40.00" ybr="61.00" z_order="3">'
        )
        assert "<attribute" not in old

    def test_a_moved_box_of_a_track_keeps_the_track(self, tmp_path):
        source, target = FOLDER / "cvat" / "tracks" / "annotations.xml", tmp_path / "fixed.xml"
        expected = json.loads((FOLDER / "cvat" / "tracks.expected.json").read_text(encoding="utf-8"))
        how = {name: expected["read"][name] for name in HOW if name in expected["read"]}
        boxes = labelqa.read(source, **how).boxes
        row = boxes.iloc[0]
        box = [row["x_min"] + 1, *(row[edge] for edge in EDGES[1:])]
        decide(
            source,
            target,
            {"item_id": row["item_id"], "box_id": row["box_id"], "action": "relabel", "box": box},
            how=how,
        )
        assert len(changed_lines(source, target)) == 1


class TestYolo:
    @staticmethod
    def given(tmp_path, *people):
        for person in people:
            shutil.copytree(FOLDER / "yolo" / "usual" / "ann", tmp_path / "given" / person)
        return tmp_path / "given" / (people[0] if len(people) == 1 else "")

    ADD = {"item_id": "train/a", "action": "relabel", "label": "neu", "box": [1, 2, 11, 22], "reviewer": "bo"}  # noqa: RUF012

    def test_a_moved_box_keeps_the_numbers_that_stay(self, tmp_path):
        for folder in ("images", "labels"):
            (tmp_path / "given" / folder).mkdir(parents=True)
        Image.new("RGB", (100, 80)).save(tmp_path / "given" / "images" / "a.png")
        (tmp_path / "given" / "classes.txt").write_text("cat\n")
        (tmp_path / "given" / "labels" / "a.txt").write_text("0 .5  0.50 2e-1 0.1\n")
        box_id = labelqa.read(tmp_path / "given", annotator="ann").boxes["box_id"][0]
        moved = {"item_id": "a", "box_id": box_id, "action": "relabel", "box": [41, 36, 61, 44]}
        decide(tmp_path / "given", tmp_path / "fixed", moved)
        assert (tmp_path / "fixed" / "labels" / "a.txt").read_text() == "0 0.510000  0.50 2e-1 0.1\n"

    def test_two_annotators_are_never_in_one_file(self, tmp_path):
        source = self.given(tmp_path, "ann")
        with pytest.raises(labelqa.TableError, match=r"the name of bo on fixes, as the file is another's \(1\)"):
            decide(source, tmp_path / "fixed", self.ADD)
        assert not (tmp_path / "fixed").exists()

    def test_with_loss_the_fix_is_in_the_one_file_there_is(self, tmp_path):
        source, target = self.given(tmp_path, "ann"), tmp_path / "fixed"
        decide(source, target, self.ADD, allow_loss=True)
        before, after = contents(source), contents(target)
        assert {path for path in before if before[path] != after[path]} == {
            Path("data.yaml"),
            Path("labels/train/a.txt"),
        }
        lines = (target / "labels" / "train" / "a.txt").read_text().splitlines()
        assert lines[-1].split()[1:] == ["0.060000", "0.150000", "0.100000", "0.250000"]
        assert labelqa.read(target, annotator="ann").boxes["label"].tolist().count("neu") == 1

    def test_a_reviewer_of_several_people_has_a_folder_of_their_own(self, tmp_path):
        source, target = self.given(tmp_path, "ann", "eva"), tmp_path / "fixed"
        how = {"annotator_from": "folder"}
        decide(source, target, self.ADD, how=how)
        before, after = contents(source), contents(target)
        assert all(after[path] == before[path] for path in before)
        assert after.keys() - before.keys() == {
            Path("bo/data.yaml"),
            Path("bo/labels/train/a.txt"),
            Path("bo/images/train/a.png"),
        }
        boxes = labelqa.read(target, **how).boxes
        assert boxes.loc[boxes["annotator_id"] == "bo", ["item_id", "label"]].values.tolist() == [["train/a", "neu"]]

    def test_an_item_that_goes_takes_its_picture_along(self, tmp_path):
        source, target = self.given(tmp_path, "ann"), tmp_path / "fixed"
        decide(source, target, {"item_id": "train/a", "action": "drop"})
        assert contents(source).keys() - contents(target).keys() == {
            Path("images/train/a.png"),
            Path("labels/train/a.txt"),
        }


class TestTables:
    def test_only_the_cell_changes_whatever_the_dialect(self, tmp_path):
        path, target = tmp_path / "ann.csv", tmp_path / "fixed.csv"
        rows = 'sep=;\r\nimage;worker;answer;note\r\n1;"ann";"Füße";"a;b"\r\n\r\n2;bob;  ok;x\r\n'
        path.write_bytes(rows.encode("cp1252"))
        decide(
            path,
            target,
            {"item_id": 1, "action": "relabel", "label": "neu", "reviewer": "ann"},
            how={"format": "table"},
        )
        assert target.read_bytes() == rows.replace("Füße", "neu").encode("cp1252")

    def test_a_class_that_the_encoding_has_no_place_for_is_refused(self, tmp_path):
        path = tmp_path / "ann.csv"
        path.write_bytes("image,worker,answer\n1,ann,Füße\n".encode("cp1252"))
        one = {"item_id": 1, "action": "relabel", "label": "猫", "reviewer": "ann"}
        with pytest.raises(labelqa.TableError, match="Windows-1252, which has no place for '猫'"):
            decide(path, tmp_path / "fixed.csv", one, how={"format": "table"})

    def test_a_packed_file_stays_packed(self, tmp_path):
        path, target = tmp_path / "ann.csv.gz", tmp_path / "fixed.csv.gz"
        path.write_bytes(gzip.compress(b"image,worker,answer\n1,ann,ok\n2,ann,ok\n"))
        decide(path, target, {"item_id": 2, "action": "drop"}, how={"format": "table"})
        assert gzip.decompress(target.read_bytes()) == b"image,worker,answer\n1,ann,ok\n"

    def test_the_types_and_notes_of_a_parquet_file_stay(self, tmp_path):
        import pyarrow as pa
        import pyarrow.parquet as pq

        path, target = tmp_path / "labels.parquet", tmp_path / "fixed.parquet"
        schema = pa.schema(
            [("item_id", pa.int32()), ("annotator_id", pa.dictionary(pa.int8(), pa.string())), ("label", pa.int16())],
            metadata={"by": "us"},
        )
        table = pa.Table.from_pydict(
            {"item_id": [1, 2], "annotator_id": ["ann", "ann"], "label": [3, 4]}, schema=schema
        )
        pq.write_table(table, path)
        one = {"item_id": 2, "action": "relabel", "label": 3, "reviewer": "ann"}
        decide(path, target, one, how={"format": "table"})
        after = pq.read_table(target)
        assert after.schema.equals(schema, check_metadata=True)
        assert after.to_pydict()["label"] == [3, 3]

    def test_a_box_stays_in_the_form_of_its_columns(self, tmp_path):
        path, target = tmp_path / "ann.csv", tmp_path / "fixed.csv"
        path.write_text("image,worker,class,cx,cy,w,h\na,ann,dent,20,30,10,20\n", encoding="utf-8")
        move = {"item_id": "a", "box_id": "a/ann/1", "action": "relabel", "box": [15, 20, 27, 40]}
        decide(path, target, move, how={"format": "table"})
        assert target.read_text(encoding="utf-8") == "image,worker,class,cx,cy,w,h\na,ann,dent,21,30,12,20\n"

    def test_json_lines_may_hold_what_ends_a_line_elsewhere(self, tmp_path):
        path, target = tmp_path / "ann.jsonl", tmp_path / "fixed.jsonl"
        rows = [{"image": n, "worker": "ann", "answer": "ok", "note": "a\u2028b\x85"} for n in (1, 2, 3)]
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        path.write_text(text, encoding="utf-8")
        one = {"item_id": 2, "action": "relabel", "label": "neu", "reviewer": "ann"}
        decide(path, target, one, how={"format": "table"})
        wanted = [row | ({"answer": "neu"} if row["image"] == 2 else {}) for row in rows]
        assert target.read_text(encoding="utf-8") == "\n".join(json.dumps(row, ensure_ascii=False) for row in wanted)

    @pytest.mark.parametrize("name", ["said.jsonl", "said.json"])
    def test_ids_that_are_numbers_stay_numbers_on_what_is_added(self, name, tmp_path):
        path = tmp_path / name
        rows = [{"item_id": n, "annotator_id": "ann", "label": "cat"} for n in (1, 2)]
        path.write_text(json.dumps(rows) if name.endswith("json") else "".join(f"{json.dumps(row)}\n" for row in rows))
        decide(
            path,
            tmp_path / f"fixed_{name}",
            {"item_id": 1, "action": "relabel", "label": "dog", "reviewer": "bo"},
            how={"format": "table"},
        )
        text = (tmp_path / f"fixed_{name}").read_text()
        written = json.loads(text) if name.endswith("json") else [json.loads(line) for line in text.splitlines()]
        assert written == [rows[1], {"item_id": 1, "annotator_id": "bo", "label": "dog"}]

    def test_a_table_without_classes_cannot_name_one(self, tmp_path):
        path = tmp_path / "ann.csv"
        path.write_text("image,worker,x1,y1,x2,y2\na,ann,1,2,3,4\n", encoding="utf-8")
        one = {"item_id": "a", "box_id": "a/ann/1", "action": "relabel", "label": "dent"}
        with pytest.raises(labelqa.TableError, match=r"classes, for which the table has no column \(1\)"):
            decide(path, tmp_path / "fixed.csv", one, how={"format": "table"})

    def test_pictures_are_not_copied_and_their_paths_hold(self, sample, tmp_path):
        given = labelqa.read(sample)
        write_back(given, sample, tmp_path / "fixed")
        again = labelqa.read(tmp_path / "fixed")
        assert not list((tmp_path / "fixed").rglob("*.jpg"))
        paths = zip(given.items["path"], again.items["path"], strict=True)
        assert all(Path(one).resolve() == Path(other).resolve() for one, other in paths)
        assert said(again) == said(given)


class TestFolders:
    def test_a_read_only_folder_gives_one_that_can_be_changed(self, tmp_path):
        source = two_people(tmp_path)
        for path in (*source.iterdir(), source):
            path.chmod(0o555 if path.is_dir() else 0o444)
        fixed = tmp_path / "fixed"
        decide(source, fixed, DOG, how={"annotator_from": "filename"})
        source.chmod(0o755)
        assert all(path.stat().st_mode & 0o200 for path in (fixed, *fixed.iterdir()))

    @pytest.mark.parametrize(("name", "to"), [("gone.csv.bak", "nowhere"), ("round", ".")])
    def test_links_that_lead_nowhere_or_in_a_ring_stay_links(self, name, to, tmp_path):
        source, fixed = two_people(tmp_path), tmp_path / "fixed"
        (source / name).symlink_to(to)
        decide(source, fixed, DOG, how={"annotator_from": "filename"})
        assert (fixed / name).readlink() == Path(to)
        assert "1,cat" not in (fixed / "ann.csv").read_text()


DOG = {"item_id": "1", "action": "relabel", "label": "dog", "reviewer": "bo"}


def two_people(folder):
    source = folder / "said"
    source.mkdir()
    for name in ("ann", "bob"):
        (source / f"{name}.csv").write_text("item_id,label\n1,cat\n2,dog\n")
    return source


class TestRefused:
    def test_a_format_that_is_not_written_back_names_those_that_are(self, tmp_path):
        source = FOLDER / "prodigy" / "usual" / "doors.jsonl"
        with pytest.raises(labelqa.TableError, match=r"is prodigy, which is not written back .*label_studio"):
            write_back(labelqa.read(source), source, tmp_path / "fixed.jsonl")

    def test_what_is_there_is_not_overwritten(self, tmp_path):
        path = coco(tmp_path)
        with pytest.raises(FileExistsError, match="exists and is not overwritten"):
            write_back(labelqa.read(path, annotator="ann"), path, path, annotator="ann")

    def test_a_target_within_the_source_is_none(self, tmp_path):
        source = tmp_path / "given"
        source.mkdir()
        coco(source)
        how = {"annotator_from": "filename"}
        with pytest.raises(labelqa.OptionError, match="lies within the source"):
            write_back(labelqa.read(source, **how), source, source / "deep" / "fixed", **how)
        assert [path.name for path in source.iterdir()] == ["ann.json"]

    def test_what_nobody_foresaw_is_a_sentence(self, tmp_path, monkeypatch):
        from labelqa.readers.writers import coco as writer

        def surprise(*_):
            raise KeyError("bbox")

        monkeypatch.setattr(writer, "_shape", surprise)
        path = coco(tmp_path)
        move = {"item_id": 1, "box_id": "1/ann/1", "action": "relabel", "box": [1, 2, 36, 42]}
        with pytest.raises(labelqa.TableError, match=r"ann\.json: bbox is missing"):
            decide(path, tmp_path / "fixed.json", move)
        assert [each.name for each in tmp_path.iterdir()] == ["ann.json"]

    def test_facts_that_the_source_has_no_node_for_are_named(self, tmp_path):
        path = coco(tmp_path)
        given = labelqa.read(path, annotator="ann")
        wider = labelqa.Annotations.from_frames(
            boxes=given.boxes, views=given.views, items=given.items.assign(width=9.0), faulty_boxes="keep"
        )
        with pytest.raises(labelqa.TableError, match=r"'width' of items, which was changed \(1\)"):
            write_back(wider, path, tmp_path / "fixed.json", annotator="ann")

    def test_box_drawn_twice_goes_twice(self, tmp_path):
        path, target = coco(tmp_path), tmp_path / "fixed.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        data["annotations"].append({**data["annotations"][0], "id": 12})
        path.write_text(json.dumps(data), encoding="utf-8")
        decide(path, target, {"item_id": 1, "box_id": "1/ann/1", "action": "drop"})
        assert [one["id"] for one in json.loads(target.read_text(encoding="utf-8"))["annotations"]] == [9]


class TestCommands:
    def test_apply_writes_the_format_of_the_source(self, tmp_path):
        path, target = coco(tmp_path), tmp_path / "fixed.json"
        decided = tmp_path / "decisions.jsonl"
        decided.write_text('{"item_id": "1", "box_id": "1/ann/2", "action": "drop"}\n', encoding="utf-8")
        words = ["apply", str(path), str(decided), "--annotator", "ann", "--out", str(target)]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        after = json.loads(target.read_text(encoding="utf-8"))
        assert after["info"] == {"by": "us", "année": 2024}
        assert [one["id"] for one in after["annotations"]] == [7]

    def test_convert_to_the_own_format_changes_what_normalise_joins(self, tmp_path):
        path, target = coco(tmp_path), tmp_path / "same.json"
        text = path.read_text(encoding="utf-8").replace('"crack"', '"Dent"')
        path.write_text(text, encoding="utf-8")
        data = json.loads(path.read_text(encoding="utf-8"))
        for one in data["annotations"]:
            one["rater_id"] = "ann"
        path.write_text(json.dumps(data), encoding="utf-8")
        labelqa.convert(path, target, to="coco", normalise="case")
        after = json.loads(target.read_text(encoding="utf-8"))
        assert [one["category_id"] for one in after["annotations"]] == [1, 1]
        assert after["annotations"][0]["note"] == {"blur": 0.5}

    def test_convert_of_several_files_makes_one(self, tmp_path):
        source, target = FOLDER / "coco" / "files", tmp_path / "all.json"
        given = labelqa.convert(source, target, to="coco", annotator_from="filename", allow_loss=True)
        assert target.is_file()
        assert said(labelqa.read(target))[3] == said(given)[3]

    def test_an_annotator_who_is_named_is_written(self, tmp_path):
        path, target = coco(tmp_path), tmp_path / "named.json"
        labelqa.convert(path, target, to="coco", annotator="ann")
        assert {one["rater_id"] for one in json.loads(target.read_text(encoding="utf-8"))["annotations"]} == {"ann"}


def test_real_files_are_the_same_to_the_byte(real_data, tmp_path):
    for name in ("pedestrians", "crowdboxes"):
        write_back(labelqa.read(real_data / name), real_data / name, tmp_path / name)
        assert contents(tmp_path / name) == contents(real_data / name)
