"""The coefficients: what each one is called, what it means, how it is computed. All else reads it here.

A coefficient is added by its formulas and its record in `COEFFICIENTS` here, its function in `_coefficients`, and its
name in the room's `__init__`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.labels.rows import squared_disagreement
from labelqa.agreement.labels._conger import CongerFormula
from labelqa.agreement.labels._distances import midranks
from labelqa.agreement.labels._estimate import CountFormula, Formula, RowFormula
from labelqa.agreement.labels._sums import ScaledRows, Sums, Values, beyond_chance, divide

Floats = NDArray[np.float64]


def _seen(rows: ScaledRows, sums: Sums, times: Floats) -> Values:
    """Give the mean agreement over items."""
    observed = divide(sums.agreement, sums.n_paired)
    return Values(observed, observed, np.full_like(observed, np.nan))


def _seen_on_class(rows: ScaledRows, sums: Sums, times: Floats) -> Values:
    """Give the agreement on whether a label is of the class, (B, K)."""
    seen = 1 - divide(np.asarray(times @ rows.mismatches), sums.n_paired[:, None])
    return Values(seen, seen, np.zeros_like(seen))


def _seen_of_row(rows: ScaledRows, chance: float) -> Floats:
    """Give each row's part in the agreement beyond a fixed chance; items with one label show none and count as such."""
    weight = rows.totals.n_rated[0] / rows.totals.n_paired[0]
    return np.asarray(np.where(rows.is_paired, weight * (rows.agreement - chance), 0.0))


def _beyond(expected: Callable[[ScaledRows, Sums], Floats]) -> RowFormula:
    """Take the chance that `expected` gives, (B,), out of the agreement seen."""

    def formula(rows: ScaledRows, sums: Sums, times: Floats) -> Values:
        return beyond_chance(_seen(rows, sums, times).value, expected(rows, sums))

    return formula


def _class_beyond(expected: Callable[[Floats], Floats]) -> RowFormula:
    """Do the same for each class against all others, whose chance follows from the class shares, (B, K)."""

    def formula(rows: ScaledRows, sums: Sums, times: Floats) -> Values:
        return beyond_chance(_seen_on_class(rows, sums, times).value, expected(sums.class_shares))

    return formula


def _moving_chance(expected: Callable[[ScaledRows], Floats]) -> Callable[[ScaledRows, Values], Floats]:
    """Linearise a coefficient whose chance moves with the class shares; `expected` is a row's own chance, (D,)."""

    def linearise(rows: ScaledRows, values: Values) -> Floats:
        value, chance = values.value[0], values.expected[0]
        moved = 2 * (1 - value) * (expected(rows) - chance)
        return np.asarray((_seen_of_row(rows, float(chance)) - moved) / (1 - chance))

    return linearise


def _fleiss_expected(rows: ScaledRows, sums: Sums) -> Floats:
    """Expect what two labels drawn from the class shares would agree on."""
    return rows.scale.of_shares(sums.class_shares)


def _fleiss_expected_of_row(rows: ScaledRows) -> Floats:
    return np.asarray(rows.shares @ rows.scale.times(rows.totals.class_shares[0]))


def _gwet_expected(rows: ScaledRows, sums: Sums) -> Floats:
    """Expect agreement in proportion to how evenly the classes are used."""
    k, shares = rows.n_classes, sums.class_shares
    evenness = (shares * (1 - shares)).sum(axis=1)
    return divide(rows.scale.total(k) * evenness, np.full_like(evenness, k * (k - 1)))


def _gwet_expected_of_row(rows: ScaledRows) -> Floats:
    k = rows.n_classes
    return np.asarray(rows.shares @ (1 - rows.totals.class_shares[0]) * rows.scale.total(k) / (k * (k - 1)))


def _even_expected(rows: ScaledRows, sums: Sums) -> Floats:
    """Expect what labels drawn evenly from the list of classes would agree on."""
    return np.full_like(sums.n_rated, rows.scale.total(rows.n_classes) / max(rows.n_classes, 1) ** 2)


def _alpha(rows: ScaledRows, sums: Sums, times: Floats) -> Values:
    """Compare disagreement within items with disagreement among all labels that have a partner."""
    n = sums.counts.sum(axis=1)
    if rows.scale.name == "ordinal":
        rank = midranks(sums.counts)
        distinct = rows.distinct
        within = squared_disagreement(distinct.starts, distinct.code, distinct.count, times, rank)
        mean = divide((sums.counts * rank).sum(axis=1), n)
        among = 2 * n * (sums.counts * (rank - mean[:, None]) ** 2).sum(axis=1)
        top = (rank[:, -1] - rank[:, 0]) ** 2 if rank.shape[1] else np.zeros_like(n)
        within, among = divide(within, top), divide(among, top)
    else:
        within = n - sums.coincidences
        among = n * n - rows.scale.of_shares(sums.counts)
    observed, expected = divide(within, n), divide(among, n * (n - 1))
    return Values(1 - divide(observed, expected), 1 - observed, 1 - expected)


