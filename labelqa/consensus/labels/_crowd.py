"""What every consensus method starts from and ends with, on one set of codes; and when the iterations stop."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import need_numbers
from labelqa._codes import LabelCodes, encode_ids, encode_labels, id_text, natural_order
from labelqa._labels import by_item_id, find_rows, gold_table, trusted_codes
from labelqa._options import check_number, check_whole
from labelqa.annotations import Annotations, as_label_codes
from labelqa.errors import TableError, shown

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Labels, gold and prior on one set of codes.

    `gold` holds a class code per item, -1 where there is none. `prior` has one row per item, or no rows where no prior
    was given; a row that begins with -1 stands for an item the prior does not name.
    """

    codes: LabelCodes
    gold: Ints
    prior: Floats
    #: Whether the caller named all classes, so that no other may come up later.
    is_closed: bool = False

    @property
    def has_prior(self) -> bool:
        """Whether a prior was given."""
        return len(self.prior) > 0


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What a run of items says: counts (A, K said, C), sums (C,) and log-likelihood. Those of two runs are added."""

    counts: Floats
    sums: Floats
    log_likelihood: float = 0.0

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(
            counts=self.counts + other.counts,
            sums=self.sums + other.sums,
            log_likelihood=self.log_likelihood + other.log_likelihood,
        )


@dataclass(frozen=True, kw_only=True)
class WarmStart:
    """Where an earlier fit of the same method ended, on the codes of the new crowd."""

    model: str
    found: Statistics


@dataclass(frozen=True, kw_only=True)
class CrowdFit:
    """What a method found: posteriors (I, K), counts and rates (A, K said, K true), class shares (K,)."""

    posteriors: Floats
    counts: Floats
    rates: Floats
    shares: Floats
    log_likelihood: float = float("nan")
    n_iterations: int = 0
    is_converged: bool = True
    reason: str | None = None
    #: Labels (I,), where they are not the most probable ones.
    label: NDArray[np.int64] | None = None
    #: Power to which the prior was raised.
    prior_power: float = float("nan")
    #: What `WarmStart` needs; methods that are computed at once have none.
    model: str = ""
    found: Statistics | None = None
    #: Of a pool of models: name, weight, steps and whether it came to rest, of each.
    pooled: tuple[tuple[str, float, int, bool], ...] = ()
    #: Further numbers per annotator, shown in `annotators`.
    per_annotator: dict[str, Floats] = field(default_factory=dict)
    #: Further numbers per item, shown in `table`.
    per_item: dict[str, Floats] = field(default_factory=dict)


#: A method with its options: fits a crowd, from where an earlier fit ended if there was one.
Method = Callable[[Crowd, "WarmStart | None"], CrowdFit]


@dataclass(frozen=True, kw_only=True)
class StoppingRule:
    """At most `n_iterations` steps, fewer when the log-likelihood per label moves by no more than `tolerance`."""

    n_iterations: int
    tolerance: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_iterations", check_whole("n_iterations", self.n_iterations, 1))
        object.__setattr__(self, "tolerance", check_number("tolerance", self.tolerance, 0))

    def reason(self, is_converged: bool) -> str | None:
        """Give the sentence that says that the steps did not suffice, and what to do."""
        if is_converged:
            return None
        return f"The method did not converge after {self.n_iterations} iterations; give more with n_iterations=."


def make_crowd(
    annotations: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None,
    gold: pd.DataFrame | None,
    prior: pd.DataFrame | None,
) -> Crowd:
    """Check and encode; classes that only gold or the prior name are added in natural order.

    Raises
    ------
    TableError
        For missing columns, contradicting gold labels, and probabilities that are none.
    """
    codes = as_label_codes(annotations, classes)
    if classes is None:
        further = further_classes(codes, gold, prior)
        if further:
            codes = as_label_codes(annotations, in_natural_order([*codes.classes, *further]))
    return Crowd(
        codes=codes,
        gold=trusted_codes(gold, codes),
        prior=encode_prior(codes, prior),
        is_closed=classes is not None,
    )


def further_classes(codes: LabelCodes, gold: pd.DataFrame | None, prior: pd.DataFrame | None) -> list[Any]:
    """Give the classes that only gold or the prior name."""
    named: list[Any] = []
    if gold is not None:
        named += list(encode_labels(gold_table(gold)["label"])[1])
    if prior is not None:
        named += list(_prior_table(prior).columns)
    known = {id_text(value) for value in codes.classes}
    return list({id_text(value): value for value in named if id_text(value) not in known}.values())


def in_natural_order(values: list[Any]) -> list[Any]:
    """Sort classes or ids as people list them; where types are mixed, all become text."""
    if len({type(value) for value in values}) > 1:
        values = [id_text(value) for value in values]
    return [values[position] for position in natural_order(values)]


def encode_prior(codes: LabelCodes, prior: pd.DataFrame | None) -> Floats:
    """Give a row of probabilities per item (I, K), -1 where the table names none; (0, K) without a table.

    Raises
    ------
    TableError
        For missing ids, ids of which none is an item's, items listed twice, unknown classes, labels without a column,
        columns that hold no numbers, and rows that are no distribution.
    """
    if prior is None:
        return np.empty((0, codes.n_classes))
    table = _prior_table(prior)
    ids = pd.Series(table.index)
    of_item, values = encode_ids(ids, "item_id")
    if len(values) < len(of_item):
        raise TableError("pred_probs lists items more than once; keep one row per item.")
    of_class = find_rows(codes.classes, table.columns)
    if (of_class < 0).any():
        raise TableError(
            f"pred_probs has columns that classes= does not list ({shown(table.columns[of_class < 0])}); leave them "
            "out, or add them to classes=."
        )
    _need_classes(codes, of_class, table)
    given = np.zeros((len(table), codes.n_classes))
    given[:, of_class] = table.to_numpy(np.float64, na_value=np.nan)
    _check_probabilities(given, ids)
    out = np.full((codes.n_items, codes.n_classes), -1.0)
    rows = find_rows(codes.items, values)[of_item]
    use = rows >= 0
    if len(rows) and codes.n_items and not use.any():
        raise TableError(
            f"pred_probs names none of the {codes.n_items:,} items ({shown(codes.items)}; its rows are "
            f"{shown(values)}); they are joined by item_id: check that both tables use the same ids."
        )
    out[rows[use]] = given[use] / given[use].sum(axis=1, keepdims=True)
    return out


def _prior_table(prior: Any) -> pd.DataFrame:
    """Give the prior with item ids as index and a column of numbers per class."""
    if not isinstance(prior, pd.DataFrame):
        raise TableError(
            f"Found a {type(prior).__name__} as pred_probs; give a table with item_id and one column of probabilities "
            "per class: without item ids nothing says which row is whose."
        )
    table = by_item_id(prior)
    if table.index.name is None and isinstance(table.index, pd.RangeIndex):
        raise TableError(
            "pred_probs has no item ids; give a table with the column item_id, or with the ids as index, and one "
            "column of probabilities per class."
        )
    return need_numbers(table, "pred_probs")


def _need_classes(codes: LabelCodes, of_class: NDArray[np.int64], table: pd.DataFrame) -> None:
    """Refuse a prior that lacks a class somebody used: it would say that such a label is never right."""
    lost = np.setdiff1d(np.unique(codes.label), of_class)
    if len(lost):
        raise TableError(
            f"pred_probs has no column for {len(lost)} classes that are among the labels ("
            f"{shown(codes.classes[lost])}; found {shown(list(table.columns), 12)}); add a column for each, of zeros "
            "where the classifier cannot name it."
        )


def _check_probabilities(given: Floats, ids: pd.Series) -> None:
    sums = given.sum(axis=1)
    bad = ~np.isfinite(given).all(axis=1) | (given < 0).any(axis=1) | (np.abs(sums - 1) > 0.01)
    if bad.any():
        raise TableError(
            f"pred_probs of {int(bad.sum())} items is no probability distribution (first: "
            f"{shown(ids[bad].tolist())}); each row needs numbers from 0 to 1 that sum to 1."
        )
