"""Is there any agreement beyond chance: a permutation test."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa._kernels.labels.resampling import permuted_agreement
from labelqa._options import check_choice
from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa.agreement.labels._coefficient import percentiles, undefined, words
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._formulas import FORMULAS, Rows, Sums
from labelqa.agreement.labels._source import Options, Source, as_source, select, source_of_codes
from labelqa.annotations import Annotations
from labelqa.errors import OptionError, TableError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PermutationTest(Result):
    """A coefficient against what it is when nobody looks at the item.

    Attributes
    ----------
    name, value
        The coefficient, and its value on items with two labels or more.
    p_value
        Share of shuffles (the data themselves counted as one) that agree at least as much.
    chance, chance_low, chance_high
        Mean over shuffles, and the range of the middle 95 % of them.
    n_items, n_permutations
        Items with two labels or more, shuffles.
    reason
        Why the test is undefined, or None.
    table
        `permutation`, `value`: the coefficient of every shuffle.
    """

    name: str
    value: float
    p_value: float
    chance: float
    chance_low: float
    chance_high: float
    n_items: int
    n_permutations: int
    reason: str | None
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the shuffles as a histogram and the data as a line."""
        ax = axes(ax)
        ax.hist(self.table["value"].dropna(), bins=30, color=COLOURS[4])
        ax.axvline(self.value, color=COLOURS[1], linewidth=2)
        ax.set_xlabel(f"{words(self.name)} of shuffled labels (line: the data, p = {self.p_value:.2g})")
        ax.set_ylabel("Shuffles")
        return ax


def permutation_test(
    data: Annotations | pd.DataFrame,
    *,
    coefficient: str = "krippendorff_alpha",
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_permutations: int = 999,
    seed: int = 0,
) -> PermutationTest:
    """Could this agreement come about if every annotator gave the same labels, but to items at random.

    Each annotator's labels are shuffled over the items with two labels or more that they labelled: who labelled what
    and how often each gives each class stay as they are. No distribution is assumed.

    Parameters
    ----------
    data
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`.
    coefficient
        "krippendorff_alpha", "percent_agreement", "fleiss_kappa", "gwet_ac" or "brennan_prediger".
    level, weights, classes
        As in `krippendorff_alpha`.
    n_permutations, seed
        Number of shuffles, and where they start.

    Raises
    ------
    TableError
        For data that are no labels.
    OptionError
        For an unknown coefficient or level, or no shuffles.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import from_wide, permutation_test
    >>> wide = pd.DataFrame({"ann": list("aabbabab"), "bob": list("aabbabab")})
    >>> round(permutation_test(from_wide(wide)).p_value, 3)
    0.014
    """
    check_choice("coefficient", coefficient, FORMULAS)
    if n_permutations < 1:
        raise OptionError(f"n_permutations={n_permutations!r} leaves nothing to compare with; give 999 or more.")
    everything = as_source(data, Options(level=level, weights=weights, classes=classes))
    source, codes = _only_paired(everything)
    reason = undefined(everything)
    drawn = np.empty(0)
    value = p_value = float("nan")
    if reason is None:
        value, drawn = _shuffle(coefficient, source, codes, n_permutations, seed)
        if np.isnan(value):
            reason = "All labels are of one class, so that chance alone would agree fully."
        else:
            # sums of the same numbers in another order differ in their last digits
            p_value = float((1 + (drawn >= value - 1e-9).sum()) / (1 + n_permutations))
    low, high = percentiles(drawn, 0.95)
    return PermutationTest(
        name=coefficient,
        value=value,
        p_value=p_value,
        chance=float(drawn.mean()) if len(drawn) else float("nan"),
        chance_low=low,
        chance_high=high,
        n_items=source.statistics.n_paired,
        n_permutations=n_permutations,
        reason=reason,
        table=pd.DataFrame({"permutation": np.arange(1, len(drawn) + 1), "value": drawn}),
    )


def _only_paired(source: Source) -> tuple[Source, LabelCodes]:
    if source.codes is None:
        raise TableError("Found LabelStatistics, which do not know who labelled which item; give labels one by one.")
    codes = select(source.codes, np.diff(source.codes.offsets)[source.codes.item] >= 2)
    return source_of_codes(codes, source), codes


def _shuffle(
    name: str, source: Source, codes: LabelCodes, n_permutations: int, seed: int
) -> tuple[float, NDArray[np.float64]]:
    # shuffling leaves the class counts as they are, so that rank distances stay what they are
    rows = Rows(source.rows.rows, source.n_classes, replace(source.scale, name="fixed"))
    times = rows.times[None, :]
    kept = codes.offsets[np.flatnonzero(np.append(np.diff(codes.offsets) > 0, True))]
    agreement, coincidences, shares = permuted_agreement(
        kept, codes.annotator, codes.label, rows.scale.weights, source.n_classes, n_permutations, seed
    )
    plain = rows.sums(times)
    drawn = Sums(
        n_rated=np.repeat(plain.n_rated, n_permutations),
        n_paired=np.repeat(plain.n_paired, n_permutations),
        agreement=agreement,
        coincidences=coincidences,
        shares=shares,
        counts=np.repeat(plain.counts, n_permutations, axis=0),
    )
    return float(FORMULAS[name](rows, plain, times).value[0]), FORMULAS[name](rows, drawn, times).value
