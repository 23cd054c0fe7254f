"""The models of how annotators err: from the statistics of one step to the shares and rates of the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.labels.consensus import (
    accuracies,
    habit_evidence,
    habit_rates,
    habit_step,
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
    """What tells the relatives of Dawid-Skene apart; components are pairs of class and type."""

    n_types: int = 1

    def fresh(self, crowd: Crowd) -> ErrorModel:
        """Give a model ready for this crowd; one without a memory is always ready."""
        return self

    def resume(self, found: Statistics) -> None:
        """Prepare to go on from the statistics of an earlier fit."""

    def finish(self, found: Statistics) -> tuple[Floats, Floats]:
        """Turn statistics into the shares (C,) and rates (A, K, C) of the next step."""
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


#: Among these is the strength of `Habits` chosen.
STRENGTHS = np.array([5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0])
#: Steps after which it is chosen anew; then it is kept, so that the iterations come to rest.
_CHOSEN_AT = (10, 20, 30, 40, 50)


@dataclass(kw_only=True)
class Habits(ErrorModel):
    """Whoever looks says what the item looks like to everybody, whoever does not follows a habit of their own.

    That is K + 1 numbers per annotator and one confusion matrix for all. An annotator's own counts are added to
    `strength` labels per true class of what this explains, so that somebody with many labels gets a full matrix. The
    strength is the one of highest marginal likelihood: large where people differ by no more than ability and habit.
    """

    strength: float = 50.0
    ability: Floats = field(default_factory=lambda: np.empty(0))
    habit: Floats = field(default_factory=lambda: np.empty((0, 0)))
    shared: Floats = field(default_factory=lambda: np.empty((0, 0)))
    n_steps: int = 0

    def fresh(self, crowd: Crowd) -> Habits:
        """Everybody looks in 7 of 10 cases and is then right in 9 of 10, and has no habit."""
        n_annotators, n_classes = crowd.codes.n_annotators, crowd.codes.n_classes
        spread = 1.0 / max(n_classes, 1)
        return replace(
            self,
            ability=np.full(n_annotators, 0.7),
            habit=np.full((n_annotators, n_classes), spread),
            shared=0.9 * np.eye(n_classes) + 0.1 * spread,
        )

    def resume(self, found: Statistics) -> None:
        """Fit ability, habits and the shared picture to the counts of an earlier fit."""
        for _ in range(500):
            habit_step(found.counts, self.ability, self.habit, self.shared)
        self._choose_strength(found)
        self.n_steps = max(_CHOSEN_AT)

    def finish(self, found: Statistics) -> tuple[Floats, Floats]:
        """Go on from the last ability, habits and shared picture: two steps."""
        for _ in range(2):
            habit_step(found.counts, self.ability, self.habit, self.shared)
        self.n_steps += 1
        if self.n_steps in _CHOSEN_AT:
            self._choose_strength(found)
        return self.expected(found)

    def expected(self, found: Statistics) -> tuple[Floats, Floats]:
        """Give shares and rates without a further step."""
        rates = habit_rates(found.counts, self.ability, self.habit, self.shared, self.strength)
        return shares_of(found.sums, 0.1), rates

    def per_annotator(self, found: Statistics) -> dict[str, Floats]:
        """Give `ability`: how often the annotator looks, rather than following a habit."""
        return {"ability": self.ability.copy()}

    def _choose_strength(self, found: Statistics) -> None:
        evidence = habit_evidence(found.counts, self.ability, self.habit, self.shared, STRENGTHS)
        self.strength = float(STRENGTHS[int(np.argmax(evidence))])


@dataclass(frozen=True, kw_only=True)
class Subtypes(ErrorModel):
    """Each class has two types of items, on which each annotator has separate rates: people err together.

    Variational Bayes after Li, Rubinstein and Cohn (2019), with their priors: per annotator and component 4 right
    labels and 1 of each wrong class, `type_prior` items spread over the types of a class, one item per class.
    """

    n_types: int = 2
    right: float = 4.0
    wrong: float = 1.0
    type_prior: float = 0.1

    def finish(self, found: Statistics) -> tuple[Floats, Floats]:
        """Give the exponentials of the expected logarithms, which do not sum to 1."""
        from scipy.special import digamma

        counts, sums = self._added(found)
        in_class = sums.sum(axis=1, keepdims=True)
        # one item per class; the small prior over types counts within the class only
        classes = in_class - self.type_prior + 1.0
        log_shares = digamma(sums) - digamma(in_class) + digamma(classes) - digamma(classes.sum())
        rates = np.exp(digamma(counts) - digamma(counts.sum(axis=1, keepdims=True)))
        return np.exp(log_shares).ravel(), rates

    def expected(self, found: Statistics) -> tuple[Floats, Floats]:
        """Give the expected shares and rates of each component."""
        counts, sums = self._added(found)
        return shares_of(sums.ravel()), normalise(counts, 0.0)

    def _added(self, found: Statistics) -> tuple[Floats, Floats]:
        n_classes = found.counts.shape[1]
        own = np.repeat(np.eye(n_classes, dtype=bool), self.n_types, axis=1)
        counts = found.counts + np.where(own, self.right, self.wrong)
        return counts, found.sums.reshape(n_classes, self.n_types) + self.type_prior / self.n_types


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


def shares_of(sums: Floats, smoothing: float = 0.0) -> Floats:
    """Give the share of each component; all alike where there are no items."""
    total = sums.sum() + smoothing * len(sums)
    return (sums + smoothing) / total if total > 0 else np.full(len(sums), 1.0 / max(len(sums), 1))
