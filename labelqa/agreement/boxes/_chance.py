"""Agreement on boxes beyond chance: the observed distance of two views against that of views of different images."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Floats
from labelqa._kernels.boxes.matching import match_listed
from labelqa.agreement.boxes._sums import PairSums

#: Permuted images that make the expected distance steady: its error is then a tenth of the interval's width or less.
_ENOUGH = 4000


def default_permutations(n_images: int) -> int:
    """Permutations for about 4,000 permuted images, between 1 and 100."""
    return min(100, max(1, math.ceil(_ENOUGH / max(n_images, 1))))


@dataclass(frozen=True, eq=False)
class ExpectedDistances:
    """Mean distance per image, 1 - F1 and 1 - PQ: float64 (n_images,) each."""

    f1: Floats
    pq: Floats


def expected_distances(observed: PairSums, *, n_permutations: int, seed: int) -> ExpectedDistances:
    """Distances when views are dealt out to images at random.

    The first views of all images are permuted among themselves, then the second ones, and so on; coordinates are
    divided by the image's size first, so that boxes of images of different size can be compared.
    """
    codes, pairs = observed.codes, observed.matches
    relative = np.ascontiguousarray(codes.xyxy / _box_scale(codes))
    nth = np.arange(len(codes.view_item)) - codes.item_offsets[codes.view_item]
    nth[np.diff(codes.item_offsets)[codes.view_item] < 2] = -1
    slots = [np.flatnonzero(nth == k) for k in range(int(nth.max(initial=-1)) + 1)]
    generator = np.random.default_rng(seed)
    f1, pq = np.zeros(observed.n_images), np.zeros(observed.n_images)
    dealt = np.empty(len(nth), np.int64)
    for _ in range(n_permutations):
        for views in slots:
            dealt[views] = generator.permutation(views)
        found = match_listed(
            pairs.item, dealt[pairs.view_a], dealt[pairs.view_b],
            codes.view_offsets, relative, codes.label, observed.iou_threshold, observed.is_aware,
        )  # fmt: skip
        permuted = replace(observed, matches=found)
        f1 += observed.image_mean(permuted.f1_distance())
        pq += observed.image_mean(permuted.pq_distance())
    return ExpectedDistances(f1 / n_permutations, pq / n_permutations)


def _box_scale(codes: BoxCodes) -> Floats:
    """Width, height, width, height of each box's image; where unknown, what its boxes say of it."""
    n_in_view = np.diff(codes.view_offsets)
    image = codes.view_item[np.repeat(np.arange(len(codes.view_item)), n_in_view)]
    reach = np.zeros((len(codes.items), 2))
    np.maximum.at(reach, image, codes.xyxy[:, 2:])
    n_views = np.bincount(codes.view_item, minlength=len(codes.items))
    n_drawn = np.bincount(codes.view_item, n_in_view, len(codes.items)) / np.maximum(n_views, 1)
    unknown = ~np.isfinite(codes.sizes).all(axis=1)
    guessed = reach.copy()
    if unknown.any() and _have_one_size(reach[unknown], n_drawn[unknown]):
        guessed[unknown] = reach[unknown].max(axis=0)
    size = np.where(np.isfinite(codes.sizes), codes.sizes, np.where(guessed > 0, guessed, 1.0))
    return np.tile(size[image], 2)


def _have_one_size(reach: Floats, n_drawn: Floats) -> bool:
    """Whether images may all be as large as their boxes reach together, given the boxes an annotator draws in each.

    Images of one set mostly have one size, and two boxes in the upper left say little of where their image ends. But n
    boxes anywhere in it reach no further than a share r of its side with probability r^n: if that is too small for an
    image to be chance among so many (5 %, Bonferroni), sizes differ, and each is taken from its own boxes.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = n_drawn[:, None] * np.log(reach / np.maximum(reach.max(axis=0), np.finfo(float).tiny))
    seen = n_drawn > 0
    return bool((log_p[seen] >= np.log(0.05 / max(2 * seen.sum(), 1))).all())


def sizes_known(codes: BoxCodes) -> bool:
    """Whether the size of every image is known."""
    return bool(np.isfinite(codes.sizes).all())
