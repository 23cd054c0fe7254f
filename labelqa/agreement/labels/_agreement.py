"""Everything about agreement on labels in one result."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa import _checks
from labelqa._codes import LabelCodes
from labelqa._result import Result
from labelqa.agreement.labels import _tables as tables
from labelqa.agreement.labels._classes import class_pairs, per_class
from labelqa.agreement.labels._coefficient import Coefficient, bootstrap, estimates, wrap
from labelqa.agreement.labels._conger import conger
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._formulas import CLASS_FORMULAS, FORMULAS
from labelqa.agreement.labels._pair_table import per_pair
from labelqa.agreement.labels._pairs import two_of
from labelqa.agreement.labels._source import Options, Source, as_source
from labelqa.annotations import Annotations, as_label_codes
from labelqa.errors import TableError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Labels x resamples above which Conger's kappa is not resampled.
LONG = 100_000_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LabelAgreement(Result):
    """Agreement on whole-item labels, from all sides.

    Attributes
    ----------
    alpha, alpha_low, alpha_high
        Krippendorff's alpha and its interval.
    confidence, interval, level
        Confidence of all intervals, kind of alpha's interval ("t" or "bootstrap"), and what labels are.
    n_items, n_paired, n_annotators, n_labels, n_classes
        Labelled items, items with two labels or more, annotators, labels, classes.
    reason
        Why `alpha` is nan, or None.
    coefficients
        One row per coefficient: `coefficient`, `value`, `low`, `high`, `se`, `p_value`, `observed`, `expected`,
        `interval` ("t" or "bootstrap"), `reason`. Cohen's kappa and Scott's pi are there for two annotators.
    per_class
        `label`, `n_labels`, `n_items`, `share`, `agreement` (given one label of this class, how often another label of
        the item is the same) with `agreement_low` and `agreement_high`, and `alpha`, with `alpha_low` and `alpha_high`,
        `fleiss_kappa`, `gwet_ac` of this class against all others. The intervals are percentiles over the resamples
        that have the class; nan without resamples and where fewer than two items with two labels have it.
    class_pairs
        Which two classes are mixed up, most first: `label_a`, `label_b`, `n_pairs` (of labels), `share` (of all
        disagreement), `expected_share` (if labels were handed out at random).
    per_item
        Worst first: `item_id`, `n_labels`, `agreement`, `label` (the most frequent; on a tie, `is_tied`, the first in
        class order), `share`, `is_tied`.
    per_annotator
        `annotator_id`, `n_labels`, `n_compared` (labels on items that others labelled), `agreement` (with the others)
        with `low` and `high`, `beyond_chance` (the same with chance taken out as in alpha), `alpha_without` this
        annotator, `alpha_change` (above 0: agreement rises without them), `seconds` (median per view, where known).
    annotator_bias
        `annotator_id`, `label`, `n_compared`, `share` (of this annotator's labels), `share_of_others` (on the same
        items), `bias` (the difference).
    per_pair
        `annotator_a`, `annotator_b`, `n_items`, `agreement` with `agreement_low` and `agreement_high` (Wilson; wider
        than needed where labels agree in parts), `expected`, `kappa` (Cohen's) with `kappa_low` and `kappa_high` (t,
        from the standard error of Fleiss, Cohen and Everitt, as in `cohen_kappa`; a point where all labels agree), over
        the items both labelled; see also `pair_matrix`.
    intra_annotator
        Where an annotator labelled an item again: `annotator_id`, `n_items`, `n_labels`, `agreement` with themselves
        (share of pairs of equal labels).
    over_time
        By week of an item's last label (Mondays): `week`, `n_items`, `n_labels`, `n_annotators`, `agreement`, `alpha`,
        `low`, `high`; empty without `created_at`.
    """

    alpha: float
    alpha_low: float
    alpha_high: float
    confidence: float
    interval: str
    level: str
    n_items: int
    n_paired: int
    n_annotators: int
    n_labels: int
    n_classes: int
    reason: str | None
    coefficients: pd.DataFrame
    per_class: pd.DataFrame
    class_pairs: pd.DataFrame
    per_item: pd.DataFrame
    per_annotator: pd.DataFrame
    annotator_bias: pd.DataFrame
    per_pair: pd.DataFrame
    intra_annotator: pd.DataFrame
    over_time: pd.DataFrame

    def pair_matrix(self, value: str = "kappa") -> pd.DataFrame:
        """Give a column of `per_pair` as a symmetric matrix of annotators; nan where two share no item."""
        ids = list(self.per_annotator["annotator_id"])
        one = self.per_pair.pivot_table(index="annotator_a", columns="annotator_b", values=value)
        matrix = one.combine_first(one.T).reindex(index=ids, columns=ids)
        return matrix.rename_axis(index="annotator_id", columns="annotator_id")

    def plot(self, ax: Axes | None = None, *, view: str = "coefficients") -> Axes:
        """Draw one view: "coefficients", "classes", "items", "annotators", "pairs" or "time"."""
        from labelqa.agreement.labels._plots import draw

        return draw(self, ax, view)


def label_agreement(
    data: Annotations | pd.DataFrame,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> LabelAgreement:
    """Can these labels be relied on, and where do people disagree: all coefficients and all views of them.

    Parameters
    ----------
    data
        `Annotations`, or a table with `item_id`, `annotator_id`, `label` and, where known, `created_at` and `seconds`.
    level, weights, classes
        As in `krippendorff_alpha`.
    n_resamples
        Resamples of the items for the intervals of `coefficients` and `per_class`; 0: analytic t intervals, and none
        per class. Conger's kappa, which needs every label again for each resample, keeps its t interval where labels x
        resamples exceed 100 million.
    confidence, seed
        Of the intervals, and of the resampling.

    Returns
    -------
    LabelAgreement
        Tables and scalars; undefined numbers are nan with a `reason`.

    Raises
    ------
    TableError
        For missing columns or ids, labels outside `classes`, and labels that are no numbers where numbers are needed.
    OptionError
        For an unknown level or impossible weights.

    References
    ----------
    Fleiss, Cohen, Everitt (1969), Psychological Bulletin 72; Wilson (1927), Journal of the American Statistical
    Association 22.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import label_agreement
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> result = label_agreement(pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]))
    >>> round(result.alpha, 4), result.per_item["item_id"][0]
    (0.4444, '3')
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    source = as_source(data, options)
    codes = _codes_of(source)
    drawn = bootstrap([*FORMULAS, *CLASS_FORMULAS], source, options)
    found = coefficients(source, options, drawn)
    alpha = found["krippendorff_alpha"]
    repeats = as_label_codes(data.repeats) if isinstance(data, Annotations) else codes
    return LabelAgreement(
        alpha=alpha.value,
        alpha_low=alpha.low,
        alpha_high=alpha.high,
        confidence=confidence,
        interval=alpha.interval,
        level=alpha.level,
        n_items=source.statistics.n_items,
        n_paired=alpha.n_items,
        n_annotators=source.statistics.n_annotators or 0,
        n_labels=alpha.n_labels,
        n_classes=alpha.n_classes,
        reason=alpha.reason,
        coefficients=_table(found),
        per_class=per_class(source, drawn, confidence),
        class_pairs=class_pairs(source),
        per_item=tables.per_item(source, codes),
        per_annotator=tables.per_annotator(source, codes, _seconds(data, codes), options),
        annotator_bias=tables.annotator_bias(source, codes),
        per_pair=per_pair(source, codes, confidence),
        intra_annotator=tables.intra_annotator(repeats),
        over_time=tables.over_time(source, codes, _times(data, codes), replace(options, n_resamples=0)),
    )


