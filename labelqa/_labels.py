"""One door to "the label of an item": votes and their ties, given and trusted labels, joining by item id.

Labels come as `Annotations`, as a table with `item_id` and `label` (and `annotator_id`, where several people labelled
an item), as a Series by item id, or as an array, list or tuple. Ids are compared as text, labels keep their values.

**Joining.** Two things are joined by item id, never by the order of rows. A Series or table goes by its index (a table
by its column `item_id`, where it has one), also where that is pandas' default: then its items are called "0", "1"... An
array, list or tuple has no ids. It goes with what has none either, in the same order and of the same length, or with a
Series or table of that length whose index reads 0, 1, 2... in order, where order and ids say the same; anything else is
refused (`check_order`).

**Ties.** An item is tied where its largest number of votes is reached by two classes or more. There is one rule: a tied
item has no majority label, and `is_tied` marks it. Where an answer must be given all the same (`majority_vote`,
`per_item` of an agreement, the label that `label_issues` judges, copies of a picture) it is the tied class that is more
frequent over all labels, of equals the first in natural order. Where a label must be trusted (it teaches or tests a
model) the item is left out, and counted. `TIES` names the two: "frequent" and "none".

What to use: `votes_of` for labels by several people, `one_each` for one label per item with tied items left out,
`align_labels` for class codes in a given order of items, `trusted_codes` for gold labels, `check_order` wherever an
array may come in, `rows_of` and `find_rows` to join any table by id, `values_of` to turn codes back into labels.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes, encode_ids, encode_labels, id_text, label_codes
from labelqa._options import check_choice
from labelqa.annotations import Annotations, as_annotations, as_label_codes
from labelqa.errors import TableError, shown

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

#: Labels in any of their forms.
Labels = Annotations | pd.DataFrame | pd.Series | NDArray[Any] | Sequence[Any]
#: What may become of a tied item.
TIES = ("none", "frequent")
#: Stands for the annotator where a table names none.
GIVEN = "given"


@dataclass(frozen=True, eq=False)
class Winners:
    """The class with the highest score of every item.

    Attributes
    ----------
    code
        int64 (I,): class, -1 for none.
    is_tied
        bool (I,): whether another class scores as high.
    """

    code: Longs
    is_tied: Bools


def winners(scores: Floats | Longs, *, ties: str, frequency: Floats | None = None, within: float = 0.0) -> Winners:
    """Give every item the class with its highest score.

    Parameters
    ----------
    scores
        (I, K); an item with nan has no class.
    ties
        One of `TIES`.
    frequency
        (K,), for "frequent"; without it the first of the tied classes.
    within
        Scores this close are equal.
    """
    check_choice("ties", ties, TIES)
    n_items, n_classes = scores.shape
    if n_classes == 0:
        return Winners(np.full(n_items, -1, np.int64), np.zeros(n_items, bool))
    top = scores.max(axis=1, keepdims=True)
    equal = scores >= top - within
    is_tied = equal.sum(axis=1) > 1
    code = (equal if frequency is None else np.where(equal, frequency, -1.0)).argmax(axis=1)
    code[~np.isfinite(top[:, 0])] = -1
    if ties == "none":
        code[is_tied] = -1
    return Winners(code, is_tied)


@dataclass(frozen=True, eq=False)
class Votes:
    """The labels of every item, counted by class.

    Attributes
    ----------
    codes
        The labels; items without any are among them.
    counts
        int64 (I, K).
    """

    codes: LabelCodes
    counts: Longs

    @property
    def items(self) -> Objects:
        """The item ids (I,)."""
        return self.codes.items

    @cached_property
    def n_labels(self) -> Longs:
        """Number of labels of each item (I,)."""
        return np.diff(self.codes.offsets)

    @property
    def is_tied(self) -> Bools:
        """Whether two classes share the largest number of votes (I,)."""
        return self.majority("none").is_tied

    def majority(self, ties: str) -> Winners:
        """Give the most frequent label of every item; `ties` is one of `TIES`."""
        frequency = self.counts.sum(axis=0).astype(np.float64) if ties == "frequent" else None
        found = winners(self.counts, ties=ties, frequency=frequency)
        is_labelled = self.n_labels > 0
        return Winners(np.where(is_labelled, found.code, -1), found.is_tied & is_labelled)


def count_votes(codes: LabelCodes) -> Longs:
    """Count labels by item and class: (I, K)."""
    flat = codes.item.astype(np.int64) * codes.n_classes + codes.label
    size = codes.n_items * codes.n_classes
    return np.bincount(flat, minlength=size).astype(np.int64).reshape(codes.n_items, codes.n_classes)


def votes_of(labels: Any, *, classes: Sequence[Hashable] | None = None, name: str = "labels") -> Votes:
    """Count the votes of labels in any form; one label per item is one vote.

    Raises
    ------
    TableError
        For other types, missing columns, labels outside `classes`, and several labels of an item where no
        `annotator_id` says whose they are.
    """
    codes = _codes_of(labels, classes, name)
    return Votes(codes, count_votes(codes))


def has_annotators(labels: Any) -> TypeGuard[Annotations | pd.DataFrame]:
    """Tell labels by people from labels that are one per item already."""
    return isinstance(labels, Annotations) or (isinstance(labels, pd.DataFrame) and "annotator_id" in labels.columns)


@dataclass(frozen=True, eq=False)
class OneEach:
    """One label per item.

    Attributes
    ----------
    labels
        By item id; what has no ids stays as it is.
    n_tied
        Items left out because their most frequent label is tied.
    reason
        The sentence that says so; None where there are none.
    """

    labels: pd.Series | NDArray[Any] | Sequence[Any]
    n_tied: int = 0
    reason: str | None = None


def one_each(labels: Any, name: str = "labels") -> OneEach:
    """Give the most frequent label of every item, without the items on which it is tied.

    Labels that are one per item already come back as they are.

    Raises
    ------
    TableError
        Where `labels` is nothing of this kind, or lacks a column.
    """
    if is_ordered(labels):
        return OneEach(labels)
    if not isinstance(labels, Annotations | pd.DataFrame | pd.Series):
        raise TableError(
            f"Found a {type(labels).__name__} as {name}; give a Series by item id, a table or Annotations."
        )
    if not has_annotators(labels):
        table = label_table(labels, name)
        return OneEach(pd.Series(table["label"].array, index=pd.Index(table["item_id"].array)))
    votes = votes_of(labels, name=name)
    found = votes.majority("none")
    kept = found.code >= 0
    values = pd.Series(class_values(votes.codes.classes, found.code[kept]), index=votes.items[kept], dtype=object)
    tied = votes.items[found.is_tied]
    said = f"{len(tied):,} items without a most frequent label are left out ({shown(tied)})." if len(tied) else None
    return OneEach(values, len(tied), said)


def is_ordered(data: Any) -> TypeGuard[NDArray[Any] | Sequence[Any]]:
    """Tell what has no item ids, and so can only go by order: arrays, lists and tuples."""
    return isinstance(data, np.ndarray | list | tuple)


def check_order(**named: Any) -> None:
    """Refuse to join what has no item ids with anything but rows numbered 0, 1, 2... of the same length.

    Parameters
    ----------
    **named
        What is joined, under the names of the arguments; None stands for what was not given.

    Raises
    ------
    TableError
        Where lengths differ, or one has ids and another has none.
    """
    given = {name: data for name, data in named.items() if data is not None}
    bare = [name for name, data in given.items() if is_ordered(data)]
    if not bare:
        return
    lengths = {name: _numbered(data) for name, data in given.items()}
    for name, length in lengths.items():
        if length is None:
            raise TableError(
                f"{bare[0]} is a {type(given[bare[0]]).__name__} without item ids and {name} has ids, and rows are "
                f"never joined by position; give {bare[0]} as a Series or table with the item ids as index, or both "
                "without ids, in the same order."
            )
        if length != lengths[bare[0]]:
            raise TableError(
                f"{bare[0]} has {lengths[bare[0]]:,} rows and {name} has {length:,}, and without item ids they go by "
                "order; give one for each, or give both with item ids."
            )


def _numbered(data: Any) -> int | None:
    """Give the number of rows where they are called 0, 1, 2... in order, or have no ids; None for other ids."""
    if isinstance(data, np.ndarray):
        return data.shape[0] if data.ndim else 1
    if is_ordered(data):
        return len(data)
    if isinstance(data, pd.DataFrame):
        data = by_item_id(data) if "annotator_id" not in data.columns else None
    ids: Any = data.index if isinstance(data, pd.DataFrame | pd.Series) else getattr(data, "item_ids", data)
    if isinstance(ids, pd.RangeIndex):
        return len(ids) if ids.start == 0 and ids.step == 1 else None
    if not isinstance(ids, pd.Index | np.ndarray | list | Mapping):
        return None
    return len(ids) if list(id_texts(ids)) == [str(row) for row in range(len(ids))] else None


def annotations_of(annotations: Any) -> Annotations:
    """Take `Annotations`, a table of boxes, or labels in any form; labels without an annotator are by `GIVEN`.

    Raises
    ------
    TableError
        For other types, missing columns, and several labels of an item where nothing says whose they are.
    """
    if isinstance(annotations, Annotations):
        return annotations
    if isinstance(annotations, pd.DataFrame) and ("x_min" in annotations.columns or has_annotators(annotations)):
        return as_annotations(annotations)
    table = label_table(annotations, "annotations")
    # refuses several labels of an item
    _codes_of(table, None, "annotations")
    return as_annotations(table.assign(annotator_id=GIVEN))


def label_table(labels: Any, name: str = "labels") -> pd.DataFrame:
    """Give labels in any form as a table with `item_id` and `label`; the items of an array are called "0", "1"...

    Raises
    ------
    TableError
        For other types and missing columns.
    """
    if isinstance(labels, Annotations):
        return labels.labels
    if isinstance(labels, pd.Series):
        return pd.DataFrame({"item_id": labels.index, "label": labels.array})
    if is_ordered(labels):
        values = np.asarray(labels, dtype=object)
        if values.ndim != 1:
            raise TableError(f"An array of {name} has one label per item; found the shape {values.shape}.")
        return pd.DataFrame({"item_id": np.arange(len(values)), "label": pd.Series(list(values)).infer_objects()})
    if not isinstance(labels, pd.DataFrame):
        raise TableError(
            f"Found a {type(labels).__name__} as {name}; give labelqa.Annotations, a table with item_id and label, a "
            "Series by item id, or an array."
        )
    absent = [column for column in ("item_id", "label") if column not in labels.columns]
    if absent:
        raise TableError(
            f"{name} has no column {shown(absent)} (found: {shown(list(labels.columns), 12)}); it needs item_id and "
            "label: rename yours with .rename(columns={...})."
        )
    return labels


def _codes_of(labels: Any, classes: Sequence[Hashable] | None, name: str) -> LabelCodes:
    if has_annotators(labels):
        return as_label_codes(labels, classes)
    table = label_table(labels, name)
    one = (np.zeros(len(table), np.int32), np.asarray([GIVEN], dtype=object))
    codes = label_codes(encode_ids(table["item_id"], "item_id"), one, encode_labels(table["label"], classes))
    twice = np.flatnonzero(np.diff(codes.offsets) > 1)
    if len(twice):
        raise TableError(
            f"{len(twice):,} items have more than one label and no annotator_id says whose ({shown(codes.items[twice])}"
            "); add the column annotator_id, or keep one row per item."
        )
    return codes


@dataclass(frozen=True, eq=False)
class ItemLabels:
    """One label for each of a list of items.

    Attributes
    ----------
    items
        (I,), in the order they were asked for.
    code
        int64 (I,): class, -1 where an item has no label.
    classes
        What the codes stand for (K,).
    """

    items: Objects
    code: Longs
    classes: Objects

    @property
    def is_known(self) -> Bools:
        """Whether an item has a label (I,)."""
        return self.code >= 0


def align_labels(
    labels: Any,
    items: Objects,
    *,
    classes: Sequence[Hashable] | None = None,
    name: str = "labels",
    table: str = "features",
) -> ItemLabels:
    """Bring labels, one per item, to the order of `items`; every labelled item must be among them.

    Parameters
    ----------
    labels
        A Series by item id, or a table with `item_id` and `label`; without ids one for each of the items "0", "1"...
    items
        Ids as text.
    classes
        All classes in order; by default those that occur.
    name, table
        What labels and items are called in messages: the argument, and the table that names the items.

    Raises
    ------
    TableError
        Where an item has two labels, or labels name items that are not there.
    """
    if not is_ordered(labels) and not isinstance(labels, pd.DataFrame | pd.Series):
        raise TableError(f"Found a {type(labels).__name__} as {name}; give a Series by item id, or a table.")
    if is_ordered(labels) and len(labels) != len(items):
        raise TableError(f"{name} has {len(labels):,} rows and {table} has {len(items):,}; give one for each.")
    said = label_table(labels, name)
    ids = pd.Index(id_texts(said["item_id"]), dtype=object)
    if ids.has_duplicates:
        twice = ids[ids.duplicated()].unique()
        raise TableError(
            f"{len(twice):,} items have more than one label in {name} ({shown(twice)}); give one each, for example "
            "labelqa.consensus.consensus_labels(...)."
        )
    rows = rows_of(items, ids.to_numpy(object), table, "labelled items" if name == "labels" else f"items of {name}")
    code, known = encode_labels(said["label"].reset_index(drop=True), classes)
    out = np.full(len(items), -1, np.int64)
    out[rows] = code
    return ItemLabels(items, out, known)


def trusted_codes(gold: pd.DataFrame | pd.Series | None, codes: LabelCodes) -> Ints:
    """Give the trusted class of every item of `codes` (I,), -1 where the gold table (or Series by item id) names none.

    Raises
    ------
    TableError
        For missing columns, unknown labels, or two gold labels of one item.
    """
    out = np.full(codes.n_items, -1, np.int32)
    if gold is None:
        return out
    table = gold_table(gold)
    label, _ = encode_labels(table["label"], list(codes.classes))
    of_item, ids = encode_ids(table["item_id"], "item_id")
    rows = find_rows(codes.items, ids)[of_item]
    use = (rows >= 0) & (label >= 0)
    out[rows[use]] = label[use]
    contradicted = rows[use][out[rows[use]] != label[use]]
    if len(contradicted):
        raise TableError(
            f"The gold table gives {len(set(contradicted))} items two different labels "
            f"({shown(sorted(set(codes.items[contradicted])))}); keep one gold label per item."
        )
    return out


def gold_table(gold: Any) -> pd.DataFrame:
    """Give trusted labels, a Series by item id or a table, as a table with `item_id` and `label`.

    Raises
    ------
    TableError
        For other types, what has no ids, and missing columns.
    """
    if is_ordered(gold):
        raise TableError(f"Found a {type(gold).__name__} as gold; give a table with item_id and label.")
    return label_table(gold, "gold")


def id_texts(ids: Iterable[Any]) -> Objects:
    """Give ids as text; 7, 7.0 and "7" are one id."""
    values = list(ids)
    out = np.empty(len(values), dtype=object)
    out[:] = values if pd.api.types.infer_dtype(values, skipna=False) == "string" else [id_text(v) for v in values]
    return out


def find_rows(ids: Iterable[Any], wanted: Iterable[Any]) -> Longs:
    """Give the row of each wanted item among `ids`, which are unique; -1 where it is not there."""
    return np.asarray(pd.Index(id_texts(ids), dtype=object).get_indexer(pd.Index(id_texts(wanted), dtype=object)))


def rows_of(ids: Iterable[Any], wanted: Iterable[Any], name: str, what: str = "labelled items") -> Longs:
    """Give the row of each wanted item among `ids`.

    Parameters
    ----------
    name, what
        What the table of `ids` and the wanted items are called in messages.

    Raises
    ------
    TableError
        Where an id occurs twice, or a wanted one is missing; both are listed.
    """
    index, wanted = pd.Index(id_texts(ids), dtype=object), id_texts(wanted)
    if not index.is_unique:
        twice = index[index.duplicated()].unique()
        raise TableError(f"{name} has {len(twice):,} item ids more than once ({shown(twice)}); keep one row per item.")
    rows = np.asarray(index.get_indexer(pd.Index(wanted, dtype=object)), dtype=np.int64)
    lost = wanted[rows < 0]
    if len(lost):
        n_others = len(index) - (len(wanted) - len(lost))
        raise TableError(
            f"{name} has no row for {len(lost):,} of {len(wanted):,} {what} ({shown(lost)}), and {n_others:,} rows for "
            f"other items (first: {shown(index[:3])}); rows are joined by item_id: check that both tables use the same "
            "ids."
        )
    return rows


def by_item_id(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table with its item ids as index: the index where it is called `item_id`, otherwise such a column.

    A class may be called item_id as well; then the ids are an index of that name.
    """
    return table.set_index("item_id") if "item_id" in table.columns and table.index.name != "item_id" else table


def class_values(classes: Sequence[Any] | Objects, code: NDArray[np.integer[Any]]) -> Objects:
    """Turn class codes into classes; -1 becomes None."""
    values = np.empty(len(classes) + 1, dtype=object)
    values[:-1] = list(classes)
    taken: Objects = values[code]
    return taken


def values_of(classes: Sequence[Any] | Objects, code: NDArray[np.integer[Any]]) -> pd.Series:
    """Turn class codes into a column of labels of the type they came with; -1 becomes None."""
    return pd.Series(class_values(classes, code), dtype=object).infer_objects()
