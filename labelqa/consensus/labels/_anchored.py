"""Models of how annotators err whose classes stay tied to their names, and the one EM that fits them.

A model that is free to say what each label stands for may explain the labels better by renaming: a rare class becomes
"torn between two others". What ties these models to the names of classes: annotators' rates are pulled to a mean in
which the annotator is right equally often whatever the class, and the truth they are learned from is mixed with the
plain shares of votes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from labelqa._codes import LabelCodes
from labelqa._kernels.labels.anchored import component_shares, fill_rates, fit_rows, predicted
from labelqa._kernels.labels.consensus import collect_votes, normalise
from labelqa._kernels.labels.glad import expected_counts
from labelqa._labels import count_votes
from labelqa.consensus.labels._crowd import Crowd, Statistics, StoppingRule
from labelqa.consensus.labels._expectation_maximisation import join_types

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: Labels of average accuracy added to each annotator's.
_PULL = 4.0


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The pairs of annotator and label that occur, sorted: `annotator` and `said` (R,); `of_label` (n,), each label's.

    Most annotators never use most classes, or label few items: steps over pairs that occur cost a fraction of those
    over all.
    """

    annotator: Longs
    said: Longs
    of_label: Longs

    @classmethod
    def of(cls, codes: LabelCodes) -> Rows:
        """Number the pairs that occur in the codes."""
        occurs = np.zeros(codes.n_annotators * codes.n_classes, bool)
        occurs[codes.annotator_label] = True
        place = np.cumsum(occurs) - 1
        annotator, said = np.divmod(np.flatnonzero(occurs), max(codes.n_classes, 1))
        return cls(annotator=annotator, said=said, of_label=place[codes.annotator_label])

    @classmethod
    def all_of(cls, codes: LabelCodes) -> Rows:
        """Number all pairs."""
        annotator, said = np.divmod(np.arange(codes.n_annotators * codes.n_classes), max(codes.n_classes, 1))
        return cls(annotator=annotator, said=said, of_label=codes.annotator_label)

    def of_labels(self, kept: NDArray[np.bool_]) -> Rows:
        """Keep some labels (n,); the pairs stay."""
        return replace(self, of_label=self.of_label[kept])


@dataclass(frozen=True, kw_only=True)
class AnchoredModel:
    """One of the anchored models: how many types of items a class has, and what is learned of each annotator."""

    name: str
    #: Weight of the vote shares in the truth that rates are learned from.
    of_votes: float
    n_types: int = 1
    #: Whether annotators have an accuracy of their own, or all have one.
    has_accuracies: bool = True
    #: Labels as expected, added to each annotator's own per component; infinity: no confusions of their own.
    strength: float = np.inf

    def rates(self, rows: Rows, counts: Floats) -> Floats:
        """Turn counts (R, C) into rates (R, C)."""
        out = np.empty_like(counts)
        n_classes = counts.shape[1] // self.n_types
        fill_rates(counts, rows.annotator, rows.said, n_classes, self.pull, self.strength, out)
        return out

    @property
    def pull(self) -> float:
        """Labels of average accuracy added to each annotator's; infinity: the average is everybody's."""
        return _PULL if self.has_accuracies else np.inf


#: One accuracy for all: what a model must beat to be worth more than the vote.
SAME = AnchoredModel(name="same", of_votes=0.0, has_accuracies=False)
COIN = AnchoredModel(name="coin", of_votes=0.25)
FULL = AnchoredModel(name="full", of_votes=0.1, strength=2.5)
TYPES = AnchoredModel(name="types", of_votes=0.0, n_types=2, strength=5.0)


