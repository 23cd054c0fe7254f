"""Where the verdicts turn, how lists are joined, and what a transform cannot do."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from labelqa.augment import augment, augment_to_folder, check_augmentation, expected_looseness, read_policy
from labelqa.augment._catalogue import CATALOGUE, COLOUR_ONLY
from labelqa.augment._draw import Drawer, _naming
from labelqa.augment._labelled import label_images
from labelqa.augment._variants import all_grey, reduced
from labelqa.augment._verdict import Limits, Outcome, _effect, examples_of, judge
from labelqa.errors import OptionError, TableError
from labelqa.images import ImageSource, as_source

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


def test_the_stand_in_has_192_x_144_pixels():
    def crop(width, height):
        return expected_looseness(read_policy({"transforms": [{"RandomCrop": {"height": height, "width": width}}]}))

    # a crop of the whole leaves everything in sight
    assert crop(192, 144)["visible"].tolist() == [1.0]
    assert crop(193, 144)["visible"].isna().all()
    assert crop(192, 145)["visible"].isna().all()


def test_what_a_library_says_is_cut_at_200_letters():
    with pytest.raises(OptionError) as raised, _naming(np.zeros((4, 6), np.uint8), "the image"):
        raise ValueError("x" * 400)
    assert str(raised.value).count("x" * 200) == 1
    assert "x" * 201 not in str(raised.value)
    assert "the image (6 x 4, grey)" in str(raised.value)


def test_an_effect_is_named_where_the_interval_leaves_zero_out():
    ends = [(1e-9, 0.1), (0.0, 0.1), (-0.1, 0.1), (-0.1, 0.0), (-0.1, -1e-9)]
    assert [_effect(*pair) for pair in ends] == ["helps", *["no difference"] * 3, "hurts"]


def test_examples_are_those_that_turned_then_others_from_everywhere():
    n = 1200
    label = np.arange(n) % 2
    said = label.copy()
    said[[600, 602]] = 1
    row = {"transform": "x", "from_label": "a", "to_label": "b"}
    ids = np.arange(n).astype(str).astype(object)
    table = examples_of(row, Outcome("x", label, said, label, label), label, ids, CLASSES)
    assert len(table) == 12
    assert set(table["item_id"].head(2)) == {"600", "602"}
    assert table["label"].head(2).tolist() == ["a", "a"]
    assert table["predicted"].head(2).tolist() == ["b", "b"]
    assert (table["label"][2:] == table["predicted"][2:]).all()
    # every third of the set is seen
    assert set(table["item_id"][2:].astype(int) // 400) == {0, 1, 2}
    few = examples_of(row, Outcome("x", label[:5], said[:5], label[:5], label[:5]), label[:5], ids[:5], CLASSES)
    assert sorted(few["item_id"]) == list("01234")


def grey(value=7, shape=(4, 4)):
    return np.full(shape, value, np.uint8)


def test_a_set_is_grey_where_no_image_has_colour():
    colour = np.stack([grey(1), grey(1), grey(2)], axis=2)
    for pictures, wanted in (([grey()], True), ([grey(shape=(4, 4, 3))], True), ([colour], False),
                             ([grey(), grey(shape=(4, 4, 3))], True), ([grey(), colour, grey()], False)):  # fmt: skip
        source = as_source(pictures)
        assert all_grey(source, source.item_ids) is wanted


def test_colour_is_changed_only_where_there_is_some():
    images = np.random.default_rng(0).integers(0, 255, (8, 8, 8, 3), dtype=np.uint8)
    for pictures, left_out in ((images, set()), (images[:, :, :, 0], set(COLOUR_ONLY))):
        found = check_augmentation(pictures, np.arange(8) % 2)
        assert set(found.table["transform"]) == set(CATALOGUE) - left_out


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((256, 100), (256, 100)), ((512, 100), (256, 50)), ((100, 512), (50, 256)), ((2000, 1), (256, 1))],
)
def test_large_pictures_are_reduced_to_256_in_proportion(shape, wanted):
    assert reduced(np.zeros((*shape, 3), np.uint8)).shape == (*wanted, 3)


class TestCatalogue:
    """What each transform is called is what it does."""

    IMAGE = np.full((200, 200, 3), 128, np.uint8)
    #: A box of 40 x 40 in the middle.
    BOX = np.array([[80.0, 80.0, 120.0, 120.0]])

    def draws(self, name, image=None, n=60):
        drawer = Drawer(read_policy({"transforms": CATALOGUE[name]}).tree)
        return [drawer.draw(self.IMAGE if image is None else image, self.BOX, seed) for seed in range(n)]

    def test_shift(self):
        moved = np.array([draw.xyxy[0, :2] - 80 for draw in self.draws("shift to 10 %")])
        assert (np.abs(moved) <= 20.5).all()
        assert (moved.min(axis=0) < -15).all()
        assert (moved.max(axis=0) > 15).all()

    def test_zoom(self):
        sides = np.array([np.ptp(draw.xyxy[0].reshape(2, 2), axis=0) / 40 for draw in self.draws("zoom 80-125 %")])
        assert sides[:, 0] == pytest.approx(sides[:, 1], abs=0.02)
        assert ((sides > 0.79) & (sides < 1.26)).all()
        assert sides.min() < 0.85
        assert sides.max() > 1.2

    @pytest.mark.parametrize("share", [70, 40])
    def test_crop(self, share):
        ramp = np.tile(np.arange(200, dtype=np.uint8)[:, None], (1, 200))[:, :, None].repeat(3, axis=2)
        drawn = [draw.image[:, :, 0].astype(float) for draw in self.draws(f"crop to {share} % of each side", ramp)]
        # of a ramp from 0 to 199 so much is seen, from anywhere
        assert [np.ptp(image) / 200 for image in drawn] == pytest.approx([share / 100] * len(drawn), abs=0.02)
        starts = [image.min() / 200 for image in drawn]
        assert min(starts) < 0.1 * (1 - share / 100)
        assert max(starts) > 0.9 * (1 - share / 100)

    def test_tilt(self):
        line = self.IMAGE.copy()
        line[99:101] = 255
        angles = []
        for draw in self.draws("tilt to 15 degrees", line):
            left, right = (draw.image[:, x, 0].astype(float) - 128 for x in (60, 140))
            rows = np.arange(200)
            angles.append(
                np.degrees(np.arctan2((rows * right).sum() / right.sum() - (rows * left).sum() / left.sum(), 80))
            )
        assert np.abs(angles).max() <= 15.5
        assert min(angles) < -12
        assert max(angles) > 12

    def test_noise(self):
        spreads = [(draw.image.astype(float) - 128).std() / 255 for draw in self.draws("noise", n=30)]
        assert 0.045 < min(spreads) < 0.06
        assert 0.09 < max(spreads) < 0.105

    def test_light_is_brighter_and_darker(self):
        means = [draw.image.mean() / 255 for draw in self.draws("light and contrast")]
        assert min(means) < 0.4
        assert max(means) > 0.6

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("mirror left-right", lambda image: image[:, ::-1]), ("mirror top-bottom", lambda image: image[::-1]),
            ("half turn", lambda image: image[::-1, ::-1]), ("quarter turn", lambda image: np.rot90(image, -1)),
        ],
    )  # fmt: skip
    def test_turns(self, name, change):
        image = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
        for draw in self.draws(name, image, n=5):
            assert np.array_equal(draw.image, change(image))

    def test_colours(self):
        red = np.zeros((200, 200, 3), np.uint8)
        red[:, :, 0] = 200
        for draw in self.draws("no colour", red, n=3):
            assert np.ptp(draw.image, axis=2).max() == 0
        turned = [draw.image[0, 0] for draw in self.draws("hue", red)]
        # as bright as before, of another colour
        assert {int(pixel.max()) for pixel in turned} == {200}
        assert any(pixel[1] > 50 for pixel in turned)
        assert any(pixel[2] > 50 for pixel in turned)


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
