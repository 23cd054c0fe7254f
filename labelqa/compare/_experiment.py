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
from labelqa._labels import OneEach, align_labels, id_texts, is_ordered, one_each
from labelqa._options import check_choice
from labelqa.annotations import Annotations
from labelqa.errors import OptionError, TableError

Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]
Labels = pd.Series | pd.DataFrame | Annotations

#: Kinds of fix, in the order in which they are listed; "relabel" is one of unknown origin.
KINDS = ("human_relabel", "automatic_relabel", "relabel", "drop", "add", "augment")
RELABELS = KINDS[:3]


@dataclass(frozen=True, eq=False)
class Experiment:
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


def labels_by_id(labels: Labels, name: str) -> OneEach:
    """Give one label per item by its id as text (the most frequent one); items without a label are left out.

    Raises
    ------
    TableError
        Where `labels` is no table of labels.
    """
    if is_ordered(labels):
        raise TableError(
            f"Found a {type(labels).__name__} as {name}; give a Series by item id, a table or Annotations."
        )
    found = one_each(labels, name)
    said = pd.Series(found.labels).astype(object)
    return OneEach(said.set_axis(id_texts(said.index)).dropna(), found.n_tied, found.reason)


def make_experiment(
    before: pd.Series, after: pd.Series, test: pd.Series, features: pd.DataFrame, kinds: Mapping[str, str]
) -> Experiment:
    """Join labels and features by id, and name the kind of every change.

    Raises
    ------
    TableError
        Where an item of either training set or the test set has no features, or has two labels.
    """
    rows, ids = check_features(features)
    sets = {"before": before, "after": after, "test": test}
    _, classes = encode_labels(pd.concat(sets.values(), ignore_index=True))
    code = {name: align_labels(given, ids, classes=list(classes), name=name).code for name, given in sets.items()}
    changed = code["before"] != code["after"]
    named = np.array([kinds.get(item, "") for item in ids[changed]], dtype=object)
    kind, used = _code_kinds(code["before"], code["after"], named)
    test_rows = np.flatnonzero(code["test"] >= 0)
    return Experiment(rows, ids, classes, code["before"], code["after"], kind, used, test_rows, code["test"][test_rows])


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
