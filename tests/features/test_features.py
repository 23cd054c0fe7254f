import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa.errors import ImageError, OptionError
from labelqa.features import (
    KINDS,
    FeatureRecipe,
    colour,
    detail,
    fit_recipe,
    hog,
    image_features,
    is_features,
    item_features,
    squares,
)
from labelqa.images import ImageSource


def pictures(n=12, side=40, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side + 5, 3)).astype(np.uint8)


def naive_hog(grey, cell=8, n_bins=9):
    side = len(grey)
    padded = np.pad(grey.astype(np.float64), 1, mode="edge")
    dx, dy = padded[1:-1, 2:] - padded[1:-1, :-2], padded[2:, 1:-1] - padded[:-2, 1:-1]
    strength, angle = np.maximum(np.hypot(dx, dy) - 1e-4, 0), np.arctan2(dy, dx) % math.pi
    centres = -math.pi / 2 + (np.arange(n_bins) + 0.5) * math.pi / n_bins
    distance = np.abs(angle[..., None] - centres % math.pi)
    weight = np.maximum(0, 1 - np.minimum(distance, math.pi - distance) / (math.pi / n_bins))
    cells = (strength[..., None] * weight).reshape(side // cell, cell, side // cell, cell, n_bins).sum(axis=(1, 3))
    out = []
    for y in range(side // cell - 1):
        for x in range(side // cell - 1):
            block = cells[y : y + 2, x : x + 2].ravel()
            block = np.minimum(block / np.sqrt((block**2).sum() + 1e-6), 0.2)
            out.append(block / np.sqrt((block**2).sum() + 1e-6))
    return np.concatenate(out)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), side=st.sampled_from([16, 32]), scale=st.sampled_from([0.01, 1.0]))
def test_hog_is_the_naive_hog(seed, side, scale):
    grey = (np.random.default_rng(seed).random((2, side, side)) * scale).astype(np.float32)
    assert np.allclose(hog(grey), [naive_hog(one) for one in grey], atol=2e-5)


def test_hog_of_a_flat_picture_is_zero_and_of_an_edge_is_not():
    assert not hog(np.full((1, 32, 32), 0.5, np.float32)).any()
    edge = np.zeros((1, 32, 32), np.float32)
    edge[:, :, 16:] = 1
    assert hog(edge).max() > 0.1


def test_rounding_in_a_flat_background_is_no_gradient():
    noise = np.random.default_rng(0).normal(0, 3e-7, (1, 32, 32)).astype(np.float32)
    assert not hog(1 - np.abs(noise)).any()


def test_hog_does_not_jump_where_a_gradient_turns_past_the_vertical():
    ramp = np.tile(np.linspace(0, 1, 32, dtype=np.float32)[:, None], (1, 32))
    tilt = np.linspace(-1e-7, 1e-7, 32, dtype=np.float32)[None, :]
    assert np.ptp(hog(np.stack([ramp + tilt, ramp - tilt])), axis=0).max() < 1e-3


def test_colour_histogram_of_known_pictures():
    rgb = np.zeros((1, 32, 32, 3), np.float32)
    rgb[..., 1] = 0.5
    rgb[..., 2] = 1.0
    made = colour(rgb)[0]
    red, green, blue = made[:8], made[8:16], made[16:24]
    assert red.tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    # 0.5 * 7 = 3.5 lies between bins 3 and 4
    assert np.allclose(green, [0, 0, 0, 0.5, 0.5, 0, 0, 0], atol=1e-4)
    assert np.allclose(blue, [0, 0, 0, 0, 0, 0, 0, 1], atol=1e-4)
    assert np.allclose(made[24:].reshape(16, 3), [0, 0.5, 1.0])


def naive_detail(plane, inner, outer):
    side = len(plane)

    def mean(y, x, half):
        return plane[max(y - half, 0) : y + half + 1, max(x - half, 0) : x + half + 1].mean()

    apart = [mean(y, x, inner // 2) - mean(y, x, outer // 2) for y in range(side) for x in range(side)]
    high, low, spread = np.log(np.array([max(apart), -min(apart), np.sqrt(np.mean(np.square(apart)))]) + 1 / 255)
    return [high, low, spread, high - spread, low - spread]


def test_detail_is_the_naive_detail():
    rgb = np.random.default_rng(0).random((1, 16, 16, 3)).astype(np.float32)
    maps = [rgb[0] @ [0.299, 0.587, 0.114], rgb[0] @ [1, -1, 0], rgb[0] @ [-0.5, -0.5, 1]]
    windows = [(1, 5), (1, 9), (3, 15), (5, 31)]
    expected = np.ravel([naive_detail(plane, *pair) for plane in maps for pair in windows])
    assert np.allclose(detail(rgb)[0], expected, atol=1e-4)


def test_detail_sees_a_small_spot_wherever_it_is():
    rgb = np.full((3, 32, 32, 3), 0.5, np.float32)
    rgb[1, 5:7, 5:7] = 1.0
    rgb[2, 20:22, 11:13] = 1.0
    plain, one, other = detail(rgb)
    assert np.allclose(one[:3], other[:3], atol=0.05)
    assert one[0] > plain[0] + 3
    # a grey spot has no colour
    assert np.allclose(one[20:], plain[20:], atol=1e-3)


def test_squares_are_pillows_float_resize():
    from PIL import Image

    picture = pictures(1)[0]
    expected = np.asarray(
        Image.fromarray(picture[:, :, 1].astype(np.float32)).resize((32, 32), Image.Resampling.BILINEAR)
    )
    assert np.allclose(squares([picture])[0, :, :, 1], expected / 255)
    small = picture[:32, :32]
    assert np.array_equal(squares([small])[0], small.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize(
    ("kinds", "width"), [(("hog",), 324), (("colour",), 72), (("hog", "colour"), 396), (("detail",), 60)]
)
def test_table_has_ids_and_named_float32_columns(kinds, width):
    table = image_features(pictures(3), kinds=kinds, items=["c", "a", "b"])
    assert table.shape == (3, width)
    assert table.index.tolist() == ["a", "b", "c"]
    assert table.index.name == "item_id"
    assert (table.dtypes == np.float32).all()
    assert table.columns[0] == f"{kinds[0]}_0"


@pytest.mark.parametrize("kinds", [("hog", "colour", "detail"), ("patches",)])
def test_order_and_company_of_pictures_change_nothing(kinds):
    images = pictures(10)
    recipe = fit_recipe(images, kinds=kinds, n_centres=8)
    whole = image_features(images, recipe=recipe)
    part = image_features(images[[7, 2]], recipe=recipe, items=[7, 2])
    assert np.allclose(whole.loc[["2", "7"]], part, atol=1e-6)
    again = fit_recipe(images[::-1], kinds=kinds, n_centres=8)
    assert again.digest == recipe.digest


def test_patches_need_a_recipe_and_are_seeded():
    images = pictures(10)
    one, two = (fit_recipe(images, kinds=["patches"], n_centres=8, seed=seed) for seed in (0, 1))
    assert one.digest != two.digest
    assert image_features(images, recipe=one).shape == (10, 64)
    assert not one.is_exportable
    assert FeatureRecipe().is_exportable


def test_cache_is_by_content_and_recipe(tmp_path, monkeypatch):
    images = pictures(6)
    first = image_features(images, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1

    def never(self, rgb):
        raise AssertionError("computed anew")

    monkeypatch.setattr(FeatureRecipe, "compute", never)
    renamed = image_features(images, items=list("abcdef"), cache=tmp_path)
    assert np.array_equal(first.to_numpy(), renamed.to_numpy())
    with pytest.raises(AssertionError, match="computed anew"):
        image_features(pictures(6, seed=1), cache=tmp_path)
    with pytest.raises(AssertionError, match="computed anew"):
        image_features(images, size=48, cache=tmp_path)


def test_a_cache_without_news_is_not_written_again(tmp_path):
    images = pictures(4)
    image_features(images, cache=tmp_path)
    (file,) = tmp_path.iterdir()
    before = file.stat()
    assert image_features(images[:2], cache=tmp_path).shape == (2, 456)
    assert file.stat().st_ino == before.st_ino
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    more = image_features(pictures(6), cache=tmp_path)
    with np.load(file) as stored:
        assert len(stored["digests"]) == 6
        assert stored["values"].shape == more.shape


def test_a_cache_runs_no_code(tmp_path):
    image_features(pictures(2), cache=tmp_path)
    (file,) = tmp_path.iterdir()
    # numbers that are objects would be unpickled
    np.savez(file, digests=np.array(["a"], dtype=object), values=np.zeros((1, 456), np.float32))
    with pytest.raises(ValueError, match="allow_pickle"):
        image_features(pictures(2), cache=tmp_path)


def test_runs_without_a_readable_picture_have_no_rows(monkeypatch):
    monkeypatch.setattr("labelqa.features._BATCH", 2)
    given = {"a": b"broken", "b": b"broken", "c": pictures(1)[0]}
    found = image_features(given, unreadable="leave_out")
    assert found.shape == (1, 456)
    assert found.index.tolist() == ["c"]
    assert image_features({"a": b"broken"}, unreadable="leave_out").shape == (0, 456)


def test_pictures_alike_are_kept_once(tmp_path):
    image_features(np.concatenate([pictures(2), pictures(2)]), cache=tmp_path)
    (file,) = tmp_path.iterdir()
    with np.load(file) as stored:
        assert len(stored["digests"]) == 2


@pytest.mark.parametrize("kinds", [(kind,) for kind in KINDS] + [KINDS])
def test_no_squares_have_no_rows(kinds):
    recipe = fit_recipe(pictures(3), kinds=kinds, n_centres=4)
    made = recipe.compute(np.empty((0, 32, 32, 3), np.float32))
    assert made.shape == (0, len(recipe.names))
    assert made.dtype == np.float32
    assert recipe.compute(squares(list(pictures(2)))).shape == (2, len(recipe.names))


def test_more_squares_than_a_run_keep_their_rows():
    images = pictures(40)
    recipe = fit_recipe(images, kinds=["patches"], n_centres=4)
    whole = recipe.compute(squares(list(images)))
    for place in (0, 31, 32, 39):
        np.testing.assert_allclose(recipe.compute(squares([images[place]]))[0], whole[place], atol=1e-6)


def test_patches_are_the_averaged_matches_of_quarters():
    # by hand for one centre: a match m counts max(m - 0.25, 0) above and max(-m - 0.25, 0) below, of which the root
    recipe = fit_recipe(pictures(5), kinds=["patches"], n_centres=1, size=16, stride=2)
    square = squares([pictures(1, seed=9)[0]], 16)
    mean, centre = recipe.mean.astype(float), recipe.dictionary[:, 0].astype(float)
    places = (16 - 6) // 2 + 1
    match = np.empty((places, places))
    for y in range(places):
        for x in range(places):
            patch = square[0, 2 * y : 2 * y + 6, 2 * x : 2 * x + 6].astype(float).ravel()
            patch -= patch.mean()
            match[y, x] = (patch / np.sqrt((patch**2).mean() + 10 / 255**2) - mean) @ centre
    half = places // 2
    quarters = [match[:half, :half], match[:half, half:], match[half:, :half], match[half:, half:]]
    wanted = [np.sqrt(np.maximum(sign * part - 0.25, 0).mean()) for part in quarters for sign in (1, -1)]
    np.testing.assert_allclose(recipe.compute(square)[0], wanted, atol=1e-4)


def test_every_picture_gives_as_many_patches(monkeypatch):
    seen = []

    def learn(patches, n_centres, rng):
        seen.append(patches)
        return np.zeros(108, np.float32), np.zeros((108, n_centres), np.float32)

    monkeypatch.setattr("labelqa._kernels.pictures.patches.learn", learn)
    monkeypatch.setattr("labelqa.features._N_PATCHES", 100)
    # patches of a flat picture are next to zero once their contrast is normalised
    flat = [np.full((40, 45, 3), level, np.uint8) for level in range(5)]
    images = np.concatenate([pictures(5), flat])
    recipe = fit_recipe(images, kinds=["patches"], n_centres=3)
    assert seen[0].shape == (100, 108)
    assert (np.abs(seen[0]).max(axis=1) > 0.1).sum() == 50
    assert recipe.dictionary.shape == (108, 3)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (np.zeros((3, 4)), True), ([[1.0, 2.0], [3.0, 4.0]], True), (pd.DataFrame({"x": [1.0]}), True),
        (np.zeros((3, 4, 4), np.uint8), False), (np.zeros((3, 4, 4, 3), np.uint8), False),
        (pd.DataFrame({"item_id": ["a"], "image": [b""]}), False), ({"a": b""}, False), ("folder", False),
        ([b"one", b"two"], False),
    ],
)  # fmt: skip
def test_numbers_are_told_from_pictures(data, wanted):
    assert is_features(data) == wanted


class TestItemFeatures:
    def test_numbers_stay_as_they_are_with_columns_called_by_text(self):
        found = item_features(pd.DataFrame({"item_id": ["b", "a"], 7: [1.0, 2.0], "x": [3.0, 4.0]}))
        assert found.table.columns.tolist() == ["7", "x"]
        assert found.table.loc["b"].tolist() == [1.0, 3.0]
        assert found.recipe is None
        listed = item_features([[1, 2], [3, 4]]).table
        assert listed.columns.tolist() == ["0", "1"]
        assert listed.to_numpy().tolist() == [[1, 2], [3, 4]]

    def test_pictures_are_described_by_the_recipe(self):
        recipe = FeatureRecipe(kinds=("colour",), size=16)
        found = item_features(pictures(2), recipe=recipe)
        assert found.recipe is recipe
        assert found.table.shape == (2, 72)
        assert item_features(pictures(2)).recipe.kinds == ("hog", "colour", "detail")


def test_a_recipe_says_what_it_is():
    assert repr(FeatureRecipe(kinds=("colour", "detail"), size=48)) == (
        "FeatureRecipe(kinds=('colour', 'detail'), size=48, n_features=132)"
    )
    assert FeatureRecipe(size=16).names[0] == "hog_0"
    assert len(FeatureRecipe(kinds=("hog",), size=16).names) == 36
    digests = {FeatureRecipe(kinds=kinds, size=size).digest for kinds in (("hog",), ("colour",)) for size in (16, 32)}
    assert len(digests) == 4
    with pytest.raises(OptionError, match="there is no dictionary; make the recipe with fit_recipe"):
        FeatureRecipe(kinds=("patches",))
    half = FeatureRecipe(kinds=("patches",), dictionary=np.zeros((108, 2), np.float32))
    with pytest.raises(OptionError, match="This recipe has no dictionary of patches"):
        half.compute(squares(list(pictures(1))))
    for size in (8, 0, -8, 20):
        with pytest.raises(OptionError, match=f"size={size} is not usable"):
            FeatureRecipe(size=size)


def test_unreadable_pictures_are_refused_or_left_out_by_name():
    source = ImageSource.from_bytes({"good": pictures(1)[0], "bad": b"broken"})
    with pytest.raises(ImageError, match=r"1 pictures cannot be read.*'bad'"):
        image_features(source)
    assert image_features(source, unreadable="leave_out").index.tolist() == ["good"]
    missing = source.select(["good", "gone"])
    with pytest.raises(ImageError, match="1 items have no picture \\('gone'\\)"):
        image_features(missing)
    assert len(image_features(missing, unreadable="leave_out")) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ("sift",)}, "kinds='sift' is not known"),
        ({"kinds": ()}, "names no kind"),
        ({"kinds": ("hog", "hog")}, "names no kind or one twice"),
        ({"size": 30}, "multiple of 8"),
        ({"unreadable": "skip"}, "unreadable='skip'"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(OptionError, match=message):
        image_features(pictures(2), **options)


def test_no_pictures():
    empty = image_features({})
    assert empty.shape == (0, 456)
    assert isinstance(empty, pd.DataFrame)
    with pytest.raises(ImageError, match="no pictures to learn patches from"):
        image_features({}, kinds=("patches",))
