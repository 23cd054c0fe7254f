"""The iterations that Dawid-Skene and its relatives share: collect over the items, finish into rates, repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.labels.consensus import collect, collect_votes, normalise
from labelqa.consensus.labels._models import Model
from labelqa.consensus.labels._problem import Fit, Problem, Start, Statistics

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Where the iterations ended: posteriors of the components (I, C) and the statistics collected with them."""

    model: Model
    posteriors: Floats
    found: Statistics
    n_iterations: int
    is_converged: bool


def fit_model(problem: Problem, start: Start | None, *, model: Model, n_iterations: int, tolerance: float) -> Fit:
    """Fit one model; it begins where an earlier fit of it ended."""
    return fit_of(problem, iterate(problem, start, model=model, n_iterations=n_iterations, tolerance=tolerance))


def iterate(problem: Problem, start: Start | None, *, model: Model, n_iterations: int, tolerance: float) -> Run:
    """Repeat collect and finish until the log-likelihood per label moves by no more than `tolerance`.

    Without a `start` of the same model the first statistics are those of the votes.
    """
    model = model.fresh(problem)
    n_labels = len(problem.codes.label)
    if start is not None and start.model == type(model).__name__:
        found = start.found
        model.resume(found)
    else:
        found = votes(problem, model.n_types)
    posteriors = np.empty((problem.codes.n_items, problem.codes.n_classes * model.n_types))
    before, is_converged, done = -np.inf, False, 0
    while done < n_iterations and not is_converged:
        found = step(problem, *model.finish(found), posteriors)
        is_converged = n_labels == 0 or abs(found.log_likelihood - before) <= tolerance * n_labels
        before, done = found.log_likelihood, done + 1
    return Run(model=model, posteriors=posteriors, found=found, n_iterations=done, is_converged=is_converged)


def fit_of(problem: Problem, run: Run) -> Fit:
    """Join the types of each class and take what is reported."""
    model, found = run.model, run.found
    shares, rates = model.expected(found)
    counts = join_types(found.counts, model.n_types)
    if model.n_types > 1:
        # the rates of a class are those of its types, each as often as the annotator met it
        met = found.counts.sum(axis=1, keepdims=True)
        rates = normalise(join_types(rates * np.maximum(met, 1e-9), model.n_types), 0.0)
    return Fit(
        posteriors=join_types(run.posteriors, model.n_types),
        counts=counts,
        rates=rates,
        shares=join_types(shares, model.n_types),
        log_likelihood=found.log_likelihood if len(problem.codes.label) else float("nan"),
        n_iterations=run.n_iterations,
        is_converged=run.is_converged,
        model=type(model).__name__,
        found=found,
        per_annotator=model.per_annotator(found),
        reason=None if run.is_converged else not_converged(run.n_iterations),
    )


def not_converged(n_iterations: int) -> str:
    """Give the sentence that says so and what to do."""
    return f"not converged after {n_iterations} iterations; give more with n_iterations="


def join_types(values: Floats, n_types: int) -> Floats:
    """Add up the types of each class along the last axis: (..., C) -> (..., K)."""
    if n_types == 1:
        return values
    joined: Floats = values.reshape(*values.shape[:-1], values.shape[-1] // n_types, n_types).sum(axis=-1)
    return joined


def votes(problem: Problem, n_types: int) -> Statistics:
    """Collect the statistics the iterations start from: each item's truth spread like its votes."""
    codes = problem.codes
    counts, sums = _empty(problem, n_types)
    collect_votes(
        codes.offsets, codes.annotator, codes.label, problem.gold, problem.prior, codes.n_classes, counts, sums
    )
    return Statistics(counts=counts, sums=sums)


def step(problem: Problem, shares: Floats, rates: Floats, posteriors: Floats) -> Statistics:
    """Collect once over all items and fill posteriors (I, C)."""
    codes = problem.codes
    counts, sums = _empty(problem, len(shares) // max(codes.n_classes, 1))
    likelihood = collect(
        codes.offsets,
        codes.annotator,
        codes.label,
        problem.gold,
        problem.prior,
        shares,
        rates,
        counts,
        sums,
        posteriors,
    )
    return Statistics(counts=counts, sums=sums, log_likelihood=likelihood)


def _empty(problem: Problem, n_types: int) -> tuple[Floats, Floats]:
    n_components = problem.codes.n_classes * n_types
    return np.zeros((problem.codes.n_annotators, problem.codes.n_classes, n_components)), np.zeros(n_components)
