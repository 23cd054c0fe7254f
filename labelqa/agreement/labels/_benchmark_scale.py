"""Words for a coefficient, with the probability that each word is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._options import check_choice
from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa.agreement.labels._coefficient import Coefficient

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


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BenchmarkScale(Result):
    """How a coefficient is called, uncertainty included.

    Attributes
    ----------
    verdict
        The best word that the value deserves with probability `confidence`; "" where undefined.
    name, value, se
        The coefficient, its value and standard error.
    scale, confidence
        As asked for.
    reason
        Why there is no verdict, or None.
    table
        From the best word down: `word`, `low`, `high`, `probability` (that the true value is in this band),
        `cumulative` (in this band or a better one).
    """

    verdict: str
    name: str
    value: float
    se: float
    scale: str
    confidence: float
    reason: str | None
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the probability of each word; the verdict is dark."""
        ax = axes(ax, height=0.9 + 0.32 * len(self.table))
        shown = self.table.iloc[::-1]
        colours = [COLOURS[0] if word == self.verdict else COLOURS[4] for word in shown["word"]]
        ax.barh(shown["word"], shown["probability"], color=colours, height=0.6)
        ax.set_xlim(0, 1)
        ax.set_xlabel(f"Probability; at least {self.verdict!r} with {self.confidence:.0%} confidence")
        return ax


def benchmark_scale(found: Coefficient, *, scale: str = "landis_koch", confidence: float = 0.95) -> BenchmarkScale:
    """Put a coefficient into words that hold in spite of its uncertainty, such as "substantial".

    A value of .81 from 20 items is not "almost perfect" yet: the verdict is the best word such that the true value is
    in its band or above with the wanted probability (normal, cut to -1 ... 1).

    Parameters
    ----------
    found
        The result of any coefficient function.
    scale
        "landis_koch", "altman" or "fleiss".
    confidence
        Probability the verdict must have.

    Raises
    ------
    OptionError
        For an unknown scale.

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
    from scipy.stats import norm

    check_choice("scale", scale, SCALES)
    words = [word for word, _ in SCALES[scale]]
    low = np.array([bound for _, bound in SCALES[scale]])
    high = np.concatenate([[1.0], low[:-1]])
    reason = found.reason
    if reason is None and not np.isfinite(found.se):
        reason = "The coefficient has no standard error."
    if reason is not None:
        probability = np.full(len(words), np.nan)
    elif found.se == 0:
        probability = ((found.value >= low) & (found.value < high)).astype(np.float64)
        probability[0] = float(found.value >= low[0])
    else:
        below = norm.cdf((np.append(high, -1.0) - found.value) / found.se)
        probability = -np.diff(below) / (below[0] - below[-1])
    cumulative = np.cumsum(probability)
    enough = np.flatnonzero(cumulative >= confidence - 1e-12)
    table = pd.DataFrame(
        {"word": words, "low": low, "high": high, "probability": probability, "cumulative": cumulative}
    )
    return BenchmarkScale(
        verdict=words[enough[0]] if len(enough) else "",
        name=found.name,
        value=found.value,
        se=found.se,
        scale=scale,
        confidence=confidence,
        reason=reason,
        table=table,
    )
