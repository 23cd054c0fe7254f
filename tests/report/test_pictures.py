"""Pictures of items: what part is shown, whose boxes, in which order, and how many bytes that takes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from labelqa._plot import COLOURS, DASHES
from labelqa.annotations import Annotations
from labelqa.images import ImageSource
from labelqa.report import picture
from labelqa.report._pictures import STYLES
from labelqa.report.album import Album

Box = tuple[str, float, float, float, float]


def drawn(boxes: Sequence[Box], *, width: float | None = None, height: float | None = None) -> Annotations:
    """Annotations of one item, whose boxes are called b0, b1, ..."""
    rows = [(f"b{k}", "p", *box) for k, box in enumerate(boxes)]
    names = ["box_id", "item_id", "annotator_id", "x_min", "y_min", "x_max", "y_max"]
    items = pd.DataFrame({"item_id": ["p"], "width": [width], "height": [height]}, dtype=object)
    return Annotations.from_frames(boxes=pd.DataFrame(rows, columns=names), items=items, faulty_boxes="keep")


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)


def shown(annotations: Annotations, **options: Any) -> dict[str, Any]:
    made = picture(annotations, "p", **options)
    assert made is not None
    return made.drawing


def test_colour_and_dash_tell_annotators_apart():
    looks = [(style["colour"], style["dash"]) for style in STYLES]
    assert len(set(looks)) == len(looks) == len(COLOURS) * len(DASHES)
    assert looks[: len(COLOURS)] == list(zip(COLOURS, DASHES, strict=True))


@pytest.mark.parametrize(
    ("box", "width", "height", "view"),
    [
        # three times the box, and the shape 4 to 3
        ((500, 500, 600, 575), 2000, 2000, [400, 425, 300, 225]),
        # of a flat or a steep box the longer side counts
        ((500, 500, 620, 510), 2000, 2000, [380, 370, 360, 270]),
        ((500, 500, 530, 650), 2000, 2000, [215, 350, 600, 450]),
        # of a tiny one at least 100 by 75 pixels are shown
        ((500, 500, 502, 502), 2000, 2000, [451, 464, 100, 75]),
        # at the edges of the picture
        ((0, 0, 100, 75), 2000, 2000, [0, 0, 300, 225]),
        ((1900, 1925, 2000, 2000), 2000, 2000, [1700, 1775, 300, 225]),
        # in a narrow and in a low picture
        ((50, 500, 150, 575), 200, 5000, [0, 425, 200, 225]),
        ((500, 10, 600, 85), 5000, 100, [400, 0, 300, 100]),
        # 300 by 225 is 60 % of 450 by 250, and more than 60 % of 449 by 250
        ((200, 100, 300, 175), 450, 250, [100, 25, 300, 225]),
        ((200, 100, 300, 175), 449, 250, [0, 0, 449, 250]),
        # nobody knows how large the picture is, or only how wide
        ((500, 500, 600, 575), None, None, [400, 425, 300, 225]),
        ((500, 500, 600, 575), 610, None, [400, 425, 300, 225]),
        # less than a pixel is drawn as one
        ((0, 0, 1, 1), 0.3, 0.4, [0, 0, 1, 1]),
    ],
)
def test_round_a_box_in_question_its_surroundings_are_shown(box, width, height, view):
    assert shown(drawn([("ann", *box)], width=width, height=height), focus="b0")["view"] == view


@pytest.mark.parametrize(
    ("width", "height", "view"),
    [
        (480, 300, [0, 0, 480, 300]),
        (300, 480, [0, 0, 300, 480]),
        # 30 % more than 200 by 150 pixels
        (481, 300, [0, 0, 260, 195]),
        (300, 481, [0, 0, 260, 195]),
    ],
)
def test_without_a_box_in_question_a_large_picture_is_cut_to_its_boxes(width, height, view):
    boxes = drawn([("ann", 0, 0, 60, 50), ("bob", 80, 60, 200, 150)], width=width, height=height)
    assert shown(boxes)["view"] == view


def test_boxes_of_an_annotator_in_question_are_taken_together():
    boxes = drawn([("ann", 500, 500, 550, 530), ("ann", 560, 540, 600, 575), ("bob", 0, 0, 9, 9)])
    found = shown(boxes, annotator="ann")
    assert found["view"] == [400, 425, 300, 225]
    assert [(layer["annotator_id"], layer["is_focus"], len(layer["boxes"])) for layer in found["layers"]] == [
        ("ann", True, 2)
    ]


def test_a_picture_without_boxes_is_shown_whole():
    annotations = Annotations.from_frames(items=pd.DataFrame({"item_id": ["p"]}))
    images = ImageSource.from_bytes({"p": noise(800, 600)})
    found = shown(annotations, images=images)
    assert found == {"item_id": "p", "view": [0, 0, 800, 600], "layers": [], "alt": "Item p"}
    assert picture(annotations, "p") is None


# round b0 are shown 400 to 700 and 425 to 650
@pytest.mark.parametrize(
    ("box", "is_shown"),
    [
        ((700, 500, 710, 510), False),
        ((699, 500, 710, 510), True),
        ((390, 500, 400, 510), False),
        ((390, 500, 401, 510), True),
        ((500, 650, 510, 660), False),
        ((500, 649, 510, 660), True),
        ((500, 400, 510, 425), False),
        ((500, 400, 510, 426), True),
    ],
)
def test_only_boxes_that_reach_into_the_part_are_drawn(box, is_shown):
    found = shown(drawn([("ann", 500, 500, 600, 575), ("bob", *box)], width=2000, height=2000), focus="b0")
    assert found["view"] == [400, 425, 300, 225]
    assert found["layers"][-1]["annotator_id"] == "ann"
    assert len(found["layers"]) == 1 + is_shown


def test_layers_by_annotator_with_those_in_question_on_top():
    boxes = [("eve", 1, 1, 9, 9), ("ann", 10.26, 0, 20, 10.04), ("ann", 3, 3, 9, 9), ("bob", 2, 2, 8, 8)]
    found = shown(drawn(boxes, width=40, height=30), focus="b1")["layers"]
    seen = [(layer["annotator_id"], layer["style"], layer["is_focus"]) for layer in found]
    assert seen == [("ann", 0, False), ("bob", 1, False), ("eve", 2, False), ("ann", 0, True)]
    assert found[-1]["boxes"] == [[10.3, 0.0, 20.0, 10.0]]


def test_colours_go_by_the_order_given_and_start_anew_at_the_end():
    everybody = [f"w{k:03d}" for k in range(len(STYLES) + 2)]
    boxes = drawn([(everybody[3], 1, 1, 9, 9), (everybody[-1], 2, 2, 8, 8)], width=40, height=30)
    assert [layer["style"] for layer in shown(boxes, annotators=everybody)["layers"]] == [3, 1]


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (40, 30, "Item p (no image, frame only). ann: 2 boxes; bob: 1 box"),
        # cut in one direction only
        (200, 5000, "Part of item p (no image, frame only). ann: 2 boxes; bob: 1 box"),
        (5000, 100, "Part of item p (no image, frame only). ann: 2 boxes; bob: 1 box"),
    ],
)
def test_a_picture_in_words(width, height, words):
    boxes = [("bob", 1, 1, 9, 9), ("ann", 10, 10, 70, 40), ("ann", 2, 3, 4, 5)]
    assert shown(drawn(boxes, width=width, height=height), focus="b1")["alt"] == words


def test_the_size_is_that_of_the_image_where_there_is_one():
    annotations = drawn([("ann", 1, 1, 9, 9)], width=9, height=9)
    images = ImageSource.from_bytes({"p": noise(64, 48)})
    assert shown(annotations, images=images)["view"] == [0, 0, 64, 48]
    assert shown(annotations, images=images)["alt"] == "Item p. ann: 1 box"
    other = ImageSource.from_bytes({"q": noise(64, 48)})
    assert shown(annotations, images=other)["view"] == [0, 0, 9, 9]


def test_of_an_image_that_cannot_be_read_the_boxes_are_shown():
    made = picture(drawn([("ann", 1, 1, 9, 9)], width=9, height=9), "p", images=ImageSource.from_bytes({"p": b"no"}))
    assert made is not None
    assert made.thumbnail is None
    assert "no image" in made.drawing["alt"]


def test_the_thumbnail_is_the_part_that_is_shown():
    pixels = np.zeros((1000, 1200, 3), np.uint8)
    pixels[425:650, 400:700] = 255
    made = picture(drawn([("ann", 500, 500, 600, 575)]), "p", images=ImageSource.from_bytes({"p": pixels}), focus="b0")
    assert made is not None
    assert made.thumbnail is not None
    part = Image.open(io.BytesIO(made.thumbnail))
    assert part.size == (300, 225)
    assert np.asarray(part).min() > 250


def test_a_thumbnail_is_as_large_as_its_share_of_the_page_allows():
    # a soft picture with some noise: each size and each step of quality takes other bytes
    pixels = (noise(400, 300) // 4 + np.linspace(0, 190, 400)[:, None]).astype(np.uint8)
    images = ImageSource.from_bytes({"p": pixels})
    annotations = Annotations.from_frames(items=pd.DataFrame({"item_id": ["p"]}))

    def webp(side: int, quality: int) -> bytes:
        small, stream = Image.fromarray(pixels), io.BytesIO()
        small.thumbnail((side, side))
        small.save(stream, "WEBP", quality=quality, method=4)
        return stream.getvalue()

    def made(n_bytes: int) -> bytes | None:
        found = picture(annotations, "p", images=images, n_bytes=n_bytes)
        return None if found is None else found.thumbnail

    sizes = [webp(*size) for size in ((320, 62), (260, 55), (220, 45), (180, 40), (140, 35), (110, 28))]
    for size, smaller in zip(sizes, [*sizes[1:], sizes[-1]], strict=True):
        assert made(len(size)) == size
        assert made(len(size) - 1) == smaller


def test_an_album_keeps_each_thumbnail_once():
    images = ImageSource.from_bytes({"p": noise(40, 30), "copy": noise(40, 30), "q": noise(30, 40)})
    album = Album(Annotations.from_frames(items=pd.DataFrame({"item_id": ["p", "q", "copy"]})), images)
    names = [album.show(item, caption=item)[0]["thumbnail"] for item in ("p", "q", "copy", "p")]
    assert names == ["picture_001", "picture_002", "picture_001", "picture_001"]
    assert list(album.thumbnails) == ["picture_001", "picture_002"]
    assert {data[8:12] for data in album.thumbnails.values()} == {b"WEBP"}
    assert album.show("q", caption="as <b>")[0]["caption"] == "as <b>"
    assert album.show("unknown") == []


def test_an_album_shows_images_or_boxes():
    nothing = Annotations.from_frames(items=pd.DataFrame({"item_id": ["p"]}))
    assert not Album(nothing).has_pictures
    assert Album(nothing, ImageSource.from_bytes({"p": noise(4, 3)})).has_pictures
    assert Album(drawn([("ann", 1, 1, 9, 9)])).has_pictures


def by(annotators: Sequence[str]) -> Annotations:
    """Everybody draws one box, and zoe only labels."""
    boxes = drawn([(who, 1, 1, 9, 9) for who in annotators], width=40, height=30).boxes
    said = pd.DataFrame({"item_id": ["p"], "annotator_id": ["zoe"], "label": ["ok"]})
    return Annotations.from_frames(boxes=boxes, labels=said)


def test_as_many_annotators_as_colours_share_one_legend():
    assert len(COLOURS) == 7
    album = Album(by(["f", "e", "d", "c", "b", "a"]))
    assert album.is_coloured_once
    assert album.common_legend() == [{"annotator_id": who, "style": k} for k, who in enumerate("abcdef")]
    assert album.legend(album.show("p")) is None


def test_more_annotators_have_a_legend_beside_each_picture():
    album = Album(by(["g", "f", "e", "d", "c", "b", "a"]))
    assert not album.is_coloured_once
    assert album.common_legend() == []
    assert album.legend(album.show("p")) == [{"annotator_id": who, "style": k} for k, who in enumerate("abcdefg")]
    assert album.legend([]) is None
    assert album.annotators_of(["p", "q"]) == list("abcdefg")
    assert album.annotators_of(["q"]) == []
