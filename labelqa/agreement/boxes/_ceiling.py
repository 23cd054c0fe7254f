"""How good a detector can look on labels as noisy as these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Floats, Longs
from labelqa._kernels.boxes.average_precision import ScoredBoxes, average_precision, fit_of_detections
from labelqa._kernels.boxes.clustering import leave_one_out_boxes
from labelqa._kernels.boxes.image_bootstrap import draw_counts
from labelqa._kernels.intervals import holding, percentiles
from labelqa._options import Resampling
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.agreement.boxes._plots import plot_ceiling
from labelqa.annotations import Annotations, as_annotations

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: COCO's thresholds.
THRESHOLDS = np.round(np.arange(0.5, 1.0, 0.05), 2)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DetectorCeiling(Result):
    """The average precision of the best honest answer to one more annotator.

    Attributes
    ----------
    map, ap50, ap75
        Mean over classes of average precision: over IoU 0.5 to 0.95, at 0.5 and at 0.75; with `_low` and `_high`.
    n_images, n_views
        Images with at least two views, and those views, each held out once.
    reason
        Why the numbers or their intervals are undefined (nan), or None.
    table
        Average precision at each IoU threshold.
    n_resamples, confidence
        As asked for.
    """

    map: float
    map_low: float
    map_high: float
    ap50: float
    ap50_low: float
    ap50_high: float
    ap75: float
    ap75_low: float
    ap75_high: float
    n_images: int
    n_views: int
    n_resamples: int
    confidence: float
    reason: str | None
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw average precision against the IoU threshold, with its interval."""
        return plot_ceiling(self.table, ax)


@takes_tables()
def detector_ceiling(
    annotations: Annotations | pd.DataFrame,
    *,
    n_resamples: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
) -> DetectorCeiling:
    """The mAP that no detector can honestly beat when it is scored against one annotator's labels.

    In turn each view is held out; the others' boxes, put together, play the detector: one median box for each cluster
    of overlapping boxes, scored by the share of views that have it (of equal shares the tighter cluster first). A
    detector that scores higher than this has learnt an annotator's habits, or the labels have been scored with its
    help.

    Parameters
    ----------
    annotations
        `Annotations`, or a table of boxes.
    n_resamples
        Bootstrap draws of whole images; 0 leaves the intervals nan.
    confidence
        Share of the draws that an interval holds.
    seed
        Seed of the bootstrap.

    Raises
    ------
    TableError
        For tables that `Annotations` refuses.
    OptionError
        For a `confidence` outside (0, 1), or an `n_resamples` or `seed` below 0.

    References
    ----------
    Lin et al., "Microsoft COCO", ECCV 2014 (mAP). Tschirschwitz and Rodehorst, "Label convergence: defining an upper
    performance bound in object recognition through contradictory annotations", WACV 2025 (the question).

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import detector_ceiling
    >>> edges = ["x_min", "y_min", "x_max", "y_max"]
    >>> boxes = pd.DataFrame(
    ...     [(1, who, 0, 0, 10, 10) for who in "abc"] + [(1, "c", 30, 0, 40, 10)],
    ...     columns=["item_id", "annotator_id", *edges],
    ... )
    >>> round(detector_ceiling(boxes, n_resamples=0).ap50, 3)
    0.752
    """
    sampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    codes = as_annotations(annotations).box_codes
    views = np.flatnonzero(np.diff(codes.item_offsets)[codes.view_item] >= 2)
    truth = boxes_of(codes, views)
    items, item = np.unique(codes.view_item[views], return_inverse=True)
    # the images as they are, then the draws
    counts = np.hstack(
        [np.ones((len(items), 1), np.uint8), draw_counts(len(items), sampling.n_resamples, sampling.generator())]
    )
    precision = average_precision(consensus_without(codes, views), truth, item, THRESHOLDS, counts)
    found = _with_ends("map", precision, sampling.confidence)
    reason = None
    if not len(truth.xyxy):
        reason = "No image with two views has a box, so there is nothing to detect."
    elif sampling.n_resamples and np.isnan(found["map_low"]):
        reason = "All resamples of the images give the same precision, so there is no interval."
    return DetectorCeiling(
        **found,
        **_with_ends("ap50", precision[:1], sampling.confidence),
        **_with_ends("ap75", precision[5:6], sampling.confidence),
        n_images=len(items),
        n_views=len(views),
        n_resamples=sampling.n_resamples,
        confidence=sampling.confidence,
        reason=reason,
        table=_by_threshold(precision, sampling.confidence),
    )


def boxes_of(codes: BoxCodes, views: Longs) -> ScoredBoxes:
    """What each held-out view holds; views are numbered anew."""
    lengths = np.diff(codes.view_offsets)
    kept = np.isin(np.repeat(np.arange(len(lengths)), lengths), views)
    return ScoredBoxes(codes.xyxy[kept], codes.label[kept], _offsets(lengths[views]), np.ones(int(kept.sum())))


def consensus_without(codes: BoxCodes, views: Longs) -> ScoredBoxes:
    """What the other views of the image say, as scored boxes for each held-out view."""
    offsets, boxes, labels, share = leave_one_out_boxes(
        codes.xyxy, codes.label, np.ones(len(codes.xyxy)), codes.view_offsets, codes.item_offsets, 0.5
    )
    fit = fit_of_detections(boxes, offsets, codes.xyxy, codes.view_offsets, codes.item_offsets, codes.view_item, 0.5)
    lengths = np.diff(offsets)
    kept = np.isin(np.repeat(np.arange(len(lengths)), lengths), views)
    # shares differ by far more than 1e-6
    return ScoredBoxes(boxes[kept], labels[kept], _offsets(lengths[views]), (share + 1e-6 * fit)[kept])


def _offsets(lengths: Longs) -> Longs:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _with_ends(name: str, precision: Floats, confidence: float) -> dict[str, float]:
    """Mean over thresholds of the value and, from the draws, its ends: precision (T, 1 + R)."""
    mean = precision.mean(axis=0)
    low, high = holding(mean[0], *percentiles(mean[1:], confidence))
    return {name: float(mean[0]), f"{name}_low": float(low), f"{name}_high": float(high)}


def _by_threshold(precision: Floats, confidence: float) -> pd.DataFrame:
    ends = np.array([percentiles(draws, confidence) for draws in precision[:, 1:]])
    low, high = holding(precision[:, 0], ends[:, 0], ends[:, 1])
    return pd.DataFrame({"iou_threshold": THRESHOLDS, "ap": precision[:, 0], "ap_low": low, "ap_high": high})
