"""What a coefficient is computed from: statistics, and the encoded labels where they are known."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa.agreement.labels._distances import SETS, Scale, Weights, as_set, scale_of
from labelqa.agreement.labels._formulas import Rows
from labelqa.agreement.labels._statistics import LabelStatistics, statistics_of
from labelqa.annotations import Annotations, as_label_codes
from labelqa.errors import OptionError

#: What a coefficient takes.
Labels = Annotations | pd.DataFrame | LabelStatistics


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options all coefficients share.

    Attributes
    ----------
    level, weights, classes
        What labels are and how far apart two of them are.
    n_resamples, confidence, seed
        0 resamples: analytic t intervals; otherwise an item bootstrap.
    """

    level: str = "nominal"
    weights: Weights | None = None
    classes: Sequence[Hashable] | None = None
    n_resamples: int = 0
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        check_resampling(self.n_resamples, self.confidence)


def check_resampling(n_resamples: int, confidence: float) -> None:
    """Refuse an impossible number of resamples or confidence.

    Raises
    ------
    OptionError
        With what was found and what is needed.
    """
    if n_resamples < 0 or n_resamples != int(n_resamples):
        raise OptionError(f"n_resamples={n_resamples!r} is not a count; give 0 for none, or a number such as 1000.")
    if not 0 < confidence < 1:
        raise OptionError(f"confidence={confidence!r} is not between 0 and 1; give a share such as 0.95.")


@dataclass(frozen=True, eq=False)
class Source:
    """Labels counted, encoded where known, and put on a scale.

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
    level: str
    weights: Weights | None

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.statistics.classes)

    @cached_property
    def scale(self) -> Scale:
        """The weights of all pairs of classes."""
        counted = Rows(self.statistics.rows, self.n_classes, Scale("nominal", np.empty((0, 0))))
        counts = np.asarray(counted.times @ counted.counts)
        return scale_of(self.statistics.classes, counts, self.level, self.weights)

    @cached_property
    def rows(self) -> Rows:
        """The distinct rows on this scale."""
        return Rows(self.statistics.rows, self.n_classes, self.scale)

    @property
    def class_values(self) -> NDArray[np.object_]:
        """The classes as they are shown: sets as text."""
        out = np.empty(self.n_classes, dtype=object)
        out[:] = [
            "|".join(sorted(value)) if isinstance(value, frozenset) else value for value in self.statistics.classes
        ]
        return out


def as_source(data: Labels, options: Options) -> Source:
    """Count and encode once.

    Raises
    ------
    TableError
        For data that are no labels.
    OptionError
        For an unknown level, or classes that statistics were not collected with.
    """
    classes = None if options.classes is None else list(options.classes)
    if isinstance(data, LabelStatistics):
        if classes is not None and classes != list(data.classes):
            raise OptionError("classes= cannot change statistics that are counted already; name them when collecting.")
        return Source(data, None, options.level, options.weights)
    if options.level in SETS and options.weights is None:
        data, classes = _with_sets(data), None if classes is None else [as_set(value) for value in classes]
    elif classes is None:
        classes = _ordered_classes(data)
    codes = as_label_codes(data, classes)
    return Source(statistics_of(codes), codes, options.level, options.weights)


def source_of_codes(codes: LabelCodes, like: Source) -> Source:
    """Count other labels on the same classes, level and weights."""
    return Source(statistics_of(codes), codes, like.level, like.weights)


def _ordered_classes(data: Annotations | pd.DataFrame) -> list[Hashable] | None:
    """Give the categories of a column whose order its owner has stated."""
    table = data.labels if isinstance(data, Annotations) else data
    dtype = table["label"].dtype if isinstance(table, pd.DataFrame) and "label" in table else None
    return list(dtype.categories) if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered else None


def _with_sets(data: Annotations | pd.DataFrame) -> pd.DataFrame:
    table = data.labels if isinstance(data, Annotations) else data
    if not isinstance(table, pd.DataFrame) or "label" not in table:
        return table
    sets = np.empty(len(table), dtype=object)
    sets[:] = [None if _is_missing(value) else as_set(value) for value in table["label"]]
    return table.assign(label=pd.Series(sets, index=table.index, dtype=object))


def _is_missing(value: object) -> bool:
    return not isinstance(value, set | frozenset | list | tuple | np.ndarray) and bool(pd.isna(value))  # type: ignore[call-overload]


def select(codes: LabelCodes, entries: NDArray[np.bool_]) -> LabelCodes:
    """Keep some labels; ids and classes keep their codes."""
    return LabelCodes(
        codes.items,
        codes.annotators,
        codes.classes,
        codes.item[entries],
        codes.annotator[entries],
        codes.label[entries],
        codes.row[entries],
    )
