"""Tables of a box consensus: objects, members, annotators."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import BOX_EDGES
from labelqa._kernels.box_votes import overlap_with, spread_of, views_without
from labelqa._kernels.clustering import class_votes
from labelqa.consensus._box_model import Fit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Longs = NDArray[np.int64]
Texts = NDArray[np.object_]


def objects(fit: Fit, is_chosen: Flags, word: str) -> pd.DataFrame:
    """Describe the chosen clusters, by item and then by place; `word` stands in their ids."""
    clusters, codes = fit.clusters, fit.clusters.codes
    box_annotator = codes.view_annotator[clusters.box_view]
    winner, share, is_tied = class_votes(codes.label, fit.vote[box_annotator], clusters.offsets, clusters.members)
    spread = spread_of(codes.xyxy, fit.boxes, clusters.offsets, clusters.members)[is_chosen]
    boxes = fit.boxes[is_chosen]
    size = (boxes[:, 2:] - boxes[:, :2])[:, [0, 1, 0, 1]]
    with np.errstate(invalid="ignore", divide="ignore"):
        percent = np.where(size > 0, 100.0 * spread / size, np.nan)
    item = clusters.item[is_chosen]
    return pd.DataFrame(
        {
            "item_id": pd.Series(codes.items[item], dtype="str"),
            "box_id": pd.Series(_names(fit, is_chosen, word)[is_chosen], dtype="str"),
            "label": pd.Series(codes.classes[winner[is_chosen]], dtype=object).infer_objects(),
            **dict(zip(BOX_EDGES, boxes.T, strict=True)),
            "support": fit.support[is_chosen],
            "n_boxes": clusters.size[is_chosen],
            "n_views": np.diff(codes.item_offsets)[item],
            "is_tied": is_tied[is_chosen],
            "label_share": share[is_chosen],
            **{f"spread_{edge}": spread[:, k] for k, edge in enumerate(BOX_EDGES)},
            **{f"spread_{edge}_percent": percent[:, k] for k, edge in enumerate(BOX_EDGES)},
            "missing_from": pd.Series(_missing_from(fit)[is_chosen], dtype="str"),
        }
    )


def _names(fit: Fit, is_chosen: Flags, word: str) -> Texts:
    """Name the chosen clusters of each item: item_id/word/1, item_id/word/2 ...; None for the others."""
    item = fit.clusters.item
    before: Longs = np.cumsum(is_chosen) - is_chosen
    first: Longs = np.searchsorted(item, item)
    nth = before - before[first] + 1
    out = np.full(len(item), None, dtype=object)
    names, items = fit.clusters.codes.items, item[is_chosen].tolist()
    out[is_chosen] = [f"{names[i]}/{word}/{n}" for i, n in zip(items, nth[is_chosen].tolist(), strict=True)]
    return out


def _missing_from(fit: Fit) -> Texts:
    clusters, codes = fit.clusters, fit.clusters.codes
    starts, views = views_without(
        clusters.item, clusters.offsets, clusters.members, clusters.box_view, codes.item_offsets
    )
    ids = codes.annotators[codes.view_annotator[views]].tolist()
    out = np.full(len(clusters.item), "", dtype=object)
    some = np.flatnonzero(np.diff(starts))
    for k, start, stop in zip(some.tolist(), starts[some].tolist(), starts[some + 1].tolist(), strict=True):
        out[k] = "; ".join(ids[start:stop])
    return out


def members(fit: Fit, boxes: pd.DataFrame) -> pd.DataFrame:
    """Say which consensus box each box belongs to, in the order of the boxes table."""
    clusters, codes = fit.clusters, fit.clusters.codes
    kept = fit.is_kept[clusters.cluster]
    iou = np.where(kept, overlap_with(codes.xyxy, fit.boxes, clusters.cluster), 0.0)
    box_annotator = codes.view_annotator[clusters.box_view]
    winner = class_votes(codes.label, fit.vote[box_annotator], clusters.offsets, clusters.members)[0]
    names = _names(fit, fit.is_kept, "consensus")[clusters.cluster]
    order = np.argsort(codes.row, kind="stable")
    table = (
        boxes[["box_id", "item_id", "annotator_id", "label", *BOX_EDGES]].iloc[codes.row[order]].reset_index(drop=True)
    )
    return table.assign(
        consensus_id=pd.Series(names[order], dtype="str"),
        iou=iou[order],
        is_class_kept=(kept & (winner[clusters.cluster] == codes.label))[order],
    )


def annotators(fit: Fit) -> pd.DataFrame:
    """Say how good each annotator's boxes are, in natural order of ids."""
    clusters, codes = fit.clusters, fit.clusters.codes
    n_annotators = len(codes.annotators)
    box_annotator = codes.view_annotator[clusters.box_view]
    kept = fit.is_kept[clusters.cluster]
    iou = np.where(kept, overlap_with(codes.xyxy, fit.boxes, clusters.cluster), 0.0)
    objects_of_item = np.bincount(clusters.item[fit.is_kept], minlength=len(codes.items))
    n_boxes = np.bincount(box_annotator, minlength=n_annotators)
    n_kept = np.bincount(box_annotator, kept, n_annotators)
    n_objects = np.bincount(codes.view_annotator, objects_of_item[codes.view_item], n_annotators)
    with np.errstate(invalid="ignore", divide="ignore"):
        table = {
            "annotator_id": pd.Series(codes.annotators, dtype="str"),
            "n_views": np.bincount(codes.view_annotator, minlength=n_annotators),
            "n_boxes": n_boxes,
            "weight": fit.vote / fit.vote.mean() if n_annotators else fit.vote,
            "peer_pq": fit.quality,
            "precision": n_kept / n_boxes,
            "recall": n_kept / n_objects,
            "mean_iou": np.bincount(box_annotator, iou, n_annotators) / n_kept,
        }
    bias = {f"bias_{edge}_percent": 100.0 * fit.bias[:, k] for k, edge in enumerate(BOX_EDGES)}
    return pd.DataFrame({**table, **bias, "deviation_percent": 100.0 * fit.deviation})
