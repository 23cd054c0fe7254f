"""What stands between the annotators and full agreement: parts that add up to 1 - PQ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.arrays import Floats, Longs
from labelqa._kernels.boxes.mismatch import ALONE, DUPLICATE, LOOSE, OTHER_CLASS, SPLIT, kinds_of_sides
from labelqa.agreement.boxes._sums import Bootstrap, PairSums
from labelqa.agreement.boxes._tables import Sides

#: The parts, in the order in which they are shown.
PARTS = ("missed_extra", "location", "class", "duplicate", "split_merge")


def decomposition(sums: PairSums, sides: Sides, bootstrap: Bootstrap) -> pd.DataFrame:
    """Share of every part, over all, per annotator and per class.

    An annotator's `missed` boxes were drawn only by the others, the `extra` ones only by the annotator; over all and
    per class these are the same boxes seen from two sides, `missed_extra`.
    """
    codes, matches = sums.codes, sums.matches
    kinds = kinds_of_sides(
        matches.view_a,
        matches.view_b,
        codes.view_offsets,
        codes.xyxy,
        codes.label,
        sides.match >= 0,
        sums.iou_threshold,
        sums.is_aware,
    )
    losses = _losses(sums, sides, kinds)
    # one row for each of the two views of each pair
    view = 2 * sides.pair + sides.is_second
    by_view = np.column_stack([np.bincount(view, column, 2 * len(sums.item)) for column in losses.T]).astype(np.float64)
    item = np.repeat(sums.item, 2)
    everything = np.zeros(len(item), np.int64)
    names = np.empty(len(codes.classes), dtype=object)
    names[:] = codes.classes
    label = codes.label[sides.box].astype(np.int64)
    return pd.concat(
        [
            _shares("all", np.array([None], dtype=object), PARTS, bootstrap, everything, item, by_view),
            _per_annotator(sums, bootstrap, by_view),
            _shares("class", names, PARTS, bootstrap, label, sums.item[sides.pair], losses),
        ],
        ignore_index=True,
    )


def _losses(sums: PairSums, sides: Sides, kinds: NDArray[np.int8]) -> Floats:
    """What each side loses to each part, and 1 in the last column: (S, 6)."""
    location = (kinds == LOOSE).astype(np.float64)
    found = sides.match >= 0
    location[found] = 1.0 - sums.matches.iou[sides.match[found]]
    parts = [kinds == ALONE, location, kinds == OTHER_CLASS, kinds == DUPLICATE, kinds == SPLIT, np.ones(len(kinds))]
    return np.column_stack(parts).astype(np.float64)


def _per_annotator(sums: PairSums, bootstrap: Bootstrap, by_view: Floats) -> pd.DataFrame:
    """Each pair counts for both of its annotators: what stands alone is extra to one and missed to the other."""
    codes, matches = sums.codes, sums.matches
    own = codes.view_annotator[np.column_stack([matches.view_a, matches.view_b]).ravel()].astype(np.int64)
    other = own.reshape(-1, 2)[:, ::-1].ravel()
    alone, rest = by_view[:, :1], by_view[:, 1:]
    none = np.zeros_like(alone)
    # interleaved, so that images stay in rising order
    values = np.hstack([none, alone, rest, alone, none, rest]).reshape(-1, by_view.shape[1] + 1)
    group = np.column_stack([own, other]).ravel()
    parts = ("missed", "extra", *PARTS[1:])
    return _shares("annotator", codes.annotators, parts, bootstrap, group, np.repeat(sums.item, 4), values)


def _shares(  # noqa: PLR0917 - what it is, then what is counted
    scope: str,
    names: NDArray[np.object_],
    parts: tuple[str, ...],
    bootstrap: Bootstrap,
    group: Longs,
    item: Longs,
    values: Floats,
) -> pd.DataFrame:
    """Tidy rows (scope, id, part, share, share_low, share_high) of the groups that have any box."""
    ratios = {part: (column, len(parts)) for column, part in enumerate(parts)}
    table = bootstrap.ratios(group, len(names), item, values, ratios)
    rows = [
        pd.DataFrame(
            {
                "scope": scope,
                "id": names,
                "part": part,
                "share": table[part],
                "share_low": table[f"{part}_low"],
                "share_high": table[f"{part}_high"],
                "_order": np.arange(len(names)),
            }
        )
        for part in parts
    ]
    tidy = pd.concat(rows).sort_values("_order", kind="stable").drop(columns="_order")
    return tidy.loc[tidy["share"].notna()]
