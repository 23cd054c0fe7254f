"""The consensus to use when nothing else is known."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._labels import count_votes
from labelqa._options import check_seed
from labelqa._renamed import renamed
from labelqa.annotations import Annotations
from labelqa.consensus.labels._crowd import Crowd, CrowdFit, StoppingRule, WarmStart, make_crowd
from labelqa.consensus.labels._error_models import ErrorModel, Habits, Subtypes
from labelqa.consensus.labels._expectation_maximisation import fit_of, iterate
from labelqa.consensus.labels._held_out import predictive, some_items
from labelqa.consensus.labels._result import LabelConsensus, make_result
from labelqa.consensus.labels._temper import temper

Floats = NDArray[np.float64]

#: Labels that decide between the two models: more would cost time and not change the choice.
_MOST_LABELS = 100_000
_N_FOLDS = 5
#: How long each trial fit goes on; the choice needs no more.
_TRIAL = StoppingRule(n_iterations=150, tolerance=1e-6)
#: The second model must predict better by this many standard errors.
_CLEARLY = 2.0


@renamed(data="annotations")
def consensus_labels(
    annotations: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
    gold: pd.DataFrame | None = None,
    pred_probs: pd.DataFrame | None = None,
    n_iterations: int = 1000,
    tolerance: float = 1e-9,
    seed: int = 0,
) -> LabelConsensus:
    """One label per item with its probability, by the method that needs no choice: start here.

    A full confusion matrix per annotator (`dawid_skene`) has too many free numbers for most crowds and fits
    coincidences; one number per annotator (`one_coin`) cannot see that people have habits. In between lies what is used
    here: somebody who looks at the item says what it looks like to everybody, with confusions shared by all; somebody
    who does not says what they always say. Each annotator has an ability to look and a habit; their own matrix of
    counts is added to what these explain, which weighs as many labels per true class as the marginal likelihood says.

    Where some items mislead many people in the same way, the labels of an item are not independent given its class, and
    such models take the misleading items for a class. A second model divides every class into two types of items with
    separate rates for each annotator. Which of the two is used is decided by the labels alone: each predicts labels
    that were held out, and the second is taken where it predicts them better by more than two standard errors. It is
    not tried where there are fewer labels than it has rates.

    Both models are too sure of themselves. The probabilities are the mean of the model's and of the plain vote's (the
    item's labels and one more spread over all classes): a linear pool of two opinions, which is better calibrated than
    either and overrules a clear vote only where the model is certain.

    With a classifier's probabilities neither is needed: they say what an item looks like, whatever people say of it.
    The first model is used as it is; a classifier that is too sure of itself is tamed first, by the power below 1 at
    which the labels are most likely.

    Parameters
    ----------
    annotations, classes, gold, pred_probs, n_iterations, tolerance
        See `dawid_skene`.
    seed
        Of the choice which labels are held out.

    Returns
    -------
    LabelConsensus
        `annotators` has `ability` where the first model was used; `prior_power` is the power of `pred_probs`.

    Raises
    ------
    TableError, OptionError
        See `dawid_skene`.

    References
    ----------
    D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy (2013). Learning whom to trust with MACE. NAACL: looking or
    following a habit.
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
    return make_result("consensus_labels", crowd, partial(fit_adapted, until=until, seed=seed))


def fit_adapted(crowd: Crowd, start: WarmStart | None, *, until: StoppingRule, seed: int) -> CrowdFit:
    """Choose the model or temper the prior, fit, and pool with the vote."""
    if crowd.has_prior:
        model: ErrorModel = Habits()
        tempered, power = temper(crowd, model)
    else:
        model, tempered, power = choose(crowd, seed), crowd, float("nan")
    run = iterate(tempered, start, model=model, until=until)
    fit = fit_of(crowd, run)
    return replace(fit, posteriors=pool_with_votes(crowd, fit.posteriors), prior_power=power)


def pool_with_votes(crowd: Crowd, posteriors: Floats) -> Floats:
    """Average the model's probabilities and the smoothed vote shares, where there are labels, no gold and no prior."""
    codes = crowd.codes
    votes = count_votes(codes)
    n_labels = votes.sum(axis=1, keepdims=True)
    shares = (votes + 1.0 / max(codes.n_classes, 1)) / (n_labels + 1.0)
    alone = (crowd.gold[:, None] >= 0) | (n_labels == 0)
    if crowd.has_prior:
        alone |= crowd.prior[:, :1] >= 0
    return np.asarray(np.where(alone, posteriors, 0.5 * (posteriors + shares)))


def choose(crowd: Crowd, seed: int) -> ErrorModel:
    """Give the model whose predictions of held-out labels are better; the first unless the second is clearly so."""
    habits, subtypes = Habits(), Subtypes()
    if crowd.codes.n_annotators < 2 or crowd.codes.n_classes < 2:
        return habits
    generator = np.random.default_rng(seed)
    sample = some_items(crowd, _MOST_LABELS, generator)
    n_rates = sample.codes.n_annotators * sample.codes.n_classes**2 * subtypes.n_types
    if n_rates > len(sample.codes.label):
        # fewer labels than rates to learn from them
        return habits
    fold = generator.permutation(len(sample.codes.label)) % _N_FOLDS
    gain = predictive(sample, subtypes, fold, _TRIAL) - predictive(sample, habits, fold, _TRIAL)
    # labels of one item are not independent: the error is that of a sum over items
    of_item = np.bincount(sample.codes.item, weights=gain, minlength=sample.codes.n_items)
    error = float(of_item.std()) * np.sqrt(len(of_item))
    return subtypes if of_item.sum() > _CLEARLY * error > 0 else habits
