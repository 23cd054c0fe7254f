"""The tables of `label_agreement` on classes: each against all others, and which two are mixed up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.intervals import holding, percentiles
from labelqa._kernels.labels.rows import class_pair_entries
from labelqa.agreement.labels._catalogue import ALPHA, FLEISS, GWET, class_agreement
from labelqa.agreement.labels._counted import CountedLabels
from labelqa.agreement.labels._estimate import RowFormula

Floats = NDArray[np.float64]

#: Column of `per_class` that has an interval -> its formula, to be drawn together with the coefficients.
DRAWN_PER_CLASS: dict[str, RowFormula] = {"agreement": class_agreement, "alpha": ALPHA.per_class}


def per_class(counted: CountedLabels, drawn: dict[str, Floats], confidence: float) -> pd.DataFrame:
    """Tabulate each class against all others; `drawn` are the resamples of `DRAWN_PER_CLASS`."""
    rows, parts = counted.rows, counted.rows.distinct
    times = np.repeat(rows.times, np.diff(parts.starts))
    counts = np.bincount(parts.code, weights=parts.count * times, minlength=counted.n_classes)
    n_items = np.bincount(parts.code, weights=times, minlength=counted.n_classes)
    table = {
        "label": counted.class_values,
        "n_labels": counts.astype(np.int64),
        "n_items": n_items.astype(np.int64),
        "share": counts / max(counts.sum(), 1),
    }
    for column, formula in DRAWN_PER_CLASS.items():
        value = formula(rows, rows.totals, rows.times[None, :]).value[0]
        ends = holding(value, *_interval(counted, drawn[column], confidence))
        table |= dict(zip((column, f"{column}_low", f"{column}_high"), (value, *ends), strict=True))
    table |= {"fleiss_kappa": FLEISS.classes_of_all(rows), "gwet_ac": GWET.classes_of_all(rows)}
    return pd.DataFrame(table)


def _interval(counted: CountedLabels, drawn: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Give the ends of each class's interval, (K,) both.

    A resample without the class tells nothing of it. Nor do all of them where a single item has it: they would all be
    the same, and the interval a point.
    """
    ends = np.full((2, counted.n_classes), np.nan)
    if len(drawn):
        for code in np.flatnonzero(counted.rows.times @ (counted.rows.counts > 0) >= 2):
            ends[:, code] = percentiles(drawn[:, code], confidence)
    return ends[0], ends[1]


def class_pairs(counted: CountedLabels) -> pd.DataFrame:
    """Tabulate which two classes are mixed up, and their share of all disagreement."""
    parts, k = counted.rows.distinct, counted.n_classes
    key, n_pairs, coincidences = class_pair_entries(parts.starts, parts.code, parts.count, parts.times, k)
    found, where = np.unique(key, return_inverse=True)
    low, high = found // max(k, 1), found % max(k, 1)
    distance = np.ones(len(found)) if counted.scale.is_nominal else 1 - counted.scale.weights[low, high]
    weight = np.bincount(where, weights=coincidences, minlength=len(found)) * distance
    counts = np.asarray(counted.rows.times @ counted.rows.counts)
    n = counts.sum()
    expected = 2 * counts[low] * counts[high] * distance
    among = n * n - counted.scale.of_shares(counts[None, :])[0]
    total = weight.sum()
    table = pd.DataFrame(
        {
            "label_a": counted.class_values[low],
            "label_b": counted.class_values[high],
            "n_pairs": np.bincount(where, weights=n_pairs, minlength=len(found)).astype(np.int64),
            "share": weight / total if total > 0 else np.full(len(found), np.nan),
            "expected_share": expected / among if among > 0 else np.full(len(found), np.nan),
        }
    )
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
