"""Fleiss' kappa."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from labelqa.agreement.labels._coefficient import Coefficient, coefficient
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._source import Labels, Options


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
    data, level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`.

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
