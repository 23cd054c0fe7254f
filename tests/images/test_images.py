import dataclasses
import io
import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import labelqa
from labelqa import images
from labelqa.errors import ImageError, OptionError, TableError
from labelqa.images import ImageSource, as_source, open_image, outside_allowed, size_of


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


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_arrays_with_one_or_four_channels(mode):
    grey = np.arange(24, dtype=np.uint8).reshape(4, 6)
    found = open_image(grey[:, :, None], mode=mode)
    assert np.array_equal(found, grey if mode == "L" else np.stack([grey] * 3, axis=2))
    assert np.array_equal(open_image(grey, mode=mode), found)
    # the fourth is how much is seen: a quarter of black on white
    clear = np.zeros((2, 2, 4), np.uint8)
    clear[..., 3] = 64
    assert np.unique(open_image(clear, mode=mode)).tolist() == [191]
    # a picture three pixels wide has no channels
    assert open_image(grey[:, :3], mode=mode).shape[:2] == (4, 3)


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


def grey_file(values, form="TIFF"):
    return encoded(Image.fromarray(np.asarray(values)), form)


@pytest.mark.parametrize(("dark", "form"), [(0, "TIFF"), (0, "PNG"), (300, "TIFF"), (65535, "PNG")])
def test_sixteen_bits_have_one_scale_whatever_the_picture_holds(dark, form):
    values = np.full((2, 3), 250, np.uint16)
    values[0, 0] = dark
    found = open_image(grey_file(values, form), mode="L")
    assert found[1].tolist() == [1, 1, 1]
    assert found[0, 0] == round(dark / 65535 * 255)
    assert np.array_equal(open_image(values, mode="L"), found)


def test_whole_numbers_of_32_bits_are_on_the_scale_of_16():
    assert open_image(grey_file(np.array([[0, 32768, 65535]], np.int32)), mode="L").tolist() == [[0, 128, 255]]
    for value in (-1, 65536):
        with pytest.raises(ImageError, match=r"int32 values from .* values of this type go from 0 to 65535; bring"):
            open_image(grey_file(np.array([[1, value]], np.int32)))


def test_sixteen_bit_pgm_is_on_the_scale_of_16():
    assert open_image(b"P5 2 1 65535\n\x00\xfa\xff\xff", mode="L").tolist() == [[1, 255]]


def test_float_files_are_from_0_to_1_or_refused():
    assert open_image(grey_file(np.array([[0.0, 0.25, 1.0]], np.float32)), mode="L").tolist() == [[0, 64, 255]]
    assert open_image(grey_file(np.array([[0.0, 0.25]], np.float32)), mode="L").tolist() == [[0, 64]]
    for value in (1.01, -0.01, np.nan, np.inf):
        with pytest.raises(ImageError, match=r"float32 values .* go from 0 to 1; bring them to uint8 by one scale"):
            open_image(grey_file(np.array([[0.5, value]], np.float32)))


def test_true_is_white():
    mask = np.array([[True, False]])
    assert open_image(mask, mode="L").tolist() == [[255, 0]]
    assert open_image(encoded(Image.fromarray(mask)), mode="L").tolist() == [[255, 0]]


def test_what_pillow_reads_is_a_picture_and_containers_are_not(tmp_path, gradient):
    files = [("a.jfif", "JPEG"), ("b.JPE", "JPEG"), ("c.tga", "TGA"), ("d.pgm", "PPM")]
    files += [("e.avif", "AVIF")] if "AVIF" in Image.SAVE else []  # Pillow 11.2 and earlier know none
    for name, form in files:
        (tmp_path / name).write_bytes(encoded(gradient, form))
    for name in ("x.pdf", "x.mpg", "x.h5", "x.eps", "x.csv", "x"):
        (tmp_path / name).write_bytes(b"something")
    source = ImageSource.from_folder(tmp_path)
    assert source.item_ids == [name for name, _ in files]
    assert len(source.check()) == 0
    assert {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".ppm", ".jp2"} < set(images.SUFFIXES)
    assert not {".pdf", ".mpg", ".mpeg", ".hdf", ".h5", ".ps", ".eps", ".wmf", ".grib"} & set(images.SUFFIXES)


def test_a_name_that_is_a_suffix_alone_is_no_picture(tmp_path, gradient):
    for name in (".png", "a.PNG", "b.c.png", ".d.png"):
        (tmp_path / name).write_bytes(encoded(gradient))
    (tmp_path / "folder.png").mkdir()
    assert ImageSource.from_folder(tmp_path).item_ids == [".d.png", "a.PNG", "b.c.png"]


def test_a_mapping_of_paths_and_a_series(tmp_path, gradient):
    (tmp_path / "a.png").write_bytes(encoded(gradient))
    table = pd.DataFrame({"item_id": [2, 10], "path": [str(tmp_path / "a.png"), str(tmp_path / "none.png")]})
    source = as_source(table)
    assert (source.item_ids, source.missing) == (["2"], ("10",))
    assert np.array_equal(source.open(2), gradient)
    assert source.raw(2) == encoded(gradient)
    with pytest.raises(ImageError, match="Item '10' has no picture; there are 1"):
        source.open(10)
    # an item without a path is one without a picture
    assert as_source(table.assign(path=[None, np.nan])).missing == ("2", "10")


