"""The evidence about an item's label: a cross-validated model, its neighbours, and what several people said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from labelqa._crossval import out_of_fold
from labelqa._kernels.labels import evidence as kernels
from labelqa._labels import rows_of
from labelqa.errors import TableError
from labelqa.noise._joining import GivenProbabilities, join_features, join_probabilities
from labelqa.noise._judged_labels import JudgedLabels
from labelqa.noise._neighbours import Neighbours, align, as_features, neighbours

Floats = NDArray[np.float64]

#: Width of the neighbours' weight, in mean distances to the nearest neighbour.
BANDWIDTH = 0.25
#: Pseudo-votes spread like the classes, so that a few neighbours never exclude a class.
PRIOR_VOTES = 2.0
#: Probabilities below this count as this.
FLOOR = 1e-12
_STRENGTH, _ITERATIONS = 5.0, 50
#: Weights of the sources and class offsets are thought to be this near equal and 0, before labels are seen.
POOL_SPREAD = 0.3
#: Items that settle a dozen weights; more only take time.
_ENOUGH = 50_000


@dataclass(frozen=True, eq=False)
class LabelEvidence:
    """Probabilities of the classes per item, by source; nan where a source says nothing of an item.

    Attributes
    ----------
    classes
        Columns of the arrays.
    model, near, combined
        float64 (I, K) or None: the cross-validated model, the neighbours, and all sources together.
    n_without
        Items of which neither model nor neighbours say anything.
    """

    classes: list[Any]
    model: Floats | None
    near: Floats | None
    combined: Floats
    n_without: int


def gather(
    judged: JudgedLabels,
    *,
    pred_probs: GivenProbabilities,
    features: Any,
    images: Any,
    graph: Neighbours | None,
    n_folds: int,
    seed: int,
) -> LabelEvidence:
    """Collect what is known of every item, computing what was not given from features or pictures.

    Raises
    ------
    TableError
        Where there is nothing to judge labels by.
    """
    items, classes = judged.codes.items, list(judged.codes.classes)
    probs = None
    if pred_probs.table is not None:
        joined = join_probabilities(pred_probs, judged)
        probs, classes = joined.shares, joined.classes
    table = None
    if features is not None:
        table = _by_item(items, features)
    elif images is not None and (probs is None or graph is None):
        table = _described(items, images, seed)
    if probs is None and table is not None:
        probs = _cross_validated(judged, table, n_folds, seed)
    if graph is None and table is not None and len(table) > 1:
        graph = neighbours(table, seed=seed)
    if probs is None and graph is None and not judged.has_votes:
        raise TableError(
            "There is nothing to judge the labels by; give pred_probs=, features=, images= or neighbours=, or labels "
            "by several annotators."
        )
    near = None if graph is None else _by_neighbours(judged, graph, len(classes))
    combined = _combined(judged, probs, near, len(classes))
    sources = [source for source in (probs, near) if source is not None]
    n_without = int(np.all([np.isnan(source[:, 0]) for source in sources], axis=0).sum()) if sources else 0
    return LabelEvidence(classes, probs, near, combined, n_without)


def _by_item(items: NDArray[np.object_], features: Any) -> pd.DataFrame:
    index = pd.Index(items, dtype="str", name="item_id")
    return pd.DataFrame(join_features(features, items), index=index)


def _described(items: NDArray[np.object_], images: Any, seed: int) -> pd.DataFrame:
    from labelqa.images import as_source

    source = as_source(images, list(items))
    if not len(source):
        raise TableError(f"None of the {len(items):,} labelled items has a picture; check the folder and the ids.")
    return as_features(None, source, seed)


def _cross_validated(judged: JudgedLabels, features: pd.DataFrame, n_folds: int, seed: int) -> Floats:
    names = judged.codes.classes
    # codes as labels: a class may be called anything
    given = pd.Series(judged.given.astype(np.int64), index=pd.Index(judged.codes.items, dtype="str"))
    given = given.loc[given.index.isin(features.index)]
    out = np.full((len(judged.given), len(names)), np.nan)
    if given.empty:
        return out
    found = out_of_fold(features, given, n_folds=n_folds, seed=seed).probabilities
    rows = found.index.get_indexer(pd.Index(judged.codes.items, dtype="str"))
    values = np.zeros((len(found), len(names)))
    values[:, [int(code) for code in found.columns]] = found.to_numpy(np.float64)
    out[rows >= 0] = values[rows[rows >= 0]]
    return out


def _by_neighbours(judged: JudgedLabels, graph: Neighbours, n_classes: int) -> Floats:
    """Turn the weighted votes of neighbours into probabilities (I, K); nan for items outside the graph."""
    items = judged.codes.items
    within = np.isin(items.astype(str), graph.item_ids.astype(str))
    if not within.any():
        rows_of(graph.item_ids, items, "neighbours")
    index, distances = align(graph, items[within])
    said = np.zeros((int(within.sum()), n_classes))
    counts = judged.counts[within]
    said[:, : counts.shape[1]] = counts / counts.sum(axis=1, keepdims=True)
    out = np.full((len(items), n_classes), np.nan)
    if not graph.n_neighbours:
        out[within] = said.mean(axis=0)
        return out
    scale = float(np.mean(distances[:, 0]))
    votes, effective = kernels.weighted_votes(index, distances, said, max(BANDWIDTH * scale, 1e-9))
    shares = said.mean(axis=0)
    out[within] = (votes + PRIOR_VOTES * shares) / (effective[:, None] + PRIOR_VOTES)
    return out


def _combined(judged: JudgedLabels, probs: Floats | None, near: Floats | None, n_classes: int) -> Floats:
    """Pool the sources, and let several people's votes speak with the pool as prior."""
    sources = [np.log(np.maximum(source, FLOOR)) for source in (probs, near) if source is not None]
    combined = np.full((len(judged.given), n_classes), np.nan)
    if sources:
        combined = softmax(_pooled(np.stack(sources), judged.given), axis=1)
    if not judged.has_votes:
        return combined
    shares = (judged.counts.sum(axis=0) + 1.0) / (judged.counts.sum() + judged.counts.shape[1])
    prior = np.where(np.isnan(combined), np.pad(shares, (0, n_classes - len(shares))), combined)
    codes = judged.codes
    return np.asarray(
        kernels.voted_posterior(
            codes.offsets,
            codes.annotator,
            codes.label,
            np.maximum(prior, FLOOR),
            codes.n_annotators,
            _STRENGTH,
            _ITERATIONS,
        )
    )


def _pooled(logs: Floats, given: NDArray[np.int32]) -> Floats:
    """Weigh log-probabilities (S, I, K) by how well they foretell given labels; nan where all are.

    Where only one source speaks of an item, it is taken as it is.
    """
    if len(logs) == 1:
        return np.asarray(logs[0])
    is_unknown = np.isnan(logs[:, :, 0])
    out = np.where(is_unknown[0][:, None], logs[1], logs[0])
    both = np.flatnonzero(~is_unknown[0] & ~is_unknown[1])
    sample = both
    if len(both) > _ENOUGH:
        sample = np.sort(np.random.default_rng(0).choice(both, _ENOUGH, replace=False))
    weights, offsets = kernels.log_pool(logs[:, sample], given[sample].astype(np.int64), POOL_SPREAD**-2)
    out[both] = np.tensordot(weights, logs[:, both], 1) + offsets
    return np.asarray(out)
