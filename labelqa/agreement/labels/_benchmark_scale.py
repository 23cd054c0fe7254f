"""Words for a coefficient, with the probability that each word is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

from labelqa._options import check_choice, check_confidence
from labelqa._renamed import renamed, renamed_fields
from labelqa._result import Result
from labelqa.agreement.labels import _plots as plots
from labelqa.agreement.labels._result import Coefficient

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Scale -> its words from the top, each with its lower bound.
SCALES: dict[str, tuple[tuple[str, float], ...]] = {
    "landis_koch": (
        ("almost perfect", 0.8),
        ("substantial", 0.6),
        ("moderate", 0.4),
        ("fair", 0.2),
        ("slight", 0.0),
        ("poor", -1.0),
    ),
    "altman": (("very good", 0.8), ("good", 0.6), ("moderate", 0.4), ("fair", 0.2), ("poor", -1.0)),
    "fleiss": (("excellent", 0.75), ("intermediate to good", 0.4), ("poor", -1.0)),
}


@renamed_fields(name="coefficient")
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BenchmarkScale(Result):
    """How a coefficient is called, uncertainty included.

    Attributes
    ----------
    verdict
        The best word that the value deserves with probability `confidence`; "" where undefined.
    coefficient, value, se
        Which coefficient, its value and standard error.
    scale, confidence
        As asked for.
    reason
        Why there is no verdict, or None.
    table
        From the best word down: `word`, `low`, `high`, `probability` (that the true value is in this band),
        `cumulative` (in this band or a better one).
    """

    verdict: str
    coefficient: str
    value: float
    se: float
    scale: str
    confidence: float
    reason: str | None
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the probability of each word; the verdict is dark."""
        return plots.words(self.table, ax, verdict=self.verdict, confidence=self.confidence)


@renamed(found="coefficient")
def benchmark_scale(
    coefficient: Coefficient, *, scale: str = "landis_koch", confidence: float = 0.95
) -> BenchmarkScale:
    """Put a coefficient into words that hold in spite of its uncertainty, such as "substantial".

    A value of .81 from 20 items is not "almost perfect" yet: the verdict is the best word such that the true value is
    in its band or above with the wanted probability (normal, cut to -1 ... 1).

    Parameters
    ----------
    coefficient
        The result of any coefficient function.
    scale
        "landis_koch", "altman" or "fleiss".
    confidence
        Probability the verdict must have.

    Raises
    ------
    OptionError
        For an unknown scale, and a confidence that is not between 0 and 1.

    References
    ----------
    Landis and Koch (1977), Biometrics 33; Altman (1991), Practical statistics for medical research; Fleiss (1981),
    Statistical methods for rates and proportions; Gwet (2021), Handbook of inter-rater reliability, chapter 6.

    Examples
    --------
    >>> from labelqa.agreement import benchmark_scale, cohen_kappa, from_contingency
    >>> found = cohen_kappa(from_contingency([[88, 14, 18], [10, 40, 10], [2, 6, 12]]))
    >>> benchmark_scale(found).verdict
    'moderate'
    """
    check_choice("scale", scale, SCALES)
    confidence = check_confidence(confidence)
    words = [word for word, _ in SCALES[scale]]
    low = np.array([bound for _, bound in SCALES[scale]])
    high = np.concatenate([[1.0], low[:-1]])
    value, se, reason = coefficient.value, coefficient.se, coefficient.reason
    if reason is None and not np.isfinite(se):
        reason = "The coefficient has no standard error."
    if reason is not None:
        probability = np.full(len(words), np.nan)
    elif se == 0:
        probability = ((value >= low) & (value < high)).astype(np.float64)
        probability[0] = float(value >= low[0])
    else:
        below = ndtr((np.append(high, -1.0) - value) / se)
        probability = -np.diff(below) / (below[0] - below[-1])
    cumulative = np.cumsum(probability)
    enough = np.flatnonzero(cumulative >= confidence - 1e-12)
    table = pd.DataFrame(
        {"word": words, "low": low, "high": high, "probability": probability, "cumulative": cumulative}
    )
    return BenchmarkScale(
        verdict=words[enough[0]] if len(enough) else "",
        coefficient=coefficient.coefficient,
        value=value,
        se=se,
        scale=scale,
        confidence=confidence,
        reason=reason,
        table=table,
    )