def test_bytes_that_are_gone_are_named(tmp_path):
    source = as_source({"a": tmp_path / "gone.png"})
    with pytest.raises(ImageError, match=r"The picture of item 'a' \(.*gone\.png\) cannot be read"):
        source.raw("a")


def test_values_that_are_no_picture_are_counted(gradient):
    with pytest.raises(TableError, match="2 pictures are none, such as that of item 'b', which is a int"):
        ImageSource.from_bytes({"a": gradient, "b": 7, "c": None})


def test_digests_tell_shapes_and_types_apart():
    flat = np.zeros(12, np.uint8)
    source = as_source({"a": flat.reshape(3, 4), "b": flat.reshape(4, 3), "c": flat.reshape(3, 4).astype(bool)})
    assert len({source.digest(item) for item in "abc"}) == 3
    assert source.raw("a") is None


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("tag", range(1, 9))
def test_the_size_of_a_file_is_that_of_what_is_opened(tmp_path, gradient, form, tag):
    exif = Image.Exif()
    exif[0x0112] = tag
    data = encoded(gradient, form, exif=exif)
    (tmp_path / "a").write_bytes(data)
    height, width = open_image(data).shape[:2]
    assert size_of(data) == size_of(tmp_path / "a") == (width, height)
    assert (width, height) == ((5, 7) if tag >= 5 else (7, 5))


def test_limit_of_pixels_is_exact(monkeypatch):
    assert images.MAX_PIXELS == 200_000_000
    monkeypatch.setattr("labelqa._pixels.MAX_PIXELS", 12)
    before = Image.MAX_IMAGE_PIXELS
    assert open_image(encoded(np.zeros((3, 4), np.uint8))).shape == (3, 4, 3)
    with pytest.raises(ImageError, match="claims 13 x 1 pixels; more than 12 are not read"):
        open_image(encoded(np.zeros((1, 13), np.uint8)))
    assert before == Image.MAX_IMAGE_PIXELS


def test_pillows_own_lower_limit_does_not_count(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    assert open_image(encoded(np.zeros((3, 4), np.uint8))).shape == (3, 4, 3)


def test_lists_of_pictures_go_by_position(gradient, tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(gradient))
    given = [gradient, encoded(gradient), tmp_path / "a.png", str(tmp_path / "a.png")]
    for form in (given, tuple(given)):
        source = as_source(form)
        assert source.item_ids == ["0", "1", "2", "3"]
        assert all(np.array_equal(source.open(item), gradient) for item in source.item_ids)
    named = as_source([gradient, gradient + 1], ["b", "a"])
    assert named.item_ids == ["a", "b"]
    assert np.array_equal(named.open("a"), gradient + 1)
    assert as_source(np.array([str(tmp_path / "a.png")])).open(0).shape == gradient.shape
    with pytest.raises(TableError, match="1 pictures and 2 item ids"):
        as_source([gradient], ["a", "b"])


def test_one_picture_is_not_a_stack_of_them(gradient):
    with pytest.raises(TableError, match=r"shape \(5, 7, 3\), which is one picture; .* array\[None\]"):
        as_source(gradient)
    assert len(as_source(gradient[None])) == 1


@pytest.mark.parametrize(("picture", "message"), [(7, "Found the given int as a picture"), (None, "NoneType"),
                                                  (np.array([["a"]]), "holds <U1 values")])  # fmt: skip
def test_other_things_are_no_picture(picture, message):
    with pytest.raises(ImageError, match=message):
        open_image(picture)


@pytest.mark.parametrize("way", ["absolute", "dots", "link", "folder"])
def test_pictures_outside_the_folder_are_missing_unless_allowed(tmp_path, way):
    inside, secret = tmp_path / "in", tmp_path / "secret"
    inside.mkdir()
    secret.mkdir()
    for file in (secret / "s.png", inside / "i.png"):
        Image.new("RGB", (4, 4)).save(file)
    if way == "link":
        (inside / "s.png").symlink_to(secret / "s.png")
    if way == "folder":
        (inside / "sub").symlink_to(secret)
    path = {"absolute": str(secret / "s.png"), "dots": "../secret/s.png", "link": "s.png", "folder": "sub/s.png"}[way]
    items = pd.DataFrame({"item_id": ["a", "b"], "path": [path, "i.png"]})
    found = ImageSource.from_folder(inside, items)
    assert (found.item_ids, found.missing, found.outside) == (["b"], ("a",), ("a",))
    assert found.check()["problem"].tolist() == ["its file lies outside the folder"]
    assert ImageSource.from_folder(inside, items, allow_outside=True).item_ids == ["a", "b"]
    with outside_allowed():
        assert ImageSource.from_folder(inside, items).outside == ()
    # the folder itself may be reached by a link
    (tmp_path / "by").symlink_to(inside)
    assert ImageSource.from_folder(tmp_path / "by", items.iloc[1:]).item_ids == ["b"]
