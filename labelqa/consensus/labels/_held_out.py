"""How well a model predicts labels it has not seen: what decides between models when there is no gold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from labelqa.consensus.labels._crowd import Crowd, StoppingRule
from labelqa.consensus.labels._error_models import ErrorModel
from labelqa.consensus.labels._expectation_maximisation import iterate

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


def predictive(crowd: Crowd, model: ErrorModel, fold: Longs, until: StoppingRule) -> Floats:
    """Give the log-probability of each label (n,) under the model fitted to the labels of all other folds."""
    codes = crowd.codes
    out = np.empty(len(codes.label))
    for k in np.unique(fold):
        hidden = fold == k
        run = iterate(replace(crowd, codes=codes.of_labels(~hidden)), None, model=model, until=until)
        rates = run.model.expected(run.found)[1]
        said = rates[codes.annotator[hidden], codes.label[hidden]]
        out[hidden] = np.log(np.maximum((run.posteriors[codes.item[hidden]] * said).sum(axis=1), 1e-9))
    return out


def some_items(crowd: Crowd, most_labels: int, generator: np.random.Generator) -> Crowd:
    """Keep whole items, drawn at random, until there would be more than `most_labels` labels."""
    codes = crowd.codes
    if len(codes.label) <= most_labels:
        return crowd
    order = generator.permutation(codes.n_items)
    kept = np.zeros(codes.n_items, bool)
    kept[order[np.cumsum(np.diff(codes.offsets)[order]) <= most_labels]] = True
    prior = crowd.prior[kept] if crowd.has_prior else crowd.prior
    return replace(crowd, codes=codes.of_items(kept), gold=crowd.gold[kept], prior=prior)
