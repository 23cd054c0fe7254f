import dataclasses
import io
import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import labelqa
from labelqa.errors import ImageError, OptionError, TableError
from labelqa.images import ImageSource, as_source, open_image


def encoded(pixels, form="PNG", **options):
    stream = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(stream, form, **options)
    return stream.getvalue()


@pytest.fixture
def gradient():
    return np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


@pytest.fixture
def folder(tmp_path, gradient):
    (tmp_path / "night").mkdir()
    for name in ("a.png", "b.png", "night/c.png", "night/a2.png"):
        (tmp_path / name).write_bytes(encoded(gradient))
    return tmp_path


def test_png_comes_back_to_the_bit_from_path_bytes_and_pixels(folder, gradient):
    for picture in (folder / "a.png", str(folder / "a.png"), encoded(gradient), gradient):
        assert np.array_equal(open_image(picture), gradient)


def test_grey_is_pillows_grey(gradient):
    expected = np.asarray(Image.fromarray(gradient).convert("L"))
    assert np.array_equal(open_image(gradient, mode="L"), expected)


@pytest.mark.parametrize(
    ("tag", "turned"),
    [
        (1, lambda a: a),
        (3, lambda a: a[::-1, ::-1]),
        (6, lambda a: np.rot90(a, -1)),
        (8, lambda a: np.rot90(a, 1)),
        (2, lambda a: a[:, ::-1]),
    ],
)
def test_orientation_tag_is_applied(gradient, tag, turned):
    exif = Image.Exif()
    exif[0x0112] = tag
    assert np.array_equal(open_image(encoded(gradient, exif=exif)), turned(gradient))


def test_transparent_pixels_are_laid_on_white():
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (10, 20, 30, 255)
    assert open_image(encoded(pixels)).tolist() == [[[10, 20, 30], [255] * 3], [[255] * 3, [255] * 3]]


def test_sixteen_bits_are_scaled_not_clipped():
    deep = np.array([[0, 32768, 65535]], np.uint16)
    assert open_image(encoded(deep), mode="L").tolist() == [[0, 128, 255]]


