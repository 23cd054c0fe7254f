from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from labelqa import Annotations
from labelqa.augment import augment, rebuild
from labelqa.errors import OptionError, TableError

PIXELS = np.zeros((8, 8), np.uint8)
CORNERS = ["x_min", "y_min", "x_max", "y_max"]


def only(name, **options):
    return {"transforms": [{name: {"p": 1.0, **options}}]}


def test_order_and_workers_do_not_matter(pictures, boxes):
    first = augment(pictures, boxes, policy="inspection", n_copies=2, seed=5)
    turned = dict(reversed(pictures.items()))
    second = augment(turned, boxes.iloc[::-1], policy="inspection", n_copies=2, seed=5, n_jobs=2)
    pd.testing.assert_frame_equal(first.boxes, second.boxes)
    pd.testing.assert_frame_equal(first.records, second.records)
    assert list(first.images) == list(second.images)
    assert all(np.array_equal(first.images[item], second.images[item]) for item in first.images)


def test_one_item_alone_gets_the_same_copy(pictures, boxes):
    everything = augment(pictures, boxes, seed=5)
    alone = augment({"3": pictures["3"]}, boxes[boxes["item_id"] == "3"], seed=5)
    assert np.array_equal(everything.images["3_aug1"], alone.images["3_aug1"])


def test_seed_item_and_copy_all_matter(pictures):
    image = pictures["0"]
    made = augment({"a": image, "b": image}, policy="standard", n_copies=2, seed=1)
    other = augment({"a": image}, policy="standard", seed=2)
    seen = [made.images[item].tobytes() for item in made.images] + [other.images["a_aug1"].tobytes()]
    assert len(set(seen)) == 5


def test_draws_of_two_transforms_are_not_copies_of_each_other(pictures):
    # set_random_seed of albumentations 2.0.8 gives each transform the same stream: both flips would always agree
    both = {"transforms": [{"HorizontalFlip": {"p": 0.5}}, {"VerticalFlip": {"p": 0.5}}]}
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    image[0, 0] = 255
    made = augment({"a": image}, policy=both, n_copies=40)
    places = {tuple(np.argwhere(made.images[item][:, :, 0] == 255)[0]) for item in made.images}
    assert places == {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize(
    "policy", ["light", "standard", "inspection", only("AtLeastOneBBoxRandomCrop", height=20, width=20)]
)
def test_record_rebuilds_every_image(pictures, boxes, policy, monkeypatch):
    made = augment(pictures, boxes, policy=policy, n_copies=2, seed=9)
    for record in made.records.to_dict("records"):
        again = rebuild(record, pictures[record["source_item_id"]])
        assert again.dtype == np.uint8
        assert np.array_equal(again, made.images[record["item_id"]])
    monkeypatch.setattr("labelqa.augment._augment._KEPT_BYTES", 0)
    lazy = augment(pictures, boxes, policy=policy, n_copies=2, seed=9)
    assert all(np.array_equal(lazy.images[item], made.images[item]) for item in made.images)


def test_images_are_kept_while_there_is_room(pictures, monkeypatch):
    def never(record, image):
        raise AssertionError("made again")

    made = augment(pictures, policy="light")
    first = made.images["0_aug1"]
    monkeypatch.setattr("labelqa.augment._augment.rebuild", never)
    # a quarter of a GiB: six small images have room
    assert sum(image.nbytes for image in made.images.values()) < 2**20
    # what is handed out may be written into
    first[:] = 0
    assert made.images["0_aug1"].any()
    for room, kept in ((first.nbytes, True), (first.nbytes - 1, False)):
        monkeypatch.setattr("labelqa.augment._augment._KEPT_BYTES", room)
        again = augment({"0": pictures["0"]}, policy="light")
        if kept:
            assert again.images["0_aug1"].any()
        else:
            with pytest.raises(AssertionError, match="made again"):
                again.images["0_aug1"]
    with pytest.raises(KeyError):
        made.images["0_aug2"]


def test_untouched_boxes_keep_every_digit_and_their_type(pictures, boxes):
    made = augment(pictures, boxes, policy=only("RandomBrightnessContrast"))
    joined = made.boxes.merge(boxes, left_on=["source_item_id", "label"], right_on=["item_id", "label"])
    assert len(joined) == len(boxes)
    assert made.boxes["label"].dtype == boxes["label"].dtype
    for corner in CORNERS:
        assert (joined[f"{corner}_x"] == joined[f"{corner}_y"]).all()
    assert (made.boxes["visible"] == 1).all()
    assert not made.boxes["is_clipped"].any()


def test_half_a_box_is_seen_after_two_crops():
    # the crops leave 70 and 57 % of what is there: each alone passes a limit of 0.5, against the source 40 % is left
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    box = pd.DataFrame({"item_id": ["a"], "label": ["x"], "x_min": 0.0, "y_min": 40.0, "x_max": 100.0, "y_max": 60.0})
    crops = [
        {"Crop": {"x_min": left, "y_min": 0, "x_max": right, "y_max": 100, "p": 1.0}}
        for left, right in ((30, 100), (0, 40))
    ]
    made = augment({"a": image}, box, policy={"transforms": crops}, min_visibility=0.3)
    assert made.boxes["visible"].iloc[0] == pytest.approx(0.4, abs=1 / 16)
    assert made.n_clipped == 1
    strict = augment({"a": image}, box, policy={"transforms": crops}, min_visibility=0.5)
    assert (strict.n_boxes, strict.n_dropped, strict.n_dropped_visible) == (0, 1, 1)
    assert strict.dropped["box_id"].tolist() == ["a/given/1"]


@settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    x=st.floats(0, 60), y=st.floats(0, 40), width=st.floats(16, 40), height=st.floats(16, 40),
    left=st.integers(0, 50), top=st.integers(0, 40),
)  # fmt: skip
def test_visible_share_of_a_crop_is_the_share_of_the_area(x, y, width, height, left, top):
    image = np.zeros((80, 100), dtype=np.uint8)
    box = pd.DataFrame({"item_id": ["a"], "x_min": x, "y_min": y, "x_max": x + width, "y_max": min(y + height, 80.0)})
    box["label"] = "x"
    crop = only("Crop", x_min=left, y_min=top, x_max=left + 40, y_max=top + 30)
    made = augment({"a": image}, box, policy=crop, min_visibility=0.0, n_retries=0)
    edges = box[CORNERS].to_numpy()[0]
    inside = max(min(edges[2], left + 40) - max(edges[0], left), 0) * max(
        min(edges[3], top + 30) - max(edges[1], top), 0
    )
    share = inside / ((edges[2] - edges[0]) * (edges[3] - edges[1]))
    found = pd.concat([made.boxes["visible"], made.dropped["visible"]]).iloc[0]
    # points are a sixteenth of the box apart, and albumentations counts them by pixel
    assert found == pytest.approx(share, abs=2 / 16 + 0.5 / width + 0.5 / height)


