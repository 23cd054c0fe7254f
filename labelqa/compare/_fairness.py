"""Comparisons that would mislead are refused, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from labelqa._codes import id_text
from labelqa.compare._experiment import Experiment, Floats32, Longs, labels_by_id
from labelqa.errors import TableError, shown
from labelqa.images import ImageSource

#: Fewer test items decide nothing.
MIN_TEST = 30
#: From this many features on, two items with nearly the same numbers are one picture rather than a coincidence.
MIN_FEATURES = 8
#: How close that is, as a share of the usual distance to the nearest test item.
NEAR = 0.02


class UnfairComparison(TableError):  # noqa: N818 - a public name
    """The comparison would mislead; the message says why and what to do."""


def trusted_test(test: Any) -> pd.Series:
    """Give the trusted labels of the test items; two test sets must be the same.

    Raises
    ------
    UnfairComparison
        Where "before" and "after" come with test sets that differ in items or labels.
    """
    if not isinstance(test, Mapping):
        return _by_id(test, "test")
    sets = {name: _by_id(table, f"test[{name!r}]").sort_index() for name, table in test.items()}
    if not sets:
        raise TableError("test is an empty mapping; give one table of trusted labels.")
    first_name, first = next(iter(sets.items()))
    for name, other in sets.items():
        if not first.index.equals(other.index):
            only = first.index.symmetric_difference(other.index)
            raise UnfairComparison(
                f"The test sets of {first_name!r} and {name!r} hold different items ({len(only):,} are in one only: "
                f"{shown(only)}); score every arm on the same items."
            )
        differs = first.index[[a != b for a, b in zip(first, other, strict=True)]]
        if len(differs):
            raise UnfairComparison(
                f"The test labels of {first_name!r} and {name!r} differ for {len(differs):,} items ({shown(differs)}); "
                "an arm scored on its own labels looks better than it is. Use one set of trusted labels."
            )
    return first


def _by_id(labels: Any, name: str) -> pd.Series:
    found = labels_by_id(labels, name).labels
    return pd.Series(found)


def refuse_overlap(before: pd.Series, after: pd.Series, test: pd.Series, decisions: pd.DataFrame | None) -> None:
    """Refuse a test set that is trained on, or that the fixes under test have edited.

    Raises
    ------
    UnfairComparison
        With the items.
    """
    if decisions is not None:
        edited = test.index[test.index.isin([id_text(item) for item in decisions["item_id"]])]
        if len(edited):
            raise UnfairComparison(
                f"{len(edited):,} test items were decided on in the same review as the fixes ({shown(edited)}); a test "
                "set edited by the rule under test favours that rule. Take test items from another review, or remove "
                "them from the test set."
            )
    for name, labels in (("before", before), ("after", after)):
        shared = test.index[test.index.isin(labels.index)]
        if len(shared):
            raise UnfairComparison(
                f"{len(shared):,} test items are also in the training labels {name!r} ({shown(shared)}); remove them "
                "there."
            )


def refuse_too_little(experiment: Experiment) -> None:
    """Refuse test sets that decide nothing, and classes that nothing teaches.

    Raises
    ------
    UnfairComparison
        With the counts.
    """
    n = len(experiment.test)
    if n < MIN_TEST:
        raise UnfairComparison(
            f"The test set has {n:,} items; fewer than {MIN_TEST} decide nothing. Have more items labelled carefully "
            "(labelqa.compare.scope says how many)."
        )
    taught = np.isin(experiment.truth, experiment.before[experiment.before >= 0]) | np.isin(
        experiment.truth, experiment.after[experiment.after >= 0]
    )
    if not taught.all():
        unknown = experiment.classes[np.unique(experiment.truth[~taught])]
        raise UnfairComparison(
            f"The test set has classes that are missing from both training sets ({shown(unknown)}); no model can know "
            "them. Add training items, or correct the labels."
        )
    for name, labels in (("before", experiment.before), ("after", experiment.after)):
        n_classes = len(np.unique(labels[labels >= 0]))
        if n_classes < 2:
            raise UnfairComparison(
                f"The training labels {name!r} hold {n_classes} classes; a classifier needs two to tell apart."
            )


def leaked_rows(experiment: Experiment) -> dict[int, int]:
    """Give training rows whose features are next to those of a test item, and that item's row.

    Next to: closer than a fiftieth of what training items usually are to their nearest test item.
    """
    training = np.flatnonzero((experiment.before >= 0) | (experiment.after >= 0))
    # rows of zeros are blank pictures, not copies
    training = training[experiment.rows[training].any(axis=1)]
    if experiment.rows.shape[1] < MIN_FEATURES or not len(training) or not len(experiment.test):
        return {}
    spread = experiment.rows.std(axis=0)
    scaled = (experiment.rows - experiment.rows.mean(axis=0)) / np.where(spread > 0, spread, np.float32(1))
    nearest = _nearest(scaled[training], scaled[experiment.test])
    matches = experiment.test[nearest]
    apart = np.linalg.norm(scaled[training].astype(np.float64) - scaled[matches], axis=1)
    is_copy = apart <= NEAR * np.median(apart)
    return dict(zip(training[is_copy].tolist(), matches[is_copy].tolist(), strict=True))


def _nearest(rows: Floats32, others: Floats32) -> Longs:
    """Give the nearest of `others` (m, d) for every row (n, d), run by run."""
    lengths = (others**2).sum(axis=1)
    found = [
        (lengths - 2 * (rows[start : start + 1024] @ others.T)).argmin(axis=1) for start in range(0, len(rows), 1024)
    ]
    return np.concatenate(found).astype(np.int64)


def leaked_pictures(images: ImageSource, experiment: Experiment) -> dict[str, str]:
    """Give training items whose picture shows the same as that of a test item, and that item."""
    from labelqa.noise import duplicates

    test = set(experiment.ids[experiment.test])
    training = set(experiment.ids[(experiment.before >= 0) | (experiment.after >= 0)])
    side = dict.fromkeys(training, "training") | dict.fromkeys(test, "test")
    found = duplicates(images.select(side), split=side).table
    leaks = found.loc[found["is_leak"]]
    of_group = leaks.loc[leaks["item_id"].isin(test)].drop_duplicates("group").set_index("group")["item_id"]
    copies = leaks.loc[leaks["item_id"].isin(training)]
    return {item: str(of_group[group]) for item, group in zip(copies["item_id"], copies["group"], strict=True)}
