"""How far small places stand out from their surroundings, wherever they are in the picture."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]

#: Sides of the inner and the outer window, pixels of the square.
WINDOWS = ((1, 5), (1, 9), (3, 15), (5, 31))
#: One grey level: differences below it are noise, and logarithms stay finite.
LEVEL = 1.0 / 255.0
#: Numbers per map and pair of windows.
N_STATISTICS = 5


@njit(cache=True)
def standing_out(maps: Floats32, inner: int, outer: int) -> Floats32:
    """Describe the difference of the means of two windows round every pixel; windows end at the edge.

    Parameters
    ----------
    maps
        (n, s, s).

    Returns
    -------
    array of shape (n, 5)
        Logarithms of (each plus `LEVEL`): the highest difference, the lowest (negated), the root mean square; and of
        the first two over the third.
    """
    n, side, _ = maps.shape
    out = np.empty((n, N_STATISTICS), np.float32)
    sums = np.zeros((side + 1, side + 1))
    for i in range(n):
        for y in range(side):
            line = 0.0
            for x in range(side):
                line += maps[i, y, x]
                sums[y + 1, x + 1] = sums[y, x + 1] + line
        high, low, square = -1e9, 1e9, 0.0
        for y in range(side):
            for x in range(side):
                value = _mean(sums, y, x, inner // 2) - _mean(sums, y, x, outer // 2)
                high, low = max(high, value), min(low, value)
                square += value * value
        # a flat map has no difference either way; only rounding could make its highest one negative
        top, bottom = math.log(max(high, 0.0) + LEVEL), math.log(max(-low, 0.0) + LEVEL)
        spread = math.log(math.sqrt(square / (side * side)) + LEVEL)
        out[i, 0], out[i, 1], out[i, 2] = top, bottom, spread
        out[i, 3], out[i, 4] = top - spread, bottom - spread
    return out


@njit(cache=True)
def _mean(sums: NDArray[np.float64], y: int, x: int, half: int) -> float:
    side = sums.shape[0] - 1
    top, bottom = max(y - half, 0), min(y + half + 1, side)
    left, right = max(x - half, 0), min(x + half + 1, side)
    total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return float(total / ((bottom - top) * (right - left)))
