"""The views of agreement on boxes: per class, annotator, pair, image, size and period."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Floats, Longs
from labelqa.agreement.boxes._sums import SCORES, Bootstrap, PairSums

#: Where small, medium and large begin and end, as the square root of a box's area in pixels (COCO's limits).
SIZES: Mapping[str, tuple[float, float]] = {"small": (0.0, 32.0), "medium": (32.0, 96.0), "large": (96.0, np.inf)}


class Sides:
    """Every box of every pair of views: once for each view it is compared with.

    Attributes
    ----------
    pair, box
        int64 (S,): the pair of views, in rising order, and the row of the box.
    is_second
        bool (S,): whether the box is in the pair's second view.
    match
        int64 (S,): the match the box is in, -1 for none.
    """

    def __init__(self, sums: PairSums) -> None:
        codes, matches = sums.codes, sums.matches
        starts = codes.view_offsets
        views = np.column_stack([matches.view_a, matches.view_b]).ravel()
        lengths = starts[views + 1] - starts[views]
        ends = np.cumsum(lengths)
        first = ends - lengths
        view = np.repeat(np.arange(len(views)), lengths)
        self.pair: Longs = view // 2
        self.is_second: NDArray[np.bool_] = view % 2 == 1
        self.box: Longs = np.repeat(starts[views] - first, lengths) + np.arange(int(lengths.sum()))
        self.match: Longs = np.full(len(self.box), -1)
        for side, boxes in ((0, matches.box_a), (1, matches.box_b)):
            view = views[2 * matches.pair + side]
            self.match[first[2 * matches.pair + side] + boxes - starts[view]] = np.arange(len(boxes))

    def values(self, sums: PairSums) -> Floats:
        """Matched, IoU of the match, one: shape (S, 3), the columns of `SCORES`."""
        is_matched = self.match >= 0
        iou = np.zeros(len(self.match))
        iou[is_matched] = sums.matches.iou[self.match[is_matched]]
        return np.column_stack([is_matched, iou, np.ones(len(iou))])


def per_annotator(sums: PairSums, bootstrap: Bootstrap) -> pd.DataFrame:
    """Each annotator against everybody who saw the same images."""
    codes, matches = sums.codes, sums.matches
    sides = np.column_stack([matches.view_a, matches.view_b])
    group = codes.view_annotator[sides].ravel().astype(np.int64)
    item = np.repeat(sums.item, 2)
    scores = bootstrap.ratios(group, len(codes.annotators), item, np.repeat(sums.totals, 2, axis=0), SCORES)
    shared = np.unique(sides)
    counts = pd.DataFrame(
        {
            "annotator_id": codes.annotators.astype(str),
            "n_images": np.bincount(codes.view_annotator[shared], minlength=len(codes.annotators)),
            "n_boxes": np.bincount(
                codes.view_annotator[shared], np.diff(codes.view_offsets)[shared], len(codes.annotators)
            ).astype(np.int64),
            "n_pairs": np.bincount(group, minlength=len(codes.annotators)),
        }
    )
    return pd.concat([counts, scores], axis=1)


def ranking(annotators: pd.DataFrame) -> pd.DataFrame:
    """Annotators by peer F1, the best first; equal F1 share a rank."""
    ranked = annotators.loc[annotators["f1"].notna()].sort_values("f1", ascending=False, kind="stable")
    rank = ranked["f1"].rank(ascending=False, method="min").astype(np.int64)
    ranked = ranked.assign(rank=rank, is_tied=rank.duplicated(keep=False))
    columns = ["rank", "annotator_id", "f1", "f1_low", "f1_high", "mean_iou", "pq", "n_images", "n_boxes", "is_tied"]
    return ranked[columns].reset_index(drop=True)


def per_pair(sums: PairSums, bootstrap: Bootstrap) -> pd.DataFrame:
    """Each two annotators who saw the same images."""
    codes, matches = sums.codes, sums.matches
    first, second = (codes.view_annotator[view].astype(np.int64) for view in (matches.view_a, matches.view_b))
    keys, group, n_images = np.unique(
        first * max(len(codes.annotators), 1) + second, return_inverse=True, return_counts=True
    )
    counts = pd.DataFrame(
        {
            "annotator_a": codes.annotators[keys // max(len(codes.annotators), 1)].astype(str),
            "annotator_b": codes.annotators[keys % max(len(codes.annotators), 1)].astype(str),
            "n_images": n_images,
            "n_matches": np.bincount(group, matches.n_matches, len(keys)).astype(np.int64),
        }
    )
    return pd.concat([counts, bootstrap.ratios(group, len(keys), sums.item, sums.totals, SCORES)], axis=1)


def per_item(sums: PairSums) -> pd.DataFrame:
    """Each image, the worst first."""
    codes = sums.codes
    n_pairs = np.bincount(sums.item, minlength=sums.n_images)
    totals = np.column_stack([np.bincount(sums.item, column, sums.n_images) for column in sums.totals.T])
    views = np.diff(codes.item_offsets)[sums.items]
    edges = codes.view_offsets[codes.item_offsets]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_iou = np.where(totals[:, 0] > 0, totals[:, 1] / totals[:, 0], np.nan)
    table = pd.DataFrame(
        {
            "item_id": codes.items[sums.items].astype(str),
            "n_views": views,
            "n_boxes": np.diff(edges)[sums.items],
            "n_pairs": n_pairs,
            "n_matches": (totals[:, 0] / 2).astype(np.int64),
            "f1": 1.0 - sums.image_mean(sums.f1_distance()),
            "mean_iou": mean_iou,
            "pq": 1.0 - sums.image_mean(sums.pq_distance()),
        }
    )
    return table.sort_values(["f1", "pq"], kind="stable").reset_index(drop=True)


def per_class(sums: PairSums, sides: Sides, any_class: PairSums, bootstrap: Bootstrap) -> pd.DataFrame:
    """Boxes of each class: how many find a partner, how well it fits, how often it has the same class.

    The last is counted on `any_class`, where boxes match whatever their class.
    """
    codes, n_classes = sums.codes, len(sums.codes.classes)
    scores = bootstrap.ratios(
        codes.label[sides.box].astype(np.int64), n_classes, sums.item[sides.pair], sides.values(sums), SCORES
    )
    matches = any_class.matches
    labels = np.column_stack([codes.label[matches.box_a], codes.label[matches.box_b]]).astype(np.int64)
    is_same = np.repeat(labels[:, 0] == labels[:, 1], 2)
    values = np.column_stack([is_same, np.ones(len(is_same))])
    item = np.repeat(any_class.item[matches.pair], 2)
    same = bootstrap.ratios(labels.ravel(), n_classes, item, values, {"class_agreement": (0, 1)})
    names = np.empty(n_classes, dtype=object)
    names[:] = codes.classes
    counts = pd.DataFrame({"label": names, "n_boxes": np.bincount(codes.label, minlength=n_classes)})
    return pd.concat([counts, scores, same], axis=1)


def per_size(sums: PairSums, sides: Sides, bootstrap: Bootstrap) -> pd.DataFrame:
    """Boxes by size; `edge_pixels` is the mean distance of a matched box's edges from its partner's."""
    codes, matches = sums.codes, sums.matches
    extent = np.maximum(codes.xyxy[:, 2:] - codes.xyxy[:, :2], 0.0)
    limits = [limit for limit, _ in SIZES.values()]
    group_of_box = np.searchsorted(limits, np.sqrt(extent.prod(axis=1)), side="right") - 1
    edge = np.abs(codes.xyxy[matches.box_a] - codes.xyxy[matches.box_b]).mean(axis=1)
    pixels = np.zeros(len(sides.match))
    found = sides.match >= 0
    pixels[found] = edge[sides.match[found]]
    values = np.column_stack([sides.values(sums), pixels])
    scores = bootstrap.ratios(
        group_of_box[sides.box], len(SIZES), sums.item[sides.pair], values, {**SCORES, "edge_pixels": (3, 0)}
    )
    counts = pd.DataFrame(
        {
            "size": list(SIZES),
            "from_pixels": [low for low, _ in SIZES.values()],
            "to_pixels": [high for _, high in SIZES.values()],
            "n_boxes": np.bincount(group_of_box, minlength=len(SIZES)),
        }
    )
    return pd.concat([counts, scores], axis=1)


def over_time(sums: PairSums, bootstrap: Bootstrap, views: pd.DataFrame) -> pd.DataFrame:
    """Pairs of views by the day, week or month of the later one; empty where no times are known."""
    times = _view_times(sums.codes, views)
    later = np.maximum(times[sums.matches.view_a], times[sums.matches.view_b])
    known = ~np.isnat(later)
    unit = _unit(later[known])
    start = pd.DatetimeIndex(later[known]).to_period(unit).start_time
    group, periods = pd.factorize(start, sort=True)
    item = sums.item[known]
    scores = bootstrap.ratios(group.astype(np.int64), len(periods), item, sums.totals[known], SCORES)
    counts = pd.DataFrame(
        {
            "period": periods,
            "unit": pd.Series([_UNITS[unit]] * len(periods), dtype="str"),
            "n_images": pd.Series(item).groupby(group).nunique().to_numpy(),
            "n_pairs": np.bincount(group, minlength=len(periods)),
        }
    )
    return pd.concat([counts, scores], axis=1)


_UNITS = {"D": "day", "W": "week", "M": "month"}


def _unit(times: NDArray[np.datetime64]) -> str:
    """Unit that gives at most about 30 periods where it can."""
    days = (times.max() - times.min()) / np.timedelta64(1, "D") if len(times) else 0.0
    return "D" if days <= 31 else "W" if days <= 217 else "M"


def _view_times(codes: BoxCodes, views: pd.DataFrame) -> NDArray[np.datetime64]:
    """When each view was made: (V,), NaT where unknown."""
    out = np.full(len(codes.view_item), np.datetime64("NaT"), dtype="datetime64[ns]")
    timed = views.loc[views["created_at"].notna() & (views["status"] != "skipped")]
    item = pd.Index(codes.items).get_indexer(pd.Index(timed["item_id"]))
    annotator = pd.Index(codes.annotators).get_indexer(pd.Index(timed["annotator_id"]))
    n = max(len(codes.annotators), 1)
    keys = codes.view_item.astype(np.int64) * n + codes.view_annotator
    stamps = pd.DatetimeIndex(timed["created_at"]).tz_convert(None) if len(timed) else pd.DatetimeIndex([])
    out[np.searchsorted(keys, item.astype(np.int64) * n + annotator)] = stamps.to_numpy().astype("datetime64[ns]")
    return out
