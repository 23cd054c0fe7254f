"""How well a model predicts labels it has not seen: what decides between models when there is no gold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa.consensus.labels._expectation_maximisation import iterate
from labelqa.consensus.labels._models import Model
from labelqa.consensus.labels._problem import Problem

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


def predictive(problem: Problem, model: Model, fold: Longs, *, n_iterations: int) -> Floats:
    """Give the log-probability of each label (n,) under the model fitted to the labels of all other folds."""
    codes = problem.codes
    out = np.empty(len(codes.label))
    for k in np.unique(fold):
        hidden = fold == k
        run = iterate(without(problem, hidden), None, model=model, n_iterations=n_iterations, tolerance=1e-6)
        rates = run.model.expected(run.found)[1]
        said = rates[codes.annotator[hidden], codes.label[hidden]]
        out[hidden] = np.log(np.maximum((run.posteriors[codes.item[hidden]] * said).sum(axis=1), 1e-9))
    return out


def without(problem: Problem, hidden: NDArray[np.bool_]) -> Problem:
    """Leave out some labels; items, annotators and classes stay."""
    codes = problem.codes
    kept = LabelCodes(
        items=codes.items,
        annotators=codes.annotators,
        classes=codes.classes,
        item=codes.item[~hidden],
        annotator=codes.annotator[~hidden],
        label=codes.label[~hidden],
        row=codes.row[~hidden],
    )
    return replace(problem, codes=kept)


def some_items(problem: Problem, most_labels: int, generator: np.random.Generator) -> Problem:
    """Keep whole items, drawn at random, until there would be more than `most_labels` labels."""
    codes = problem.codes
    if len(codes.label) <= most_labels:
        return problem
    order = generator.permutation(codes.n_items)
    within = np.cumsum(np.diff(codes.offsets)[order]) <= most_labels
    items = np.sort(order[within])
    place = np.full(codes.n_items, -1, np.int32)
    place[items] = np.arange(len(items), dtype=np.int32)
    use = place[codes.item] >= 0
    kept = LabelCodes(
        items=codes.items[items],
        annotators=codes.annotators,
        classes=codes.classes,
        item=place[codes.item[use]],
        annotator=codes.annotator[use],
        label=codes.label[use],
        row=codes.row[use],
    )
    return replace(
        problem,
        codes=kept,
        gold=problem.gold[items],
        prior=problem.prior[items] if problem.has_prior else problem.prior,
    )
