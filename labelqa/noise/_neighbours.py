"""One graph of nearest neighbours, computed once and shared by label issues, outliers and leakage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import encode_ids
from labelqa._columns import unnamed_rows
from labelqa._kernels.neighbours import nearest
from labelqa._labels import by_item_id, is_ordered, rows_of
from labelqa._options import check_whole
from labelqa._renamed import renamed
from labelqa._result import Result, unstored
from labelqa._tables import takes_tables
from labelqa.errors import TableError
from labelqa.noise._joining import join_features

Floats = NDArray[np.float64]

#: Numbers that whitening keeps: fewer lose what tells classes apart, more are noise.
N_COMPONENTS = 128
_TINY = 1e-9
_ENOUGH_FOR_PATCHES = 1000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Neighbours(Result):
    """For every item the items most like it, nearest first.

    Attributes
    ----------
    n_items, n_neighbours
        Size of the graph; fewer neighbours than asked where there are not as many other items.
    n_components
        Numbers each item was described by after whitening.
    item_ids
        Item ids in natural order: row i of the arrays is item i.
    indices
        int32 (n, k): rows of the neighbours.
    distances
        float64 (n, k): between 0 (alike) and 2 (opposite).
    """

    n_items: int
    n_neighbours: int
    n_components: int
    item_ids: NDArray[np.object_] = unstored()
    indices: NDArray[np.int32] = unstored()
    distances: Floats = unstored()

    @property
    def table(self) -> pd.DataFrame:
        """The graph in long form: `item_id`, `neighbour_id`, `place` (1 is the nearest), `distance`."""
        return pd.DataFrame(
            {
                "item_id": pd.Series(np.repeat(self.item_ids, self.n_neighbours), dtype="str"),
                "neighbour_id": pd.Series(self.item_ids[self.indices.reshape(-1)], dtype="str"),
                "place": np.tile(np.arange(1, self.n_neighbours + 1), self.n_items),
                "distance": self.distances.reshape(-1),
            }
        )


@takes_tables()
@renamed(embeddings="features")
def neighbours(
    features: Any = None,
    *,
    images: Any = None,
    items: Iterable[Any] | None = None,
    n_neighbours: int = 60,
    n_components: int = N_COMPONENTS,
    seed: int = 0,
) -> Neighbours:
    """Find for every item the items that look most like it.

    Features are whitened by principal components and brought to length one, so that no single direction (overall
    brightness, say) decides what is alike. The search is exact.

    Parameters
    ----------
    features
        DataFrame with one row of numbers per item, index or column `item_id`; an array's items are 0, 1, 2...
    images
        Where there are no features: pictures in any form `labelqa.images.as_source` takes; the built-in features are
        computed.
    items
        The items wanted; by default all.
    n_neighbours
        Neighbours per item.
    n_components
        Principal components kept.
    seed
        For the built-in features.

    Raises
    ------
    TableError
        For ids that do not match, numbers that are missing, or where neither features nor images are given.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.noise import neighbours
    >>> numbers = pd.DataFrame({"x": [0.0, 0.1, 5.0, 5.2]}, index=["a", "b", "c", "d"])
    >>> neighbours(numbers, n_neighbours=1).table[["item_id", "neighbour_id"]].head(2)
      item_id neighbour_id
    0       a            b
    1       b            a
    """
    n_neighbours = check_whole("n_neighbours", n_neighbours, 1)
    n_components = check_whole("n_components", n_components, 1)
    table = as_features(features, images, seed)
    ids = encode_ids(pd.Series(table.index if items is None else list(items), dtype=object), "item_id")[1]
    points = whitened(join_features(table, ids), n_components)
    k = min(n_neighbours, max(len(points) - 1, 0))
    if k:
        indices, distances = nearest(points, k)
    else:
        indices, distances = np.empty((len(points), 0), np.int32), np.empty((len(points), 0))
    return Neighbours(
        n_items=len(points),
        n_neighbours=k,
        n_components=points.shape[1],
        item_ids=ids,
        indices=indices,
        distances=distances,
    )


def as_features(features: Any, images: Any, seed: int) -> pd.DataFrame:
    """Take features, or compute the built-in features of pictures; one row per item, index item id."""
    if features is None:
        if images is None:
            raise TableError("There is nothing to compare items by; give features= or images=.")
        from labelqa.features import EXPORTABLE, KINDS, image_features
        from labelqa.images import as_source

        source = as_source(images)
        # a dictionary of patches needs many pictures to be worth its time
        kinds = KINDS if len(source) >= _ENOUGH_FOR_PATCHES else EXPORTABLE
        return image_features(source, kinds=kinds, seed=seed, unreadable="leave_out")
    if is_ordered(features):
        flat = features if np.ndim(features) == 2 else np.asarray(features).reshape(len(features), -1)
        features = pd.DataFrame(unnamed_rows(flat))
    if not isinstance(features, pd.DataFrame):
        raise TableError(f"Found a {type(features).__name__} as features; give a DataFrame with item_id.")
    return by_item_id(features)


def whitened(values: Floats, n_components: int = N_COMPONENTS) -> NDArray[np.float32]:
    """Standardise, rotate to principal components, give each the same spread and each item the length one.

    Columns without negative values (counts, histograms, rectified activations) are square-rooted first, so that a few
    large entries do not decide (power normalisation, Perronnin, Sanchez and Mensink, ECCV 2010).

    Parameters
    ----------
    values
        (n, d).

    Returns
    -------
    float32 (n, at most n_components)
    """
    if not len(values):
        return np.empty((0, min(n_components, values.shape[1])), np.float32)
    values = np.where(values.min(axis=0) >= 0, np.sqrt(np.maximum(values, 0.0)), values)
    spread = values.std(axis=0)
    varies = spread > _TINY * np.maximum(np.abs(values).max(axis=0), _TINY)
    centred = ((values - values.mean(axis=0))[:, varies] / spread[varies]).astype(np.float64)
    if centred.shape[1] == 0:
        return np.zeros((len(values), 1), np.float32)
    variance, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = np.flatnonzero(variance > _TINY * variance[-1])[::-1][:n_components]
    # the direction of an axis is free: fix it, so that every machine gives the same numbers
    chosen = axes[:, kept] * np.sign(axes[np.abs(axes[:, kept]).argmax(axis=0), kept])
    points = centred @ chosen / np.sqrt(variance[kept])
    if points.shape[1] > 1:
        points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), _TINY)
    return np.asarray(points, dtype=np.float32)


def align(graph: Neighbours, items: NDArray[np.object_]) -> tuple[NDArray[np.int32], Floats]:
    """Bring a graph to the order of labelled items; a neighbour without a label is -1.

    Returns
    -------
    int32 (I, k), float64 (I, k)
    """
    rows = rows_of(graph.item_ids, items, "neighbours")
    place = np.full(graph.n_items, -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    return place[graph.indices[rows]], graph.distances[rows]
