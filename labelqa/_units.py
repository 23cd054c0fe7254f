"""In which unit and which way round boxes are drawn: what the distribution of coordinates says against itself.

Two kinds of evidence, for each annotator. *The frame*: middles of boxes lie outside the picture as given, and all boxes
lie in it when they are read in another way. *The others*: hardly any box overlaps one of another annotator on the same
item as given, and most do when they are read in another way. The thresholds come from `benchmarks/study_units.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import encode_ids
from labelqa._findings import Findings

BOX_EDGES = ("x_min", "y_min", "x_max", "y_max")
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Boxes of an annotator below which nothing is said of the unit.
MIN_BOXES = 10
#: Overlap from which a box shows what another annotator's box shows, in another unit too.
OVERLAP = 0.4
#: Least share of an annotator's boxes that overlap another's in another way of reading, and the least gain by it.
ALIKE, GAIN = 0.5, 0.3
#: Share of boxes with the middle outside the picture from which the frame is in doubt.
OUTSIDE = 0.1
#: Pairs of boxes that are looked at; beyond it every second, third... item.
MAX_PAIRS = 200_000
#: Pixels: how far from a whole pixel a mean difference may be, and its standard error at most.
NEAR_A_PIXEL, SURE_OF_A_PIXEL = 0.25, 0.15

#: x_min, y_min, x_max, y_max.
_SHIFTS = {"all edges": (1, 1, 1, 1), "right and lower edge": (0, 0, 1, 1), "left and upper edge": (1, 1, 0, 0)}


@dataclass(frozen=True, eq=False)
class Way:
    """Another way to read the corners of boxes (n, 4), given the width and height of their pictures (n, 2)."""

    finding: str
    action: str
    read: Callable[[Floats, Floats], Floats]


def _turned(corners: Floats, limit: Floats) -> Floats:
    x_min, y_min, x_max, y_max = corners.T
    return np.column_stack([y_min, limit[:, 1] - x_max, y_max, limit[:, 1] - x_min])


def _turned_back(corners: Floats, limit: Floats) -> Floats:
    x_min, y_min, x_max, y_max = corners.T
    return np.column_stack([limit[:, 0] - y_max, x_min, limit[:, 0] - y_min, x_max])


def _upside_down(corners: Floats, limit: Floats) -> Floats:
    return np.tile(limit, 2) - corners[:, [2, 3, 0, 1]]


def _divided(factor: int) -> Way:
    return Way(
        f"boxes that are {factor} times too large", f"kept: divide by {factor}", lambda corners, _: corners / factor
    )


SWAPPED = Way(
    "boxes with x and y exchanged",
    "kept, not clipped: exchange the columns, or width and height",
    lambda corners, _: corners[:, [1, 0, 3, 2]],
)
PERCENT = Way(
    "boxes in per cent of the picture, beside pixels",
    "kept: multiply by its size and divide by 100",
    lambda corners, limit: corners * np.tile(limit, 2) / 100,
)
_TURN = "kept, not clipped: the picture was shown turned (EXIF); turn the boxes, or the picture and its size"
TURNED = (
    Way("boxes of a picture turned by 90 degrees", _TURN, _turned),
    Way("boxes of a picture turned by 270 degrees", _TURN, _turned_back),
    Way("boxes of a picture turned by 180 degrees", _TURN, _upside_down),
)
TOO_LARGE = (_divided(10), _divided(100), _divided(1000))
WAYS = (SWAPPED, PERCENT, *TOO_LARGE, *TURNED)
#: Ways that hold for both sides of a pair: who of the two is right, only the frame can tell.
_MUTUAL = (SWAPPED, *TURNED)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Boxes: corners (n, 4), width and height of their pictures (n, 2; nan where unknown), annotator and item codes."""

    corners: Floats
    limit: Floats
    annotator: NDArray[np.intp]
    item: NDArray[np.intp]
    names: list[str]

    @classmethod
    def of(cls, table: pd.DataFrame, item_table: pd.DataFrame) -> Drawn:
        """Take a table of checked boxes."""
        annotator, names = pd.factorize(table["annotator_id"], sort=True)
        corners = table[list(BOX_EDGES)].to_numpy(np.float64)
        item = pd.factorize(table["item_id"])[0]
        if (np.bincount(item).astype(np.int64) ** 2).sum() > MAX_PAIRS:
            item = pd.factorize(table["item_id"], sort=True)[0]  # which items are looked at must not depend on rows
        return cls(corners, frames_of(table, item_table), annotator, item, [str(name) for name in names])

    def shares(self, flags: Flags, of: Flags | None = None) -> Floats:
        """Give the share of flagged boxes for each annotator, nan below `MIN_BOXES`."""
        of = np.ones(len(flags), bool) if of is None else of
        n = np.bincount(self.annotator[of], minlength=len(self.names))
        hits = np.bincount(self.annotator[of & flags], minlength=len(self.names))
        return np.where(n >= MIN_BOXES, hits / np.maximum(n, 1), np.nan)


