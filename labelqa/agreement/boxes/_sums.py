"""Sums over matched pairs of views, and the scores with intervals that come out of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Counts, Floats, Longs
from labelqa._kernels.boxes.image_bootstrap import draw_counts, merged_by_group, ratio_intervals, resampled_totals
from labelqa._kernels.boxes.matching import Matches, match_within
from labelqa._kernels.intervals import holding, percentiles
from labelqa._options import Resampling

#: Score -> (column of the numerator, column of the denominator) of sums over the two sides of each pair of views:
#: matched boxes, IoU of matched boxes, boxes. A match counts on both sides.
SCORES: Mapping[str, tuple[int, int]] = {"f1": (0, 2), "mean_iou": (1, 0), "pq": (1, 2)}


@dataclass(frozen=True, eq=False)
class PairSums:
    """All pairs of views of one data set, matched, with what adds up over them.

    Attributes
    ----------
    codes
        The boxes.
    iou_threshold, is_aware
        From which overlap boxes match, and whether only boxes of one class do.
    matches
        Their matches.
    item
        int64 (P,): the image of each pair, counted among the images that have at least two views.
    items
        int64 (n,): which images those are, as codes.
    """

    codes: BoxCodes
    iou_threshold: float
    is_aware: bool
    matches: Matches
    item: Longs
    items: Longs

    @property
    def n_images(self) -> int:
        """Number of images with at least two views."""
        return len(self.items)

    @property
    def n_annotators(self) -> int:
        """Number of annotators who made a view of these images."""
        shared = np.concatenate([self.matches.view_a, self.matches.view_b])
        return len(np.unique(self.codes.view_annotator[shared]))

    @cached_property
    def n_boxes(self) -> Longs:
        """Boxes of both views of each pair: shape (P,)."""
        per_view = np.diff(self.codes.view_offsets)
        return np.asarray(per_view[self.matches.view_a] + per_view[self.matches.view_b])

    @cached_property
    def totals(self) -> Floats:
        """Both sides' matched boxes, IoU of matched boxes, and boxes of each pair: shape (P, 3)."""
        return np.column_stack([2.0 * self.matches.n_matches, 2.0 * self.matches.sum_iou, self.n_boxes])

    def at(self, iou_threshold: float, *, aware: bool) -> PairSums:
        """Give the same pairs matched at another overlap or with other regard to classes."""
        if (iou_threshold, aware) == (self.iou_threshold, self.is_aware):
            return self
        return pair_sums(self.codes, iou_threshold, aware=aware)

    def f1_distance(self) -> Floats:
        """1 - F1 of each pair, 0 where both views are empty: shape (P,)."""
        return self._distance(0)

    def pq_distance(self) -> Floats:
        """1 - PQ of each pair, 0 where both views are empty: shape (P,)."""
        return self._distance(1)

    def _distance(self, column: int) -> Floats:
        return np.where(self.n_boxes > 0, 1.0 - self.totals[:, column] / np.maximum(self.n_boxes, 1), 0.0)

    def image_mean(self, of_pair: Floats) -> Floats:
        """Mean over the pairs of each image: shape (n_images,)."""
        n_pairs = np.bincount(self.item, minlength=self.n_images)
        return np.asarray(np.bincount(self.item, of_pair, self.n_images) / n_pairs)


def pair_sums(codes: BoxCodes, iou_threshold: float, *, aware: bool) -> PairSums:
    """Match every two views of each image."""
    matches = match_within(codes.item_offsets, codes.view_offsets, codes.xyxy, codes.label, iou_threshold, aware)
    items = np.flatnonzero(np.diff(codes.item_offsets) >= 2)
    return PairSums(codes, iou_threshold, aware, matches, np.searchsorted(items, matches.item), items)


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Draws of whole images, the same for every number.

    Attributes
    ----------
    counts
        uint8 (n_images, n_resamples): how often each image is drawn.
    confidence
        Share of the replicates that an interval holds.
    """

    counts: Counts
    confidence: float

    @classmethod
    def draw(cls, n_images: int, sampling: Resampling) -> Bootstrap:
        """Draw the images once."""
        return cls(draw_counts(n_images, sampling.n_resamples, sampling.generator()), sampling.confidence)

    def ratios(
        self, group: Longs, n_groups: int, item: Longs, values: Floats, ratios: Mapping[str, tuple[int, int]]
    ) -> pd.DataFrame:
        """Give name, name_low and name_high for every ratio of sums and every group; the ends hold the ratio.

        Parameters
        ----------
        group, item, values
            (E,), (E,), (E, K): what each entry adds; items in rising order.
        ratios
            Name -> columns of numerator and denominator.
        """
        offsets, items, sums = merged_by_group(group, n_groups, item, np.ascontiguousarray(values, dtype=np.float64))
        upper, lower = (np.array([pair[side] for pair in ratios.values()], np.int64) for side in (0, 1))
        low, high = ratio_intervals(self.counts, offsets, items, sums, upper, lower, self.confidence)
        totals = np.zeros((n_groups, sums.shape[1]))
        np.add.at(totals, np.repeat(np.arange(n_groups), np.diff(offsets)), sums)
        columns: dict[str, Floats] = {}
        for q, (name, (top, bottom)) in enumerate(ratios.items()):
            columns[name] = _divided(totals[:, top], totals[:, bottom])
            columns[f"{name}_low"], columns[f"{name}_high"] = holding(columns[name], low[:, q], high[:, q])
        return pd.DataFrame(columns)

    def ends(self, value: float, drawn: Floats) -> tuple[float, float]:
        """Give the interval of a value from what it is in each replicate, (R,); nan where it is none."""
        low, high = holding(value, *percentiles(drawn, self.confidence))
        return float(low), float(high)

    def shares_undefined(self, item: Longs, values: Floats, ratios: Mapping[str, tuple[int, int]]) -> dict[str, float]:
        """Give for every ratio of sums over all entries the share of the replicates without a denominator."""
        lower = np.array([bottom for _, bottom in ratios.values()], np.int64)
        totals = resampled_totals(self.counts, item, np.ascontiguousarray(values[:, lower], dtype=np.float64))
        return dict(zip(ratios, share_undefined(np.where(totals > 0, totals, np.nan)), strict=True))


def share_undefined(drawn: Floats) -> list[float]:
    """Give the share of the replicates that are undefined, (K, R) -> K; 0 without replicates."""
    return [float((~np.isfinite(one)).mean()) if len(one) else 0.0 for one in drawn]


def _divided(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient, nan where nothing was counted."""
    out = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out
