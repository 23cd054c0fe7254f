"""Points that travel with a box: a grid over it tells how much is still seen, its outline how tight the new box is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: Points per side of the grid over each box.
GRID = 16
#: Points on the outline of the ellipse that fills a box; a multiple of 4, so that it touches all four sides.
OUTLINE = 32
#: Coordinates pass through float32 in the pipeline: what moved by fewer pixels than this did not move.
_STILL = 2e-3


@dataclass(frozen=True, eq=False)
class Points:
    """Points over n boxes: `xy` (m, 2) in pixels, `owner` (m,), `is_outline` (m,), and for each box `has_mask` (n,)."""

    xy: Floats
    owner: Longs
    is_outline: NDArray[np.bool_]
    has_mask: NDArray[np.bool_]

    @property
    def n_boxes(self) -> int:
        """Number of boxes."""
        return len(self.has_mask)

    def visible(self, seen: Longs) -> Floats:
        """Give the share of each box's grid among the points that are still seen: shape (n,)."""
        kept = np.unique(seen[~self.is_outline[seen]])
        return np.bincount(self.owner[kept], minlength=self.n_boxes) / (GRID * GRID)

    def still(self, seen: Longs, moved: Floats, before: Floats) -> NDArray[np.bool_]:
        """Tell which boxes have all their points where they were: shape (n,)."""
        stayed = np.abs(moved - before[seen]).max(axis=1) < _STILL
        there = np.bincount(self.owner[np.unique(seen[stayed])], minlength=self.n_boxes)
        is_complete = there == np.bincount(self.owner, minlength=self.n_boxes)
        return np.asarray(is_complete & (len(np.unique(seen)) == len(seen)))

    def hulls(self, seen: Longs, moved: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Give the box around each outline as it lies now, (n, 4), and whether all of the outline is seen, (n,)."""
        mine = self.is_outline[seen]
        owner, xy = self.owner[seen][mine], moved[mine]
        hull = np.tile([np.inf, np.inf, -np.inf, -np.inf], (self.n_boxes, 1))
        for axis in (0, 1):
            np.minimum.at(hull[:, axis], owner, xy[:, axis])
            np.maximum.at(hull[:, axis + 2], owner, xy[:, axis])
        expected = np.bincount(self.owner[self.is_outline], minlength=self.n_boxes)
        return hull, np.bincount(owner, minlength=self.n_boxes) == expected


def lay_points(xyxy: Floats, masks: Sequence[NDArray[Any] | None] | None = None) -> Points:
    """Lay points over boxes (n, 4); where a box has a mask its outline is the mask's, otherwise an ellipse."""
    n = len(xyxy)
    masks = [None] * n if masks is None else masks
    centres = (np.arange(GRID) + 0.5) / GRID
    grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    corner, size = xyxy[:, None, :2], (xyxy[:, 2:] - xyxy[:, :2])[:, None, :]
    angles = np.arange(OUTLINE) * (2 * np.pi / OUTLINE)
    ellipse = 0.5 + 0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    outlines = [corner[i] + ellipse * size[i] if mask is None else _mask_outline(mask) for i, mask in enumerate(masks)]
    counts = np.asarray([len(outline) for outline in outlines], dtype=np.int64)
    owner = np.concatenate([np.repeat(np.arange(n), len(grid)), np.repeat(np.arange(n), counts)])
    return Points(
        xy=np.concatenate([(corner + grid * size).reshape(-1, 2), *outlines]),
        owner=owner.astype(np.int64),
        is_outline=np.arange(len(owner)) >= n * len(grid),
        has_mask=np.asarray([mask is not None for mask in masks], dtype=bool),
    )


def _mask_outline(mask: NDArray[Any]) -> Floats:
    """Give the corners of the first and last pixel of each row and column; a shape ends at the edges of its pixels."""
    inside = np.asarray(mask, dtype=bool)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    left, right = inside[rows].argmax(axis=1), inside.shape[1] - inside[rows, ::-1].argmax(axis=1)
    top, bottom = inside[:, columns].argmax(axis=0), inside.shape[0] - inside[::-1, columns].argmax(axis=0)
    points = [np.stack([x, y], axis=-1) for x in (left, right) for y in (rows, rows + 1)]
    points += [np.stack([x, y], axis=-1) for x in (columns, columns + 1) for y in (top, bottom)]
    return np.unique(np.concatenate(points), axis=0).astype(np.float64)


def overlap(first: Floats, second: Floats) -> Floats:
    """Give the IoU of boxes pair by pair: two arrays (n, 4) in, (n,) out."""
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=1)
    areas = np.prod(first[:, 2:] - first[:, :2], axis=1) + np.prod(second[:, 2:] - second[:, :2], axis=1)
    return np.asarray(shared / (areas - shared))
