"""What stands between the annotators and full agreement: parts that add up to 1 - PQ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.mismatch import ALONE, DUPLICATE, LOOSE, OTHER_CLASS, SPLIT, kinds_of_sides
from labelqa.agreement._box_sums import Bootstrap, PairSums
from labelqa.agreement._box_tables import Sides

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

#: The parts, in the order in which they are shown.
PARTS = ("missed_extra", "location", "class", "duplicate", "split_merge")


def decomposition(
    sums: PairSums, sides: Sides, bootstrap: Bootstrap, iou_threshold: float, *, aware: bool
) -> pd.DataFrame:
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
        iou_threshold,
        aware,
    )
    losses = _losses(sums, sides, kinds)
    item = sums.item[sides.pair]
    everything = np.zeros(len(item), np.int64)
    label = codes.label[sides.box].astype(np.int64)
    names = np.empty(len(codes.classes), dtype=object)
    names[:] = codes.classes
    return pd.concat(
        [
            _shares("all", np.array([None], dtype=object), PARTS, bootstrap, everything, item, losses),
            _per_annotator(sums, sides, bootstrap, losses),
            _shares("class", names, PARTS, bootstrap, label, item, losses),
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


def _per_annotator(sums: PairSums, sides: Sides, bootstrap: Bootstrap, losses: Floats) -> pd.DataFrame:
    """Each pair counts for both of its annotators: what stands alone is extra to one and missed to the other."""
    codes, matches = sums.codes, sums.matches
    first = codes.view_annotator[matches.view_a].astype(np.int64)[sides.pair]
    second = codes.view_annotator[matches.view_b].astype(np.int64)[sides.pair]
    starts = codes.view_offsets[matches.view_a]
    is_first = (sides.box >= starts[sides.pair]) & (sides.box < codes.view_offsets[matches.view_a + 1][sides.pair])
    own, other = np.where(is_first, first, second), np.where(is_first, second, first)
    alone, rest = losses[:, :1], losses[:, 1:]
    none = np.zeros_like(alone)
    # interleaved, so that images stay in rising order
    values = np.stack([np.hstack([none, alone, rest]), np.hstack([alone, none, rest])], axis=1).reshape(-1, 7)
    group = np.column_stack([own, other]).ravel()
    item = np.repeat(sums.item[sides.pair], 2)
    parts = ("missed", "extra", *PARTS[1:])
    return _shares("annotator", codes.annotators, parts, bootstrap, group, item, values)


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
