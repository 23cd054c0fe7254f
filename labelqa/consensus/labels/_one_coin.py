"""One-coin Dawid-Skene: one number per annotator."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import pandas as pd

from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.consensus.labels._crowd import StoppingRule, make_crowd
from labelqa.consensus.labels._error_models import OneCoin
from labelqa.consensus.labels._expectation_maximisation import fit_model
from labelqa.consensus.labels._result import LabelConsensus, make_result


@takes_tables()
@renamed(data="annotations")
def one_coin(
    annotations: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
    gold: pd.DataFrame | None = None,
    pred_probs: pd.DataFrame | None = None,
    smoothing: float = 0.0,
    n_iterations: int = 1000,
    tolerance: float = 1e-9,
) -> LabelConsensus:
    """The most likely truth where every annotator is right with one probability, whatever the class.

    One number per annotator can be learnt from few labels; what it cannot see is that somebody is good at one class and
    bad at another (there `dawid_skene` is better).

    Parameters
    ----------
    annotations, classes, gold, pred_probs
        See `dawid_skene`.
    smoothing
        Right labels, and wrong labels per other class, added to every annotator's before the accuracy is taken.
    n_iterations, tolerance
        See `dawid_skene`.

    Returns
    -------
    LabelConsensus
        `annotators` has `accuracy`, the probability of a right label.

    Raises
    ------
    TableError, OptionError
        See `dawid_skene`.

    References
    ----------
    Y. Zhang, X. Chen, D. Zhou, M. I. Jordan (2016). Spectral methods meet EM: a provably optimal algorithm for
    crowdsourcing. Journal of Machine Learning Research 17.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import one_coin
    >>> said = pd.DataFrame(
    ...     [(i, who, int(i < 4) if who != "eve" else i % 2) for i in range(8) for who in ("ann", "bob", "eve")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> one_coin(said).annotators[["annotator_id", "accuracy"]].round(3)
      annotator_id  accuracy
    0          ann       1.0
    1          bob       1.0
    2          eve       0.5
    """
    model = OneCoin(smoothing=smoothing)
    until = StoppingRule(n_iterations=n_iterations, tolerance=tolerance)
    crowd = make_crowd(annotations, classes=classes, gold=gold, prior=pred_probs)
    return make_result("one_coin", crowd, partial(fit_model, model=model, until=until))
