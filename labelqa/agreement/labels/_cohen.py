"""Cohen's kappa."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from labelqa.agreement.labels._coefficient import Coefficient
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._pairs import of_two
from labelqa.agreement.labels._source import Labels, Options


def cohen_kappa(
    data: Labels,
    *,
    annotators: Sequence[Any] | None = None,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much two annotators agree beyond what their own class shares would give: 1 is perfect, 0 is chance.

    With `weights="linear"` or "quadratic", or a level, it is weighted kappa.

    Parameters
    ----------
    data
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`. Items that both labelled count.
    annotators
        The two to compare, where the table has more.
    level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`, and for more than two annotators without a choice.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20; Cohen (1968), Psychological Bulletin 70.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import cohen_kappa
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(cohen_kappa(table).value, 4)
    0.4
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    return of_two("cohen_kappa", data, annotators, options)
