"""Fleiss' kappa."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from labelqa.agreement._coefficient import Coefficient, coefficient
from labelqa.agreement._distances import Weights
from labelqa.agreement._source import Labels, Options


def fleiss_kappa(
    data: Labels,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much annotators agree beyond what the class shares alone would give: 1 is perfect, 0 is chance.

    Who gave which label does not matter. Agreement is seen on items with two labels or more; class shares come from all
    labelled items.

    Parameters
    ----------
    data
        `Annotations`, a table with `item_id`, `annotator_id`, `label`, or `LabelStatistics`. Missing labels and any
        number of annotators per item are fine.
    level
        What labels are: "nominal" (equal or not), "ordinal" (Krippendorff's distance by rank, from the class counts),
        "ordinal_gwet" (Gwet's, from the number of steps), "interval" (squared difference), "ratio", or sets compared by
        "masi" or "jaccard" (collections, or texts such as ``"dent|scratch"``). Numbers may be texts.
    weights
        Instead of a level: "linear", "quadratic" or "radical" (by the classes' values where all are numbers, otherwise
        by their positions), a (K, K) matrix of agreement with 1 on the diagonal, or a function of two labels that gives
        their distance.
    classes
        The list of classes in order, where unused ones count or the order matters.
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
    Fleiss (1971), Psychological Bulletin 76; Gwet (2021), Handbook of inter-rater reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import fleiss_kappa
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(fleiss_kappa(table).value, 4)
    0.3333
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    return coefficient("fleiss_kappa", data, options)
