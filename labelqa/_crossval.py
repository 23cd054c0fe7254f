"""What a simple model says of every item without having seen that item's label.

Items are dealt into folds, by class and with groups kept together; each fold is predicted by a model of the others.
Noise detection, consensus and the baseline all read these probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from labelqa._checks import need_numbers
from labelqa._codes import encode_ids
from labelqa._columns import unnamed_rows
from labelqa._kernels.linear import RidgeSums, fit_temperature, log_loss, ridge, sums_without
from labelqa._labels import (
    ItemLabels,
    align_labels,
    by_item_id,
    check_order,
    class_values,
    find_rows,
    id_texts,
    is_ordered,
)
from labelqa._options import check_seed, check_whole
from labelqa._result import Result
from labelqa.errors import TableError, shown

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]

#: Penalties tried, per row and standardised feature; the one with the best cross-validated likelihood is used.
PENALTIES = np.array([0.003, 0.03, 0.3, 3.0])
#: A function that fits (rows, label) and gives one that scores new rows: log-probabilities up to a constant, (n, k).
Fitter = Callable[[Floats32, Longs, int], Callable[[Floats32], Floats]]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OutOfFold(Result):
    """Cross-validated probabilities, and how far they can be trusted.

    Attributes
    ----------
    accuracy, balanced_accuracy, log_loss
        Against the labels given, which may themselves be wrong; `balanced_accuracy` is the mean over classes.
    majority_accuracy
        What always naming the most frequent class would reach: a model near it has learned nothing.
    probabilities
        Index `item_id` in natural order, one column per class (the class itself is the column name).
    table
        One row per item: `item_id`, `fold`, `label` (None where not given), `predicted`, `p_label`.
    n_items, n_folds
        Items with a label, and folds used (fewer than asked where a set is tiny).
    temperature
        Mean divisor of the scores over folds; each fold's was fitted on the other folds.
    reason
        What to know before trusting the numbers; None if nothing.
    """

    accuracy: float
    balanced_accuracy: float
    log_loss: float
    majority_accuracy: float
    n_items: int
    n_folds: int
    temperature: float
    probabilities: pd.DataFrame
    table: pd.DataFrame
    reason: str | None = None


def out_of_fold(
    features: pd.DataFrame | NDArray[Any],
    labels: pd.Series | pd.DataFrame | NDArray[Any] | Sequence[Any],
    *,
    groups: pd.Series | NDArray[Any] | Sequence[Any] | None = None,
    n_folds: int = 5,
    seed: int = 0,
    model: Fitter | None = None,
) -> OutOfFold:
    """Predict every item by a model that has not seen its label.

    Parameters
    ----------
    features
        One row of numbers per item, index item id (see `labelqa.features.image_features`). The rows of an array or list
        are called "0", "1"...
    labels
        A Series by item id, or a table with `item_id` and `label`, one row per item. Items of `features` without a
        label (or with a missing one) are predicted, and teach nothing; labels of items without features are an error.
        What has no ids goes with others that have none, or are numbered 0, 1, 2..., in the same order and of the same
        length.
    groups
        Group by item id (a video, a patient, a day): items of one group are always in the same fold.
    n_folds, seed
        Folds are stratified by class. Same input and seed, same output, in any order of rows.
    model
        By default ridge regression on the class indicators of standardised features (minutes for 50,000 items).

    Raises
    ------
    TableError
        For ids that occur twice or do not match, lengths that differ where there are no ids, and features that are
        missing or infinite.
    OptionError
        For fewer than two folds.
    """
    n_folds, seed = check_whole("n_folds", n_folds, 2), check_seed(seed)
    check_order(features=features, labels=labels, groups=groups)
    rows, ids = check_features(features)
    aligned = align_labels(labels, ids)
    if not aligned.is_known.any():
        return _undefined(aligned, "There are no labels.")
    if len(aligned.classes) == 1:
        return _undefined(aligned, "All labels are of one class, so there is nothing to tell apart.")
    folds = deal_folds(aligned.code, None if groups is None else align_groups(groups, ids), n_folds, seed)
    if folds.n_folds < 2:
        return _undefined(aligned, folds.reason or "")
    task = _Task(aligned, folds)
    scores = _ridge_scores(rows, task) if model is None else _model_scores(model, rows, task)
    log_p, temperature = _calibrated(scores, task)
    reasons = (folds.reason, _too_rare(task))
    return _wrap(log_p, task, temperature, " ".join(filter(None, reasons)) or None)


@dataclass(frozen=True, eq=False)
class Folds:
    """Which fold each item is in (n,), how many there are, and why there are fewer than asked; None if there are not.

    With less than two folds nothing can be cross-validated.
    """

    fold: Longs
    n_folds: int
    reason: str | None


@dataclass(frozen=True, eq=False)
class _Task:
    """The labels of items in natural order, and their folds."""

    labels: ItemLabels
    folds: Folds

    @property
    def label(self) -> Longs:
        return self.labels.code

    @property
    def n_classes(self) -> int:
        return len(self.labels.classes)

    def is_in(self, number: int) -> NDArray[np.bool_]:
        """Tell which items are in a fold (n,)."""
        return np.asarray(self.folds.fold == number)


def _too_rare(task: _Task) -> str | None:
    n_folds, known = task.folds.n_folds, task.label[task.labels.is_known]
    rare = task.labels.classes[np.bincount(known, minlength=task.n_classes) < n_folds]
    return f"Classes with fewer than {n_folds} items ({shown(rare)}) cannot be in every fold." if len(rare) else None


def check_features(features: pd.DataFrame | NDArray[Any]) -> tuple[Floats32, NDArray[np.object_]]:
    """Give the features as float32 rows in natural order of their ids; the rows of an array are "0", "1"...

    Raises
    ------
    TableError
        Where ids or columns occur twice, or a value is no finite number.
    """
    if is_ordered(features) and np.ndim(features) == 2:
        features = pd.DataFrame(unnamed_rows(features))
    if not isinstance(features, pd.DataFrame):
        raise TableError(
            f"Found a {type(features).__name__} as features; needed is a DataFrame with one row per item and the item "
            "ids as index: they are joined by id, never by position."
        )
    features = by_item_id(features)
    code, ids = encode_ids(features.index.to_series(), "item_id")
    if len(ids) < len(code):
        twice = features.index[features.index.duplicated()].unique()
        raise TableError(
            f"{len(code) - len(ids):,} item ids of the features occur twice ({shown(twice)}); keep one row."
        )
    with np.errstate(over="ignore"):  # what is too large for float32 is refused as infinite
        numbers = need_numbers(features, "features").to_numpy(np.float32, na_value=np.nan)
    values = numbers[np.argsort(code, kind="stable")]
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise TableError(
            f"{int(bad.sum()):,} items have features that are missing or infinite ({shown(ids[bad])}); fill them in or "
            "leave these items out."
        )
    return np.ascontiguousarray(values), ids


def align_groups(groups: pd.Series | NDArray[Any] | Sequence[Any], ids: NDArray[np.object_]) -> Longs:
    """Give the group code of every id; without ids there is one group for each, in order.

    Raises
    ------
    TableError
        Where an item has no group, or two.
    """
    given = pd.Series(list(groups), dtype=object) if is_ordered(groups) else groups
    if not isinstance(given, pd.Series):
        raise TableError(f"Found a {type(groups).__name__} as groups; give a Series by item id.")
    pairs = pd.DataFrame({"item": id_texts(given.index), "group": given.array}).drop_duplicates()
    twice = pairs["item"][pairs["item"].duplicated()].unique()
    if len(twice):
        raise TableError(f"{len(twice):,} items have more than one group ({shown(twice)}); give every item one.")
    rows = find_rows(pairs["item"], ids)
    absent = (rows < 0) | pairs["group"].isna().to_numpy()[rows]
    if absent.any():
        raise TableError(f"{int(absent.sum()):,} items have no group ({shown(ids[absent])}); give every item one.")
    return encode_ids(pairs["group"].iloc[rows].reset_index(drop=True), "groups")[0].astype(np.int64)


def deal_folds(label: Longs, groups: Longs | None, n_folds: int, seed: int) -> Folds:
    """Deal items into folds so that each holds its share of every class and no group is split.

    Parameters
    ----------
    label
        (n,), -1 where unknown.
    groups
        (n,) or None where every item stands alone.
    """
    rng = np.random.default_rng(seed)
    n = len(label)
    n_units = n if groups is None else len(np.unique(groups))
    used = min(n_folds, n_units)
    if used < 2:
        return Folds(np.zeros(n, np.int64), used, "One item or group alone cannot be cross-validated.")
    units = "items" if groups is None else "groups"
    reason = None if used == n_folds else f"There are only {used} folds, because there are no more {units}."
    if groups is not None:
        return Folds(_deal_groups(label, groups, used, rng), used, reason)
    order = rng.permutation(n)
    order = order[np.argsort(label[order], kind="stable")]
    fold = np.empty(n, np.int64)
    # dealing on from class to class keeps the folds equally large as well
    fold[order] = np.arange(n) % used
    return Folds(fold, used, reason)


def _deal_groups(label: Longs, groups: Longs, n_folds: int, rng: np.random.Generator) -> Longs:
    """Give groups, largest first, to the fold that is shortest of what they hold."""
    n_classes = int(label.max(initial=0)) + 1
    counts = np.zeros((int(groups.max()) + 1, n_classes + 1))
    np.add.at(counts, (groups, label), 1)  # column -1 counts items without a label
    share = counts / np.maximum(counts.sum(axis=0), 1)
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    held = np.zeros((n_folds, n_classes + 1))
    fold = np.empty(len(counts), np.int64)
    for group in order:
        # the growth of the sum of squares, so that large shares are spread first
        cost = (held * share[group]).sum(axis=1)
        fold[group] = int(np.lexsort((held.sum(axis=1), np.round(cost, 12)))[0])
        held[fold[group]] += share[group]
    return fold[groups]


def _ridge_scores(rows: Floats32, task: _Task) -> Floats:
    label, known = task.label, task.labels.is_known
    inside = [task.is_in(number) for number in range(task.folds.n_folds)]
    parts = [RidgeSums.collect(rows[known & fold], label[known & fold], task.n_classes) for fold in inside]
    scores = np.zeros((len(PENALTIES), len(rows), task.n_classes))
    for fold, sums in zip(inside, sums_without(parts), strict=True):
        if sums.n == 0:
            continue
        for p, (weights, intercept) in enumerate(ridge(sums, PENALTIES)):
            scores[p, fold] = rows[fold] @ weights + intercept
    losses = [log_loss(given[known] / fit_temperature(given[known], label[known]), label[known]) for given in scores]
    return np.asarray(scores[int(np.argmin(losses))])


def _model_scores(model: Fitter, rows: Floats32, task: _Task) -> Floats:
    scores = np.zeros((len(rows), task.n_classes))
    for number in range(task.folds.n_folds):
        fold = task.is_in(number)
        train = task.labels.is_known & ~fold
        if train.any():
            scores[fold] = model(rows[train], task.label[train], task.n_classes)(rows[fold])
    return scores


def _calibrated(scores: Floats, task: _Task) -> tuple[Floats, float]:
    """Give log-probabilities: each fold's scores over a temperature fitted on the other folds."""
    log_p = np.empty_like(scores)
    temperatures = []
    for number in range(task.folds.n_folds):
        fold = task.is_in(number)
        others = task.labels.is_known & ~fold
        temperature = fit_temperature(scores[others], task.label[others]) if others.any() else 1.0
        log_p[fold] = log_softmax(scores[fold] / temperature, axis=1)
        temperatures.append(temperature)
    return log_p, float(np.mean(temperatures))


