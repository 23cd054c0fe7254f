"""Numbers about items, a model's probabilities or features, brought to the order of the labelled items by id."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import id_text
from labelqa._labels import by_item_id, rows_of
from labelqa.errors import TableError, shown
from labelqa.noise._judged_labels import JudgedLabels

Floats = NDArray[np.float64]

#: How far a row of probabilities may be from 1 in sum; single precision leaves about 1e-6.
SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class GivenProbabilities:
    """A model's probabilities as they were given, with the names of their classes.

    Attributes
    ----------
    table
        DataFrame with a column per class, or None where there are none.
    classes
        All classes in order, or None: those that occur.
    is_positional
        Whether the labels came as an array: only then are rows joined by position.
    """

    table: Any
    classes: Sequence[Hashable] | None
    is_positional: bool


@dataclass(frozen=True, eq=False)
class Probabilities:
    """What a model says of every item: float64 (I, K), rows sum to one, and the classes that the columns stand for."""

    shares: Floats
    classes: list[Any]


def named_probabilities(labels: Any, pred_probs: Any, classes: Sequence[Hashable] | None) -> GivenProbabilities:
    """Give an array of probabilities the names of its classes; by default whole-number labels count from 0."""
    is_positional = isinstance(labels, np.ndarray | list | tuple)
    if not (is_positional and isinstance(pred_probs, np.ndarray) and pred_probs.ndim == 2):
        return GivenProbabilities(pred_probs, classes, is_positional)
    if classes is None and np.asarray(labels).dtype.kind in "iu":
        classes = list(range(pred_probs.shape[1]))
    if classes is None or len(classes) != pred_probs.shape[1]:
        raise TableError(
            f"pred_probs has {pred_probs.shape[1]} columns without names; give classes= in the order of its columns "
            f"(found {'none' if classes is None else len(classes)})."
        )
    names = pd.Index(list(classes), dtype=object)
    return GivenProbabilities(pd.DataFrame(pred_probs, columns=names), classes, is_positional)


def _by_id(table: Any, labelled_items: NDArray[np.object_], name: str, *, is_positional: bool) -> pd.DataFrame:
    """Bring a table to the order of items; a plain array only where the labels were a plain array too."""
    if isinstance(table, np.ndarray):
        if table.ndim != 2:
            raise TableError(f"{name} has one row per item and one column per number; found the shape {table.shape}.")
        if not is_positional:
            raise TableError(
                f"{name} is an array without item ids, and rows are never joined by position; give a DataFrame with "
                "item_id as its index or as a column (or give labels as an array as well)."
            )
        if len(table) != len(labelled_items):
            raise TableError(f"{name} has {len(table):,} rows for {len(labelled_items):,} labels; give one for each.")
        return pd.DataFrame(table)
    if not isinstance(table, pd.DataFrame):
        raise TableError(f"Found a {type(table).__name__} as {name}; give a DataFrame with item_id.")
    table = by_item_id(table)
    found: pd.DataFrame = table.iloc[rows_of(table.index, labelled_items, name)]
    return found


def join_probabilities(given: GivenProbabilities, judged: JudgedLabels) -> Probabilities:
    """Bring predicted probabilities to the order of items and classes.

    Columns are the classes of the labels first, then those that only the model knows.

    Raises
    ------
    TableError
        For ids or classes that are missing, values outside 0..1, or rows that do not sum to one.
    """
    own = list(judged.codes.classes)
    table = _by_id(given.table, judged.codes.items, "pred_probs", is_positional=given.is_positional)
    known = {id_text(column): place for place, column in enumerate(table.columns)}
    missing = [label for label in own if id_text(label) not in known]
    if missing:
        raise TableError(
            f"pred_probs has no column for {len(missing)} classes that are among the labels ({shown(missing)}; found "
            f"{shown(list(table.columns), 12)}); name its columns like the labels."
        )
    ours = {id_text(label) for label in own}
    classes = [*own, *(column for column in table.columns if id_text(column) not in ours)]
    values = table.iloc[:, [known[id_text(label)] for label in classes]].to_numpy(np.float64)
    return Probabilities(check_probabilities(values, judged.codes.items), classes)


def check_probabilities(values: Floats, items: NDArray[np.object_]) -> Floats:
    """Refuse what cannot be probabilities; take away the rounding of sums."""
    bad = ~(np.isfinite(values) & (values >= 0)).all(axis=1)
    if bad.any():
        raise TableError(
            f"pred_probs has negative, missing or infinite values for {int(bad.sum()):,} items ({shown(items[bad])}); "
            "give probabilities, not scores."
        )
    sums = values.sum(axis=1)
    off = np.abs(sums - 1) > SUM_TOLERANCE
    if off.any():
        first = int(np.flatnonzero(off)[0])
        raise TableError(
            f"The probabilities of {int(off.sum()):,} items do not sum to one (item {items[first]!r}: {sums[first]:.4g}"
            "); give one column per class and apply softmax to scores first."
        )
    return values


def join_features(features: Any, items: NDArray[np.object_], *, is_positional: bool = False) -> Floats:
    """Bring features to the order of items: float64 (I, d).

    Raises
    ------
    TableError
        For ids that are missing, or values that are nan or infinite.
    """
    values = _by_id(features, items, "features", is_positional=is_positional).to_numpy(np.float64)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise TableError(
            f"features has missing or infinite values for {int(bad.sum()):,} items ({shown(items[bad])}); "
            "compute them again or leave these items out."
        )
    return values
