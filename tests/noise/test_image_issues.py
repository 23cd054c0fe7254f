from __future__ import annotations

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from labelqa.errors import ImageError, OptionError, TableError
from labelqa.images import as_source
from labelqa.noise import image_issues
from labelqa.noise.pictures import _fingerprints
from labelqa.noise.pictures._fingerprints import fingerprints, unpack, upright
from labelqa.noise.pictures._issues import KINDS


@pytest.fixture
def good(scene, as_jpeg):
    return {f"good{k}": as_jpeg(scene(k)) for k in range(12)}


def kinds_of(pictures, **options):
    table = image_issues(pictures, **options).table
    return {item: sorted(part["kind"]) for item, part in table.groupby("item_id")}


def test_good_pictures_have_no_fault(good):
    assert kinds_of(good) == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: p // 8, ["dark"]),
        (lambda p: 250 + p // 64, ["bright", "low_information"]),
        (lambda p: np.full_like(p, 128), ["low_information"]),
        (lambda p: np.asarray(Image.fromarray(p).filter(ImageFilter.GaussianBlur(4))), ["blurred"]),
        (lambda p: np.repeat(p[:, :, :1], 3, axis=2), ["greyscale"]),
        (lambda p: p[:60, :40], ["odd_size"]),
        (lambda p: p[:40], ["odd_aspect", "odd_size"]),
    ],
    ids=["dark", "bright", "blank", "blurred", "grey", "small", "strip"],
)
def test_each_fault_is_named(good, scene, as_jpeg, change, expected):
    pixels = np.ascontiguousarray(change(scene(50)))
    assert kinds_of(good | {"odd": as_jpeg(pixels)}) == {"odd": expected}


