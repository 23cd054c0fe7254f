"""What is counted once and serves every coefficient: statistics of labels that add up over items."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa._kernels.labels.annotators import annotator_class_counts
from labelqa._kernels.labels.rows import distinct_rows, row_entries, salts
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations, as_label_codes
from labelqa.errors import OptionError, TableError

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CountRows:
    """The distinct rows of class counts and how many items have each; in an order that items do not influence.

    Attributes
    ----------
    starts
        int64 (D + 1,): the entries of row d are ``[starts[d], starts[d + 1])``.
    code, count
        int32 (E,), int64 (E,): sorted codes and how many labels of the item have them.
    times
        int64 (D,): items with this row.
    keys
        uint64 (D, 2): what tells rows apart.
    """

    starts: Longs
    code: NDArray[np.int32]
    count: Longs
    times: Longs
    keys: NDArray[np.uint64]

    @classmethod
    def collect(cls, offsets: Longs, codes: NDArray[np.int32], n_codes: int) -> CountRows:
        """Find the distinct rows of labels sorted by item."""
        first, times, keys, _ = distinct_rows(offsets, codes, salts(n_codes, 1), salts(n_codes, 2))
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        starts, code, count = row_entries(offsets, codes, first[order])
        return cls(starts, code, count, times[order], keys[order])

    @cached_property
    def n(self) -> Longs:
        """Labels in each row: shape (D,)."""
        row = np.repeat(np.arange(len(self.times)), np.diff(self.starts))
        return np.bincount(row, weights=self.count, minlength=len(self.times)).astype(np.int64)

    def __add__(self, other: CountRows) -> CountRows:
        keys = np.concatenate([self.keys, other.keys])
        keys, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        times = np.bincount(inverse.reshape(-1), weights=np.concatenate([self.times, other.times])).astype(np.int64)
        starts = np.concatenate([self.starts[:-1], other.starts[:-1] + self.starts[-1]])
        length = np.concatenate([np.diff(self.starts), np.diff(other.starts)])[first]
        new_starts = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
        # entry e of a chosen row stands `e - its new start` behind its old start
        taken = np.repeat(starts[first] - new_starts[:-1], length) + np.arange(new_starts[-1])
        code = np.concatenate([self.code, other.code])[taken]
        return CountRows(new_starts, code, np.concatenate([self.count, other.count])[taken], times, keys)


@dataclass(frozen=True, eq=False)
class LabelStatistics:
    """Everything that coefficients need to know of a set of labels, small and additive over items.

    Collect it from runs of whole items (`collect_labels`), add the parts with ``+``, and give the sum to any
    coefficient: the answer is that of all labels together, so data larger than memory can be measured piece by piece.

    Attributes
    ----------
    classes
        The classes in order, shape (K,).
    annotators
        The annotators, shape (A,), or None where only counts are known.
    rows
        The distinct rows of class counts and their multiplicities.
    said
        int64 (A, K): how often each annotator gave each class, or None.
    is_stated
        Whether somebody stated the classes and their order; otherwise they are those found, in natural order.
    """

    classes: NDArray[np.object_]
    annotators: NDArray[np.object_] | None
    rows: CountRows
    said: Longs | None
    is_stated: bool = False

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return int(self.rows.n @ self.rows.times)

    @property
    def n_items(self) -> int:
        """Number of items with at least one label."""
        return int(self.rows.times.sum())

    @property
    def n_paired(self) -> int:
        """Number of items with at least two labels, which agreement can be seen on."""
        return int(self.rows.times[self.rows.n >= 2].sum())

    @property
    def n_annotators(self) -> int | None:
        """Number of annotators with a label; None where only counts are known."""
        return None if self.said is None else int((self.said.sum(axis=1) > 0).sum())

    def __add__(self, other: LabelStatistics) -> LabelStatistics:
        if list(self.classes) != list(other.classes):
            raise TableError(
                "The two parts were collected with different classes; give both the same list: "
                "collect_labels(part, classes=[...])."
            )
        rows, is_stated = self.rows + other.rows, self.is_stated or other.is_stated
        if self.said is None or other.said is None or self.annotators is None or other.annotators is None:
            return LabelStatistics(self.classes, None, rows, None, is_stated)
        said = pd.concat([pd.DataFrame(part.said, index=part.annotators) for part in (self, other)])
        both = said.groupby(level=0).sum()
        return LabelStatistics(self.classes, both.index.to_numpy(object), rows, both.to_numpy(np.int64), is_stated)

    def __repr__(self) -> str:
        who = "unknown annotators" if self.n_annotators is None else f"{self.n_annotators:,} annotators"
        return (
            f"LabelStatistics({self.n_items:,} items, {who}, {self.n_labels:,} labels, {len(self.classes):,} classes, "
            f"{len(self.rows.times):,} distinct rows)"
        )


@takes_tables()
@renamed(data="annotations")
def collect_labels(
    annotations: Annotations | pd.DataFrame, *, classes: Sequence[Hashable] | None = None
) -> LabelStatistics:
    """Count labels once for any number of coefficients, or piece by piece for data larger than memory.

    Parameters
    ----------
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`. All labels of an item must be in one piece.
    classes
        The list of classes in order; needed where pieces are added, since each must know all classes, and where texts
        have an order. Without it the order is that of an ordered categorical column, otherwise natural.

    Returns
    -------
    LabelStatistics
        Add two with ``+``, and give the sum to any coefficient.

    Raises
    ------
    TableError
        For missing columns or ids, and labels outside `classes`.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import collect_labels, krippendorff_alpha
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> parts = [collect_labels(table.iloc[:2], classes="ab"), collect_labels(table.iloc[2:], classes="ab")]
    >>> round(krippendorff_alpha(parts[0] + parts[1]).value, 4)
    0.4444
    """
    stated = stated_classes(annotations, classes)
    return statistics_of(as_label_codes(annotations, stated), is_stated=stated is not None)


def stated_classes(
    annotations: Annotations | pd.DataFrame, classes: Sequence[Hashable] | None
) -> list[Hashable] | None:
    """Give the classes as somebody stated them: `classes`, or else the categories of an ordered column; or None."""
    if classes is not None:
        return listed_classes(classes)
    table = annotations.labels if isinstance(annotations, Annotations) else annotations
    dtype = table["label"].dtype if isinstance(table, pd.DataFrame) and "label" in table else None
    return list(dtype.categories) if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered else None


def listed_classes(classes: Sequence[Hashable]) -> list[Hashable]:
    """Take the list of classes from anything that has an order.

    Raises
    ------
    OptionError
        For what is no list, or has no order.
    """
    if isinstance(classes, set | frozenset) or not isinstance(classes, Iterable):
        raise OptionError(f"classes={classes!r} is no list in order; give all classes as a list.")
    return [value.item() if isinstance(value, np.generic) else value for value in classes]


def statistics_of(codes: LabelCodes, *, is_stated: bool) -> LabelStatistics:
    """Count encoded labels."""
    return LabelStatistics(
        codes.classes,
        codes.annotators,
        CountRows.collect(codes.offsets, codes.label, codes.n_classes),
        annotator_class_counts(codes.annotator, codes.label, codes.n_annotators, codes.n_classes),
        is_stated,
    )
