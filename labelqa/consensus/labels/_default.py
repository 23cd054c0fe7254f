"""The consensus to use when nothing else is known."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._options import check_seed
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.consensus.labels._anchored import (
    COIN,
    FULL,
    SAME,
    TYPES,
    fit_anchored,
    sharpened_votes,
    statistics_of,
    vote_shares,
    with_gold,
)
from labelqa.consensus.labels._crowd import Crowd, CrowdFit, StoppingRule, WarmStart, make_crowd
from labelqa.consensus.labels._result import LabelConsensus, make_result
from labelqa.consensus.labels._temper import temper
from labelqa.consensus.labels._weights import weights_by_agreement, weights_by_prediction

Floats = NDArray[np.float64]


#: Weight of the plain vote beside the models.
_OF_VOTES = 0.5


@takes_tables()
@renamed(data="annotations")
def consensus_labels(
    annotations: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
    gold: pd.DataFrame | None = None,
    pred_probs: pd.DataFrame | None = None,
    n_iterations: int = 50,
    tolerance: float = 1e-3,
    seed: int = 0,
) -> LabelConsensus:
    """One label per item with its probability, by the method that needs no choice: start here.

    No model of annotators is right for every crowd, and a wrong one can be worse than the plain vote. So several have a
    say, and so has the vote:

    - *coin*: each annotator has one accuracy, and is wrong like everybody;
    - *full*: besides, confusions of their own, as far as they have labels to show it;
    - *types*: besides, every class has two types of items, on which annotators differ: some items mislead many people
      in the same way;
    - *same*: all are equally accurate, which makes it a vote.

    Better predictions of labels do not mean a better truth: a model that may say what the classes stand for explains
    labels best by turning a rare class into "torn between two others". All models are therefore anchored to the names
    of the classes: rates are pulled to a mean in which an annotator is right equally often whatever the class; the
    truth they are learned from is mixed with the shares of votes; and they stop early.

    Two weightings are averaged. One asks who predicts labels best that were held out (pseudo-BMA+, over *same*, *full*
    and *types*); the other who agrees with the rest (over *coin*, *full* and *types*), which drops a model that turned
    the classes round. The probabilities are the mean of what the models say, so weighted, and of the shares of votes
    (the item's labels and one more spread over all classes): a linear pool overrules a clear vote only where models are
    certain. An item with a single label keeps its share, for nothing is known of it but who said so.

    With a classifier's probabilities the vote is not needed: they say what an item looks like, whatever people say of
    it. The *full* model is used; a classifier that is too sure of itself is tamed first, by the power below 1 at which
    the labels are most likely.

    Parameters
    ----------
    annotations, classes, gold, pred_probs
        See `dawid_skene`.
    n_iterations, tolerance
        Each model is fitted until no probability moves by more than `tolerance`, or for `n_iterations` steps: what
        still moves then is used as it is, for with more steps the types of items drift from the names of the classes.
    seed
        Of the choice which labels are held out, and of the bootstrap of items.

    Returns
    -------
    LabelConsensus
        There is no single model, so the log-likelihood is nan; `models` says which had how much say; `rate` in
        `confusion` is the mean of the models', so weighted. `prior_power` is the power of `pred_probs`.

    Raises
    ------
    TableError, OptionError
        See `dawid_skene`.

    References
    ----------
    Y. Yao, A. Vehtari, D. Simpson, A. Gelman (2018). Using stacking to average Bayesian predictive distributions.
    Bayesian Analysis 13: pseudo-BMA+.
    Y. Li, B. Rubinstein, T. Cohn (2019). Exploiting worker correlation for label aggregation in crowdsourcing. ICML:
    types of items within a class.
    M. Stone (1961). The opinion pool. Annals of Mathematical Statistics 32.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import consensus_labels
    >>> said = pd.DataFrame(
    ...     [(i, who, "dent" if i < 5 or who == "eve" else "ok") for i in range(10) for who in ("ann", "bob", "eve")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> consensus_labels(said).table["label"].tolist()
    ['dent', 'dent', 'dent', 'dent', 'dent', 'ok', 'ok', 'ok', 'ok', 'ok']
    """
    until, seed = StoppingRule(n_iterations=n_iterations, tolerance=tolerance), check_seed(seed)
    crowd = make_crowd(annotations, classes=classes, gold=gold, prior=pred_probs)
    return make_result("consensus_labels", crowd, partial(fit_pooled, until=until, seed=seed))


def fit_pooled(crowd: Crowd, start: WarmStart | None, *, until: StoppingRule, seed: int) -> CrowdFit:
    """Fit the models, weigh them and pool them with the vote; there is nothing to go on from."""
    power = float("nan")
    if crowd.has_prior:
        tempered, power = temper(crowd, lambda tried: fit_anchored(tried, FULL, until).posteriors)
        runs, weights = [fit_anchored(tempered, FULL, until)], np.ones(1)
    else:
        runs = [fit_anchored(crowd, model, until) for model in (SAME, COIN, FULL, TYPES)]
        by_prediction = weights_by_prediction(crowd, (SAME, FULL, TYPES), until, seed=seed)
        is_labelled = np.diff(crowd.codes.offsets) > 0
        by_agreement = weights_by_agreement([run.of_classes()[0][is_labelled] for run in runs[1:]])
        weights = pooled_weights(by_prediction, by_agreement)
    found = [run.of_classes() for run in runs]
    posteriors = [posteriors for posteriors, _, _ in found]
    if not crowd.has_prior:
        # with one accuracy for all, shares of the classes would only turn ties
        posteriors[0] = sharpened_votes(crowd, float(found[0][2][0, 0, 0]))
    said = with_gold(crowd, _weighted(weights, posteriors))
    return CrowdFit(
        posteriors=pool_with_votes(crowd, said),
        counts=statistics_of(crowd, said).counts,
        rates=_weighted(weights, [rates for _, _, rates in found]),
        shares=_weighted(weights, [shares for _, shares, _ in found]),
        n_iterations=max(run.n_iterations for run in runs),
        is_converged=all(run.is_converged for run in runs),
        prior_power=power,
        pooled=tuple(
            (run.model.name, float(weight), run.n_iterations, run.is_converged)
            for run, weight in zip(runs, weights, strict=True)
        ),
    )


def pooled_weights(by_prediction: Floats, by_agreement: Floats) -> Floats:
    """Give the weights of same, coin, full, types from those of same, full, types and of coin, full, types."""
    same = by_prediction[0]
    weights: Floats = 0.5 * (1.0 - same) * np.append(0.0, by_agreement)
    weights[0] = same
    weights[2:] += 0.5 * by_prediction[1:]
    return weights


def pool_with_votes(crowd: Crowd, posteriors: Floats) -> Floats:
    """Average the models' probabilities (I, K) and the shares of votes, but where the classifier or gold speaks."""
    votes = vote_shares(crowd)
    n_labels = np.diff(crowd.codes.offsets)[:, None]
    alone = (crowd.gold[:, None] >= 0) | (n_labels == 0)
    if crowd.has_prior:
        alone |= crowd.prior[:, :1] >= 0
    pooled = np.where(n_labels == 1, votes, _OF_VOTES * votes + (1.0 - _OF_VOTES) * posteriors)
    return np.asarray(np.where(alone, posteriors, pooled))


def _weighted(weights: Floats, values: Sequence[Floats]) -> Floats:
    return np.asarray(sum(weight * value for weight, value in zip(weights, values, strict=True)))
