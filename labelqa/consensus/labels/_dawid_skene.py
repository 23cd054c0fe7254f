"""Dawid-Skene: a confusion matrix per annotator."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import pandas as pd

from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.consensus.labels._crowd import StoppingRule, make_crowd
from labelqa.consensus.labels._error_models import FullMatrix
from labelqa.consensus.labels._expectation_maximisation import fit_model
from labelqa.consensus.labels._result import LabelConsensus, make_result


@takes_tables()
@renamed(data="annotations")
def dawid_skene(
    annotations: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
    gold: pd.DataFrame | None = None,
    pred_probs: pd.DataFrame | None = None,
    shrinkage: float = 5.0,
    smoothing: float = 0.0,
    n_iterations: int = 1000,
    tolerance: float = 1e-9,
) -> LabelConsensus:
    """The most likely truth where every annotator mixes up classes in a way of their own.

    Someone who calls every scratch a dent is still informative: the method learns each annotator's confusion matrix
    from the agreement with the others, and weighs every label by it. Expectation maximisation starts from the vote
    shares and ends when the log-likelihood per label moves by no more than `tolerance`.

    A full matrix per annotator needs many labels. `shrinkage` adds that many pseudo-labels per annotator and true
    class: the annotator's own accuracy of them on the diagonal, the rest spread as all annotators together err. With
    ``shrinkage=0`` it is the method as published.

    Parameters
    ----------
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`.
    classes
        All classes in order, where unused ones count or order matters.
    gold
        A table with `item_id`, `label` of items whose truth is known: they teach the confusion matrices.
    pred_probs
        A classifier's probabilities as prior of each item: a table with `item_id` and one column per class. Items it
        does not name have the class shares as prior.
    shrinkage
        Pseudo-labels per annotator and true class, 0 for none.
    smoothing
        Added to each cell of each confusion matrix before it is normalised.
    n_iterations, tolerance
        At most so many steps, fewer when the log-likelihood per label moves by no more than `tolerance`.

    Returns
    -------
    LabelConsensus
        `confusion` holds the matrices.

    Raises
    ------
    TableError
        For missing columns, labels outside `classes`, contradicting gold labels, or probabilities that are none.
    OptionError
        For negative options.

    References
    ----------
    A. P. Dawid, A. M. Skene (1979). Maximum likelihood estimation of observer error-rates using the EM algorithm.
    Applied Statistics 28(1).

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import dawid_skene
    >>> said = pd.DataFrame(
    ...     [(i, who, "dent" if i < 5 or who == "eve" else "ok") for i in range(10) for who in ("ann", "bob", "eve")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> found = dawid_skene(said)
    >>> found.table["label"].tolist()
    ['dent', 'dent', 'dent', 'dent', 'dent', 'ok', 'ok', 'ok', 'ok', 'ok']
    """
    model = FullMatrix(shrinkage=shrinkage, smoothing=smoothing)
    until = StoppingRule(n_iterations=n_iterations, tolerance=tolerance)
    crowd = make_crowd(annotations, classes=classes, gold=gold, prior=pred_probs)
    return make_result("dawid_skene", crowd, partial(fit_model, model=model, until=until))
