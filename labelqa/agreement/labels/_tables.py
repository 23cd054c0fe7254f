"""The tidy tables of `label_agreement`: items, annotators, repeats, weeks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa._kernels.intervals import holding, student_reach
from labelqa._kernels.labels.annotators import agreement_with_others, drop_one, expected_class_counts
from labelqa._kernels.labels.rows import item_agreement, item_modes
from labelqa._options import Resampling
from labelqa.agreement.labels._catalogue import ALPHA, PERCENT
from labelqa.agreement.labels._counted import CountedLabels
from labelqa.agreement.labels._result import measure
from labelqa.agreement.labels._sums import Sums, divide

Floats = NDArray[np.float64]


def per_item(counted: CountedLabels, codes: LabelCodes) -> pd.DataFrame:
    """Tabulate items, those with the least agreement first."""
    agreement = item_agreement(codes.offsets, codes.label, counted.scale.weights, codes.n_classes)
    top, n_top, is_tied = item_modes(codes.offsets, codes.label, codes.n_classes)
    n = np.diff(codes.offsets)
    labels = np.empty(counted.n_classes + 1, dtype=object)
    labels[:-1] = counted.class_values
    table = pd.DataFrame(
        {
            "item_id": codes.items,
            "n_labels": n,
            "agreement": agreement,
            "label": labels[top],
            "share": np.divide(n_top, n, out=np.full(len(n), np.nan), where=n > 0),
            "is_tied": is_tied,
        }
    )
    order = np.lexsort((-n, np.nan_to_num(agreement, nan=np.inf)))
    return table.iloc[order].reset_index(drop=True)


def per_annotator(
    counted: CountedLabels, codes: LabelCodes, seconds: Floats | None, confidence: float = 0.95
) -> pd.DataFrame:
    """Tabulate annotators: agreement with the others, effect of leaving them out, speed."""
    n_annotators = codes.n_annotators
    share, n_others = agreement_with_others(codes.offsets, codes.annotator, codes.label, counted.scale.weights)
    by = pd.DataFrame({"annotator": codes.annotator, "share": share}).groupby("annotator")["share"]
    found = by.agg(["mean", "std", "count"]).reindex(range(n_annotators))
    every = ALPHA.of_all(counted.rows)
    mean, n = found["mean"].to_numpy(np.float64), found["count"].to_numpy(np.float64)
    reach = student_reach(found["std"], n, confidence) / n**0.5
    low, high = holding(mean, np.maximum(mean - reach, 0.0), np.minimum(mean + reach, 1.0))
    without = alpha_without(counted, codes)
    table = pd.DataFrame(
        {
            "annotator_id": codes.annotators,
            "n_labels": np.bincount(codes.annotator, minlength=n_annotators),
            "n_compared": np.bincount(codes.annotator[n_others > 0], minlength=n_annotators),
            "agreement": mean,
            "low": low,
            "high": high,
            "beyond_chance": 1 - divide(1 - mean, 1 - every.expected),
            "alpha_without": without,
            "alpha_change": without - every.value[0],
        }
    )
    if seconds is not None:
        timed = pd.DataFrame({"annotator": codes.annotator, "seconds": seconds}).groupby("annotator")["seconds"]
        table["seconds"] = timed.median().reindex(range(n_annotators)).to_numpy()
    return table


def alpha_without(counted: CountedLabels, codes: LabelCodes) -> Floats:
    """Compute alpha without each annotator in turn, shape (A,)."""
    if counted.scale.name == "ordinal":
        # the distances follow the class counts, which change with each annotator left out
        parts = [counted.select(codes.annotator != g) for g in range(codes.n_annotators)]
        return np.asarray([ALPHA.of_all(part.rows).value[0] for part in parts])
    rows = counted.rows
    totals = rows.totals
    shape = (codes.n_annotators, codes.n_classes)
    agreement, counts = drop_one(codes.offsets, codes.annotator, codes.label, counted.scale.weights, shape)
    left = Sums(
        n_rated=totals.n_rated,
        n_paired=totals.n_paired,
        agreement=totals.agreement,
        coincidences=totals.coincidences - agreement,
        shares=totals.shares,
        counts=totals.counts - counts,
    )
    return ALPHA.value(rows, left, rows.times[None, :]).value


def annotator_bias(counted: CountedLabels, codes: LabelCodes) -> pd.DataFrame:
    """Tabulate how much more or less often than the others, on the same items, an annotator gives each class."""
    shape = (codes.n_annotators, codes.n_classes)
    said, expected = expected_class_counts(codes.offsets, codes.annotator, codes.label, *shape)
    n = said.sum(axis=1)
    who, what = np.nonzero((said > 0) | (expected > 0))
    share, usual = said[who, what] / n[who], expected[who, what] / n[who]
    return pd.DataFrame(
        {
            "annotator_id": codes.annotators[who],
            "label": counted.class_values[what],
            "n_compared": n[who].astype(np.int64),
            "share": share,
            "share_of_others": usual,
            "bias": share - usual,
        }
    )


def intra_annotator(codes: LabelCodes) -> pd.DataFrame:
    """Tabulate how far annotators agree with themselves where they labelled an item again."""
    new = np.ones(len(codes.item), bool)
    new[1:] = (np.diff(codes.item) != 0) | (np.diff(codes.annotator) != 0)
    starts = np.append(np.flatnonzero(new), len(new)).astype(np.int64)
    agreement = item_agreement(starts, codes.label, np.empty((0, 0)), codes.n_classes)
    again = np.diff(starts) >= 2
    table = pd.DataFrame(
        {
            "annotator_id": codes.annotator[starts[:-1]][again],
            "n_labels": np.diff(starts)[again],
            "agreement": agreement[again],
        }
    )
    found = table.groupby("annotator_id").agg(
        n_items=("agreement", "size"), n_labels=("n_labels", "sum"), agreement=("agreement", "mean")
    )
    found.insert(0, "annotator_id", codes.annotators[found.index.to_numpy(np.int64)])
    return found.reset_index(drop=True)


def over_time(
    counted: CountedLabels, codes: LabelCodes, times: pd.Series | None, confidence: float = 0.95
) -> pd.DataFrame:
    """Tabulate agreement by week; an item belongs to the week of its last label."""
    columns = ["week", "n_items", "n_labels", "n_annotators", "agreement", "alpha", "low", "high"]
    if times is None or times.isna().all():
        return pd.DataFrame({column: pd.Series([], dtype=np.float64) for column in columns})
    last = times.groupby(codes.item).max().reindex(range(codes.n_items))
    day = last.dt.tz_localize(None).dt.normalize()
    week = (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).to_numpy()
    records = []
    for start in np.unique(week[~np.isnat(week)]):
        part = counted.select((week == start)[codes.item])
        found = measure("krippendorff_alpha", part, Resampling(confidence=confidence))
        records.append(
            {
                "week": pd.Timestamp(start),
                "n_items": found.n_items,
                "n_labels": found.n_labels,
                "n_annotators": found.n_annotators,
                "agreement": float(PERCENT.of_all(part.rows).value[0]),
                "alpha": found.value,
                "low": found.low,
                "high": found.high,
            }
        )
    return pd.DataFrame(records, columns=columns)
