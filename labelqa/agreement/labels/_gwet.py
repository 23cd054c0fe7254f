"""Gwet's AC1 and AC2."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from labelqa.agreement.labels._coefficient import Coefficient, coefficient
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._source import Labels, Options


def gwet_ac(
    data: Labels,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much annotators agree beyond chance, with a chance that stays small where one class dominates.

    Kappa and alpha fall towards 0 when nearly all labels are of one class, however well people agree; AC1 does not.
    With a level or weights other than nominal it is AC2. An unused class counts: name it in `classes`.

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
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import gwet_ac
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(gwet_ac(table).value, 4)
    0.3333
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    return coefficient("gwet_ac", data, options)
