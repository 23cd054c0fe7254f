"""Edges that lie the same number of pixels away from everybody else's: a matter of files and tools, not of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc, ndtri

from labelqa._checks import BOX_EDGES
from labelqa._kernels.arrays import Flags, Floats
from labelqa.agreement.habits._edges import OUTWARDS, EdgeHabits

#: Smallest offset in pixels: half a pixel is one, what writing numbers in another precision leaves is none.
MIN_OFFSET = 0.25
#: An offset is constant where this share of the matches differ by it, to so many pixels; by hand at most half would.
MIN_SHARE, TOLERANCE, BY_HAND = 0.75, 0.05, 0.5


@dataclass(frozen=True, eq=False)
class Offsets:
    """Constant offsets of every annotator's edges against the others', (A, 4) each, nan where there is none.

    Attributes
    ----------
    pixels, low, high
        Median difference in pixels, above 0 outwards, with its interval from the order of the differences.
    share
        Share of the matches that differ by it.
    p
        Probability that so many would, drawn by hand, times the number of edges looked at.
    """

    pixels: Floats
    low: Floats
    high: Floats
    share: Floats
    p: Floats


def constant_offsets(habits: EdgeHabits, enough: Flags, confidence: float) -> Offsets:
    """Look for edges whose differences in pixels hardly spread, among annotators with `enough` (A,) matches."""
    found = Offsets(*(np.full((len(enough), 4), np.nan) for _ in range(5)))
    for annotator in np.flatnonzero(enough).tolist():
        is_first = habits.match_first == annotator
        mine = is_first | (habits.match_second == annotator)
        pixels = np.where(is_first, 1.0, -1.0)[mine, None] * habits.contrasts[mine, 7:]
        middle = np.median(pixels, axis=0)
        alike = np.abs(pixels - middle) <= TOLERANCE
        share, n = alike.mean(axis=0), len(pixels)
        is_constant = (np.abs(middle) >= MIN_OFFSET) & (share >= MIN_SHARE)
        reach = min(0.5, ndtri(0.5 + confidence / 2) * 0.5 / n**0.5)
        low, high = np.quantile(pixels, [0.5 - reach, 0.5 + reach], axis=0)
        p = np.minimum(1.0, 4 * enough.sum() * 2 * bdtrc(alike.sum(axis=0) - 1, n, BY_HAND))
        for out, values in zip(
            (found.pixels, found.low, found.high, found.share, found.p), (middle, low, high, share, p), strict=True
        ):
            out[annotator, is_constant] = values[is_constant]
    return found


def moved(pixels: Floats) -> Floats:
    """Turn offsets outwards into what is added to the coordinates, (4,); 0 where there is none."""
    return np.asarray(np.nan_to_num(pixels) * OUTWARDS)


def offset_words(shift: Floats) -> tuple[str, str]:
    """Say which coordinates are how much larger or smaller, and how files come to differ so."""
    edges = np.flatnonzero(shift)
    sizes = np.round(shift[edges], 2)
    said = []
    for size in sorted(set(sizes.tolist()), key=sizes.tolist().index):
        names = [BOX_EDGES[edge] for edge in edges[sizes == size]]
        how = f"{abs(size):g} {'pixel' if abs(size) == 1 else 'pixels'} {'larger' if size > 0 else 'smaller'}"
        said.append(f"{', '.join(names)} {how}")
    return f"{' and '.join(said)} than the others'", _cause(edges.tolist(), sizes)


def _cause(edges: list[int], sizes: Floats) -> str:
    same = len(set(np.abs(sizes).tolist())) == 1
    size = abs(float(sizes[0]))
    if same and size == 1 and set(edges) <= {2, 3}:
        return "one file counts the last pixel as part of the box and the other does not"
    if same and size == 1 and len(edges) == 4 and len(set(sizes.tolist())) == 1:
        return "one file counts pixels from 1 and the other from 0"
    if same and size == 0.5:
        return "one file means the centre of a pixel and the other its corner"
    return "one file counts or rounds pixels in another way"
