"""How long each annotator's boxes are and where their edges lie, against the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labelqa._checks import BOX_EDGES
from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Counts, Flags, Floats, Longs
from labelqa._kernels.boxes.clustering import greedy_clusters
from labelqa._kernels.boxes.edge_bias import contrast_totals, least_squares_effects
from labelqa._kernels.boxes.matching import match_within
from labelqa._kernels.intervals import POINT, percentiles

#: Boxes that overlap this much show the same object; lower than for agreement, or the loosest boxes would not be seen.
OVERLAP = 0.3
#: Larger differences (log side ratio, or share of a side) are other mistakes and count as this much.
LIMIT = 0.7
#: Items below which nothing is called the same everywhere.
MIN_ITEMS = 5
SIDES = ("size", "width", "height")
#: Outwards is left, up, right, down.
OUTWARDS = np.array([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class EdgeHabits:
    """Effects of each annotator against the mean of the others, with bootstrap replicates.

    Attributes
    ----------
    effects
        float64 (A, 11): log side ratio (size, width, height), outward shift of each edge as a share of the side, the
        same in pixels.
    replicates
        float64 (R, A, 11).
    n_matches, n_items
        int64 (A,).
    explained
        Share of the variance of log size that the annotator explains.
    match_item, match_first, match_second
        int64 (M,): the item and the annotators of each match.
    contrasts
        float64 (M, 11): first minus second.
    """

    effects: Floats
    replicates: Floats
    n_matches: Longs
    n_items: Longs
    explained: float
    match_item: Longs
    match_first: Longs
    match_second: Longs
    contrasts: Floats


def edge_habits(codes: BoxCodes, counts: Counts, is_other: Flags) -> EdgeHabits:
    """Compare all boxes of the same object in pairs, those marked `is_other` left out; one effect per annotator."""
    n_annotators = len(codes.annotators)
    found = match_within(codes.item_offsets, codes.view_offsets, codes.xyxy, codes.label, OVERLAP)
    single = ~(is_other[found.box_a] | is_other[found.box_b])
    pair_of = found.pair[single]
    first = codes.view_annotator[found.view_a[pair_of]].astype(np.int64)
    second = codes.view_annotator[found.view_b[pair_of]].astype(np.int64)
    item = found.item[pair_of]
    contrasts = _contrasts(codes.xyxy[found.box_a[single]], codes.xyxy[found.box_b[single]])
    # the matches of two views stand together
    start = np.flatnonzero(np.diff(pair_of, prepend=-1))
    ones = np.ones((len(item), 1))
    sums = np.add.reduceat(np.hstack([ones, contrasts]), start) if len(start) else np.hstack([ones, contrasts])
    pairs, pair = np.unique(first[start] * n_annotators + second[start], return_inverse=True)
    one, other = np.divmod(pairs, max(n_annotators, 1))

    def solve(weight: Floats) -> Floats:
        totals = contrast_totals(weight, item[start], pair, sums, len(pairs))
        return least_squares_effects(totals, one, other, n_annotators)

    effects = solve(np.ones(len(codes.items)))
    replicates = [solve(counts[:, r].astype(np.float64)) for r in range(counts.shape[1])]
    both = np.concatenate([first, second])
    seen = pd.DataFrame({"annotator": both, "item": np.concatenate([item, item])}).drop_duplicates()
    return EdgeHabits(
        effects=effects,
        replicates=np.asarray(replicates).reshape(counts.shape[1], n_annotators, contrasts.shape[1]),
        n_matches=np.bincount(both, minlength=n_annotators),
        n_items=np.bincount(seen["annotator"], minlength=n_annotators),
        explained=_explained(codes, effects[:, 0], first, second, contrasts[:, 0]),
        match_item=item,
        match_first=first,
        match_second=second,
        contrasts=contrasts,
    )


def _contrasts(one: Floats, other: Floats) -> Floats:
    """Subtract matched boxes (M, 4): log size, width and height, edges as shares of the side and in pixels (M, 11)."""
    side, other_side = one[:, 2:] - one[:, :2], other[:, 2:] - other[:, :2]
    ratio = np.log(side) - np.log(other_side)
    size = 0.5 * ratio.sum(axis=1, keepdims=True)
    pixels = OUTWARDS * (one - other)
    shares = pixels / np.tile(0.5 * (side + other_side), 2)
    return np.hstack([np.clip(np.hstack([size, ratio, shares]), -LIMIT, LIMIT), pixels])


def _explained(codes: BoxCodes, effects: Floats, first: Longs, second: Longs, contrast: Floats) -> float:
    """Give the adjusted share of the squared log size ratios that the effects explain; nan where nothing is left over.

    Boxes, not pairs, are what is free to vary: a cluster of m boxes gives m - 1, and each annotator takes one.
    """
    cluster, offsets = greedy_clusters(codes.xyxy, codes.label, codes.view_offsets, codes.item_offsets, OVERLAP)
    size = np.bincount(cluster, minlength=int(offsets[-1]))
    free = float((size - 1).sum())
    used = len(np.unique(np.concatenate([first, second]))) - 1.0
    total = float(np.square(contrast).sum())
    if free <= used or total == 0:
        return float("nan")
    rest = contrast - (_centred(effects)[first] - _centred(effects)[second])
    return float(1.0 - np.square(rest).sum() / total * free / (free - used))


def _centred(against_others: Floats) -> Floats:
    """Turn effects against the mean of the others into effects that can be subtracted from each other."""
    n = np.isfinite(against_others).sum()
    return np.asarray(against_others * (n - 1) / n)


def shift_of(habits: EdgeHabits, annotator: int) -> Floats:
    """How far out this annotator's edges lie, as shares of the side: shape (4,) in the order of `BOX_EDGES`."""
    return np.asarray(np.nan_to_num(habits.effects[annotator, 3:7]) * OUTWARDS)