def _alpha_linearised(rows: ScaledRows, values: Values) -> Floats:
    """Take alpha as a ratio of disagreements, the distances held fixed."""
    totals = rows.totals
    n, n_items = totals.counts[0].sum(), totals.n_paired[0]
    labels = np.asarray(rows.counts.sum(axis=1))
    share = totals.counts[0] / n
    typical = rows.scale.times(share)
    expected = 1 - float(share @ typical)
    observed = 1 - values.observed[0]
    within = labels - np.where(rows.is_paired, rows.pair_sum / np.maximum(rows.distinct.n - 1, 1), 0.0)
    among = labels - rows.counts @ typical
    change = within - observed * labels - 2 * observed / expected * (among - expected * labels)
    return np.asarray(values.value[0] - change * (n_items / n) / expected)


def class_agreement(rows: ScaledRows, sums: Sums, times: Floats) -> Values:
    """Give how often another label of the item is the same, for labels of each class: (B, K)."""
    seen = divide(np.asarray(times @ rows.matches), sums.counts)
    return Values(seen, seen, np.full_like(seen, np.nan))


def _class_alpha(rows: ScaledRows, sums: Sums, times: Floats) -> Values:
    seen = class_agreement(rows, sums, times).value
    n = sums.counts.sum(axis=1, keepdims=True)
    others = divide(n - sums.counts, n - 1)
    return Values(1 - divide(1 - seen, others), seen, 1 - others)


@dataclass(frozen=True, kw_only=True)
class CoefficientRecord:
    """All that is known of one coefficient.

    Attributes
    ----------
    name
        Of its function.
    title
        As people write it.
    meaning
        What it is, in a few words for the reader of a report.
    formula
        How it is computed: a `CountFormula` where class counts per item are enough.
    is_of_two
        Whether it compares two annotators, on the items both labelled, and not any number.
    counts_all_classes
        Whether its chance follows from the list of classes, used or not.
    """

    name: str
    title: str
    meaning: str
    formula: Formula
    is_of_two: bool = False
    counts_all_classes: bool = False

    @property
    def needs_annotators(self) -> bool:
        """Whether it must know who gave which label, which counts do not say."""
        return self.is_of_two or not isinstance(self.formula, CountFormula)


PERCENT = CountFormula(value=_seen, linearise=lambda rows, values: _seen_of_row(rows, 0.0), per_class=_seen_on_class)
FLEISS = CountFormula(
    value=_beyond(_fleiss_expected),
    linearise=_moving_chance(_fleiss_expected_of_row),
    per_class=_class_beyond(lambda share: share**2 + (1 - share) ** 2),
)
ALPHA = CountFormula(value=_alpha, linearise=_alpha_linearised, per_class=_class_alpha, only_paired=True)
GWET = CountFormula(
    value=_beyond(_gwet_expected),
    linearise=_moving_chance(_gwet_expected_of_row),
    per_class=_class_beyond(lambda share: 2 * share * (1 - share)),
)
BRENNAN_PREDIGER = CountFormula(
    value=_beyond(_even_expected),
    linearise=lambda rows, values: _seen_of_row(rows, float(values.expected[0])) / (1 - values.expected[0]),
    per_class=_class_beyond(lambda share: np.full_like(share, 0.5)),
)
CONGER = CongerFormula(seen_per_class=PERCENT.classes_of_all)

_RECORDS = (
    CoefficientRecord(
        name="percent_agreement",
        title="Percent agreement",
        meaning="share of equal pairs, chance included",
        formula=PERCENT,
    ),
    CoefficientRecord(
        name="fleiss_kappa",
        title="Fleiss' kappa",
        meaning="beyond chance, as if all annotators had the same habits",
        formula=FLEISS,
    ),
    CoefficientRecord(
        name="krippendorff_alpha",
        title="Krippendorff's alpha",
        meaning="beyond chance; missing labels are fine",
        formula=ALPHA,
    ),
    CoefficientRecord(
        name="gwet_ac",
        title="Gwet's AC",
        meaning="beyond chance; steadier where one class is very frequent",
        formula=GWET,
        counts_all_classes=True,
    ),
    CoefficientRecord(
        name="brennan_prediger",
        title="Brennan-Prediger",
        meaning="beyond blind guessing among the classes",
        formula=BRENNAN_PREDIGER,
        counts_all_classes=True,
    ),
    CoefficientRecord(
        name="conger_kappa",
        title="Conger's kappa",
        meaning="beyond chance, each annotator with their own habits",
        formula=CONGER,
    ),
    CoefficientRecord(
        name="cohen_kappa",
        title="Cohen's kappa",
        meaning="two annotators, each with their own habits",
        formula=CONGER,
        is_of_two=True,
    ),
    CoefficientRecord(
        name="scott_pi",
        title="Scott's pi",
        meaning="two annotators with the same habits",
        formula=FLEISS,
        is_of_two=True,
    ),
)

#: Name -> record, in the order in which they are listed.
COEFFICIENTS: Mapping[str, CoefficientRecord] = MappingProxyType({record.name: record for record in _RECORDS})

#: The formulas of those that class counts per item are enough for.
COUNT_FORMULAS: Mapping[str, CountFormula] = MappingProxyType(
    {
        record.name: record.formula
        for record in _RECORDS
        if isinstance(record.formula, CountFormula) and not record.is_of_two
    }
)
