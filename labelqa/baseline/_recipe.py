"""The classifiers by name, and how one is fitted again and again in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._options import check_choice, check_seed
from labelqa.errors import OptionError

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]

MODELS = ("logistic", "boosting")
#: Weight of the penalty per row and standardised feature.
PENALTY = 0.01
#: Stands for the probability 0 where logarithms are needed.
TINY = 1e-12


@dataclass(frozen=True)
class ModelRecipe:
    """A classifier with its settings, to be fitted on many sets of rows in the same way.

    Attributes
    ----------
    classifier
        "logistic" (standardised features and multinomial logistic regression), "boosting" (HistGradientBoosting), or
        any scikit-learn classifier with `predict_proba`, which is cloned.
    seed
        Same rows and seed, same model.

    Raises
    ------
    OptionError
        For an unknown name, or an object that cannot fit and give probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> score = ModelRecipe("logistic")(np.array([[0.0], [0.2], [1.0], [1.2]]), np.array([0, 0, 1, 1]), n_classes=2)
    >>> score(np.array([[0.1], [1.1]])).argmax(axis=1).tolist()
    [0, 1]
    """

    classifier: Any = "logistic"
    seed: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if isinstance(self.classifier, str):
            check_choice("classifier", self.classifier, MODELS)
        elif not (hasattr(self.classifier, "fit") and hasattr(self.classifier, "predict_proba")):
            raise OptionError(
                f"classifier={self.classifier!r} cannot fit and give probabilities; choose one of "
                f"{', '.join(map(repr, MODELS))}, or give a scikit-learn classifier with fit and predict_proba."
            )

    @property
    def name(self) -> str:
        """The name under which the model is recorded."""
        return self.classifier if isinstance(self.classifier, str) else type(self.classifier).__name__

    def estimator(self, n_rows: int) -> Any:
        """Give an unfitted scikit-learn classifier for so many rows."""
        from sklearn.base import clone
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if not isinstance(self.classifier, str):
            return clone(self.classifier)
        if self.classifier == "boosting":
            return HistGradientBoostingClassifier(
                max_iter=60, learning_rate=0.15, early_stopping=False, random_state=self.seed
            )
        strength = 1.0 / (PENALTY * max(n_rows, 1))
        return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300, random_state=self.seed))

    def __call__(self, rows: Floats32, label: Longs, n_classes: int) -> Callable[[Floats32], Floats]:
        """Fit rows (n, d) with class codes (n,), and give what scores new rows.

        Returns
        -------
        function
            Rows (m, d) to log-probabilities up to a constant (m, k).
        """
        known = np.unique(label)
        if len(known) == 1:
            # all of one class: nothing to fit, and most classifiers refuse
            constant = np.where(np.arange(n_classes) == known[0], 0.0, np.log(TINY))
            return lambda new: np.tile(constant, (len(new), 1))
        estimator = self.estimator(len(rows)).fit(rows, label)
        return lambda new: scores_of(estimator, new, n_classes)


def scores_of(estimator: Any, rows: Floats32, n_classes: int) -> Floats:
    """Give log-probabilities of a fitted classifier for all classes; those it has not seen get next to nothing."""
    out = np.full((len(rows), n_classes), np.log(TINY))
    if len(rows):
        out[:, np.asarray(estimator.classes_, np.int64)] = np.log(np.maximum(estimator.predict_proba(rows), TINY))
    return out
