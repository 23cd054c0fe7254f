from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from labelqa import Annotations
from labelqa.errors import OptionError, TableError
from labelqa.noise import duplicates, image_issues
from labelqa.noise.pictures._duplicates import _few


@pytest.fixture
def pictures(scene, as_jpeg):
    out = {f"p{k}": as_jpeg(scene(k)) for k in range(8)}
    out["copy"] = out["p2"]
    out["again"] = as_jpeg(scene(5), quality=60)
    smaller = np.asarray(Image.fromarray(scene(6)).resize((200, 150)))
    out["smaller"] = as_jpeg(smaller)
    return out


def test_copies_and_near_copies_are_grouped(pictures):
    found = duplicates(pictures)
    groups = [sorted(part["item_id"]) for _, part in found.table.groupby("group")]
    assert sorted(groups) == [["again", "p5"], ["copy", "p2"], ["p6", "smaller"]]
    kinds = found.table.set_index("item_id")["kind"]
    assert kinds["copy"] == "exact"
    assert kinds["again"] == kinds["smaller"] == "near"
    assert (found.n_groups, found.n_redundant, found.n_conflicts) == (3, 3, 0)


def test_conflicting_labels_are_found(pictures):
    labels = pd.Series("ok", index=list(pictures)).replace("x", "y")
    labels["copy"] = "dent"
    found = duplicates(pictures, labels=labels)
    assert found.n_conflicts == 1
    assert set(found.table.loc[found.table["is_conflict"], "item_id"]) == {"p2", "copy"}
    assert found.groups.loc[found.groups["is_conflict"], "labels"].tolist() == ["dent, ok"]


def test_leaks_across_a_split_are_found(pictures):
    items = pd.DataFrame({"item_id": list(pictures), "part": "train"})
    items.loc[items["item_id"] == "again", "part"] = "test"
    by_column = duplicates(pictures, items=items, split="part")
    by_series = duplicates(pictures, split=items.set_index("item_id")["part"])
    assert by_column.n_leaks == by_series.n_leaks == 1
    assert set(by_column.table.loc[by_column.table["is_leak"], "item_id"]) == {"again", "p5"}


def test_a_column_of_annotations_can_be_the_split(pictures):
    said = pd.DataFrame({"item_id": list(pictures), "annotator_id": "ann", "label": "ok"})
    items = pd.DataFrame({"item_id": list(pictures), "part": ["train"] * 8 + ["test"] * 3})
    data = Annotations.from_frames(labels=said, items=items)
    assert duplicates(pictures, labels=data, split="part").n_leaks == 3


def test_plain_surfaces_of_the_same_brightness_are_not_duplicates():
    rng = np.random.default_rng(0)
    plain = {f"s{k}": np.clip(rng.normal(128, 8, (60, 80, 3)), 0, 255).astype(np.uint8) for k in range(40)}
    assert duplicates(plain, max_bits=11).n_groups == 0


def test_many_copies_of_one_picture_are_one_group(scene, as_jpeg):
    one = as_jpeg(scene(0))
    found = duplicates({f"c{k}": one for k in range(200)})
    assert found.n_groups == 1
    assert found.n_redundant == 199


def test_blank_pictures_of_different_colour_are_different():
    blank = {f"b{level}": np.full((40, 40, 3), level, np.uint8) for level in (0, 90, 180)}
    assert duplicates(blank).n_groups == 0


def test_measures_can_be_reused(pictures):
    measured = image_issues(pictures)
    pd.testing.assert_frame_equal(duplicates(pictures, measured=measured).table, duplicates(pictures).table)


def test_unreadable_pictures_are_left_out(pictures):
    assert duplicates(pictures | {"bad": b"no image"}).n_items == len(pictures)
    assert duplicates({"bad": b"no image"}).reason == "No picture can be read."


def test_impossible_options_are_refused(pictures):
    with pytest.raises(OptionError, match="max_bits=12 is out of range; give a number from 0 to 11"):
        duplicates(pictures, max_bits=12)
    with pytest.raises(TableError, match="There is no column 'part' in the items table"):
        duplicates(pictures, split="part")


def blocks(seed=3, side=8):
    """Draw 8 x 8 grey blocks of `side` pixels each, between 40 and 180."""
    levels = np.random.default_rng(seed).integers(40, 180, (8, 8, 1))
    return np.kron(levels, np.ones((side, side, 3))).astype(np.uint8)


