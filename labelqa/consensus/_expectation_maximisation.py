"""The iterations that Dawid-Skene and its relatives share: collect over the items, finish into rates, repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.consensus import collect, collect_votes
from labelqa.consensus._problem import Fit, Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What a run of items says: counts (A, K said, K true), class sums (K,), log-likelihood. Two runs are added."""

    counts: Floats
    class_sums: Floats
    log_likelihood: float = 0.0

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(
            counts=self.counts + other.counts,
            class_sums=self.class_sums + other.class_sums,
            log_likelihood=self.log_likelihood + other.log_likelihood,
        )


#: Turns statistics into class shares (K,) and rates (A, K, K).
Finish = Callable[[Statistics], tuple[Floats, Floats]]


def iterate(
    problem: Problem,
    finish: Finish,
    *,
    n_iterations: int,
    tolerance: float,
    start: tuple[Floats, Floats] | None = None,
) -> Fit:
    """Repeat collect and finish until the log-likelihood per label moves by no more than `tolerance`.

    Without `start` (class shares and rates) the first statistics are those of the votes.
    """
    if start is None:
        start = finish(votes(problem))
    shares, rates = start
    nobody = np.empty((0, problem.codes.n_classes))
    least = tolerance * max(len(problem.codes.label), 1)
    before, is_converged, done = -np.inf, len(problem.codes.label) == 0, 0
    while done < n_iterations and not is_converged:
        found = step(problem, shares, rates, nobody)
        shares, rates = finish(found)
        is_converged = abs(found.log_likelihood - before) <= least
        before, done = found.log_likelihood, done + 1
    posteriors = np.empty((problem.codes.n_items, problem.codes.n_classes))
    found = step(problem, shares, rates, posteriors)
    return Fit(
        posteriors=posteriors,
        counts=found.counts,
        rates=rates,
        shares=shares,
        log_likelihood=found.log_likelihood if len(problem.codes.label) else float("nan"),
        n_iterations=done,
        is_converged=is_converged,
        reason=None if is_converged else f"not converged after {done} iterations; give more with n_iterations=",
    )


def votes(problem: Problem) -> Statistics:
    """Collect the statistics the iterations start from: each item's truth spread like its votes."""
    codes = problem.codes
    counts, class_sums = _empty(problem)
    collect_votes(codes.offsets, codes.annotator, codes.label, problem.gold, problem.prior, counts, class_sums)
    return Statistics(counts=counts, class_sums=class_sums)


def step(problem: Problem, shares: Floats, rates: Floats, posteriors: Floats) -> Statistics:
    """Collect once over all items; posteriors (I, K) are filled, or (0, K)."""
    codes = problem.codes
    counts, class_sums = _empty(problem)
    likelihood = collect(
        codes.offsets,
        codes.annotator,
        codes.label,
        problem.gold,
        problem.prior,
        shares,
        rates,
        counts,
        class_sums,
        posteriors,
    )
    return Statistics(counts=counts, class_sums=class_sums, log_likelihood=likelihood)


def class_shares(class_sums: Floats) -> Floats:
    """Give the share of each class; all alike where there are no items."""
    total = class_sums.sum()
    return class_sums / total if total > 0 else np.full(len(class_sums), 1.0 / max(len(class_sums), 1))


def _empty(problem: Problem) -> tuple[Floats, Floats]:
    n_classes = problem.codes.n_classes
    return np.zeros((problem.codes.n_annotators, n_classes, n_classes)), np.zeros(n_classes)
