"""Scott's pi."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from labelqa.agreement.labels._coefficient import Coefficient
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._pairs import of_two
from labelqa.agreement.labels._source import Labels, Options


def scott_pi(
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
    """How much two annotators agree beyond what their pooled class shares would give: 1 is perfect, 0 is chance.

    Unlike Cohen's kappa, it does not reward two annotators for using the classes differently.

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
    Scott (1955), Public Opinion Quarterly 19.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import scott_pi
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(scott_pi(table).value, 4)
    0.3333
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    return of_two("scott_pi", data, annotators, options)
