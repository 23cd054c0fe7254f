"""What a coefficient is computed from: labels counted, encoded where they are known one by one, and on a scale."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa.agreement.labels._distances import SETS, Scale, Weights, as_set, check_order, scale_of
from labelqa.agreement.labels._statistics import LabelStatistics, listed_classes, stated_classes, statistics_of
from labelqa.agreement.labels._sums import ScaledRows
from labelqa.annotations import Annotations, as_label_codes
from labelqa.errors import OptionError, TableError

#: What a coefficient takes.
LabelInput = Annotations | pd.DataFrame | LabelStatistics


@dataclass(frozen=True)
class Measurement:
    """What labels are, and how far apart two of them: the options all coefficients share."""

    level: str = "nominal"
    weights: Weights | None = None
    classes: Sequence[Hashable] | None = None

    def __post_init__(self) -> None:
        if self.classes is not None:
            object.__setattr__(self, "classes", listed_classes(self.classes))


@dataclass(frozen=True, eq=False)
class CountedLabels:
    """Labels counted, encoded where known one by one, and put on a scale.

    Attributes
    ----------
    statistics
        What all coefficients share.
    codes
        The labels one by one, or None where only statistics were given.
    level, weights
        As asked for.
    """

    statistics: LabelStatistics
    codes: LabelCodes | None
    level: str = "nominal"
    weights: Weights | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.statistics.classes)

    @cached_property
    def scale(self) -> Scale:
        """The weights of all pairs of classes."""
        plain = ScaledRows(self.statistics.rows, self.n_classes, Scale("nominal", np.empty((0, 0))))
        return scale_of(self.statistics.classes, np.asarray(plain.times @ plain.counts), self.level, self.weights)

    @cached_property
    def rows(self) -> ScaledRows:
        """The distinct rows on this scale."""
        return ScaledRows(self.statistics.rows, self.n_classes, self.scale)

    @property
    def class_values(self) -> NDArray[np.object_]:
        """The classes as they are shown: sets as text."""
        out = np.empty(self.n_classes, dtype=object)
        out[:] = [
            "|".join(sorted(value)) if isinstance(value, frozenset) else value for value in self.statistics.classes
        ]
        return out

    @property
    def undefined(self) -> str | None:
        """Why no agreement can be seen in these labels at all, or None."""
        if self.statistics.n_labels == 0:
            return "There are no labels."
        if self.statistics.n_annotators == 1:
            return "There is only one annotator; agreement needs two."
        if self.statistics.n_paired == 0:
            return "No item has two labels, so that nothing can be compared; have some items labelled twice."
        return None

    def need_codes(self, *, unknown: str = "who labelled which item", instead: str = "") -> LabelCodes:
        """Give the labels one by one.

        Raises
        ------
        TableError
            Where only statistics are known; it names what they do not know, and what to do instead.
        """
        if self.codes is None:
            other = f", or {instead}" if instead else ""
            raise TableError(f"Found LabelStatistics, which do not know {unknown}; give labels one by one{other}.")
        return self.codes

    def select(self, entries: NDArray[np.bool_]) -> CountedLabels:
        """Count some of the labels; ids and classes keep their codes, level and weights stay."""
        codes = self.need_codes()
        chosen = LabelCodes(
            codes.items,
            codes.annotators,
            codes.classes,
            codes.item[entries],
            codes.annotator[entries],
            codes.label[entries],
            codes.row[entries],
        )
        statistics = statistics_of(chosen, is_stated=self.statistics.is_stated)
        return CountedLabels(statistics, chosen, self.level, self.weights)


def count_labels(annotations: LabelInput, measurement: Measurement) -> CountedLabels:
    """Encode and count once.

    Raises
    ------
    TableError
        For data that are no labels, and texts in no stated order where the order counts.
    OptionError
        For an unknown level, or classes that statistics were not collected with.
    """
    level, weights = measurement.level, measurement.weights
    if isinstance(annotations, LabelStatistics):
        counted = CountedLabels(_of_classes(annotations, measurement.classes), None, level, weights)
    else:
        if level in SETS and weights is None:
            annotations, named = _with_sets(annotations), measurement.classes
            classes: list[Hashable] | None = None
            if named is not None:
                classes = [as_set(value) for value in named]
        else:
            classes = stated_classes(annotations, measurement.classes)
        codes = as_label_codes(annotations, classes)
        counted = CountedLabels(statistics_of(codes, is_stated=classes is not None), codes, level, weights)
    if not counted.statistics.is_stated:
        check_order(counted.statistics.classes, level, weights)
    return counted


def _of_classes(statistics: LabelStatistics, classes: Sequence[Hashable] | None) -> LabelStatistics:
    """Take statistics whose classes are those of the list, if there is one, which then states their order."""
    if classes is None:
        return statistics
    if list(classes) != list(statistics.classes):
        raise OptionError("classes= cannot change statistics that are counted already; name them when collecting.")
    return replace(statistics, is_stated=True)


def _with_sets(annotations: Annotations | pd.DataFrame) -> pd.DataFrame:
    table = annotations.labels if isinstance(annotations, Annotations) else annotations
    if not isinstance(table, pd.DataFrame) or "label" not in table:
        return table
    sets = np.empty(len(table), dtype=object)
    sets[:] = [None if _is_missing(value) else as_set(value) for value in table["label"]]
    return table.assign(label=pd.Series(sets, index=table.index, dtype=object))


def _is_missing(value: object) -> bool:
    return not isinstance(value, set | frozenset | list | tuple | np.ndarray) and bool(pd.isna(value))  # type: ignore[call-overload]