def side_table(codes: BoxCodes, habits: EdgeHabits, confidence: float) -> pd.DataFrame:
    """How much longer the sides are than the others', as a share: one row per annotator and side."""
    low, high = ends_of(habits, slice(0, 3), confidence)
    shares = [np.expm1(array).ravel() for array in (habits.effects[:, :3], low, high)]
    return pd.DataFrame(
        {
            "annotator_id": pd.Series(np.repeat(codes.annotators, 3), dtype="str"),
            "side": pd.Series(np.tile(SIDES, len(codes.annotators)), dtype="str"),
            **dict(zip(("effect", "low", "high"), shares, strict=True)),
            "n_matches": np.repeat(habits.n_matches, 3),
        }
    )


def edge_table(codes: BoxCodes, habits: EdgeHabits, confidence: float) -> pd.DataFrame:
    """How far out each edge lies against the others', as a share of the side and in pixels: one row per edge."""
    low, high = ends_of(habits, slice(3, None), confidence)
    columns: dict[str, Floats] = {}
    for name, part in (("effect", slice(0, 4)), ("pixels", slice(4, 8))):
        columns[name] = habits.effects[:, 3:][:, part].ravel()
        columns[f"{name}_low"], columns[f"{name}_high"] = low[:, part].ravel(), high[:, part].ravel()
    return pd.DataFrame(
        {
            "annotator_id": pd.Series(np.repeat(codes.annotators, 4), dtype="str"),
            "edge": pd.Series(np.tile(BOX_EDGES, len(codes.annotators)), dtype="str"),
            **columns,
            "n_matches": np.repeat(habits.n_matches, 4),
        }
    )


def ends_of(habits: EdgeHabits, columns: slice, confidence: float) -> tuple[Floats, Floats]:
    """Give the ends of effects, stretched to them where they leave them out.

    Replicates that are all alike make a point of the interval, which is one only where enough items show it: an edge
    that a tool moves by the same pixels everywhere.
    """
    effects = habits.effects[:, columns]
    low, high = bounds(habits.replicates[:, :, columns], confidence)
    is_one = (high - low > POINT) | (np.isfinite(effects) & (habits.n_items >= MIN_ITEMS)[:, None])
    low, high = (np.where(is_one, end, np.nan) for end in (low, high))
    return np.where(low > effects, effects, low), np.where(high < effects, effects, high)


def bounds(replicates: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Percentile bounds over the first axis; nan where fewer than half of the replicates are defined."""
    enough = np.isfinite(replicates).mean(axis=0) >= 0.5
    low, high = np.full(enough.shape, np.nan), np.full(enough.shape, np.nan)
    for place in zip(*np.nonzero(enough), strict=True):
        low[place], high[place] = percentiles(replicates[:, *place], confidence)
    return low, high