@dataclass(frozen=True, kw_only=True)
class AnchoredRun:
    """Where the iterations ended: posteriors (I, C), shares (C,); counts per pair that were learned from, and met."""

    model: AnchoredModel
    codes: LabelCodes
    rows: Rows
    posteriors: Floats
    learned: Floats
    met: Floats
    shares: Floats
    n_iterations: int
    is_converged: bool

    @cached_property
    def rates(self) -> Floats:
        """Rates (A, K, C), those of pairs that never occur included."""
        return self._dense(self.model.rates(Rows.all_of(self.codes), self._flat(self.learned)))

    def log_predicted(self, item: NDArray[np.int32], row: Longs) -> Floats:
        """Give the log-probability of labels (n,) that were not seen."""
        return np.asarray(predicted(item, row, self.posteriors, self.model.rates(self.rows, self.learned)))

    def of_classes(self) -> tuple[Floats, Floats, Floats]:
        """Join the types: posteriors (I, K), shares (K,), rates (A, K, K), each type as often as it was met."""
        n_types = self.model.n_types
        rates = self.rates
        if n_types > 1:
            met = self._dense(self._flat(self.met)).sum(axis=1, keepdims=True)
            rates = normalise(join_types(rates * (met + 1e-9 * self.shares), n_types), 0.0)
        return join_types(self.posteriors, n_types), join_types(self.shares, n_types), rates

    def _flat(self, values: Floats) -> Floats:
        """Put the rows of pairs that occur among all (A * K, C), the others nothing."""
        out = np.zeros((self.codes.n_annotators * self.codes.n_classes, values.shape[1]))
        out[self.rows.annotator * self.codes.n_classes + self.rows.said] = values
        return out

    def _dense(self, values: Floats) -> Floats:
        return values.reshape(self.codes.n_annotators, self.codes.n_classes, values.shape[1])


def fit_anchored(crowd: Crowd, model: AnchoredModel, until: StoppingRule, rows: Rows | None = None) -> AnchoredRun:
    """Repeat steps from the votes until no posterior moves by more than the tolerance.

    `rows` may hold pairs that do not occur in this crowd, to predict them.
    """
    codes = crowd.codes
    rows = rows or Rows.of(codes)
    met, sums = np.zeros((len(rows.said), codes.n_classes * model.n_types)), np.zeros(codes.n_classes * model.n_types)
    collect_votes(codes.offsets, rows.of_label, codes.label, crowd.gold, crowd.prior, codes.n_classes, met, sums)
    plain, plain_sums = met, sums
    if model.of_votes > 0:
        of_votes = statistics_of(crowd, vote_shares(crowd))
        plain, plain_sums = of_votes.counts[rows.annotator, rows.said], of_votes.sums
    known = codes.offsets, rows.of_label, crowd.gold, crowd.prior, rows.annotator, rows.said
    begun = met, sums, plain, plain_sums, model.of_votes
    posteriors, learned, learned_sums, done, is_converged = fit_rows(
        *known, *begun, model.pull, model.strength, until.n_iterations, until.tolerance
    )
    return AnchoredRun(
        model=model,
        codes=codes,
        rows=rows,
        posteriors=posteriors,
        learned=learned,
        met=met,
        shares=component_shares(learned_sums, codes.n_classes),
        n_iterations=done,
        is_converged=is_converged,
    )


def vote_shares(crowd: Crowd) -> Floats:
    """Give the shares of each item's votes (I, K), one vote more spread over all classes; where there is gold, gold."""
    codes = crowd.codes
    n = count_votes(codes)
    return with_gold(crowd, (n + 1.0 / max(codes.n_classes, 1)) / (n.sum(axis=1, keepdims=True) + 1.0))


def sharpened_votes(crowd: Crowd, accuracy: float) -> Floats:
    """Give what the votes say (I, K) if everybody is right with one probability and wrong evenly; ties stay ties."""
    codes = crowd.codes
    n_others = max(codes.n_classes - 1, 1)
    # nobody is taken for worse than a guess, or else the fewest votes would win
    accuracy = max(accuracy, 1.0 / (n_others + 1.0))
    odds = accuracy * n_others / (1.0 - accuracy) if accuracy < 1 else 1.0
    votes = count_votes(codes)
    return with_gold(crowd, softmax(votes * np.log(odds), axis=1))


def statistics_of(crowd: Crowd, truth: Floats) -> Statistics:
    """Collect counts and class sums where the truth of each item is spread like `truth` (I, K)."""
    codes = crowd.codes
    counts = expected_counts(codes.item, codes.annotator, codes.label, truth, codes.n_annotators)
    return Statistics(counts=counts, sums=truth[np.diff(codes.offsets) > 0].sum(axis=0))


def with_gold(crowd: Crowd, truth: Floats) -> Floats:
    """Put certainty where there is gold into truth (I, K), in place."""
    known = crowd.gold >= 0
    truth[known] = np.eye(crowd.codes.n_classes)[crowd.gold[known]]
    return truth
