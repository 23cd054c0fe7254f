"""Histograms of oriented gradients and of colours, with weights that fall linearly to the neighbouring bins."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]

#: Keeps the division of a flat patch defined; the same number stands in the exported graph.
EPSILON = 1e-6
#: Strength below which there is no gradient: a fortieth of one grey level. Rounding in a flat background would else be
#: blown up by the division, and differ from one program to the next.
FLAT = 1e-4
#: Where a block's entries are cut off before it is normalised again (Dalal and Triggs' "L2-Hys").
CLIP = 0.2


@njit(cache=True)
def orientation_cells(grey: Floats32, cell: int, n_bins: int) -> Floats32:
    """Sum gradient strength by cell and orientation.

    Parameters
    ----------
    grey
        (n, s, s), 0 to 1; s is a multiple of `cell`.

    Returns
    -------
    array of shape (n, s // cell, s // cell, n_bins)
        Orientation is that of the line, not of the arrow: atan(dy / dx) in (-pi/2, pi/2), bin centres at
        -pi/2 + (k + 1/2) pi / n_bins. Each pixel's strength is shared between its two nearest bins by distance.
    """
    n, side, _ = grey.shape
    cells = side // cell
    out = np.zeros((n, cells, cells, n_bins), np.float32)
    width = np.float32(math.pi / n_bins)
    half = np.float32(math.pi / 2)
    for i in range(n):
        for y in range(side):
            above, below = max(y - 1, 0), min(y + 1, side - 1)
            for x in range(side):
                dx = grey[i, y, min(x + 1, side - 1)] - grey[i, y, max(x - 1, 0)]
                dy = grey[i, below, x] - grey[i, above, x]
                strength = np.float32(math.sqrt(dx * dx + dy * dy)) - np.float32(FLAT)
                if strength <= 0:
                    continue
                angle = half if dx == 0 else np.float32(math.atan(dy / dx))
                place = (angle + half) / width - np.float32(0.5)
                lower = math.floor(place)
                share = np.float32(place - lower)
                low_bin = int(lower) % n_bins
                out[i, y // cell, x // cell, low_bin] += strength * (np.float32(1) - share)
                out[i, y // cell, x // cell, (low_bin + 1) % n_bins] += strength * share
    return out


@njit(cache=True)
def block_normalise(cells: Floats32) -> Floats32:
    """Normalise every 2 x 2 block of cells: divide by its length, cut at `CLIP`, divide again.

    Parameters
    ----------
    cells
        (n, c, c, b).

    Returns
    -------
    array of shape (n, (c - 1) * (c - 1) * 4 * b)
        Blocks by row and column; within a block the cells by row and column, then bins.
    """
    n, side, _, n_bins = cells.shape
    length = 4 * n_bins
    out = np.empty((n, (side - 1) * (side - 1) * length), np.float32)
    for i in range(n):
        at = 0
        for row in range(side - 1):
            for column in range(side - 1):
                block = out[i, at : at + length]
                for k in range(4):
                    block[k * n_bins : (k + 1) * n_bins] = cells[i, row + k // 2, column + k % 2]
                for _ in range(2):
                    total = np.float32(EPSILON)
                    for value in block:
                        total += value * value
                    scale = np.float32(1) / np.float32(math.sqrt(total))
                    for k in range(length):
                        block[k] = min(block[k] * scale, np.float32(CLIP)) if _ == 0 else block[k] * scale
                at += length
    return out


@njit(cache=True)
def colour_histogram(rgb: Floats32, n_bins: int) -> Floats32:
    """Share of pixels by brightness of each channel.

    Parameters
    ----------
    rgb
        (n, s, s, 3), 0 to 1.

    Returns
    -------
    array of shape (n, 3 * n_bins)
        Bin centres at k / (n_bins - 1); each pixel is shared between its two nearest bins. Sums to 1 per channel.
    """
    n, side, _, _ = rgb.shape
    out = np.zeros((n, 3 * n_bins), np.float32)
    one = np.float32(1) / np.float32(side * side)
    for i in range(n):
        for y in range(side):
            for x in range(side):
                for c in range(3):
                    place = rgb[i, y, x, c] * np.float32(n_bins - 1)
                    lower = min(int(place), n_bins - 2)
                    share = place - np.float32(lower)
                    out[i, c * n_bins + lower] += one * (np.float32(1) - share)
                    out[i, c * n_bins + lower + 1] += one * share
    return out