def frames_of(table: pd.DataFrame, item_table: pd.DataFrame) -> Any:
    """Give the width and height of the picture of each box, (n, 2), nan where unknown."""
    frame = table[["item_id"]].merge(item_table[["item_id", "width", "height"]], on="item_id", how="left")
    return frame[["width", "height"]].to_numpy(np.float64)


def without_contradicted_sizes(given: pd.DataFrame | None, item_table: pd.DataFrame, found: Findings) -> pd.DataFrame:
    """Take sizes of pictures that boxes contradict for unknown: nothing is cut to a frame that cannot be right.

    A size given before the picture was turned is such a one, and so is that of a picture that was scaled. Either most
    boxes of all leave their pictures, or most annotators of a picture have a box with its middle outside, and all
    boxes are inside when width and height change places.
    """
    if given is None or not {"item_id", *BOX_EDGES} <= set(given.columns):
        return item_table
    codes, ids = encode_ids(given["item_id"].reset_index(drop=True), "item_id")
    table = pd.DataFrame({"item_id": pd.Series(ids[codes], dtype="str")})
    corners = given[list(BOX_EDGES)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    limit = frames_of(table, item_table)
    is_known = np.isfinite(limit).all(axis=1) & np.isfinite(corners).all(axis=1)
    # half a pixel over the edge is rounding
    leaves = is_known & (corners[:, 2:] > limit + 0.5).any(axis=1)
    if not leaves.any():
        return item_table
    wrong = table.loc[leaves, "item_id"].unique()
    what = "size of the picture that most boxes leave"
    if leaves.sum() > 0.5 * is_known.sum():
        what += _how_they_fit(corners[leaves], limit[leaves])
    else:
        wrong = _turned_items(table.assign(annotator_id=_annotators(given)), corners, limit, is_known)
        what += ", and fits when width and height change places"
    if len(wrong) < 2:
        return item_table  # one picture tells nothing of the others
    found.add("items", what, len(wrong), "taken as unknown: nothing is clipped", wrong)
    is_wrong = item_table["item_id"].isin(wrong)
    sizes = item_table[["width", "height"]].mask(is_wrong)
    return item_table.assign(width=sizes["width"], height=sizes["height"])


def _annotators(given: pd.DataFrame) -> Any:
    return given["annotator_id"].to_numpy() if "annotator_id" in given else ""


def _how_they_fit(corners: Floats, limit: Floats) -> str:
    if (corners[:, 2:] <= limit[:, ::-1] + 0.5).all():
        return ", and fits when width and height change places"
    scale = next((factor for factor in (10, 100, 1000) if (corners[:, 2:] <= factor * (limit + 0.5)).all()), None)
    if scale and _outside(corners, limit).mean() > 0.5:
        return f", and fits when they are divided by {scale}"
    return ""


def _turned_items(table: pd.DataFrame, corners: Floats, limit: Floats, is_known: Flags) -> Any:
    # to the left of a picture, or above it, is a slip of the hand; a turned one is left to the right or downwards
    out = is_known & (corners[:, :2] + corners[:, 2:] > 2 * limit).any(axis=1)
    fits = ~is_known | ((corners >= -0.5).all(axis=1) & (corners[:, 2:] <= limit[:, ::-1] + 0.5).all(axis=1))
    rows = table.assign(out=out, fits=fits)
    rows = rows.loc[rows["item_id"].isin(rows.loc[out, "item_id"])]
    by_view = rows.groupby(["item_id", "annotator_id"], sort=False)[["out", "fits"]].agg({"out": "any", "fits": "all"})
    items = by_view.groupby("item_id", sort=False).agg({"out": "mean", "fits": "all"})
    return items.index[(items["out"] > 0.5) & items["fits"]].to_numpy()


def tell_units(table: pd.DataFrame, item_table: pd.DataFrame, found: Findings) -> Flags:
    """Report annotators who draw in another unit, the other way round or beside the others by a pixel.

    Returns
    -------
    ndarray of bool (n,)
        The boxes of annotators whose frames cannot be right: they are not to be cut to them.
    """
    if table.empty:
        return np.zeros(0, bool)
    drawn = Drawn.of(table, item_table)
    pairs = Pairs.of(drawn)
    by_frame, by_others = ways_by_frame(drawn), ways_by_others(drawn, pairs)
    ways = by_frame | by_others
    for way in WAYS:
        told = [code for code in sorted(ways) if ways[code] is way]
        _tell(drawn, told, way.finding, way.action, found)
    known = {code for code, way in ways.items() if way in (PERCENT, *TOO_LARGE)}
    _tell_reach(drawn, known, found)
    for pattern, told in offsets(drawn, pairs).items():
        _tell(drawn, told, f"boxes beside those of the others by a pixel ({pattern})",
              "kept: one side counts pixels from 1, or to the last one instead of behind it", found)  # fmt: skip
    turned = [code for code, way in ways.items() if way is not PERCENT]
    out = drawn.shares(_outside(drawn.corners, drawn.limit)) > 0.5
    return np.isin(drawn.annotator, turned) | out[drawn.annotator]


def _tell(drawn: Drawn, codes: list[int], finding: str, action: str, found: Findings) -> None:
    n = np.bincount(drawn.annotator, minlength=len(drawn.names))
    found.add("boxes", finding, int(n[codes].sum()) if codes else 0, action,
              [f"{drawn.names[code]}: {n[code]:,}" for code in codes])  # fmt: skip


def _outside(corners: Floats, limit: Floats) -> Flags:
    """Tell boxes whose middle is outside the picture; where its size is unknown none is."""
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    return np.asarray(((middle < 0) | (middle > limit)).any(axis=1))


def _inside(corners: Floats, limit: Floats) -> Flags:
    # a hundredth of the side over the edge is rounding, or a hand that slipped
    return np.asarray((corners >= -0.01 * np.tile(limit, 2)).all(axis=1) & (corners[:, 2:] <= 1.01 * limit).all(axis=1))


def ways_by_frame(drawn: Drawn) -> dict[int, Way]:
    """Give the way in which the boxes of an annotator fit the pictures, for those whose boxes do not as given."""
    known = np.asarray(np.isfinite(drawn.limit).all(axis=1))
    out = drawn.shares(_outside(drawn.corners, drawn.limit), known)
    ways = dict.fromkeys(np.flatnonzero(_are_percent(drawn, known)).tolist(), PERCENT)
    for code in np.flatnonzero(out >= OUTSIDE).tolist():
        mine = known & (drawn.annotator == code)
        corners, limit = drawn.corners[mine], drawn.limit[mine]
        # divided far enough everything fits: at least half must have been outside, and the sides be used again
        scales = [way for way in TOO_LARGE if out[code] >= 0.5 and _fits(way, corners, limit) >= 0.99]
        if _fits(SWAPPED, corners, limit) >= 0.99:
            ways[code] = SWAPPED
        elif scales and (scales[0].read(corners, limit)[:, 2:] / limit).max() > 0.5:
            ways[code] = scales[0]
    return ways


def _fits(way: Way, corners: Floats, limit: Floats) -> float:
    return float(_inside(way.read(corners, limit), limit).mean())


def _are_percent(drawn: Drawn, known: Flags) -> Flags:
    """Tell annotators whose boxes fill 0 to 100 on both axes, of pictures that are much larger (A,)."""
    large = known & ((drawn.limit > 200).all(axis=1))
    within = drawn.shares((drawn.corners >= -0.5).all(axis=1) & (drawn.corners <= 100.5).all(axis=1) & large, known)
    told = np.zeros(len(drawn.names), bool)
    for code in np.flatnonzero(within >= 1).tolist():
        mine = drawn.corners[drawn.annotator == code]
        middle = (mine[:, :2] + mine[:, 2:]) / 2
        spread = np.quantile(middle, 0.95, axis=0) - np.quantile(middle, 0.05, axis=0)
        # a logo that is always in the same corner fills no such field
        told[code] = bool((spread > 40).all() and (mine[:, 2:].max(axis=0) > 75).all())
    return told


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of boxes on one item by different annotators: the rows of both, and where those of each first box begin."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, drawn: Drawn) -> Pairs:
        """Pair boxes; of too many, every second, third... item is looked at."""
        counts = np.bincount(drawn.item)
        step = max(1, int(np.ceil((counts.astype(np.int64) ** 2).sum() / MAX_PAIRS)))
        rows = np.flatnonzero((drawn.item % step == 0) & (counts[drawn.item] > 1))
        rows = rows[np.argsort(drawn.item[rows], kind="stable")]
        item = drawn.item[rows]
        n = counts[item]
        begin = np.searchsorted(item, item)
        first = np.repeat(np.arange(len(rows)), n)
        second = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n) + np.repeat(begin, n)
        differs = drawn.annotator[rows[first]] != drawn.annotator[rows[second]]
        first, second = rows[first[differs]], rows[second[differs]]
        starts = np.flatnonzero(np.diff(first, prepend=-1))
        return cls(first, second, starts)

    def overlap(self, drawn: Drawn, way: Way | None = None, of: Flags | None = None) -> Floats:
        """Give the IoU of every pair, (P,), the first box read in a way; 0 for others than the boxes asked for."""
        used = np.ones(len(self.first), bool) if of is None else of[self.first]
        first, second = self.first[used], self.second[used]
        a, b = drawn.corners[first], drawn.corners[second]
        if way is not None:
            a = way.read(a, drawn.limit[first])
        sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
        shared = np.clip(sides, 0, None).prod(axis=1)
        union = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - shared
        iou = np.zeros(len(used))
        iou[used] = np.where(shared > 0, shared / np.where(union > 0, union, np.inf), 0.0)  # nan where no size is known
        return iou

    def alike(self, drawn: Drawn, overlap: Floats) -> Floats:
        """Give the share of each annotator's boxes that overlap another's, nan below `MIN_BOXES`."""
        compared, flags = np.zeros(len(drawn.item), bool), np.zeros(len(drawn.item), bool)
        compared[self.first[self.starts]] = True
        if len(self.starts):
            flags[self.first[self.starts]] = np.maximum.reduceat(overlap, self.starts) >= OVERLAP
        return drawn.shares(flags, compared)


