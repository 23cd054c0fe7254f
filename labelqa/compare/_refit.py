"""Fitting the same frozen recipe on many training sets, and scoring each on the same test items."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from labelqa.baseline import ModelRecipe
from labelqa.compare._experiment import RELABELS, Experiment

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ArmOutcome:
    """What one model (or the mean of a few) does on the test items.

    Attributes
    ----------
    n_train
        Training rows, repeated ones counted.
    correct, log_p
        (t,): whether the trusted class was predicted (a share, for a mean), and its log-probability.
    is_single
        Whether this is one model, so that `correct` is 0 or 1.
    """

    n_train: int
    correct: Floats
    log_p: Floats
    is_single: bool = True


def mean_outcome(outcomes: Sequence[ArmOutcome]) -> ArmOutcome:
    """Average what several models do on every test item."""
    if len(outcomes) == 1:
        return outcomes[0]
    correct = np.mean([each.correct for each in outcomes], axis=0)
    log_p = np.mean([each.log_p for each in outcomes], axis=0)
    return ArmOutcome(outcomes[0].n_train, correct, log_p, is_single=False)


class Refits:
    """Fits on demand; the same training set is never fitted twice."""

    def __init__(self, experiment: Experiment, recipe: ModelRecipe) -> None:
        self.experiment = experiment
        self.recipe = recipe
        self._known: dict[str, ArmOutcome] = {}

    def of_labels(self, label: Longs) -> ArmOutcome:
        """Fit on every item with a label (n,), -1 for items left out."""
        rows = np.flatnonzero(label >= 0)
        return self.of_rows(rows, label[rows])

    def of_rows(self, rows: Longs, label: Longs) -> ArmOutcome:
        """Fit on rows, which may repeat, with their labels."""
        order = np.lexsort((label, rows))
        rows, label = rows[order], label[order]
        key = hashlib.sha256(rows.tobytes() + label.tobytes()).hexdigest()
        if key not in self._known:
            self._known[key] = self._fit(rows, label)
        return self._known[key]

    def _fit(self, rows: Longs, label: Longs) -> ArmOutcome:
        experiment = self.experiment
        score = self.recipe(experiment.rows[rows], label, len(experiment.classes))
        log_p = log_softmax(score(experiment.rows[experiment.test]), axis=1)
        chosen = log_p.argmax(axis=1)
        at_truth = log_p[np.arange(len(experiment.truth)), experiment.truth]
        return ArmOutcome(len(rows), (chosen == experiment.truth).astype(np.float64), at_truth)

    def control(self, kind: int, n_draws: int, rng: np.random.Generator) -> tuple[str, ArmOutcome]:
        """Give the mean outcome of fixes of the same number and shape that carry no information."""
        experiment = self.experiment
        name = experiment.kinds[kind]
        if name in RELABELS:
            title, drawn = "placebo relabel", [_placebo(experiment, kind, rng) for _ in range(n_draws)]
        elif name == "drop":
            title, drawn = "random drop", [_random_drop(experiment, kind, rng) for _ in range(n_draws)]
        else:
            title, drawn = "repeated rows", [_repeats(experiment, kind, rng) for _ in range(n_draws)]
        return f"{title} (for {name})", mean_outcome([self.of_rows(*each) for each in drawn])


def _placebo(experiment: Experiment, kind: int, rng: np.random.Generator) -> tuple[Longs, Longs]:
    """Make the same changes of class (from i to j, as often) on items of class i drawn at random.

    They are drawn among the items left alone; where these are too few, among all.
    """
    label = experiment.before.copy()
    fixed = np.flatnonzero(experiment.kind == kind)
    alone = (experiment.kind < 0) & (experiment.before >= 0)
    for old in np.unique(experiment.before[fixed]):
        new = experiment.after[fixed[experiment.before[fixed] == old]]
        pool = np.flatnonzero(alone & (experiment.before == old))
        if len(pool) < len(new):
            pool = np.flatnonzero(experiment.before == old)
        label[rng.permutation(pool)[: len(new)]] = rng.permutation(new)
    rows = np.flatnonzero(label >= 0)
    return rows, label[rows]


def _random_drop(experiment: Experiment, kind: int, rng: np.random.Generator) -> tuple[Longs, Longs]:
    rows = np.flatnonzero(experiment.before >= 0)
    kept = np.sort(rng.permutation(rows)[int((experiment.kind == kind).sum()) :])
    return kept, experiment.before[kept]


def _repeats(experiment: Experiment, kind: int, rng: np.random.Generator) -> tuple[Longs, Longs]:
    """Add as many rows, all of them repeats of rows that are there."""
    rows = np.flatnonzero(experiment.before >= 0)
    again = rng.choice(rows, int((experiment.kind == kind).sum()))
    both = np.concatenate([rows, again])
    return both, experiment.before[both]
