"""The classifiers by name, as functions that fit arrays and give a scorer of new rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._options import check_choice
from labelqa.errors import OptionError

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]

MODELS = ("logistic", "boosting")
#: Weight of the penalty per row and standardised feature.
PENALTY = 0.01
#: Stands for the probability 0 where logarithms are needed.
TINY = 1e-12


def make_estimator(model: Any, n_rows: int, seed: int) -> Any:
    """Give an unfitted scikit-learn classifier: one of `MODELS` by name, or a clone of `model`.

    Raises
    ------
    OptionError
        For an unknown name, or an object that cannot fit and give probabilities.
    """
    from sklearn.base import clone
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if not isinstance(model, str):
        if not (hasattr(model, "fit") and hasattr(model, "predict_proba")):
            raise OptionError(
                f"model={model!r} cannot fit and give probabilities; choose one of {', '.join(map(repr, MODELS))}, or "
                "give a scikit-learn classifier with fit and predict_proba."
            )
        return clone(model)
    check_choice("model", model, MODELS)
    if model == "boosting":
        return HistGradientBoostingClassifier(max_iter=60, learning_rate=0.15, early_stopping=False, random_state=seed)
    strength = 1.0 / (PENALTY * max(n_rows, 1))
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300, random_state=seed))


def model_name(model: Any) -> str:
    """Give the name under which a model is recorded."""
    return model if isinstance(model, str) else type(model).__name__


@dataclass(frozen=True)
class Recipe:
    """A model that can be fitted again and again in the same way.

    Calling it fits arrays and gives a function: rows (m, d) -> log-probabilities up to a constant (m, k).
    """

    model: Any = "logistic"
    seed: int = 0

    def __call__(self, rows: Floats32, label: Longs, n_classes: int) -> Any:
        """Fit."""
        known = np.unique(label)
        if len(known) == 1:
            # all of one class: nothing to fit, and most classifiers refuse
            constant = np.where(np.arange(n_classes) == known[0], 0.0, np.log(TINY))
            return lambda new: np.tile(constant, (len(new), 1))
        estimator = make_estimator(self.model, len(rows), self.seed).fit(rows, label)
        return lambda new: scores_of(estimator, new, n_classes)


def scores_of(estimator: Any, rows: Floats32, n_classes: int) -> Floats:
    """Give log-probabilities of a fitted classifier for all classes; those it has not seen get next to nothing."""
    out = np.full((len(rows), n_classes), np.log(TINY))
    if len(rows):
        out[:, np.asarray(estimator.classes_, np.int64)] = np.log(np.maximum(estimator.predict_proba(rows), TINY))
    return out
