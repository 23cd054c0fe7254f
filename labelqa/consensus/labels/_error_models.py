"""The models of how annotators err: from the statistics of one step to the shares and rates of the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.labels.consensus import (
    accuracies,
    knowing_rates,
    normalise,
    one_coin_rates,
    shrinkage_counts,
    split_known,
)
from labelqa._options import check_number
from labelqa.consensus.labels._crowd import Crowd, Statistics

Floats = NDArray[np.float64]


class ErrorModel:
    """What tells the relatives of Dawid-Skene apart."""

    def fresh(self, crowd: Crowd) -> ErrorModel:
        """Give a model ready for this crowd; one without a memory is always ready."""
        return self

    def resume(self, found: Statistics) -> None:
        """Prepare to go on from the statistics of an earlier fit."""

    def finish(self, found: Statistics) -> tuple[Floats, Floats]:
        """Turn statistics into the shares (K,) and rates (A, K, K) of the next step."""
        return self.expected(found)

    def expected(self, found: Statistics) -> tuple[Floats, Floats]:
        """Give shares and rates as proper probabilities, for reports and predictions."""
        return shares_of(found.sums), normalise(found.counts, 0.0)

    def per_annotator(self, found: Statistics) -> dict[str, Floats]:
        """Give the model's own numbers per annotator (A,) by name."""
        return {}


@dataclass(frozen=True, kw_only=True)
class FullMatrix(ErrorModel):
    """A confusion matrix per annotator, pulled to the annotator's own accuracy and everybody's confusions."""

    shrinkage: float
    smoothing: float

    def __post_init__(self) -> None:
        check_number("shrinkage", self.shrinkage, 0)
        check_number("smoothing", self.smoothing, 0)

    def expected(self, found: Statistics) -> tuple[Floats, Floats]:
        """Normalise counts, with pseudo-labels where wanted."""
        counts = found.counts
        if self.shrinkage > 0:
            counts = counts + shrinkage_counts(counts, self.shrinkage)
        return shares_of(found.sums), normalise(counts, self.smoothing)


@dataclass(frozen=True, kw_only=True)
class OneCoin(ErrorModel):
    """One accuracy per annotator."""

    smoothing: float

    def __post_init__(self) -> None:
        check_number("smoothing", self.smoothing, 0)

    def expected(self, found: Statistics) -> tuple[Floats, Floats]:
        """Take the share of right labels."""
        return shares_of(found.sums), one_coin_rates(self._accuracy(found), len(found.sums))

    def per_annotator(self, found: Statistics) -> dict[str, Floats]:
        """Give `accuracy`, the probability of a right label."""
        return {"accuracy": self._accuracy(found)}

    def _accuracy(self, found: Statistics) -> Floats:
        return np.asarray(accuracies(found.counts, self.smoothing, self.smoothing * (len(found.sums) - 1)))


@dataclass(frozen=True, kw_only=True)
class Competence(ErrorModel):
    """Annotators know or guess, and guess in a way of their own: MACE, by variational Bayes.

    The priors are those of Hovy et al. (2013): half a known and half a guessed label per annotator, and ten guesses of
    each class. All classes are equally likely.
    """

    known: Floats = field(default_factory=lambda: np.empty(0))
    guessed: Floats = field(default_factory=lambda: np.empty((0, 0)))

    def fresh(self, crowd: Crowd) -> Competence:
        """Everybody knows every second label and guesses evenly."""
        n_annotators, n_classes = crowd.codes.n_annotators, crowd.codes.n_classes
        return replace(
            self,
            known=np.full(n_annotators, 0.5),
            guessed=np.full((n_annotators, n_classes), 0.5 / max(n_classes, 1)),
        )

    def resume(self, found: Statistics) -> None:
        """Fit competence and guesses to the counts of an earlier fit."""
        for _ in range(500):
            self.finish(found)

    def finish(self, found: Statistics) -> tuple[Floats, Floats]:
        """Give the exponentials of the expected logarithms, which do not sum to 1."""
        from scipy.special import digamma

        known, guessed, guesses = self._added(found)
        total = digamma(known + guessed)
        how = np.exp(digamma(guesses) - digamma(guesses.sum(axis=1, keepdims=True)))
        self.known[:] = np.exp(digamma(known) - total)
        self.guessed[:] = np.exp(digamma(guessed) - total)[:, None] * how
        return self._even(found), knowing_rates(self.known, self.guessed)

    def expected(self, found: Statistics) -> tuple[Floats, Floats]:
        """Give the shares of the classes found, and the expected rates."""
        known, guessed, guesses = self._added(found)
        competence = known / (known + guessed)
        habit = guesses / guesses.sum(axis=1, keepdims=True)
        return shares_of(found.sums), knowing_rates(competence, (1.0 - competence)[:, None] * habit)

    def per_annotator(self, found: Statistics) -> dict[str, Floats]:
        """Give `competence`: how often the annotator knows rather than guesses."""
        known, guessed, _ = self._added(found)
        return {"competence": known / (known + guessed)}

    def _added(self, found: Statistics) -> tuple[Floats, Floats, Floats]:
        n_known, n_guessed = split_known(found.counts, self.known, self.guessed)
        return n_known + 0.5, n_guessed.sum(axis=1) + 0.5, n_guessed + 10.0

    def _even(self, found: Statistics) -> Floats:
        return np.full(len(found.sums), 1.0 / max(len(found.sums), 1))


def shares_of(sums: Floats) -> Floats:
    """Give the share of each class; all alike where there are no items."""
    total = sums.sum()
    return sums / total if total > 0 else np.full(len(sums), 1.0 / max(len(sums), 1))
