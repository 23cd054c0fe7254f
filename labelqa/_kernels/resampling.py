"""The item bootstrap, drawn over distinct rows instead of items."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Numbers held at once; larger resamplings are drawn in blocks.
BLOCK = 4_000_000


def resampled_times(
    times: Longs, n_resamples: int, rng: np.random.Generator, width: int = 0
) -> Iterator[NDArray[np.float64]]:
    """Draw how often each distinct row occurs in each resample of all items.

    Parameters
    ----------
    times (D,)
        How many items have each row.
    n_resamples
        Number of resamples, each of ``times.sum()`` items with replacement.
    rng
        Source of randomness.
    width
        Numbers the caller will hold per resample beside the D drawn here.

    Yields
    ------
    array of shape (b, D)
        Blocks of resamples, `n_resamples` in all.
    """
    n_items, n_rows = int(times.sum()), len(times)
    size = max(1, BLOCK // max(n_rows, width, 1))
    row_of_item = None if n_rows * 10 <= n_items or n_rows < 1000 else np.repeat(np.arange(n_rows), times)
    for start in range(0, n_resamples, size):
        n = min(size, n_resamples - start)
        if row_of_item is None:
            yield rng.multinomial(n_items, times / n_items, size=n).astype(np.float64)
            continue
        # where most rows are distinct, drawing items costs less than a binomial number per row
        out = np.empty((n, n_rows))
        for b in range(n):
            drawn = row_of_item[rng.integers(0, n_items, n_items)]
            out[b] = np.bincount(drawn, minlength=n_rows)
        yield out