def test_every_flag_has_its_number_limit_and_words(good, scene, as_jpeg):
    row = image_issues(good | {"odd": as_jpeg(scene(50) // 8)}).table.iloc[0]
    assert row["value"] < row["limit"] == 0.32
    assert row["detail"] == "the brightest parts reach 8% of white"


def test_broken_files_are_told_apart(good, tmp_path, scene, as_jpeg):
    whole = as_jpeg(scene(3))
    pictures = good | {"cut": whole[: len(whole) // 2], "text": b"hello", "none": b"", "gone": tmp_path / "gone.jpg"}
    found = image_issues(pictures)
    assert kinds_of(pictures) == {
        "cut": ["unreadable"],
        "text": ["unreadable"],
        "none": ["unreadable"],
        "gone": ["missing"],
    }
    assert found.n_unreadable == 4
    details = found.table.set_index("item_id")["detail"]
    assert "truncated" in details["cut"]
    assert details["text"] == details["none"] == "the file is not an image that can be read"


def test_items_without_a_picture_are_missing(tmp_path, good):
    for name, data in good.items():
        (tmp_path / f"{name}.jpg").write_bytes(data)
    found = image_issues(tmp_path, items=["good1", "good2", "nowhere"])
    assert found.n_items == 3
    assert found.table[["item_id", "kind"]].to_numpy().tolist() == [["nowhere", "missing"]]


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"There are no pictures in .*give a folder that holds image files"):
        image_issues(tmp_path)


def test_unreadable_pictures_alone_have_a_reason():
    found = image_issues({"a": b"no", "b": b"image"})
    assert found.reason == "No picture can be read."
    assert found.n_flagged == 2


def test_unknown_kinds_are_refused(good):
    with pytest.raises(OptionError, match="kinds='ugly' is not known"):
        image_issues(good, kinds=["ugly"])


def test_only_the_kinds_asked_for_are_judged(good, scene, as_jpeg):
    assert kinds_of(good | {"odd": as_jpeg(scene(50) // 8)}, kinds=["blurred"]) == {}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_tag_is_obeyed_and_flagged(good, scene, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    Image.fromarray(scene(50)).save(stream, "JPEG", exif=exif)
    found = kinds_of(good | {"odd": stream.getvalue()}, kinds=["orientation"])
    assert found == ({} if orientation == 1 else {"odd": ["orientation"]})
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    exact = Image.fromarray(pixels)
    exact.getexif()[0x0112] = orientation
    from PIL import ImageOps

    np.testing.assert_array_equal(upright(pixels, orientation), np.asarray(ImageOps.exif_transpose(exact)))


@pytest.mark.parametrize("orientation", [*range(9)])
def test_the_size_is_that_of_the_upright_picture(scene, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    Image.fromarray(scene(50)).save(stream, "JPEG", exif=exif)
    pixels, size, found = unpack(stream.getvalue())
    assert size == ((320, 240) if orientation >= 5 else (240, 320))
    assert pixels.shape[:2] == size
    # 0 is no orientation: such a file is as one without a tag
    assert found == max(orientation, 1)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_too_large_files_are_not_unpacked(monkeypatch, as_jpeg, scene, form):
    data = as_jpeg(scene(1), form)
    for module in ("labelqa._pixels", "labelqa.noise.pictures._fingerprints"):
        monkeypatch.setattr(f"{module}.MAX_PIXELS", 320 * 240)
    assert unpack(data)[1] == (240, 320)
    for module in ("labelqa._pixels", "labelqa.noise.pictures._fingerprints"):
        monkeypatch.setattr(f"{module}.MAX_PIXELS", 320 * 240 - 1)
    with pytest.raises(ImageError, match="claims 320 x 240 pixels; more than 76,799 are not read"):
        unpack(data)


def test_the_digest_is_that_of_the_source(scene, as_jpeg, tmp_path):
    (tmp_path / "a.jpg").write_bytes(as_jpeg(scene(1)))
    source = as_source({"path": tmp_path / "a.jpg", "bytes": as_jpeg(scene(1)), "pixels": scene(1)})
    table = fingerprints(source).set_index("item_id")["digest"]
    assert table.to_dict() == {item: source.digest(item) for item in source.item_ids}
    assert table["path"] == table["bytes"] != table["pixels"]


def test_tiny_pictures_are_measured_by_one_thread(monkeypatch, tmp_path):
    monkeypatch.setattr(_fingerprints, "check_jobs", lambda _: 4)
    (tmp_path / "a").write_bytes(bytes(8191))

    def n_threads(*pictures):
        return _fingerprints._n_threads(as_source(dict(enumerate(pictures))))

    assert n_threads(bytes(8191)) == n_threads(tmp_path / "a") == 1
    assert n_threads(bytes(8192)) == n_threads(np.zeros((64, 128), np.uint8)) == 4
    # the usual size decides
    assert n_threads(bytes(20_000), b"", b"") == 1
    assert n_threads(tmp_path / "none") == 4


def test_doubt_is_higher_the_more_serious_a_fault():
    table = pd.DataFrame({"item_id": list(KINDS), "kind": list(KINDS), "detail": "so"})
    found = image_issues(np.zeros((1, 16, 16, 3), np.uint8))
    queue = dataclasses.replace(found, table=table, measures=table[["item_id"]]).to_queue()
    assert queue["item_id"].tolist() == list(KINDS)
    assert queue["p_fault"].is_monotonic_decreasing
    assert queue["p_fault"].between(0, 1, inclusive="neither").all()
    # what nobody can see is doubtful at first sight, what is unlike the others is more often right than not
    assert (queue["p_fault"][:6] > 0.5).all()
    assert (queue["p_fault"][7:] < 0.5).all()
    assert queue["reason"][0] == "there is no picture: so"


def test_pictures_without_a_fault_are_in_the_queue_too(good, scene, as_jpeg):
    queue = image_issues(good | {"odd": as_jpeg(scene(50) // 8)}).to_queue().set_index("item_id")
    assert len(queue) == 13
    assert queue["p_fault"].notna().sum() == 1
    assert queue.loc["odd", "reason"] == "too dark: the brightest parts reach 8% of white"


@pytest.mark.parametrize("side", [64, 200, 400, 900, 2200])
def test_blur_is_judged_alike_at_every_resolution(side, as_jpeg):
    """A blur of 1.5 % of the side is flagged, the sharp picture is not, from 64 to 2,200 pixels."""
    rng = np.random.default_rng(1)
    tiles = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    sharp = Image.fromarray(tiles).resize((side, side), Image.Resampling.NEAREST)
    fine = Image.fromarray(rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)).resize((side, side))
    sharp = Image.blend(sharp, fine, 0.3)
    blurred = sharp.filter(ImageFilter.GaussianBlur(0.03 * side))
    found = kinds_of({"sharp": np.asarray(sharp), "soft": as_jpeg(np.asarray(blurred))}, kinds=["blurred"])
    assert found == {"soft": ["blurred"]}


@pytest.mark.parametrize("size", [(480, 640), (960, 1280), (1500, 1100)])
def test_reduced_decoding_keeps_the_numbers(scene, as_jpeg, size):
    pixels = scene(4, *size)
    table = fingerprints_of({"jpeg": as_jpeg(pixels, quality=97), "png": as_jpeg(pixels, "PNG"), "array": pixels})
    for name in ("dark_end", "bright_end", "contrast", "colour"):
        np.testing.assert_allclose(table[name], table[name].iloc[0], atol=0.02)
    np.testing.assert_allclose(table["sharpness"], table["sharpness"].iloc[0], atol=0.25)
    assert table["width"].tolist() == [size[1]] * 3
    bits = [bin(int(table["hash"].iloc[0]) ^ int(other)).count("1") for other in table["hash"]]
    assert max(bits) <= 4


def fingerprints_of(pictures):
    return fingerprints(as_source(pictures)).set_index("item_id").sort_index()


def test_what_is_unpacked_is_no_larger_than_needed(scene, as_jpeg):
    pixels, size, orientation = unpack(as_jpeg(scene(0, 1500, 2000)))
    assert size == (1500, 2000)
    assert max(pixels.shape) == 500
    assert orientation == 1


def test_threads_change_nothing(good):
    one, two = image_issues(good, n_jobs=1), image_issues(good, n_jobs=2)
    pd.testing.assert_frame_equal(one.measures, two.measures)


def test_the_sample_set_shows_its_planted_faults(sample):
    planted = pd.read_csv(sample / "planted.csv").set_index("item_id")["planted"]
    found = image_issues(sample, items=pd.read_csv(sample / "items.csv")).table.set_index("item_id")["kind"]
    assert found.to_dict() == planted[planted.isin(["dark", "blurred"])].to_dict()


def test_almost_no_natural_picture_is_flagged(cifar):
    found = image_issues(cifar[["item_id", "image"]])
    assert found.table["kind"].isin(list(KINDS)).all()
    assert (found.table["kind"] != "greyscale").sum() <= 6
    assert found.plot().get_xlabel() == "pictures"
