"""The evidence about an item's label: a cross-validated model, its neighbours, and what several people said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._crossval import out_of_fold
from labelqa._kernels.labels import evidence as kernels
from labelqa.errors import TableError
from labelqa.noise._inputs import Labelled, join_embeddings, join_probabilities, rows_of
from labelqa.noise._neighbours import Neighbours, align, as_embeddings, neighbours

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
class Evidence:
    """Probabilities of the classes per item, by source; nan where a source says nothing of an item.

    Attributes
    ----------
    classes
        Columns of the arrays.
    model, near, combined
        float64 (I, K) or None: the cross-validated model, the neighbours, and all sources together.
    """

    classes: list[Any]
    model: Floats | None
    near: Floats | None
    combined: Floats
    n_without: int


def gather(
    labelled: Labelled,
    *,
    pred_probs: Any,
    embeddings: Any,
    images: Any,
    graph: Neighbours | None,
    n_folds: int,
    seed: int,
    positional: bool,
) -> Evidence:
    """Collect what is known of every item, computing what was not given from embeddings or pictures.

    Raises
    ------
    TableError
        Where there is nothing to judge labels by.
    """
    items, classes = labelled.codes.items, list(labelled.codes.classes)
    probs = None
    if pred_probs is not None:
        probs, classes = join_probabilities(pred_probs, labelled, positional=positional)
    features = None
    if embeddings is not None or (images is not None and (probs is None or graph is None)):
        features = _features(items, embeddings, images, seed, positional)
    if probs is None and features is not None:
        probs = _cross_validated(labelled, features, n_folds, seed)
    if graph is None and features is not None and len(features) > 1:
        graph = neighbours(features, seed=seed)
    if probs is None and graph is None and not labelled.has_votes:
        raise TableError(
            "There is nothing to judge the labels by; give pred_probs=, embeddings=, images= or neighbours=, or labels "
            "by several annotators."
        )
    near = None if graph is None else _by_neighbours(labelled, graph, len(classes))
    combined = _combined(labelled, probs, near, len(classes))
    sources = [source for source in (probs, near) if source is not None]
    n_without = int(np.all([np.isnan(source[:, 0]) for source in sources], axis=0).sum()) if sources else 0
    return Evidence(classes, probs, near, combined, n_without)


def _features(items: NDArray[np.object_], embeddings: Any, images: Any, seed: int, positional: bool) -> pd.DataFrame:
    index = pd.Index(items, dtype="str", name="item_id")
    if embeddings is not None:
        return pd.DataFrame(join_embeddings(embeddings, items, positional=positional), index=index)
    from labelqa.images import as_source

    source = as_source(images, list(items))
    if not len(source):
        raise TableError(f"None of the {len(items):,} labelled items has a picture; check the folder and the ids.")
    return as_embeddings(None, source, seed)


def _cross_validated(labelled: Labelled, features: pd.DataFrame, n_folds: int, seed: int) -> Floats:
    names = labelled.codes.classes
    # codes as labels: a class may be called anything
    given = pd.Series(labelled.given.astype(np.int64), index=pd.Index(labelled.codes.items, dtype="str"))
    given = given.loc[given.index.isin(features.index)]
    out = np.full((len(labelled.given), len(names)), np.nan)
    if given.empty:
        return out
    found = out_of_fold(features, given, n_folds=n_folds, seed=seed).probabilities
    rows = found.index.get_indexer(pd.Index(labelled.codes.items, dtype="str"))
    values = np.zeros((len(found), len(names)))
    values[:, [int(code) for code in found.columns]] = found.to_numpy(np.float64)
    out[rows >= 0] = values[rows[rows >= 0]]
    return out


def _by_neighbours(labelled: Labelled, graph: Neighbours, n_classes: int) -> Floats:
    """Turn the weighted votes of neighbours into probabilities (I, K); nan for items outside the graph."""
    items = labelled.codes.items
    within = np.isin(items.astype(str), graph.item_ids.astype(str))
    if not within.any():
        rows_of(graph.item_ids, items, "neighbours")
    index, distances = align(graph, items[within])
    said = np.zeros((int(within.sum()), n_classes))
    counts = labelled.counts[within]
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


def _combined(labelled: Labelled, probs: Floats | None, near: Floats | None, n_classes: int) -> Floats:
    """Pool the sources, and let several people's votes speak with the pool as prior."""
    sources = [np.log(np.maximum(source, FLOOR)) for source in (probs, near) if source is not None]
    combined = np.full((len(labelled.given), n_classes), np.nan)
    if sources:
        combined = _softmax(_pooled(np.stack(sources), labelled.given))
    if not labelled.has_votes:
        return combined
    shares = (labelled.counts.sum(axis=0) + 1.0) / (labelled.counts.sum() + labelled.counts.shape[1])
    prior = np.where(np.isnan(combined), np.pad(shares, (0, n_classes - len(shares))), combined)
    codes = labelled.codes
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


def _softmax(logs: Floats) -> Floats:
    if not logs.size:
        return logs
    out = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(out / out.sum(axis=1, keepdims=True))
