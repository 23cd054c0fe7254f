"""Numbers about one picture in one pass: light, detail, colour, and a perceptual hash."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

#: Side of the square the hash is made from, and of the block of low frequencies it keeps.
SIDE, LOW = 32, 8
#: What `measure` gives, in this order.
MEASURES = ("dark_end", "bright_end", "entropy", "contrast", "sharpness", "colour")

#: Cosines of the discrete cosine transform (type II), the low frequencies only: (LOW, SIDE).
_COSINES = 2 * np.cos(np.pi * np.arange(LOW)[:, None] * (2 * np.arange(SIDE)[None, :] + 1) / (2 * SIDE))
_DARK, _BRIGHT = 0.05, 0.99


@njit(cache=True, nogil=True)
def grey(rgb: Pixels) -> NDArray[np.int32]:
    """Weigh the channels as Pillow does (ITU-R BT.601): (h, w, 3) -> (h, w), 0 to 255."""
    height, width = rgb.shape[0], rgb.shape[1]
    out = np.empty((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            out[y, x] = (
                19595 * np.int64(rgb[y, x, 0]) + 38470 * np.int64(rgb[y, x, 1]) + 7471 * np.int64(rgb[y, x, 2]) + 32768
            ) >> 16
    return out


@njit(cache=True, nogil=True)
def _quantile(counts: NDArray[np.int64], share: float, total: int) -> float:
    seen = 0
    for level in range(256):
        seen += counts[level]
        if seen >= share * total:
            return level / 255.0
    return 1.0


@njit(cache=True, nogil=True)
def measure(rgb: Pixels) -> Floats:
    """Measure one picture: (h, w, 3) -> (6,), see `MEASURES`.

    dark_end and bright_end are the 5th and 99th percentile of brightness (0 to 1); entropy is that of the 256 levels,
    in bits; contrast is the standard deviation of brightness (0 to 1); sharpness is log10 of the variance of the
    Laplacian over the variance of brightness; colour is the mean difference of the channels (0 to 1).
    """
    levels = grey(rgb)
    height, width = levels.shape
    n = height * width
    counts = np.zeros(256, np.int64)
    spread = 0
    for y in range(height):
        for x in range(width):
            counts[levels[y, x]] += 1
            r, g, b = rgb[y, x, 0], rgb[y, x, 1], rgb[y, x, 2]
            spread += max(r, g, b) - min(r, g, b)
    total, squares, entropy = 0.0, 0.0, 0.0
    for level in range(256):
        if counts[level]:
            share = counts[level] / n
            total += level * share
            squares += level * level * share
            entropy -= share * np.log2(share)
    variance = max(squares - total * total, 0.0)
    edges, edges_squared, inner = 0.0, 0.0, max((height - 2) * (width - 2), 1)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            edge = 4 * levels[y, x] - levels[y - 1, x] - levels[y + 1, x] - levels[y, x - 1] - levels[y, x + 1]
            edges += edge
            edges_squared += edge * edge
    detail = max(edges_squared / inner - (edges / inner) ** 2, 0.0)
    out = np.empty(6)
    out[0] = _quantile(counts, _DARK, n)
    out[1] = _quantile(counts, _BRIGHT, n)
    out[2] = entropy
    out[3] = np.sqrt(variance) / 255.0
    # the constants keep a blank picture, and a level of rounding noise, from being sharp
    out[4] = np.log10((detail + 0.1) / (variance + 1.0))
    out[5] = spread / n / 255.0
    return out


@njit(cache=True, nogil=True)
def _shares(size: int, side: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """For each of `side` cells: first and one past the last pixel under it, and each pixel's share (side, most)."""
    first, last = np.empty(side, np.int64), np.empty(side, np.int64)
    weights = np.zeros((side, size // side + 3))
    for cell in range(side):
        low, high = cell * size / side, (cell + 1) * size / side
        first[cell] = int(np.floor(low + 1e-9))
        last[cell] = min(int(np.ceil(high - 1e-9)), size)
        for pixel in range(first[cell], last[cell]):
            weights[cell, pixel - first[cell]] = (min(high, pixel + 1.0) - max(low, float(pixel))) / (high - low)
    return first, last, weights


@njit(cache=True, nogil=True)
def shrink(plane: NDArray[np.int32], side: int) -> Floats:
    """Average a plane (h, w) over the cells of a square grid, pixels on a border shared: (side, side)."""
    height, width = plane.shape
    if height == side and width == side:
        return plane.astype(np.float64)
    y_first, y_last, y_weight = _shares(height, side)
    x_first, x_last, x_weight = _shares(width, side)
    rows = np.zeros((height, side))
    for y in range(height):
        for cell in range(side):
            total = 0.0
            for x in range(x_first[cell], x_last[cell]):
                total += x_weight[cell, x - x_first[cell]] * plane[y, x]
            rows[y, cell] = total
    out = np.zeros((side, side))
    for cell in range(side):
        for y in range(y_first[cell], y_last[cell]):
            for x in range(side):
                out[cell, x] += y_weight[cell, y - y_first[cell]] * rows[y, x]
    return out


@njit(cache=True, nogil=True)
def perceptual_hash(rgb: Pixels) -> np.uint64:
    """Hash what a picture looks like (pHash, Zauner 2010): 64 bits, few of which change with size or compression.

    (h, w, 3) -> the signs of its low frequencies against their median, row by row, the first in the lowest bit.
    """
    small = shrink(grey(rgb), SIDE)
    half = np.zeros((LOW, SIDE))
    for u in range(LOW):
        for y in range(SIDE):
            for x in range(SIDE):
                half[u, x] += _COSINES[u, y] * small[y, x]
    low = np.zeros(LOW * LOW)
    for u in range(LOW):
        for v in range(LOW):
            for x in range(SIDE):
                low[u * LOW + v] += half[u, x] * _COSINES[v, x]
    middle = np.median(low)
    out = np.uint64(0)
    for bit in range(LOW * LOW):
        if low[bit] > middle:
            out |= np.uint64(1) << np.uint64(bit)
    return out


@njit(cache=True, nogil=True)
def thumbnail(rgb: Pixels, side: int) -> Floats:
    """Average a picture over a square grid: (h, w, 3) -> (side, side, 3), 0 to 255."""
    out = np.empty((side, side, 3))
    for channel in range(3):
        out[:, :, channel] = shrink(rgb[:, :, channel].astype(np.int32), side)
    return out