def test_redrawn_until_no_box_is_lost():
    image = np.zeros((60, 60, 3), dtype=np.uint8)
    box = pd.DataFrame({"item_id": ["a"], "label": ["x"], "x_min": 0.0, "y_min": 0.0, "x_max": 20.0, "y_max": 20.0})
    crop = only("RandomCrop", height=40, width=40)
    patient = augment({"a": image}, box, policy=crop, n_copies=12, min_visibility=0.5, n_retries=40)
    hasty = augment({"a": image}, box, policy=crop, n_copies=12, min_visibility=0.5, n_retries=0)
    assert patient.n_dropped == 0
    assert patient.n_redrawn > 0
    assert hasty.n_dropped > 0
    assert (patient.boxes["visible"] >= 0.5).all()


def test_mirrored_border_makes_two_boxes_of_one():
    image = np.zeros((60, 80, 3), dtype=np.uint8)
    box = pd.DataFrame({"item_id": ["a"], "label": ["x"], "x_min": 30.0, "y_min": 20.0, "x_max": 50.0, "y_max": 40.0})
    shift = only("Affine", translate_px={"x": [-40, -40], "y": [0, 0]}, border_mode=2)
    made = augment({"a": image}, box, policy=shift)
    assert made.boxes["box_id"].is_unique
    assert set(made.boxes["source_box_id"]) == {"a/given/1"}


def test_rotated_ellipse_is_tight_and_rotated_rectangle_is_not():
    image = np.zeros((200, 200, 3), dtype=np.uint8)
    box = pd.DataFrame({"item_id": ["a"], "label": ["x"], "x_min": 60.0, "y_min": 70.0, "x_max": 140.0, "y_max": 130.0})
    loose = augment({"a": image}, box, policy=only("Affine", rotate=[45, 45]))
    tight = augment({"a": image}, box, policy=only("Affine", rotate=[45, 45], rotate_method="ellipse"))
    # half axes a, b turned by 45 degrees: half sides of the box sqrt((a^2 + b^2) / 2), of the turned rectangle's box
    # (a + b) / sqrt(2)
    assert loose.boxes["tightness"].iloc[0] == pytest.approx((40**2 + 30**2) / (40 + 30) ** 2, abs=0.01)
    assert tight.boxes["tightness"].iloc[0] > 0.97
    assert loose.looseness["tightness"].iloc[0] < 0.6


def test_mask_keeps_a_rotated_box_tight():
    y, x = np.mgrid[:200, :200] + 0.5
    mask = ((x - 100) / 40) ** 2 + ((y - 100) / 30) ** 2 <= 1
    box = pd.DataFrame({"item_id": ["a"], "label": ["x"], "x_min": 60.0, "y_min": 70.0, "x_max": 140.0, "y_max": 130.0})
    image = np.repeat(mask[:, :, None], 3, axis=2).astype(np.uint8) * 255
    made = augment({"a": image}, box, policy=only("Affine", rotate=[45, 45]), masks={"a/given/1": mask})
    seen = np.argwhere(made.images["a_aug1"][:, :, 0] > 127)
    wanted = [*seen.min(axis=0)[::-1], *(seen.max(axis=0)[::-1] + 1)]
    assert made.boxes[CORNERS].to_numpy()[0] == pytest.approx(wanted, abs=1.5)
    with pytest.raises(TableError, match="1 masks belong to no box"):
        augment({"a": image}, box, masks={"b": mask})


