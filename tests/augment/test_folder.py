from __future__ import annotations

import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import labelqa
from labelqa.augment import augment, augment_to_folder, rebuild
from labelqa.augment._folder import _save, file_name
from labelqa.cli import main
from labelqa.errors import OptionError, TableError
from labelqa.images import open_image


def test_same_as_in_memory_and_rebuildable(pictures, boxes, tmp_path):
    there = augment_to_folder(pictures, boxes, tmp_path / "out", policy="inspection", n_copies=2, n_jobs=1)
    here = augment(pictures, boxes, policy="inspection", n_copies=2)
    assert there.boxes.equals(here.boxes)
    records = [json.loads(line) for line in (tmp_path / "out" / "records.jsonl").read_text().splitlines()]
    assert len(records) == 12
    for record, path in zip(records, there.items["path"], strict=True):
        stored = open_image(tmp_path / "out" / path)
        assert np.array_equal(stored, here.images[record["item_id"]])
        assert np.array_equal(stored, rebuild(record, pictures[record["source_item_id"]]))


def test_a_stopped_run_goes_on(pictures, boxes, tmp_path, monkeypatch):
    whole = augment_to_folder(pictures, boxes, tmp_path / "whole", n_jobs=1)
    folder = tmp_path / "out"

    def stop(n_done, _):
        if n_done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        augment_to_folder(pictures, boxes, folder, n_jobs=1, on_progress=stop)
    progress = folder / "progress.jsonl"
    with progress.open("a") as log:  # the power went while a line was written
        log.write('{"digest": "abc", "item')
    (folder / "images" / "0_aug1.png").unlink()
    seen = []
    again = augment_to_folder(pictures, boxes, folder, n_jobs=1, on_progress=lambda n, _: seen.append(n))
    assert len(seen) == 4
    assert again.boxes.equals(whole.boxes)
    assert (folder / "records.jsonl").read_text() == (tmp_path / "whole" / "records.jsonl").read_text()
    augment_to_folder(pictures, boxes, folder, n_jobs=1, on_progress=lambda n, _: seen.append(n))
    assert len(seen) == 4
    names = sorted(path.name for path in (folder / "images").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "whole" / "images").iterdir())


def test_progress_counts_what_was_done_before(pictures, tmp_path):
    first = dict(list(pictures.items())[:4])
    seen = []
    for some in (first, pictures):
        augment_to_folder(some, None, tmp_path / "out", n_jobs=1, on_progress=lambda *said: seen.append(said))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4), (5, 6), (6, 6)]


def test_one_copy_that_is_missing_makes_all_of_its_item_again(pictures, tmp_path):
    seen = []

    def make():
        augment_to_folder(
            pictures, None, tmp_path / "out", n_copies=2, n_jobs=1, on_progress=lambda *said: seen.append(said)
        )

    make()
    (tmp_path / "out" / "images" / "3_aug2.png").unlink()
    seen.clear()
    make()
    assert seen == [(6, 6)]


@pytest.mark.parametrize("damage", ["picture", "line", "last line"])
def test_what_was_damaged_is_made_again(pictures, tmp_path, damage):
    def files(folder):
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}

    made = augment_to_folder(pictures, None, tmp_path / "out", n_jobs=1)
    before = files(tmp_path / "out")
    if damage == "picture":
        path = tmp_path / "out" / made.items["path"][0]
        path.write_bytes(path.read_bytes()[:-20])
    else:
        progress = tmp_path / "out" / "progress.jsonl"
        lines = progress.read_text().splitlines()
        place = -1 if damage == "last line" else 0
        lines[place] = lines[place][:30]
        progress.write_text("\n".join(lines))
    augment_to_folder(pictures, None, tmp_path / "out", n_jobs=1)
    after = files(tmp_path / "out")
    assert after.keys() == before.keys()
    listed = {"progress.jsonl", "manifest.json"}  # an item that was made again is listed last
    assert {name: data for name, data in after.items() if name not in listed} == {
        name: data for name, data in before.items() if name not in listed
    }
    facts = [json.loads(line)["item_id"] for line in (tmp_path / "out" / "progress.jsonl").read_text().splitlines()]
    assert set(facts) == set(pictures)


def test_jpg_is_saved_at_quality_95(pictures, tmp_path):
    made = augment_to_folder(pictures, None, tmp_path / "out", n_jobs=1, image_format="jpg")
    stream = io.BytesIO()
    Image.fromarray(pictures["0"]).save(stream, "JPEG", quality=95)
    with Image.open(tmp_path / "out" / made.items["path"][0]) as written, Image.open(stream) as wanted:
        assert written.format == "JPEG"
        assert written.quantization == wanted.quantization


