"""Krippendorff's alpha."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from labelqa.agreement.labels._coefficient import Coefficient, coefficient
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._source import Labels, Options


def krippendorff_alpha(
    data: Labels,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much less annotators disagree than if labels were handed out at random: 1 is perfect, 0 is chance.

    The first choice for most data: any number of annotators, missing labels, every level of measurement. Below .667
    Krippendorff advises against drawing conclusions, from .8 on labels count as reliable.

    Parameters
    ----------
    data
        `Annotations`, a table with `item_id`, `annotator_id`, `label`, or `LabelStatistics`. Missing labels and any
        number of annotators per item are fine; where an annotator labelled an item again, each label counts.
    level
        What labels are: "nominal" (equal or not), "ordinal" (Krippendorff's distance by rank, from the class counts),
        "ordinal_gwet" (Gwet's, from the number of steps), "interval" (squared difference), "ratio", or sets compared by
        "masi" or "jaccard" (collections, or texts such as ``"dent|scratch"``). Numbers may be texts.
    weights
        Instead of a level: "linear", "quadratic" or "radical" (by the classes' values where all are numbers, otherwise
        by their positions), a (K, K) matrix of agreement with 1 on the diagonal, or a function of two labels that gives
        their distance.
    classes
        The list of classes in order, where unused ones count or the order matters. Without it the order is that of an
        ordered categorical column, otherwise natural (numbers by size, texts by the alphabet).
    n_resamples
        0: the analytic t interval. Otherwise the percentile interval of this many resamples of the items.
    confidence, seed
        Of the interval, and of its resampling.

    Returns
    -------
    Coefficient
        nan with a `reason` where it is undefined.

    Raises
    ------
    TableError
        For missing columns or ids, labels outside `classes`, and labels that are no numbers where numbers are needed.
    OptionError
        For an unknown level or impossible weights.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability; Gwet (2021), Handbook of inter-rater reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import krippendorff_alpha
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(krippendorff_alpha(table).value, 4)
    0.4444
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    return coefficient("krippendorff_alpha", data, options)
