"""Percent agreement."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from labelqa.agreement.labels._coefficient import Coefficient, coefficient
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._source import Labels, Options


def percent_agreement(
    data: Labels,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How often two annotators of the same item agree: the mean over items of the share of agreeing pairs.

    Chance is not taken out, so that it looks good where one class dominates.

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
    Gwet (2021), Handbook of inter-rater reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import percent_agreement
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(percent_agreement(table).value, 4)
    0.6667
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    return coefficient("percent_agreement", data, options)
