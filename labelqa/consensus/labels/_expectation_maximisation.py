"""The iterations that Dawid-Skene and its relatives share: collect over the items, finish into rates, repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.labels.consensus import collect, collect_votes
from labelqa.consensus.labels._crowd import Crowd, CrowdFit, Statistics, StoppingRule, WarmStart
from labelqa.consensus.labels._error_models import ErrorModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Where the iterations ended: posteriors (I, K) and the statistics collected with them."""

    model: ErrorModel
    posteriors: Floats
    found: Statistics
    n_iterations: int
    is_converged: bool
    reason: str | None


def fit_model(crowd: Crowd, start: WarmStart | None, *, model: ErrorModel, until: StoppingRule) -> CrowdFit:
    """Fit one model; it begins where an earlier fit of it ended."""
    return fit_of(crowd, iterate(crowd, start, model=model, until=until))


def iterate(crowd: Crowd, start: WarmStart | None, *, model: ErrorModel, until: StoppingRule) -> Run:
    """Repeat collect and finish until the rule says stop.

    Without a `start` of the same model the first statistics are those of the votes.
    """
    model = model.fresh(crowd)
    n_labels = len(crowd.codes.label)
    if start is not None and start.model == type(model).__name__:
        found = start.found
        model.resume(found)
    else:
        found = votes(crowd)
    posteriors = np.empty((crowd.codes.n_items, crowd.codes.n_classes))
    before, is_converged, done = -np.inf, False, 0
    while done < until.n_iterations and not is_converged:
        found = step(crowd, *model.finish(found), posteriors)
        is_converged = n_labels == 0 or abs(found.log_likelihood - before) <= until.tolerance * n_labels
        before, done = found.log_likelihood, done + 1
    return Run(
        model=model,
        posteriors=posteriors,
        found=found,
        n_iterations=done,
        is_converged=is_converged,
        reason=until.reason(is_converged),
    )


def fit_of(crowd: Crowd, run: Run) -> CrowdFit:
    """Take what is reported."""
    found = run.found
    shares, rates = run.model.expected(found)
    return CrowdFit(
        posteriors=run.posteriors,
        counts=found.counts,
        rates=rates,
        shares=shares,
        log_likelihood=found.log_likelihood if len(crowd.codes.label) else float("nan"),
        n_iterations=run.n_iterations,
        is_converged=run.is_converged,
        model=type(run.model).__name__,
        found=found,
        per_annotator=run.model.per_annotator(found),
        reason=run.reason,
    )


def join_types(values: Floats, n_types: int) -> Floats:
    """Add up the types of each class along the last axis: (..., C) -> (..., K)."""
    if n_types == 1:
        return values
    joined: Floats = values.reshape(*values.shape[:-1], values.shape[-1] // n_types, n_types).sum(axis=-1)
    return joined


def votes(crowd: Crowd, n_types: int = 1) -> Statistics:
    """Collect the statistics the iterations start from: each item's truth spread like its votes."""
    codes = crowd.codes
    counts, sums = _empty(crowd, n_types)
    collect_votes(
        codes.offsets, codes.annotator_label, codes.label, crowd.gold, crowd.prior, codes.n_classes, counts, sums
    )
    return Statistics(counts=counts.reshape(codes.n_annotators, codes.n_classes, len(sums)), sums=sums)


def step(crowd: Crowd, shares: Floats, rates: Floats, posteriors: Floats) -> Statistics:
    """Collect once over all items and fill posteriors (I, C)."""
    codes = crowd.codes
    counts, sums = _empty(crowd, len(shares) // max(codes.n_classes, 1))
    likelihood = collect(
        codes.offsets,
        codes.annotator_label,
        crowd.gold,
        crowd.prior,
        shares,
        rates.reshape(counts.shape),
        counts,
        sums,
        posteriors,
    )
    return Statistics(counts=counts.reshape(rates.shape), sums=sums, log_likelihood=likelihood)


def _empty(crowd: Crowd, n_types: int) -> tuple[Floats, Floats]:
    n_components = crowd.codes.n_classes * n_types
    return np.zeros((crowd.codes.n_annotators * crowd.codes.n_classes, n_components)), np.zeros(n_components)
