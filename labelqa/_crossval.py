"""What a simple model says of every item without having seen that item's label.

Items are dealt into folds, by class and with groups kept together; each fold is predicted by a model of the others.
Noise detection, consensus and the baseline all read these probabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import encode_ids, encode_labels, id_text
from labelqa._kernels.linear import Sums, fit_temperature, log_loss, log_softmax, ridge
from labelqa._result import Result
from labelqa.errors import OptionError, TableError, shown

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
    labels: pd.Series | pd.DataFrame | NDArray[Any],
    *,
    groups: pd.Series | None = None,
    n_folds: int = 5,
    seed: int = 0,
    model: Fitter | None = None,
) -> OutOfFold:
    """Predict every item by a model that has not seen its label.

    Parameters
    ----------
    features
        One row of numbers per item, index item id (see `labelqa.features.image_features`). An array (n, d) is taken
        where `labels` is an array (n,) too; its items are called "0", "1"...
    labels
        A Series by item id, or a table with `item_id` and `label`, one row per item. Items of `features` without a
        label (or with a missing one) are predicted, and teach nothing; labels of items without features are an error.
    groups
        Group by item id (a video, a patient, a day): items of one group are always in the same fold.
    n_folds, seed
        Folds are stratified by class. Same input and seed, same output, in any order of rows.
    model
        By default ridge regression on the class indicators of standardised features (minutes for 50,000 items).

    Raises
    ------
    TableError
        For ids that occur twice or do not match, and features that are missing or infinite.
    OptionError
        For fewer than two folds.
    """
    if n_folds < 2:
        raise OptionError(f"n_folds={n_folds!r} is not possible; choose 2 or more.")
    rows, ids = check_features(features)
    label, classes = align_labels(labels, ids)
    known = label >= 0
    if not known.any():
        return _undefined(ids, label, classes, "there are no labels")
    if len(classes) == 1:
        return _undefined(ids, label, classes, "all labels are of one class, so there is nothing to tell apart")
    fold, n_folds, reason = deal_folds(label, None if groups is None else align_groups(groups, ids), n_folds, seed)
    if n_folds < 2:
        return _undefined(ids, label, classes, reason or "")
    task = _Task(ids, label, classes, fold, n_folds)
    scores = _ridge_scores(rows, task) if model is None else _model_scores(model, rows, task)
    log_p, temperature = _calibrated(scores, task)
    rare = classes[np.bincount(label[known], minlength=len(classes)) < n_folds]
    if len(rare):
        said = f"classes with fewer than {n_folds} items ({shown(rare)}) cannot be in every fold"
        reason = said if reason is None else f"{reason}; {said}"
    return _wrap(log_p, task, temperature, reason)


@dataclass(frozen=True, eq=False)
class _Task:
    """Items in natural order: ids (n,), class codes (n,) with -1 where unknown, classes (k,), folds (n,)."""

    ids: NDArray[np.object_]
    label: Longs
    classes: NDArray[np.object_]
    fold: Longs
    n_folds: int


def check_features(features: pd.DataFrame | NDArray[Any]) -> tuple[Floats32, NDArray[np.object_]]:
    """Give the features as float32 rows in natural order of their ids; the rows of an array are "0", "1"...

    Raises
    ------
    TableError
        Where ids occur twice, or a value is no finite number.
    """
    if isinstance(features, np.ndarray) and features.ndim == 2:
        features = pd.DataFrame(features)
    if not isinstance(features, pd.DataFrame):
        raise TableError(
            f"Found a {type(features).__name__} as features; needed is a DataFrame with one row per item and the item "
            "ids as index: they are joined by id, never by position."
        )
    if "item_id" in features.columns:
        features = features.set_index("item_id")
    code, ids = encode_ids(features.index.to_series(), "item_id")
    if len(ids) < len(code):
        twice = features.index[features.index.duplicated()].unique()
        raise TableError(
            f"{len(code) - len(ids):,} item ids of the features occur twice ({shown(twice)}); keep one row."
        )
    values = features.to_numpy(np.float32)[np.argsort(code, kind="stable")]
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise TableError(
            f"{int(bad.sum()):,} items have features that are missing or infinite ({shown(ids[bad])}); fill them in or "
            "leave these items out."
        )
    return np.ascontiguousarray(values), ids


def align_labels(
    labels: pd.Series | pd.DataFrame | NDArray[Any], ids: NDArray[np.object_]
) -> tuple[Longs, NDArray[np.object_]]:
    """Give the class code of every id (-1 where there is none) and the classes.

    An array of labels goes with an array of features, whose ids are "0", "1"...

    Raises
    ------
    TableError
        Where an item has two labels, or labels name items that `ids` lacks.
    """
    if isinstance(labels, pd.DataFrame):
        absent = {"item_id", "label"} - set(labels.columns)
        if absent:
            raise TableError(f"The labels have no column {shown(sorted(absent))} (found: {shown(labels.columns)}).")
        labels = pd.Series(labels["label"].to_numpy(), index=pd.Index(labels["item_id"].to_numpy()))
    elif isinstance(labels, np.ndarray) and labels.shape == (len(ids),):
        labels = pd.Series(list(labels), dtype=object)
    elif not isinstance(labels, pd.Series):
        raise TableError(f"Found a {type(labels).__name__} as labels; give a Series by item id, or a table.")
    index = pd.Index([id_text(value) for value in labels.index])
    if index.has_duplicates:
        twice = index[index.duplicated()].unique()
        raise TableError(
            f"{len(twice):,} items have more than one label ({shown(twice)}); give one each, for example "
            "labelqa.consensus.consensus_labels(...)."
        )
    place = pd.Index(ids).get_indexer(index)
    if (place < 0).any():
        raise TableError(
            f"{int((place < 0).sum()):,} labelled items have no features ({shown(index[place < 0])}); there are "
            f"features for {len(ids):,} items (first: {shown(ids[:3])}). The ids must match."
        )
    code, classes = encode_labels(labels.reset_index(drop=True))
    out = np.full(len(ids), -1, np.int64)
    out[place] = code
    return out, classes


def align_groups(groups: pd.Series, ids: NDArray[np.object_]) -> Longs:
    """Give the group code of every id.

    Raises
    ------
    TableError
        Where an item has no group.
    """
    given = pd.Series(groups.to_numpy(), index=[id_text(value) for value in groups.index])
    given = given[~given.index.duplicated()]
    absent = ~pd.Index(ids).isin(given.index)
    if absent.any():
        raise TableError(f"{int(absent.sum()):,} items have no group ({shown(ids[absent])}); give every item one.")
    return encode_ids(given.reindex(pd.Index(ids)), "groups")[0].astype(np.int64)


def deal_folds(label: Longs, groups: Longs | None, n_folds: int, seed: int) -> tuple[Longs, int, str | None]:
    """Deal items into folds so that each holds its share of every class and no group is split.

    Parameters
    ----------
    label
        (n,), -1 where unknown.
    groups
        (n,) or None where every item stands alone.

    Returns
    -------
    fold (n,), number of folds, reason
        Fewer folds than asked where there are not as many items or groups; then `reason` says so.
    """
    rng = np.random.default_rng(seed)
    n = len(label)
    n_units = n if groups is None else len(np.unique(groups))
    used = min(n_folds, n_units)
    reason = (
        None
        if used == n_folds
        else f"only {used} folds: there are no more {'groups' if groups is not None else 'items'}"
    )
    if used < 2:
        return np.zeros(n, np.int64), used, "one item or group alone cannot be cross-validated"
    if groups is None:
        order = rng.permutation(n)
        order = order[np.argsort(label[order], kind="stable")]
        fold = np.empty(n, np.int64)
        # dealing on from class to class keeps the folds equally large as well
        fold[order] = np.arange(n) % used
        return fold, used, reason
    return _deal_groups(label, groups, used, rng), used, reason


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
    label, fold, n_classes = task.label, task.fold, len(task.classes)
    centre, spread = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    # only for the precision of the sums below; each fold is standardised by its own training rows
    rows = ((rows - centre) / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    known = label >= 0
    parts = [
        Sums.collect(rows[known & (fold == f)], label[known & (fold == f)], n_classes) for f in range(task.n_folds)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    scores = np.zeros((len(PENALTIES), len(rows), n_classes))
    for f, part in enumerate(parts):
        if (total - part).n == 0:
            continue
        for p, (weights, intercept) in enumerate(ridge(total - part, PENALTIES)):
            scores[p, fold == f] = rows[fold == f] @ weights + intercept
    losses = [log_loss(given[known] / fit_temperature(given[known], label[known]), label[known]) for given in scores]
    return np.asarray(scores[int(np.argmin(losses))])


def _model_scores(model: Fitter, rows: Floats32, task: _Task) -> Floats:
    scores = np.zeros((len(rows), len(task.classes)))
    for f in range(task.n_folds):
        train = (task.label >= 0) & (task.fold != f)
        if train.any():
            scores[task.fold == f] = model(rows[train], task.label[train], len(task.classes))(rows[task.fold == f])
    return scores


def _calibrated(scores: Floats, task: _Task) -> tuple[Floats, float]:
    """Give log-probabilities: each fold's scores over a temperature fitted on the other folds."""
    known = task.label >= 0
    log_p = np.empty_like(scores)
    temperatures = []
    for f in range(task.n_folds):
        others = known & (task.fold != f)
        temperature = fit_temperature(scores[others], task.label[others]) if others.any() else 1.0
        log_p[task.fold == f] = log_softmax(scores[task.fold == f] / temperature)
        temperatures.append(temperature)
    return log_p, float(np.mean(temperatures))


