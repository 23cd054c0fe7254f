"""Fitting the baseline, and what it predicts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from labelqa._crossval import align_groups, check_features, deal_folds
from labelqa._kernels.linear import fit_temperature
from labelqa._labels import ItemLabels, Labels, align_labels, check_order, one_each
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.baseline._recipe import ModelRecipe, scores_of
from labelqa.errors import TableError, shown
from labelqa.features import FeatureRecipe, features_of, image_features, is_features, item_features

Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Baseline:
    """A fitted classifier of items; the same input and seed make the same one.

    Attributes
    ----------
    estimator
        A fitted scikit-learn classifier of feature rows; its classes are positions in `classes`. The default is
        ``Pipeline(StandardScaler, LogisticRegression)`` with the temperature folded into the linear layer, so that its
        own `predict_proba` is calibrated.
    classes
        The label values, in natural order.
    feature_names
        Columns, in the order in which `estimator` takes them.
    recipe
        How pictures become those columns; None where features or embeddings were given.
    temperature
        Divisor of the scores, fitted on items held out from training; 1 means they were calibrated as they came.
    output_temperature
        What is still to be divided after `estimator`: 1 where the temperature could be folded in.
    metadata
        What it was made from: model, seed, counts, content hashes of labels and features, held-out accuracy, versions.
    """

    estimator: Any
    classes: NDArray[np.object_]
    feature_names: list[str]
    recipe: FeatureRecipe | None
    temperature: float
    output_temperature: float
    metadata: dict[str, Any]

    @takes_tables()
    @renamed(data="features")
    def predict_proba(self, features: Any) -> pd.DataFrame:
        """Give the probability of every class.

        Parameters
        ----------
        features
            Numbers by item id with the columns of training (any order); rows (n, d) without names in the order of
            training, whose items are called "0", "1"...; or pictures (folder, `ImageSource`, mapping, array) where the
            baseline was fitted on pictures. A baseline fitted on rows without names has the columns "0", "1"....

        Returns
        -------
        DataFrame
            Index `item_id` in natural order, one column per class.

        Raises
        ------
        TableError
            Where the columns are not those of training, and for pictures where it was fitted on given features.
        """
        rows, ids = self._rows(features)
        scores = scores_of(self.estimator, rows, len(self.classes)) / self.output_temperature
        index = pd.Index(ids, name="item_id", dtype="str")
        return pd.DataFrame(np.exp(log_softmax(scores, axis=1)), index, pd.Index(self.classes, dtype=object))

    @takes_tables()
    @renamed(data="features")
    def predict(self, features: Any) -> pd.Series:
        """Give the most probable class of every item (index `item_id`); see `predict_proba`."""
        chosen = self.predict_proba(features)
        values = self.classes[chosen.to_numpy().argmax(axis=1)]
        return pd.Series(values, index=chosen.index, name="label", dtype=object)

    def _rows(self, features: Any) -> tuple[Floats32, NDArray[np.object_]]:
        is_given = is_features(features)
        table = features_of(self.feature_names, features) if is_given else self._features_of(features)
        return check_features(table)

    def _features_of(self, images: Any) -> pd.DataFrame:
        if self.recipe is None:
            raise TableError(
                "This baseline was fitted on given features and does not know how to make them from pictures; give "
                "features with the same columns, or fit it on the pictures."
            )
        return image_features(images, recipe=self.recipe)

    def __repr__(self) -> str:
        made_of = f"{self.metadata['n_items']:,} items, {len(self.feature_names):,} features"
        return f"Baseline({self.metadata['model']!r}, {made_of}, classes {shown(self.classes)})"


@takes_tables()
@renamed(model="classifier")
def fit(
    features: Any,
    labels: Labels,
    *,
    classifier: Any = "logistic",
    recipe: FeatureRecipe | None = None,
    groups: pd.Series | Sequence[Any] | None = None,
    calibrate: bool = True,
    seed: int = 0,
) -> Baseline:
    """Fit the baseline: what these labels can teach a simple model.

    Parameters
    ----------
    features
        Numbers by item id (index), for example from `image_features` or your own embeddings; or pictures, from which
        the built-in features are computed.
    labels
        A Series by item id, or a table with `item_id` and `label`, one row per item; items without a label are left
        out. Where several people labelled an item (`Annotations`, or a table with `annotator_id`) its most frequent
        label counts, and items whose most frequent label is tied are left out and counted. An array or list goes with
        features or pictures that have no ids either (their items are called "0", "1"...) or are numbered 0, 1, 2...,
        in the same order and of the same length.
    classifier
        "logistic": standardised features and multinomial logistic regression, the default. "boosting":
        HistGradientBoosting, a second opinion of another kind. Or any scikit-learn classifier with `predict_proba`; it
        is cloned and fitted on class codes.
    recipe
        How pictures become features; kept, so that the baseline can predict new pictures.
    groups
        Group by item id; items of one group are never split between training and calibration.
    calibrate
        Whether to fit a temperature on a fifth of the items, held out from a first fit; the last fit is on all.
    seed
        Same input and seed, same model.

    Raises
    ------
    TableError
        Where ids do not match, lengths differ where there are no ids, or there are not two classes.

    Examples
    --------
    >>> import pandas as pd
    >>> features = pd.DataFrame({"size": [1.0, 1.2, 0.9, 5.0, 5.1, 4.8]}, index=list("abcdef"))
    >>> labels = pd.Series(["small"] * 3 + ["large"] * 3, index=list("abcdef"))
    >>> model = fit(features, labels)
    >>> model.predict(pd.DataFrame({"size": [0.5, 6.0]}, index=["x", "y"])).tolist()
    ['small', 'large']
    """
    how = ModelRecipe(classifier, seed)
    check_order(features=features, labels=labels, groups=groups)
    data = _checked(features, labels, recipe, seed)
    held_out = _HeldOut()
    if calibrate:
        held_out = _held_out(how, data, None if groups is None else align_groups(groups, data.labels.items))
    estimator = how.estimator(len(data.rows)).fit(data.rows, data.labels.code)
    is_folded = _fold_temperature(estimator, held_out.temperature)
    return Baseline(
        estimator=estimator,
        classes=data.labels.classes,
        feature_names=data.names,
        recipe=data.recipe,
        temperature=held_out.temperature,
        output_temperature=1.0 if is_folded else held_out.temperature,
        metadata=_metadata(how, data, held_out),
    )


@dataclass(frozen=True, eq=False)
class _Data:
    """Labelled items in natural order with their rows (n, d), and why items were left out."""

    labels: ItemLabels
    rows: Floats32
    names: list[str]
    recipe: FeatureRecipe | None
    left_out: str | None


@dataclass(frozen=True)
class _HeldOut:
    temperature: float = 1.0
    n_items: int = 0
    accuracy: float | None = None


def _checked(features: Any, labels: Labels, recipe: FeatureRecipe | None, seed: int) -> _Data:
    given = item_features(features, recipe=recipe, seed=seed)
    rows, ids = check_features(given.table)
    single = one_each(labels)
    aligned = align_labels(single.labels, ids)
    known = aligned.is_known
    if len(aligned.classes) < 2:
        raise TableError(
            f"There are {len(aligned.classes)} classes among {int(known.sum()):,} labelled items; a classifier needs "
            "two."
        )
    labelled = ItemLabels(ids[known], aligned.code[known], aligned.classes)
    return _Data(labelled, rows[known], list(given.table.columns), given.recipe, single.reason)


def _held_out(how: ModelRecipe, data: _Data, groups: Longs | None) -> _HeldOut:
    """Fit on four fifths, and the temperature on the rest."""
    label, n_classes = data.labels.code, len(data.labels.classes)
    folds = deal_folds(label, groups, 5, how.seed)
    test = folds.fold == 0
    if folds.n_folds < 2 or len(np.unique(label[~test])) < 2:
        return _HeldOut()
    scores, truth = how(data.rows[~test], label[~test], n_classes)(data.rows[test]), label[test]
    return _HeldOut(fit_temperature(scores, truth), int(test.sum()), float((scores.argmax(axis=1) == truth).mean()))


def _fold_temperature(estimator: Any, temperature: float) -> bool:
    """Divide the weights of a logistic regression, alone or at the end of a pipeline; say whether that was possible."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(last, LogisticRegression):
        return False
    last.coef_ = last.coef_ / temperature
    last.intercept_ = last.intercept_ / temperature
    return True


def _metadata(how: ModelRecipe, data: _Data, held_out: _HeldOut) -> dict[str, Any]:
    items, label, classes = data.labels.items, data.labels.code, data.labels.classes
    counts = np.bincount(label, minlength=len(classes))
    said = "\n".join(f"{item}\t{classes[code]}" for item, code in zip(items, label, strict=True))
    return {
        "model": how.name,
        "seed": how.seed,
        "n_items": len(data.rows),
        "n_features": data.rows.shape[1],
        "class_counts": {str(value): int(count) for value, count in zip(classes, counts, strict=True)},
        "left_out": data.left_out,
        "temperature": held_out.temperature,
        "n_held_out": held_out.n_items,
        "held_out_accuracy": held_out.accuracy,
        "labels_sha256": hashlib.sha256(said.encode()).hexdigest(),
        "features_sha256": hashlib.sha256(data.rows.tobytes()).hexdigest(),
        "recipe": None if data.recipe is None else data.recipe.digest,
        "versions": {name: version(name) for name in ("numpy", "scikit-learn")},
    }