def test_source_boxes_are_checked_first(pictures):
    table = pd.DataFrame(
        [("0", "x", -5.0, 5.0, 20.0, 20.0), ("0", "x", 90.0, 5.0, 95.0, 9.0), ("0", "x", 10.0, 10.0, 10.0, 20.0)],
        columns=["item_id", "label", *CORNERS],
    )
    made = augment({"0": pictures["0"]}, table, policy=only("NoOp"))
    assert made.n_boxes == 1
    assert made.boxes[CORNERS].to_numpy().tolist() == [[0.0, 5.0, 20.0, 20.0]]
    assert made.checks.set_index("finding")["n"].to_dict() == {
        "box leaves its image": 1,
        "box has no area within its image": 2,
    }


def test_labels_and_empty_views_travel_along(pictures):
    labels = pd.DataFrame({"item_id": ["0", "0"], "annotator_id": ["a", "b"], "label": ["<b>", "nan"]})
    views = pd.DataFrame({"item_id": ["1"], "annotator_id": ["a"], "status": ["empty"]})
    data = Annotations.from_frames(labels=labels, views=views)
    made = augment(pictures, data, policy="light", n_copies=2)
    assert made.labels["label"].tolist() == ["<b>", "nan"] * 2
    copies = made.annotations
    assert set(copies.views.query("status == 'empty'")["item_id"]) == {"1_aug1", "1_aug2"}
    assert len(copies.items) == 12
    assert made.items.groupby("source_item_id").size().eq(2).all()


def test_test_items_get_no_copies(pictures, boxes):
    made = augment(pictures, boxes, policy="light", test_items=[0, "1"])
    assert set(made.items["source_item_id"]) == {"2", "3", "4", "5"}
    assert made.checks.query("finding == 'test item'")["n"].tolist() == [2]


def test_grey_images_stay_grey_and_input_is_not_changed(pictures, boxes):
    grey = {item: image[:, :, 0].copy() for item, image in pictures.items()}
    before = {item: image.copy() for item, image in grey.items()}
    made = augment(grey, boxes, policy="inspection")
    assert {image.ndim for image in made.images.values()} == {2}
    assert all(np.array_equal(grey[item], before[item]) for item in grey)


def test_nothing_to_do():
    made = augment({}, None)
    assert (made.n_images, made.n_boxes) == (0, 0)
    assert made.reason == "There is no image to make a copy of."
    assert made.to_dict()["records"] == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_copies": 0}, OptionError, "n_copies=0 is out of range"),
        ({"n_retries": -1}, OptionError, "n_retries=-1 is out of range"),
        ({"min_visibility": 2}, OptionError, "min_visibility=2 is out of range; give a share from 0 to 1"),
        ({"annotations": pd.DataFrame({"item_id": ["x"], "label": ["a"]})}, TableError, "1 of 1 items have no image"),
        ({"annotations": [1]}, TableError, "Found annotations as a list"),
        ({"images": {"a": np.full((4, 4), 7.0)}}, TableError, "item 'a' holds float64 values"),
        ({"images": {"a": PIXELS, "a_aug1": PIXELS}}, TableError, "1 items have a copy among the items already"),
        (
            {"images": Annotations.from_frames(items=pd.DataFrame({"item_id": ["a"]}))},
            TableError,
            "1 of 1 items have no image",
        ),
        ({"images": 7}, TableError, "Found a int as images"),
        ({"images": "nowhere"}, TableError, "no folder nowhere"),
        ({"images": {"a": "nowhere.png"}}, TableError, "no image file The image of item 'a'"),
    ],
)
def test_refused(pictures, arguments, error, message):
    with pytest.raises(error, match=message):
        augment(**{"images": pictures, **arguments})


def test_transform_that_needs_colour_says_so(pictures):
    with pytest.raises(OptionError, match=r"item '0' \(80 x 60, grey\)"):
        augment({"0": pictures["0"][:, :, 0]}, policy=only("ISONoise"))


def test_record_that_lacks_something_or_is_of_another_release(pictures):
    record = augment({"0": pictures["0"]}).records.iloc[0].to_dict()
    with pytest.raises(TableError, match="record has no 'seed'"):
        rebuild({key: value for key, value in record.items() if key != "seed"}, pictures["0"])
    with pytest.raises(TableError, match=r"made with albumentations 1\.0"):
        rebuild({**record, "albumentations": "1.0"}, pictures["0"])


@pytest.mark.parametrize("policy", ["standard", only("RandomBrightnessContrast")])
def test_looseness_is_drawn(pictures, boxes, policy):
    import matplotlib.pyplot as plt

    made = augment(pictures, boxes, policy=policy)
    assert "overlap" in made.plot().get_xlabel()
    assert "Augmented(policy=" in repr(made)
    plt.close("all")
