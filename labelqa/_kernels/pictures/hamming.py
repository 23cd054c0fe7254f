"""Pairs of 64-bit hashes that differ in few bits, by multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012)."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from labelqa._kernels.sorting import offsets_of, stable_order

Words = NDArray[np.uint64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

#: A hash is cut into this many bands of 16 bits: two hashes within `radius` have a band that differs in at most
#: ``radius // N_BANDS`` bits.
N_BANDS = 4
#: Beyond this every band would have to be probed at 697 places, and trying all pairs is as fast.
MAX_RADIUS = 11
_MASK = np.uint64(0xFFFF)


@intrinsic
def _popcount(typing_context: Any, word: Any) -> Any:  # pragma: no cover - compiled
    """Count the bits that are set, by the processor's own instruction."""
    signature = types.int64(types.uint64)

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return signature, generate


def _flips(n_bits: int) -> NDArray[np.int32]:
    """Give all 16-bit patterns with at most n_bits bits set, but 0."""
    patterns = np.arange(1, 1 << 16, dtype=np.int32)
    n_set = np.unpackbits(patterns.astype("<u2").view(np.uint8)).reshape(-1, 16).sum(axis=1)
    return np.asarray(patterns[n_set <= n_bits])


@njit(cache=True, nogil=True)
def _is_first(difference: int, band: int, n_bits: int) -> bool:
    """Whether no earlier band would have found the pair as well."""
    for b in range(band):  # noqa: SIM110 - numba compiles no generators
        if _popcount((difference >> np.uint64(16 * b)) & _MASK) <= n_bits:
            return False
    return True


@njit(cache=True, nogil=True)
def _scan(
    words: Words, order: Longs, offsets: Longs, flips: Ints, radius: int, band: int, out: Longs, found: int
) -> int:
    """Compare buckets of one band with themselves and with those a few bits away.

    words (n,) in the order of `order`; fills rows of out (m, 3) = (row, row, distance) from `found` on as long as there
    is room; gives how many there are in all.
    """
    n_bits = radius // N_BANDS
    for bucket in range(offsets.shape[0] - 1):
        start, end = offsets[bucket], offsets[bucket + 1]
        if start == end:
            continue
        for f in range(-1, flips.shape[0]):
            other = bucket if f < 0 else bucket ^ flips[f]
            if other < bucket:
                continue
            first, last = offsets[other], offsets[other + 1]
            for i in range(start, end):
                word = words[i]
                for j in range(i + 1 if f < 0 else first, last):
                    difference = word ^ words[j]
                    distance = _popcount(difference)
                    if distance <= radius and _is_first(difference, band, n_bits):
                        if found < out.shape[0]:
                            out[found, 0] = min(order[i], order[j])
                            out[found, 1] = max(order[i], order[j])
                            out[found, 2] = distance
                        found += 1
    return found


def near_pairs(words: Words, radius: int) -> Longs:
    """Find all pairs within `radius` bits, at most `MAX_RADIUS`.

    Parameters
    ----------
    words
        uint64 (n,), best without repeats: m equal hashes are m (m - 1) / 2 pairs.
    radius
        Bits in which two hashes may differ.

    Returns
    -------
    int64 (p, 3)
        Rows (i, j, distance) with i < j, sorted.
    """
    words = np.ascontiguousarray(words, dtype=np.uint64)
    flips = _flips(radius // N_BANDS)
    out = np.empty((max(1024, len(words) // 4), 3), np.int64)
    while True:
        found = 0
        for band in range(N_BANDS):
            codes = ((words >> np.uint64(16 * band)) & _MASK).astype(np.int32)
            order = stable_order(codes, 1 << 16, np.arange(len(words), dtype=np.int64))
            found = _scan(words[order], order, offsets_of(codes, 1 << 16), flips, radius, band, out, found)
        if found <= len(out):
            break
        out = np.empty((found, 3), np.int64)
    kept = out[:found]
    return np.asarray(kept[np.lexsort((kept[:, 1], kept[:, 0]))])


@njit(cache=True)
def joined(n: int, pairs: Longs) -> Longs:
    """Join rows that pairs (p, 2 or more columns) connect: (n,) the lowest row of each row's group."""
    parent = np.arange(n)
    for p in range(pairs.shape[0]):
        a, b = pairs[p, 0], pairs[p, 1]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a < b:
            parent[b] = a
        else:
            parent[a] = b
    for i in range(n):
        # parents are never higher than their children, so one pass suffices
        parent[i] = parent[parent[i]]
    return parent
