"""How well the labels can be learned, beside what guessing and people reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labelqa._crossval import OutOfFold, out_of_fold
from labelqa._kernels.intervals import wilson
from labelqa._labels import Labels, check_order, has_annotators, one_each
from labelqa._renamed import renamed
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.baseline._human import HumanBaseline, human_baseline
from labelqa.baseline._plots import plot_scores
from labelqa.baseline._recipe import ModelRecipe
from labelqa.features import FeatureRecipe, item_features

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: What is said of the model named first, as its out-of-fold probabilities say it.
_OF_THE_MODEL = (
    "accuracy", "balanced_accuracy", "log_loss", "majority_accuracy", "n_items", "n_folds", "temperature",
    "probabilities", "table",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CrossValidation(Result):
    """How well a simple model predicts labels it has not seen.

    Attributes
    ----------
    accuracy, low, high
        Share of items whose label was predicted, with the Wilson interval; against the labels given, wrong ones
        included.
    balanced_accuracy, log_loss
        Mean accuracy over classes; mean -log probability of the given label.
    majority_accuracy, human_accuracy
        What always naming the most frequent class reaches, and what one person reaches against the others (nan where
        labels do not repeat).
    scores
        One row per predictor: `who`, `accuracy`, `low`, `high`, `balanced_accuracy`, `log_loss`, `n_items`.
    per_class
        `label`, `n_items`, `recall`, `precision`.
    confusion
        `label`, `predicted`, `n_items`, for pairs that occur.
    probabilities
        Index `item_id`, one column per class, of the model named first.
    table
        `item_id`, `fold`, `label`, `predicted`, `p_label`.
    n_items, n_folds, temperature, reason
        See `labelqa._crossval.OutOfFold`.
    """

    accuracy: float
    low: float
    high: float
    balanced_accuracy: float
    log_loss: float
    majority_accuracy: float
    human_accuracy: float
    n_items: int
    n_folds: int
    temperature: float
    scores: pd.DataFrame
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    probabilities: pd.DataFrame
    table: pd.DataFrame
    reason: str | None = None

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the accuracy of every predictor with its interval."""
        return plot_scores(self.scores, ax=ax)


@takes_tables()
@renamed(model="classifier")
def cross_validate(
    features: Any,
    labels: Labels,
    *,
    classifier: Any = "logistic",
    second_opinion: Any = None,
    groups: pd.Series | Sequence[Any] | None = None,
    n_folds: int = 5,
    recipe: FeatureRecipe | None = None,
    seed: int = 0,
) -> CrossValidation:
    """Predict every item by a model that has not seen its label, and say what the accuracy is worth.

    Parameters
    ----------
    features
        Numbers by item id, or pictures, as for `fit`.
    labels
        A Series by item id or a table with `item_id` and `label`; or, where several people labelled an item,
        `Annotations` or a table with `annotator_id`: then the most frequent label of each item teaches and counts, and
        items whose most frequent label is tied are left out (`reason` says how many). Without ids as for `fit`.
    classifier
        As for `fit`.
    second_opinion
        Another classifier that is scored beside the first, such as "boosting".
    groups
        Group by item id (a video, a day): items of one group are always in the same fold.
    n_folds
        Folds, which are stratified by class.
    recipe
        As for `fit`.
    seed
        Same input and seed, same output.

    Raises
    ------
    TableError, OptionError
        As for `fit`.

    Examples
    --------
    >>> import pandas as pd
    >>> features = pd.DataFrame({"size": [1.0, 1.2, 0.9, 5.0, 5.1, 4.8]}, index=list("abcdef"))
    >>> labels = pd.Series(["small"] * 3 + ["large"] * 3, index=list("abcdef"))
    >>> found = cross_validate(features, labels, n_folds=3)
    >>> found.accuracy, found.majority_accuracy
    (1.0, 0.5)
    """
    check_order(features=features, labels=labels, groups=groups)
    wanted = [classifier] if second_opinion is None else [classifier, second_opinion]
    recipes = [ModelRecipe(each, seed) for each in wanted]
    single = one_each(labels)
    human = _human(labels)
    table = item_features(features, recipe=recipe, seed=seed).table
    found = [
        out_of_fold(table, single.labels, groups=groups, n_folds=n_folds, seed=seed, model=each) for each in recipes
    ]
    scores = _scores([each.name for each in recipes], found, human)
    first = found[0]
    return CrossValidation(
        **{name: getattr(first, name) for name in _OF_THE_MODEL},
        low=float(scores["low"][0]),
        high=float(scores["high"][0]),
        human_accuracy=np.nan if human is None else human.leave_one_out,
        scores=scores,
        per_class=_per_class(first),
        confusion=_confusion(first),
        reason=" ".join(filter(None, (first.reason, single.reason))) or None,
    )


def _human(labels: Labels) -> HumanBaseline | None:
    return human_baseline(labels) if has_annotators(labels) else None


def _scores(names: list[str], found: list[OutOfFold], human: HumanBaseline | None) -> pd.DataFrame:
    columns = ["who", "accuracy", "low", "high", "balanced_accuracy", "log_loss", "n_items"]
    rows: list[tuple[Any, ...]] = []
    for name, one in zip(names, found, strict=True):
        low, high = wilson(one.accuracy * one.n_items, one.n_items) if one.n_folds else (np.nan, np.nan)
        rows.append((name, one.accuracy, low, high, one.balanced_accuracy, one.log_loss, one.n_items))
    label = found[0].table["label"].dropna()
    share = label.value_counts(normalize=True)
    guess, n = found[0].majority_accuracy, len(label)
    entropy = float(-(share * np.log(share)).sum()) if n else np.nan
    balanced = 1 / len(share) if n else np.nan
    rows.append(("most frequent class", guess, *wilson(guess * n, n), balanced, entropy, n))
    if human is not None and human.n_items:
        ends = human.leave_one_out_low, human.leave_one_out_high
        rows.append(("one person against the others", human.leave_one_out, *ends, np.nan, np.nan, human.n_items))
    return pd.DataFrame(rows, columns=columns)


def _confusion(found: OutOfFold) -> pd.DataFrame:
    known = found.table.dropna(subset="label")
    return known.groupby(["label", "predicted"], sort=True).size().rename("n_items").reset_index()


def _per_class(found: OutOfFold) -> pd.DataFrame:
    known = found.table.dropna(subset="label")
    right = known.loc[known["label"] == known["predicted"], "label"].value_counts()
    classes = list(found.probabilities.columns)
    n = known["label"].value_counts().reindex(classes, fill_value=0)
    hits, said = (counts.reindex(classes, fill_value=0) for counts in (right, known["predicted"].value_counts()))
    with np.errstate(invalid="ignore"):
        recall, precision = hits.to_numpy() / n.to_numpy(), hits.to_numpy() / said.to_numpy()
    return pd.DataFrame(
        {"label": pd.Series(classes, dtype=object), "n_items": n.to_numpy(), "recall": recall, "precision": precision}
    )
