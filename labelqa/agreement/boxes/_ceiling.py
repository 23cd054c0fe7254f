"""How good a detector can look on labels as noisy as these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import BoxCodes
from labelqa._extras import require
from labelqa._kernels.boxes.average_precision import fit_of_detections, hits_of_detections, weighted_precision
from labelqa._kernels.boxes.clustering import leave_one_out_boxes
from labelqa._kernels.boxes.image_bootstrap import draw_counts
from labelqa._kernels.intervals import ratio_percentiles
from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

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
        Why the numbers are undefined (nan), or None.
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
        ax = axes(ax)
        ax.fill_between(self.table["iou_threshold"], self.table["ap_low"], self.table["ap_high"], color="#dddddd")
        ax.plot(self.table["iou_threshold"], self.table["ap"], color=COLOURS[0], marker="o")
        ax.set(xlabel="IoU threshold", ylabel="highest honest average precision", ylim=(0, 1))
        return ax


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
    MissingExtra
        Without faster-coco-eval, which computes the average precision (``pip install 'labelqa[coco]'``).
    OptionError
        For a `confidence` outside (0, 1) or a negative `n_resamples`.

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
    if not 0 < confidence < 1:
        raise OptionError(f"confidence={confidence!r} is not between 0 and 1; 0.95 is usual.")
    if n_resamples < 0:
        raise OptionError(f"n_resamples={n_resamples!r} is below 0; give 200, or 0 for no intervals.")
    codes = as_annotations(annotations).box_codes
    views = np.flatnonzero(np.diff(codes.item_offsets)[codes.view_item] >= 2)
    truth = _boxes_of(codes, views)
    found = _consensus_without(codes, views)
    by_threshold = _coco(found, truth, len(codes.classes)) if len(truth["box"]) else np.full(len(THRESHOLDS), np.nan)
    draws = _resampled(found, truth, codes.view_item[views], n_resamples, seed)
    ones = np.ones(n_resamples)
    bounds = {
        name: ratio_percentiles(draws[rows].mean(axis=0), ones, confidence)
        for name, rows in (("map", slice(None)), ("ap50", slice(0, 1)), ("ap75", slice(5, 6)))
    }
    each = [ratio_percentiles(row, ones, confidence) for row in draws]
    table = pd.DataFrame(
        {
            "iou_threshold": THRESHOLDS,
            "ap": by_threshold,
            "ap_low": [low for low, _ in each],
            "ap_high": [high for _, high in each],
        }
    )
    return DetectorCeiling(
        map=float(by_threshold.mean()),
        ap50=float(by_threshold[0]),
        ap75=float(by_threshold[5]),
        **{
            f"{name}_{end}": bound
            for name, pair in bounds.items()
            for end, bound in zip(("low", "high"), pair, strict=True)
        },
        n_images=len(np.unique(codes.view_item[views])),
        n_views=len(views),
        n_resamples=n_resamples,
        confidence=confidence,
        reason=None if len(truth["box"]) else "No image with two views has a box, so there is nothing to detect.",
        table=table,
    )


Boxes = dict[str, NDArray[Any]]


def _boxes_of(codes: BoxCodes, views: Longs) -> Boxes:
    """What each held-out view holds; views are numbered anew."""
    lengths = np.diff(codes.view_offsets)
    kept = np.isin(np.repeat(np.arange(len(lengths)), lengths), views)
    return {
        "box": codes.xyxy[kept],
        "label": codes.label[kept],
        "offsets": np.concatenate([[0], np.cumsum(lengths[views])]).astype(np.int64),
    }


def _consensus_without(codes: BoxCodes, views: Longs) -> Boxes:
    """What the other views of the image say, as scored boxes for each held-out view."""
    offsets, boxes, labels, share = leave_one_out_boxes(
        codes.xyxy, codes.label, np.ones(len(codes.xyxy)), codes.view_offsets, codes.item_offsets, 0.5
    )
    fit = fit_of_detections(boxes, offsets, codes.xyxy, codes.view_offsets, codes.item_offsets, codes.view_item, 0.5)
    lengths = np.diff(offsets)
    kept = np.isin(np.repeat(np.arange(len(lengths)), lengths), views)
    # shares differ by far more than 1e-6
    score = (share + 1e-6 * fit)[kept]
    starts = np.concatenate([[0], np.cumsum(lengths[views])]).astype(np.int64)
    return {"box": boxes[kept], "label": labels[kept], "score": score, "offsets": starts}


def _coco(found: Boxes, truth: Boxes, n_classes: int) -> Floats:
    """Average precision at each threshold, mean over classes, by faster-coco-eval; each view is one image to it."""
    package = require("faster_coco_eval", extra="coco", purpose="The ceiling on average precision")
    images = [{"id": view} for view in range(len(truth["offsets"]) - 1)]
    categories = [{"id": code + 1, "name": str(code)} for code in range(n_classes)]
    known = package.COCO({"images": images, "categories": categories, "annotations": _as_coco(truth)})
    if not len(found["box"]):
        return np.zeros(len(THRESHOLDS))
    evaluation = package.COCOeval_faster(known, known.loadRes(_as_coco(found)), "bbox")
    evaluation.params.iouThrs = THRESHOLDS
    # no limits by size or number of boxes
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0.0, 1e300]], ["all"]
    evaluation.params.maxDets = [int(np.diff(found["offsets"]).max())]
    evaluation.evaluate()
    evaluation.accumulate()
    # thresholds, recalls, classes, sizes, limits; -1 for a class that is not there
    precision = evaluation.eval["precision"][:, :, :, 0, 0]
    of_class = precision.mean(axis=1)
    return np.asarray(of_class[:, of_class[0] > -1].mean(axis=1), dtype=np.float64)


def _as_coco(boxes: Boxes) -> list[dict[str, Any]]:
    view = np.repeat(np.arange(len(boxes["offsets"]) - 1), np.diff(boxes["offsets"]))
    size = boxes["box"][:, 2:] - boxes["box"][:, :2]
    scores = boxes.get("score")
    return [
        {
            "id": k + 1,
            "image_id": int(view[k]),
            "category_id": int(boxes["label"][k]) + 1,
            "bbox": [*boxes["box"][k, :2].tolist(), *size[k].tolist()],
            "area": float(size[k, 0] * size[k, 1]),
            "iscrowd": 0,
            **({} if scores is None else {"score": float(scores[k])}),
        }
        for k in range(len(view))
    ]


def _resampled(found: Boxes, truth: Boxes, view_item: NDArray[np.int32], n_resamples: int, seed: int) -> Floats:
    """Average precision at each threshold in each bootstrap draw of images: (T, R)."""
    items, item = np.unique(view_item, return_inverse=True)
    counts = draw_counts(len(items), n_resamples, np.random.default_rng(seed))
    hits = hits_of_detections(
        found["box"], found["label"], found["score"], found["offsets"],
        truth["box"], truth["label"], truth["offsets"], THRESHOLDS,
    )  # fmt: skip
    of_found, of_truth = (np.repeat(item, np.diff(boxes["offsets"])) for boxes in (found, truth))
    falling = np.argsort(-found["score"], kind="stable")
    each = []
    for code in np.unique(truth["label"]):
        order = falling[found["label"][falling] == code]
        wanted = np.bincount(of_truth[truth["label"] == code], minlength=len(items)).astype(np.float64)
        each.append(weighted_precision(np.ascontiguousarray(hits[:, order]), of_found[order], wanted, counts))
    if not each:
        return np.full((len(THRESHOLDS), n_resamples), np.nan)
    # a class that no drawn image has does not count in that draw
    stacked = np.stack(each)
    present = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(present, stacked, 0).sum(axis=0) / present.sum(axis=0))
