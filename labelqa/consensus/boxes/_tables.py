"""Tables of a box consensus: objects, members, annotators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import BOX_EDGES
from labelqa._kernels.arrays import Flags, Floats, Ints, Longs
from labelqa._kernels.boxes.clustering import class_votes
from labelqa._kernels.boxes.votes import overlap_with, spread_of, views_without
from labelqa.consensus.boxes._fit import BoxFit


@dataclass(frozen=True, eq=False)
class DescribedClusters:
    """A fit with what the tables say of every cluster (n,).

    Attributes
    ----------
    winner, label_share, is_tied
        int32, float64 and bool (n,): class by votes, its share of the votes, and whether another has as many.
    spread, spread_share
        float64 (n, 4): mean distance of the boxes from each edge, in pixels and as a share of the side.
    absent, who_is_absent
        int64 (n,): the text that names who looked and drew nothing here; and the texts.
    """

    fit: BoxFit
    winner: Ints
    label_share: Floats
    is_tied: Flags
    spread: Floats
    spread_share: Floats
    absent: Longs
    who_is_absent: NDArray[np.object_]


def described(fit: BoxFit) -> DescribedClusters:
    """Vote on the class of every cluster and measure how its boxes spread."""
    clusters, codes, boxes = fit.clusters, fit.clusters.codes, fit.placed.xyxy
    vote = fit.vote[codes.view_annotator[clusters.box_view]]
    winner, share, is_tied = class_votes(codes.label, vote, clusters.offsets, clusters.members)
    spread = spread_of(codes.xyxy, boxes, clusters.offsets, clusters.members)
    size = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread_share = np.where(size > 0, spread / size, np.nan)
    return DescribedClusters(fit, winner, share, is_tied, spread, spread_share, *_absent(fit))


def clusters(found: DescribedClusters, chosen: Flags, word: str) -> pd.DataFrame:
    """Describe the chosen clusters (n,), by item, then by place; `word` stands in their ids."""
    fit, codes = found.fit, found.fit.clusters.codes
    item = fit.clusters.item[chosen]
    label = pd.Series(codes.classes, dtype=object).infer_objects()
    columns: dict[str, Any] = {
        **dict(zip(BOX_EDGES, fit.placed.xyxy.T, strict=True)),
        "support": fit.support,
        "n_boxes": fit.clusters.size,
        "n_views": np.diff(codes.item_offsets)[fit.clusters.item],
        "is_tied": found.is_tied,
        "label_share": found.label_share,
        **{f"spread_{edge}": found.spread[:, k] for k, edge in enumerate(BOX_EDGES)},
        **{f"spread_{edge}_share": found.spread_share[:, k] for k, edge in enumerate(BOX_EDGES)},
    }
    table = {
        "item_id": _taken(codes.items, item),
        "box_id": _names(codes.items, item, word),
        "label": label.take(found.winner[chosen]).reset_index(drop=True),
        **{name: values[chosen] for name, values in columns.items()},
        "missing_from": _taken(found.who_is_absent, found.absent[chosen]),
    }
    return pd.DataFrame(table, copy=False)


def _taken(texts: NDArray[np.object_], place: Longs) -> pd.Series:
    """Repeat texts by number; far cheaper than making each anew."""
    return pd.Series(texts, dtype="str").take(place).reset_index(drop=True)


def _names(items: NDArray[np.object_], item: Longs, word: str) -> pd.Series:
    """Name clusters within their items: item_id/word/1, item_id/word/2 ..."""
    nth = np.arange(len(item)) - np.searchsorted(item, item)
    numbers = np.asarray([f"/{word}/{k + 1}" for k in range(int(nth.max()) + 1 if len(nth) else 0)], dtype=object)
    return _taken(items, item) + _taken(numbers, nth)


def _absent(fit: BoxFit) -> tuple[Longs, NDArray[np.object_]]:
    """Number and name the annotators who looked and drew nothing in each cluster; texts that repeat are made once."""
    codes = fit.clusters.codes
    starts, views = views_without(
        fit.clusters.item, fit.clusters.offsets, fit.clusters.members, fit.clusters.box_view, codes.item_offsets
    )
    who = codes.view_annotator[views].astype(np.int64)
    n_missing = np.diff(starts)
    one, pair, more = (np.flatnonzero(of) for of in (n_missing == 1, n_missing == 2, n_missing > 2))
    # the number of each cluster's text: none, one annotator, two of them, several
    number = np.zeros(len(n_missing), np.int64)
    number[one] = 1 + who[starts[one]]
    keys, nth = np.unique(who[starts[pair]] * len(codes.annotators) + who[starts[pair] + 1], return_inverse=True)
    firsts, seconds = np.divmod(keys, max(len(codes.annotators), 1))
    pairs = [f"{codes.annotators[a]}; {codes.annotators[b]}" for a, b in zip(firsts, seconds, strict=True)]
    number[pair] = 1 + len(codes.annotators) + nth
    number[more] = 1 + len(codes.annotators) + len(pairs) + np.arange(len(more))
    several = [
        "; ".join(codes.annotators[who[start:stop]])
        for start, stop in zip(starts[more].tolist(), starts[more + 1].tolist(), strict=True)
    ]
    return number, np.asarray(["", *codes.annotators, *pairs, *several], dtype=object)


def members(found: DescribedClusters, boxes: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Say which consensus box each box belongs to, in the order of the boxes table."""
    fit, clusters, codes = found.fit, found.fit.clusters, found.fit.clusters.codes
    kept = fit.is_kept[clusters.cluster]
    order = np.argsort(codes.row, kind="stable")
    number = np.where(fit.is_kept, np.cumsum(fit.is_kept) - 1, -1)[clusters.cluster]
    columns = ["box_id", "item_id", "annotator_id", "label", *BOX_EDGES]
    table = boxes[columns] if len(order) == len(boxes) else boxes[columns].iloc[codes.row[order]]
    return table.reset_index(drop=True).assign(
        consensus_id=names.reindex(number[order]).reset_index(drop=True),
        iou=_overlap(fit)[order],
        is_class_kept=(kept & (found.winner[clusters.cluster] == codes.label))[order],
    )