def test_plain_ids_are_file_names_and_long_ones_are_cut():
    assert file_name("part-7.b_ü", "png") == "part-7.b_ü.png"
    names = [file_name(item, "png") for item in ("a/b", "a b", ".a_b", "x" * 100, "x" * 101, "x" * 102)]
    assert len(set(names)) == 6
    assert [len(name) for name in names] == [len("a_b-0123456789.png")] * 3 + [104, 115, 115]
    assert all(name.startswith(("a_b-", "xxx")) for name in names)


def test_an_image_that_no_file_holds_is_refused(tmp_path):
    for image in (np.zeros((4, 4), np.float32), np.zeros((4, 4, 3, 1), np.uint8)):
        with pytest.raises(OptionError, match=r"makes the image of 'a' .* which no image file holds"):
            _save(image, tmp_path / "a.png", "a")
    assert not list(tmp_path.iterdir())


def test_an_item_that_changed_is_made_again(pictures, boxes, tmp_path):
    augment_to_folder(pictures, boxes, tmp_path / "out", n_jobs=1)
    changed = {**pictures, "2": 255 - pictures["2"]}
    seen = []
    augment_to_folder(changed, boxes, tmp_path / "out", n_jobs=1, on_progress=lambda n, _: seen.append(n))
    assert len(seen) == 1


def test_ids_that_are_no_file_names(pictures, tmp_path):
    given = {"a/b": pictures["0"], "a_b": pictures["1"], "../x": pictures["2"], "ü ?": pictures["3"]}
    made = augment_to_folder(given, None, tmp_path / "out", n_jobs=1, image_format="jpg")
    assert made.items["path"].is_unique
    assert all((tmp_path / "out" / path).resolve().parent == tmp_path / "out" / "images" for path in made.items["path"])


def test_refused(pictures, boxes, tmp_path):
    augment_to_folder(pictures, boxes, tmp_path / "out", n_jobs=1)
    with pytest.raises(TableError, match="made with another policy, seed"):
        augment_to_folder(pictures, boxes, tmp_path / "out", policy="light", seed=3)
    (tmp_path / "out" / "augment.json").write_text("{")
    with pytest.raises(TableError, match=r"augment\.json is damaged"):
        augment_to_folder(pictures, boxes, tmp_path / "out")
    with pytest.raises(TableError, match="is not empty"):
        augment_to_folder(pictures, boxes, tmp_path)
    with pytest.raises(OptionError, match="image_format='gif' is not known; choose one of 'png', 'jpg'"):
        augment_to_folder(pictures, boxes, tmp_path / "x", image_format="gif")


@pytest.fixture
def source(pictures, boxes, tmp_path):
    """A folder with tables and images, as people have them."""
    (tmp_path / "source" / "images").mkdir(parents=True)
    for item, image in pictures.items():
        Image.fromarray(image).save(tmp_path / "source" / "images" / f"{item}.png")
    boxes.to_csv(tmp_path / "source" / "boxes.csv", index=False)
    return tmp_path / "source"


@pytest.mark.parametrize("form", ["csv", "coco"])
def test_command_writes_what_labelqa_reads(source, tmp_path, form):
    out = tmp_path / "out"
    arguments = ["augment", str(source), "--images", str(source / "images"), "--policy", "inspection",
                 "--n-copies", "2", "--out", str(out), "--to", form, "--n-jobs", "1"]  # fmt: skip
    ran = CliRunner().invoke(main, arguments)
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == f"{out}\n"
    assert "10 images with" in ran.stderr
    read = labelqa.read(out if form == "csv" else out / "annotations.json")
    assert len(read.items) == 10
    assert len(read.boxes) == 20
    if form == "csv":
        assert all(open_image(path).size for path in read.items["path"])
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 0, again.output


def test_command_leaves_test_items_out_and_names_unknown_transforms(source, tmp_path):
    (tmp_path / "test.txt").write_text("0\n1\n")
    put = ["augment", str(source), "--images", str(source / "images"), "--n-jobs", "1"]
    ran = CliRunner().invoke(main, [*put, "--out", str(tmp_path / "a"), "--test-items", str(tmp_path / "test.txt")])
    assert "items: test item, 2: no copies made" in ran.stderr
    (tmp_path / "mine.yaml").write_text("transforms:\n- Flipp: {p: 1}\n")
    ran = CliRunner().invoke(main, [*put, "--out", str(tmp_path / "b"), "--policy", str(tmp_path / "mine.yaml")])
    assert ran.exit_code == 2
    assert "transform 'Flipp' is not known" in ran.stderr
    assert not (tmp_path / "b").exists()
