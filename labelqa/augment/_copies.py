"""The copies of one item, and of many items on several processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._options import check_jobs
from labelqa.augment._draw import Draw, Drawer, draw_seed
from labelqa.augment._pictures import read_picture
from labelqa.augment._points import Floats
from labelqa.errors import OptionError
from labelqa.images import Picture


@dataclass(frozen=True)
class CopySettings:
    """How copies are made, the same for every item."""

    policy: str
    n_copies: int
    seed: int
    min_visibility: float
    n_retries: int


@dataclass(frozen=True, eq=False)
class Original:
    """One item: its image or file, its boxes (n, 4) with their ids, and their masks where there are any."""

    item_id: str
    picture: Picture
    box_ids: Sequence[str]
    xyxy: Floats
    masks: Sequence[NDArray[Any] | None] | None = None


@dataclass(frozen=True, eq=False)
class Copy:
    """One augmented copy: which draw was taken, which of its boxes stay."""

    number: int
    attempt: int
    draw: Draw
    is_kept: NDArray[np.bool_]

    @property
    def is_lost(self) -> NDArray[np.bool_]:
        """For each source box that was within the frame: whether no box of it is left."""
        lost = np.ones(len(self.draw.visible), dtype=bool)
        lost[self.draw.row[self.is_kept]] = False
        return lost


@dataclass(frozen=True, eq=False)
class Copied:
    """What became of one item: `facts` are plain values that JSON can hold, `images` the copies by new item id."""

    facts: dict[str, Any]
    images: dict[str, NDArray[Any]]


def copy_id(item_id: str, number: int) -> str:
    """Give the item id of a copy."""
    return f"{item_id}_aug{number}"


def make_copies(original: Original, settings: CopySettings) -> Copied:
    """Make all copies of one item; the same whatever else is done, before, after or at the same time."""
    image = read_picture(original.item_id, original.picture)
    height, width = image.shape[:2]
    inside = np.clip(original.xyxy, 0.0, [width, height, width, height])
    good = (inside[:, 2] > inside[:, 0]) & (inside[:, 3] > inside[:, 1])
    masks = original.masks
    if masks is not None:
        masks = [mask for mask, is_good in zip(masks, good, strict=True) if is_good]
    ids = np.asarray(original.box_ids, dtype=object)
    copies = [
        _copy(original.item_id, number, image, inside[good], masks=masks, settings=settings)
        for number in range(1, settings.n_copies + 1)
    ]
    facts = {
        "item_id": original.item_id,
        "cut_source_boxes": ids[good & (inside != original.xyxy).any(axis=1)].tolist(),
        "lost_source_boxes": ids[~good].tolist(),
        "copies": [_facts(copy, ids[good], inside[good]) for copy in copies],
    }
    return Copied(facts, {copy_id(original.item_id, copy.number): copy.draw.image for copy in copies})


def _facts(copy: Copy, ids: NDArray[np.object_], source: Floats) -> dict[str, Any]:
    draw = copy.draw
    boxes = [
        {
            "box_id": ids[draw.row[j]],
            "xyxy": draw.xyxy[j].tolist(),
            "visible": float(draw.visible[draw.row[j]]),
            "tightness": None if np.isnan(draw.tightness[j]) else float(draw.tightness[j]),
        }
        for j in np.flatnonzero(copy.is_kept)
    ]
    lost = [{"box_id": ids[i], "visible": float(draw.visible[i])} for i in np.flatnonzero(copy.is_lost)]
    return {
        "copy": copy.number,
        "attempt": copy.attempt,
        "width": draw.image.shape[1],
        "height": draw.image.shape[0],
        "boxes": boxes,
        "lost": lost,
        "source_boxes": source.tolist(),
    }


def _copy(
    item_id: str,
    number: int,
    image: NDArray[Any],
    xyxy: Floats,
    *,
    masks: Sequence[NDArray[Any] | None] | None,
    settings: CopySettings,
) -> Copy:
    best: Copy | None = None
    for attempt in range(settings.n_retries + 1):
        seed = draw_seed(settings.seed, item_id, number, attempt)
        draw = draw_once(settings.policy, item_id, image, xyxy, seed=seed, masks=masks)
        areas = np.prod(draw.xyxy[:, 2:] - draw.xyxy[:, :2], axis=1)
        kept = (draw.visible[draw.row] >= settings.min_visibility) & (draw.visible[draw.row] > 0) & (areas > 0)
        found = Copy(number, attempt, draw, kept)
        if best is None or found.is_lost.sum() < best.is_lost.sum():
            best = found
        if not best.is_lost.any():
            break
    if best is None:
        raise OptionError(f"n_retries={settings.n_retries} leaves no draw at all; give 0 or more.")
    return best


def draw_once(
    policy: str,
    item_id: str,
    image: NDArray[Any],
    xyxy: Floats,
    *,
    seed: int,
    masks: Sequence[NDArray[Any] | None] | None = None,
) -> Draw:
    """Run a policy once.

    Raises
    ------
    OptionError
        Where a transform cannot be applied to this image, such as one that needs colour.
    """
    return _drawer(policy).draw(image, xyxy, seed, masks, name=f"the image of item {item_id!r}")


@cache
def _drawer(policy: str) -> Drawer:
    return Drawer(json.loads(policy))


def in_order(do: Callable[[Original], Any], originals: Sequence[Original], n_jobs: int | None) -> Iterator[Any]:
    """Do something with every original on `n_jobs` processes (see `check_jobs`), and give what comes of it in order."""
    n_jobs = check_jobs(n_jobs)
    if n_jobs == 1 or len(originals) < 2:
        yield from map(do, originals)
        return
    import joblib

    tasks = (joblib.delayed(do)(original) for original in originals)
    yield from joblib.Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
