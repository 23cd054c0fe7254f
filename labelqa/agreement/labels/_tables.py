"""The tidy tables of `label_agreement`: items, annotators, repeats, weeks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa._kernels.labels.annotators import agreement_with_others, drop_one, expected_class_counts
from labelqa._kernels.labels.rows import item_agreement, item_modes
from labelqa.agreement.labels._coefficient import estimates, wrap
from labelqa.agreement.labels._formulas import Sums, alpha
from labelqa.agreement.labels._source import Options, Source, select, source_of_codes

Floats = NDArray[np.float64]


def per_item(source: Source, codes: LabelCodes) -> pd.DataFrame:
    """Tabulate items, those with the least agreement first."""
    agreement = item_agreement(codes.offsets, codes.label, source.scale.weights, codes.n_classes)
    top, n_top, is_tied = item_modes(codes.offsets, codes.label, codes.n_classes)
    n = np.diff(codes.offsets)
    labels = np.empty(source.n_classes + 1, dtype=object)
    labels[:-1] = source.class_values
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


def per_annotator(source: Source, codes: LabelCodes, seconds: Floats | None, options: Options) -> pd.DataFrame:
    """Tabulate annotators: agreement with the others, strongest habit, effect of leaving them out, speed."""
    from scipy.stats import t

    n_annotators = codes.n_annotators
    share, n_others = agreement_with_others(codes.offsets, codes.annotator, codes.label, source.scale.weights)
    by = pd.DataFrame({"annotator": codes.annotator, "share": share}).groupby("annotator")["share"]
    found = by.agg(["mean", "std", "count"]).reindex(range(n_annotators))
    every = estimates(["krippendorff_alpha"], source, Options())["krippendorff_alpha"].numbers
    reach = (
        t.ppf((1 + options.confidence) / 2, np.maximum(found["count"] - 1, 1)) * found["std"] / found["count"] ** 0.5
    )
    without = alpha_without(source, codes)
    table = pd.DataFrame(
        {
            "annotator_id": codes.annotators,
            "n_labels": np.bincount(codes.annotator, minlength=n_annotators),
            "n_compared": np.bincount(codes.annotator[n_others > 0], minlength=n_annotators),
            "agreement": found["mean"].to_numpy(),
            "low": np.maximum((found["mean"] - reach).to_numpy(np.float64), 0.0),
            "high": np.minimum((found["mean"] + reach).to_numpy(np.float64), 1.0),
            "beyond_chance": (1 - (1 - found["mean"]) / (1 - every.expected[0])).to_numpy(),
            "alpha_without": without,
            "alpha_change": without - every.value[0],
        }
    )
    if seconds is not None:
        timed = pd.DataFrame({"annotator": codes.annotator, "seconds": seconds}).groupby("annotator")["seconds"]
        table["seconds"] = timed.median().reindex(range(n_annotators)).to_numpy()
    return table


def alpha_without(source: Source, codes: LabelCodes) -> Floats:
    """Compute alpha without each annotator in turn, shape (A,)."""
    if source.scale.name == "ordinal":
        # the distances follow the class counts, which change with each annotator left out
        parts = [source_of_codes(select(codes, codes.annotator != g), source) for g in range(codes.n_annotators)]
        return np.asarray([_alpha_of(part) for part in parts])
    rows = source.rows
    sums = rows.sums(rows.times[None, :])
    shape = (codes.n_annotators, codes.n_classes)
    agreement, counts = drop_one(codes.offsets, codes.annotator, codes.label, source.scale.weights, shape)
    left = Sums(
        n_rated=sums.n_rated,
        n_paired=sums.n_paired,
        agreement=sums.agreement,
        coincidences=sums.coincidences - agreement,
        shares=sums.shares,
        counts=sums.counts - counts,
    )
    return alpha(rows, left, rows.times[None, :]).value


def _alpha_of(source: Source) -> float:
    return float(estimates(["krippendorff_alpha"], source, Options())["krippendorff_alpha"].numbers.value[0])


def annotator_bias(source: Source, codes: LabelCodes) -> pd.DataFrame:
    """Tabulate how much more or less often than the others, on the same items, an annotator gives each class."""
    shape = (codes.n_annotators, codes.n_classes)
    said, expected = expected_class_counts(codes.offsets, codes.annotator, codes.label, *shape)
    n = said.sum(axis=1)
    who, what = np.nonzero((said > 0) | (expected > 0))
    share, usual = said[who, what] / n[who], expected[who, what] / n[who]
    return pd.DataFrame(
        {
            "annotator_id": codes.annotators[who],
            "label": source.class_values[what],
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


def over_time(source: Source, codes: LabelCodes, times: pd.Series | None, options: Options) -> pd.DataFrame:
    """Tabulate agreement by week; an item belongs to the week of its last label."""
    columns = ["week", "n_items", "n_labels", "n_annotators", "agreement", "alpha", "low", "high"]
    if times is None or times.isna().all():
        return pd.DataFrame({column: pd.Series([], dtype=np.float64) for column in columns})
    last = times.groupby(codes.item).max().reindex(range(codes.n_items))
    day = last.dt.tz_localize(None).dt.normalize()
    week = (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).to_numpy()
    records = []
    for start in np.unique(week[~np.isnat(week)]):
        part = source_of_codes(select(codes, (week == start)[codes.item]), source)
        found = estimates(["krippendorff_alpha", "percent_agreement"], part, options)
        alpha_found = wrap("krippendorff_alpha", part, options, found["krippendorff_alpha"])
        records.append(
            {
                "week": pd.Timestamp(start),
                "n_items": alpha_found.n_items,
                "n_labels": alpha_found.n_labels,
                "n_annotators": alpha_found.n_annotators,
                "agreement": float(found["percent_agreement"].numbers.value[0]),
                "alpha": alpha_found.value,
                "low": alpha_found.low,
                "high": alpha_found.high,
            }
        )
    return pd.DataFrame(records, columns=columns)