def annotators(fit: BoxFit) -> pd.DataFrame:
    """Say how good each annotator's boxes are, in natural order of ids."""
    clusters, codes = fit.clusters, fit.clusters.codes
    n_annotators = len(codes.annotators)
    box_annotator = codes.view_annotator[clusters.box_view]
    objects_of_item = np.bincount(clusters.item[fit.is_kept], minlength=len(codes.items))
    n_boxes = np.bincount(box_annotator, minlength=n_annotators)
    n_kept = np.bincount(box_annotator, fit.is_kept[clusters.cluster], n_annotators)
    n_objects = np.bincount(codes.view_annotator, objects_of_item[codes.view_item], n_annotators)
    with np.errstate(invalid="ignore", divide="ignore"):
        table = {
            "annotator_id": pd.Series(codes.annotators, dtype="str"),
            "n_views": np.bincount(codes.view_annotator, minlength=n_annotators),
            "n_boxes": n_boxes,
            "weight": fit.vote / fit.vote.mean() if n_annotators else fit.vote,
            "peer_pq": fit.peer_pq,
            "precision": n_kept / n_boxes,
            "recall": n_kept / n_objects,
            "mean_iou": np.bincount(box_annotator, _overlap(fit), n_annotators) / n_kept,
        }
    bias = {f"bias_{edge}": fit.placed.bias[:, k] for k, edge in enumerate(BOX_EDGES)}
    return pd.DataFrame({**table, **bias, "deviation": fit.placed.deviation})


def _overlap(fit: BoxFit) -> Floats:
    """IoU of each box with its consensus box, 0 where there is none: (B,)."""
    clusters = fit.clusters
    iou = overlap_with(clusters.codes.xyxy, fit.placed.xyxy, clusters.cluster)
    return np.where(fit.is_kept[clusters.cluster], iou, 0.0)
