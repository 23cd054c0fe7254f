"""What the functions of this room are given, joined by item id and checked once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes, encode_ids, encode_labels, id_text, label_codes
from labelqa.annotations import Annotations, as_label_codes
from labelqa.errors import TableError, shown

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

#: How far a row of probabilities may be from 1 in sum; single precision leaves about 1e-6.
SUM_TOLERANCE = 1e-3
_ONE = "given"


@dataclass(frozen=True, eq=False)
class Labelled:
    """One label per item, and the votes it came from.

    Attributes
    ----------
    codes
        All labels; every item has at least one.
    given
        int32 (I,): the label that is judged.
    counts
        int64 (I, K): votes.
    is_tied
        bool (I,): whether the judged label shares its number of votes with another class.
    """

    codes: LabelCodes
    given: Ints
    counts: NDArray[np.int64]
    is_tied: NDArray[np.bool_]

    @property
    def has_votes(self) -> bool:
        """Whether some item was labelled more than once."""
        return len(self.codes.label) > len(self.given)


def as_labelled(
    labels: Any, *, classes: Sequence[Hashable] | None = None, given: pd.DataFrame | pd.Series | None = None
) -> Labelled:
    """Take `Annotations`, a table with `item_id` and `label`, a Series by item id, or a plain array of labels.

    Raises
    ------
    TableError
        For other types, missing columns, or items of `given` that do not match.
    """
    codes = _without_empty(_codes(labels, classes))
    n_classes = max(codes.n_classes, 1)
    flat = codes.item.astype(np.int64) * n_classes + codes.label
    counts = np.bincount(flat, minlength=codes.n_items * n_classes).reshape(codes.n_items, n_classes)
    most = counts.max(axis=1, initial=0)
    judged = counts.argmax(axis=1).astype(np.int32)
    is_tied = (counts == most[:, None]).sum(axis=1) > 1
    if given is not None:
        judged, is_tied = _judged(given, codes), np.zeros(codes.n_items, bool)
    return Labelled(codes, judged, counts, is_tied)


def _codes(labels: Any, classes: Sequence[Hashable] | None) -> LabelCodes:
    if isinstance(labels, Annotations):
        return as_label_codes(labels, classes)
    if isinstance(labels, pd.Series):
        labels = pd.DataFrame({"item_id": labels.index, "label": labels.to_numpy()})
    elif isinstance(labels, np.ndarray | list | tuple):
        values = np.asarray(labels, dtype=object)
        if values.ndim != 1:
            raise TableError(f"An array of labels has one label per item; found the shape {values.shape}.")
        labels = pd.DataFrame({"item_id": np.arange(len(values)), "label": pd.Series(list(values)).infer_objects()})
    if not isinstance(labels, pd.DataFrame):
        raise TableError(
            f"Found a {type(labels).__name__} as labels; give labelqa.Annotations, a table with item_id and label, a "
            "Series by item id, or an array."
        )
    if "annotator_id" in labels.columns:
        return as_label_codes(labels, classes)
    missing = [column for column in ("item_id", "label") if column not in labels.columns]
    if missing:
        raise TableError(
            f"The labels table has no column {shown(missing)} (found: {shown(list(labels.columns), 12)}); rename yours "
            "with .rename(columns={...})."
        )
    items = encode_ids(labels["item_id"], "item_id")
    one = (np.zeros(len(labels), np.int32), np.asarray([_ONE], dtype=object))
    codes = label_codes(items, one, encode_labels(labels["label"], classes))
    twice = np.flatnonzero(np.diff(codes.offsets) > 1)
    if len(twice):
        raise TableError(
            f"{len(twice):,} items have more than one label and no annotator_id says whose ({shown(codes.items[twice])}"
            "); add the column annotator_id, or keep one row per item."
        )
    return codes


def _without_empty(codes: LabelCodes) -> LabelCodes:
    """Leave out items that nobody labelled: there is no label to judge."""
    has_label = np.diff(codes.offsets) > 0
    if has_label.all():
        return codes
    place = np.cumsum(has_label) - 1
    return LabelCodes(
        items=codes.items[has_label],
        annotators=codes.annotators,
        classes=codes.classes,
        item=place[codes.item].astype(np.int32),
        annotator=codes.annotator,
        label=codes.label,
        row=codes.row,
    )


def _judged(given: pd.DataFrame | pd.Series, codes: LabelCodes) -> Ints:
    own = as_labelled(given, classes=list(codes.classes))
    if own.has_votes:
        raise TableError("given= has more than one label for some items; keep the one that is to be judged.")
    rows = rows_of(own.codes.items, codes.items, "given=")
    return own.given[rows]


def each_row(table: pd.DataFrame) -> Iterator[Any]:
    """Give the rows one after the other, columns as attributes."""
    yield from table.itertuples(index=False)


def name_columns(
    labels: Any, pred_probs: Any, classes: Sequence[Hashable] | None
) -> tuple[Any, Sequence[Hashable] | None, bool]:
    """Give an array of probabilities the names of its classes; by default whole-number labels count from 0.

    Returns
    -------
    pred_probs, classes, positional
        The last says whether the labels came as an array: only then are rows joined by position.
    """
    positional = isinstance(labels, np.ndarray | list | tuple)
    if not (positional and isinstance(pred_probs, np.ndarray) and pred_probs.ndim == 2):
        return pred_probs, classes, positional
    if classes is None and np.asarray(labels).dtype.kind in "iu":
        classes = list(range(pred_probs.shape[1]))
    if classes is None or len(classes) != pred_probs.shape[1]:
        raise TableError(
            f"pred_probs has {pred_probs.shape[1]} columns without names; give classes= in the order of its columns "
            f"(found {'none' if classes is None else len(classes)})."
        )
    names = pd.Index(list(classes), dtype=object)
    return pd.DataFrame(pred_probs, columns=names), classes, positional


def values_of(names: Sequence[Any], codes: NDArray[np.int32]) -> pd.Series:
    """Turn class codes back into classes; -1 becomes None."""
    values = np.empty(len(names) + 1, dtype=object)
    values[:-1] = list(names)
    return pd.Series(values[codes], dtype=object).infer_objects()


def rows_of(ids: Any, wanted: NDArray[np.object_], name: str) -> NDArray[np.int64]:
    """Give the row of each wanted item among `ids`.

    Raises
    ------
    TableError
        Where an id occurs twice, or a wanted one is missing; both are listed.
    """
    index = pd.Index([id_text(value) for value in ids], dtype=object)
    if not index.is_unique:
        twice = index[index.duplicated()].unique()
        raise TableError(f"{name} has {len(twice):,} item ids more than once ({shown(twice)}); keep one row per item.")
    rows = index.get_indexer(pd.Index(wanted, dtype=object))
    if (rows < 0).any():
        lost = wanted[rows < 0]
        n_strange = len(index) - int((rows >= 0).sum())
        raise TableError(
            f"{name} has no row for {len(lost):,} of {len(wanted):,} labelled items ({shown(lost)}), and {n_strange:,} "
            f"rows for items without a label (first: {shown(index[:3])}); rows are joined by item_id: check that both "
            "tables use the same ids."
        )
    return np.asarray(rows, dtype=np.int64)


def _by_id(table: Any, labelled_items: NDArray[np.object_], name: str, *, positional: bool) -> pd.DataFrame:
    """Bring a table to the order of items; a plain array only where the labels were a plain array too."""
    if isinstance(table, np.ndarray):
        if table.ndim != 2:
            raise TableError(f"{name} has one row per item and one column per number; found the shape {table.shape}.")
        if not positional:
            raise TableError(
                f"{name} is an array without item ids, and rows are never joined by position; give a DataFrame with "
                "item_id as its index or as a column (or give labels as an array as well)."
            )
        if len(table) != len(labelled_items):
            raise TableError(f"{name} has {len(table):,} rows for {len(labelled_items):,} labels; give one for each.")
        return pd.DataFrame(table)
    if not isinstance(table, pd.DataFrame):
        raise TableError(f"Found a {type(table).__name__} as {name}; give a DataFrame with item_id.")
    # a class may be called item_id as well: then the ids are an index of that name
    if "item_id" in table.columns and table.index.name != "item_id":
        table = table.set_index("item_id")
    found: pd.DataFrame = table.iloc[rows_of(table.index, labelled_items, name)]
    return found


def join_probabilities(probs: Any, labelled: Labelled, *, positional: bool = False) -> tuple[Floats, list[Any]]:
    """Bring predicted probabilities to the order of items and classes.

    Returns
    -------
    float64 (I, K'), classes
        Rows sum to one. Columns are the classes of the labels first, then those that only `probs` knows.

    Raises
    ------
    TableError
        For ids or classes that are missing, values outside 0..1, or rows that do not sum to one.
    """
    table = _by_id(probs, labelled.codes.items, "pred_probs", positional=positional)
    known = {id_text(column): place for place, column in enumerate(table.columns)}
    missing = [label for label in labelled.codes.classes if id_text(label) not in known]
    if missing:
        raise TableError(
            f"pred_probs has no column for {len(missing)} classes that are among the labels ({shown(missing)}; found "
            f"{shown(list(table.columns), 12)}); name its columns like the labels."
        )
    ours = {id_text(label) for label in labelled.codes.classes}
    extra = [column for column in table.columns if id_text(column) not in ours]
    order = [known[id_text(label)] for label in [*labelled.codes.classes, *extra]]
    values = table.iloc[:, order].to_numpy(np.float64)
    return check_probabilities(values, labelled.codes.items), [*labelled.codes.classes, *extra]


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


def join_embeddings(embeddings: Any, items: NDArray[np.object_], *, positional: bool = False) -> Floats:
    """Bring embeddings to the order of items: float64 (I, d).

    Raises
    ------
    TableError
        For ids that are missing, or values that are nan or infinite.
    """
    values = _by_id(embeddings, items, "embeddings", positional=positional).to_numpy(np.float64)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise TableError(
            f"embeddings has missing or infinite values for {int(bad.sum()):,} items ({shown(items[bad])}); "
            "compute them again or leave these items out."
        )
    return values