def _wrap(log_p: Floats, task: _Task, temperature: float, reason: str | None) -> OutOfFold:
    label, classes = task.label, task.classes
    known = label >= 0
    chosen = log_p.argmax(axis=1) if len(classes) else np.zeros(len(label), np.int64)
    right = chosen[known] == label[known]
    count = np.bincount(label[known], minlength=len(classes))
    per_class = np.bincount(label[known][right], minlength=len(classes))[count > 0] / count[count > 0]
    log_p_label = np.full(len(label), np.nan)
    log_p_label[known] = log_p[known, label[known]]
    index = pd.Index(task.ids, name="item_id", dtype="str")
    table = pd.DataFrame(
        {
            "item_id": index,
            "fold": task.fold,
            "label": pd.Series([classes[code] if code >= 0 else None for code in label], dtype=object),
            "predicted": pd.Series(
                [classes[code] for code in chosen] if len(classes) else None, index, dtype=object
            ).array,
            "p_label": np.exp(log_p_label),
        }
    )
    # a model was asked: without one the accuracy of class shares would pass for cross-validated
    is_fitted = task.n_folds > 1
    return OutOfFold(
        accuracy=float(right.mean()) if is_fitted else np.nan,
        balanced_accuracy=float(per_class.mean()) if is_fitted else np.nan,
        log_loss=-float(log_p_label[known].mean()) if is_fitted else np.nan,
        majority_accuracy=float(count.max() / count.sum()) if known.any() else np.nan,
        n_items=int(known.sum()),
        n_folds=task.n_folds,
        temperature=temperature,
        probabilities=pd.DataFrame(np.exp(log_p), index=index, columns=pd.Index(classes, dtype=object)),
        table=table,
        reason=reason,
    )


def _undefined(ids: NDArray[np.object_], label: Longs, classes: NDArray[np.object_], reason: str) -> OutOfFold:
    """Give what can be said without a model: the class shares for every item, and no accuracy."""
    share = np.bincount(label[label >= 0], minlength=len(classes)) / max(int((label >= 0).sum()), 1)
    with np.errstate(divide="ignore"):
        log_p = np.tile(np.log(share), (len(ids), 1))
    return _wrap(log_p, _Task(ids, label, classes, np.zeros(len(ids), np.int64), 0), np.nan, reason)
