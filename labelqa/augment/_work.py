"""The copies of one item: the piece of work that is handed to a worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa.augment._draw import Draw, Drawer, draw_seed
from labelqa.augment._pictures import read_picture
from labelqa.augment._points import Floats
from labelqa.errors import OptionError
from labelqa.images import Picture


@dataclass(frozen=True)
class Settings:
    """What every item is done with."""

    policy: str
    copies: int
    seed: int
    min_visibility: float
    retries: int


@dataclass(frozen=True, eq=False)
class Job:
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
class Done:
    """What became of one item: `facts` are plain values that JSON can hold, `images` the copies by new item id."""

    facts: dict[str, Any]
    images: dict[str, NDArray[Any]]


def copy_id(item_id: str, number: int) -> str:
    """Give the item id of a copy."""
    return f"{item_id}_aug{number}"


def work(job: Job, settings: Settings) -> Done:
    """Make all copies of one item; the same whatever else is done, before, after or at the same time."""
    image = read_picture(job.item_id, job.picture)
    height, width = image.shape[:2]
    inside = np.clip(job.xyxy, 0.0, [width, height, width, height])
    good = (inside[:, 2] > inside[:, 0]) & (inside[:, 3] > inside[:, 1])
    masks = None if job.masks is None else [mask for mask, is_good in zip(job.masks, good, strict=True) if is_good]
    ids = np.asarray(job.box_ids, dtype=object)
    copies = [
        _copy(job.item_id, number, image, inside[good], masks=masks, settings=settings)
        for number in range(1, settings.copies + 1)
    ]
    facts = {
        "item_id": job.item_id,
        "cut_source_boxes": ids[good & (inside != job.xyxy).any(axis=1)].tolist(),
        "lost_source_boxes": ids[~good].tolist(),
        "copies": [_facts(copy, ids[good], inside[good]) for copy in copies],
    }
    return Done(facts, {copy_id(job.item_id, copy.number): copy.draw.image for copy in copies})


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
    settings: Settings,
) -> Copy:
    best: Copy | None = None
    for attempt in range(settings.retries + 1):
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
        raise OptionError(f"retries={settings.retries} leaves no draw at all; give 0 or more.")
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
    try:
        return _drawer(policy).draw(image, xyxy, seed, masks)
    except Exception as error:
        # cv2.error is no ValueError, and its class is known only once cv2 is loaded
        if isinstance(error, ValueError | NotImplementedError | TypeError) or type(error).__module__ == "cv2":
            form = "grey" if image.ndim == 2 else "colour"
            raise OptionError(
                f"The policy cannot be applied to the image of item {item_id!r} ({image.shape[1]} x {image.shape[0]}, "
                f"{form}): {' '.join(str(error).split())[:300]}. Change the transform, or leave out the image."
            ) from error
        raise


@cache
def _drawer(policy: str) -> Drawer:
    return Drawer(json.loads(policy))


def run(jobs: Sequence[Job], do: Callable[[Job], Any], n_jobs: int) -> Iterator[Any]:
    """Do all jobs, in order, on as many processes as asked for (-1: all cores); results come as they are ready."""
    if n_jobs == 1 or len(jobs) < 2:
        yield from map(do, jobs)
        return
    import joblib

    tasks = (joblib.delayed(do)(job) for job in jobs)
    yield from joblib.Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
