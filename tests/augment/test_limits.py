"""Where the verdicts turn, how lists are joined, and what a transform cannot do."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from labelqa.augment import augment, augment_to_folder, check_augmentation, expected_looseness, read_policy
from labelqa.augment._labelled import label_images
from labelqa.augment._verdict import Limits, Outcome, judge
from labelqa.errors import OptionError, TableError
from labelqa.images import ImageSource

CLASSES = np.array(["a", "b"], dtype=object)


def verdict(n_wrong, n_wrong_after=0, *, tolerance=0.05, turn_share=0.5, n=40, classes=CLASSES):
    """Of n images of each class, `n_wrong` of the first are taken for the second."""
    label = np.repeat(np.arange(len(classes)), n)
    said, after = label.copy(), label.copy()
    said[:n_wrong] = 1
    after[:n_wrong_after] = 1
    outcome = Outcome("x", label.copy(), said, after, label.copy())
    return judge(outcome, label, classes, Limits(tolerance, turn_share), 0)[0]["verdict"]


def test_verdicts_at_their_limits():
    assert [verdict(n, tolerance=0.125) for n in (10, 11)] == ["invariant", "learnable"]
    assert [verdict(19, n, tolerance=0.125) for n in (20, 21)] == ["learnable", "information lost"]
    assert [verdict(n) for n in (19, 20)] == ["learnable", "turns a into b"]
    assert [verdict(n, turn_share=0.75) for n in (29, 30)] == ["learnable", "turns a into b"]
    assert [verdict(n, n=n) for n in (4, 5)] == ["learnable", "turns a into b"]


def test_a_class_that_swallows_others_is_no_turn():
    label = np.repeat(np.arange(4), 10)
    for n_others, wanted in ((20, "turns a into b"), (21, "learnable")):
        said = label.copy()
        said[:10] = 1
        said[20 : 20 + n_others - (1 if n_others > 20 else 0)] = 1
        said[10] = 0 if n_others > 20 else 1
        outcome = Outcome("x", label.copy(), said, label.copy(), label.copy())
        row = judge(outcome, label, np.array(list("abcd"), dtype=object), Limits(0.05, 0.5), 0)[0]
        assert row["verdict"] == wanted


def test_visible_exactly_at_the_limit_is_kept():
    image = np.zeros((64, 64, 3), np.uint8)
    box = pd.DataFrame({"item_id": ["a"], "label": ["x"], "x_min": 0.0, "y_min": 0.0, "x_max": 32.0, "y_max": 32.0})
    crop = {"transforms": [{"Crop": {"x_min": 16, "y_min": 0, "x_max": 64, "y_max": 64}}]}
    share = augment({"a": image}, box, policy=crop, min_visibility=0).boxes["visible"].iloc[0]
    assert 0.4 < share < 0.6
    assert augment({"a": image}, box, policy=crop, min_visibility=share).n_boxes == 1
    assert augment({"a": image}, box, policy=crop, min_visibility=np.nextafter(share, 1)).n_boxes == 0


RESIZE = {"__class_fullname__": "Resize", "height": 8, "width": 8}


@pytest.mark.parametrize(
    "given",
    [
        RESIZE,
        {"transform": {"__class_fullname__": "Compose", "transforms": [RESIZE]}},
        {"__class_fullname__": "Compose", "p": 1.0, "transforms": [{**RESIZE, "p": 1}]},
        {"transforms": [{"Resize": {"height": 8, "width": 8}}]},
    ],
)
def test_a_transform_without_p_takes_that_of_its_class(given, tmp_path):
    tree = json.loads(read_policy(given).text)
    assert (tree["p"], tree["transforms"][0]["p"]) == (1, 1)
    (tmp_path / "mine.json").write_text(json.dumps(given))
    made = augment({"a": np.zeros((20, 20, 3), np.uint8)}, policy=tmp_path / "mine.json", n_copies=12)
    assert {image.shape for image in made.images.values()} == {(8, 8, 3)}


def test_combinations_without_p_too():
    flip = {"__class_fullname__": "HorizontalFlip"}
    given = {"__class_fullname__": "Compose", "transforms": [{"__class_fullname__": "OneOf", "transforms": [flip]}]}
    wanted = {"transforms": [{"OneOf": {"transforms": ["HorizontalFlip"]}}]}
    assert read_policy(given).text == read_policy(wanted).text


CROP = {"transforms": [{"RandomCrop": {"height": 300, "width": 300}}]}
TOO_LARGE = (
    r"^The transform 'RandomCrop' cannot be applied to the image of item 'x?0' \(40 x 30, grey\): Crop size .*\.$"
)


def test_a_crop_larger_than_the_picture_is_one_sentence():
    images = np.random.default_rng(0).integers(0, 255, (40, 30, 40), dtype=np.uint8)
    with pytest.raises(OptionError, match=TOO_LARGE):
        augment({"x0": images[0]}, policy=CROP)
    with pytest.raises(OptionError, match=TOO_LARGE):
        check_augmentation(images, np.arange(40) % 2, transforms={"crop": CROP})


def test_a_crop_larger_than_the_stand_in_has_no_looseness():
    assert expected_looseness(read_policy(CROP))[["tightness", "visible"]].isna().all(axis=None)
    assert augment({"a": np.zeros((400, 400), np.uint8)}, policy=CROP).n_images == 1


def joined(images, labels, groups=None):
    found = label_images(images, labels, groups=groups, test_items=None, n_folds=2, max_items=99, seed=0)
    return {item: found.classes[code] for item, code in zip(found.ids, found.label, strict=True)}


PIXELS = {name: np.full((4, 4), value, np.uint8) for value, name in enumerate(("10", "9", "b", "a"))}
LABELS = {"10": "ten", "9": "nine", "b": "bee", "a": "ay"}


@pytest.mark.parametrize(
    "images",
    [PIXELS, pd.Series(PIXELS), pd.DataFrame({"item_id": list(PIXELS), "image": list(PIXELS.values())})],
    ids=["dict", "Series", "table"],
)
@pytest.mark.parametrize("form", [list, tuple, np.array])
def test_listed_labels_follow_the_order_of_the_images_as_given(images, form):
    assert joined(images, form(list(LABELS.values()))) == LABELS
    assert joined(images, LABELS) == LABELS
    assert joined(images, LABELS, form([0, 1, 0, 1])) == LABELS


def test_listed_labels_of_listed_images_go_by_position():
    for images in (list(PIXELS.values()), np.stack(list(PIXELS.values()))):
        assert joined(images, list("wxyz")) == dict(zip("0123", "wxyz", strict=True))


@pytest.mark.parametrize(
    ("images", "labels", "groups", "message"),
    [
        (ImageSource.from_bytes(PIXELS), list("wxyz"), None, "images as a ImageSource, whose order says nothing"),
        (".", list("wxyz"), None, "images as a str, whose order says nothing; give labels by item id"),
        (PIXELS, list("wxy"), None, "4 images and 3 labels"),
        (PIXELS, "wxyz", None, "Found a str as labels"),
        (PIXELS, LABELS, [0, 1, 0], "4 images and 3 groups"),
        (PIXELS, LABELS, pd.Series([0, 1, 0, 1, 1], index=[*PIXELS, "b"]), "1 items have more than one group"),
    ],
)
def test_lists_that_cannot_be_joined_are_refused(images, labels, groups, message):
    with pytest.raises(TableError, match=message):
        joined(images, labels, groups)


def test_test_items_are_a_list_and_absent_ones_are_told():
    with pytest.raises(TableError, match="Found a str as test_items; give a list of item ids"):
        augment(PIXELS, test_items="ab")
    checks = augment(PIXELS, test_items=["a", "a.png"]).checks.set_index("finding")["n"]
    assert (checks["test item"], checks["test item without an image"]) == (1, 1)


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, "2"])
def test_number_of_processes_is_checked_before_anything_is_made(n_jobs, tmp_path):
    for call in (
        lambda: augment({}, n_jobs=n_jobs),
        lambda: augment_to_folder(PIXELS, None, tmp_path / "x", n_jobs=n_jobs),
    ):
        with pytest.raises(OptionError, match="n_jobs="):
            call()
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("n_jobs", [None, -1, 1, 2, np.int64(2)])
def test_every_number_of_processes_makes_the_same(n_jobs):
    made = augment(PIXELS, n_jobs=n_jobs)
    assert all(np.array_equal(made.images[item], image) for item, image in augment(PIXELS).images.items())
