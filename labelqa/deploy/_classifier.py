"""The classifier that is exported, a baseline or one of scikit-learn, and the items that the graph is tried on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._columns import numbered
from labelqa._crossval import check_features
from labelqa._labels import is_ordered
from labelqa.baseline import Baseline
from labelqa.errors import ModelError, TableError, shown
from labelqa.features import FeatureRecipe, features_of
from labelqa.images import ImageSource, as_source

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Classifier:
    """A fitted classifier and how its answers are read.

    Attributes
    ----------
    estimator
        The scikit-learn classifier of feature rows.
    classes
        Label values by column of its probabilities.
    feature_names
        Columns it takes; None for arrays without names.
    recipe
        How pictures become features, where the graph is to start from pixels.
    temperature
        Divisor of the log-probabilities that is not folded into the classifier.
    training
        What is known of its training.
    """

    estimator: Any
    classes: list[Any]
    n_features: int
    feature_names: list[str] | None
    recipe: FeatureRecipe | None
    temperature: float
    training: dict[str, Any]
    baseline: Baseline | None

    def answer(self, rows: NDArray[np.float32]) -> Floats:
        """Give the probabilities (n, k) for feature rows (n, d), as the Python model does."""
        if self.baseline is None:
            named = rows if self.feature_names is None else pd.DataFrame(rows, columns=pd.Index(self.feature_names))
            return np.asarray(self.estimator.predict_proba(named), dtype=np.float64)
        table = pd.DataFrame(rows, columns=pd.Index(self.baseline.feature_names))
        return self.baseline.predict_proba(table).to_numpy(np.float64)


def as_classifier(model: Any, *, from_features: bool) -> Classifier:
    """Take a `labelqa.baseline.Baseline`, or any fitted scikit-learn classifier.

    Raises
    ------
    ModelError
        Where it is not fitted, gives no probabilities, or has not seen all its classes.
    """
    if isinstance(model, Baseline):
        seen = set(np.asarray(model.estimator.classes_, np.int64).tolist())
        missing = [value for code, value in enumerate(model.classes) if code not in seen]
        if missing:
            raise ModelError(
                f"The classifier was not trained on {len(missing)} of its {len(model.classes)} classes "
                f"({shown(missing)}); train it on items of every class, or leave these classes out."
            )
        recipe = None if from_features else model.recipe
        return Classifier(
            model.estimator, [_plain(value) for value in model.classes], len(model.feature_names), model.feature_names,
            recipe, float(model.output_temperature), model.metadata, model,
        )  # fmt: skip
    for name in ("predict_proba", "classes_", "n_features_in_"):
        if not hasattr(model, name):
            raise ModelError(
                f"Found a {type(model).__name__} without {name}; give what labelqa.baseline.fit gave, or a fitted "
                "scikit-learn classifier that gives probabilities."
            )
    names = getattr(model, "feature_names_in_", None)
    return Classifier(
        model, [_plain(value) for value in model.classes_], int(model.n_features_in_),
        None if names is None else [str(name) for name in names], None, 1.0, {"model": type(model).__name__}, None,
    )  # fmt: skip


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, str | int | float | bool) else str(value)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Items to compare the graph with the model on: pictures or feature rows, with their ids."""

    ids: list[str]
    rows: NDArray[np.float32] | None
    source: ImageSource | None


def as_held_out(items: Any, classifier: Classifier) -> HeldOut:
    """Take held-out items: pictures where the graph starts from pixels, otherwise feature rows by item id."""
    if classifier.recipe is not None:
        if isinstance(items, pd.DataFrame) and "image" not in items.columns:
            raise TableError("The graph starts from pixels; give pictures as items, or choose from_features=True.")
        source = as_source(items)
        return HeldOut(source.item_ids, None, source)
    if not is_ordered(items) and not isinstance(items, pd.DataFrame):
        raise TableError(f"Found a {type(items).__name__} as items; this model takes feature rows (a DataFrame).")
    rows, ids = check_features(features_of(classifier.feature_names or numbered(classifier.n_features), items))
    return HeldOut([str(item) for item in ids], rows, None)
