"""Whether annotators who drew the same box also gave it the same class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa._kernels.arrays import Floats
from labelqa._kernels.boxes.image_bootstrap import resampled_cells
from labelqa.agreement.boxes._sums import Bootstrap, PairSums, share_undefined


def class_agreement(sums: PairSums, bootstrap: Bootstrap) -> tuple[dict[str, float], dict[str, float]]:
    """Share of matched boxes with the same class, and nominal alpha of their two labels.

    First with their intervals, then the share of the replicates in which each is undefined.
    """
    codes, matches = sums.codes, sums.matches
    label_a, label_b = codes.label[matches.box_a].astype(np.int64), codes.label[matches.box_b].astype(np.int64)
    n_classes = len(codes.classes)
    item = sums.item[matches.pair]
    # one column per class, then one for pairs of boxes that differ
    width = n_classes + 1
    differing = item[label_a != label_b] * width + n_classes
    cells, counted = np.unique(
        np.concatenate([item * width + label_a, item * width + label_b, differing]), return_counts=True
    )
    column, weight = cells % width, counted.astype(np.float64)
    totals = np.bincount(column, weight, width).astype(np.float64)[:, None]
    drawn = resampled_cells(bootstrap.counts, cells // width, column, weight, width)
    share, alpha = _nominal(totals)
    drawn_share, drawn_alpha = _nominal(drawn)
    out: dict[str, float] = {}
    names = ("class_agreement", "class_alpha")
    for name, value, draws in zip(names, (share, alpha), (drawn_share, drawn_alpha), strict=True):
        low, high = bootstrap.ends(float(value[0]), draws)
        out |= {name: float(value[0]), f"{name}_low": low, f"{name}_high": high}
    return out, dict(zip(names, share_undefined(np.stack([drawn_share, drawn_alpha])), strict=True))


def class_confusion(sums: PairSums) -> pd.DataFrame:
    """How often matched boxes carry two classes, either way round: label_a, label_b, n_matches, the most first."""
    codes, matches = sums.codes, sums.matches
    labels = np.sort(np.column_stack([codes.label[matches.box_a], codes.label[matches.box_b]]), axis=1).astype(np.int64)
    cells, counted = np.unique(labels[:, 0] * max(len(codes.classes), 1) + labels[:, 1], return_counts=True)
    lower, upper = cells // max(len(codes.classes), 1), cells % max(len(codes.classes), 1)
    differ = lower != upper
    order = np.argsort(-counted[differ], kind="stable")
    table = pd.DataFrame({"n_matches": counted[differ][order]})
    table.insert(0, "label_a", pd.Series(codes.classes[lower[differ][order]], dtype=object))
    table.insert(1, "label_b", pd.Series(codes.classes[upper[differ][order]], dtype=object))
    return table


def _nominal(totals: Floats) -> tuple[Floats, Floats]:
    """Agreement and alpha from class counts and the number of differing pairs: (K + 1, R) -> (R,), (R,)."""
    per_class, differing = totals[:-1], totals[-1]
    n = per_class.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.where(n > 0, 2 * differing / n, np.nan)
        expected = (n**2 - (per_class**2).sum(axis=0)) / (n * (n - 1))
        return 1 - observed, np.where(expected > 0, 1 - observed / expected, np.nan)
