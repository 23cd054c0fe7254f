"""Two sets of training labels, a test set and the kinds of difference between them, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import encode_labels, id_text
from labelqa._crossval import check_features
from labelqa._options import check_choice
from labelqa.annotations import Annotations
from labelqa.baseline._labels import one_label_each
from labelqa.errors import OptionError, TableError, shown

Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]
Labels = pd.Series | pd.DataFrame | Annotations

#: Kinds of fix, in the order in which they are listed; "relabel" is one of unknown origin.
KINDS = ("human_relabel", "automatic_relabel", "relabel", "drop", "add", "augment")
RELABELS = KINDS[:3]


@dataclass(frozen=True, eq=False)
class Problem:
    """All items with features, in natural order of their ids.

    Attributes
    ----------
    rows, ids
        (n, d) and (n,).
    classes
        (k,): every label of either training set or the test set.
    before, after
        (n,): class in each training set, -1 for items that are not in it.
    kind
        (n,): position in `kinds` of what changed the item, -1 where nothing did.
    kinds
        The kinds that occur, in the order of `KINDS`.
    test, truth
        (t,): rows of the test items, and their trusted classes.
    """

    rows: Floats32
    ids: NDArray[np.object_]
    classes: NDArray[np.object_]
    before: Longs
    after: Longs
    kind: Longs
    kinds: list[str]
    test: Longs
    truth: Longs

    def labels_with(self, kinds: set[int]) -> Longs:
        """Give the training labels when only some kinds of fix are made (positions in `kinds`)."""
        made = np.isin(self.kind, list(kinds))
        return np.where(made, self.after, self.before)


def one_each(labels: Labels, name: str) -> tuple[pd.Series, str | None]:
    """Give one label per item as a Series by item id (the most frequent one), and what was left out.

    Raises
    ------
    TableError
        Where `labels` is no table of labels or an item has two.
    """
    if not isinstance(labels, pd.Series | pd.DataFrame | Annotations):
        raise TableError(
            f"Found a {type(labels).__name__} as {name}; give a Series by item id, a table or Annotations."
        )
    single, note = one_label_each(labels)
    table = single if isinstance(single, pd.DataFrame) else _as_table(pd.Series(single))
    absent = {"item_id", "label"} - set(table.columns)
    if absent:
        raise TableError(
            f"{name} has no column {shown(sorted(absent))} (found: {shown(table.columns)}); it needs item_id and label."
        )
    ids = [id_text(value) for value in table["item_id"]]
    said = pd.Series(table["label"].to_numpy(object), index=ids, dtype=object).dropna()
    if said.index.has_duplicates:
        twice = said.index[said.index.duplicated()].unique()
        raise TableError(f"{name} holds more than one label for {len(twice):,} items ({shown(twice)}); give one each.")
    return said, note


def _as_table(labels: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"item_id": labels.index, "label": labels.to_numpy(object)})


def make_problem(
    before: pd.Series, after: pd.Series, test: pd.Series, features: pd.DataFrame, kinds: Mapping[str, str]
) -> Problem:
    """Join labels and features by id, and name the kind of every change.

    Raises
    ------
    TableError
        Where an item of either training set or the test set has no features.
    """
    rows, ids = check_features(features)
    index = pd.Index(ids)
    for name, labels in (("before", before), ("after", after), ("test", test)):
        absent = labels.index[~labels.index.isin(index)]
        if len(absent):
            raise TableError(
                f"{len(absent):,} items of {name} have no features ({shown(absent)}); there are features for "
                f"{len(ids):,} items (first: {shown(ids[:3])}). The ids must match."
            )
    codes, classes = encode_labels(pd.concat([before, after, test], ignore_index=True))
    parts = np.split(codes.astype(np.int64), np.cumsum([len(before), len(after)]))
    full = []
    for labels, code in zip((before, after), parts[:2], strict=True):
        of_item = np.full(len(ids), -1, np.int64)
        of_item[index.get_indexer(labels.index)] = code
        full.append(of_item)
    named = np.array([kinds.get(item, "") for item in ids[full[0] != full[1]]], dtype=object)
    kind, used = _code_kinds(full[0], full[1], named)
    test_rows = index.get_indexer(test.index)
    order = np.argsort(test_rows, kind="stable")
    return Problem(rows, ids, classes, full[0], full[1], kind, used, test_rows[order], parts[2][order])


def _code_kinds(before: Longs, after: Longs, named: NDArray[Any]) -> tuple[Longs, list[str]]:
    changed = np.flatnonzero(before != after)
    what = np.where(before[changed] < 0, "add", np.where(after[changed] < 0, "drop", "relabel")).astype(object)
    # a name can say who relabelled, or that an added item is an augmented copy; it cannot turn one change into another
    fits = ((what == "relabel") & np.isin(named, RELABELS)) | ((what == "add") & (named == "augment"))
    what[fits] = named[fits]
    used = [kind for kind in KINDS if (what == kind).any()]
    out = np.full(len(before), -1, np.int64)
    out[changed] = [used.index(kind) for kind in what]
    return out, used


def kinds_by_item(
    kinds: Mapping[Any, str] | pd.Series | None, decisions: pd.DataFrame | None, copies_of: Mapping[Any, Any] | None
) -> dict[str, str]:
    """Gather what is known of the origin of changes: given kinds count most, then copies, then decisions.

    Raises
    ------
    OptionError
        For an unknown kind.
    """
    out: dict[str, str] = {}
    if decisions is not None:
        by = decisions["reviewer"] if "reviewer" in decisions else pd.Series(None, index=decisions.index, dtype=object)
        is_human = by.notna() & by.astype(str).ne("")
        for item, human in zip(decisions["item_id"], is_human, strict=True):
            out[id_text(item)] = "human_relabel" if human else "automatic_relabel"
    if copies_of is not None:
        out |= dict.fromkeys(map(id_text, copies_of), "augment")
    for item, kind in dict(kinds if kinds is not None else {}).items():
        try:
            check_choice("kinds", kind, KINDS)
        except OptionError as error:
            raise OptionError(f"Item {item!r}: {error}") from error
        out[id_text(item)] = kind
    return out
