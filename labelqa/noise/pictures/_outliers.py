"""Items unlike all others: off-topic pictures, broken exports, classes nobody thought of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labelqa._options import check_number, check_whole
from labelqa._plot import COLOURS, axes
from labelqa._renamed import renamed
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.noise._finding import queue_rows
from labelqa.noise._neighbours import Neighbours
from labelqa.noise._neighbours import neighbours as build

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Robust deviations (of the logarithm of the distance) beyond which an item is off-topic.
LIMIT = 4.0
#: How often such an item has to go, before anybody looked.
P_FAULT = 0.4
#: Fewer items have no usual distance to compare with.
MIN_ITEMS = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Outliers(Result):
    """How far each item is from the items nearest to it.

    Attributes
    ----------
    n_items, n_flagged
        Items compared, and those far from all others.
    limit
        Robust deviations beyond which an item is flagged.
    reason
        Why none can be, where that is so.
    table
        One row per item: `item_id`, `distance` (mean to its nearest neighbours), `deviation` (robust deviations from
        the set's median), `nearest_id`, `is_flagged`.
    """

    n_items: int
    n_flagged: int
    limit: float
    reason: str | None
    table: pd.DataFrame

    def to_queue(self) -> pd.DataFrame:
        """Give the rows that `review_queue` takes: one per item."""
        flagged = self.table["is_flagged"]
        words = [f"unlike all others: {value:.1f} deviations from its nearest" for value in self.table["deviation"]]
        return queue_rows(
            item_id=self.table["item_id"],
            kind="outlier",
            p_fault=np.where(flagged, P_FAULT, np.nan),
            reason=pd.Series(words, dtype=object).where(flagged, None),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how the distances are spread, and the limit."""
        ax = axes(ax)
        ax.hist(self.table["deviation"].dropna(), bins=40, color=COLOURS[0])
        ax.axvline(self.limit, color=COLOURS[1], linestyle="--", label="limit")
        ax.set_yscale("symlog")
        ax.set_xlabel("robust deviations of the distance to the nearest items")
        ax.set_ylabel("items")
        ax.legend(frameon=False)
        return ax


@takes_tables()
@renamed(embeddings="features")
def outliers(
    features: Any = None,
    *,
    images: Any = None,
    neighbours: Neighbours | None = None,
    items: Iterable[Any] | None = None,
    n_neighbours: int = 10,
    limit: float = LIMIT,
    seed: int = 0,
) -> Outliers:
    """Find items that are far from all others: they may not belong into the set.

    Parameters
    ----------
    features, images
        See `labelqa.noise.neighbours`.
    neighbours
        A graph computed before; then the others are not needed.
    items
        See `labelqa.noise.neighbours`.
    n_neighbours
        How many of the nearest count: an item with as many near copies is no outlier.
    limit
        Robust deviations (1.4826 x median absolute deviation of the logarithm) that are too many.
    seed
        For the built-in features.

    Raises
    ------
    OptionError
        For an option outside its range.
    TableError
        As from `labelqa.noise.neighbours`.

    References
    ----------
    Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from large data sets", SIGMOD 2000.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from labelqa.noise import outliers
    >>> rng = np.random.default_rng(0)
    >>> numbers = pd.DataFrame(rng.normal(size=(50, 5)))
    >>> numbers.iloc[7] = 30.0
    >>> outliers(numbers).table.query("is_flagged")["item_id"].tolist()
    ['7']
    """
    n_neighbours = check_whole("n_neighbours", n_neighbours, 1)
    limit = check_number("limit", limit, 0)
    graph = neighbours
    if graph is None:
        graph = build(features, images=images, items=items, n_neighbours=n_neighbours, seed=seed)
    k = min(n_neighbours, graph.n_neighbours)
    reason = None if graph.n_items >= MIN_ITEMS else f"{graph.n_items} items are too few to say what is usual."
    distance = graph.distances[:, :k].mean(axis=1) if k else np.full(graph.n_items, np.nan)
    deviation = np.full(graph.n_items, np.nan)
    if reason is None:
        logs = np.log(np.maximum(distance, 1e-12))
        away = logs - np.median(logs)
        deviation = away / max(1.4826 * float(np.median(np.abs(away))), 1e-12)
    flagged = deviation > limit
    nearest = graph.item_ids[graph.indices[:, 0]] if k else np.full(graph.n_items, None, dtype=object)
    return Outliers(
        n_items=graph.n_items,
        n_flagged=int(flagged.sum()),
        limit=limit,
        reason=reason,
        table=pd.DataFrame(
            {
                "item_id": pd.Series(graph.item_ids, dtype="str"),
                "distance": distance,
                "deviation": deviation,
                "nearest_id": pd.Series(nearest, dtype="str"),
                "is_flagged": flagged,
            }
        ),
    )
