"""The box that encloses a shape, for every reader: corners (x_min, y_min, x_max, y_max), or None without an extent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa.errors import TableError

Corners = tuple[float, float, float, float]


def of_points(points: Any) -> Corners | None:
    """Enclose points, (n, 2); fewer than two have no extent.

    Raises
    ------
    TableError
        For what are no finite pairs of numbers.
    """
    try:
        array = np.asarray(points, np.float64)
    except (TypeError, ValueError):
        raise TableError("its points are not pairs of numbers") from None
    if array.size == 0:
        return None
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise TableError("its points are not pairs of numbers")
    if len(array) < 2:
        return None
    low, high = array.min(axis=0), array.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def turned(x: float, y: float, width: float, height: float, degrees: float, *, round_middle: bool) -> Corners:
    """Enclose a rectangle that is turned clockwise, round its middle or round its upper left corner."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    px, py = (x + width / 2, y + height / 2) if round_middle else (x, y)
    across = [(x, y), (x + width, y), (x, y + height), (x + width, y + height)]
    xs = [px + (cx - px) * cos - (cy - py) * sin for cx, cy in across]
    ys = [py + (cx - px) * sin + (cy - py) * cos for cx, cy in across]
    return min(xs), min(ys), max(xs), max(ys)


def ellipse(cx: float, cy: float, rx: float, ry: float, degrees: float = 0.0) -> Corners:
    """Enclose an ellipse with its radii, turned clockwise round its middle."""
    angle = math.radians(degrees)
    half_width = math.hypot(rx * math.cos(angle), ry * math.sin(angle))
    half_height = math.hypot(rx * math.sin(angle), ry * math.cos(angle))
    return cx - half_width, cy - half_height, cx + half_width, cy + half_height


def of_pixels(mask: NDArray[Any]) -> Corners | None:
    """Enclose the pixels of a mask (h, w) that are set; None without any."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def of_coco_runs(runs: Any, size: Any) -> Corners | None:
    """Enclose a COCO run-length mask: counts go down the columns and begin with the background.

    Parameters
    ----------
    runs
        A list of counts, or their text form (six bits a character, from the third on as differences).
    size
        (height, width).

    Raises
    ------
    TableError
        For counts that do not fill the size.

    References
    ----------
    Lin et al. (2014), Microsoft COCO; the text form is that of pycocotools' `maskApi`.
    """
    height, width = (int(side) for side in size)
    counts = np.asarray(_unpacked(runs) if isinstance(runs, str | bytes) else runs, np.int64)
    ends = np.cumsum(counts)
    if (counts < 0).any() or (len(ends) and ends[-1] != height * width):
        raise TableError(f"its run lengths do not fill {height} x {width} pixels")
    starts, stops = ends[:-1][::2], ends[1:][::2]
    is_set = stops > starts
    starts, stops = starts[is_set], stops[is_set]
    if not len(starts):
        return None
    first, last = starts // height, (stops - 1) // height
    # a run that goes on in the next column touches both edges
    spans = last > first
    top = 0 if spans.any() else int((starts % height).min())
    bottom = height if spans.any() else int(((stops - 1) % height).max()) + 1
    return float(first.min()), float(top), float(last.max() + 1), float(bottom)


def _unpacked(text: str | bytes) -> list[int]:
    codes = text.encode("ascii") if isinstance(text, str) else text
    counts: list[int] = []
    place = 0
    while place < len(codes):
        value, shift, more = 0, 0, True
        while more:
            if place >= len(codes) or shift > 60:
                raise TableError("its run lengths end in the middle of a number")
            bits = codes[place] - 48
            if not 0 <= bits < 64:
                raise TableError("its run lengths hold characters that are none of theirs")
            value |= (bits & 0x1F) << shift
            more = bool(bits & 0x20)
            place += 1
            shift += 5
            if not more and bits & 0x10:
                value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return counts


def of_brush(runs: Sequence[int], width: int, height: int) -> Corners | None:
    """Enclose what a brush of Label Studio painted: RGBA bytes by rows, packed in bits.

    References
    ----------
    thi.ng/rle-pack, the packing that Label Studio uses: 32 bits for the number of bytes, 5 for their length less one,
    four times 4 for the lengths of runs less one, then runs: a bit whether one byte is repeated, two which length
    counts, the count less one, and the bytes.

    Raises
    ------
    TableError
        For a packing that does not fill the picture.
    """
    bits = np.unpackbits(np.asarray(runs, np.uint8))
    place = 0

    def take(n: int) -> int:
        nonlocal place
        if place + n > len(bits):
            raise TableError("its brush strokes end in the middle of a number")
        value = int("".join(map(str, bits[place : place + n].tolist())), 2) if n else 0
        place += n
        return value

    total, word = take(32), take(5) + 1
    lengths = [take(4) + 1 for _ in range(4)]
    if total != 4 * width * height:
        raise TableError(f"its brush strokes do not fill {width} x {height} pixels")
    out = np.empty(total, np.uint8)
    done = 0
    while done < total:
        is_run = take(1)
        n = min(take(lengths[take(2)]) + 1, total - done)
        if is_run:
            out[done : done + n] = take(word)
        else:
            if place + n * word > len(bits):
                raise TableError("its brush strokes end in the middle of a number")
            packed = bits[place : place + n * word].reshape(n, word)
            out[done : done + n] = packed @ (1 << np.arange(word - 1, -1, -1))
            place += n * word
        done += n
    return of_pixels(out.reshape(height, width, 4)[:, :, 3] > 0)