def coefficients(source: Source, options: Options, drawn: dict[str, NDArray[np.float64]]) -> dict[str, Coefficient]:
    """Compute every coefficient that fits the number of annotators, with the resamples `drawn` by `bootstrap`."""
    statistics = source.statistics
    found = estimates(list(FORMULAS), source, options, drawn) if statistics.n_paired else {}
    out = {name: wrap(name, source, options, found.get(name)) for name in FORMULAS}
    is_long = statistics.n_labels * options.n_resamples > LONG
    out["conger_kappa"] = conger("conger_kappa", source, replace(options, n_resamples=0) if is_long else options)
    if statistics.n_annotators == 2 and source.codes is not None:
        out["cohen_kappa"] = two_of("cohen_kappa", source, None, options)
        out["scott_pi"] = two_of("scott_pi", source, None, options)
    return out


def _codes_of(source: Source) -> LabelCodes:
    if source.codes is None:
        raise TableError(
            "Found LabelStatistics, which do not know who labelled which item; needed are labels one by one. Give "
            "Annotations or a table with item_id, annotator_id, label, or use a single coefficient."
        )
    return source.codes


def _table(found: dict[str, Coefficient]) -> pd.DataFrame:
    columns = ["value", "low", "high", "se", "p_value", "observed", "expected", "interval", "reason"]
    records = [{"coefficient": name} | {c: getattr(one, c) for c in columns} for name, one in found.items()]
    return pd.DataFrame(records, columns=["coefficient", *columns])


def _view_values(data: Annotations | pd.DataFrame, codes: LabelCodes, column: str) -> pd.Series | None:
    """Give a column of the labels, or else of their views, for each label; None where neither has it."""
    table = data.labels if isinstance(data, Annotations) else data
    if column in table:
        return table[column].iloc[codes.row].reset_index(drop=True)
    if not isinstance(data, Annotations):
        return None
    keys = ["item_id", "annotator_id"]
    joined = table[keys].merge(data.views[[*keys, column]], on=keys, how="left")[column]
    return joined.iloc[codes.row].reset_index(drop=True)


def _times(data: Annotations | pd.DataFrame, codes: LabelCodes) -> pd.Series | None:
    values = _view_values(data, codes, "created_at")
    return None if values is None else _checks.times(values, "labels")


def _seconds(data: Annotations | pd.DataFrame, codes: LabelCodes) -> NDArray[np.float64] | None:
    values = _view_values(data, codes, "seconds")
    if values is None or values.isna().all():
        return None
    return pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
