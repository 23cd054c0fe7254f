from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from labelqa import Annotations
from labelqa.augment import check_augmentation
from labelqa.errors import OptionError, TableError


@pytest.fixture(scope="module")
def digits():
    """Two thirds of scikit-learn's digits as grey pixels, 8 x 8."""
    data = load_digits()
    return (data.images * 15.9375).astype(np.uint8)[:1200], data.target[:1200]


@pytest.fixture(scope="module")
def found(digits):
    return check_augmentation(*digits, transforms=["mirror left-right", "half turn", "noise"])


def test_half_turn_makes_six_a_nine(found):
    """A person sees the same: an upside-down 6 is a 9."""
    half = found.turns.query("transform == 'half turn'").iloc[0]
    assert (half["from_label"], half["to_label"]) == (6, 9)
    assert half["share"] >= 0.9
    assert found.table.set_index("transform").loc["half turn", "verdict"] == "turns 6 into 9"


def test_mirrored_three_looks_like_eight(found):
    turned = found.turns.query("transform == 'mirror left-right'")
    three = turned[turned["from_label"] == 3].iloc[0]
    assert three["to_label"] == 8
    assert three["share"] > 0.5


def test_learning_the_copies_recovers(found):
    table = found.table.set_index("transform")
    assert table.loc["mirror left-right", "kept"] < 0.4
    assert table.loc["mirror left-right", "kept_retrained"] >= 0.98
    assert table.loc["mirror left-right", "is_learnable"]
    assert table.loc["noise", "verdict"] == "invariant"
    assert table.loc["half turn", "gain"] <= 0
    assert (table["kept_low"] <= table["kept"]).all()
    assert (table["kept"] <= table["kept_high"]).all()
    assert (table["gain_low"] <= table["gain"]).all()


def test_upside_down_photos_hurt_and_mirrored_ones_do_not(real_data):
    table = pd.read_parquet(real_data / "cifar10n" / "cifar10n.parquet", columns=["item_id", "image", "label_1"])
    table = table.iloc[:2000]
    images = dict(zip(table["item_id"], table["image"], strict=True))
    labels = table.set_index("item_id")["label_1"]
    found = check_augmentation(images, labels, transforms=["mirror left-right", "mirror top-bottom"])
    rows = found.table.set_index("transform")
    assert rows.loc["mirror left-right", "verdict"] == "invariant"
    assert rows.loc["mirror left-right", "effect"] in ("helps", "no difference")
    assert rows.loc["mirror top-bottom", "kept"] < 0.65
    assert rows.loc["mirror top-bottom", "effect"] == "hurts"


def test_what_is_cropped_away_is_lost():
    """The class is a dot in a corner; the crop keeps the other corner."""
    random = np.random.default_rng(0)
    label = np.arange(240) % 3
    images = random.integers(90, 110, (240, 32, 32), dtype=np.uint8)
    for i, kind in enumerate(label):
        images[i, 2 : 2 + 4 * kind, 2:10] = 255
    crop = {"crop": {"transforms": [{"Crop": {"x_min": 16, "y_min": 16, "x_max": 32, "y_max": 32, "p": 1.0}}]}}
    lost = check_augmentation(images, label, transforms=crop)
    assert lost.accuracy > 0.95
    row = lost.table.iloc[0]
    assert row["kept_retrained"] < 0.6
    assert row["verdict"] == "information lost" or row["verdict"].startswith("turns")
    assert not row["is_learnable"]


def test_classes_keep_their_values_and_order_changes_nothing(digits):
    images, label = digits[0][:200], digits[1][:200]
    named = {f"d{i}": image for i, image in enumerate(images)}
    words = pd.Series([f"<{value}>" for value in label], index=list(named))
    first = check_augmentation(named, words, transforms=["half turn"])
    second = check_augmentation(dict(reversed(named.items())), words.iloc[::-1], transforms=["half turn"])
    pd.testing.assert_frame_equal(first.table, second.table)
    assert first.table.loc[0, "from_label"] in set(words)


