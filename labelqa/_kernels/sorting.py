"""Orders and offsets of integer codes, in linear time."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


@njit(cache=True)
def offsets_of(codes: Ints, n_codes: int) -> Longs:
    """Count codes and accumulate: shape (n_codes + 1,), the run of code k is ``[out[k], out[k + 1])``."""
    out = np.zeros(n_codes + 1, np.int64)
    for code in codes:
        out[code + 1] += 1
    for k in range(n_codes):
        out[k + 1] += out[k]
    return out


@njit(cache=True)
def stable_order(codes: Ints, n_codes: int, order: Longs) -> Longs:
    """Re-order `order` (row numbers, shape (n,)) so that codes[order] rises; equal codes keep their place."""
    # rows that `order` leaves out take no place
    position = offsets_of(codes[order], n_codes)
    out = np.empty(order.shape[0], np.int64)
    for row in order:
        code = codes[row]
        out[position[code]] = row
        position[code] += 1
    return out
