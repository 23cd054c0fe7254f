"""Other shapes in which labels arrive: one column per annotator, a contingency table, counts per item."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from labelqa._codes import natural_order
from labelqa._tables import takes_tables
from labelqa.agreement.labels._statistics import CountRows, LabelStatistics, listed_classes
from labelqa.errors import OptionError, TableError, shown


@takes_tables()
def from_wide(table: pd.DataFrame | ArrayLike) -> pd.DataFrame:
    """Turn a table with one row per item and one column per annotator into one row per label.

    Parameters
    ----------
    table
        The index holds the item ids, the column names are the annotator ids, the cells are labels; missing cells are
        labels not given. In an array items and annotators are 0, 1, 2... Columns of one ordered categorical keep its
        order.

    Returns
    -------
    DataFrame
        `item_id`, `annotator_id`, `label`: what every function of labelqa takes. Items without any label are kept by a
        row whose label is missing.

    Raises
    ------
    TableError
        Where an item or an annotator occurs twice.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import from_wide, krippendorff_alpha
    >>> wide = pd.DataFrame({"ann": ["a", "b", "a"], "bob": ["a", "b", "b"]}, index=[1, 2, 3])
    >>> round(krippendorff_alpha(from_wide(wide)).value, 4)
    0.4444
    """
    table = table if isinstance(table, pd.DataFrame) else pd.DataFrame(np.asarray(table))
    for name, ids in (("item", table.index), ("annotator", table.columns)):
        if ids.has_duplicates:
            raise TableError(
                f"The wide table has the {name} {shown(ids[ids.duplicated()].unique())} more than once; give each "
                f"{name} one {'row' if name == 'item' else 'column'}."
            )
    n_items, n_annotators = table.shape
    labels = pd.Series([], dtype=object)
    if n_annotators:
        labels = pd.concat([table.iloc[:, j] for j in range(n_annotators)], ignore_index=True)
    return pd.DataFrame(
        {
            "item_id": np.tile(table.index.to_numpy(), n_annotators),
            "annotator_id": np.repeat(table.columns.to_numpy(), n_items),
            "label": labels,
        }
    )


@takes_tables()
def from_contingency(
    table: pd.DataFrame | ArrayLike, *, annotators: tuple[Any, Any] = ("row", "column")
) -> pd.DataFrame:
    """Turn the contingency table of two annotators into one row per label.

    Parameters
    ----------
    table
        How many items the first annotator gave the row's class and the second the column's class. A DataFrame names
        the classes in its index and columns; for an array they are 0, 1, 2... An ordered categorical index keeps its
        order.
    annotators
        The ids of the two.

    Returns
    -------
    DataFrame
        `item_id` (numbered in the order of cells), `annotator_id`, `label`. A class without an item is not in it: where
        unused classes count, name all with `classes=`.

    Raises
    ------
    TableError
        Where the table is not square or a cell is no count.
    OptionError
        Where `annotators` are not two.

    Examples
    --------
    >>> from labelqa.agreement import cohen_kappa, from_contingency
    >>> round(cohen_kappa(from_contingency([[20, 10], [20, 50]])).value, 4)
    0.3478
    """
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(np.asarray(table))
    if isinstance(annotators, str) or len(annotators) != 2 or annotators[0] == annotators[1]:
        raise OptionError(f"annotators={annotators!r} are not two; give the ids of the two annotators.")
    if frame.shape[0] != frame.shape[1] or set(frame.index) != set(frame.columns):
        raise TableError(
            f"The contingency table has rows {shown(frame.index)} and columns {shown(frame.columns)}; needed are the "
            "same classes in both. Add rows or columns of zeros."
        )
    counts = _counts(frame.loc[:, list(frame.index)])
    first, second = np.nonzero(counts)
    times = counts[first, second]
    classes = frame.index.to_numpy(object)
    n_items = int(times.sum())
    labels = pd.Series(np.concatenate([np.repeat(classes[first], times), np.repeat(classes[second], times)]))
    order = frame.index.dtype
    is_ordered = isinstance(order, pd.CategoricalDtype) and order.ordered
    return pd.DataFrame(
        {
            "item_id": np.tile(np.arange(1, n_items + 1), 2),
            "annotator_id": np.repeat(np.asarray(annotators, dtype=object), n_items),
            "label": labels.astype(order) if is_ordered else labels.infer_objects(),
        }
    )


@takes_tables()
def from_counts(table: pd.DataFrame | ArrayLike, *, classes: Sequence[Hashable] | None = None) -> LabelStatistics:
    """Take how many labels of each class every item received; who gave them is not known.

    Parameters
    ----------
    table
        One row per item, one column per class, cells are counts. A DataFrame names the classes in its columns; for an
        array they are 0, 1, 2... All columns count as classes, used or not.
    classes
        The classes in order, where they are texts that have one: the columns of a DataFrame by name, those of an array
        by position. Without it the order is that of an ordered categorical index of columns, otherwise natural.

    Returns
    -------
    LabelStatistics
        What every coefficient takes; Conger's and Cohen's kappa and Scott's pi are nan, since they need annotators.

    Raises
    ------
    TableError
        Where a cell is no count.
    OptionError
        Where `classes` are not those of the columns.

    Examples
    --------
    >>> from labelqa.agreement import fleiss_kappa, from_counts
    >>> round(fleiss_kappa(from_counts([[2, 0], [0, 2], [1, 1]])).value, 4)
    0.3333
    """
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(np.asarray(table))
    order = frame.columns.dtype
    is_stated = classes is not None or (isinstance(order, pd.CategoricalDtype) and bool(order.ordered))
    if classes is not None:
        frame = _with_columns(frame, listed_classes(classes), is_array=frame is not table)
    elif is_stated:
        frame = frame.iloc[:, frame.columns.argsort()]
    else:
        frame = frame.iloc[:, natural_order(list(frame.columns))]
    counts = _counts(frame)
    n_items, n_classes = counts.shape
    label = np.repeat(np.tile(np.arange(n_classes, dtype=np.int32), n_items), counts.reshape(-1))
    offsets = np.concatenate([[0], np.cumsum(counts.sum(axis=1))]).astype(np.int64)
    values = np.empty(n_classes, dtype=object)
    values[:] = list(frame.columns)
    return LabelStatistics(values, None, CountRows.collect(offsets, label, n_classes), None, is_stated)


def _with_columns(frame: pd.DataFrame, names: list[Hashable], *, is_array: bool) -> pd.DataFrame:
    """Bring the columns into this order, or where they have no names give them these."""
    is_each_once = len(set(names)) == len(names) == frame.shape[1]
    if not is_each_once or not (is_array or set(names) == {*frame.columns}):
        raise OptionError(
            f"classes={names!r} are not the {frame.shape[1]} columns ({shown(frame.columns)}); list each column once."
        )
    return frame.set_axis(names, axis=1) if is_array else frame.loc[:, names]


def _counts(frame: pd.DataFrame) -> NDArray[np.int64]:
    values = frame.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    bad = ~(np.isfinite(values) & (values >= 0) & (values == np.floor(values)))
    if bad.any():
        row, column = (int(position[0]) for position in np.nonzero(bad))
        first = str(frame.iloc[row, column])
        raise TableError(
            f"{int(bad.sum())} cells are no counts (first: {first} in row {frame.index[row]}, "
            f"column {frame.columns[column]}); give whole numbers of 0 and above."
        )
    return np.asarray(values, np.int64)
