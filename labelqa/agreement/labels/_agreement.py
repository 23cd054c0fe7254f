"""Everything about agreement on labels in one result."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._cells import times
from labelqa._codes import LabelCodes
from labelqa._findings import Findings
from labelqa._options import Resampling, check_choice
from labelqa._renamed import renamed
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.agreement.labels import _plots as plots
from labelqa.agreement.labels import _tables as tables
from labelqa.agreement.labels._annotator_pairs import pair_matrix, per_pair
from labelqa.agreement.labels._catalogue import COEFFICIENTS, COUNT_FORMULAS
from labelqa.agreement.labels._class_tables import DRAWN_PER_CLASS, class_pairs, per_class
from labelqa.agreement.labels._counted import CountedLabels, Measurement, count_labels
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._estimate import CountFormula, draw_together
from labelqa.agreement.labels._result import Coefficient, measure, wrap
from labelqa.annotations import Annotations, as_label_codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Labels x resamples above which Conger's kappa is not resampled.
MOST_LABELS_DRAWN = 100_000_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LabelAgreement(Result):
    """Agreement on whole-item labels, from all sides.

    Attributes
    ----------
    alpha, alpha_low, alpha_high
        Krippendorff's alpha and its interval.
    confidence, interval, level
        Confidence of all intervals, kind of alpha's interval ("t" or "bootstrap"), and what labels are.
    share_undefined
        Share of the resamples in which alpha is undefined; nan without resamples.
    n_items, n_paired, n_annotators, n_labels, n_classes
        Labelled items, items with two labels or more, annotators, labels, classes.
    reason
        Why `alpha` or its interval is nan, or None.
    coefficients
        One row per coefficient: `coefficient`, `value`, `low`, `high`, `se`, `p_value`, `observed`, `expected`,
        `interval` ("t" or "bootstrap"), `share_undefined`, `reason`. Cohen's kappa and Scott's pi are there for two
        annotators.
    per_class
        `label`, `n_labels`, `n_items`, `share`, `agreement` (given one label of this class, how often another label of
        the item is the same) with `agreement_low` and `agreement_high`, and `alpha`, with `alpha_low` and `alpha_high`,
        `fleiss_kappa`, `gwet_ac` of this class against all others. The intervals are percentiles over the resamples
        that have the class; nan without resamples, where fewer than two items with two labels have it, and, as in all
        tables, where all resamples are alike.
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
        from the standard error of Fleiss, Cohen and Everitt, as in `cohen_kappa`; nan where all items agree alike),
        over the items both labelled; see also `pair_matrix`.
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
    share_undefined: float
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
        return pair_matrix(self.per_pair, ids, value)

    def plot(self, ax: Axes | None = None, *, view: str = "coefficients") -> Axes:
        """Draw one view: "coefficients", "classes", "items", "annotators", "pairs" or "time"."""
        titles = [COEFFICIENTS[name].title for name in self.coefficients["coefficient"]]
        views: dict[str, Callable[[], Axes]] = {
            "coefficients": lambda: plots.coefficients(
                self.coefficients.assign(title=titles), ax, confidence=self.confidence
            ),
            "classes": lambda: plots.classes(self.per_class, self.class_pairs, ax),
            "items": lambda: plots.items(self.per_item, ax),
            "annotators": lambda: plots.annotators(self.per_annotator, ax),
            "pairs": lambda: plots.pairs(self.per_annotator, self.pair_matrix(), self.pair_matrix("n_items"), ax),
            "time": lambda: plots.weeks(self.over_time, ax),
        }
        check_choice("view", view, views)
        return views[view]()


@takes_tables()
@renamed(data="annotations")
def label_agreement(
    annotations: Annotations | pd.DataFrame,
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
    annotations
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
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    confidence = resampling.confidence
    counted = count_labels(annotations, Measurement(level, weights, classes))
    codes = counted.need_codes(instead="use a single coefficient")
    of_counts = {name: formula.value for name, formula in COUNT_FORMULAS.items()}
    drawn = draw_together({**of_counts, **DRAWN_PER_CLASS}, counted, resampling)
    found = _coefficients(counted, resampling, drawn)
    alpha = found["krippendorff_alpha"]
    repeats = as_label_codes(annotations.repeats) if isinstance(annotations, Annotations) else codes
    return LabelAgreement(
        alpha=alpha.value,
        alpha_low=alpha.low,
        alpha_high=alpha.high,
        confidence=confidence,
        interval=alpha.interval,
        share_undefined=alpha.share_undefined,
        level=alpha.level,
        n_items=counted.statistics.n_items,
        n_paired=alpha.n_items,
        n_annotators=counted.statistics.n_annotators or 0,
        n_labels=alpha.n_labels,
        n_classes=alpha.n_classes,
        reason=alpha.reason,
        coefficients=_table(found),
        per_class=per_class(counted, drawn, confidence),
        class_pairs=class_pairs(counted),
        per_item=tables.per_item(counted, codes),
        per_annotator=tables.per_annotator(counted, codes, _seconds(annotations, codes), confidence),
        annotator_bias=tables.annotator_bias(counted, codes),
        per_pair=per_pair(counted, codes, confidence),
        intra_annotator=tables.intra_annotator(repeats),
        over_time=tables.over_time(counted, codes, _times(annotations, codes), confidence),
    )


def _coefficients(
    counted: CountedLabels, resampling: Resampling, drawn: dict[str, NDArray[np.float64]]
) -> dict[str, Coefficient]:
    """Compute every coefficient that fits the number of annotators; those of counts share the resamples `drawn`."""
    statistics, out = counted.statistics, {}
    is_long = statistics.n_labels * resampling.n_resamples > MOST_LABELS_DRAWN
    for name, record in COEFFICIENTS.items():
        if record.is_of_two:
            if statistics.n_annotators == 2:
                out[name] = measure(name, counted, resampling)
        elif isinstance(record.formula, CountFormula):
            found = record.formula.estimate(counted, drawn[name]) if statistics.n_paired else None
            out[name] = wrap(record, counted, resampling, found)
        else:
            out[name] = measure(name, counted, replace(resampling, n_resamples=0) if is_long else resampling)
    return out


def _table(found: dict[str, Coefficient]) -> pd.DataFrame:
    columns = ["value", "low", "high", "se", "p_value", "observed", "expected", "interval", "share_undefined", "reason"]
    records = [{"coefficient": name} | {c: getattr(one, c) for c in columns} for name, one in found.items()]
    return pd.DataFrame(records, columns=["coefficient", *columns])


def _view_values(annotations: Annotations | pd.DataFrame, codes: LabelCodes, column: str) -> pd.Series | None:
    """Give a column of the labels, or else of their views, for each label; None where neither has it."""
    table = annotations.labels if isinstance(annotations, Annotations) else annotations
    if column in table:
        return table[column].iloc[codes.row].reset_index(drop=True)
    if not isinstance(annotations, Annotations):
        return None
    keys = ["item_id", "annotator_id"]
    joined = table[keys].merge(annotations.views[[*keys, column]], on=keys, how="left")[column]
    return joined.iloc[codes.row].reset_index(drop=True)


def _times(annotations: Annotations | pd.DataFrame, codes: LabelCodes) -> pd.Series | None:
    values = _view_values(annotations, codes, "created_at")
    return None if values is None else times(values, "labels", Findings())


def _seconds(annotations: Annotations | pd.DataFrame, codes: LabelCodes) -> NDArray[np.float64] | None:
    values = _view_values(annotations, codes, "seconds")
    if values is None or values.isna().all():
        return None
    return pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
