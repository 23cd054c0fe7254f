"""Numbers about items, a model's probabilities or features, brought to the order of the labelled items by id."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import need_numbers
from labelqa._codes import id_text
from labelqa._columns import unnamed_rows
from labelqa._labels import by_item_id, check_order, is_ordered, label_table, rows_of
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
    """

    table: Any
    classes: Sequence[Hashable] | None


@dataclass(frozen=True, eq=False)
class Probabilities:
    """What a model says of every item: float64 (I, K), rows sum to one, and the classes that the columns stand for."""

    shares: Floats
    classes: list[Any]


def named_probabilities(labels: Any, pred_probs: Any, classes: Sequence[Hashable] | None) -> GivenProbabilities:
    """Give probabilities without names those of their classes; by default whole-number labels count from 0.

    Raises
    ------
    TableError
        Where labels and probabilities cannot be joined, or nothing says which class a column is.
    """
    check_order(annotations=labels, pred_probs=pred_probs)
    if not is_ordered(pred_probs):
        return GivenProbabilities(pred_probs, classes)
    values = unnamed_rows(pred_probs, name="pred_probs")
    if classes is None and _are_codes(labels):
        classes = list(range(values.shape[1]))
    if classes is None or len(classes) != values.shape[1]:
        raise TableError(
            f"pred_probs has {values.shape[1]} columns without names; give classes= in the order of its columns "
            f"(found {'none' if classes is None else len(classes)})."
        )
    return GivenProbabilities(pd.DataFrame(values, columns=pd.Index(list(classes), dtype=object)), classes)


def _are_codes(labels: Any) -> bool:
    return label_table(labels)["label"].dtype.kind in "iu"


def _by_id(table: Any, labelled_items: NDArray[np.object_], name: str) -> pd.DataFrame:
    """Bring a table to the order of items; the rows of what has no ids are called 0, 1, 2..."""
    if is_ordered(table):
        table = pd.DataFrame(unnamed_rows(table, name=name))
    if not isinstance(table, pd.DataFrame):
        raise TableError(f"Found a {type(table).__name__} as {name}; give a DataFrame with item_id.")
    table = by_item_id(table)
    found: pd.DataFrame = table.iloc[rows_of(table.index, labelled_items, name)]
    return found


def _numbers(table: pd.DataFrame, name: str) -> Floats:
    """Give the cells as float64 (I, d)."""
    return need_numbers(table, name).to_numpy(np.float64, na_value=np.nan)


def join_probabilities(given: GivenProbabilities, judged: JudgedLabels) -> Probabilities:
    """Bring predicted probabilities to the order of items and classes.

    Columns are the classes of the labels first, then those that only the model knows.

    Raises
    ------
    TableError
        For ids or classes that are missing, values outside 0..1, or rows that do not sum to one.
    """
    own = list(judged.codes.classes)
    table = _by_id(given.table, judged.codes.items, "pred_probs")
    table = need_numbers(table, "pred_probs")
    known = {id_text(column): place for place, column in enumerate(table.columns)}
    missing = [label for label in own if id_text(label) not in known]
    if missing:
        raise TableError(
            f"pred_probs has no column for {len(missing)} classes that are among the labels ({shown(missing)}; found "
            f"{shown(list(table.columns), 12)}); name its columns like the labels."
        )
    ours = {id_text(label) for label in own}
    classes = [*own, *(column for column in table.columns if id_text(column) not in ours)]
    values = _numbers(table.iloc[:, [known[id_text(label)] for label in classes]], "pred_probs")
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


def join_features(features: Any, items: NDArray[np.object_]) -> Floats:
    """Bring features to the order of items: float64 (I, d).

    Raises
    ------
    TableError
        For ids that are missing, or values that are nan or infinite.
    """
    values = _numbers(_by_id(features, items, "features"), "features")
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise TableError(
            f"features has missing or infinite values for {int(bad.sum()):,} items ({shown(items[bad])}); "
            "compute them again or leave these items out."
        )
    return values
