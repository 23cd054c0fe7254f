"""The tables of `label_agreement` on classes: each against all others, and which two are mixed up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.labels.rows import class_pair_entries
from labelqa.agreement.labels._coefficient import class_values, percentiles
from labelqa.agreement.labels._formulas import CLASS_FORMULAS
from labelqa.agreement.labels._source import Source

Floats = NDArray[np.float64]


def per_class(source: Source, drawn: dict[str, Floats], confidence: float) -> pd.DataFrame:
    """Tabulate each class against all others; `drawn` is what `bootstrap` gives for the `CLASS_FORMULAS`."""
    rows, parts = source.rows, source.rows.rows
    times = np.repeat(rows.times, np.diff(parts.starts))
    counts = np.bincount(parts.code, weights=parts.count * times, minlength=source.n_classes)
    n_items = np.bincount(parts.code, weights=times, minlength=source.n_classes)
    table = {
        "label": source.class_values,
        "n_labels": counts.astype(np.int64),
        "n_items": n_items.astype(np.int64),
        "share": counts / max(counts.sum(), 1),
    }
    all_items = rows.times[None, :]
    for column, name in (("agreement", "class_agreement"), ("alpha", "class_alpha")):
        table[column] = CLASS_FORMULAS[name](rows, rows.sums(all_items), all_items).value[0]
        table[f"{column}_low"], table[f"{column}_high"] = _interval(source, drawn[name], confidence)
    table |= {name: class_values(name, source) for name in ("fleiss_kappa", "gwet_ac")}
    return pd.DataFrame(table)


def _interval(source: Source, drawn: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Give the ends of each class's interval, (K,) both.

    A resample without the class tells nothing of it. Nor do all of them where a single item has it: they would all be
    the same, and the interval a point.
    """
    ends = np.full((2, source.n_classes), np.nan)
    if len(drawn):
        for code in np.flatnonzero(source.rows.times @ (source.rows.counts > 0) >= 2):
            ends[:, code] = percentiles(drawn[:, code], confidence)
    return ends[0], ends[1]


def class_pairs(source: Source) -> pd.DataFrame:
    """Tabulate which two classes are mixed up, and their share of all disagreement."""
    parts, k = source.rows.rows, source.n_classes
    key, n_pairs, coincidences = class_pair_entries(parts.starts, parts.code, parts.count, parts.times, k)
    found, where = np.unique(key, return_inverse=True)
    low, high = found // max(k, 1), found % max(k, 1)
    distance = np.ones(len(found)) if source.scale.is_nominal else 1 - source.scale.weights[low, high]
    weight = np.bincount(where, weights=coincidences, minlength=len(found)) * distance
    counts = np.asarray(source.rows.times @ source.rows.counts)
    n = counts.sum()
    expected = 2 * counts[low] * counts[high] * distance
    among = n * n - source.scale.of_shares(counts[None, :])[0]
    total = weight.sum()
    table = pd.DataFrame(
        {
            "label_a": source.class_values[low],
            "label_b": source.class_values[high],
            "n_pairs": np.bincount(where, weights=n_pairs, minlength=len(found)).astype(np.int64),
            "share": weight / total if total > 0 else np.full(len(found), np.nan),
            "expected_share": expected / among if among > 0 else np.full(len(found), np.nan),
        }
    )
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
