"""GLAD: abilities of annotators and ease of items."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from labelqa._kernels.labels.consensus import normalise
from labelqa._kernels.labels.glad import expected_counts, glad_posteriors, glad_step
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.consensus.labels._crowd import Crowd, CrowdFit, StoppingRule, WarmStart, make_crowd
from labelqa.consensus.labels._error_models import shares_of
from labelqa.consensus.labels._result import LabelConsensus, make_result

#: Newton steps per iteration: abilities and ease follow each other.
_STEPS = 3


@takes_tables()
@renamed(data="annotations")
def glad(
    annotations: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
    gold: pd.DataFrame | None = None,
    pred_probs: pd.DataFrame | None = None,
    n_iterations: int = 1000,
    tolerance: float = 1e-7,
) -> LabelConsensus:
    """The most likely truth where some annotators are better than others and some items are harder than others.

    A label is right with probability 1 / (1 + exp(-ability * ease)). The list of items by ease is of use of its own:
    the hard ones belong in the guideline. An annotator with a negative ability errs on purpose.

    Parameters
    ----------
    annotations, classes, gold, pred_probs
        See `dawid_skene`. Without `pred_probs` all classes are equally likely beforehand.
    n_iterations, tolerance
        At most so many steps, fewer when the log-likelihood per label moves by no more than `tolerance`.

    Returns
    -------
    LabelConsensus
        `annotators` has `ability`, `table` has `ease` (above 0; the prior is centred at e = 2.72).

    Raises
    ------
    TableError, OptionError
        See `dawid_skene`.

    References
    ----------
    J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma, J. Movellan (2009). Whose vote should count more: optimal integration of
    labels from labelers of unknown expertise. NeurIPS.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import glad
    >>> said = pd.DataFrame(
    ...     [(i, who, int(i < 4) if who != "eve" else i % 2) for i in range(8) for who in ("ann", "bob", "eve")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> found = glad(said)
    >>> found.annotators.sort_values("ability")["annotator_id"].tolist()[0]
    'eve'
    >>> sorted(found.table.sort_values("ease")["item_id"].tolist()[:4])
    ['0', '2', '5', '7']
    """
    until = StoppingRule(n_iterations=n_iterations, tolerance=tolerance)
    crowd = make_crowd(annotations, classes=classes, gold=gold, prior=pred_probs)
    return make_result("glad", crowd, partial(fit_glad, until=until))


def fit_glad(crowd: Crowd, start: WarmStart | None, *, until: StoppingRule) -> CrowdFit:
    """Alternate posteriors and Newton steps, always from abilities and ease of 1."""
    codes = crowd.codes
    ability, log_ease = np.ones(codes.n_annotators), np.ones(codes.n_items)
    posteriors = np.empty((codes.n_items, codes.n_classes))
    before, likelihood, is_converged, done = -np.inf, float("nan"), codes.n_classes == 0, 0
    while done < until.n_iterations and not is_converged:
        likelihood = glad_posteriors(
            codes.offsets, codes.annotator, codes.label, crowd.gold, crowd.prior, ability, log_ease, posteriors
        )
        is_converged = abs(likelihood - before) <= until.tolerance * len(codes.label)
        before, done = likelihood, done + 1
        for _ in range(0 if is_converged else _STEPS):
            glad_step(codes.offsets, codes.annotator, codes.label, posteriors, ability, log_ease)
    counts = expected_counts(codes.item, codes.annotator, codes.label, posteriors, codes.n_annotators)
    labelled = np.diff(codes.offsets) > 0
    return CrowdFit(
        posteriors=posteriors,
        counts=counts,
        rates=normalise(counts, 0.0),
        shares=shares_of(posteriors[labelled].sum(axis=0)),
        log_likelihood=likelihood if len(codes.label) else float("nan"),
        n_iterations=done,
        is_converged=is_converged,
        per_annotator={"ability": ability},
        per_item={"ease": np.where(labelled, np.exp(log_ease), np.nan)},
        reason=until.reason(is_converged),
    )
