"""Pairs of 64-bit hashes that differ in few bits, by multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from labelqa._kernels.arrays import Ints, Longs, Words
from labelqa._kernels.sorting import offsets_of, stable_order

#: A hash is cut into this many bands of 16 bits: two hashes within `radius` have a band that differs in at most
#: ``radius // N_BANDS`` bits.
N_BANDS = 4
#: Beyond this every band would have to be probed at 697 places, and trying all pairs is as fast.
MAX_RADIUS = 11
_MASK = np.uint64(0xFFFF)
_EVERY_2ND = np.uint64(0x5555555555555555)
_EVERY_2_OF_4 = np.uint64(0x3333333333333333)
_EVERY_4_OF_8 = np.uint64(0x0F0F0F0F0F0F0F0F)
_EVERY_8TH = np.uint64(0x0101010101010101)


@njit(cache=True, nogil=True)
def _popcount(word: np.uint64) -> int:
    """Count the bits that are set, in ever wider fields side by side (Warren, Hacker's Delight, 2nd ed., 5-1).

    Compilers know this form and make the processor's own instruction of it.
    """
    word -= (word >> np.uint64(1)) & _EVERY_2ND
    word = (word & _EVERY_2_OF_4) + ((word >> np.uint64(2)) & _EVERY_2_OF_4)
    word = (word + (word >> np.uint64(4))) & _EVERY_4_OF_8
    # the product adds all bytes up in the highest one
    return int((word * _EVERY_8TH) >> np.uint64(56))


def _flips(n_bits: int) -> NDArray[np.int32]:
    """Give all 16-bit patterns with at most n_bits bits set, but 0."""
    patterns = np.arange(1, 1 << 16, dtype=np.int32)
    return np.asarray(patterns[np.bitwise_count(patterns) <= n_bits])


@njit(cache=True, nogil=True)
def _is_first(difference: np.uint64, band: int, n_bits: int) -> bool:
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


def joined(n: int, pairs: Longs) -> Longs:
    """Join rows that pairs (p, 2 or more columns) connect: (n,) the lowest row of each row's group."""
    if not len(pairs):
        return np.arange(n)
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    n_groups, group = connected_components(links, directed=False)
    lowest = np.full(n_groups, n)
    np.minimum.at(lowest, group, np.arange(n))
    return lowest[group]