def test_copies_of_test_images_are_named(digits):
    images, label = digits[0][:120], digits[1][:120]
    doubled = np.concatenate([images, images[:3, :, ::-1]])
    labels = np.concatenate([label, label[:3]])
    with pytest.warns(UserWarning, match="3 training images are copies of test images"):
        found = check_augmentation(doubled, labels, transforms=["noise"], test_items=range(60))
    assert found.leaks["item_id"].tolist() == ["120", "121", "122"]
    assert found.leaks["test_item_id"].tolist() == ["0", "1", "2"]
    assert found.n_items == 60


def test_groups_are_given(digits):
    images, label = digits[0][:120], digits[1][:120]
    groups = {i: i % 60 for i in range(120)}
    with pytest.warns(UserWarning, match="60 training images"):
        found = check_augmentation(images, label, transforms=["noise"], test_items=range(60), groups=groups)
    assert found.reason == "There are too few images or groups to hold any of them back."
    with pytest.raises(TableError, match="119 items have no group"):
        check_augmentation(images, label, transforms=["noise"], groups={0: 1})


def test_nothing_learned_nothing_said():
    images = np.random.default_rng(1).integers(0, 255, (90, 16, 16), dtype=np.uint8)
    found = check_augmentation(images, np.arange(90) % 2, transforms=["noise"])
    assert "tells the classes no better" in found.reason
    assert found.table["verdict"].isna().all()
    assert len(found.turns) == 0


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([None] * 4, "No image has a label."),
        (["a"] * 4, "All labels are of one class, so there is nothing to tell apart."),
    ],
)
def test_undefined_with_a_reason(labels, reason):
    found = check_augmentation(np.zeros((4, 8, 8), np.uint8), labels, transforms=["noise"])
    assert found.reason == reason
    assert np.isnan(found.accuracy)
    assert len(found.table) == 0


def test_refused(digits):
    images, label = digits[0][:10], digits[1][:10]
    with pytest.raises(OptionError, match="transforms='flip' is not known; choose one of 'mirror left-right'"):
        check_augmentation(images, label, transforms=["flip"])
    with pytest.raises(OptionError, match="transform 'Flip' is not known"):
        check_augmentation(images, label, transforms={"mine": {"transforms": ["Flip"]}})
    with pytest.raises(TableError, match="10 images and 9 labels"):
        check_augmentation(images, label[:9])
    with pytest.raises(TableError, match="1 test items have no image"):
        check_augmentation(images, label, test_items=["x"])


def test_folder_and_annotations(digits, tmp_path):
    from PIL import Image

    for n, image in enumerate(digits[0][:60]):
        Image.fromarray(image).save(tmp_path / f"d{n}.png")
    labels = pd.DataFrame({"item_id": [f"d{n}" for n in range(60)], "annotator_id": "a", "label": digits[1][:60]})
    by_table = check_augmentation(tmp_path, labels, transforms=["noise"])
    by_annotations = check_augmentation(str(tmp_path), Annotations.from_frames(labels=labels), transforms=["noise"])
    pd.testing.assert_frame_equal(by_table.table, by_annotations.table)
    assert by_table.n_items == 60
    twice = pd.concat([labels, labels.assign(annotator_id="b")])
    with pytest.raises(TableError, match="60 items have more than one label"):
        check_augmentation(tmp_path, twice, transforms=["noise"])
    with pytest.raises(TableError, match="Found a int as labels"):
        check_augmentation(digits[0], 3)


def test_pictures_are_drawn(found):
    figure = found.contact_sheet(3)
    assert len(figure.axes) == 2 * 3 * 3
    assert found.plot().get_xlabel().startswith("accuracy on transformed images")
    assert found.to_dict()["table"][1]["from_label"] == 6
    plt.close("all")
