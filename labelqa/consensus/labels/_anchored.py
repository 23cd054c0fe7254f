"""Models of how annotators err whose classes stay tied to their names, and the one EM that fits them.

A model that is free to say what each label stands for may explain the labels better by renaming: a rare class becomes
"torn between two others". What ties these models to the names of classes: annotators' rates are pulled to a mean in
which the annotator is right equally often whatever the class, and the truth they are learned from is mixed with the
plain shares of votes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from labelqa._kernels.labels.anchored import anchored_means, largest_change, pulled_rates
from labelqa._kernels.labels.consensus import normalise
from labelqa._kernels.labels.glad import expected_counts
from labelqa._labels import count_votes
from labelqa.consensus.labels._crowd import Crowd, Statistics, StoppingRule
from labelqa.consensus.labels._expectation_maximisation import join_types, step, votes

Floats = NDArray[np.float64]

#: Labels of average accuracy added to each annotator's.
_PULL = 4.0
#: Items added per class, and spread over the types of each class.
_OF_CLASS, _OF_TYPES = 0.5, 0.1


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

    def finish(self, found: Statistics) -> tuple[Floats, Floats]:
        """Turn statistics into the shares (C,) and rates (A, K, C) of the next step."""
        means = anchored_means(found.counts, _PULL if self.has_accuracies else np.inf)
        rates = means if np.isinf(self.strength) else pulled_rates(found.counts, means, self.strength)
        of_type = found.sums.reshape(-1, self.n_types)
        of_class = of_type.sum(axis=1, keepdims=True) + _OF_CLASS
        of_type = of_type + _OF_TYPES / self.n_types
        shares = of_class / of_class.sum() * of_type / of_type.sum(axis=1, keepdims=True)
        return shares.ravel(), rates


#: One accuracy for all: what a model must beat to be worth more than the vote.
SAME = AnchoredModel(name="same", of_votes=0.0, has_accuracies=False)
COIN = AnchoredModel(name="coin", of_votes=0.25)
FULL = AnchoredModel(name="full", of_votes=0.1, strength=2.5)
TYPES = AnchoredModel(name="types", of_votes=0.0, n_types=2, strength=5.0)


@dataclass(frozen=True, kw_only=True)
class AnchoredRun:
    """Where the iterations ended: posteriors (I, C), shares (C,), rates (A, K, C)."""

    model: AnchoredModel
    posteriors: Floats
    found: Statistics
    shares: Floats
    rates: Floats
    n_iterations: int
    is_converged: bool

    def of_classes(self) -> tuple[Floats, Floats, Floats]:
        """Join the types: posteriors (I, K), shares (K,), rates (A, K, K), each type as often as it was met."""
        n_types = self.model.n_types
        rates = self.rates
        if n_types > 1:
            met = self.found.counts.sum(axis=1, keepdims=True)
            rates = normalise(join_types(rates * (met + 1e-9 * self.shares), n_types), 0.0)
        return join_types(self.posteriors, n_types), join_types(self.shares, n_types), rates


def fit_anchored(crowd: Crowd, model: AnchoredModel, until: StoppingRule) -> AnchoredRun:
    """Repeat steps from the votes until no posterior moves by more than the tolerance."""
    found = votes(crowd, model.n_types)
    plain = statistics_of(crowd, vote_shares(crowd)) if model.of_votes > 0 else found
    posteriors = np.empty((crowd.codes.n_items, len(found.sums)))
    before = np.empty_like(posteriors)
    is_converged, done = len(crowd.codes.label) == 0, 0
    shares, rates = model.finish(found)
    while done < until.n_iterations and not (is_converged and done):
        shares, rates = model.finish(_mixed(found, plain, model.of_votes))
        posteriors, before = before, posteriors
        found = step(crowd, shares, rates, posteriors)
        done += 1
        is_converged = is_converged or (done > 1 and largest_change(posteriors, before) <= until.tolerance)
    return AnchoredRun(
        model=model,
        posteriors=posteriors,
        found=found,
        shares=shares,
        rates=rates,
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


def _mixed(found: Statistics, plain: Statistics, weight: float) -> Statistics:
    if weight == 0:
        return found
    return Statistics(
        counts=(1.0 - weight) * found.counts + weight * plain.counts,
        sums=(1.0 - weight) * found.sums + weight * plain.sums,
    )