def _wrap(log_p: Floats, task: _Task, temperature: float, reason: str | None) -> OutOfFold:
    known, classes, n_classes = task.labels.is_known, task.labels.classes, task.n_classes
    label = task.label[known]
    chosen = log_p.argmax(axis=1) if n_classes else np.full(len(log_p), -1)
    right = chosen[known] == label
    count = np.bincount(label, minlength=n_classes)
    recall = np.bincount(label[right], minlength=n_classes)[count > 0] / count[count > 0]
    log_p_label = np.full(len(log_p), np.nan)
    log_p_label[known] = log_p[known, label]
    table = _item_table(task, chosen, np.exp(log_p_label))
    # a model was asked: without one the accuracy of class shares would pass for cross-validated
    is_fitted = task.folds.n_folds > 1
    return OutOfFold(
        accuracy=float(right.mean()) if is_fitted else np.nan,
        balanced_accuracy=float(recall.mean()) if is_fitted else np.nan,
        log_loss=-float(log_p_label[known].mean()) if is_fitted else np.nan,
        majority_accuracy=float(count.max() / count.sum()) if known.any() else np.nan,
        n_items=len(label),
        n_folds=task.folds.n_folds,
        temperature=temperature,
        probabilities=pd.DataFrame(
            np.exp(log_p), index=pd.Index(table["item_id"]), columns=pd.Index(classes, dtype=object)
        ),
        table=table,
        reason=reason,
    )


def _item_table(task: _Task, chosen: Longs, p_label: Floats) -> pd.DataFrame:
    classes = task.labels.classes
    return pd.DataFrame(
        {
            "item_id": pd.Index(task.labels.items, name="item_id", dtype="str"),
            "fold": task.folds.fold,
            "label": pd.Series(class_values(classes, task.label), dtype=object),
            "predicted": class_values(classes, chosen),
            "p_label": p_label,
        }
    )


def _undefined(labels: ItemLabels, reason: str) -> OutOfFold:
    """Give what can be said without a model: the class shares for every item, and no accuracy."""
    known = labels.code[labels.is_known]
    share = np.bincount(known, minlength=len(labels.classes)) / max(len(known), 1)
    with np.errstate(divide="ignore"):
        log_p = np.tile(np.log(share), (len(labels.items), 1))
    return _wrap(log_p, _Task(labels, Folds(np.zeros(len(labels.items), np.int64), 0, reason)), np.nan, reason)
