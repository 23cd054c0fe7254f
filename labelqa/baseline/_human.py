"""How well people agree with people: the yardstick beside a model's accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.paired import bootstrap_means
from labelqa._labels import count_votes
from labelqa._options import check_confidence, check_seed, check_whole
from labelqa._renamed import renamed
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations, as_label_codes

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class HumanBaseline(Result):
    """How often one person says what others say; agreement is not accuracy: people can be wrong together.

    Attributes
    ----------
    pairwise, pairwise_low, pairwise_high
        Chance that two people who labelled the same item agree.
    leave_one_out, leave_one_out_low, leave_one_out_high
        Chance that a person says what most of the *others* say; where the others are tied, the share of a fair draw.
    n_items
        Items with at least two labels; only these count, each as much as another.
    reason
        Why numbers are undefined; None if they are not.
    """

    pairwise: float
    pairwise_low: float
    pairwise_high: float
    leave_one_out: float
    leave_one_out_low: float
    leave_one_out_high: float
    n_items: int
    reason: str | None = None


@takes_tables()
@renamed(data="annotations")
def human_baseline(
    annotations: Annotations | pd.DataFrame, *, n_resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> HumanBaseline:
    """Measure how often one person says what others say, where labels repeat.

    Parameters
    ----------
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id` and `label`.
    n_resamples, confidence, seed
        The interval is the percentile bootstrap over items.

    Raises
    ------
    TableError
        For missing columns or ids.
    OptionError
        For an impossible `n_resamples` or `confidence`.

    Examples
    --------
    >>> import pandas as pd
    >>> said = pd.DataFrame({"item_id": [1, 1, 1, 2, 2], "annotator_id": list("abcab"), "label": list("xxyzz")})
    >>> found = human_baseline(said)
    >>> round(found.pairwise, 3), round(found.leave_one_out, 3)
    (0.667, 0.667)
    """
    n_resamples, rng = check_whole("n_resamples", n_resamples, 1), np.random.default_rng(check_seed(seed))
    confidence = check_confidence(confidence)
    counts = count_votes(as_label_codes(annotations)).astype(np.float64)
    counts = counts[counts.sum(axis=1) >= 2]
    if not len(counts):
        nothing = dict.fromkeys(HumanBaseline.__dataclass_fields__, np.nan)
        return HumanBaseline(**{**nothing, "n_items": 0, "reason": "No item has two labels."})  # type: ignore[arg-type]
    parts = np.column_stack([pairwise_agreement(counts), leave_one_out(counts)])
    ends = bootstrap_means(parts, n_resamples, confidence, rng)
    mean = parts.mean(axis=0)
    return HumanBaseline(
        pairwise=float(mean[0]),
        pairwise_low=float(ends[0, 0]),
        pairwise_high=float(ends[1, 0]),
        leave_one_out=float(mean[1]),
        leave_one_out_low=float(ends[0, 1]),
        leave_one_out_high=float(ends[1, 1]),
        n_items=len(counts),
    )


def pairwise_agreement(counts: Floats) -> Floats:
    """Give each item's share of agreeing pairs; rows of `counts` hold two labels or more."""
    n = counts.sum(axis=1)
    return np.asarray((counts * (counts - 1)).sum(axis=1) / (n * (n - 1)))


def leave_one_out(counts: Floats) -> Floats:
    """Give each item's mean chance that one label is what most of the other labels say."""
    hits = np.zeros(len(counts))
    for k in range(counts.shape[1]):
        others = counts.copy()
        others[:, k] -= 1
        most = others.max(axis=1)
        hits += counts[:, k] * (others[:, k] == most) / (others == most[:, None]).sum(axis=1)
    return np.asarray(hits / counts.sum(axis=1))
