"""Tables of a box consensus: objects, members, annotators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import BOX_EDGES
from labelqa._kernels.arrays import Longs
from labelqa._kernels.boxes.clustering import class_votes
from labelqa._kernels.boxes.votes import overlap_with, spread_of, views_without
from labelqa.consensus.boxes._model import Fit


def clusters_and_members(fit: Fit, boxes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Describe the objects, the rejected clusters (both by item, then by place), and every box in the given order."""
    clusters, codes = fit.clusters, fit.clusters.codes
    box_annotator = codes.view_annotator[clusters.box_view]
    winner, share, is_tied = class_votes(codes.label, fit.vote[box_annotator], clusters.offsets, clusters.members)
    spread = spread_of(codes.xyxy, fit.boxes, clusters.offsets, clusters.members)
    size = np.tile(fit.boxes[:, 2:] - fit.boxes[:, :2], 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        percent = np.where(size > 0, 100.0 * spread / size, np.nan)
    texts, text = _missing_from(fit)
    columns: dict[str, Any] = {
        **dict(zip(BOX_EDGES, fit.boxes.T, strict=True)),
        "support": fit.support,
        "n_boxes": clusters.size,
        "n_views": np.diff(codes.item_offsets)[clusters.item],
        "is_tied": is_tied,
        "label_share": share,
        **{f"spread_{edge}": spread[:, k] for k, edge in enumerate(BOX_EDGES)},
        **{f"spread_{edge}_percent": percent[:, k] for k, edge in enumerate(BOX_EDGES)},
    }
    label = pd.Series(codes.classes, dtype=object).infer_objects()
    tables = []
    for word, chosen in (("consensus", fit.is_kept), ("rejected", ~fit.is_kept)):
        item = clusters.item[chosen]
        names = {"item_id": _taken(codes.items, item), "box_id": _names(codes.items, item, word)}
        named = {**names, "label": label.take(winner[chosen]).reset_index(drop=True)}
        rest = {name: values[chosen] for name, values in columns.items()}
        tables.append(pd.DataFrame({**named, **rest, "missing_from": _taken(texts, text[chosen])}, copy=False))
    return tables[0], tables[1], _members(fit, boxes, tables[0]["box_id"], winner)


def _taken(texts: NDArray[np.object_], place: Longs) -> pd.Series:
    """Repeat texts by number; far cheaper than making each anew."""
    return pd.Series(texts, dtype="str").take(place).reset_index(drop=True)


def _names(items: NDArray[np.object_], item: Longs, word: str) -> pd.Series:
    """Name clusters within their items: item_id/word/1, item_id/word/2 ..."""
    nth = np.arange(len(item)) - np.searchsorted(item, item)
    numbers = np.asarray([f"/{word}/{k + 1}" for k in range(int(nth.max()) + 1 if len(nth) else 0)], dtype=object)
    return _taken(items, item) + _taken(numbers, nth)


def _missing_from(fit: Fit) -> tuple[NDArray[np.object_], Longs]:
    """Give texts of annotators who drew nothing, and the number of each cluster's text."""
    clusters, codes = fit.clusters, fit.clusters.codes
    starts, views = views_without(
        clusters.item, clusters.offsets, clusters.members, clusters.box_view, codes.item_offsets
    )
    who = codes.view_annotator[views].astype(np.int64)
    n_missing = np.diff(starts)
    text = np.zeros(len(n_missing), np.int64)
    one = n_missing == 1
    text[one] = 1 + who[starts[:-1][one]]
    # sets of several repeat too, pairs above all
    joined: list[str] = []
    pair = np.flatnonzero(n_missing == 2)
    keys, number = np.unique(who[starts[pair]] * len(codes.annotators) + who[starts[pair] + 1], return_inverse=True)
    one_of, other_of = np.divmod(keys, max(len(codes.annotators), 1))
    joined += [f"{codes.annotators[a]}; {codes.annotators[b]}" for a, b in zip(one_of, other_of, strict=True)]
    text[pair] = 1 + len(codes.annotators) + number
    more = np.flatnonzero(n_missing > 2)
    text[more] = 1 + len(codes.annotators) + len(joined) + np.arange(len(more))
    ids = codes.annotators[who].tolist() if len(more) else []
    joined += ["; ".join(ids[a:b]) for a, b in zip(starts[more].tolist(), starts[more + 1].tolist(), strict=True)]
    return np.asarray(["", *codes.annotators, *joined], dtype=object), text


def _members(fit: Fit, boxes: pd.DataFrame, names: pd.Series, winner: NDArray[np.int32]) -> pd.DataFrame:
    """Say which consensus box each box belongs to, in the order of the boxes table."""
    clusters, codes = fit.clusters, fit.clusters.codes
    kept = fit.is_kept[clusters.cluster]
    iou = np.where(kept, overlap_with(codes.xyxy, fit.boxes, clusters.cluster), 0.0)
    order = np.argsort(codes.row, kind="stable")
    number = np.where(fit.is_kept, np.cumsum(fit.is_kept) - 1, -1)[clusters.cluster]
    columns = ["box_id", "item_id", "annotator_id", "label", *BOX_EDGES]
    table = boxes[columns] if len(order) == len(boxes) else boxes[columns].iloc[codes.row[order]]
    return table.reset_index(drop=True).assign(
        consensus_id=names.reindex(number[order]).reset_index(drop=True),
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
