"""Is there any agreement beyond chance: a permutation test."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.intervals import percentiles
from labelqa._kernels.labels.resampling import permuted_agreement
from labelqa._options import check_choice, check_seed, check_whole
from labelqa._renamed import renamed, renamed_fields
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.agreement.labels import _plots as plots
from labelqa.agreement.labels._catalogue import COEFFICIENTS, COUNT_FORMULAS
from labelqa.agreement.labels._counted import CountedLabels, Measurement, count_labels
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._estimate import CountFormula
from labelqa.agreement.labels._sums import ScaledRows, Sums
from labelqa.annotations import Annotations

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@renamed_fields(name="coefficient")
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PermutationTest(Result):
    """A coefficient against what it is when nobody looks at the item.

    Attributes
    ----------
    coefficient, value
        Which coefficient, and its value on items with two labels or more.
    p_value
        Share of shuffles (the data themselves counted as one) that agree at least as much.
    chance, chance_low, chance_high
        Mean over shuffles, and the range of the middle 95 % of them, stretched to the mean where it lies outside.
    n_items, n_permutations
        Items with two labels or more, shuffles.
    reason
        Why the test is undefined, or None.
    table
        `permutation`, `value`: the coefficient of every shuffle.
    """

    coefficient: str
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
        return plots.shuffles(
            self.table, ax, value=self.value, p_value=self.p_value, title=COEFFICIENTS[self.coefficient].title
        )


@takes_tables()
@renamed(data="annotations")
def permutation_test(
    annotations: Annotations | pd.DataFrame,
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
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`.
    coefficient
        Name of a coefficient's function that needs no more than each item's counts of classes, such as
        "krippendorff_alpha" or "gwet_ac"; the error at another name lists all.
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

    References
    ----------
    Edgington and Onghena (2007), Randomization tests; Phipson and Smyth (2010), Statistical Applications in Genetics
    and Molecular Biology 9, for the p-value.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import from_wide, permutation_test
    >>> wide = pd.DataFrame({"ann": list("aabbabab"), "bob": list("aabbabab")})
    >>> round(permutation_test(from_wide(wide)).p_value, 3)
    0.014
    """
    check_choice("coefficient", coefficient, COUNT_FORMULAS)
    n_permutations = check_whole("n_permutations", n_permutations, 1, hint="999 or more")
    seed = check_seed(seed)
    everything = count_labels(annotations, Measurement(level, weights, classes))
    codes = everything.need_codes()
    paired = everything.select(np.diff(codes.offsets)[codes.item] >= 2)
    reason = everything.undefined
    drawn = np.empty(0)
    value = p_value = np.nan
    if reason is None:
        value, drawn = _shuffle(COUNT_FORMULAS[coefficient], paired, n_permutations, seed)
        if np.isnan(value):
            reason = "All labels are of one class, so that chance alone would agree fully."
        else:
            # sums of the same numbers in another order differ in their last digits
            p_value = float((1 + (drawn >= value - 1e-9).sum()) / (1 + n_permutations))
    low, high = percentiles(drawn)
    chance = float(drawn.mean()) if len(drawn) else np.nan
    return PermutationTest(
        coefficient=coefficient,
        value=value,
        p_value=p_value,
        chance=chance,
        chance_low=min(low, chance),
        chance_high=max(high, chance),
        n_items=paired.statistics.n_paired,
        n_permutations=n_permutations,
        reason=reason,
        table=pd.DataFrame({"permutation": np.arange(1, len(drawn) + 1), "value": drawn}),
    )


def _shuffle(
    formula: CountFormula, counted: CountedLabels, n_permutations: int, seed: int
) -> tuple[float, NDArray[np.float64]]:
    """Give the coefficient of the labels, all of paired items, and that of each shuffle."""
    codes = counted.need_codes()
    # shuffling leaves the class counts as they are, so that rank distances stay what they are
    rows = ScaledRows(counted.rows.distinct, counted.n_classes, replace(counted.scale, name="fixed"))
    kept = codes.offsets[np.flatnonzero(np.append(np.diff(codes.offsets) > 0, True))]
    agreement, coincidences, shares = permuted_agreement(
        kept, codes.annotator, codes.label, rows.scale.weights, counted.n_classes, n_permutations, seed
    )
    plain = rows.totals
    drawn = Sums(
        n_rated=np.repeat(plain.n_rated, n_permutations),
        n_paired=np.repeat(plain.n_paired, n_permutations),
        agreement=agreement,
        coincidences=coincidences,
        shares=shares,
        counts=np.repeat(plain.counts, n_permutations, axis=0),
    )
    return float(formula.of_all(rows).value[0]), formula.value(rows, drawn, rows.times[None, :]).value
