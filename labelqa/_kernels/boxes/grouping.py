"""One box where others drew several, and several where others drew one."""

from __future__ import annotations

import numpy as np
from numba import njit

from labelqa._kernels.arrays import Flags, Floats, Longs
from labelqa._kernels.boxes.matching import box_iou


@njit(cache=True)
def share_inside(box: Floats, other: Floats) -> float:
    """Share of the area of `other` (4,) that lies in `box` (4,); 0 for a box without area."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    area = (other[2] - other[0]) * (other[3] - other[1])
    if width <= 0.0 or height <= 0.0 or area <= 0.0:
        return 0.0
    return float(width * height / area)


@njit(cache=True)
def _hold(xyxy: Floats, box: int, own: Longs, view: Longs, inside: float, elsewhere: float, held: Longs) -> int:
    """Write into `held` which boxes [view[0], view[1]) `box`, one of [own[0], own[1]), holds; give their number."""
    count = 0
    for other in range(view[0], view[1]):
        if share_inside(xyxy[box], xyxy[other]) < inside:
            continue
        is_elsewhere = False
        for mine in range(own[0], own[1]):
            if mine != box and box_iou(xyxy[mine], xyxy[other]) >= elsewhere:
                is_elsewhere = True
                break
        if not is_elsewhere:
            held[count] = other
            count += 1
    return count


@njit(cache=True)
def _has_same(xyxy: Floats, box: int, view: Longs, same: float) -> bool:
    for other in range(view[0], view[1]):  # noqa: SIM110 - compiled: a generator is slower
        if box_iou(xyxy[box], xyxy[other]) >= same:
            return True
    return False


@njit(cache=True)
def grouped_and_split(
    xyxy: Floats, view_offsets: Longs, item_offsets: Longs, inside: float, elsewhere: float, same: float
) -> tuple[Flags, Flags]:
    """Find boxes that hold what most views draw as several, and boxes that are parts of what most views draw as one.

    A box holds another view's box where a share of at least `inside` of it lies within, unless that box overlaps
    another box of the holder's view with IoU >= `elsewhere`. Views vote: those of which the box holds at least two are
    for several, the box's own view and those that have a box with IoU >= `same` are for one.

    Parameters
    ----------
    xyxy, view_offsets, item_offsets
        Boxes within views within items, as in `labelqa._codes.BoxCodes`.

    Returns
    -------
    is_group, is_part
        bool (B,): equal votes mark nothing.
    """
    is_group, is_part = np.zeros(xyxy.shape[0], np.bool_), np.zeros(xyxy.shape[0], np.bool_)
    for item in range(item_offsets.shape[0] - 1):
        first_view, last_view = item_offsets[item], item_offsets[item + 1]
        held = np.empty(view_offsets[last_view] - view_offsets[first_view], np.int64)
        for own in range(first_view, last_view):
            for box in range(view_offsets[own], view_offsets[own + 1]):
                one, several, n_held = 1, 0, 0
                for view in range(first_view, last_view):
                    if view == own:
                        continue
                    ends, other_ends = view_offsets[own : own + 2], view_offsets[view : view + 2]
                    count = _hold(xyxy, box, ends, other_ends, inside, elsewhere, held[n_held:])
                    if count >= 2:
                        several += 1
                        n_held += count
                    elif _has_same(xyxy, box, other_ends, same):
                        one += 1
                is_group[box] = several > one
                if several < one:
                    is_part[held[:n_held]] = True
    return is_group, is_part


@njit(cache=True)
def is_covered(xyxy: Floats, target: Floats, view: Longs, view_offsets: Longs, inside: float, overlap: float) -> Flags:
    """Tell whether view[k] has a box that overlaps target[k] by IoU >= `overlap` or holds a share `inside` of it."""
    out = np.zeros(view.shape[0], np.bool_)
    for k in range(view.shape[0]):
        for box in range(view_offsets[view[k]], view_offsets[view[k] + 1]):
            if box_iou(xyxy[box], target[k]) >= overlap or share_inside(xyxy[box], target[k]) >= inside:
                out[k] = True
                break
    return out
