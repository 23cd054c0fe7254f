"""Brennan and Prediger's kappa."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from labelqa.agreement.labels._coefficient import Coefficient, coefficient
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._source import Labels, Options


def brennan_prediger(
    data: Labels,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much annotators agree beyond labels drawn evenly from the list of classes: 1 is perfect, 0 is chance.

    Also known as S or G. An unused class counts: name it in `classes`.

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
    Brennan and Prediger (1981), Educational and Psychological Measurement 41.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import brennan_prediger
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(brennan_prediger(table).value, 4)
    0.3333
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    return coefficient("brennan_prediger", data, options)