def test_floats_between_0_and_1_are_pixels():
    assert open_image(np.array([[0.0, 1.0]]), mode="L").tolist() == [[0, 255]]


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (b"", "not an image"),
        (b"hello", "not an image"),
        ("no/such/file.png", "There is no image file no/such/file.png"),
        (np.zeros((2, 2, 5), np.uint8), r"has shape \(2, 2, 5\)"),
        (np.zeros((0, 2), np.uint8), "has shape"),
        (np.array([[-1.0, 0.5]]), "from -1 to 0.5"),
        (np.array([[0.0, 200.0]]), "from 0 to 200"),
        (np.array([[np.nan, 0.2]]), "from nan"),
        (np.array([[0, 300]]), "from 0 to 300"),
    ],
)
def test_what_is_no_picture_is_refused(picture, message):
    with pytest.raises(ImageError, match=message):
        open_image(picture)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_truncated_files_are_reported(form):
    data = encoded(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8), form)
    with pytest.raises(ImageError, match="cannot be read in full"):
        open_image(data[: len(data) // 2], name="shot 7")


def test_a_file_that_claims_to_be_enormous_is_not_unpacked():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(ImageError, match=r"100000 x 100000|cannot be read"):
        open_image(data)


def test_unknown_mode():
    with pytest.raises(OptionError, match="mode='CMYK'"):
        open_image(np.zeros((2, 2), np.uint8), mode="CMYK")


def test_folder_without_items_calls_them_by_relative_path(folder):
    assert ImageSource.from_folder(folder).item_ids == ["a.png", "b.png", "night/a2.png", "night/c.png"]


@pytest.mark.parametrize(
    "items",
    [
        ["a", "c", "zz"],
        pd.DataFrame({"item_id": ["a", "c", "zz"]}),
        pd.DataFrame({"item_id": ["a", "c", "zz"], "path": ["a.png", "elsewhere/c.png", None]}),
    ],
)
def test_items_are_found_by_path_name_or_stem(folder, items):
    source = ImageSource.from_folder(folder, items)
    assert source.item_ids == ["a", "c"]
    assert source.missing == ("zz",)
    assert source.check()["problem"].tolist() == ["there is no picture"]


def test_an_id_that_fits_two_files_is_refused(folder, gradient):
    (folder / "night" / "a.png").write_bytes(encoded(gradient))
    with pytest.raises(TableError, match="Item 'a' fits 2 files"):
        ImageSource.from_folder(folder, ["a"])


def test_no_such_folder(tmp_path):
    with pytest.raises(TableError, match="There is no folder"):
        ImageSource.from_folder(tmp_path / "none")


def test_ids_are_text_and_in_natural_order(gradient):
    source = ImageSource.from_bytes({10: gradient, 9.0: gradient, "1": gradient})
    assert source.item_ids == ["1", "9", "10"]
    assert 9 in source
    assert np.array_equal(source.open(9), gradient)


def test_two_pictures_of_one_id_are_refused(gradient):
    with pytest.raises(TableError, match="more than one picture"):
        ImageSource.from_bytes({7: gradient, "7": gradient})


def test_digest_follows_content_not_name(folder, gradient):
    source = ImageSource.from_folder(folder)
    assert source.digest("a.png") == source.digest("night/c.png")
    assert ImageSource.from_bytes({1: gradient}).digest(1) != ImageSource.from_bytes({1: gradient + 1}).digest(1)


def test_broken_pictures_are_named_by_item(folder):
    (folder / "b.png").write_bytes(b"broken")
    source = ImageSource.from_folder(folder)
    with pytest.raises(ImageError, match=r"picture of item 'b\.png'"):
        source.open("b.png")
    assert source.check()["item_id"].tolist() == ["b.png"]
    with pytest.raises(ImageError, match="Item 'x' has no picture"):
        source.open("x")


def test_select_and_batches(gradient):
    source = ImageSource.from_bytes(dict.fromkeys(range(5), gradient)).select([3, 1, 8])
    assert source.item_ids == ["1", "3"]
    assert source.missing == ("8",)
    assert list(ImageSource.from_bytes(dict.fromkeys(range(5), gradient)).batches(2)) == [["0", "1"], ["2", "3"], ["4"]]


@pytest.mark.parametrize(
    "make",
    [
        lambda g: np.stack([g, g]),
        lambda g: {0: g, 1: encoded(g)},
        lambda g: pd.DataFrame({"item_id": [1, 0], "image": [encoded(g), encoded(g)]}),
        lambda g: pd.Series([encoded(g)] * 2, index=["0", "1"]),
    ],
)
def test_every_form_of_pictures(gradient, make):
    source = as_source(make(gradient))
    assert source.item_ids == ["0", "1"]
    assert np.array_equal(source.open("1"), gradient)


@pytest.mark.parametrize(
    ("images", "items", "message"),
    [
        (np.zeros((3, 4, 4), np.uint8), ["a", "b"], "3 pictures and 2 item ids"),
        (np.zeros((2, 4, 4), np.uint8), ["a", "a"], "occur twice"),
        (np.zeros((4, 4), np.uint8), None, "array of pictures has shape"),
        (7, None, "Found a int as images"),
        (pd.DataFrame({"id": [1]}), None, "it needs 'item_id' and 'image'"),
    ],
)
def test_what_is_no_source_is_refused(images, items, message):
    with pytest.raises(TableError, match=message):
        as_source(images, items)


def test_annotations_name_their_pictures(sample):
    annotations = labelqa.read(sample)
    source = as_source(annotations)
    assert (len(source), source.missing) == (300, ())
    assert source.open("part_007").shape == (180, 240, 3)
    moved = dataclasses.replace(annotations, items=annotations.items.assign(path=None))
    assert len(as_source(moved).missing) == 300