def corner(image, lift):
    out = image.copy()
    out[: len(out) // 8, : len(out) // 8] += np.uint8(lift)
    return out


def test_pixels_are_compared_on_a_grid_of_32():
    # one of 64 blocks differs by 40, and each is 4 x 4 cells: the root of 40^2 / 64 is 5
    for side in (8, 16):
        found = duplicates({"a": blocks(side=side), "b": corner(blocks(side=side), 40)})
        assert found.pairs["rmse"].tolist() == pytest.approx([5.0])


def test_without_any_tolerance_only_copies_are_left():
    pictures = {"a": blocks(), "b": blocks(), "c": corner(blocks(), 8)}
    assert duplicates(pictures).n_redundant == 2
    strict = duplicates(pictures, max_bits=0, max_rmse=0)
    assert strict.table[["item_id", "kind"]].to_numpy().tolist() == [["a", "exact"], ["b", "exact"]]
    with pytest.raises(OptionError, match="max_rmse=-1"):
        duplicates(pictures, max_rmse=-1)


def test_pairs_are_listed_by_item_group_after_group():
    pictures = {"a": blocks(), "b": corner(blocks(), 60), "c": corner(blocks(), 8), "d": blocks(4), "e": blocks(4)}
    pairs = duplicates(pictures).pairs
    assert pairs["bits"].iloc[0] > pairs["bits"].iloc[1]
    assert pairs[["item_id", "other_id"]].to_numpy().tolist() == [["a", "b"], ["a", "c"], ["b", "c"], ["d", "e"]]


class TestToQueue:
    PICTURES = {f"p{k}": blocks() for k in range(3)}  # noqa: RUF012

    def rows(self, **options):
        queue = duplicates(self.PICTURES, **options).to_queue()
        assert queue["kind"].eq("duplicate").all()
        return queue.set_index("item_id")

    def test_copies_name_the_first_of_their_group(self):
        queue = self.rows()
        assert queue["reason"].tolist() == [None, "same picture as p0 (group 1)", "same picture as p0 (group 1)"]
        assert queue["group"].isna().all()
        assert queue["label"].isna().all()

    def test_conflicts_name_the_others_with_their_labels(self):
        queue = self.rows(labels=pd.Series({"p0": "ok", "p1": "dent", "p2": "ok"}))
        assert queue["reason"]["p1"] == "same picture labelled differently: p0 (ok), p2 (ok)"
        assert queue["reason"]["p2"] == "same picture labelled differently: p0 (ok), p1 (dent)"
        assert queue["label"].tolist() == ["ok", "dent", "ok"]
        assert queue["group"].tolist() == [1.0] * 3

    def test_leaks_name_the_others_and_the_parts(self):
        queue = self.rows(split={"p0": "train", "p1": "test", "p2": "train"})
        assert queue["reason"]["p0"] == "same picture as p1, p2 across test, train"
        assert queue["group"].isna().all()

    def test_of_many_others_three_are_named(self):
        assert _few(list("abc")) == "a, b, c"
        assert _few(list("abcde")) == "a, b, c and 2 more"


def test_the_sample_set_shows_its_planted_copies(sample):
    data = Annotations.from_frames(labels=pd.read_csv(sample / "labels.csv"), items=pd.read_csv(sample / "items.csv"))
    planted = pd.read_csv(sample / "planted.csv").set_index("item_id")["planted"]
    copies = planted[planted.str.startswith("copy of ")].str.removeprefix("copy of ")
    found = duplicates(sample, labels=data)
    pairs = {frozenset(part["item_id"]) for _, part in found.table.groupby("group")}
    assert pairs == {frozenset(pair) for pair in copies.items()}
    assert found.n_conflicts == len(copies)
    assert found.plot().get_ylabel() == "groups"


def test_every_conflict_in_cifar_has_a_wrong_label(real_data):
    table = pd.read_parquet(real_data / "cifar10n" / "cifar10n.parquet", columns=["item_id", "image", "clean_label"])
    # the first 6,000 pictures hold a few near-copies; their true labels never conflict
    table = table.head(6000)
    found = duplicates(table, labels=table.rename(columns={"clean_label": "label"})[["item_id", "label"]])
    assert found.n_groups >= 1
    assert found.n_conflicts == 0
