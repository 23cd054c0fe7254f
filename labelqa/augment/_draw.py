"""One augmented copy of one image: which seed, where its boxes go, and how much of each is still seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa.augment._albumentations import compose, seed_with, transform_of
from labelqa.augment._points import Floats, Longs, lay_points, overlap
from labelqa.errors import OptionError

Image = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Draw:
    """What one run of the pipeline made of one image with n boxes.

    Attributes
    ----------
    image
        The new image.
    row
        int64 (m,): which source box each new box came from; a border that mirrors can make two of one.
    xyxy
        float64 (m, 4): the new boxes in pixels; a box that did not move has its numbers untouched.
    visible
        float64 (n,): for each source box, the share of its area that is still seen, after all transforms.
    tightness
        float64 (m,): overlap (IoU) of the new box with the tight box of the object, taken as the ellipse that fills
        the source box, or as its mask; nan where part of the object is out of sight.
    """

    image: Image
    row: Longs
    xyxy: Floats
    visible: Floats
    tightness: Floats


def draw_seed(seed: int, item_id: str, copy: int, attempt: int = 0) -> int:
    """Give the seed of one copy: a hash of these four, so that neither order nor workers matter."""
    text = "\0".join((str(seed), item_id, str(copy), str(attempt)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


@contextmanager
def _naming(image: Image, name: str) -> Iterator[None]:
    """Turn what a transform cannot do into one sentence that names the picture and the transform."""
    try:
        yield
    except Exception as error:
        # cv2.error and CropSizeError are no ValueError, and their classes are known only once these are loaded
        is_theirs = type(error).__module__.split(".")[0] in ("cv2", "albumentations")
        if not is_theirs and not isinstance(error, ValueError | NotImplementedError | TypeError):
            raise
        known = transform_of(error)
        what = "The policy" if known is None else f"The transform {known!r}"
        form = f"{image.shape[1]} x {image.shape[0]}, {'grey' if image.ndim == 2 else 'colour'}"
        said = " ".join(str(error).split())[:200].rstrip(".")
        raise OptionError(
            f"{what} cannot be applied to {name} ({form}): {said}. Change the transform, or leave out the image."
        ) from error


class Drawer:
    """A policy made ready to run, once per process."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._pipeline = compose(tree)

    def draw(
        self,
        image: Image,
        xyxy: Floats,
        seed: int,
        masks: Sequence[NDArray[Any] | None] | None = None,
        *,
        name: str = "the image",
    ) -> Draw:
        """Run the pipeline once on an image and its boxes (n, 4), which must have an area within the frame.

        Raises
        ------
        OptionError
            Where a transform cannot be applied to this image: a crop that is larger, colour that is not there.
        """
        height, width = image.shape[:2]
        points = lay_points(xyxy, masks)
        # albumentations counts a point by its pixel, a box by the edges of its pixels: half a pixel apart
        inner = np.clip(points.xy - 0.5, 0.01, [max(width - 1.01, 0.01), max(height - 1.01, 0.01)])
        seed_with(self._pipeline, seed)
        with _naming(image, name):
            out = self._pipeline(
                image=image,
                bboxes=xyxy,
                box_rows=np.arange(len(xyxy)),
                keypoints=inner,
                point_rows=np.arange(len(inner)),
            )
        made = np.ascontiguousarray(out["image"])
        row = np.asarray(out["box_rows"], dtype=np.int64)
        boxes = np.asarray(out["bboxes"], dtype=np.float64).reshape(-1, 4)
        seen = np.asarray(out["point_rows"], dtype=np.int64)
        moved = np.asarray(out["keypoints"], dtype=np.float64).reshape(-1, 2) + 0.5
        hull, is_whole = points.hulls(seen, moved)
        by_mask = points.has_mask[row] & np.isfinite(hull[row, 0])
        boxes[by_mask] = _within(hull[row[by_mask]], made)
        # the box itself may be a little off its outline at the border, where points keep half a pixel inside
        given = overlap(xyxy, _within(points.hulls(np.arange(len(inner)), inner + 0.5)[0], image))
        tight = np.minimum(overlap(boxes, _within(hull[row], made)) / given[row], 1.0)
        tightness = np.where(is_whole[row] & ~by_mask, tight, np.where(is_whole[row], 1.0, np.nan))
        # coordinates passed through float32: thousandths of a pixel are what is left of them
        boxes = boxes.round(3)
        if made.shape[:2] == image.shape[:2]:
            still = points.still(seen, moved - 0.5, inner)[row]
            boxes[still] = xyxy[row[still]]
        return Draw(made, row, boxes, points.visible(seen), tightness)


def _within(xyxy: Floats, image: Image) -> Floats:
    height, width = image.shape[:2]
    return np.asarray(np.clip(xyxy, 0.0, [width, height, width, height]))
