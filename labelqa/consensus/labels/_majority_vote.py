"""Majority vote."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from labelqa._kernels.labels.consensus import normalise
from labelqa._labels import count_votes
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.consensus.labels._crowd import Crowd, CrowdFit, WarmStart, make_crowd
from labelqa.consensus.labels._result import LabelConsensus, make_result


@takes_tables()
@renamed(data="annotations")
def majority_vote(
    annotations: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
    gold: pd.DataFrame | None = None,
) -> LabelConsensus:
    """What most people said of each item: the plainest answer, and the one that any other method must beat.

    The probability of a label is its share of the item's votes. Where two labels have as many votes, there is no
    majority: `is_tied` is true, and the label given is the one of them that is more frequent over all votes; if these
    are equal too, the first in natural order. The same rule holds wherever labelqa must give an answer; where a label
    must be trusted, as in training, tied items are left out.
    What ties are worth shows `labelqa.consensus.expected_accuracy`, which counts them as a fair draw.

    Parameters
    ----------
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`. A repeated label of one annotator is one more
        vote.
    classes
        All classes in order, where unused ones count or order matters.
    gold
        A table with `item_id`, `label` of items whose truth is known: it is taken as it is. Items without labels in
        `annotations` are left out.

    Returns
    -------
    LabelConsensus
        Items without a label have no consensus: missing with probability nan. There is no model, so the log-likelihood
        is nan.

    Raises
    ------
    TableError
        For missing columns, labels outside `classes`, or contradicting gold labels.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import majority_vote
    >>> said = pd.DataFrame(
    ...     [(1, "ann", "ok"), (1, "bob", "ok"), (1, "eve", "dent"), (2, "ann", "dent"), (2, "bob", "ok")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> majority_vote(said).table[["item_id", "label", "probability", "is_tied"]]
      item_id label  probability  is_tied
    0       1    ok     0.666667    False
    1       2    ok     0.500000     True
    """
    crowd = make_crowd(annotations, classes=classes, gold=gold, prior=None)
    return make_result("majority_vote", crowd, fit_votes)


def fit_votes(crowd: Crowd, start: WarmStart | None) -> CrowdFit:
    """Give vote shares as posteriors, and the confusion of annotators against them; there is nothing to go on from."""
    codes = crowd.codes
    votes = count_votes(codes).astype(np.float64)
    n_labels = votes.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        posteriors = votes / n_labels
    known = crowd.gold >= 0
    posteriors[known] = np.eye(codes.n_classes)[crowd.gold[known]]
    total = votes.sum()
    shares = votes.sum(axis=0) / total if total else np.full(codes.n_classes, np.nan)
    counts = np.zeros((codes.n_annotators, codes.n_classes, codes.n_classes))
    np.add.at(counts, (codes.annotator, codes.label), posteriors[codes.item])
    return CrowdFit(posteriors=posteriors, counts=counts, rates=normalise(counts, 0.0), shares=shares)