def ways_by_others(drawn: Drawn, pairs: Pairs) -> dict[int, Way]:
    """Give the way in which the boxes of an annotator are those of the others, where they are not as given."""
    as_given = pairs.alike(drawn, pairs.overlap(drawn))
    unlike = as_given <= 1 - GAIN
    if not unlike.any():
        return {}
    asked = unlike[drawn.annotator]
    alike = np.array([pairs.alike(drawn, pairs.overlap(drawn, way, asked)) for way in WAYS])
    best = np.nan_to_num(alike).argmax(axis=0)
    most = alike[best, np.arange(len(best))]
    ways = {code: WAYS[best[code]] for code in np.flatnonzero((most >= ALIKE) & (most - as_given >= GAIN)).tolist()}
    out = np.bincount(drawn.annotator[_outside(drawn.corners, drawn.limit)], minlength=len(drawn.names)) > 2
    mutual = [code for code, way in ways.items() if way in _MUTUAL]
    cleared = [code for code in mutual if not out[code] and out[mutual].any()]
    return {code: way for code, way in ways.items() if code not in cleared}


def offsets(drawn: Drawn, pairs: Pairs) -> dict[str, list[int]]:
    """Give annotators whose edges lie a pixel beside those of the others, by which edges: shifts, not looser boxes."""
    overlap = pairs.overlap(drawn)
    if not len(pairs.starts):
        return {}
    best = np.maximum.reduceat(overlap, pairs.starts)
    owner = np.repeat(np.arange(len(pairs.starts)), np.diff(np.append(pairs.starts, len(overlap))))
    hit = np.flatnonzero((overlap == best[owner]) & (best[owner] >= 0.5))
    hit = hit[np.unique(owner[hit], return_index=True)[1]]
    first, second = pairs.first[hit], pairs.second[hit]
    apart = drawn.corners[first] - drawn.corners[second]
    near = (np.abs(apart) < 4).all(axis=1)
    apart, code = apart[near], drawn.annotator[first[near]]
    n = np.maximum(np.bincount(code, minlength=len(drawn.names)), 1)
    mean = np.column_stack([np.bincount(code, apart[:, k], len(drawn.names)) / n for k in range(4)])
    square = np.column_stack([np.bincount(code, apart[:, k] ** 2, len(drawn.names)) / n for k in range(4)])
    error = np.sqrt(np.maximum(square - mean**2, 0) / n[:, None]).max(axis=1)
    sure = (n >= MIN_BOXES) & (error <= SURE_OF_A_PIXEL)
    patterns = {f"{name} {sign:+d}": sign * np.array(edges) for name, edges in _SHIFTS.items() for sign in (1, -1)}
    told = {name: sure & (np.abs(mean - edges) <= NEAR_A_PIXEL).all(axis=1) for name, edges in patterns.items()}
    return {name: np.flatnonzero(flags).tolist() for name, flags in told.items() if flags.any()}


def _tell_reach(drawn: Drawn, known: set[int], found: Findings) -> None:
    """Report coordinates that are shares of the picture, and annotators who reach far beyond the others."""
    reach = np.zeros(len(drawn.names))
    np.maximum.at(reach, drawn.annotator, np.abs(drawn.corners).max(axis=1))
    in_shares = reach <= 1.0 + 1e-9
    sizes = drawn.limit[np.isfinite(drawn.limit)]
    if in_shares.any() and (not in_shares.all() or (len(sizes) and sizes.max() > 1)):
        _tell(drawn, np.flatnonzero(in_shares).tolist(), "boxes with coordinates from 0 to 1, beside pixels",
              "kept: they look like shares of the picture; multiply them by its size", found)  # fmt: skip
    far = (reach > 20 * np.median(reach)) & (reach > 1)
    told = [code for code in np.flatnonzero(far).tolist() if code not in known]
    _tell(drawn, told, "boxes of annotators who reach more than 20 times as far as the others",
          "kept: check the unit", found)  # fmt: skip
