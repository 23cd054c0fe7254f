"""Features, out-of-fold probabilities and the paired bootstrap, against the usual tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Case

HERE = "benchmarks.speed_baseline"


def cases() -> tuple[str, list[Case]]:
    return (
        "Baseline and comparison",
        [
            Case("features of pictures, 32 x 32", f"{HERE}:features", {}, 20_000),
            Case(
                "out-of-fold probabilities, 5 folds, 456 features, 10 classes",
                f"{HERE}:folds",
                {"scikit-learn, scaler and logistic regression": f"{HERE}:sklearn_folds"},
                20_000,
                repeats=1,
            ),
            Case(
                "2,000 paired bootstraps over test items",
                f"{HERE}:paired",
                {"numpy, drawing items": f"{HERE}:numpy_paired"},
                10_000,
            ),
        ],
    )


def _pictures(n: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def features(n: int) -> Callable[[], Any]:
    from labelqa.features import image_features

    pictures = _pictures(n)
    return lambda: image_features(pictures)


def _labelled(n: int) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 10, n)
    centres = rng.normal(size=(10, 456)) * 0.15
    return pd.DataFrame((centres[label] + rng.normal(size=(n, 456))).astype(np.float32)), pd.Series(label)


def folds(n: int) -> Callable[[], Any]:
    from labelqa._crossval import out_of_fold

    rows, label = _labelled(n)
    return lambda: out_of_fold(rows, label)


def sklearn_folds(n: int) -> Callable[[], Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, label = _labelled(n)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    return lambda: cross_val_predict(model, rows.to_numpy(), label.to_numpy(), cv=5, method="predict_proba")


def _gains(n: int) -> Any:
    return np.random.default_rng(0).choice([-1.0, 0.0, 1.0], n, p=[0.05, 0.88, 0.07])


def paired(n: int) -> Callable[[], Any]:
    from labelqa._kernels.paired import bootstrap_means

    gains = _gains(n)[:, None]
    return lambda: bootstrap_means(gains, 2000, 0.95, np.random.default_rng(0))


def numpy_paired(n: int) -> Callable[[], Any]:
    gains = _gains(n)

    def run() -> Any:
        rng = np.random.default_rng(0)
        return np.quantile([gains[rng.integers(0, n, n)].mean() for _ in range(2000)], [0.025, 0.975])

    return run
